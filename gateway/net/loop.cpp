#include "gateway/net/loop.h"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <future>

namespace gateway::net {
namespace {

using boost::system::error_code;
using fhir::Fault;

constexpr int kReadsInARow = 16;              // then others get their turn
constexpr std::size_t kLastBytes = 1u << 20;  // read and thrown away while saying goodbye

Error closed() { return {Fault::unavailable, "net.closed", "", "the other side closed the connection"}; }
Error broke() { return {Fault::unavailable, "net.broken", "", "the connection broke"}; }
Error timeout() { return {Fault::unavailable, "net.timeout", "", "the other side took too long"}; }

}  // namespace

// --- Shared ------------------------------------------------------------------------------------------------------

void Shared::note(const std::string& remote, Error why) const {
  if (watch) watch({remote, std::move(why)});
}

void Shared::begin_work() {
  const std::lock_guard lock(mutex_);
  ++working_;
}

void Shared::end_work() {
  const std::lock_guard lock(mutex_);
  if (--working_ == 0) idle_.notify_all();
}

void Shared::wait_for_work(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  idle_.wait_for(lock, longest, [this] { return working_ == 0; });
}

// --- Loop --------------------------------------------------------------------------------------------------------

struct Loop::Later {
  Timer timer;
  std::move_only_function<void()> task;
};

Loop::Loop(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
Loop::~Loop() = default;

void Loop::start() {
  asio::co_spawn(context_, tick(), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

void Loop::close_everything() {
  later_.clear();
  if (on_stop) on_stop();
  for (Connection* connection : connections_) connection->shut();
}

void Loop::stop() {
  if (!thread_.joinable()) return;
  asio::post(context_, [this] {
    close_everything();
    context_.stop();
  });
  thread_.join();
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  context_.restart();
  context_.poll();  // coroutines see that their connection is closed, and end
}

bool Loop::post(std::move_only_function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopped_) return false;
  asio::post(context_, std::move(task));
  return true;
}

void Loop::run_and_wait(std::function<void()> task) {
  std::promise<void> done;
  asio::post(context_, [&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

void Loop::after(std::chrono::milliseconds delay, std::move_only_function<void()> task) {
  auto later = std::make_unique<Later>(Timer(context_.get_executor(), delay), std::move(task));
  Timer& timer = later->timer;
  const auto place = later_.insert(std::move(later)).first;
  timer.async_wait([this, key = place->get()](const error_code& error) {
    if (error) return;
    const auto due = std::ranges::find(later_, key, &std::unique_ptr<Later>::get);
    if (due == later_.end()) return;
    const auto taken = std::move(later_.extract(due).value());
    taken->task();
  });
}

Task<void> Loop::tick() {
  Timer timer(context_.get_executor());
  Deadline next_recheck = Clock::now() + kRecheck;
  for (;;) {
    timer.expires_after(kTick);
    error_code error;
    co_await timer.async_wait(asio::redirect_error(resume, error));
    const Deadline now = Clock::now();
    const bool recheck = now >= next_recheck;
    if (recheck) next_recheck = now + kRecheck;
    sweep(now, recheck);
  }
}

void Loop::sweep(Deadline now, bool recheck) {
  for (Connection* connection : connections_) {
    if (connection->passed(now)) connection->expire(now);
    if (recheck) connection->recheck();
  }
  if (on_tick) on_tick(now, recheck);
}

// --- Connection: life --------------------------------------------------------------------------------------------

Connection::Connection(Loop& loop, Guard guard, const void* owner)
    : loop_(loop), guard_(std::move(guard)), owner_(owner), descriptor_(loop.executor()) {
  loop_.connections().insert(this);
}

Connection::~Connection() { loop_.connections().erase(this); }

void Connection::adopt(int socket, std::string remote) {
  descriptor_.assign(socket);
  remote_ = std::move(remote);
}

void Connection::cut(Error why) {
  if (!descriptor_.is_open()) return;
  ended_ = std::move(why);
  error_code ignored;
  descriptor_.close(ignored);
}

void Connection::shut() {
  if (!descriptor_.is_open()) return;
  if (tls_ && secured_) tls_->finish();
  cut(closed());
}

void Connection::expire(Deadline now) {
  if (expired_) return cut(timeout());
  expired_ = true;
  deadline_ = now + kFarewell;
  error_code ignored;
  descriptor_.cancel(ignored);
}

void Connection::leave() {
  leaving_ = true;
  if (!busy_) shut();
}

void Connection::recheck() {
  if (!secured_ || leaving_ || !is_open()) return;
  if (auto admitted = admit(); !admitted) {
    report_refusal(admitted.error());
    leave();
  }
}

// --- Connection: who is there ------------------------------------------------------------------------------------

Result<void> Connection::admit() {
  if (!tls_) return {};
  if (auto valid = tls_->still_valid(guard_.credentials->current()); !valid) return valid;
  return guard_.gatekeeper == nullptr ? Result<void>{} : guard_.gatekeeper->admit(tls_->certificate());
}

void Connection::report_refusal(const Error& why) {
  ++loop_.shared().refused;
  if (guard_.gatekeeper == nullptr) return loop_.shared().note(remote_, why);
  guard_.gatekeeper->refused({remote_, certificate(), why});
}

PeerCertificate Connection::certificate() const { return tls_ ? tls_->certificate() : PeerCertificate{}; }

Task<bool> Connection::handshake() {
  for (;;) {
    const tls::Step step = tls_->handshake();
    if (step == tls::Step::done) break;
    if (!co_await wait_step(step)) co_return false;
  }
  secured_ = true;
  ++loop_.shared().handshakes;
  if (tls_->resumed()) ++loop_.shared().resumed;
  co_return true;
}

Task<bool> Connection::secure_server() {
  if (!guard_.credentials) co_return true;
  tls_ = tls::Session::accept(guard_.credentials->current(), socket());
  if (co_await handshake()) co_return true;
  if (ended_.fault == Fault::forbidden) {
    report_refusal(ended_);
    co_await farewell();  // so that the alert with the reason arrives
  } else {
    loop_.shared().note(remote_, ended_);
  }
  co_return false;
}

Task<bool> Connection::secure_client(const std::string& name, const tls::Resumption& resume_from) {
  if (!guard_.credentials) co_return true;
  const bool check_name = guard_.gatekeeper == nullptr;
  tls_ = tls::Session::connect(guard_.credentials->current(), socket(), name, check_name, resume_from);
  const bool met = co_await handshake();
  if (met) {
    auto admitted = admit();
    if (admitted) co_return true;
    ended_ = std::move(admitted).error();
  }
  if (ended_.fault == Fault::forbidden) report_refusal(ended_);
  co_return false;
}

// --- Connection: bytes -------------------------------------------------------------------------------------------

Task<bool> Connection::wait(What what) {
  in_a_row_ = 0;
  if (expired_ || !is_open()) {
    if (expired_ && is_open()) ended_ = timeout();
    co_return false;
  }
  error_code error;
  const auto type = what == What::readable ? Descriptor::wait_read : Descriptor::wait_write;
  co_await descriptor_.async_wait(type, asio::redirect_error(resume, error));
  if (!is_open()) co_return false;
  if (expired_) ended_ = timeout();
  co_return !expired_;
}

Task<bool> Connection::wait_writable() { return wait(What::writable); }

/// Waits for what the step needs. False when it is over; then `ended_` is set.
Task<bool> Connection::wait_step(tls::Step step) {
  if (step == tls::Step::want_read) co_return co_await wait(What::readable);
  if (step == tls::Step::want_write) co_return co_await wait(What::writable);
  if (step == tls::Step::closed) ended_ = closed();
  if (step == tls::Step::failed) ended_ = tls_ ? tls_->failure() : broke();
  co_return false;
}

tls::Step Connection::plain_step(long result, std::size_t& moved) {
  if (result > 0) {
    moved = static_cast<std::size_t>(result);
    return tls::Step::done;
  }
  return result == 0 ? tls::Step::closed : tls::Step::failed;
}

tls::Step Connection::read_now(std::size_t& got) {
  auto& buffer = loop_.scratch();
  if (tls_) return tls_->read(buffer.data(), buffer.size(), got);
  const auto result = ::recv(socket(), buffer.data(), buffer.size(), MSG_DONTWAIT);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return tls::Step::want_read;
  return plain_step(result, got);
}

tls::Step Connection::write_now(std::string_view bytes, std::size_t& put) {
  if (tls_) return tls_->write(bytes.data(), bytes.size(), put);
  const auto result = ::send(socket(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  if (result < 0 && (errno == EAGAIN || errno == EINTR)) return tls::Step::want_write;
  return plain_step(result, put);
}

Task<std::string_view> Connection::receive() {
  if (++in_a_row_ > kReadsInARow && !co_await wait(What::readable)) co_return std::string_view{};
  while (is_open()) {
    std::size_t got = 0;
    const tls::Step step = read_now(got);
    if (step == tls::Step::done) co_return std::string_view(loop_.scratch().data(), got);
    if (!co_await wait_step(step)) break;
  }
  co_return std::string_view{};
}

Task<bool> Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!is_open()) co_return false;
    std::size_t put = 0;
    const tls::Step step = write_now(bytes, put);
    if (step == tls::Step::done) {
      bytes.remove_prefix(put);
    } else if (!co_await wait_step(step)) {
      co_return false;
    }
  }
  co_return true;
}

Task<void> Connection::farewell() {
  if (!is_open()) co_return;
  if (tls_ && secured_) tls_->finish();
  ::shutdown(socket(), SHUT_WR);
  expired_ = false;
  give(kFarewell);
  std::size_t left = kLastBytes;
  while (is_open() && left > 0) {
    auto& buffer = loop_.scratch();
    const auto got = ::recv(socket(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got > 0) {
      left -= std::min(left, static_cast<std::size_t>(got));
    } else if (got == 0 || (errno != EAGAIN && errno != EINTR) || !co_await wait(What::readable)) {
      break;
    }
  }
  cut(closed());
}

bool Connection::is_quiet() {
  char byte = 0;
  return is_open() && !expired_ && ::recv(socket(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

}  // namespace gateway::net
