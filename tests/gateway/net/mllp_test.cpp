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
  std::string partial, why, where;  // of the last broken frame; read them after broken_calls

  void handle(MllpRequest request, std::move_only_function<void(Replies)> reply) override {
    ++calls;
    std::thread([this, request = std::move(request), reply = std::move(reply)]() mutable {
      reply(answer(request));
    }).detach();
  }
  void broken(MllpRequest request, Error error, std::move_only_function<void(Replies)> reply) override {
    partial = request.bytes;
    why = error.code;
    where = error.where;
    ++broken_calls;
    reply({"CR " + error.code});
  }
};

struct Server {
  explicit Server(MllpHandler& handler, Limits limits = {}, Mllp manner = {})
      : net(make_net(2, log.watch())),
        listener(net->listen_mllp({"127.0.0.1", 0}, nullptr, nullptr, handler, limits, manner).value()) {}
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

// --- Framing, and release 2 --------------------------------------------------------------------------------------

namespace {

using adapters::hl7v2::kNotStored;
using adapters::hl7v2::kStored;
constexpr Mllp kStrict{MllpRelease::one, Framing::strict}, kSecond{MllpRelease::two},
    kSecondStrict{MllpRelease::two, Framing::strict}, kStoredIsEnough{MllpRelease::two, Framing::lenient, true};

/// As a door does: "no" is not stored, everything else is stored and acknowledged.
Replies in_release_two(const MllpRequest& request) {
  if (request.bytes == "no") return {std::string(kNotStored)};
  return {std::string(kStored), "ACK " + request.bytes};
}

const std::string kYes = frame(kStored), kNo = frame(kNotStored);

}  // namespace

TEST_CASE("strict framing ends the connection at the first wrong byte and says which", "[net][mllp][framing]") {
  Acknowledger handler;
  Server server(handler, {}, kStrict);
  Wire wire(server.port());
  wire.send(frame("MSH|1\rPID\r"));
  CHECK(wire.read_until("\x1c\r") == frame("ACK MSH|1\rPID\r"));
  wire.send("\n" + frame("MSH|2"));
  CHECK(wire.read_to_end() == frame("CR mllp.frame"));
  CHECK(handler.where == "byte 13");
  CHECK(handler.calls == 1);
  CHECK(server.log.has("mllp.frame"));
}

TEST_CASE("lenient framing takes what is whole and notes once a connection that it was framed oddly",
          "[net][mllp][framing]") {
  Acknowledger handler;
  Server server(handler);
  Wire wire(server.port());
  wire.send("\r\n\x0bone\nmore\n\x1c\n\x0btwo\x1c" + frame("three"));
  CHECK(wire.read_until("three\x1c\r") == frame("ACK one\nmore\n") + frame("ACK two") + frame("ACK three"));
  CHECK(server.log.size() == 1);
  CHECK(server.log.last() == "mllp.odd-framing");
}

TEST_CASE("in release 2 a message is first said to be stored, then acknowledged, and the acknowledgement confirmed",
          "[net][mllp][release2]") {
  Acknowledger handler;
  handler.answer = in_release_two;
  Server server(handler, {}, kSecondStrict);
  Wire wire(server.port());
  for (const std::string message : {"one", "two"}) {
    wire.send(frame(message));
    CHECK(wire.read_until(message + "\x1c\r") == kYes + frame("ACK " + message));
    wire.send(kYes);
  }
  wire.send(frame("no"));
  CHECK(wire.read_until("\x15\x1c\r") == kNo);
  CHECK(handler.calls == 3);
}

TEST_CASE("in release 2 an acknowledgement that was not stored is sent again, twice at most", "[net][mllp][release2]") {
  Acknowledger handler;
  handler.answer = in_release_two;
  Server server(handler, {}, kSecond);
  Wire wire(server.port());
  wire.send(frame("one"));
  for (int i = 0; i < 3; ++i) {
    CHECK(wire.read_until("one\x1c\r") == (i == 0 ? kYes : "") + frame("ACK one"));
    wire.send(kNo);
  }
  CHECK(wire.read_to_end().empty());
  CHECK(server.log.has("mllp.not-stored"));
}

TEST_CASE("a sender of release 2 that never confirms is served, and strictly it is not", "[net][mllp][release2]") {
  Acknowledger handler;
  handler.answer = in_release_two;
  SECTION("lenient") {
    Server server(handler, {}, kSecond);
    Wire wire(server.port());
    wire.send(frame("one") + frame("two"));
    CHECK(wire.read_until("two\x1c\r") == kYes + frame("ACK one") + kYes + frame("ACK two"));
    wire.send(kYes + kYes + frame("three"));  // one too many: about nothing
    CHECK(wire.read_until("three\x1c\r") == kYes + frame("ACK three"));
  }
  SECTION("strict") {
    Server server(handler, {}, kSecondStrict);
    Wire wire(server.port());
    wire.send(frame("one") + frame("two"));
    CHECK(wire.read_to_end() == kYes + frame("ACK one"));
    CHECK(server.log.has("mllp.no-commit"));
    CHECK(handler.calls == 1);
  }
}

TEST_CASE("client and server speak release 2 with each other over a kept connection", "[net][mllp][release2]") {
  Acknowledger handler;
  handler.answer = in_release_two;
  Server server(handler, {}, kSecondStrict);
  for (int i = 0; i < 5; ++i) {
    CHECK(call_mllp(*server.net, server.target(), "message", 5s, kSecondStrict).value_or("none") == "ACK message");
  }
  CHECK(server.net->counters().connected == 1);
  const auto refused = call_mllp(*server.net, server.target(), "no", 5s, kSecond);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "mllp.not-stored");
}

