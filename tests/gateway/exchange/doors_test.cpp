// What a laboratory or a vendor's platform hears back, over the shipped maps: good, bad and hostile input.
#include "gateway/exchange/doors.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <sstream>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "adapters/hl7v2/batch.h"
#include "adapters/hl7v2/mllp.h"
#include "gateway/exchange/readers.h"
#include "gateway/exchange/signed_record.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
namespace hl7 = adapters::hl7v2;
using test::TestSite;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;

std::string file(const std::string& path) {
  std::ifstream in(kRoot / path, std::ios::binary);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::shared_ptr<const adapters::map::Map> map(const std::string& path) {
  std::vector<adapters::map::FileFault> faults;
  auto loaded = adapters::map::Map::load(kRoot / path, faults);
  REQUIRE(loaded);
  return loaded;
}

// Tianjin with its laboratory; and, for the JSON door, the platform's map as well.
config::Config tianjin(config::AckMode ack = config::AckMode::automatic) {
  config::Config config = test::hainan();
  config.organization = {"tmucih", "Tianjin", "", "CN", "Tianjin"};
  config::Door lis, platform;
  lis.name = "lis";
  lis.charset = "GB18030";
  lis.ack = ack;
  lis.maps = {map("mappings/tianjin/oru_r01.map.yaml")};
  platform.name = "platform";
  platform.mllp = false;
  platform.path = "/consult";
  platform.format = config::Format::json;
  platform.limit = 65536;
  platform.maps = {map("mappings/hainan/consult_apply.map.yaml")};
  config.doors = {lis, platform};
  return config;
}

std::string sample() { return exchange::without_frame(file("tests/cases/samples/tj_oru_gb18030.hl7")); }

const std::string kBatchHead = "BHS|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310093015||||B7\r";

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const auto at = text.find(what);
  REQUIRE(at != std::string::npos);
  return text.replace(at, what.size(), with);
}

