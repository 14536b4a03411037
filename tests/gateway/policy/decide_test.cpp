// Who may get what (domain.md §5, §5.1): closed unless everything says open.
#include "tests/gateway/policy/support.h"

using namespace gateway::policy;
using namespace gateway::policy::test;
using gateway::config::Organization;
using gateway::config::Peer;

namespace {

constexpr const char* kNow = "2026-03-13T14:05:00+08:00";

Decision ask(const JsonTree& bundle, const Peer& peer = hongkong(), std::string_view now = kNow,
             std::string_view purpose = "TREAT", const CaseContext& context = {}, const Organization& own = hainan()) {
  const Json json = parse(bundle.dump());
  return decide(json.root(), own, peer, purpose, now, context);
}

JsonTree with_consent(const std::function<void(JsonTree&)>& change) {
  JsonTree bundle = referral();
  change(resource(bundle, "Consent"));
  return bundle;
}

JsonTree& provision(JsonTree& consent) { return consent["provision"]; }

JsonTree coding(std::string_view code) { return JsonTree::object({{"code", code}}); }

JsonTree deny(std::initializer_list<std::pair<std::string_view, JsonTree>> more) {
  JsonTree rule = JsonTree::object({{"type", "deny"}});
  for (const auto& [name, value] : more) rule.set(name, value);
  return rule;
}

JsonTree list(JsonTree item) {
  JsonTree array = JsonTree::array();
  array.push(std::move(item));
  return array;
}

}  // namespace

TEST_CASE("a referral crosses the border under basis and Consent, minimised", "[policy]") {
  const Decision decision = ask(referral());
  CHECK(decision.code == "cross-border");
  CHECK(decision.verdict == Verdict::permit);
  CHECK(decision.profile == "P2");
  CHECK(decision.consent == "ZQ-0012");
  CHECK(decision.basis == "SCC HN-2026-017");
}

TEST_CASE("inside one jurisdiction the record goes as it is needed for care", "[policy]") {
  const Decision decision = ask(referral(), beijing());
  CHECK(decision.verdict == Verdict::permit);
  CHECK(decision.code == "domestic");
  CHECK(decision.profile == "P1");
  CHECK(decision.consent.empty());
}

TEST_CASE("an order for a drug does not cross a border, whatever the Consent says; at home it goes", "[policy]") {
  JsonTree with_order = referral();
  JsonTree order = JsonTree::object({{"resourceType", "MedicationRequest"}, {"id", "m1"}, {"intent", "order"}});
  with_order["entry"].push(JsonTree::object({{"resource", order}}));
  CHECK(ask(with_order).verdict == Verdict::deny);
  CHECK(ask(with_order).code == "prescription-border");
  CHECK(ask(with_order, beijing()).code == "domestic");
}

TEST_CASE("an unknown jurisdiction holds, on either side", "[policy]") {
  Peer peer = hongkong();
  peer.organization.jurisdiction.clear();
  CHECK(ask(referral(), peer).code == "jurisdiction-unknown");
  Organization own = hainan();
  own.jurisdiction.clear();
  CHECK(ask(referral(), hongkong(), kNow, "TREAT", {}, own).code == "jurisdiction-unknown");
}

TEST_CASE("what is no readable message holds", "[policy]") {
  CHECK(ask(JsonTree::object({{"resourceType", "Patient"}})).code == "message-unreadable");
  CHECK(ask(JsonTree::array()).code == "message-unreadable");
}

TEST_CASE("without a Patient, or with several, nothing crosses", "[policy]") {
  JsonTree none = referral();
  resource(none, "Patient").set("resourceType", "Basic");
  CHECK(ask(none).code == "patient-missing");

  JsonTree two = referral();
  resource(two, "Condition").set("resourceType", "Patient");
  CHECK(ask(two).code == "several-patients");

  JsonTree inside = referral();
  resource(inside, "Condition")["contained"].push(JsonTree::object({{"resourceType", "Patient"}, {"id", "p"}}));
  CHECK(ask(inside).code == "several-patients");
}

