#include <sys/stat.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "gateway/net/net.h"
#include "support.h"

using namespace net_test;
using fhir::Fault;

namespace {

const std::string kGet = "GET /a HTTP/1.1\r\nHost: h\r\n\r\n";

struct Server {
  explicit Server(HttpHandler& handler, Limits limits = {}, unsigned threads = 2)
      : net(make_net(threads, log.watch())),
        listener(net->listen_http({"127.0.0.1", 0}, nullptr, nullptr, handler, limits).value()) {}
  std::uint16_t port() const { return listener->port(); }
  Target target() const { return {{"127.0.0.1", port()}, nullptr, nullptr}; }

  Log log;
  std::unique_ptr<Net> net;
  std::unique_ptr<Listener> listener;
};

Limits quick() {
  Limits limits;
  limits.header_time = limits.body_time = limits.idle_time = limits.handshake_time = 300ms;
  return limits;
}

bool is_outcome(const std::string& response, int status, std::string_view code) {
  return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ") &&
         response.find("application/fhir+json") != std::string::npos &&
         response.find("\"OperationOutcome\"") != std::string::npos && response.find(code) != std::string::npos;
}

}  // namespace

TEST_CASE("a request reaches the handler and its answer comes back", "[net][http]") {
  EchoHandler handler;
  Server server(handler);
  handler.first = [](const HttpRequest& request) -> std::optional<HttpResponse> {
    CHECK(request.remote.starts_with("127.0.0.1:"));
    CHECK(request.certificate.fingerprint.empty());
    return std::nullopt;
  };
  const auto answer = call(*server.net, server.target(), post_request("hello", "/fhir?x=1"));
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(answer->body == "hello");
  CHECK(header(answer->headers, "x-target") == "/fhir?x=1");
  CHECK_FALSE(header(answer->headers, "date").empty());
}

TEST_CASE("one connection serves many requests, also when they are sent at once", "[net][http]") {
  EchoHandler handler;
  Server server(handler);
  Wire wire(server.port());
  REQUIRE(wire.send(kGet + kGet + "GET /last HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"));
  const std::string all = wire.read_to_end();
  CHECK(all.find("x-target: /last") != std::string::npos);
  CHECK(all.find("connection: close") != std::string::npos);
  CHECK(handler.calls == 3);
  CHECK(server.net->counters().accepted == 1);
}