std::vector<std::string> send(TestSite& site, const std::string& bytes) {
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  door.handle({bytes, {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  return promise.get_future().get();
}

hl7::Acknowledgement only_ack(const std::vector<std::string>& frames) {
  REQUIRE(frames.size() == 1);
  const auto message = hl7::Message::parse(frames[0]);
  REQUIRE(message);
  const auto ack = hl7::read_acknowledgement(*message);
  REQUIRE(ack);
  return *ack;
}

net::HttpResponse post(TestSite& site, const std::string& body, const std::string& method = "POST",
                       const std::string& path = "/consult") {
  exchange::HttpDoor door(*site.world, *site.intake, "platform");
  net::HttpRequest request;
  request.method = method;
  request.target = path;
  request.body = body;
  std::promise<net::HttpResponse> promise;
  door.handle(std::move(request), [&](net::HttpResponse response) { promise.set_value(std::move(response)); });
  return promise.get_future().get();
}

}  // namespace

TEST_CASE("a laboratory that fills MSH-15 and MSH-16 gets CA, and one that should get AA by setting gets AA",
          "[doors]") {
  SECTION("auto honours MSH-15") {
    TestSite site(tianjin());
    const auto ack = only_ack(send(site, sample()));
    CHECK(ack.code == "CA");
    CHECK(ack.control_id == "TJ2026031000017");
  }
  SECTION("original ignores it") {
    TestSite site(tianjin(config::AckMode::original));
    CHECK(only_ack(send(site, sample())).code == "AA");
  }
}

TEST_CASE("a repeated message gets its first acknowledgement again, byte for byte", "[doors]") {
  TestSite site(tianjin());
  const auto first = send(site, sample());
  site.clock.at += 3'600'000;
  CHECK(send(site, sample()) == first);
  CHECK(send(site, replaced(sample(), "20260310093015", "20260310103015")) == first);  // MSH-7 is no content
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
}

TEST_CASE("bad HL7 is refused in the door's mode, the bytes are kept as held, and the place is named", "[doors]") {
  struct Row {
    const char* what;
    std::string bytes;
    const char* code;      // MSA-1
    const char* reason;    // reason_code of the held message
    const char* location;  // ERR, as far as it says
  };
  const std::string good = sample();
  const auto row = GENERATE_COPY(values<Row>({
      {"not HL7 at all", "hello", "AE", "hl7v2.no-msh", ""},
      {"an empty frame", "", "AE", "hl7v2.", ""},
      {"bytes that are no GB18030", replaced(good, "\xd5\xd4", "\xff\xff"), "CE", "charset.undecodable", "byte"},
      {"no control id", replaced(good, "TJ2026031000017", ""), "CE", "hl7v2.no-control-id", "MSH^1^10"},
      {"a status no table knows", replaced(good, "|||F|||20260310092511\rOBX|2", "|||Q|||20260310092511\rOBX|2"), "CE",
       "", "OBX[1]-11"},
      {"a message no map takes", replaced(good, "ORU^R01", "ZZZ^Z99"), "CE", "door.no-map", ""},
  }));
  CAPTURE(row.what);
  TestSite site(tianjin());
  const auto frames = send(site, row.bytes);
  const auto ack = only_ack(frames);
  CHECK(ack.code == row.code);
  REQUIRE_FALSE(ack.problems.empty());
  CHECK(frames[0].find(row.location) != std::string::npos);
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code.find(row.reason) == 0);
  CHECK((*site.store->message(held[0].id))->raw == row.bytes);
  CHECK(site.store->deliveries(held[0].id)->empty());
}

TEST_CASE("a GB18030 door whose sender turned to UTF-8 is held by the tripwire", "[doors]") {
  TestSite site(tianjin());
  const auto utf8 = adapters::decode(sample(), adapters::Charset::gb18030);
  REQUIRE(utf8);
  CHECK(only_ack(send(site, *utf8)).code == "CE");
  REQUIRE(site.messages(store::MessageState::held).size() == 1);
  CHECK(site.messages(store::MessageState::held)[0].reason_code == "charset.utf8-tripwire");
}

TEST_CASE("an acknowledgement never holds bytes of another charset than the door's", "[doors]") {
  config::Config config = tianjin();
  config.doors[0].charset = "Big5-HKSCS";
  TestSite site(config);
  const auto answers = send(site, replaced(sample(), "|TMUCIH|GW|", "|TMU\xFF|GW|"));
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].find("MSA|CE|TJ2026031000017") != std::string::npos);
  CHECK(adapters::decode(answers[0], adapters::Charset::big5_hkscs));
  CHECK(answers[0].find("\xEF\xBF\xBD") == std::string::npos);  // U+FFFD in UTF-8
}

TEST_CASE("a batch in one frame is taken message by message and answered by a batch", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  const std::string head = "BHS|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310093015||||B7\r";
  const std::string second = replaced(sample(), "TJ2026031000017", "TJ2026031000018");
  const std::string bytes = head + sample() + replaced(second, "JY202603100552", "JY202603100553") +
                            replaced(sample(), "TJ2026031000017", "") + "BTS|3\r";
  const auto frames = send(site, bytes);
  REQUIRE(frames.size() == 1);
  const auto answer = hl7::split_batch(frames[0]);
  REQUIRE(answer);
  CHECK(answer->header.ends_with("|B7"));
  CHECK(answer->faults.empty());
  std::string codes;
  for (const auto& message : answer->messages) {
    const auto ack = hl7::Message::parse(std::string(message.bytes));
    REQUIRE(ack);
    codes += ack->get("MSA-1") + " " + ack->get("MSA-2") + ";";
  }
  CHECK(codes == "AA TJ2026031000017;AA TJ2026031000018;AE ;");
  CHECK(site.messages(store::MessageState::accepted).size() == 2);
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.no-control-id");
}

TEST_CASE("a batch that cannot be taken apart is held whole, and its sender told by the batch's id", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  const std::string bytes = "BHS|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310093015||||B7\rPID|1\r" + sample() + "BTS|1\r";
  const auto ack = only_ack(send(site, bytes));
  CHECK(ack.code == "AE");
  CHECK(ack.control_id == "B7");
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.batch");
  CHECK((*site.store->message(held[0].id))->raw == bytes);
}