TEST_CASE("a reference to somebody else, or to nobody known, holds", "[policy]") {
  const JsonTree elsewhere = GENERATE(
      JsonTree::object({{"reference", "Patient/other"}}), JsonTree::object({{"reference", "urn:uuid:unknown"}}),
      JsonTree::object({{"reference", "#p"}}), JsonTree::object({{"display", "somebody"}}),
      JsonTree::object({{"identifier", JsonTree::object({{"value", "HN0000999"}})}}));
  JsonTree bundle = referral();
  resource(bundle, "Condition").set("subject", elsewhere);
  CHECK(ask(bundle).code == "several-patients");
}

TEST_CASE("a logical reference by the patient's own number is the patient", "[policy]") {
  JsonTree bundle = referral();
  resource(bundle, "Condition")
      .set("subject", JsonTree::object({{"identifier", JsonTree::object({{"value", "HN0000512"}})}}));
  CHECK(ask(bundle).verdict == Verdict::permit);
}

TEST_CASE("what came under a no-onward label goes nowhere else", "[policy]") {
  JsonTree bundle = referral();
  resource(bundle, "Condition")["meta"]["security"].push(coding("NORDSCLCD"));
  const Decision decision = ask(bundle);
  CHECK(decision.verdict == Verdict::deny);
  CHECK(decision.code == "no-onward");
}

TEST_CASE("a no-onward label binds inside the country too, but not the one who asked", "[policy]") {
  JsonTree bundle = referral();
  resource(bundle, "Condition")["meta"]["security"].push(coding("NORDSCLCD"));
  CHECK(ask(bundle, beijing()).code == "no-onward");
  CHECK(ask(bundle, beijing(), kNow, "TREAT", {"hainan", {}, {}}).code == "domestic");
}

TEST_CASE("the transfer basis must be there, complete, of today and for the purpose", "[policy]") {
  Peer peer = hongkong();
  SECTION("missing") {
    peer.transfer.reset();
    CHECK(ask(referral(), peer).code == "transfer-basis-missing");
  }
  SECTION("no filing") {
    peer.transfer->filing.clear();
    CHECK(ask(referral(), peer).code == "transfer-basis-incomplete");
  }
  SECTION("not yet") {
    peer.transfer->valid_from = "2026-03-14";
    CHECK(ask(referral(), peer).code == "transfer-basis-not-yet");
  }
  SECTION("over") {
    peer.transfer->valid_to = "2026-03-12";
    CHECK(ask(referral(), peer).code == "transfer-basis-expired");
  }
  SECTION("its last day counts") {
    peer.transfer->valid_to = "2026-03-13";
    CHECK(ask(referral(), peer).verdict == Verdict::permit);
  }
  SECTION("undated") {
    peer.transfer->valid_to.clear();
    CHECK(ask(referral(), peer).code == "transfer-basis-undated");
  }
  SECTION("purpose") {
    peer.transfer->purposes = {"CLINTRCH"};
    CHECK(ask(referral(), peer).code == "transfer-basis-purpose");
  }
}

TEST_CASE("a Greater Bay Area contract binds parties registered there only", "[policy]") {
  Peer peer = hongkong();
  peer.transfer->type = "GBA-SCC";
  CHECK(ask(referral(), peer).code == "transfer-basis-region");
  Organization shenzhen = hainan();
  shenzhen.city = "Shenzhen";
  CHECK(ask(referral(), peer, kNow, "TREAT", {}, shenzhen).verdict == Verdict::permit);
}

TEST_CASE("out of the mainland nothing wider than P2 is configured away", "[policy]") {
  Peer peer = hongkong();
  peer.profile = GENERATE("P0", "P1");
  CHECK(ask(referral(), peer).code == "profile-too-wide");
}