TEST_CASE("the answer to HEAD has the length but not the body", "[net][http]") {
  EchoHandler handler;
  handler.first = [](const HttpRequest&) { return HttpResponse{200, {}, "twelve bytes"}; };
  Server server(handler);
  Wire wire(server.port());
  wire.send("HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  const std::string all = wire.read_to_end();
  CHECK(all.find("content-length: 12\r\n") != std::string::npos);
  CHECK(all.ends_with("\r\n\r\n"));
  const auto answer = call(*server.net, server.target(), {"HEAD", "/", {}, "", {}, ""});
  REQUIRE(answer);
  CHECK(answer->body.empty());
}

TEST_CASE("a client that expects 100-continue gets it before it sends the body", "[net][http]") {
  EchoHandler handler;
  Server server(handler);
  Wire wire(server.port());
  wire.send("POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\n");
  CHECK(wire.read_until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("ok");
  CHECK(wire.read_to_end().ends_with("ok"));
}

TEST_CASE("a reply may come later and from another thread", "[net][http]") {
  HoldingHandler handler;
  Server server(handler);
  Wire wire(server.port());
  wire.send(kGet);
  REQUIRE(eventually([&] { return handler.held() == 1; }));
  std::thread([&] { handler.take()({202, {}, "later"}); }).join();
  CHECK(wire.read_until("later").find("202 Accepted") != std::string::npos);
}

TEST_CASE("a reply that is dropped answers 500, and so does a handler that throws", "[net][http]") {
  HoldingHandler handler;
  Server server(handler);
  Wire wire(server.port());
  wire.send(kGet);
  REQUIRE(eventually([&] { return handler.held() == 1; }));
  handler.take();
  CHECK(wire.read_until("net.no-answer").find("500 Internal Server Error") != std::string::npos);

  EchoHandler thrower;
  thrower.first = [](const HttpRequest&) -> std::optional<HttpResponse> {
    throw std::runtime_error("name of a patient");
  };
  Server second(thrower);
  const auto answer = call(*second.net, second.target(), post_request("x"));
  REQUIRE(answer);
  CHECK(answer->status == 500);
  CHECK(answer->body.find("patient") == std::string::npos);
  CHECK(second.log.has("net.handler"));
}

TEST_CASE("limits are answered with an OperationOutcome, then the connection is closed", "[net][http]") {
  EchoHandler handler;
  Limits limits;
  limits.body = 1000;
  limits.header = 4096;
  Server server(handler, limits);
  const auto ask = [&](const std::string& bytes) {
    Wire wire(server.port());
    wire.send(bytes);
    return wire.read_to_end();
  };
  CHECK(is_outcome(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1001\r\n\r\n"), 413, "http.body-too-large"));
  CHECK(is_outcome(ask("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3E9\r\n"), 413,
                   "http.body-too-large"));
  CHECK(is_outcome(ask("GET / HTTP/1.1\r\nHost: h\r\nA: " + std::string(5000, 'a') + "\r\n\r\n"), 431,
                   "http.header-too-large"));
  CHECK(is_outcome(ask("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400,
                   "http.framing"));
  CHECK(is_outcome(ask("GET / HTTP/1.1\nHost: h\n\n"), 400, "http.line-ending"));
  CHECK(handler.calls == 0);
  CHECK(server.log.has("http.framing"));
}

TEST_CASE("a refused body of many megabytes still gets its answer to the client", "[net][http]") {
  EchoHandler handler;
  Limits limits;
  limits.body = 1000;
  Server server(handler, limits);
  const auto answer = call(*server.net, server.target(), post_request(std::string(20u << 20, 'x')));
  REQUIRE(answer);
  CHECK(answer->status == 413);
}

TEST_CASE("slow clients are cut off by deadline: header, body, idle", "[net][http][slow]") {
  EchoHandler handler;
  Server server(handler, quick());

  Wire header_drip(server.port());
  std::thread drip([&] {
    for (const char c : std::string("GET / HTTP/1.1\r\nHost: hhhhhhhhhhhhhhhhhhhhhhhhhhh")) {
      if (!header_drip.send({&c, 1})) return;
      std::this_thread::sleep_for(20ms);
    }
  });
  CHECK(is_outcome(header_drip.read_to_end(), 408, "http.timeout"));
  drip.join();

  Wire body(server.port());
  body.send("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf");
  CHECK(is_outcome(body.read_to_end(), 408, "http.timeout"));

  Wire silent(server.port());
  CHECK(silent.read_to_end().empty());
  CHECK_FALSE(silent.quiet);

  Wire idle(server.port());
  idle.send(kGet);
  const std::string first = idle.read();
  CHECK(first.starts_with("HTTP/1.1 200"));
  CHECK(idle.read_to_end().empty());
  CHECK_FALSE(idle.quiet);
  CHECK(eventually([&] { return server.net->counters().open == 0; }));
}

TEST_CASE("a client that does not read its answer is cut off", "[net][http][slow]") {
  EchoHandler handler;
  handler.first = [](const HttpRequest&) { return HttpResponse{200, {}, std::string(64u << 20, 'x')}; };
  Server server(handler, quick());
  Wire wire(server.port());
  wire.send(kGet);
  CHECK(eventually([&] { return handler.calls == 1; }));
  CHECK(eventually([&] { return server.net->counters().open == 0; }));
}

TEST_CASE("healthy clients are served while hundreds dawdle", "[net][http][slow]") {
  EchoHandler handler;
  Server server(handler);
  std::vector<Wire> dawdlers;
  for (int i = 0; i < 300; ++i) {
    dawdlers.emplace_back(server.port());
    dawdlers.back().send("POST / HTTP/1.1\r\nHost: h\r\nContent-Len");
  }
  const auto start = Clock::now();
  for (int i = 0; i < 100; ++i) REQUIRE(call(*server.net, server.target(), post_request("x")));
  CHECK(Clock::now() - start < 2s);
}

TEST_CASE("connections past the limit are closed, and taken again when others leave", "[net][http]") {
  EchoHandler handler;
  Limits limits;
  limits.connections = 2;
  Server server(handler, limits);
  Wire one(server.port());
  auto two = std::make_optional<Wire>(server.port());
  REQUIRE(eventually([&] { return server.net->counters().open == 2; }));
  Wire three(server.port());
  CHECK(three.read_to_end().empty());
  CHECK(server.log.has("net.connections"));
  two.reset();
  REQUIRE(eventually([&] { return server.net->counters().open == 1; }));
  Wire four(server.port());
  four.send(kGet);
  CHECK(four.read().starts_with("HTTP/1.1 200"));
}

TEST_CASE("the Unix socket is for its owner only and replaces one that was left behind", "[net][http]") {
  const auto folder = std::filesystem::temp_directory_path() / ("causeway-net-" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  const std::string path = folder / "control.sock";
  EchoHandler handler;
  const auto net = make_net(1);
  {
    const auto listener = net->listen_unix(path, handler, {});
    REQUIRE(listener);
    struct stat info{};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    path.copy(at.sun_path, sizeof at.sun_path - 1);
    REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
    Wire wire = Wire::from(fd);
    wire.send(kGet);
    CHECK(wire.read().starts_with("HTTP/1.1 200"));
    const auto second = net->listen_unix(path, handler, {});
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "net.in-use");
  }
  CHECK_FALSE(std::filesystem::exists(path));
  const int dead = ::socket(AF_UNIX, SOCK_STREAM, 0);  // bound by a process that died
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  path.copy(at.sun_path, sizeof at.sun_path - 1);
  ::bind(dead, reinterpret_cast<sockaddr*>(&at), sizeof at);
  ::close(dead);
  CHECK(net->listen_unix(path, handler, {}));
  std::filesystem::remove_all(folder);
}

TEST_CASE("an address that cannot be used is named", "[net][http]") {
  EchoHandler handler;
  Server server(handler);
  const auto taken = server.net->listen_http({"127.0.0.1", server.port()}, nullptr, nullptr, handler, {});
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == "net.listen");
  CHECK(taken.error().where == "127.0.0.1:" + std::to_string(server.port()));
  CHECK_FALSE(server.net->listen_http({"no.such.host.invalid", 0}, nullptr, nullptr, handler, {}));
}

TEST_CASE("kept connections are used again", "[net][client]") {
  EchoHandler handler;
  Server server(handler);
  for (int i = 0; i < 20; ++i) REQUIRE(call(*server.net, server.target(), post_request("x")));
  CHECK(server.net->counters().connected == 1);
}

TEST_CASE("calls to one place share a bounded number of connections", "[net][client]") {
  EchoHandler handler;
  Server server(handler);
  std::atomic<int> answered{0};
  for (int i = 0; i < 500; ++i) {
    server.net->send_http({"127.0.0.1", server.port()}, nullptr, nullptr, post_request("x"), 10s,
                          [&](Result<HttpResponse> result) { answered += result ? 1 : 0; });
  }
  CHECK(eventually([&] { return answered == 500; }, 10s));
  CHECK(server.net->counters().connected <= 32);
}

TEST_CASE("a call fails as unavailable when nothing was sent, and as in doubt when it may have arrived",
          "[net][client]") {
  const auto net = make_net(1);
  const auto outcome_of = [&](std::function<void(Wire&, int)> script, std::chrono::milliseconds time = 5s) {
    ScriptedServer server(std::move(script));
    return call(*net, {{"127.0.0.1", server.port()}}, post_request("an order"), time);
  };
  const auto fault_of = [](const Result<HttpResponse>& result) {
    return result ? "answered" : to_string(result.error().fault);
  };

  std::uint16_t nobody = 0;
  {
    nobody = ScriptedServer([](Wire&, int) {}).port();
  }
  CHECK(fault_of(call(*net, {{"127.0.0.1", nobody}}, post_request("x"))) == "unavailable");
  CHECK(fault_of(call(*net, {{"no.such.host.invalid", 80}}, post_request("x"))) == "unavailable");

  CHECK(fault_of(outcome_of([](Wire& w, int) { w.read(); })) == "in-doubt");  // closes after reading
  CHECK(fault_of(outcome_of([](Wire& w, int) {
          w.read();
          w.reset();
        })) == "in-doubt");
  CHECK(fault_of(outcome_of([](Wire& w, int) {
          w.read();
          w.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
        })) == "in-doubt");
  CHECK(fault_of(outcome_of([](Wire& w, int) {
          w.read();
          w.send("garbage\r\n\r\n");
        })) == "in-doubt");
  CHECK(fault_of(outcome_of(
            [](Wire& w, int) {
              w.read();
              std::this_thread::sleep_for(700ms);
            },
            300ms)) == "in-doubt");
  CHECK(fault_of(outcome_of([](Wire& w, int) {
          w.read();
          w.send("HTTP/1.1 200 OK\r\n\r\n");
          while (w.send(std::string(65536, 'x'))) {
          }
        })) == "in-doubt");  // a body that never ends
  CHECK(fault_of(outcome_of([](Wire& w, int) {
          w.read();
          w.send("HTTP/1.1 200 OK\r\nX: ");
          while (w.send(std::string(65536, 'x'))) {
          }
        })) == "in-doubt");  // a header that never ends

  const auto redirect = outcome_of([](Wire& w, int) {
    w.read();
    w.send("HTTP/1.1 307 Temporary Redirect\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
  });
  REQUIRE(redirect);
  CHECK(redirect->status == 307);
  const auto interim = outcome_of([](Wire& w, int) {
    w.read();
    w.send(
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: "
        "0\r\n\r\n");
  });
  REQUIRE(interim);
  CHECK(interim->status == 201);
}

TEST_CASE("an answer that is cut off at any byte is in doubt, never taken for whole", "[net][client]") {
  const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone";
  const auto net = make_net(1);
  for (std::size_t cut = 0; cut <= answer.size(); ++cut) {
    ScriptedServer server([&](Wire& wire, int) {
      wire.read();
      wire.send(std::string_view(answer).substr(0, cut));
    });
    const auto result = call(*net, {{"127.0.0.1", server.port()}}, post_request("x"));
    INFO(cut);
    CHECK(result.has_value() == (cut == answer.size()));
    if (!result) CHECK(result.error().fault == Fault::in_doubt);
  }
}

TEST_CASE("a kept connection that the server closed meanwhile is not used", "[net][client]") {
  const std::string ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  ScriptedServer server([&](Wire& wire, int) {
    wire.read();
    wire.send(ok);
  });
  const auto net = make_net(1);
  for (int i = 0; i < 5; ++i) {
    REQUIRE(call(*net, {{"127.0.0.1", server.port()}}, post_request("x")));
    std::this_thread::sleep_for(20ms);
  }
  CHECK(server.connections() == 5);
}

TEST_CASE("bytes after an answer end the connection: the next call does not read them", "[net][client]") {
  ScriptedServer server([&](Wire& wire, int) {
    wire.read();
    wire.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 Bad\r\nContent-Length: 0\r\n\r\n");
    wire.read();
  });
  const auto net = make_net(1);
  for (int i = 0; i < 3; ++i) {
    const auto answer = call(*net, {{"127.0.0.1", server.port()}}, post_request("x"));
    REQUIRE(answer);
    CHECK(answer->status == 200);
  }
}

TEST_CASE("every call ends exactly once when the Net stops", "[net][stop]") {
  HoldingHandler handler;
  std::atomic<int> ended{0};
  {
    Server server(handler);
    for (int i = 0; i < 10; ++i) {
      server.net->send_http({"127.0.0.1", server.port()}, nullptr, nullptr, post_request("x"), 60s,
                            [&](Result<HttpResponse> result) { ended += result ? 100 : 1; });
    }
    REQUIRE(eventually([&] { return handler.held() == 10; }));
    std::thread late([&] {
      std::this_thread::sleep_for(200ms);
      handler.take()({200, {}, ""});
    });
    server.net->stop();
    late.join();
    CHECK(ended == 9 + 100);  // one was answered while draining; the others are in doubt
    server.net->send_http({"127.0.0.1", server.port()}, nullptr, nullptr, post_request("x"), 60s,
                          [&](Result<HttpResponse> result) { CHECK(result.error().fault == Fault::unavailable); });
  }
  while (handler.held() > 0) handler.take()({200, {}, ""});  // nobody is there any more
}

TEST_CASE("a listener can be destroyed while it serves", "[net][stop]") {
  for (int round = 0; round < 10; ++round) {
    auto handler = std::make_unique<EchoHandler>();
    Server server(*handler);
    std::atomic<bool> stop{false};
    std::thread load([&, target = server.target()] {
      while (!stop) static_cast<void>(call(*server.net, target, post_request("x"), 500ms));
    });
    std::this_thread::sleep_for(20ms);
    server.listener.reset();
    handler.reset();  // the sanitizer would see a late call
    stop = true;
    load.join();
  }
}

TEST_CASE("tasks run after their delay and are dropped when the Net stops", "[net][stop]") {
  std::atomic<int> ran{0};
  const auto start = Clock::now();
  auto net = make_net(2);
  net->after(50ms, [&] { ++ran; });
  net->after(0ms, [&] { ++ran; });
  CHECK(eventually([&] { return ran == 2; }));
  CHECK(Clock::now() - start >= 50ms);
  net->after(10min, [&] { ++ran; });
  net->stop();
  CHECK(ran == 2);
}
