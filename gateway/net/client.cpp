#include "gateway/net/client.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstring>
#include <exception>

#include "adapters/hl7v2/mllp.h"
#include "gateway/net/http1.h"

namespace gateway::net {

using boost::system::error_code;
using fhir::Fault;

namespace {

constexpr std::size_t kConnectionsPerPlace = 32;
constexpr std::chrono::seconds kKept{30};  // shorter than servers keep idle connections
constexpr std::size_t kAnswerLimit = 64u << 20;
constexpr std::size_t kAnswerHeaderLimit = 64u << 10;

Error unreachable(std::string say) { return {Fault::unavailable, "net.connect", "", std::move(say)}; }

}  // namespace

// --- Calls -------------------------------------------------------------------------------------------------------

void Call::succeed() {
  if (std::exchange(over_, true)) return;
  answered_ = true;
  deliver();
}

void Call::fail(Error why) {
  if (std::exchange(over_, true)) return;
  if (sent && why.fault != Fault::forbidden) why.fault = Fault::in_doubt;
  if (!sent && why.fault != Fault::forbidden) why.fault = Fault::unavailable;
  deliver_error(std::move(why));
}

namespace {

class HttpCall final : public Call {
 public:
  HttpCall(std::string bytes, bool head, Deadline deadline, std::move_only_function<void(Result<HttpResponse>)> done)
      : Call(deadline),
        bytes_(std::move(bytes)),
        head_(head),
        reader_(HttpReader::Kind::responses, kAnswerHeaderLimit, kAnswerLimit),
        done_(std::move(done)) {
    if (head_) reader_.expect_no_body();
  }

  const std::string& bytes() const override { return bytes_; }

  Result<void> feed(std::string_view bytes) override {
    reader_.feed(bytes);
    while (whole() && is_interim()) skip_interim();
    return checked();
  }

  Result<void> end() override {
    reader_.end();
    return checked();
  }

  bool whole() const override { return reader_.state() == HttpReader::State::complete; }
  bool reusable() const override { return reusable_; }

 private:
  bool is_interim() const { return reader_.status() < 200; }

  void skip_interim() {
    reader_.take_response();
    if (head_) reader_.expect_no_body();
    reader_.feed({});
  }

  Result<void> checked() const {
    if (reader_.state() != HttpReader::State::failed) return {};
    return std::unexpected(reader_.malformed().why);
  }

  void deliver() override {
    reusable_ = reader_.keep_alive() && !reader_.has_more();
    done_(reader_.take_response());
  }
  void deliver_error(Error why) override { done_(std::unexpected(std::move(why))); }

  std::string bytes_;
  bool head_, reusable_ = false;
  HttpReader reader_;
  std::move_only_function<void(Result<HttpResponse>)> done_;
};

using adapters::hl7v2::Deframer;

Deframer deframer_for(const Mllp& manner, std::size_t limit) {
  return Deframer(limit, manner.framing == Framing::strict ? Deframer::Mode::strict : Deframer::Mode::lenient);
}

class MllpCall final : public Call {
 public:
  MllpCall(std::string_view message, const Mllp& manner, Deadline deadline,
           std::move_only_function<void(Result<std::string>)> done)
      : Call(deadline),
        bytes_(adapters::hl7v2::frame(message)),
        manner_(manner),
        frames_(deframer_for(manner, kAnswerLimit)),
        done_(std::move(done)) {}

  const std::string& bytes() const override { return bytes_; }

  Result<void> feed(std::string_view bytes) override {
    frames_.feed(bytes);
    while (!answer_) {
      auto frame = frames_.take();
      if (!frame) return fhir::pass(frame);
      if (!*frame) break;
      if (auto taken = take(**std::move(frame)); !taken) return taken;
    }
    return {};
  }

  Result<void> end() override { return {}; }
  bool whole() const override { return answer_.has_value(); }
  bool reusable() const override { return reusable_; }
  std::string_view last_word() const override { return last_word_; }

 private:
  Result<void> take(std::string content) {
    if (manner_.stored_is_enough && !adapters::hl7v2::is_commit(content)) return {};  // nobody waits for it
    if (manner_.release == MllpRelease::two && !stored_) {
      stored_ = content == adapters::hl7v2::kStored;
      if (content == adapters::hl7v2::kNotStored)
        return fhir::fail(Fault::unavailable, "mllp.not-stored", "", "the other side says it could not store it (NAK)");
      if (stored_ && manner_.stored_is_enough) answer_.emplace();
      if (stored_) return {};
      if (manner_.framing == Framing::strict)
        return fhir::fail(Fault::invalid, "mllp.no-commit", "",
                          "an answer came before the word that the message is stored (06 or 15, MLLP release 2)");
    }
    answer_ = std::move(content);
    if (manner_.release == MllpRelease::two) last_word_ = adapters::hl7v2::frame(adapters::hl7v2::kStored);
    return {};
  }