TEST_CASE("a divided message is whole in a batch", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  const std::string whole = sample();
  const auto at = whole.find("OBX|3");
  REQUIRE(at != std::string::npos);
  const std::string header = whole.substr(0, whole.find('\r'));
  const std::string first = whole.substr(0, at + 12) + "\rADD|\rDSC|p1|F\r";
  const std::string rest = replaced(header, "|P|2.4||", "|P|2.4||p1") + "\rADD|" + whole.substr(at + 12);
  const std::string head = "BHS|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310093015||||B8\r";
  const auto frames = send(site, head + first + rest + "BTS|2\r");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].contains("MSA|AA|TJ2026031000017"));
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
}

TEST_CASE("a lost part in a batch costs its message, not the batch", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  const std::string second = replaced(sample(), "TJ2026031000017", "TJ2026031000018");
  const std::string open = replaced(second, "JY202603100552", "JY202603100553") + "DSC|p1|F\r";
  const auto frames = send(site, kBatchHead + sample() + open + "BTS|2\r");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].contains("MSA|AA|TJ2026031000017"));
  CHECK(frames[0].contains("MSA|AE|TJ2026031000018"));
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.continued");
  CHECK((*site.store->message(held[0].id))->raw == open);
  CHECK(site.release(held[0].id).fate == exchange::Fate::refused);  // half a report stays half a report
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
}

TEST_CASE("a batch with a damaged envelope is taken, and its envelope is kept as held", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  const auto frames = send(site, kBatchHead + sample() + "BTS|3\r");
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].contains("MSA|AA|TJ2026031000017"));
  CHECK(frames[0].contains("BTS|1|BTS-1 is not the number of messages"));
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.batch-count");
  CHECK((*site.store->message(held[0].id))->raw == kBatchHead + "BTS|3\r");
}

