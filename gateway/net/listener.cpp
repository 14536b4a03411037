#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <cerrno>
#include <cstring>

#include "gateway/net/server.h"

namespace gateway::net {
namespace {

using boost::system::error_code;
using fhir::Fault;

constexpr int kBacklog = 1024;
constexpr int kAcceptsInARow = 32;
/// A full mutual handshake holds its loop for about a millisecond: a flood of them must leave room for those inside.
constexpr std::size_t kHandshakesPerTick = 50;

// --- Sockets -----------------------------------------------------------------------------------------------------

std::unexpected<Error> cannot(const char* code, std::string where, const char* what) {
  return fhir::fail(Fault::unavailable, code, std::move(where), std::string(what) + ": " + strerrordesc_np(errno));
}

std::string text_of(const Address& address) { return address.host + ":" + std::to_string(address.port); }

// Who opened the other end of a Unix socket, as the kernel says.
std::string user_of(int fd) {
  ucred user{};
  socklen_t size = sizeof user;
  const bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &user, &size) == 0;
  return known ? "local:" + std::to_string(user.uid) : "local";
}

std::string remote_of(int fd, const sockaddr_storage& from, socklen_t size) {
  char host[NI_MAXHOST], port[NI_MAXSERV];
  if (from.ss_family == AF_UNIX) return user_of(fd);
  const int failed = getnameinfo(reinterpret_cast<const sockaddr*>(&from), size, host, sizeof host, port, sizeof port,
                                 NI_NUMERICHOST | NI_NUMERICSERV);
  if (failed != 0) return "unknown";
  return from.ss_family == AF_INET6 ? "[" + std::string(host) + "]:" + port : std::string(host) + ":" + port;
}

int open_listening(const addrinfo& info) {
  const int fd = ::socket(info.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, info.ai_addr, info.ai_addrlen) == 0 && ::listen(fd, kBacklog) == 0) return fd;
  const int why = errno;
  ::close(fd);
  errno = why;
  return -1;
}

/// Is somebody alive behind this socket file?
bool answers(const sockaddr_un& at) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const bool alive = ::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
  ::close(fd);
  return alive;
}

// --- The acceptor ------------------------------------------------------------------------------------------------

class Acceptor final : public std::enable_shared_from_this<Acceptor> {
 public:
  Acceptor(const Loops& loops, std::shared_ptr<Service> service, int socket)
      : service_(std::move(service)),
        descriptor_(loops.front()->executor(), socket),
        pause_(loops.front()->executor()) {
    for (const auto& loop : loops) loops_.push_back(loop.get());
  }

  static Task<void> run(std::shared_ptr<Acceptor> self) {
    error_code error;
    while (self->descriptor_.is_open()) {
      co_await self->descriptor_.async_wait(Descriptor::wait_read, asio::redirect_error(resume, error));
      if (!self->descriptor_.is_open()) break;
      if (self->accept_some()) continue;
      self->pause_.expires_after(kTick);
      co_await self->pause_.async_wait(asio::redirect_error(resume, error));
    }
  }

  void close() {
    error_code ignored;
    descriptor_.close(ignored);
    pause_.cancel();
  }

