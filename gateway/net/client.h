// The calling side: pools of kept connections, one for each place that is called in one way. Internal to gateway/net.
// A pool lives on one loop; calls reach it from anywhere.
#pragma once
#include <compare>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "gateway/net/loop.h"

namespace gateway::net {

/// One request and its answer. Ends exactly once: with an answer or with an error.
class Call {
 public:
  explicit Call(Deadline deadline) : deadline_(deadline) {}
  virtual ~Call() = default;

  virtual const std::string& bytes() const = 0;
  /// Takes what arrived. `whole` afterwards says whether that was all; an error: this is no answer.
  virtual Result<void> feed(std::string_view bytes) = 0;
  /// The other side sends no more.
  virtual Result<void> end() = 0;
  virtual bool whole() const = 0;
  /// Sent after the whole answer, before the connection serves another call; mostly nothing.
  virtual std::string_view last_word() const { return {}; }
  /// May the connection serve another call after this answer?
  virtual bool reusable() const = 0;

  /// Hands the whole answer over.
  void succeed();
  /// `why` is turned into what the caller must know: `unavailable` or `forbidden` when nothing was sent, else
  /// `in_doubt`.
  void fail(Error why);
  bool over() const { return over_; }
  bool answered() const { return answered_; }
  bool passed(Deadline now) const { return now >= deadline_; }

  bool sent = false;                 // the first byte of the request may be on its way
  Connection* connection = nullptr;  // the one it is using

 protected:
  virtual void deliver() = 0;
  virtual void deliver_error(Error why) = 0;

 private:
  Deadline deadline_;
  bool over_ = false, answered_ = false;
};

std::shared_ptr<Call> make_http_call(std::string bytes, bool head, Deadline deadline,
                                     std::move_only_function<void(Result<HttpResponse>)> done);
std::shared_ptr<Call> make_mllp_call(std::string_view message, const Mllp& manner, Deadline deadline,
                                     std::move_only_function<void(Result<std::string>)> done);

class ClientConnection;

/// Kept connections to one place. `check` of a name depends on the gatekeeper, so it is part of the key.
struct Pool {
  struct Key {
    std::string host;
    std::uint16_t port = 0;
    tls::Speaks speaks = tls::Speaks::http;
    std::optional<TlsFiles> tls;
    Gatekeeper* gatekeeper = nullptr;
    auto operator<=>(const Key&) const = default;
  };

  Key key;
  Guard guard;
  std::vector<std::shared_ptr<ClientConnection>> idle;
  std::deque<std::shared_ptr<Call>> waiting;  // for a free place
  std::size_t open = 0;
  tls::Resumption resumption;
  std::shared_ptr<const tls::Context> resumption_of;  // a session belongs to the context it was made with
};

/// The calls of one loop, on its thread.
class Client {
 public:
  explicit Client(Loop& loop) : loop_(loop) {}

  void start(const std::shared_ptr<Pool>& pool, const std::shared_ptr<Call>& call);
  void tick(Deadline now, bool recheck);
  /// Fails every call, closes every kept connection.
  void stop();

 private:
  Task<void> run(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call);
  Task<void> converse(ClientConnection& connection, Call& call);
  Task<std::shared_ptr<ClientConnection>> connection_for(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call);
  Task<std::shared_ptr<ClientConnection>> new_connection(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call);
  std::shared_ptr<ClientConnection> kept_connection(Pool& pool);
  void next(const std::shared_ptr<Pool>& pool);
  void spawn(const std::shared_ptr<Pool>& pool, const std::shared_ptr<Call>& call);

  Loop& loop_;
  std::unordered_set<std::shared_ptr<Call>> calls_;
  std::unordered_set<std::shared_ptr<Pool>> pools_;
};

}  // namespace gateway::net
