// What the policy tests share: the two sites, the referral, and a pseudonym maker without a key.
#pragma once
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <string>

#include "fhir/message/message.h"
#include "gateway/policy/policy.h"

namespace gateway::policy::test {

using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;

inline Json parse(std::string text) {
  auto json = Json::parse(std::move(text));
  if (!json) FAIL(fhir::to_string(json.error()));
  return std::move(*json);
}

inline std::string referral_text() {
  std::ifstream file(CAUSEWAY_SOURCE_DIR "/tests/cases/policy/hn_referral.json");
  return {std::istreambuf_iterator<char>(file), {}};
}

inline JsonTree referral() { return JsonTree::from(parse(referral_text()).root()); }

/// The n-th resource of that type in the Bundle.
inline JsonTree& resource(JsonTree& bundle, std::string_view type, std::size_t n = 0) {
  for (auto& [name, entry] : bundle["entry"].children()) {
    if (entry["resource"].text_of("resourceType") == type && n-- == 0) return entry["resource"];
  }
  throw std::runtime_error("no such resource");
}

inline std::size_t count(const JsonTree& bundle, std::string_view type) {
  return fhir::message::all(parse(bundle.dump()).root(), type).size();
}

inline config::Organization hainan() { return {"hainan", "Hainan", "91469099MA9YYY010E", "CN", "Haikou"}; }

inline config::Peer hongkong() {
  config::Peer peer;
  peer.name = "hongkong";
  peer.organization = {"hkaur", "Hong Kong experts", "", "HK", "Hong Kong"};
  peer.transfer = config::TransferBasis{"SCC", "HN-2026-017", "2026-01-01", "2026-12-31", {"TREAT"}, false, {}};
  peer.profile = "P2";
  return peer;
}

inline config::Peer beijing() {
  config::Peer peer;
  peer.name = "beijing";
  peer.organization = {"bjch", "Beijing", "12110199YY000001XK", "CN", "Beijing"};
  peer.profile = "P1";
  return peer;
}

inline std::string pseudonym(std::string_view recipient, std::string_view key) {
  return fhir::message::sha256("secret|" + std::string(recipient) + "|" + std::string(key)).substr(0, 32);
}

inline Minimised minimised(const JsonTree& bundle, const config::Peer& peer = hongkong(),
                           std::string_view profile = "P2") {
  const Json json = parse(bundle.dump());
  auto result = minimise(json.root(), hainan(), peer, profile, pseudonym);
  if (!result) FAIL(fhir::to_string(result.error()));
  return std::move(*result);
}

}  // namespace gateway::policy::test
