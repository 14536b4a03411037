// Both ends of real sockets for the tests of gateway/net: handlers that answer, a blocking client and a scripted
// server.
#pragma once
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gateway/net/net.h"

namespace net_test {

using namespace gateway::net;
using namespace std::chrono_literals;

/// Answers 200 with the body it got, after an optional step of the test's own.
class EchoHandler final : public HttpHandler {
 public:
  std::function<std::optional<HttpResponse>(const HttpRequest&)> first;
  std::atomic<int> calls{0};

  void handle(HttpRequest request, std::move_only_function<void(HttpResponse)> reply) override {
    ++calls;
    if (first) {
      if (auto response = first(request)) return reply(std::move(*response));
    }
    reply({200, {{"x-target", request.target}}, std::move(request.body)});
  }
};

/// Keeps the replies for the test to call.
class HoldingHandler final : public HttpHandler {
 public:
  void handle(HttpRequest, std::move_only_function<void(HttpResponse)> reply) override {
    const std::lock_guard lock(mutex_);
    replies_.push_back(std::move(reply));
  }
  std::size_t held() {
    const std::lock_guard lock(mutex_);
    return replies_.size();
  }
  std::move_only_function<void(HttpResponse)> take() {
    const std::lock_guard lock(mutex_);
    auto reply = std::move(replies_.back());
    replies_.pop_back();
    return reply;
  }

 private:
  std::mutex mutex_;
  std::vector<std::move_only_function<void(HttpResponse)>> replies_;
};

/// What was noted or refused, for the test to look at.
class Log {
 public:
  void add(std::string code) {
    const std::lock_guard lock(mutex_);
    codes_.push_back(std::move(code));
  }
  bool has(std::string_view code) const {
    const std::lock_guard lock(mutex_);
    for (const auto& each : codes_) {
      if (each == code) return true;
    }
    return false;
  }
  std::string last() const {
    const std::lock_guard lock(mutex_);
    return codes_.empty() ? "" : codes_.back();
  }
  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return codes_.size();
  }
  Watch watch() {
    return [this](const Note& note) { add(note.why.code); };
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> codes_;
};

template <class Condition>
bool eventually(Condition condition, std::chrono::milliseconds longest = 5s) {
  const auto end = Clock::now() + longest;
  while (Clock::now() < end) {
    if (condition()) return true;
    std::this_thread::sleep_for(5ms);
  }
  return condition();
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return at;
}

/// A blocking TCP connection; reads give up after five seconds.
class Wire {
 public:
  explicit Wire(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in at = loopback(port);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    patience(5s);
  }
  static Wire from(int fd) { return Wire(fd, true); }
  Wire(Wire&& other) noexcept : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  Wire& operator=(Wire&&) = delete;
  ~Wire() { close(); }

  void patience(std::chrono::milliseconds time) {
    const timeval wait{time.count() / 1000, (time.count() % 1000) * 1000};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
  }
  bool connected() const { return connected_; }
  int fd() const { return fd_; }
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  /// Some bytes; empty at the end of the connection (or when patience ran out: `quiet`).
  std::string read() {
    char buffer[16384];
    const auto got = ::recv(fd_, buffer, sizeof buffer, 0);
    quiet = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    return got > 0 ? std::string(buffer, static_cast<std::size_t>(got)) : "";
  }
  std::string read_to_end() {
    std::string all;
    for (std::string more = read(); !more.empty(); more = read()) all += more;
    return all;
  }
  std::string read_until(std::string_view end) {
    std::string all;
    while (all.find(end) == std::string::npos) {
      const std::string more = read();
      if (more.empty()) break;
      all += more;
    }
    return all;
  }
  void finish_sending() { ::shutdown(fd_, SHUT_WR); }
  void reset() {
    const linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

  bool quiet = false;

 private:
  Wire(int fd, bool) : fd_(fd), connected_(true) { patience(5s); }
  int fd_;
  bool connected_ = false;
};

/// Accepts connections one after the other and hands each to the script, with its number from 0.
class ScriptedServer {
 public:
  explicit ScriptedServer(std::function<void(Wire&, int)> script)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), script_(std::move(script)) {
    sockaddr_in at = loopback(0);
    socklen_t size = sizeof at;
    ::bind(fd_, reinterpret_cast<sockaddr*>(&at), size);
    ::listen(fd_, 64);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedServer() {
    ::shutdown(fd_, SHUT_RDWR);
    thread_.join();
    ::close(fd_);
  }
  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void run() {
    for (;;) {
      const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      Wire wire = Wire::from(fd);
      script_(wire, connections_++);
    }
  }
  int fd_;
  std::uint16_t port_ = 0;
  std::function<void(Wire&, int)> script_;
  std::atomic<int> connections_{0};
  std::thread thread_;
};

struct Target {
  Address at;
  const TlsFiles* tls = nullptr;
  Gatekeeper* gatekeeper = nullptr;
};

inline Result<HttpResponse> call(Net& net, const Target& to, HttpRequest request, std::chrono::milliseconds time = 5s) {
  std::promise<Result<HttpResponse>> answer;
  auto future = answer.get_future();
  net.send_http(to.at, to.tls, to.gatekeeper, std::move(request), time,
                [&](Result<HttpResponse> result) { answer.set_value(std::move(result)); });
  return future.get();
}

inline Result<std::string> call_mllp(Net& net, const Target& to, std::string message,
                                     std::chrono::milliseconds time = 5s, const Mllp& manner = {}) {
  std::promise<Result<std::string>> answer;
  auto future = answer.get_future();
  net.send_mllp(to.at, to.tls, to.gatekeeper, std::move(message), manner, time,
                [&](Result<std::string> result) { answer.set_value(std::move(result)); });
  return future.get();
}

inline HttpRequest post_request(std::string body, std::string target = "/") {
  return {"POST", std::move(target), {}, std::move(body), {}, ""};
}

}  // namespace net_test
