// The local systems of a simulated run. Each says what it has to say until it is understood, as such systems do, and
// tells the oracle what it has taken into its records.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/messages.h"
#include "tests/sim/network.h"
#include "tests/sim/oracle.h"
#include "tests/sim/site.h"
#include "tests/sim/wire.h"

namespace gateway::sim {

/// What all of them share. `calm`: no more misbehaviour, what is begun comes to its end.
struct Stage {
  Scheduler& scheduler;
  Wire& wire;
  const Network& network;
  Oracle& oracle;
  Random chance;
  bool calm = false;
  int open = 0;   // conversations that have not ended
  int words = 0;  // for fresh ids

  std::string fresh(const char* prefix);
  /// In `most` milliseconds or sooner; until then it counts as open.
  void later(Millis most, std::function<void()> task);
};

/// Says one message to a door until it is accepted or refused: the same bytes again after a pause when the answer is
/// "not now", another message's, or none; now and then twice at once.
void say(Stage& stage, const std::string& from, const net::Address& to, std::string bytes,
         std::function<void(bool accepted)> done);

/// A laboratory: reports with several versions, each told after the one before was acknowledged. Some acknowledged
/// ones are sent again.
class Laboratory {
 public:
  explicit Laboratory(Stage& stage) : stage_(stage), door_(stage.network.door("tianjin", "lis").listen) {}
  /// `within`: when it begins, at the latest.
  void write(Millis within, int versions);

 private:
  void tell(std::string number, int version, int versions);

  Stage& stage_;
  const net::Address door_;
};

/// Hainan's prescribing system: prescriptions, some of them withdrawn; some withdrawals come under the number of the
/// order, as careless systems do.
class Prescriber {
 public:
  explicit Prescriber(Stage& stage) : stage_(stage), door_(stage.network.door("hainan", "prescribing").listen) {}
  void write(Millis within, bool withdrawn, bool careless);

 private:
  void withdraw(const std::string& number, const std::string& id, bool careless);

  Stage& stage_;
  const net::Address door_;
};

/// The systems that only take: HIS and pharmacy system at Hainan (MLLP), archive at Beijing (HTTP). They know repeats
/// by MSH-10 or X-Request-ID. Some answer late, name another message, or say "not now".
class Records final : public net::MllpHandler, public net::HttpHandler {
 public:
  Records(Stage& stage, std::string name, const net::Address& at, bool mllp);
  void handle(net::MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) override;
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override;

  std::function<void(const std::string& message)> on_first;  // of each message that was not taken before
  double moody = 0;                                          // how often it misbehaves

 private:
  bool take(const std::string& message, const std::string& id);
  Stage& stage_;
  const std::string name_;
  std::set<std::string> known_;
};

/// Beijing's hospital system, as its poller reads it: reviewed prescriptions handed to the intake of the site, in the
/// same process, until one is accepted; and the staging table where it reads how they stand.
class BeijingHis {
 public:
  BeijingHis(Stage& stage, Site& site) : stage_(stage), site_(site) {}
  void write(Millis within);
  /// Beijing's way of writing rows.
  void put_row(exchange::RowTask task, Owner owner);
  /// What it reads of a prescription: "claimed", "dispensing" ...; empty: nothing yet.
  std::string state_of(const std::string& number) const;

 private:
  void hand_over(const std::string& number, const std::string& record);

  Stage& stage_;
  Site& site_;
  std::set<std::string> accepted_;
  std::map<std::string, std::string> rows_;  // number -> state
};

/// The pharmacies of Hainan: they see the orders in the pharmacy system and compete for them.
class Pharmacies {
 public:
  explicit Pharmacies(Stage& stage) : stage_(stage), door_(stage.network.door("hainan", "pharmacy").listen) {}
  void see(const std::string& rde);

 private:
  struct Visit;
  using Held = std::shared_ptr<Visit>;
  void next(const Held& visit);
  void act(const Held& visit, std::string bytes);
  void answered(const Held& visit, const std::string& bytes, bool accepted);
  void twins(const Held& visit, int each);

  Stage& stage_;
  const net::Address door_;
};

}  // namespace gateway::sim
