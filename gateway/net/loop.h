// One I/O thread and the connections that live on it. Internal to gateway/net: the only header here that shows Asio.
//
// A connection is born, works and dies on its loop's thread, inside one coroutine that owns it. Sockets are read and
// written directly (recv, send, SSL_read, SSL_write); Asio only waits for them, so the bytes of all connections go
// through one scratch buffer and an idle connection costs a few kilobytes.
// Deadlines are integers that one sweep compares every 100 ms: re-arming a timer for each operation would cost more
// than the operation (stack.md §2). The same sweep asks the gatekeeper every 5 seconds about everybody who is
// connected.
#pragma once
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <unordered_set>

#include "gateway/net/net.h"
#include "gateway/net/tls.h"

namespace gateway::net {

namespace asio = boost::asio;
using Executor = asio::io_context::executor_type;
template <class T>
using Task = asio::awaitable<T, Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;
using Timer = asio::basic_waitable_timer<Clock, asio::wait_traits<Clock>, Executor>;
inline constexpr asio::use_awaitable_t<Executor> resume;

inline constexpr std::chrono::milliseconds kTick{100};
inline constexpr std::chrono::seconds kRecheck{5};

/// What all loops, listeners and connections of one Net have in common. Safe for all threads.
struct Shared {
  Watch watch;
  std::atomic<std::uint64_t> accepted{0}, open{0}, connected{0}, requests{0}, handshakes{0}, resumed{0}, refused{0};
  std::atomic<bool> stopping{false};
  std::mutex control;    // one at a time: making or destroying a listener, stopping the Net
  bool stopped = false;  // under `control`
  std::unordered_map<const void*, std::function<void()>> stop_accepting;  // under `control`: one for each listener

  void note(const std::string& remote, Error why) const;

  /// Requests in progress, on both sides; stop() waits for them.
  void begin_work();
  void end_work();
  void wait_for_work(std::chrono::milliseconds longest);

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t working_ = 0;
};

class Connection;

/// Held by whoever may still resume one of its coroutines (Reply); coroutines themselves hold plain references to it.
class Loop : public std::enable_shared_from_this<Loop> {
 public:
  explicit Loop(std::shared_ptr<Shared> shared);
  ~Loop();
  Loop(const Loop&) = delete;

  void start();
  /// Closes everything, ends the thread, runs what was still posted. Not from the thread itself.
  void stop();
  /// False: stopped; the task was not taken.
  bool post(std::move_only_function<void()> task);
  void after(std::chrono::milliseconds delay, std::move_only_function<void()> task);
  /// Runs `task` on the thread and returns when it has run. Not from the thread itself.
  void run_and_wait(std::function<void()> task);

  Executor executor() { return context_.get_executor(); }
  Shared& shared() { return *shared_; }
  /// For one read, until the next co_await.
  std::array<char, 64u << 10>& scratch() { return scratch_; }
  std::unordered_set<Connection*>& connections() { return connections_; }
  /// Connections and those on their way here: the acceptor picks the loop with the fewest.
  std::atomic<std::size_t> load{0};
  /// Called every tick; set before start().
  std::function<void(Deadline now, bool recheck)> on_tick;
  std::function<void()> on_stop;

 private:
  struct Later;
  Task<void> tick();
  void sweep(Deadline now, bool recheck);
  void close_everything();

  std::shared_ptr<Shared> shared_;
  std::array<char, 64u << 10> scratch_;
  std::unordered_set<Connection*> connections_;
  std::mutex mutex_;
  bool stopped_ = false;         // under `mutex_`: nothing is posted any more
  asio::io_context context_{1};  // destroyed before the above: coroutines that wait in it own connections
  std::unordered_set<std::unique_ptr<Later>> later_;
  std::thread thread_;
};

/// Who may be at the other end of a connection, and who is to be told about those who may not.
struct Guard {
  std::shared_ptr<tls::Credentials> credentials;  // null: plaintext
  Gatekeeper* gatekeeper = nullptr;
};

class Connection {
 public:
  /// `owner` only names the listener this one belongs to.
  Connection(Loop& loop, Guard guard, const void* owner);
  virtual ~Connection();
  Connection(const Connection&) = delete;

  /// Takes a non-blocking socket over.
  void adopt(int socket, std::string remote);
  /// Closes at once; whatever waits gives up with `why`.
  void cut(Error why);
  /// Called by the sweep. The first time what waits is woken with net.timeout, to say goodbye in `kFarewell`.
  void expire(Deadline now);
  /// Asks dates, certificate chain and gatekeeper again, and closes when one of them says no; a request in progress is
  /// finished first.
  void recheck();
  /// Goes as soon as nothing is in progress.
  void leave();
  /// Says goodbye and closes.
  void shut();

  const std::string& remote() const { return remote_; }
  const void* owner() const { return owner_; }
  bool passed(Deadline now) const { return now >= deadline_; }

 protected:
  void give(std::chrono::milliseconds time) { deadline_ = Clock::now() + time; }
  void give_forever() { deadline_ = Deadline::max(); }

  /// TLS as a server, where the guard asks for it. False: `ended()` says why, the gatekeeper was told.
  Task<bool> secure_server();
  Task<bool> secure_client(const std::string& name, const tls::Resumption& resume);
  Result<void> admit();
  /// Tells the gatekeeper (or the watcher) who was refused, and why.
  void report_refusal(const Error& why);
  PeerCertificate certificate() const;
  const tls::Session* session() const { return tls_.get(); }

  /// Bytes in the loop's scratch buffer, until the next co_await. Empty: it is over, `ended()` says why.
  Task<std::string_view> receive();
  Task<bool> send(std::string_view bytes);
  Task<bool> wait_writable();
  /// Waits a moment for the other side to read our last words: closing at once would reset them away.
  Task<void> farewell();
  const Error& ended() const { return ended_; }
  bool timed_out() const { return expired_; }
  int socket() { return descriptor_.native_handle(); }
  bool is_open() const { return descriptor_.is_open(); }
  /// Nothing arrived unasked and nobody hung up.
  bool is_quiet();

  Loop& loop_;
  bool busy_ = false;     // a request is in progress
  bool leaving_ = false;  // no further request on this connection

 private:
  enum class What : std::uint8_t { readable, writable };
  Task<bool> wait(What what);
  Task<bool> handshake();
  Task<bool> wait_step(tls::Step step);
  tls::Step read_now(std::size_t& got);
  tls::Step write_now(std::string_view bytes, std::size_t& put);
  tls::Step plain_step(long result, std::size_t& moved);

  Guard guard_;
  const void* owner_;
  Descriptor descriptor_;
  std::unique_ptr<tls::Session> tls_;
  std::string remote_;
  Deadline deadline_ = Deadline::max();
  Error ended_;
  bool expired_ = false, secured_ = false;
  int in_a_row_ = 0;
};

inline constexpr std::chrono::milliseconds kFarewell{1000};

}  // namespace gateway::net