 private:
  /// False when it should rest until the next tick.
  bool accept_some() {
    for (int i = 0; i < kAcceptsInARow; ++i) {
      sockaddr_storage from{};
      socklen_t size = sizeof from;
      const int fd = ::accept4(descriptor_.native_handle(), reinterpret_cast<sockaddr*>(&from), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return may_accept_more();
      take(fd, remote_of(fd, from, size), from.ss_family != AF_UNIX);
      if (service_->guard.credentials && !handshake_allowed()) return false;
    }
    return true;
  }

  bool may_accept_more() {
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return true;
    loops_.front()->shared().note(
        "", {Fault::unavailable, "net.descriptors", "", "no file descriptor is left to accept with"});
    return false;
  }

  bool handshake_allowed() {
    const Deadline now = Clock::now();
    if (now >= window_ + kTick) {
      window_ = now;
      taken_ = 0;
    }
    return ++taken_ < kHandshakesPerTick * loops_.size();
  }

  void take(int fd, std::string remote, bool tcp) {
    Shared& shared = loops_.front()->shared();
    ++shared.accepted;
    if (service_->open >= service_->limits.connections) {
      shared.note(remote, {Fault::unavailable, "net.connections", "", "the limit of connections is reached"});
      return void(::close(fd));
    }
    if (tcp) tune(fd);
    Loop* loop = *std::ranges::min_element(loops_, {}, [](const Loop* each) { return each->load.load(); });
    const bool taken = loop->post([fd, remote = std::move(remote), seat = Seat(*loop, service_)]() mutable {
      seat.service().closed ? void(::close(fd)) : begin_service(fd, std::move(remote), std::move(seat));
    });
    if (!taken) ::close(fd);
  }

  /// Answers are written whole; a host that vanished without a word is noticed in two minutes.
  static void tune(int fd) {
    const int on = 1, idle = 60, interval = 20, probes = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  }

  std::vector<Loop*> loops_;  // its coroutine waits in the first: a shared_ptr would be a cycle
  std::shared_ptr<Service> service_;
  Descriptor descriptor_;
  Timer pause_;
  Deadline window_{};
  std::size_t taken_ = 0;
};

class SocketListener final : public Listener {
 public:
  SocketListener(Loops loops, std::shared_ptr<Service> service, int socket, std::string path)
      : loops_(std::move(loops)),
        service_(std::move(service)),
        port_(port_of(socket)),
        path_(std::move(path)),
        acceptor_(std::make_shared<Acceptor>(loops_, service_, socket)) {
    const std::lock_guard lock(shared().control);
    shared().stop_accepting[this] = [this] { stop_accepting(); };
    asio::co_spawn(loops_.front()->executor(), Acceptor::run(acceptor_), asio::detached);
  }

  ~SocketListener() override {
    const std::lock_guard lock(shared().control);
    service_->closed = true;
    shared().stop_accepting.erase(this);
    if (shared().stopped) return;
    stop_accepting();
    for (const auto& loop : loops_) loop->run_and_wait([&] { close_connections(*loop); });
  }

  std::uint16_t port() const override { return port_; }

 private:
  Shared& shared() { return loops_.front()->shared(); }

  void stop_accepting() {
    if (!path_.empty()) ::unlink(path_.c_str());
    loops_.front()->run_and_wait([this] { acceptor_->close(); });
  }

  void close_connections(Loop& loop) {
    for (Connection* connection : loop.connections()) {
      if (connection->owner() == service_.get()) connection->shut();
    }
  }

  Loops loops_;
  std::shared_ptr<Service> service_;
  std::uint16_t port_;
  std::string path_;
  std::shared_ptr<Acceptor> acceptor_;
};

}  // namespace

Result<int> listen_tcp(const Address& at) {
  addrinfo hints{};
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found);
  if (failed != 0) return fhir::fail(Fault::invalid, "net.address", text_of(at), gai_strerror(failed));
  const int fd = open_listening(*found);
  freeaddrinfo(found);
  if (fd < 0) return cannot("net.listen", text_of(at), "cannot listen there");
  return fd;
}

Result<int> listen_path(const std::string& path) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (path.size() >= sizeof at.sun_path) {
    return fhir::fail(Fault::invalid, "net.address", path, "the path of a Unix socket has at most 107 bytes");
  }
  std::ranges::copy(path, at.sun_path);
  if (answers(at)) return fhir::fail(Fault::conflict, "net.in-use", path, "another process serves this socket");
  ::unlink(path.c_str());
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  // The mode is set before anybody can connect: between bind and listen a connect is refused.
  if (fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0 && ::chmod(path.c_str(), 0600) == 0 &&
      ::listen(fd, kBacklog) == 0) {
    return fd;
  }
  auto error = cannot("net.listen", path, "cannot listen there");
  if (fd >= 0) ::close(fd);
  return error;
}

std::uint16_t port_of(int listening_socket) {
  sockaddr_storage at{};
  socklen_t size = sizeof at;
  getsockname(listening_socket, reinterpret_cast<sockaddr*>(&at), &size);
  if (at.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in&>(at).sin_port);
  if (at.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6&>(at).sin6_port);
  return 0;
}

std::unique_ptr<Listener> serve(Loops loops, std::shared_ptr<Service> service, int listening_socket, std::string path) {
  return std::make_unique<SocketListener>(std::move(loops), std::move(service), listening_socket, std::move(path));
}

}  // namespace gateway::net
