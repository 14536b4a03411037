// A report that comes in parts over MLLP: acknowledged part by part, taken whole, and never half.
#include "gateway/exchange/divided.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "adapters/hl7v2/mllp.h"
#include "gateway/exchange/doors.h"
#include "gateway/exchange/readers.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
namespace hl7 = adapters::hl7v2;
using store::MessageState;
using test::TestSite;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;

std::string sample() {
  std::ifstream in(kRoot / "tests/cases/samples/tj_oru_gb18030.hl7", std::ios::binary);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return exchange::without_frame(text.str());
}

config::Config laboratory(config::AckMode ack = config::AckMode::original) {
  config::Config config = test::hainan();
  config.organization = {"tmucih", "Tianjin", "", "CN", "Tianjin"};
  config::Door lis;
  lis.name = "lis";
  lis.charset = "GB18030";
  lis.ack = ack;
  std::vector<adapters::map::FileFault> faults;
  lis.maps = {adapters::map::Map::load(kRoot / "mappings/tianjin/oru_r01.map.yaml", faults)};
  REQUIRE(lis.maps[0]);
  config.doors = {lis};
  return config;
}

std::vector<std::string> send(TestSite& site, const std::string& bytes) {
  exchange::MllpDoor door(*site.world, *site.intake, "lis");
  std::promise<std::vector<std::string>> promise;
  door.handle({bytes, {}, "127.0.0.1:1"},
              [&](std::vector<std::string> frames) { promise.set_value(std::move(frames)); });
  return promise.get_future().get();
}

/// "AA TJ-1" of every answer, with a blank between them.
std::string told(const std::vector<std::string>& frames) {
  std::string all;
  for (const std::string& frame : frames) {
    if (hl7::is_commit(frame)) {
      all += frame == hl7::kStored ? "stored " : "not-stored ";
      continue;
    }
    const auto message = hl7::Message::parse(frame);
    REQUIRE(message);
    all += message->get("MSA-1") + " " + message->get("MSA-2") + " ";
  }
  return all;
}

/// The sample in as many parts as there are cuts and one, each with its own control id: ID-1, ID-2 ...
std::vector<std::string> divided(const std::vector<std::string>& before, const std::string& pointer,
                                 const std::string& id = "TJ", const std::string& application = "LIS") {
  const std::string whole = sample();
  const std::string header = whole.substr(0, whole.find('\r'));
  std::vector<std::string> parts;
  std::size_t from = header.size() + 1;
  for (std::size_t n = 0; n <= before.size(); ++n) {
    const std::size_t to = n < before.size() ? whole.find(before[n]) : whole.size();
    REQUIRE(to != std::string::npos);
    std::string msh = header;
    msh.replace(msh.find("TJ2026031000017"), 15, id + "-" + std::to_string(n + 1));
    msh.replace(msh.find("|LIS|"), 5, "|" + application + "|");
    if (n > 0) msh.replace(msh.find("|P|2.4||"), 8, "|P|2.4||" + pointer + std::to_string(n));
    std::string part = msh + "\r" + whole.substr(from, to - from);
    if (n < before.size()) part += "DSC|" + pointer + std::to_string(n + 1) + "|F\r";
    parts.push_back(std::move(part));
    from = to;
  }
  return parts;
}

std::string raw_of(TestSite& site, MessageState state) {
  const auto found = site.messages(state);
  REQUIRE(found.size() == 1);
  return (*site.store->message(found[0].id))->raw;
}

}  // namespace

TEST_CASE("a report in three parts is acknowledged part by part and taken whole", "[divided]") {
  TestSite site(laboratory());
  const auto parts = divided({"OBX|3", "OBX|5"}, "p");
  CHECK(told(send(site, parts[0])) == "AA TJ-1 ");
  CHECK(site.messages(MessageState::accepted).empty());
  CHECK(told(send(site, parts[1])) == "AA TJ-2 ");
  CHECK(site.messages(MessageState::held).size() == 2);
  CHECK(site.messages(MessageState::held)[0].reason_code == "hl7v2.part");
  CHECK(told(send(site, parts[2])) == "AA TJ-3 ");  // the part that was sent, though the whole is TJ-1
  CHECK(site.messages(MessageState::held).empty());
  CHECK(site.messages(MessageState::released).size() == 2);
  const auto accepted = site.messages(MessageState::accepted);
  REQUIRE(accepted.size() == 1);
  CHECK(accepted[0].control_id == "TJ-1");
  std::string whole = sample();
  whole.replace(whole.find("TJ2026031000017"), 15, "TJ-1");
  CHECK(raw_of(site, MessageState::accepted) == whole);
}

TEST_CASE("in enhanced mode parts get a commit acknowledgement, and the verdict is the whole's", "[divided]") {
  TestSite site(laboratory(config::AckMode::enhanced));
  auto parts = divided({"OBX|3"}, "p");
  for (std::string& part : parts) part.replace(part.find("|AL|NE|"), 7, "|AL|AL|");
  CHECK(told(send(site, parts[0])) == "CA TJ-1 ");
  CHECK(told(send(site, parts[1])) == "CA TJ-2 AA TJ-2 ");
}

TEST_CASE("a part whose acknowledgement was lost is sent again and counts once", "[divided]") {
  TestSite site(laboratory());
  const auto parts = divided({"OBX|3", "OBX|5"}, "p");
  for (const std::size_t n : {0u, 0u, 1u, 1u}) CHECK(told(send(site, parts[n])).starts_with("AA"));
  CHECK(site.messages(MessageState::held).size() == 2);
  CHECK(told(send(site, parts[2])) == "AA TJ-3 ");
  CHECK(told(send(site, parts[2])) == "AA TJ-3 ");
  CHECK(site.messages(MessageState::accepted).size() == 1);
  CHECK(site.messages(MessageState::held).empty());
  SECTION("and so is the whole of it") {
    for (const std::string& part : parts) CHECK(told(send(site, part)).starts_with("AA"));
    CHECK(site.messages(MessageState::accepted).size() == 1);
    CHECK(site.messages(MessageState::held).empty());
  }
}

