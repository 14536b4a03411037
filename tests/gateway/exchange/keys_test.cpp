// What a message can be found by, from its Bundle and from its way through the intake.
#include "gateway/exchange/keys.h"

#include "tests/gateway/exchange/bench_site.h"

namespace gateway::exchange {
namespace {

using store::Key;
using store::KeyKind;

bool has(const std::vector<Key>& keys, KeyKind kind, std::string_view value) {
  return std::ranges::find(keys, Key{kind, std::string(value)}) != keys.end();
}

fhir::Json bundle_with(const std::string& resource) {
  auto json = fhir::Json::parse(R"({"resourceType":"Bundle","id":"b-1","entry":[{"resource":)" + resource + "}]}");
  REQUIRE(json);
  return *std::move(json);
}

std::vector<std::string> numbers(store::Store& store, Key key) {
  store::Find find;
  find.keys = {std::move(key)};
  const auto found = store.find(find);
  REQUIRE(found);
  std::vector<std::string> ids;
  for (const auto& one : *found) ids.push_back(one.control_id);
  return ids;
}

}  // namespace

TEST_CASE("identifiers of every system count, and those that are only named", "[keys]") {
  const auto patient =
      bundle_with(R"({"resourceType":"Patient","identifier":[{"system":"a","value":"1"},{"value":"2"}]})");
  const auto keys = keys_of(patient.root());
  CHECK(has(keys, KeyKind::patient, "1"));
  CHECK(has(keys, KeyKind::patient, "2"));
  CHECK(has(keys, KeyKind::bundle, "b-1"));
  const auto task = bundle_with(
      R"({"resourceType":"Task","for":{"identifier":{"value":"P-9"}},"basedOn":[{"identifier":{"value":"YC-12"}}]})");
  CHECK(has(keys_of(task.root()), KeyKind::patient, "P-9"));
  CHECK(has(keys_of(task.root()), KeyKind::referral, "YC-12"));
  const auto order = bundle_with(R"({"resourceType":"MedicationRequest","groupIdentifier":{"value":"CF0880021"}})");
  CHECK(has(keys_of(order.root()), KeyKind::prescription, "CF0880021"));
  const auto specimen = bundle_with(R"({"resourceType":"Specimen","accessionIdentifier":{"value":"AC-7"}})");
  CHECK(has(keys_of(specimen.root()), KeyKind::accession, "AC-7"));
}

TEST_CASE("a Bundle of odd shapes has the keys that can be read, each once", "[keys]") {
  for (const char* odd :
       {R"({"resourceType":"Patient","identifier":"x"})", R"({"resourceType":"Patient","identifier":[7,[],{}]})",
        R"({"resourceType":"Task","basedOn":{"identifier":[1]}})", R"([])", R"(null)"}) {
    CHECK(keys_of(bundle_with(odd).root()) == std::vector<Key>{{KeyKind::bundle, "b-1"}});
  }
  const auto twice =
      bundle_with(R"({"resourceType":"Patient","identifier":[{"system":"a","value":"1"},{"system":"b","value":"1"}]})");
  CHECK(keys_of(twice.root()).size() == 2);
  CHECK(keys_of(fhir::JsonView{}).empty());
}

TEST_CASE("a sender cannot flood the index: keys are bounded in number and length", "[keys]") {
  std::string many = R"({"resourceType":"Patient","identifier":[{"value":")" + std::string(257, 'x') + R"("})";
  for (int i = 0; i < 2000; ++i) many += R"(,{"value":"v)" + std::to_string(i) + R"("})";
  const auto keys = keys_of(bundle_with(many + "]}").root());
  CHECK(keys.size() == 1000);
  CHECK(std::ranges::all_of(keys, [](const Key& key) { return key.value.size() <= 256; }));
}

TEST_CASE("an accepted message is found by its report and its id, a held one as far as it was read", "[keys]") {
  test::TestSite site;
  const std::string id = "3f8f1c9a-0000-4000-8000-000000000001", other = "3f8f1c9a-0000-4000-8000-000000000002";
  CHECK(site.post(test::report(id, "R-77", "tmucih"), "tmucih").fate == Fate::accepted);
  CHECK(site.post(test::report(other, "R-78", "tmucih").replace(0, 0, ""), "hkaur").fate != Fate::accepted);
  CHECK(numbers(*site.store, {KeyKind::report, "R-77"}) == std::vector{id});
  CHECK(numbers(*site.store, {KeyKind::message, id}) == std::vector{id});
  CHECK(numbers(*site.store, {KeyKind::report, "R-78"}) == std::vector{other});  // refused, and still to be found
}

TEST_CASE("kinds have names, and the names lead back", "[keys]") {
  for (const auto kind : {KeyKind::patient, KeyKind::report, KeyKind::referral, KeyKind::prescription,
                          KeyKind::accession, KeyKind::message, KeyKind::bundle}) {
    CHECK(key_kind_named(to_string(kind)) == kind);
  }
  CHECK(key_kind_named("msh10") == KeyKind::message);
  CHECK_FALSE(key_kind_named("passport"));
}

}  // namespace gateway::exchange