TEST_CASE("without a matching, active Consent nothing crosses, and the reason is the nearest miss", "[policy]") {
  using Change = std::function<void(JsonTree&)>;
  const auto [name, change] = GENERATE(table<std::string, Change>({
      {"consent-missing", [](JsonTree& c) { c.set("resourceType", "Basic"); }},
      {"consent-recipient", [](JsonTree& c) { c.erase("provision"); }},
      {"consent-recipient", [](JsonTree& c) { provision(c).erase("actor"); }},
      {"consent-recipient", [](JsonTree& c) { provision(c)["actor"].children()[0].second["role"] = JsonTree::object(); }},
      {"consent-recipient", [](JsonTree& c) { provision(c)["actor"].children()[0].second["reference"].set("reference", "Organization/x"); }},
      {"consent-purpose", [](JsonTree& c) { provision(c).erase("purpose"); }},
      {"consent-purpose", [](JsonTree& c) { provision(c).set("purpose", list(coding("CLINTRCH"))); }},
      {"consent-purpose", [](JsonTree& c) { provision(c)["action"].children()[0].second.set("coding", list(coding("use"))); }},
      {"consent-not-active", [](JsonTree& c) { c.set("status", "draft"); }},
      {"consent-not-active", [](JsonTree& c) { c.erase("status"); }},
      {"consent-expired", [](JsonTree& c) { provision(c)["period"].set("end", "2026-03-12"); }},
      {"consent-not-yet", [](JsonTree& c) { provision(c)["period"].set("start", "2026-03-13T15:00:00+08:00"); }},
      {"consent-not-yet", [](JsonTree& c) { c.set("dateTime", "2026-03-14"); }},
      {"consent-undated", [](JsonTree& c) { provision(c)["period"].set("end", "soon"); }},
      {"consent-undated", [](JsonTree& c) { c.erase("dateTime"); provision(c).erase("period"); }},
      {"consent-limited", [](JsonTree& c) { provision(c).set("class", list(coding("Observation"))); }},
      {"consent-recipient", [](JsonTree& c) { provision(c).set("provision", list(JsonTree::object({{"type", "permit"}}))); provision(c).erase("actor"); }},
  }));
  const Decision decision = ask(with_consent(change));
  CHECK(decision.code == name);
  CHECK(decision.verdict == Verdict::hold);
  CHECK_FALSE(decision.reason.empty());
}

TEST_CASE("a Consent of somebody else is none", "[policy]") {
  JsonTree bundle = referral();
  resource(bundle, "Consent")
      .set("patient", JsonTree::object({{"identifier", JsonTree::object({{"value", "HN0000512"}})}}));
  CHECK(ask(bundle).code == "consent-patient");
}

TEST_CASE("a withdrawn Consent is no, and so is a newer version that is not active", "[policy]") {
  const char* status = GENERATE("inactive", "rejected", "entered-in-error");
  const JsonTree withdrawn = with_consent([&](JsonTree& c) { c.set("status", status); });
  CHECK(ask(withdrawn).code == "consent-withdrawn");
  CHECK(ask(withdrawn).verdict == Verdict::deny);

  CaseContext context;
  JsonTree bundle = withdrawn;
  context.consents.push_back(resource(bundle, "Consent"));
  CHECK(ask(referral(), hongkong(), kNow, "TREAT", context).code == "consent-withdrawn");
}

TEST_CASE("deny beats permit", "[policy]") {
  const auto [rule, code] = GENERATE(table<JsonTree, std::string>({
      {deny({}), "consent-denied"},
      {deny({{"purpose", list(coding("TREAT"))}}), "consent-denied"},
      {JsonTree::object({{"type", "typo"}}), "consent-denied"},
      {deny({{"securityLabel", list(coding("GDIS"))}}), "consent-restricted"},
      {deny({{"purpose", list(coding("CLINTRCH"))}}), "cross-border"},
      {deny({{"period", JsonTree::object({{"end", "2026-01-01"}})}}), "cross-border"},
  }));
  const JsonTree bundle = with_consent([&rule](JsonTree& c) { provision(c).set("provision", list(rule)); });
  CHECK(ask(bundle).code == code);
}

