#include "gateway/policy/consent.h"

#include <algorithm>
#include <array>
#include <compare>
#include <optional>

#include "fhir/message/message.h"
#include "gateway/policy/reading.h"

namespace gateway::policy {
namespace {

using fhir::DateTime;
using fhir::JsonView;

// How near a Consent came: the conditions in the order in which they are asked. Of several, the greatest speaks: a
// permit beats what falls short of one, and a deny beats a permit.
enum class Step : std::uint8_t {
  none,
  patient,
  recipient,
  purpose,
  guardian,
  not_active,
  withdrawn,
  undated,
  not_yet,
  expired,
  limited,
  permits,
  restricted,
  denies
};

struct Words {
  Step step;
  Verdict verdict;
  std::string_view code, reason;
};

constexpr auto kWords = std::to_array<Words>({
    {Step::none, Verdict::hold, "consent-missing", "crossing a border needs the patient's Consent, and there is none"},
    {Step::patient, Verdict::hold, "consent-patient", "no Consent is of the patient this message is about"},
    {Step::recipient, Verdict::hold, "consent-recipient", "no Consent of this patient names the recipient"},
    {Step::purpose, Verdict::hold, "consent-purpose", "no Consent for this recipient covers the purpose"},
    {Step::guardian, Verdict::hold, "consent-guardian", "the Consent of a child must be signed by a related person"},
    {Step::not_active, Verdict::hold, "consent-not-active", "the Consent for this recipient and purpose is not active"},
    {Step::withdrawn, Verdict::deny, "consent-withdrawn", "the Consent for this recipient and purpose was withdrawn"},
    {Step::undated, Verdict::hold, "consent-undated", "the Consent does not say readably since when it holds"},
    {Step::not_yet, Verdict::hold, "consent-not-yet", "the Consent's period has not begun"},
    {Step::expired, Verdict::hold, "consent-expired", "the Consent's period is over"},
    {Step::limited, Verdict::hold, "consent-limited",
     "the Consent allows some kinds of data only: a person must read it"},
    {Step::permits, Verdict::permit, "consent", "an active Consent names recipient, purpose and period"},
    {Step::restricted, Verdict::hold, "consent-restricted",
     "a Consent denies some kinds of data: a person must read it"},
    {Step::denies, Verdict::deny, "consent-denied", "a Consent of this patient denies it"},
});

std::string_view tail(std::string_view reference) {
  return reference.substr(reference.find_last_of(":/") + 1);  // npos + 1 is 0
}

// Stored resources refer to each other by Type/id, entries of a Bundle by fullUrl: the last part is the same.
bool same_reference(std::string_view one, std::string_view other) {
  return !one.empty() && !other.empty() && tail(one) == tail(other);
}

bool is_of_patient(JsonView consent, const Need& need) {
  const std::string_view patient = text(consent["patient"]["reference"]);
  return std::ranges::any_of(need.patient, [&](const std::string& known) { return same_reference(patient, known); });
}

bool is_wanted(std::string_view id, const Need& need) {
  return !id.empty() && std::ranges::find(need.recipients, id) != need.recipients.end();
}

bool has_wanted(JsonView identifiers, const Need& need) {
  return any(identifiers, [&](JsonView i) { return is_wanted(text(i["value"]), need); });
}

JsonView organization(JsonView bundle, std::string_view reference) {
  if (const JsonView found = fhir::message::resolve(bundle, reference)) return found;
  for (const JsonView candidate : fhir::message::all(bundle, "Organization")) {
    if (same_reference(text(candidate["id"]), reference)) return candidate;
  }
  return {};
}

bool is_recipient_role(JsonView role) {
  return any(role["coding"], [](JsonView c) { return text(c["code"]) == "IRCP"; });
}

bool names_recipient(JsonView actors, const Paper& paper, const Need& need) {
  return any(actors, [&](JsonView actor) {
    const JsonView who = actor["reference"];
    if (!is_recipient_role(actor["role"])) return false;
    if (is_wanted(text(who["identifier"]["value"]), need)) return true;
    return has_wanted(organization(paper.bundle, text(who["reference"]))["identifier"], need);
  });
}

bool has_purpose(JsonView purposes, const Need& need) {
  return any(purposes, [&](JsonView p) { return text(p["code"]) == need.purpose; });
}

bool allows_disclosure(JsonView actions) {
  return !actions || any(actions, [](JsonView action) {
    return any(action["coding"],
               [](JsonView c) { return text(c["code"]) == "disclose" || text(c["code"]) == "access"; });
  });
}

bool depends_on_data(JsonView provision) {
  return std::ranges::any_of(std::array{"class", "code", "data", "dataPeriod", "securityLabel"},
                             [&](const char* member) { return static_cast<bool>(provision[member]); });
}

// A start on the very day of `now`, or an end on it, counts as inside.
std::optional<Step> outside(JsonView period, const DateTime& now) {
  if (!period) return {};
  const auto start = DateTime::parse(text(period["start"])), end = DateTime::parse(text(period["end"]));
  if ((period["start"] && !start) || (period["end"] && !end) || (!start && !end)) return Step::undated;
  if (start && start->compare(now) == std::partial_ordering::greater) return Step::not_yet;
  if (end && end->compare(now) == std::partial_ordering::less) return Step::expired;
  return {};
}

std::optional<Step> outside_signature(JsonView consent, const DateTime& now) {
  const auto signed_at = DateTime::parse(text(consent["dateTime"]));
  if (!signed_at) return consent["dateTime"] || !consent["provision"]["period"] ? Step::undated : std::optional<Step>{};
  return signed_at->compare(now) == std::partial_ordering::greater ? Step::not_yet : std::optional<Step>{};
}

// R4 gives the root provision no type: then the policy rule says what it is (OPTIN or OPTOUT).
std::string_view root_type(JsonView consent) {
  if (const JsonView type = consent["provision"]["type"]) return text(type);
  for (const JsonView coding : consent["policyRule"]["coding"]) {
    if (text(coding["code"]) == "OPTIN") return "permit";
    if (text(coding["code"]) == "OPTOUT") return "deny";
  }
  return "";
}

bool is_signed_by_relative(const Paper& paper) {
  return any(paper.consent["performer"], [&](JsonView who) {
    const std::string_view reference = text(who["reference"]);
    return reference.find("RelatedPerson/") != std::string_view::npos || text(who["type"]) == "RelatedPerson" ||
           text(fhir::message::resolve(paper.bundle, reference)["resourceType"]) == "RelatedPerson";
  });
}

// Conditions that a provision takes over from the one it stands in, unless it states its own.
struct Terms {
  JsonView actors, purposes, actions;
  std::optional<Step> time;
  bool limited = false;
};

Terms narrow(const Terms& outer, JsonView provision, const Need& need) {
  Terms terms = outer;
  if (provision["actor"]) terms.actors = provision["actor"];
  if (provision["purpose"]) terms.purposes = provision["purpose"];
  if (provision["action"]) terms.actions = provision["action"];
  if (const auto time = outside(provision["period"], need.now)) terms.time = time;
  terms.limited = terms.limited || depends_on_data(provision);
  return terms;
}

Step status_step(std::string_view status) {
  if (status == "active") return Step::permits;
  const bool gone = status == "rejected" || status == "inactive" || status == "entered-in-error";
  return gone ? Step::withdrawn : Step::not_active;
}

Step permit_step(const Terms& terms, const Paper& paper, const Need& need) {
  if (!names_recipient(terms.actors, paper, need)) return Step::recipient;
  if (!has_purpose(terms.purposes, need) || !allows_disclosure(terms.actions)) return Step::purpose;
  if (need.guardian && !is_signed_by_relative(paper)) return Step::guardian;
  if (const Step status = status_step(text(paper.consent["status"])); status != Step::permits) return status;
  if (const auto time = outside_signature(paper.consent, need.now)) return *time;
  if (terms.time) return *terms.time;
  return terms.limited ? Step::limited : Step::permits;
}

// A deny speaks about everything it does not leave out, so here an absent condition is one that holds.
Step deny_step(JsonView provision, const Paper& paper, const Need& need) {
  const JsonView actors = provision["actor"], purposes = provision["purpose"];
  if (text(paper.consent["status"]) != "active") return Step::none;
  if (actors && !names_recipient(actors, paper, need)) return Step::none;
  if (purposes && !has_purpose(purposes, need)) return Step::none;
  if (!allows_disclosure(provision["action"])) return Step::none;
  if (const auto time = outside(provision["period"], need.now); time && *time != Step::undated) return Step::none;
  return depends_on_data(provision) ? Step::restricted : Step::denies;
}

Step own_step(JsonView provision, std::string_view type, const Terms& terms, const Paper& paper, const Need& need) {
  if (type == "permit") return permit_step(terms, paper, need);
  return type.empty() ? Step::patient : deny_step(provision, paper, need);
}

Step walk(JsonView provision, std::string_view type, const Terms& outer, const Paper& paper, const Need& need) {
  const Terms terms = narrow(outer, provision, need);
  Step step = std::max(Step::patient, own_step(provision, type, terms, paper, need));
  for (const JsonView inner : provision["provision"]) {
    // Inside, a type that is missing or unknown is read as the one that costs most: deny.
    const bool permit = text(inner["type"]) == "permit";
    step = std::max(step, walk(inner, permit ? "permit" : "deny", terms, paper, need));
  }
  return step;
}

Step judge(const Paper& paper, const Need& need) {
  if (!is_of_patient(paper.consent, need)) return Step::patient;
  return walk(paper.consent["provision"], root_type(paper.consent), {}, paper, need);
}

std::string identity(JsonView consent) {
  const JsonView identifier = consent["identifier"].at(0);
  if (!text(identifier["value"]).empty()) return std::string(text(identifier["value"]));
  return std::string(text(consent["id"]));
}

bool is_withdrawn(const std::vector<Paper>& papers, std::string_view id) {
  return std::ranges::any_of(papers, [&](const Paper& paper) {
    return identity(paper.consent) == id && status_step(text(paper.consent["status"])) == Step::withdrawn;
  });
}

}  // namespace

Finding weigh(const std::vector<Paper>& papers, const Need& need) {
  Step nearest = Step::none;
  std::string consent;
  for (const Paper& paper : papers) {
    Step step = judge(paper, need);
    if (step == Step::permits && is_withdrawn(papers, identity(paper.consent))) step = Step::withdrawn;
    if (step > nearest) nearest = step, consent = identity(paper.consent);
  }
  const Words& words = *std::ranges::find(kWords, nearest, &Words::step);
  return {words.verdict, std::string(words.code), std::string(words.reason),
          nearest == Step::permits ? consent : std::string{}};
}

}  // namespace gateway::policy