  void deliver() override {
    const auto more = frames_.take();  // a second answer belongs to nobody: the connection is not used again
    reusable_ = more && !*more && !frames_.unfinished() && frames_.take_oddities() == Deframer::Oddities{};
    done_(*std::move(answer_));
  }
  void deliver_error(Error why) override { done_(std::unexpected(std::move(why))); }

  std::string bytes_;
  Mllp manner_;
  Deframer frames_;
  bool stored_ = false;
  std::optional<std::string> answer_;
  std::string last_word_;
  bool reusable_ = false;
  std::move_only_function<void(Result<std::string>)> done_;
};

}  // namespace

std::shared_ptr<Call> make_http_call(std::string bytes, bool head, Deadline deadline,
                                     std::move_only_function<void(Result<HttpResponse>)> done) {
  return std::make_shared<HttpCall>(std::move(bytes), head, deadline, std::move(done));
}

std::shared_ptr<Call> make_mllp_call(std::string_view message, const Mllp& manner, Deadline deadline,
                                     std::move_only_function<void(Result<std::string>)> done) {
  return std::make_shared<MllpCall>(message, manner, deadline, std::move(done));
}

// --- Connections -------------------------------------------------------------------------------------------------

namespace {

struct Place {
  sockaddr_storage address{};
  socklen_t size = 0;
};

Place place_of(const void* address, std::size_t size) {
  Place place;
  std::memcpy(&place.address, address, size);
  place.size = static_cast<socklen_t>(size);
  return place;
}

std::optional<Place> literal_place(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return std::nullopt;
  const Place place = place_of(found->ai_addr, found->ai_addrlen);
  freeaddrinfo(found);
  return place;
}

Task<std::vector<Place>> places_of(Loop& loop, std::string host, std::uint16_t port) {
  std::vector<Place> places;
  if (const auto literal = literal_place(host, port)) {
    places.push_back(*literal);
    co_return places;
  }
  asio::ip::basic_resolver<asio::ip::tcp, Executor> resolver(loop.executor());
  error_code error;
  const auto found = co_await resolver.async_resolve(host, std::to_string(port), asio::redirect_error(resume, error));
  for (const auto& entry : found) places.push_back(place_of(entry.endpoint().data(), entry.endpoint().size()));
  co_return places;
}

}  // namespace

class ClientConnection final : public Connection {
 public:
  ClientConnection(Loop& loop, std::shared_ptr<Pool> pool)
      : Connection(loop, pool->guard, nullptr), pool_(std::move(pool)) {
    ++pool_->open;
  }
  ~ClientConnection() override { --pool_->open; }

  using Connection::admit;
  using Connection::ended;
  using Connection::is_quiet;
  using Connection::receive;
  using Connection::report_refusal;
  using Connection::send;

  /// False: `ended()` says why.
  Task<bool> open(const std::vector<Place>& places) {
    for (const Place& place : places) {
      if (leaving_) break;  // the call is over
      if (co_await connect(place)) {
        ++loop_.shared().connected;
        co_return co_await secure_client(pool_->key.host, resumption());
      }
    }
    co_return false;
  }

  void begin() {
    busy_ = true;
    used_ = true;
    give_forever();  // the call has the deadline
  }

  /// Keeps the connection for another call, unless it is to go.
  bool rest() {
    busy_ = false;
    if (leaving_ || !is_quiet()) return false;
    if (session() != nullptr && session()->resumption()) {
      pool_->resumption = session()->resumption();
      pool_->resumption_of = pool_->guard.credentials->current();
    }
    give(kKept);
    return true;
  }

  /// TLS 1.3 lets a client speak before the server has judged its certificate: the verdict arrives instead of an
  /// answer.
  bool first_use() const { return !used_; }

 private:
  tls::Resumption resumption() const {
    if (!pool_->guard.credentials || pool_->resumption_of != pool_->guard.credentials->current()) return nullptr;
    return pool_->resumption;
  }

  Task<bool> connect(const Place& place) {
    const int fd = ::socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) co_return false;
    const int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    cut({});
    adopt(fd, pool_->key.host + ":" + std::to_string(pool_->key.port));
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&place.address), place.size) == 0) co_return true;
    int failed = errno;
    if (failed == EINPROGRESS) {
      if (!co_await wait_writable()) co_return false;
      socklen_t size = sizeof failed;
      getsockopt(fd, SOL_SOCKET, SO_ERROR, &failed, &size);
    }
    if (failed != 0) cut(unreachable(strerrordesc_np(failed)));
    co_return failed == 0;
  }

  std::shared_ptr<Pool> pool_;
  bool used_ = false;
};

