#include "gateway/exchange/signed_record.h"

#include <catch2/catch.hpp>
#include <fstream>

#include "bench_site.h"

namespace gateway {
namespace {

using exchange::check_signature;
using exchange::sign_record;
using exchange::SignedAt;

constexpr store::Millis kNow = 1'773'106'215'000;  // 2026-03-10T01:30:15Z

/// A rule whose key both signs and verifies.
config::Signature rule_of(const test::Folder& folder) {
  const auto file = folder.path / "secret";
  std::ofstream(file) << "0123456789abcdef";
  config::Signature rule;
  rule.kind = trust::SignatureKind::hmac_sm3;
  rule.prefix = "HS:";
  rule.key = *trust::SignatureKey::open(rule.kind, file, trust::SignatureKey::Use::sign, "");
  return rule;
}

std::string verdict(const config::Signature& rule, const std::string& record, const SignedAt& at = {kNow, "+08:00"}) {
  const auto json = fhir::Json::parse(record);
  REQUIRE(json);
  const auto good = check_signature(rule, json->root(), at);
  return good ? "good" : good.error().code;
}

std::string changed(std::string text, std::string_view from, std::string_view to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("signed is every member but the signature and what is empty, by name, nested ones as compact JSON",
          "[signature]") {
  const auto json = fhir::Json::parse(
      R"({"b": "x&y=z", "sign": "S", "a": {"y": [1.50, true], "x": "李"}, "n": null, "e": "", "C": 7})");
  REQUIRE(json);
  CHECK(exchange::signed_text(json->root(), "sign") == R"(C=7&a={"y":[1.50,true],"x":"李"}&b=x&y=z)");
}

TEST_CASE("a record that was signed is taken while it is fresh, by a clock that is not quite ours", "[signature]") {
  const test::Folder folder;
  const auto rule = rule_of(folder);
  const auto record = sign_record(rule, R"({"msgId":"1","data":{"name":"林蔚"},"sign":"old"})", {kNow, "+08:00"});
  REQUIRE(record);
  CHECK(record->contains(R"("timestamp":"2026-03-10 09:30:15")"));
  CHECK(record->contains(R"("sign":"HS:)"));
  CHECK(verdict(rule, *record) == "good");
  CHECK(verdict(rule, *record, {kNow + 299'000, "+08:00"}) == "good");
  CHECK(verdict(rule, *record, {kNow - 299'000, "+08:00"}) == "good");
  CHECK(verdict(rule, *record, {kNow + 301'000, "+08:00"}) == "signature.time");
  CHECK(verdict(rule, *record, {kNow - 301'000, "+08:00"}) == "signature.time");
  CHECK(verdict(rule, *record, {kNow, "+09:00"}) == "signature.time");
  CHECK(verdict(rule, *record, {kNow + 9'000'000, "+08:00", true}) == "good");  // a person lets it in
}

TEST_CASE("an altered, unsigned or undated record is refused, each with its reason", "[signature]") {
  const test::Folder folder;
  const auto rule = rule_of(folder);
  const auto record = sign_record(rule, R"({"msgId":"1","data":{"name":"林蔚","dose":5}})", {kNow, "+08:00"});
  REQUIRE(record);
  CHECK(verdict(rule, changed(*record, "\"dose\":5", "\"dose\":50")) == "signature.wrong");
  CHECK(verdict(rule, changed(*record, "\"msgId\":\"1\"", "\"msgId\":\"1\",\"more\":1")) == "signature.wrong");
  CHECK(verdict(rule, changed(*record, "\"HS:", "\"HS:!")) == "signature.wrong");
  CHECK(verdict(rule, changed(*record, "\"sign\"", "\"sing\"")) == "signature.missing");
  CHECK(verdict(rule, R"({"sign":{"a":1},"timestamp":"2026-03-10 09:30:15"})") == "signature.missing");
  auto undated = rule;
  undated.time = "when";
  CHECK(verdict(undated, *record) == "signature.no-time");
  auto without_key = rule;
  without_key.key = nullptr;
  CHECK(verdict(without_key, *record) == "signature.key");
  CHECK(sign_record(without_key, "{}", {kNow, "Z"}).error().code == "signature.key");
  CHECK(sign_record(rule, "[]", {kNow, "+08:00"}).error().code == "signature.shape");
}

TEST_CASE("the time of signing may be Unix time or carry its zone, and the signature may be written in hex",
          "[signature]") {
  const test::Folder folder;
  auto rule = rule_of(folder);
  rule.hex = true;
  rule.prefix.clear();
  for (const std::string& time : {"1773106215", "1773106215000", "20260310093015", "2026-03-10T01:30:15Z",
                                  "2026-03-10T10:30:15+09:00", "2026-03-10 09:30"}) {
    auto plain = rule;
    plain.time = "t";  // so that the record's own time stays
    auto record = sign_record(plain, R"({"timestamp":")" + time + "\"}", {kNow, "+08:00"});
    REQUIRE(record);
    INFO(*record);
    CHECK(verdict(rule, *record) == "good");
  }
  for (const std::string& time : {"2026-03-10", "soon", "177310621500", "", "2026-02-31 09:30:15"}) {
    auto plain = rule;
    plain.time = "t";
    auto record = sign_record(plain, R"({"timestamp":")" + time + "\"}", {kNow, "+08:00"});
    REQUIRE(record);
    CHECK(verdict(rule, *record) == "signature.no-time");
  }
}

}  // namespace gateway