TEST_CASE("R4's root provision without type means what the policy rule says", "[policy]") {
  CHECK(ask(with_consent([](JsonTree& c) { provision(c).erase("type"); })).verdict == Verdict::permit);
  CHECK(ask(with_consent([](JsonTree& c) {
          provision(c).erase("type");
          c.erase("policyRule");
        })).code == "consent-patient");
  CHECK(ask(with_consent([](JsonTree& c) {
          provision(c).erase("type");
          c.set("policyRule", JsonTree::object({{"coding", list(coding("OPTOUT"))}}));
        })).code == "consent-denied");
}

TEST_CASE("the recipient may be named by identifier alone", "[policy]") {
  const JsonTree bundle = with_consent([](JsonTree& c) {
    provision(c)["actor"].children()[0].second.set(
        "reference", JsonTree::object({{"identifier", JsonTree::object({{"value", "hkaur"}})}}));
  });
  CHECK(ask(bundle).verdict == Verdict::permit);
}

TEST_CASE("a hub needs the Consent of the hospital it carries for", "[policy]") {
  Peer hub = hongkong();
  hub.organization.id = "hub";
  CHECK(ask(referral(), hub).code == "consent-recipient");
  hub.speaks_for = {"hkaur"};
  CHECK(ask(referral(), hub).verdict == Verdict::permit);
}

TEST_CASE("a child's Consent is signed by a related person, and an unknown age counts as a child", "[policy]") {
  JsonTree child = referral();
  JsonTree unknown = referral();
  resource(child, "Patient").set("birthDate", "2012-03-14");
  resource(unknown, "Patient").erase("birthDate");
  CHECK(ask(child).code == "consent-guardian");
  CHECK(ask(unknown).code == "consent-guardian");
  CHECK(ask(child, hongkong(), "2026-03-14T08:00:00+08:00").verdict == Verdict::permit);  // fourteen today
  resource(child, "Consent").set("performer", list(JsonTree::object({{"reference", "RelatedPerson/mother"}})));
  CHECK(ask(child).verdict == Verdict::permit);
}

TEST_CASE("an answer goes back to who asked under the case's Consent and the basis of that direction", "[policy]") {
  // Hong Kong's side: the Consent that named it is stored, the answer's own Bundle has none.
  JsonTree answer = referral();
  CaseContext context{"hainan", {resource(answer, "Consent")}, {}};
  for (std::size_t i = 0; i < 2; ++i) context.organizations.push_back(resource(answer, "Organization", i));
  resource(answer, "Consent").set("resourceType", "Basic");
  resource(answer, "Condition")["meta"]["security"].push(coding("NORDSCLCD"));
  const Organization own = hongkong().organization;
  Peer back = hongkong();
  back.organization = hainan();
  const auto decide_back = [&] { return ask(answer, back, kNow, "TREAT", context, own); };

  CHECK(decide_back().code == "answer");
  CHECK(decide_back().profile == "P1");

  SECTION("without a basis for this direction it holds") {
    back.transfer.reset();
    CHECK(decide_back().code == "transfer-basis-missing");
  }
  SECTION("without the case's Consent it holds") {
    context.consents.clear();
    CHECK(decide_back().code == "consent-missing");
  }
  SECTION("to anybody else it is an onward transfer") {
    back.organization = {"tmucih", "", "", "CN", "Tianjin"};
    CHECK(decide_back().code == "no-onward");
  }
  SECTION("a Consent that expired in between holds") {
    CHECK(ask(answer, back, "2026-10-01T08:00:00+08:00", "TREAT", context, own).code == "consent-expired");
  }
}

TEST_CASE("no reason holds a data value", "[policy]") {
  for (const char* purpose : {"TREAT", "CLINTRCH"}) {
    const Decision decision = ask(referral(), hongkong(), kNow, purpose);
    for (const char* value : {"HN0000512", "469099196803140027", "林蔚"}) {
      CHECK(decision.reason.find(value) == std::string::npos);
    }
  }
}
