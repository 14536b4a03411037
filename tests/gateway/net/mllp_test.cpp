#include "adapters/hl7v2/mllp.h"

#include <catch2/catch.hpp>

#include "gateway/net/net.h"
#include "support.h"

using namespace net_test;
using adapters::hl7v2::frame;
using fhir::Fault;

namespace {

using Replies = std::vector<std::string>;

/// Answers "ACK " and the message; answers "CR " and what is wrong to frames that never became whole.
class Acknowledger final : public MllpHandler {
 public:
  std::function<Replies(const MllpRequest&)> answer = [](const MllpRequest& request) {
    return Replies{"ACK " + request.bytes};
  };
  std::atomic<int> calls{0}, broken_calls{0};
  std::string partial, why;  // of the last broken frame; read them after broken_calls

  void handle(MllpRequest request, std::move_only_function<void(Replies)> reply) override {
    ++calls;
    std::thread([this, request = std::move(request), reply = std::move(reply)]() mutable {
      reply(answer(request));
    }).detach();
  }
  void broken(MllpRequest request, Error error, std::move_only_function<void(Replies)> reply) override {
    partial = request.bytes;
    why = error.code;
    ++broken_calls;
    reply({"CR " + error.code});
  }
};

struct Server {
  explicit Server(MllpHandler& handler, Limits limits = {})
      : net(make_net(2, log.watch())),
        listener(net->listen_mllp({"127.0.0.1", 0}, nullptr, nullptr, handler, limits).value()) {}
  std::uint16_t port() const { return listener->port(); }
  Target target() const { return {{"127.0.0.1", port()}, nullptr, nullptr}; }
  ~Server() { net->stop(); }

  Log log;
  std::unique_ptr<Net> net;
  std::unique_ptr<Listener> listener;
};

Limits quick() {
  Limits limits;
  limits.header_time = limits.body_time = limits.idle_time = limits.handshake_time = 300ms;
  limits.body = 1000;
  return limits;
}

}  // namespace

TEST_CASE("messages are answered in their order, one at a time", "[net][mllp]") {
  Acknowledger handler;
  Server server(handler);
  Wire wire(server.port());
  wire.send(frame("one") + frame("two") + frame("three"));
  CHECK(wire.read_until("three\x1c\r") == frame("ACK one") + frame("ACK two") + frame("ACK three"));
  CHECK(handler.calls == 3);
  CHECK(server.net->counters().accepted == 1);
}

TEST_CASE("a message may arrive byte by byte and get several frames or none for an answer", "[net][mllp]") {
  Acknowledger handler;
  handler.answer = [](const MllpRequest& request) {
    return request.bytes == "quiet" ? Replies{} : Replies{"CA", "AA"};
  };
  Server server(handler);
  Wire wire(server.port());
  for (const char c : frame("quiet") + frame("both")) wire.send({&c, 1});
  CHECK(wire.read_until("AA\x1c\r") == frame("CA") + frame("AA"));
}

TEST_CASE("a message over the limit is handed over as far as it arrived, answered and cut off", "[net][mllp]") {
  Acknowledger handler;
  Server server(handler, quick());
  Wire wire(server.port());
  wire.send("\x0b" + std::string(5000, 'x'));
  CHECK(wire.read_to_end() == frame("CR mllp.too-large"));
  CHECK(handler.broken_calls == 1);
  CHECK(handler.partial.size() >= 1000);
  CHECK(handler.calls == 0);
  CHECK(server.log.has("mllp.too-large"));
}

TEST_CASE("half a frame is cut off by its deadline, however it trickles", "[net][mllp][slow]") {
  Acknowledger handler;
  Server server(handler, quick());
  Wire wire(server.port());
  wire.send("\x0bMSH|");
  std::thread trickle([&] {
    for (int i = 0; i < 30 && wire.send("x"); ++i) std::this_thread::sleep_for(30ms);
  });
  CHECK(wire.read_to_end() == frame("CR mllp.half-frame"));
  trickle.join();
  CHECK(handler.partial.find("MSH|") != std::string::npos);
}

