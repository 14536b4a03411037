// What must hold, judged from outside: a ledger of what was said on the wire and what took effect at the local systems,
// beside a model of each prescription. Of the gateways' insides it knows their stores, after a restart and at the end.
//
// I1 acknowledged: it takes effect at every system of the route that was in force when it was accepted. (The contract
// also allows that it stands dead with its reason; here every fault passes, so nothing may be given up.) I2 no effect
// twice. I3 what was not acknowledged is told until it is. I4 order within a lane, and never two of one lane in flight.
// I5 one audit entry for each event, in an unbroken chain. I6 a prescription moves as its table says: one holder, never
// more supplied than prescribed, nothing undone. And contract.md §1.3: a positive answer is repeated byte for byte, a
// negative one never; one id never stands for two contents.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/sim/site.h"
#include "tests/sim/wire.h"

namespace gateway::sim {

class BeijingHis;

/// A prescription as the outside may know it.
struct RxModel {
  int prescribed = 0, supplied = 0;
  std::string holder;
  bool cancelled = false;
  bool completed() const { return prescribed != 0 && supplied == prescribed; }
};

class Oracle {
 public:
  Oracle(const Scheduler& scheduler, bool trace) : scheduler_(scheduler), trace_(trace) {}

  // What the wire saw.
  void sent(const Wire::Caller& from, const std::string& to, const net::HttpRequest& request);
  void ended(const Wire::Caller& from, const std::string& to, const net::HttpRequest& request);
  /// Returns what answered() is given of this request.
  std::int64_t arrived(const Wire::Ear& ear, const net::HttpRequest& request);
  void answered(const Wire::Ear& ear, const net::HttpRequest& request, const net::HttpResponse& response,
                std::int64_t mark);

  /// A local system has taken something into its records. `id`: by which it tells repeats; `place`: its place in its
  /// lane, ascending; 0: of no lane.
  void took(const std::string& sink, const std::string& lane, const std::string& word, const std::string& id,
            int place);
  bool has(const std::string& sink, const std::string& word) const { return taken_.contains({sink, word}); }

  /// Is the site running with the other routes?
  std::function<bool(const std::string& machine)> rerouted;

  /// A site is back: which of the acts it had not answered were committed before it died? Its store is the witness; the
  /// model says whether they were allowed.
  void restarted(const Site& site);

  /// The stores of sites that run, at any quiet moment: I5.
  void look_at_audit(const Site& site);
  /// At the end, when everything had time to converge.
  void look_at_end(const std::map<std::string, std::unique_ptr<Site>>& sites, const BeijingHis& beijing);

  void note(const std::string& line);
  void violation(const std::string& what);
  const std::vector<std::string>& violations() const { return violations_; }
  std::uint64_t hash() const { return hash_; }

  std::map<std::string, RxModel> prescriptions;  // by number
  struct Counts {
    int acknowledged = 0, effects = 0, repeats = 0, refusals = 0;
  } counts;

 private:
  struct Said {
    std::string bytes;          // of the request that was accepted
    std::string answer;         // the first positive one
    std::string lane, word;     // of a report
    std::set<bool> arrived_at;  // with which routes
    bool applied = false;       // to the model
  };
  std::optional<bool> judge_act(const net::HttpRequest& request, bool apply);
  bool allowed(const net::HttpRequest& request);
  void accepted(Said& said, const Wire::Ear& ear, const net::HttpRequest& request, const net::HttpResponse& response);
  void refused(const Said& said, const net::HttpRequest& request, std::int64_t mark);
  void look_at_reports();
  void look_at_queues(const Site& site);
  void look_at_prescriptions(const Site& site);
  void look_at_staging(const BeijingHis& beijing);

  const Scheduler& scheduler_;
  const bool trace_;
  std::map<std::string, int> in_flight_;
  std::map<std::string, Said> said_;
  std::map<std::string, net::HttpRequest> unanswered_;                // acts that arrived, by id
  std::map<std::pair<std::string, std::string>, std::string> taken_;  // (sink, word) -> id
  std::map<std::pair<std::string, std::string>, int> last_;           // (sink, lane) -> place
  std::vector<std::string> violations_;
  std::uint64_t hash_ = 0xcbf29ce484222325U;
};

}  // namespace gateway::sim
