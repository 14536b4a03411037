// The way back: the answer speaks of the pseudonym, the hospital of its patient.
#include "gateway/policy/relink.h"

#include "tests/gateway/policy/support.h"

using namespace gateway::policy;
using namespace gateway::policy::test;

namespace {

struct Case {
  Minimised out = minimised(referral());
  RelinkLookup lookup = [this](std::string_view name) { return name == out.pseudonym ? out.patient : std::string{}; };

  JsonTree back(const JsonTree& bundle) const {
    const Json json = parse(bundle.dump());
    auto result = relink(json.root(), lookup);
    REQUIRE(result);
    return std::move(*result);
  }
};

JsonTree answer(const std::string& pseudonym) {
  return JsonTree::from(parse(R"({"resourceType":"Bundle","type":"message","entry":[
    {"fullUrl":"urn:uuid:c","resource":{"resourceType":"Composition","id":"c","subject":{"reference":"Patient/)" +
                              pseudonym +
                              R"(","display":"LIN"},"extension":[],"section":[{"text":{"div":"ok"}}]}},
    {"fullUrl":"urn:uuid:t","resource":{"resourceType":"Task","id":"t","for":{"identifier":{"system":
      "https://causeway.example/sid/pseudonym/hkaur","value":")" +
                              pseudonym + R"("}}}}]})")
                            .root());
}

}  // namespace

TEST_CASE("a Bundle that comes back is about the real patient again", "[policy]") {
  const Case c;
  const JsonTree back = c.back(c.out.bundle);
  const Json json = parse(back.dump()), original = parse(referral_text());
  const JsonView patient = fhir::message::first(json.root(), "Patient");
  const JsonView was = fhir::message::first(original.root(), "Patient");
  CHECK(patient.dump() == was.dump());
  CHECK(back.dump().find(c.out.pseudonym) == std::string::npos);
  for (const char* type : {"Condition", "Task", "ServiceRequest"}) {
    const JsonView resource = fhir::message::first(json.root(), type);
    const JsonView subject = std::string_view(type) == "Task" ? resource["for"] : resource["subject"];
    CHECK(fhir::message::resolve(json.root(), subject["reference"].text())["id"].text() == was["id"].text());
  }
}

TEST_CASE("references are re-linked also where the Patient did not come along", "[policy]") {
  const Case c;
  const Json json = parse(c.back(answer(c.out.pseudonym)).dump());
  const std::string real = "Patient/" + std::string(parse(c.out.patient).root()["id"].text());
  const JsonView subject = fhir::message::first(json.root(), "Composition")["subject"];
  CHECK(subject["reference"].text() == real);
  CHECK(subject["display"].text() == "林蔚");
  const JsonView whose = fhir::message::first(json.root(), "Task")["for"];
  CHECK(whose["reference"].text() == real);
  CHECK_FALSE(whose["identifier"]);
}

TEST_CASE("a Bundle in which nobody can be behind a pseudonym is told without re-linking it", "[policy]") {
  const Case c;
  CHECK(may_relink(parse(c.out.bundle.dump()).root()));
  CHECK(may_relink(parse(answer("0123456789abcdef").dump()).root()));
  const Json plain = parse(R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Observation","subject":
    {"reference":"urn:uuid:p"},"note":[{"text":"Patient/1"}],"identifier":[{"system":"urn:x","value":"7"}]}}]})");
  CHECK_FALSE(may_relink(plain.root()));
  auto same = relink(plain.root(), [](std::string_view) { return std::string("{}"); });
  REQUIRE(same);
  CHECK(same->dump() == plain.root().dump());
}

TEST_CASE("a patient that is none of ours stays as it is", "[policy]") {
  const Case c;
  const JsonTree stranger = answer("0123456789abcdef");
  CHECK(c.back(stranger).dump() == stranger.dump());
}

TEST_CASE("a stored patient that cannot be read is our failure, not the sender's", "[policy]") {
  const Case c;
  const Json json = parse(answer(c.out.pseudonym).dump());
  for (const char* stored : {"{", "[]", R"({"resourceType":"Person","id":"x"})", R"({"resourceType":"Patient"})"}) {
    const auto result = relink(json.root(), [stored](std::string_view) { return std::string(stored); });
    REQUIRE_FALSE(result);
    CHECK(result.error().fault == fhir::Fault::broken);
  }
  CHECK(relink(parse("[]").root(), c.lookup).error().fault == fhir::Fault::invalid);
}