TEST_CASE("parts of two senders that use the same pointer are never mixed", "[divided]") {
  TestSite site(laboratory());
  const auto ours = divided({"OBX|3"}, "1", "A", "LIS"), theirs = divided({"OBX|5"}, "1", "B", "LIS2");
  CHECK(told(send(site, ours[0])) == "AA A-1 ");
  CHECK(told(send(site, theirs[0])) == "AA B-1 ");
  CHECK(told(send(site, ours[1])) == "AA A-2 ");
  CHECK(told(send(site, theirs[1])) == "AA B-2 ");
  const auto accepted = site.messages(MessageState::accepted);
  REQUIRE(accepted.size() == 2);
  for (const auto& one : accepted) {
    std::string whole = sample();
    whole.replace(whole.find("TJ2026031000017"), 15, one.control_id);
    if (one.control_id == "B-1") whole.replace(whole.find("|LIS|"), 5, "|LIS2|");
    CHECK((*site.store->message(one.id))->raw == whole);
  }
}

TEST_CASE("a sender that uses one pointer again and again gets the newest part joined", "[divided]") {
  TestSite site(laboratory());
  CHECK(told(send(site, divided({"OBX|3"}, "1", "GIVEN-UP")[0])) == "AA GIVEN-UP-1 ");
  const auto parts = divided({"OBX|5"}, "1", "NEW");
  CHECK(told(send(site, parts[0])) == "AA NEW-1 ");
  CHECK(told(send(site, parts[1])) == "AA NEW-2 ");
  CHECK(site.messages(MessageState::accepted)[0].control_id == "NEW-1");
  REQUIRE(site.messages(MessageState::held).size() == 1);  // the part that was given up stands in plain sight
  CHECK(raw_of(site, MessageState::held).contains("GIVEN-UP-1"));
}

TEST_CASE("a part whose rest never comes stays held with its reason, and a rest that comes too late is refused",
          "[divided]") {
  TestSite site(laboratory());
  const auto parts = divided({"OBX|3"}, "p");
  CHECK(told(send(site, parts[0])) == "AA TJ-1 ");
  site.clock.at += 601'000;
  CHECK(told(send(site, parts[1])) == "AE TJ-2 ");
  const auto held = site.messages(MessageState::held);
  REQUIRE(held.size() == 2);
  CHECK(held[0].reason_code == "hl7v2.continued");
  CHECK(held[1].reason_code == "hl7v2.part");
  CHECK(site.messages(MessageState::accepted).empty());
}

TEST_CASE("a part without the one before it is refused and kept", "[divided]") {
  TestSite site(laboratory());
  CHECK(told(send(site, divided({"OBX|3", "OBX|5"}, "p")[1])) == "AE TJ-2 ");
  REQUIRE(site.messages(MessageState::held).size() == 1);
  CHECK(site.messages(MessageState::held)[0].reason_code == "hl7v2.continued");
}

TEST_CASE("the parts of a message are no more than the door's limit together", "[divided]") {
  auto config = laboratory();
  config.doors[0].limit = sample().size() - 100;
  TestSite site(config);
  const auto parts = divided({"OBX|3"}, "p");
  CHECK(told(send(site, parts[0])) == "AA TJ-1 ");
  CHECK(told(send(site, parts[1])) == "AE TJ-2 ");
  CHECK(site.messages(MessageState::held).size() == 2);
}

TEST_CASE("a segment that is cut in the middle is one again", "[divided]") {
  TestSite site(laboratory());
  const std::string whole = sample();
  const auto at = whole.find("OBX|3") + 12;
  const std::string header = whole.substr(0, whole.find('\r'));
  std::string next = header;
  next.replace(next.find("|P|2.4||"), 8, "|P|2.4||p1").replace(next.find("TJ2026031000017"), 15, "NEXT");
  CHECK(told(send(site, whole.substr(0, at) + "\rADD|\rDSC|p1|F\r")).starts_with("AA"));
  CHECK(told(send(site, next + "\rADD|" + whole.substr(at))) == "AA NEXT ");
  CHECK(site.messages(MessageState::accepted).size() == 1);
}

TEST_CASE("when the whole is wrong its last part is refused, and the bytes are held once, whole", "[divided]") {
  TestSite site(laboratory());
  auto parts = divided({"OBX|3"}, "p");
  for (std::string& part : parts) part.replace(part.find("|ORU^R01|"), 9, "|ORU^R99|");
  CHECK(told(send(site, parts[0])) == "AA TJ-1 ");
  CHECK(told(send(site, parts[1])) == "AE TJ-2 ");
  const auto held = site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  CHECK(held[0].reason_code == "door.no-map");
  CHECK(site.messages(MessageState::released).size() == 1);
}

TEST_CASE("a door of release 2 says of every part that it is stored", "[divided]") {
  auto config = laboratory();
  config.doors[0].release = net::MllpRelease::two;
  TestSite site(config);
  const auto parts = divided({"OBX|3"}, "p");
  CHECK(told(send(site, parts[0])) == "stored AA TJ-1 ");
  CHECK(told(send(site, parts[1])) == "stored AA TJ-2 ");
  SECTION("and of a refused message, too, for it is kept") {
    CHECK(told(send(site, divided({"OBX|3"}, "q", "Q")[1])) == "stored AE Q-2 ");
  }
  SECTION("but not of one that is not taken in") {
    site.world->gate->close();
    CHECK(told(send(site, sample())) == "not-stored ");
  }
}
