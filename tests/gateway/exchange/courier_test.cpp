// The courier on a real store, with a Net that the test answers by hand and a clock that it moves.
#include "gateway/exchange/courier.h"

#include <catch2/catch.hpp>
#include <deque>
#include <fstream>

#include "adapters/http/soap.h"
#include "gateway/exchange/notice.h"
#include "gateway/exchange/signed_record.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
using namespace std::chrono_literals;
using exchange::Fate;
using store::DeliveryState;
using test::report;

namespace {

/// What was sent waits here until the test answers it. Delayed tasks never run: the test calls wake() itself.
class HandNet final : public net::Net {
 public:
  struct Sent {
    net::HttpRequest request;
    std::move_only_function<void(fhir::Result<net::HttpResponse>)> done;
  };
  using Listening = fhir::Result<std::unique_ptr<net::Listener>>;

  Listening listen_http(const net::Address&, const net::TlsFiles*, net::Gatekeeper*, net::HttpHandler&,
                        const net::Limits&) override {
    return std::unique_ptr<net::Listener>();
  }
  Listening listen_mllp(const net::Address&, const net::TlsFiles*, net::Gatekeeper*, net::MllpHandler&,
                        const net::Limits&, const net::Mllp&) override {
    return std::unique_ptr<net::Listener>();
  }
  Listening listen_unix(const std::string&, net::HttpHandler&, const net::Limits&) override {
    return std::unique_ptr<net::Listener>();
  }
  void send_http(const net::Address&, const net::TlsFiles*, net::Gatekeeper*, net::HttpRequest request,
                 std::chrono::milliseconds,
                 std::move_only_function<void(fhir::Result<net::HttpResponse>)> done) override {
    sent.push_back({std::move(request), std::move(done)});
  }
  void send_mllp(const net::Address&, const net::TlsFiles*, net::Gatekeeper*, std::string, const net::Mllp&,
                 std::chrono::milliseconds, std::move_only_function<void(fhir::Result<std::string>)>) override {}
  void after(std::chrono::milliseconds delay, std::move_only_function<void()> task) override {
    if (delay != 0ms) return;
    const std::scoped_lock lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  void reload_tls() override {}
  net::Counters counters() const override { return {}; }
  void stop() override {}

  bool run_one() {
    std::move_only_function<void()> task;
    {
      const std::scoped_lock lock(mutex_);
      if (tasks_.empty()) return false;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
    return true;
  }

  std::deque<Sent> sent;

 private:
  std::mutex mutex_;
  std::deque<std::move_only_function<void()>> tasks_;
};

/// Hainan with Tianjin as the destination of its own reports.
config::Config sender() {
  auto config = test::hainan();
  config.peers[0].in_flight = 8;
  config.retry.open_after = 3;
  config.routes[0].from = {"local"};
  config.routes[0].to = {"peer:tianjin"};
  return config;
}

class Outgoing {
 public:
  explicit Outgoing(config::Config config = sender()) : site(std::move(config)) {
    courier = std::make_shared<exchange::Courier>(
        *site.world, net, [](std::string_view) -> net::Gatekeeper* { return nullptr; }, mailbox);
  }

  void send(int number, const std::string& note = "ok") {
    REQUIRE(site.post(report(exchange::system_entropy().uuid(), "JY" + std::to_string(number), "hnump", note), "hnump",
                      true)
                .fate == Fate::accepted);
  }

  /// Until nothing moves any more: a commit is the barrier behind what the writer still has to do.
  void pump() {
    courier->wake();
    for (bool moved = true; moved;) {
      store::Commit nothing;
      nothing.facts.push_back({"barrier", "test", 1, "{}", false});
      REQUIRE(site.store->commit(std::move(nothing)));
      moved = false;
      while (net.run_one()) moved = true;
    }
  }

  void answer(fhir::Result<net::HttpResponse> response) {
    REQUIRE_FALSE(net.sent.empty());
    auto one = std::move(net.sent.front());
    net.sent.pop_front();
    one.done(std::move(response));
    pump();
  }
  void answer_ok() {
    const auto bundle = fhir::Json::parse(net.sent.front().request.body);
    const auto envelope = fhir::message::read_envelope(bundle->root());
    answer(net::HttpResponse{200,
                             {},
                             fhir::message::make_ack(*envelope, fhir::message::AckCode::ok, {}, "tmucih",
                                                     exchange::system_entropy().uuid(), "2026-03-10T01:30:15Z")
                                 .dump()});
  }
  void answer_failing(int status = 503, net::Headers headers = {}) {
    answer(net::HttpResponse{status, std::move(headers), ""});
  }
  /// Far enough for every backoff; no rest of a breaker is longer.
  void later(store::Millis by = 700'000) {
    site.clock.at += by;
    pump();
  }

  test::TestSite site;
  HandNet net;
  exchange::Mailbox mailbox{site.clock, [](auto, auto) {}, [] {}};
  std::shared_ptr<exchange::Courier> courier;
};

std::vector<store::Delivery> all_of(const store::Store& store, DeliveryState state) {
  return *store.deliveries_in(state, 0, 1000);
}

const char* kRefusal =
    R"({"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"invalid","expression":["Bundle"]}]})";

}  // namespace

