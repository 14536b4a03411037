#include "fhir/message/prescription_rules.h"

#include <algorithm>
#include <array>

#include "fhir/decimal.h"
#include "fhir/message/canonical.h"
#include "fhir/message/message.h"
#include "fhir/message/prescription.h"

namespace fhir::message {
namespace {

constexpr int kChild = 6;  // years; 互联网诊疗监管细则: below it a guardian must be there

struct Paper {
  JsonView bundle;
  std::vector<JsonView> requests;
  const DateTime& now;
};

std::string_view text_at(JsonView value) { return value.is_string() ? value.text() : std::string_view{}; }

std::unexpected<Error> stop(Fault fault, std::string code, std::string where, std::string say) {
  return fail(fault, std::move(code), std::move(where), std::move(say));
}

bool any(JsonView list, const auto& holds) { return std::ranges::any_of(list, holds); }

bool has_code_of(JsonView concepts, std::string_view system, std::string_view code = {}) {
  return any(concepts, [&](JsonView concept_view) {
    return any(concept_view["coding"], [&](JsonView coding) {
      return text_at(coding["system"]) == system && (code.empty() || text_at(coding["code"]) == code);
    });
  });
}

Result<void> items(const Paper& paper) {
  if (text_at(first(paper.bundle, "Task")["status"]) != task_status(RxState::open)) {
    return stop(Fault::invalid, "rx.no-task", "Task.status",
                "a prescription comes with the Task by which it is claimed");
  }
  if (paper.requests.empty()) {
    return stop(Fault::invalid, "rx.no-items", "MedicationRequest", "a prescription holds at least one drug");
  }
  const JsonView group = paper.requests.front()["groupIdentifier"];
  for (const JsonView request : paper.requests) {
    if (text_at(request["intent"]) != "order") {
      return stop(Fault::invalid, "rx.not-an-order", "MedicationRequest.intent", "a prescription's intent is `order`");
    }
    if (text_at(request["groupIdentifier"]["value"]).empty() || !same(request["groupIdentifier"], group)) {
      return stop(Fault::invalid, "rx.no-group", "MedicationRequest.groupIdentifier",
                  "all drugs of a prescription share its number");
    }
    const JsonView value = request["dispenseRequest"]["quantity"]["value"];
    const auto quantity = value.kind() == JsonKind::number ? Decimal::parse(value.text()) : std::nullopt;
    if (!quantity || quantity->is_negative() || quantity->is_zero()) {
      return stop(Fault::invalid, "rx.no-quantity", "MedicationRequest.dispenseRequest.quantity",
                  "without a quantity nobody can say how much may be supplied");
    }
  }
  return {};
}

bool is_verifier(JsonView agent) {
  return any(agent["type"]["coding"], [](JsonView coding) { return text_at(coding["code"]) == "verifier"; });
}

bool targets(const Paper& paper, JsonView provenance, JsonView request) {
  return any(provenance["target"],
             [&](JsonView target) { return resolve(paper.bundle, text_at(target["reference"])) == request; });
}

// Who has passed this item: Provenance.agent.who of each verifier.
std::vector<JsonView> reviewers_of(const Paper& paper, JsonView request) {
  std::vector<JsonView> found;
  for (const JsonView provenance : all(paper.bundle, "Provenance")) {
    if (!targets(paper, provenance, request)) continue;
    for (const JsonView agent : provenance["agent"]) {
      if (is_verifier(agent)) found.push_back(agent["who"]);
    }
  }
  return found;
}

Result<void> review(const Paper& paper) {
  for (const JsonView request : paper.requests) {
    const std::string_view status = text_at(request["status"]);
    if (status != "active" && status != "draft") {
      return stop(Fault::forbidden, "rx.rejected", "MedicationRequest.status",
                  "the pharmacist has rejected this prescription, or it is no longer in force");
    }
    if (status == "draft" || reviewers_of(paper, request).empty()) {
      return stop(Fault::needs_person, "rx.not-reviewed", "MedicationRequest.status",
                  "no pharmacist has passed this prescription yet");
    }
  }
  return {};
}

bool share_identifier(JsonView one, JsonView other) {
  return any(one["identifier"], [&](JsonView a) {
    return any(other["identifier"], [&](JsonView b) {
      return !text_at(a["value"]).empty() && text_at(a["value"]) == text_at(b["value"]) &&
             text_at(a["system"]) == text_at(b["system"]);
    });
  });
}

bool is_same_person(const Paper& paper, JsonView one, JsonView other) {
  const JsonView a = resolve(paper.bundle, text_at(one["reference"]));
  const JsonView b = resolve(paper.bundle, text_at(other["reference"]));
  if (a && b) return a == b || share_identifier(a, b);
  const JsonView name = one["identifier"]["value"];
  return same(one["reference"], other["reference"]) && same(name, other["identifier"]["value"]);
}

Result<void> four_eyes(const Paper& paper) {
  for (const JsonView request : paper.requests) {
    for (const JsonView reviewer : reviewers_of(paper, request)) {
      if (!is_same_person(paper, reviewer, request["requester"])) continue;
      return stop(Fault::forbidden, "rx.reviewed-by-prescriber", "Provenance.agent.who",
                  "who prescribes does not review the prescription");
    }
  }
  return {};
}

Result<void> controlled(const Paper& paper) {
  const bool found = std::ranges::any_of(
      paper.requests, [](JsonView request) { return has_code_of(request["category"], kDrugControlSystem); });
  if (!found) return {};
  return stop(Fault::forbidden, "rx.controlled-drug", "MedicationRequest.category",
              "narcotic, psychotropic and other controlled drugs are not prescribed online");
}

Result<void> follow_up(const Paper& paper) {
  const auto visits = all(paper.bundle, "Encounter");
  const bool first_visit =
      std::ranges::any_of(visits, [](JsonView visit) { return has_code_of(visit["type"], kVisitKindSystem, "first"); });
  if (!first_visit) return {};
  return stop(Fault::forbidden, "rx.first-visit", "Encounter.type", "at a first visit nothing is prescribed online");
}

bool may_speak_for_child(JsonView relationships) {
  static constexpr std::array<std::string_view, 6> kRoles = {"GUARD", "PRN", "FTH", "MTH", "GRPRN", "NPRN"};
  return any(relationships, [](JsonView relationship) {
    return any(relationship["coding"],
               [](JsonView coding) { return std::ranges::find(kRoles, text_at(coding["code"])) != kRoles.end(); });
  });
}

// A child as far as the birth date can tell; none at all tells nothing.
bool is_child(JsonView patient, const DateTime& now) {
  const auto birth = DateTime::parse(text_at(patient["birthDate"]));
  const auto grown = birth ? birth->plus(kChild, CalendarUnit::year) : std::nullopt;
  if (!grown) return false;
  const auto order = grown->compare(now.date());
  return order == std::partial_ordering::greater || order == std::partial_ordering::unordered;
}

Result<void> guardian(const Paper& paper) {
  if (!is_child(first(paper.bundle, "Patient"), paper.now)) return {};
  const auto persons = all(paper.bundle, "RelatedPerson");
  if (std::ranges::any_of(persons, [](JsonView p) { return may_speak_for_child(p["relationship"]); })) return {};
  return stop(Fault::forbidden, "rx.child-without-guardian", "RelatedPerson",
              "a child under six is treated online only with a parent or guardian");
}

Result<void> in_time(const Paper& paper) {
  auto rx = read_prescription(first(paper.bundle, "Task"), paper.requests, {});
  if (!rx) return pass(rx);
  rx->state = RxState::draft;
  const auto issued = move(*rx, {RxAct::issue, {}, paper.now, {}, {}});
  return issued ? Result<void>{} : std::unexpected(issued.error());
}

bool is_drug_order(JsonView resource) {
  static constexpr std::array<std::string_view, 3> kNoOrder = {"proposal", "plan", "option"};
  return text_at(resource["resourceType"]) == "MedicationRequest" &&
         std::ranges::find(kNoOrder, text_at(resource["intent"])) == kNoOrder.end();
}

}  // namespace

Result<void> check_issue(JsonView bundle, const DateTime& now) {
  const Paper paper{bundle, all(bundle, "MedicationRequest"), now};
  for (const auto& rule : {items, review, four_eyes, controlled, follow_up, guardian, in_time}) {
    if (auto holds = rule(paper); !holds) return holds;
  }
  return {};
}

bool has_drug_order(JsonView bundle) {
  return any(bundle["entry"], [](JsonView entry) {
    return is_drug_order(entry["resource"]) || any(entry["resource"]["contained"], is_drug_order);
  });
}

}  // namespace fhir::message