TEST_CASE("a client of release 2 confirms what it got, and understands a server that skips its word",
          "[net][mllp][release2]") {
  std::atomic<int> confirmed{0};
  ScriptedServer server([&](Wire& wire, int connection) {
    while (wire.read() == frame("message")) {
      wire.send(connection == 0 ? frame("AA") : kYes);
      if (connection == 1) wire.send(frame("AA"));
      if (wire.read() == kYes) ++confirmed;
      if (connection == 0) return;
    }
  });
  const auto net = make_net(1);
  const Target target{{"127.0.0.1", server.port()}};
  CHECK(call_mllp(*net, target, "message", 5s, kSecond).value_or("none") == "AA");
  CHECK(eventually([&] { return confirmed == 1; }));
  CHECK(call_mllp(*net, target, "message", 5s, kSecondStrict).value_or("none") == "AA");
  CHECK(eventually([&] { return confirmed == 2; }));
}

TEST_CASE("strictly, an answer without the word of release 2 before it counts for nothing", "[net][mllp][release2]") {
  ScriptedServer server([](Wire& wire, int) {
    wire.read();
    wire.send(frame("AA"));
    wire.read();
  });
  const auto net = make_net(1);
  const auto answer = call_mllp(*net, {{"127.0.0.1", server.port()}}, "message", 5s, kSecondStrict);
  REQUIRE_FALSE(answer);
  CHECK(answer.error().code == "mllp.no-commit");
  CHECK(answer.error().fault == Fault::in_doubt);
}

TEST_CASE("where being stored is enough the client awaits no acknowledgement", "[net][mllp][release2]") {
  ScriptedServer server([](Wire& wire, int) {
    while (wire.read() == frame("message")) wire.send(kYes);
  });
  const auto net = make_net(1);
  for (int i = 0; i < 2; ++i) {
    const auto answer = call_mllp(*net, {{"127.0.0.1", server.port()}}, "message", 5s, kStoredIsEnough);
    REQUIRE(answer);
    CHECK(answer->empty());
  }
  CHECK(net->counters().connected == 1);
}