TEST_CASE("one destination has no more in flight than it may, and gets the rest as answers come", "[lanes]") {
  Outgoing out;
  for (int i = 0; i < 20; ++i) out.send(i);
  out.pump();
  CHECK(out.net.sent.size() == 8);
  out.answer_ok();
  CHECK(out.net.sent.size() == 8);
  while (!out.net.sent.empty()) out.answer_ok();
  CHECK(all_of(*out.site.store, DeliveryState::waiting).empty());
}

TEST_CASE("after failures in a row a destination rests; a probe that arrives lets it take two, then four", "[lanes]") {
  Outgoing out;
  for (int i = 0; i < 20; ++i) out.send(i);
  out.pump();
  while (!out.net.sent.empty()) out.answer_failing();
  CHECK(all_of(*out.site.store, DeliveryState::waiting).size() == 20);  // those never tried are due, and wait
  out.later();
  REQUIRE(out.net.sent.size() == 1);
  out.answer_failing();
  CHECK(out.net.sent.empty());
  out.later();
  REQUIRE(out.net.sent.size() == 1);
  out.answer_ok();
  CHECK(out.net.sent.size() == 2);
  out.answer_ok();
  CHECK(out.net.sent.size() == 4);
  while (!out.net.sent.empty()) out.answer_ok();
  CHECK(out.courier->health().at("peer:tianjin").failing_since == 0);
}

TEST_CASE("a slow destination takes nothing from the others", "[lanes]") {
  auto config = sender();
  config.peers.push_back(config.peers[0]);
  config.peers.back().name = "beijing";
  config.peers.back().organization = {"bjch", "Beijing", "", "CN", "Beijing"};
  config.routes[0].to = {"peer:tianjin", "peer:beijing"};
  Outgoing out(config);
  for (int i = 0; i < 100; ++i) out.send(i);
  out.pump();
  CHECK(out.net.sent.size() == 16);  // eight each, though a hundred of each are due
}

