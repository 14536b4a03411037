#include <algorithm>
#include <array>
#include <optional>

#include "fhir/message/message.h"
#include "fhir/message/prescription_rules.h"
#include "gateway/policy/consent.h"
#include "gateway/policy/policy.h"
#include "gateway/policy/reading.h"

namespace gateway::policy {
namespace {

using fhir::DateTime;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;

constexpr int kGuardianAge = 14;  // PIPL 31

struct Question {
  JsonView bundle;
  const config::Organization& own;
  const config::Peer& peer;
  std::string_view purpose, now;
  const CaseContext& context;
};

Decision stop(Verdict verdict, std::string code, std::string reason) {
  return {verdict, std::move(code), std::move(reason), {}, {}, {}};
}

Decision hold(std::string code, std::string reason) { return stop(Verdict::hold, std::move(code), std::move(reason)); }

bool is_for(const config::Peer& peer, std::string_view organization) {
  return peer.organization.id == organization ||
         std::ranges::find(peer.speaks_for, organization) != peer.speaks_for.end();
}

bool is_answer(const Question& q) {
  const std::string& origin = q.context.origin_organization;
  return !origin.empty() && origin != q.own.id && is_for(q.peer, origin);
}

std::optional<Decision> unreadable(const Question& q) {
  if (fhir::message::read_envelope(q.bundle)) return {};
  return hold("message-unreadable", "only a message Bundle whose header can be read may be sent");
}

std::optional<Decision> jurisdiction(const Question& q) {
  const std::string &here = q.own.jurisdiction, &there = q.peer.organization.jurisdiction;
  if (here.empty() || there.empty()) {
    return hold("jurisdiction-unknown", "the jurisdiction of both organisations must be configured");
  }
  if (here != there) return {};
  const std::string profile = q.peer.profile.empty() ? "P1" : q.peer.profile;
  return Decision{Verdict::permit, "domestic", "both organisations stand under one jurisdiction", profile, {}, {}};
}

// Contained patients count: they are persons as well.
void collect_patients(JsonView value, std::vector<JsonView>& patients) {
  if (value.is_object() && text(value["resourceType"]) == "Patient") patients.push_back(value);
  if (!value.is_object() && !value.is_array()) return;
  for (const JsonView inner : value) collect_patients(inner, patients);
}

/// The names by which references may call the one Patient.
std::vector<std::string> patient_names(JsonView bundle) {
  for (const JsonView entry : bundle["entry"]) {
    const JsonView resource = entry["resource"];
    if (text(resource["resourceType"]) != "Patient") continue;
    return {std::string(text(entry["fullUrl"])), "Patient/" + std::string(text(resource["id"]))};
  }
  return {};
}

bool is_about_person(std::string_view member) { return member == "subject" || member == "patient" || member == "for"; }

bool is_known_identifier(JsonView bundle, JsonView identifier) {
  const std::string_view value = text(identifier["value"]);
  return !value.empty() && any(fhir::message::first(bundle, "Patient")["identifier"],
                               [&](JsonView known) { return text(known["value"]) == value; });
}

// Each reference to a person must lead to the one Patient: what cannot be followed may be somebody else's.
bool leads_elsewhere(JsonView bundle, std::string_view member, JsonView reference) {
  const std::string_view target = text(reference["reference"]);
  if (target.empty()) return is_about_person(member) && !is_known_identifier(bundle, reference["identifier"]);
  const JsonView found = fhir::message::resolve(bundle, target);
  if (text(found["resourceType"]) == "Patient") return false;  // there is only one
  if (text(found["resourceType"]) == "Group") return true;
  if (found) return false;
  return is_about_person(member) || target.find("Patient/") != std::string_view::npos;
}

bool any_elsewhere(JsonView bundle, JsonView value) {
  for (auto it = value.begin(); it != value.end(); ++it) {
    const JsonView inner = *it;
    if (inner.is_object() && leads_elsewhere(bundle, it.key(), inner)) return true;
    if ((inner.is_object() || inner.is_array()) && any_elsewhere(bundle, inner)) return true;
  }
  return false;
}

std::optional<Decision> subject(const Question& q) {
  std::vector<JsonView> patients;
  collect_patients(q.bundle, patients);
  if (patients.empty()) return hold("patient-missing", "the message holds no Patient, so nobody can say whose it is");
  const bool one = patients.size() == 1 && !patient_names(q.bundle).empty();
  if (!one || any_elsewhere(q.bundle, q.bundle)) {
    return hold("several-patients", "the message must be about one Patient, and every reference must lead to that one");
  }
  return {};
}

bool is_labelled(JsonView meta, std::string_view code) {
  return any(meta["security"], [&](JsonView label) { return text(label["code"]) == code; });
}

std::optional<Decision> no_onward(const Question& q) {
  if (is_answer(q) || q.context.origin_organization == q.own.id) return {};  // back to its owner, or the owner's own
  const bool labelled = is_labelled(q.bundle["meta"], "NORDSCLCD") || any(q.bundle["entry"], [](JsonView entry) {
                          return is_labelled(entry["resource"]["meta"], "NORDSCLCD");
                        });
  if (!labelled) return {};
  return stop(Verdict::deny, "no-onward", "what came across a border may only go back to where it came from");
}

bool is_greater_bay(const config::Organization& organization) {
  static constexpr std::array<std::string_view, 18> kCities = {
      "Guangzhou", "Shenzhen", "Zhuhai", "Foshan", "Huizhou", "Dongguan", "Zhongshan", "Jiangmen", "Zhaoqing",
      "广州",      "深圳",     "珠海",   "佛山",   "惠州",    "东莞",     "中山",      "江门",     "肇庆"};
  if (organization.jurisdiction == "HK") return true;
  return std::ranges::any_of(kCities, [&](std::string_view city) { return organization.city.starts_with(city); });
}

std::optional<Decision> basis_dates(const config::TransferBasis& basis, std::string_view now) {
  const auto from = DateTime::parse(basis.valid_from), to = DateTime::parse(basis.valid_to);
  const auto today = DateTime::parse(now.substr(0, 10));
  if (!from || !to || !today) return hold("transfer-basis-undated", "a transfer basis needs its first and last day");
  const bool begun = from->compare(*today) != std::partial_ordering::greater;
  const bool over = to->compare(*today) == std::partial_ordering::less;
  if (begun && !over) return {};
  return hold(over ? "transfer-basis-expired" : "transfer-basis-not-yet",
              "today is outside the transfer basis's dates");
}

// An order for a drug binds nobody on the other side of a border: what goes there is a statement or a summary, and what
// comes back an opinion (domain.md §4.4).
std::optional<Decision> drug_order(const Question& q) {
  if (!fhir::message::has_drug_order(q.bundle)) return {};
  return stop(Verdict::deny, "prescription-border", "a prescription does not cross a border as an order");
}

std::optional<Decision> transfer_basis(const Question& q) {
  if (!q.peer.transfer) return hold("transfer-basis-missing", "crossing a border needs a transfer basis for this peer");
  const config::TransferBasis& basis = *q.peer.transfer;
  if (basis.type.empty() || basis.filing.empty()) {
    return hold("transfer-basis-incomplete", "a transfer basis needs its type and filing number");
  }
  if (auto out = basis_dates(basis, q.now)) return out;
  if (std::ranges::find(basis.purposes, q.purpose) == basis.purposes.end()) {
    return hold("transfer-basis-purpose", "the transfer basis does not cover this purpose");
  }
  // The Greater Bay Area's standard contract binds parties registered there, and nobody else (domain.md §5).
  if (basis.type == "GBA-SCC" && !(is_greater_bay(q.own) && is_greater_bay(q.peer.organization))) {
    return hold("transfer-basis-region",
                "a GBA standard contract needs both parties registered in the Greater Bay Area");
  }
  return {};
}

std::string border_profile(const Question& q) {
  if (is_answer(q)) return "P1";
  return q.peer.profile.empty() ? "P2" : q.peer.profile;
}

std::optional<Decision> profile(const Question& q) {
  const bool too_wide = q.own.jurisdiction == "CN" && !is_answer(q) && border_profile(q) < "P2";
  if (!too_wide) return {};
  return hold("profile-too-wide", "out of the mainland nothing wider than P2 may go");
}

// Unknown or partly known counts as a child: then the Consent needs a guardian.
bool needs_guardian(JsonView bundle, const DateTime& now) {
  const auto birth = DateTime::parse(text(fhir::message::first(bundle, "Patient")["birthDate"]));
  const auto grown = birth ? birth->plus(kGuardianAge, fhir::CalendarUnit::year) : std::nullopt;
  if (!grown) return true;
  const auto order = grown->compare(now.date());
  return order == std::partial_ordering::greater || order == std::partial_ordering::unordered;
}

std::vector<std::string> recipients(const Question& q) {
  if (is_answer(q)) return {q.own.id, q.own.code};
  const auto envelope = fhir::message::read_envelope(q.bundle);
  // A hub carries for others: then the Consent must name the one the message is for.
  if (envelope && std::ranges::find(q.peer.speaks_for, envelope->receiver) != q.peer.speaks_for.end()) {
    return {envelope->receiver};
  }
  return {q.peer.organization.id, q.peer.organization.code};
}

// The stored Consents as one document, together with what their references lead to.
JsonTree stored_papers(const CaseContext& context) {
  JsonTree bundle = JsonTree::object();
  bundle.set("entry", JsonTree::array());
  for (const auto* list : {&context.consents, &context.organizations}) {
    for (const JsonTree& resource : *list) bundle["entry"].push(JsonTree::object({{"resource", resource}}));
  }
  return bundle;
}

std::vector<Paper> papers_of(JsonView bundle) {
  std::vector<Paper> papers;
  for (const JsonView consent : fhir::message::all(bundle, "Consent")) papers.push_back({consent, bundle});
  return papers;
}

Decision consent(const Question& q) {
  const auto now = DateTime::parse(q.now);
  const auto stored = Json::parse(stored_papers(q.context).dump());
  if (!now || !stored) return hold("clock", "the time of the decision cannot be read");

  std::vector<Paper> papers = papers_of(q.bundle);
  std::ranges::copy(papers_of(stored->root()), std::back_inserter(papers));
  const bool guardian = q.own.jurisdiction == "CN" && needs_guardian(q.bundle, *now);
  Finding finding = weigh(papers, {patient_names(q.bundle), recipients(q), q.purpose, *now, guardian});
  if (finding.verdict != Verdict::permit)
    return stop(finding.verdict, std::move(finding.code), std::move(finding.reason));
  return {Verdict::permit,
          is_answer(q) ? "answer" : "cross-border",
          std::move(finding.reason),
          border_profile(q),
          std::move(finding.consent),
          q.peer.transfer->type + " " + q.peer.transfer->filing};
}

}  // namespace

Decision decide(JsonView bundle, const config::Organization& own, const config::Peer& peer, std::string_view purpose,
                std::string_view now, const CaseContext& context) {
  const Question question{bundle, own, peer, purpose, now, context};
  // In this order (domain.md §5.1): first what makes the question meaningless, then the law, then the patient's will.
  // A label against passing on binds at home as well; jurisdiction() ends it for all else that stays inside one.
  for (const auto& step : {unreadable, no_onward, jurisdiction, drug_order, subject, transfer_basis, profile}) {
    if (auto decision = step(question)) return *decision;
  }
  return consent(question);
}

}  // namespace gateway::policy