// --- Client ------------------------------------------------------------------------------------------------------

void Client::start(const std::shared_ptr<Pool>& pool, const std::shared_ptr<Call>& call) {
  if (loop_.shared().stopping) return call->fail({Fault::unavailable, "net.stopped", "", "the gateway is stopping"});
  pools_.insert(pool);
  calls_.insert(call);
  spawn(pool, call);
}

void Client::spawn(const std::shared_ptr<Pool>& pool, const std::shared_ptr<Call>& call) {
  // Posted, because a coroutine begins to run at once: one call that ends and starts the next must not nest.
  asio::post(loop_.executor(), [this, pool, call] {
    asio::co_spawn(loop_.executor(), run(pool, call), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  });
}

Task<void> Client::run(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call) {
  if (call->over()) co_return next(pool);
  if (pool->idle.empty() && pool->open >= kConnectionsPerPlace) {
    pool->waiting.push_back(std::move(call));
    co_return;
  }
  auto connection = co_await connection_for(pool, call);
  if (connection && !call->over()) {
    loop_.shared().begin_work();
    co_await converse(*connection, *call);
    loop_.shared().end_work();
    if (call->answered() && call->reusable() && connection->rest()) pool->idle.push_back(std::move(connection));
  }
  call->connection = nullptr;
  calls_.erase(call);
  if (connection) connection->shut();
  connection.reset();
  next(pool);
}

void Client::next(const std::shared_ptr<Pool>& pool) {
  if (pool->waiting.empty()) return;
  spawn(pool, pool->waiting.front());
  pool->waiting.pop_front();
}

Task<std::shared_ptr<ClientConnection>> Client::connection_for(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call) {
  auto connection = kept_connection(*pool);
  if (!connection) connection = co_await new_connection(pool, call);
  if (connection) call->connection = connection.get();
  co_return connection;
}

std::shared_ptr<ClientConnection> Client::kept_connection(Pool& pool) {
  while (!pool.idle.empty()) {
    auto connection = std::move(pool.idle.back());
    pool.idle.pop_back();
    if (connection->is_quiet() && connection->admit()) return connection;
    connection->shut();
  }
  return nullptr;
}

Task<std::shared_ptr<ClientConnection>> Client::new_connection(std::shared_ptr<Pool> pool, std::shared_ptr<Call> call) {
  auto connection = std::make_shared<ClientConnection>(loop_, pool);
  call->connection = connection.get();
  const auto places = co_await places_of(loop_, pool->key.host, pool->key.port);
  if (places.empty()) call->fail({Fault::unavailable, "net.name", "", "the host name is not known"});
  if (call->over() || !co_await connection->open(places)) {
    call->fail(connection->ended());
    call->connection = nullptr;
    connection = nullptr;
  }
  co_return connection;
}

Task<void> Client::converse(ClientConnection& connection, Call& call) {
  const bool first = connection.first_use();
  connection.begin();
  call.sent = true;
  // A failed write may still have an answer waiting: an early refusal, or the alert that says our certificate is not
  // welcome. So the answer is read in any case.
  co_await connection.send(call.bytes());
  bool heard = false;
  while (!call.over() && !call.whole()) {
    const std::string_view bytes = co_await connection.receive();
    heard = heard || !bytes.empty();
    const auto taken = bytes.empty() ? call.end() : call.feed(bytes);
    if (!taken) co_return call.fail(taken.error());
    if (bytes.empty() && !call.whole()) {
      Error why = connection.ended();
      if (why.fault == Fault::forbidden && (heard || !first)) why.fault = Fault::in_doubt;
      co_return call.fail(std::move(why));
    }
  }
  if (!call.over() && !call.last_word().empty()) co_await connection.send(call.last_word());
  call.succeed();
}

void Client::tick(Deadline now, bool recheck) {
  for (const auto& call : calls_) {
    if (!call->passed(now) || call->over()) continue;
    const Error late{Fault::unavailable, "net.timeout", "", "no answer in time"};
    Connection* connection = call->connection;
    call->fail(late);
    if (connection == nullptr) continue;
    connection->leave();
    connection->cut(late);
  }
  std::erase_if(calls_, [](const auto& call) { return call->over(); });
  if (!recheck) return;
  for (const auto& pool : pools_) {
    std::erase_if(pool->idle, [](const auto& connection) { return !connection->is_quiet(); });
  }
}

void Client::stop() {
  const auto calls = std::exchange(calls_, {});
  for (const auto& call : calls) call->fail({Fault::unavailable, "net.stopped", "", "the gateway is stopping"});
  for (const auto& pool : pools_) {
    pool->idle.clear();
    pool->waiting.clear();
  }
}

}  // namespace gateway::net