TEST_CASE("a batch of more messages than one frame may have is held whole and refused", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  std::string bytes = kBatchHead;
  for (int n = 0; n < 10'001; ++n) bytes += "MSH|^~\\&|LIS\r";
  const auto ack = only_ack(send(site, bytes + "BTS|10001\r"));
  CHECK(ack.code == "AE");
  CHECK(ack.control_id == "B7");
  const auto held = site.messages(store::MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "hl7v2.batch");
}

TEST_CASE("of a batch only so many messages are under way at once, and all are answered in order", "[doors]") {
  TestSite site(tianjin(config::AckMode::original));
  site.world->gate->shut({fhir::Fault::unavailable, "pressure.queue", "", "come again"}, false);
  std::string bytes = kBatchHead;
  for (int n = 0; n < 150; ++n) bytes += fmt::format("MSH|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310||ZZZ^Z99|M{}|P|2.4\r", n);
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  door.handle({bytes + "BTS|150\r", {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  auto answered = promise.get_future();
  // Those at the gate are refused: were all of them there, that would be the end of it.
  for (int n = 0; n < 2; ++n) {
    CHECK(answered.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
    site.world->gate->expire(site.clock.now() + site.config->pressure.patience.count());
  }
  CHECK(answered.wait_for(std::chrono::milliseconds(300)) == std::future_status::timeout);
  site.world->gate->open();
  const auto frames = answered.get();
  REQUIRE(frames.size() == 1);
  const auto answer = hl7::split_batch(frames[0]);
  REQUIRE(answer);
  REQUIRE(answer->messages.size() == 150);
  for (std::size_t n = 0; n < 150; ++n)
    CHECK(answer->messages[n].bytes.contains(fmt::format("MSA|{}|M{}|", n < 128 ? "AR" : "AE", n)));
}

TEST_CASE("half a frame is kept as held", "[doors]") {
  TestSite site(tianjin());
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  const std::string half = sample().substr(0, 300);
  door.broken({half, {}, "127.0.0.1:1"},
              {fhir::Fault::invalid, "mllp.half-frame", "", "the connection ended within a frame"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  CHECK(only_ack(promise.get_future().get()).code == "CE");
  REQUIRE(site.messages(store::MessageState::held).size() == 1);
  CHECK((*site.store->message(site.messages(store::MessageState::held)[0].id))->raw == half);
}

TEST_CASE("control ids that restart every day are the same only within their day", "[doors]") {
  auto config = tianjin();
  config.doors[0].control_ids = config::ControlIds::daily;
  TestSite site(config);
  send(site, sample());
  const std::string tomorrow = replaced(replaced(sample(), "20260310093015", "20260311093015"), "38.62", "39.00");
  CHECK(only_ack(send(site, tomorrow)).code == "CA");
  CHECK(site.messages(store::MessageState::accepted).size() == 2);
}

TEST_CASE("the platform's request is answered with its case number, and again with the same answer", "[doors]") {
  TestSite site(tianjin());
  const std::string body = file("tests/cases/samples/hn_consult_apply.json");
  const auto first = post(site, body);
  CHECK(first.status == 200);
  const auto answer = fhir::Json::parse(first.body);
  REQUIRE(answer);
  CHECK(answer->root()["code"].text() == "0");
  CHECK(answer->root()["msgId"].text() == "HN-20260313-000077");
  CHECK(answer->root()["reference"].text() == "YC20260313000012");
  CHECK(post(site, replaced(body, "14:05:00", "14:09:00")).body == first.body);  // the time of sending is no content
}

TEST_CASE("bad JSON and wrong requests are answered with the place and a status, and kept", "[doors]") {
  TestSite site(tianjin());
  const std::string body = file("tests/cases/samples/hn_consult_apply.json");
  const auto broken = post(site, "{\"msgId\": \"1\",\n \"serviceCode\" \"x\"}");
  CHECK(broken.status == 400);
  CHECK(broken.body.find("2:16") != std::string::npos);
  CHECK(post(site, R"({"serviceCode":"consult.apply"})").status == 400);
  CHECK(post(site, replaced(body, "consult.apply", "consult.unknown")).status == 422);
  CHECK(post(site, std::string(70'000, ' ')).status == 413);
  CHECK(post(site, body, "GET").status == 405);
  CHECK(post(site, body, "POST", "/elsewhere").status == 404);
  CHECK(site.messages(store::MessageState::held).size() == 3);
  CHECK(site.messages(store::MessageState::accepted).empty());
}

TEST_CASE("a door that wants signatures takes what is signed, and refuses the rest with 403 and the place",
          "[doors][signature]") {
  const test::Folder folder;
  std::ofstream(folder.path / "secret") << "0123456789abcdef";
  config::Config config = tianjin();
  config::Signature& rule = config.doors[1].signature.emplace();
  rule.kind = trust::SignatureKind::hmac_sm3;
  rule.key = *trust::SignatureKey::open(rule.kind, folder.path / "secret", trust::SignatureKey::Use::verify, "");
  TestSite site(config);
  const std::string body = file("tests/cases/samples/hn_consult_apply.json");
  const exchange::SignedAt now{site.clock.at, config.zone};
  const auto unsigned_answer = post(site, body);
  CHECK(unsigned_answer.status == 403);
  CHECK(unsigned_answer.body.contains("signature.wrong"));
  CHECK(unsigned_answer.body.contains("sign: "));
  const auto good = exchange::sign_record(rule, body, now);
  REQUIRE(good);
  const auto first = post(site, *good);
  CHECK(first.status == 200);
  site.clock.at += 60'000;
  const auto again = exchange::sign_record(rule, body, {site.clock.at, config.zone});
  REQUIRE(again);
  CHECK(post(site, *again).body == first.body);
  CHECK(post(site, replaced(*good, "13800000001", "13800000002")).status == 403);
  site.clock.at += 600'000;
  CHECK(post(site, *good).status == 403);  // also a repetition: nobody learns an answer with an old recording
  CHECK(site.messages(store::MessageState::accepted).size() == 1);
  CHECK(site.messages(store::MessageState::refused).size() == 3);
}

TEST_CASE("the same message id with other content is a conflict", "[doors]") {
  TestSite site(tianjin());
  const std::string body = file("tests/cases/samples/hn_consult_apply.json");
  REQUIRE(post(site, body).status == 200);
  CHECK(post(site, replaced(body, "肺腺癌", "腺癌")).status == 409);
}

namespace {

// Hainan with its platform's door, and Hong Kong behind a route; `basis`: with a transfer basis for it.
config::Config hainan_to_hongkong(bool basis) {
  config::Config config = tianjin();
  config.organization = {"hnump", "Hainan", "91469099MA9YYY010E", "CN", "Haikou"};
  config.peers[1].organization.code = "HKAUR";
  if (basis)
    config.peers[1].transfer = config::TransferBasis{"SCC", "F-1", "2026-01-01", "2028-01-01", {"TREAT"}, false, ""};
  config.routes[0].to = {"peer:hongkong"};
  return config;
}

fhir::Result<void> release_delivery(TestSite& site, store::Id id) {
  std::promise<fhir::Result<void>> promise;
  site.intake->release_delivery(id, "operator", [&](fhir::Result<void> done) { promise.set_value(std::move(done)); });
  return promise.get_future().get();
}

}  // namespace

TEST_CASE("without a transfer basis a referral across the border is accepted but held, until there is one",
          "[doors][policy]") {
  TestSite site(hainan_to_hongkong(false));
  site.clock.at = 1'773'382'000'000;  // 2026-03-13T06:06:40Z, a minute after the request was made
  REQUIRE(post(site, file("tests/cases/samples/hn_consult_apply.json")).status == 200);
  const auto held = site.store->deliveries_in(store::DeliveryState::held, 0, 10);
  REQUIRE((held && held->size() == 1));
  CHECK(held->front().reason.find("transfer-basis-missing") == 0);
  CHECK((*site.store->delivery(held->front().id))->bytes.empty());

  const auto still = release_delivery(site, held->front().id);
  REQUIRE_FALSE(still);
  CHECK(still.error().code == "held.still");

  site.config = std::make_shared<const config::Config>(hainan_to_hongkong(true));
  REQUIRE(release_delivery(site, held->front().id));
  const auto deliveries = site.store->deliveries(held->front().message);
  REQUIRE((deliveries && deliveries->size() == 2));
  CHECK((*deliveries)[0].state == store::DeliveryState::cancelled);
  CHECK((*deliveries)[1].state == store::DeliveryState::waiting);
  const std::string sent = (*site.store->delivery((*deliveries)[1].id))->bytes;
  for (const char* removed : {"469099196803140027", "13800000001", "HN0000512", "EGFR", "19外显子缺失"}) {
    CAPTURE(removed);
    CHECK(sent.find(removed) == std::string::npos);
  }
  CHECK(sent.find("YC20260313000012") != std::string::npos);
  CHECK_FALSE(release_delivery(site, held->front().id));  // only once
}

// ---- back-pressure

TEST_CASE("under pressure a laboratory waits, and is then told CR or AR by its mode, never CE or AE", "[pressure]") {
  for (const auto& [mode, wanted] : {std::pair{config::AckMode::automatic, "CR"}, {config::AckMode::original, "AR"}}) {
    TestSite site(tianjin(mode));
    site.world->gate->shut({fhir::Fault::unavailable, "pressure.queue", "", "come again"}, false);
    exchange::MllpDoor door(*site.world, *site.intake, "lis");
    std::vector<std::string> answer;
    door.handle({sample(), {}, "127.0.0.1:1"}, [&](std::vector<std::string> frames) { answer = std::move(frames); });
    site.world->gate->expire(site.clock.now() + site.config->pressure.patience.count() - 1);
    CHECK(answer.empty());
    site.world->gate->expire(site.clock.now() + site.config->pressure.patience.count());
    CHECK(only_ack(answer).code == wanted);
    CHECK(site.messages(store::MessageState::accepted).empty());
    CHECK(site.messages(store::MessageState::held).empty());
  }
}

TEST_CASE("a laboratory that waits when the pressure ends is served as if nothing had been", "[pressure]") {
  TestSite site(tianjin());
  site.world->gate->shut({fhir::Fault::unavailable, "pressure.queue", "", "come again"}, false);
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  door.handle({sample(), {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  site.world->gate->open();
  CHECK(only_ack(promise.get_future().get()).code == "CA");
}

TEST_CASE("under pressure a vendor's post is answered 503 with Retry-After", "[pressure]") {
  auto config = tianjin();
  config.pressure.retry_after = std::chrono::seconds{11};
  TestSite site(std::move(config));
  site.world->gate->shut({fhir::Fault::unavailable, "pressure.disk", "", "come again"}, true);
  const auto answer = post(site, file("tests/cases/samples/hn_consult_apply.json"));
  CHECK(answer.status == 503);
  CHECK(net::header(answer.headers, "retry-after") == "11");
}

// ---- rerouting

namespace {

/// A report that was given up on its way to the archive, and what today's route says.
struct GivenUp {
  explicit GivenUp(std::vector<std::string> today) : site(routed({"local:archive"})) {
    REQUIRE(site.post(test::report("11111111-1111-4111-8111-000000000001", "R-1", "tmucih"), "tmucih").fate ==
            exchange::Fate::accepted);
    dead = site.store->deliveries(1)->at(0).id;
    settle(dead, store::DeliveryState::dead);
    site.config = std::make_shared<const config::Config>(routed(std::move(today)));
  }
  static config::Config routed(std::vector<std::string> to) {
    auto config = test::hainan();
    auto second = config.systems.front();
    second.name = "second";
    config.systems.push_back(second);
    config.routes[0].to = std::move(to);
    return config;
  }
  void settle(store::Id id, store::DeliveryState state) {
    store::Commit commit;
    commit.settlements.push_back({.delivery = id, .state = state, .reason = "acknowledged AE", .answer = ""});
    REQUIRE(site.store->commit(std::move(commit)));
  }
  fhir::Result<void> reroute() {
    std::promise<fhir::Result<void>> promise;
    site.intake->reroute(dead, "admin", [&](fhir::Result<void> done) { promise.set_value(std::move(done)); });
    return promise.get_future().get();
  }
  std::vector<store::Delivery> deliveries() { return *site.store->deliveries(1); }

  TestSite site;
  store::Id dead = 0;
};

}  // namespace

TEST_CASE("a dead delivery that is rerouted goes where today's route leads, under new ids, and is given up itself",
          "[replay]") {
  GivenUp given({"local:second"});
  REQUIRE(given.reroute());
  const auto all = given.deliveries();
  REQUIRE(all.size() == 2);
  CHECK(all[0].state == store::DeliveryState::cancelled);
  CHECK(all[1].destination == "local:second");
  CHECK(all[1].state == store::DeliveryState::waiting);
  CHECK(all[1].request_id != all[0].request_id);
  const auto audit = given.site.store->audit(0, 100);
  CHECK(audit->back().event == "rerouted");
  CHECK(audit->back().actor == "admin");
  CHECK_FALSE(given.reroute());  // only once
}

TEST_CASE("rerouted to where it was already bound, a dead delivery goes again under its old ids, marked as replayed",
          "[replay]") {
  GivenUp given({"local:archive", "local:second"});
  const auto before = given.deliveries().at(0);
  REQUIRE(given.reroute());
  const auto all = given.deliveries();
  REQUIRE(all.size() == 2);
  CHECK(all[0].state == store::DeliveryState::waiting);
  CHECK(all[0].request_id == before.request_id);
  CHECK(all[0].replays == 1);
  CHECK(all[1].destination == "local:second");
}

TEST_CASE("a destination that has the message already does not get it again by rerouting", "[replay]") {
  GivenUp given({"local:second"});
  REQUIRE(given.reroute());
  const auto second = given.deliveries().at(1);
  given.settle(second.id, store::DeliveryState::delivered);
  store::Commit another;  // and one more of it is given up, on its way to somewhere else
  auto delivery = given.site.store->delivery(second.id).value().value();
  delivery.id = 0;
  delivery.destination = "local:archive";
  delivery.state = store::DeliveryState::dead;
  another.deliveries.push_back(std::move(delivery));
  REQUIRE(given.site.store->commit(std::move(another)));
  given.dead = given.deliveries().back().id;
  const auto refused = given.reroute();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == "dead.nowhere");
  CHECK(given.deliveries().back().state == store::DeliveryState::dead);
}