TEST_CASE("a connection that ends within a frame leaves its bytes with the handler", "[net][mllp]") {
  Acknowledger handler;
  Server server(handler);
  {
    Wire wire(server.port());
    wire.send(frame("whole") + "\x0bhalf");
    CHECK(wire.read() == frame("ACK whole"));
  }
  REQUIRE(eventually([&] { return handler.broken_calls == 1; }));
  CHECK(handler.why == "mllp.half-frame");
}

TEST_CASE("a silent connection is closed without a word", "[net][mllp][slow]") {
  Acknowledger handler;
  Server server(handler, quick());
  Wire wire(server.port());
  CHECK(wire.read_to_end().empty());
  CHECK_FALSE(wire.quiet);
  CHECK(handler.broken_calls == 0);
}

TEST_CASE("a client sends one frame and waits for one frame, over a kept connection", "[net][mllp][client]") {
  Acknowledger handler;
  Server server(handler);
  for (int i = 0; i < 10; ++i) {
    const auto answer = call_mllp(*server.net, server.target(), "message");
    REQUIRE(answer);
    CHECK(*answer == "ACK message");
  }
  CHECK(server.net->counters().connected == 1);
}

TEST_CASE("a late answer is never taken for the answer to the next message", "[net][mllp][client]") {
  ScriptedServer server([](Wire& wire, int connection) {
    wire.read();
    if (connection == 0) std::this_thread::sleep_for(600ms);
    wire.send(frame(connection == 0 ? "ACK first" : "ACK second"));
    wire.read();
  });
  const auto net = make_net(1);
  const auto first = call_mllp(*net, {{"127.0.0.1", server.port()}}, "first", 300ms);
  REQUIRE_FALSE(first);
  CHECK(first.error().fault == Fault::in_doubt);
  CHECK(call_mllp(*net, {{"127.0.0.1", server.port()}}, "second").value_or("none") == "ACK second");
}

TEST_CASE("an answer nobody asked for ends the kept connection", "[net][mllp][client]") {
  ScriptedServer server([](Wire& wire, int connection) {
    wire.read();
    wire.send(frame("ACK " + std::to_string(connection)) + (connection == 0 ? frame("ACK again") : ""));
    wire.read();
  });
  const auto net = make_net(1);
  CHECK(call_mllp(*net, {{"127.0.0.1", server.port()}}, "a").value_or("none") == "ACK 0");
  CHECK(call_mllp(*net, {{"127.0.0.1", server.port()}}, "b").value_or("none") == "ACK 1");
}

TEST_CASE("a message whose acknowledgement never comes whole is in doubt", "[net][mllp][client]") {
  const auto net = make_net(1);
  const auto fault_of = [&](std::function<void(Wire&, int)> script) {
    ScriptedServer server(std::move(script));
    const auto answer = call_mllp(*net, {{"127.0.0.1", server.port()}}, "message", 500ms);
    return answer ? "answered" : to_string(answer.error().fault);
  };
  CHECK(fault_of([](Wire& w, int) { w.read(); }) == "in-doubt");
  CHECK(fault_of([](Wire& w, int) {
          w.read();
          w.send("\x0bMSA|AA");
        }) == "in-doubt");
  CHECK(fault_of([](Wire& w, int) {
          w.read();
          w.send("HTTP/1.1 400 Bad Request\r\n\r\n");
        }) == "in-doubt");
  CHECK(fault_of([](Wire& w, int) {
          w.read();
          std::this_thread::sleep_for(800ms);
        }) == "in-doubt");
  std::uint16_t nobody = 0;
  {
    nobody = ScriptedServer([](Wire&, int) {}).port();
  }
  const auto answer = call_mllp(*net, {{"127.0.0.1", nobody}}, "message");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == Fault::unavailable);
}