TEST_CASE("a destination that answers 429 is left alone until its Retry-After, also when that is a date", "[lanes]") {
  Outgoing out;
  for (int i = 0; i < 3; ++i) out.send(i);
  out.pump();
  REQUIRE(out.net.sent.size() == 3);
  const bool date = GENERATE(false, true);
  out.answer_failing(429, {{"retry-after", date ? "Tue, 10 Mar 2026 01:32:15 GMT" : "120"}});
  while (!out.net.sent.empty()) out.answer_ok();
  out.send(4);
  out.later(119'000);
  CHECK(out.net.sent.empty());
  out.later(1'000);
  CHECK(out.net.sent.size() == 2);
}

TEST_CASE("a fault of the peer pauses it once for all that was in flight, and a probe goes first afterwards",
          "[lanes]") {
  Outgoing out;
  for (int i = 0; i < 20; ++i) out.send(i);
  out.pump();
  for (int i = 0; i < 8; ++i) out.answer_failing(403);
  CHECK(out.net.sent.empty());
  CHECK(out.courier->paused().at("peer:tianjin").failures == 1);
  CHECK(all_of(*out.site.store, DeliveryState::dead).empty());
  out.later();
  REQUIRE(out.net.sent.size() == 1);
  out.answer_ok();
  CHECK(out.courier->paused().empty());
}

TEST_CASE("a dead delivery lets its key go on, or holds it where the route says so", "[lanes]") {
  const bool hold = GENERATE(false, true);
  auto config = sender();
  config.routes[0].dead_holds = hold;
  Outgoing out(config);
  for (int i = 0; i < 2; ++i) out.send(7);
  out.pump();
  REQUIRE(out.net.sent.size() == 1);
  out.answer(net::HttpResponse{422, {}, kRefusal});
  CHECK(out.net.sent.size() == (hold ? 0 : 1));
  CHECK(all_of(*out.site.store, DeliveryState::dead).size() == 1);
}

TEST_CASE("what a peer sent and we gave up is told to that peer, with what became of it and nobody's data", "[lanes]") {
  auto config = test::hainan();
  config.routes[0].to = {"local:archive"};
  Outgoing out(config);
  const std::string id = "11111111-1111-4111-8111-111111111111";
  REQUIRE(out.site.post(report(id, "JY1", "tmucih", "a finding"), "tmucih").fate == Fate::accepted);
  out.pump();
  out.answer(net::HttpResponse{422, {}, kRefusal});
  REQUIRE(out.net.sent.size() == 1);
  const auto& request = out.net.sent.front().request;
  CHECK(request.target == "/fhir/$process-message");
  const auto notice = fhir::Json::parse(request.body);
  REQUIRE(notice);
  const auto envelope = fhir::message::read_envelope(notice->root());
  REQUIRE(envelope);
  CHECK(envelope->event == exchange::kDeliveryFailed);
  CHECK(envelope->response_to == id);
  CHECK(envelope->response_code == "fatal-error");
  CHECK(envelope->correlation == "JY1");
  CHECK(envelope->sender == "hnump");
  CHECK(exchange::names_nobody(notice->root()));
  CHECK(request.body.find("HTTP 422") != std::string::npos);
  CHECK(request.body.find("a finding") == std::string::npos);

  SECTION("and no notice is given about a notice") {
    out.answer(net::HttpResponse{422, {}, kRefusal});
    CHECK(out.net.sent.empty());
    CHECK(all_of(*out.site.store, DeliveryState::dead).size() == 2);
  }
}

TEST_CASE("what our own people sent and a peer refused goes where our routes lead the notice", "[lanes]") {
  auto config = sender();
  config::Route back;
  back.id = "failures";
  back.events = {"delivery-failed"};
  back.from = {"local"};
  back.to = {"local:archive"};
  config.routes.push_back(back);
  Outgoing out(config);
  out.send(1);
  out.pump();
  out.answer(net::HttpResponse{422, {}, kRefusal});
  REQUIRE(out.net.sent.size() == 1);
  const auto notice = fhir::Json::parse(out.net.sent.front().request.body);
  REQUIRE(notice);
  CHECK(fhir::message::read_envelope(notice->root())->event == exchange::kDeliveryFailed);
}

TEST_CASE("an urgent message goes before everything that waits for its destination", "[lanes]") {
  auto config = sender();
  config.peers[0].in_flight = 1;
  Outgoing out(config);
  for (int i = 0; i < 5; ++i) out.send(i);
  config.routes[0].urgent.emplace();
  config.routes[0].urgent->condition =
      *fhir::path::Expression::compile("entry.resource.where(conclusion = 'now').exists()");
  out.site.config = std::make_shared<const config::Config>(config);
  out.send(99, "now");
  out.pump();
  REQUIRE(out.net.sent.size() == 1);
  CHECK(out.net.sent.front().request.body.find("JY99") != std::string::npos);
}

TEST_CASE("what waits is sent where it was routed at acceptance, whatever the routes say today", "[lanes]") {
  Outgoing out;
  out.send(1);
  auto today = sender();
  today.routes[0].to = {"local:archive"};
  out.site.config = std::make_shared<const config::Config>(today);
  out.courier = std::make_shared<exchange::Courier>(
      *out.site.world, out.net, [](std::string_view) -> net::Gatekeeper* { return nullptr; }, out.mailbox);
  out.pump();
  REQUIRE(out.net.sent.size() == 1);
  CHECK(out.net.sent.front().request.target == "/fhir/$process-message");
}

TEST_CASE("what a system wants signed is signed at each try, with the time of that try", "[courier][signature]") {
  const test::Folder folder;
  std::ofstream(folder.path / "secret") << "0123456789abcdef";
  auto config = test::hainan();
  config::Signature& rule = config.systems[0].signature.emplace();
  rule.kind = trust::SignatureKind::hmac_sm3;
  rule.key = *trust::SignatureKey::open(rule.kind, folder.path / "secret", trust::SignatureKey::Use::sign, "");
  Outgoing out(config);
  const auto is_signed = [&] {
    const auto sent = fhir::Json::parse(out.net.sent.front().request.body);
    REQUIRE(sent);
    return exchange::check_signature(rule, sent->root(), {out.site.clock.at, config.zone}).has_value();
  };
  out.send(1);
  out.pump();
  REQUIRE(out.net.sent.size() == 1);
  CHECK(is_signed());
  out.answer(net::HttpResponse{503, {}, ""});
  out.later();
  REQUIRE(out.net.sent.size() == 1);
  CHECK(is_signed());
  out.answer(net::HttpResponse{200, {}, "{}"});
  CHECK(all_of(*out.site.store, DeliveryState::waiting).empty());
  config.systems[0].signature->key = nullptr;  // its file was not there when the configuration was read
  out.site.config = std::make_shared<const config::Config>(config);
  out.send(2);
  out.pump();
  CHECK(out.net.sent.empty());
  CHECK(all_of(*out.site.store, DeliveryState::waiting).size() == 1);
}

TEST_CASE("a system with a WebService is called with each delivery, and the code it answers settles it", "[service]") {
  namespace soap = adapters::http;
  auto config = test::hainan();
  config::WebService& service = config.systems[0].service.emplace();
  service.method = "Send";
  service.space = "urn:platform";
  service.code = "code";
  Outgoing out(config);
  const auto answered = [](const std::string& text) {
    return net::HttpResponse{
        200, {}, soap::write_answer(soap::SoapVersion::soap_1_1, "Send", "urn:platform", "SendResult", text)};
  };
  out.send(1);
  out.pump();
  REQUIRE(out.net.sent.size() == 1);
  const auto call = soap::read_call(out.net.sent.front().request.body);
  REQUIRE(call);
  REQUIRE(call->find("message") != nullptr);
  CHECK(fhir::Json::parse(*call->find("message"))->root()["resourceType"].text() == "Bundle");
  out.answer(answered("{\"code\":\"0\"}"));
  CHECK(all_of(*out.site.store, DeliveryState::waiting).empty());
  CHECK(all_of(*out.site.store, DeliveryState::dead).empty());
  out.send(2);
  out.pump();
  out.answer(answered("{\"code\":\"17\"}"));
  REQUIRE(all_of(*out.site.store, DeliveryState::dead).size() == 1);
  CHECK(all_of(*out.site.store, DeliveryState::dead)[0].reason == "answered with code 17");
  out.send(3);
  out.pump();
  const std::string first = out.net.sent.front().request.body;
  out.answer(
      net::HttpResponse{500, {}, soap::write_fault(soap::SoapVersion::soap_1_1, soap::SoapBlame::receiver, "later")});
  CHECK(all_of(*out.site.store, DeliveryState::waiting).size() == 1);
  out.later();
  REQUIRE(out.net.sent.size() == 1);
  CHECK(out.net.sent.front().request.body == first);  // every try sends the same
}
