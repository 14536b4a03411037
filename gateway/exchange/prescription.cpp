#include "gateway/exchange/prescription.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "fhir/message/canonical.h"
#include "fhir/message/prescription.h"
#include "fhir/message/prescription_rules.h"
#include "fhir/primitives.h"
#include "gateway/exchange/addressing.h"
#include "gateway/exchange/prescription_parts.h"

namespace gateway::exchange {
namespace {

using namespace rx;
using fhir::DateTime;
using fhir::Fault;
using fhir::Json;
using fhir::message::RxAct;
using fhir::message::RxState;

constexpr std::string_view kHash = "https://causeway.example/StructureDefinition/sha256";
constexpr Millis kAhead = 15 * 60'000;  // how far another site's clock may be ahead of ours

struct EventRow {
  std::string_view event;
  RxAct act;
  std::string_view task;  // Task.status by which staff asks for it
};

constexpr auto kEvents = std::to_array<EventRow>({
    {"prescription", RxAct::issue, ""},
    {"prescription-claim", RxAct::claim, "accepted"},
    {"prescription-release", RxAct::release, "requested"},
    {"prescription-cancel", RxAct::cancel, "cancelled"},
    {"prescription-expired", RxAct::expire, "failed"},
    {"dispense", RxAct::dispense, ""},
    {"dispense-return", RxAct::take_back, ""},
});

const EventRow* row_of(std::string_view event) {
  const auto* found = std::ranges::find(kEvents, event, &EventRow::event);
  return found == kEvents.end() ? nullptr : found;
}

// ---- who may speak ------------------------------------------------------------------------------------------------

Result<void> stays_home(const Passage& passage) {
  const config::Peer* peer = passage.config->peer_of_organization(passage.envelope.sender);
  if (is_ours(passage) || peer == nullptr) return {};
  if (peer->organization.jurisdiction == passage.config->organization.jurisdiction) return {};
  return fhir::fail(Fault::forbidden, "rx.cross-border", "MessageHeader.sender",
                    "an order for a drug from across a border binds nobody here");
}

// Did this site hand the prescription to that organisation?
Result<bool> was_told(const World& world, const Passage& passage) {
  store::Query query;
  query.correlation = passage.envelope.correlation;
  query.limit = 1000;
  const auto messages = world.store.messages(query);
  if (!messages) return std::unexpected(messages.error());
  for (const store::Message& message : *messages) {
    const auto deliveries = world.store.deliveries(message.id);
    if (!deliveries) return std::unexpected(deliveries.error());
    for (const store::Delivery& delivery : *deliveries) {
      if (delivery.state == store::DeliveryState::held) continue;
      const auto [kind, name] = split_destination(delivery.destination);
      const auto* peer = kind == "peer" ? passage.config->peer(name) : nullptr;
      if (peer != nullptr && peer == passage.config->peer_of_organization(passage.envelope.sender)) return true;
    }
  }
  return false;
}

Result<void> check_speaker(const World& world, const Passage& passage, const Case& known, const RxMove& move) {
  const std::string& sender = passage.envelope.sender;
  if (move.act == RxAct::cancel || move.act == RxAct::expire) {
    if (sender == known.task.row.owner) return {};
    return fhir::fail(Fault::forbidden, "rx.not-prescriber", "MessageHeader.sender",
                      "only the hospital that prescribed may withdraw the prescription");
  }
  if (move.by.find("/" + sender + "/") == std::string::npos) {
    return fhir::fail(Fault::forbidden, "rx.foreign-pharmacy", "Task.owner",
                      "the pharmacy is none of the organisation that speaks for it");
  }
  const auto told = is_ours(passage) ? Result<bool>(true) : was_told(world, passage);
  if (!told) return std::unexpected(told.error());
  if (*told) return {};
  return fhir::fail(Fault::forbidden, "rx.not-addressed", "MessageHeader.sender",
                    "this prescription was not given to that organisation");
}

bool any_equal(JsonView list, JsonView others, std::string_view member) {
  return std::ranges::any_of(list, [&](JsonView one) {
    const std::string_view value = one[member].text();
    return !value.empty() && std::ranges::any_of(others, [&](JsonView other) { return other[member].text() == value; });
  });
}

// A pharmacy that answers with the number of the prescription but with another person in it has mixed them up.
Result<void> check_patient(const World& world, const Passage& passage, const Case& known) {
  const JsonView said = fhir::message::first(passage.view(), "Patient");
  const std::string_view reference = known.task.json.root()["for"]["reference"].text();
  const auto stored = world.store.resource("Patient", reference.substr(reference.rfind('/') + 1));
  if (!stored) return std::unexpected(stored.error());
  if (!said || !*stored) return {};
  const auto ours = Json::parse((*stored)->json);
  if (!ours) return std::unexpected(ours.error());
  if (any_equal(said["identifier"], ours->root()["identifier"], "value")) return {};
  return fhir::fail(Fault::conflict, "rx.other-patient", "Patient.identifier",
                    "the message is about another person than the prescription");
}

// ---- what the message says ----------------------------------------------------------------------------------------

DateTime time_of(const Passage& passage) {
  const auto now = DateTime::parse(local_instant(passage.at, passage.config->zone));
  return now.value_or(DateTime::from(fhir::Milliseconds(std::chrono::milliseconds(passage.at))));
}

// When it was handed over: a message may be late, the act was not.
Result<DateTime> handed_over(const Passage& passage, JsonView dispense) {
  const auto when = DateTime::parse(dispense["whenHandedOver"].text());
  const auto moment = when ? when->moment() : std::nullopt;
  if (!moment) return time_of(passage);
  if (moment->time_since_epoch().count() <= passage.at + kAhead) return *when;
  return fhir::fail(Fault::invalid, "rx.future", "MedicationDispense.whenHandedOver",
                    "it cannot have been handed over in the future");
}

std::string pharmacy_of(JsonView dispense) {
  for (const JsonView performer : dispense["performer"]) {
    if (performer["actor"]["identifier"]["value"]) return fhir::message::read_holder(performer["actor"]);
  }
  return {};
}

// Only the drug that was prescribed: a substitution is said as one.
Result<void> check_drug(const Case& known, JsonView dispense, const fhir::message::RxPart& part) {
  const JsonView given = dispense["medicationCodeableConcept"]["coding"];
  const bool substituted = dispense["substitution"]["wasSubstituted"].text() == "true";
  if (given.size() == 0 || substituted) return {};
  for (const Known& request : known.requests) {
    const JsonView view = request.json.root();
    const bool named = request.row.id == part.item || std::ranges::any_of(view["identifier"], [&](JsonView i) {
                         return i["value"].text() == part.item;
                       });
    if (!named || any_equal(given, view["medicationCodeableConcept"]["coding"], "code")) continue;
    return fhir::fail(Fault::conflict, "rx.other-drug", "MedicationDispense.medication",
                      "another drug was supplied than prescribed, and not as a substitution");
  }
  return {};
}

// False: this very dispense is known already.
Result<bool> is_new(const Case& known, JsonView dispense) {
  const Known* stored = with_id(known.dispenses, dispense["id"].text());
  if (stored == nullptr) return true;
  if (fhir::message::same(stored->json.root()["quantity"], dispense["quantity"])) return false;
  return fhir::fail(Fault::conflict, "rx.dispense-final", "MedicationDispense.quantity",
                    "what was supplied stays as it happened; goods that come back are told by a return");
}

Result<void> add_dispense(const Passage& passage, const Case& known, JsonView dispense, RxMove& move) {
  if (dispense["status"].text() != "completed") {
    return fhir::fail(Fault::invalid, "rx.dispense-status", "MedicationDispense.status",
                      "only what has been handed over is told; a dispense is never taken back by its status");
  }
  if (fhir::message::is_return(dispense) != (move.act == RxAct::take_back)) {
    return fhir::fail(Fault::invalid, "rx.return-type", "MedicationDispense.type",
                      "a return is told by the event `dispense-return` and the type `return`, both");
  }
  move.by = pharmacy_of(dispense);
  const auto fresh = is_new(known, dispense);
  if (!fresh) return std::unexpected(fresh.error());
  if (!*fresh) return {};
  auto part = fhir::message::read_part(dispense);
  if (!part) return fhir::pass(part);
  if (auto right = check_drug(known, dispense, *part); !right) return right;
  auto at = handed_over(passage, dispense);
  if (!at) return fhir::pass(at);
  move.at = *at;
  move.parts.push_back(*std::move(part));
  return {};
}

// Our own claim ends by our own clock; a peer's as that site has said.
DateTime claim_end(const Passage& passage, JsonView task) {
  const auto said = DateTime::parse(task["restriction"]["period"]["end"].text());
  if (!is_ours(passage) && said) return *said;
  const auto end = DateTime::parse(local_instant(passage.at + kClaimTime, passage.config->zone));
  return end.value_or(time_of(passage));
}

Result<RxMove> asked_move(const Passage& passage, const Case& known, RxAct act) {
  const JsonView task = fhir::message::first(passage.view(), "Task");
  RxMove move{act, fhir::message::read_holder(task["owner"]), time_of(passage), {}, claim_end(passage, task)};
  if (act != RxAct::dispense && act != RxAct::take_back) return move;
  for (const JsonView dispense : fhir::message::all(passage.view(), "MedicationDispense")) {
    if (auto added = add_dispense(passage, known, dispense, move); !added) return fhir::pass(added);
  }
  return move;
}

// Nothing new in it: accepted, and told to nobody.
Result<void> nothing_new(const World& world, Passage& passage, const Case& known, const RxMove& move) {
  const auto rx = prescription_of(known);
  if (!rx) return std::unexpected(rx.error());
  passage.arrival.untold = true;
  return rebuild(world, passage, known, move, JsonTree::from(known.task.json.root()), *rx);
}

void tell_move(Passage& passage, const Prescription& before, const fhir::message::RxMoved& moved) {
  passage.explain["prescription"] = JsonTree::object(
      {{"from", to_string(before.state)}, {"act", to_string(moved.step.act)}, {"to", to_string(moved.after.state)}});
}

// Inside one organisation there is nobody else to tell: the prescriber's own pharmacy.
void tell_only_others(Passage& passage, const Case& known, RxAct act) {
  const bool by_pharmacy = act != RxAct::cancel && act != RxAct::expire;
  if (by_pharmacy && is_ours(passage) && known.task.row.owner == passage.envelope.sender) passage.arrival.untold = true;
}

Result<void> apply_news(const World& world, Passage& passage, const Case& known, RxAct act) {
  auto move = asked_move(passage, known, act);
  if (!move) return fhir::pass(move);
  if (auto speaks = check_speaker(world, passage, known, *move); !speaks) return speaks;
  if (auto same = check_patient(world, passage, known); !same) return same;
  const bool all_known = move->parts.empty() && fhir::message::first(passage.view(), "MedicationDispense");
  if (all_known) return nothing_new(world, passage, known, *move);
  const auto before = prescription_of(known);
  if (!before) return std::unexpected(before.error());
  const auto moved = fhir::message::move(*before, *move);
  if (!moved) return std::unexpected(moved.error());
  tell_move(passage, *before, *moved);
  tell_only_others(passage, known, act);
  return rebuild(world, passage, known, *move, moved_task(passage, known, *moved), moved->after);
}

// ---- a prescription that is issued --------------------------------------------------------------------------------

bool says_same(JsonView stored, JsonView request) {
  static constexpr std::array<const char*, 5> kIssued = {"intent", "groupIdentifier", "medicationCodeableConcept",
                                                         "dosageInstruction", "dispenseRequest"};
  return std::ranges::all_of(kIssued,
                             [&](const char* member) { return fhir::message::same(stored[member], request[member]); });
}

Result<void> issued_again(const World& world, Passage& passage, const Case& known) {
  const auto requests = fhir::message::all(passage.view(), "MedicationRequest");
  const bool unchanged = requests.size() == known.requests.size() && std::ranges::all_of(requests, [&](JsonView one) {
                           const Known* stored = with_id(known.requests, one["id"].text());
                           return stored != nullptr && says_same(stored->json.root(), one);
                         });
  if (unchanged) return nothing_new(world, passage, known, {RxAct::issue, {}, time_of(passage), {}, {}});
  return fhir::fail(Fault::conflict, "rx.changed", "MedicationRequest",
                    "a prescription does not change once it is issued: withdraw it and issue a new one");
}

std::string hash_in(const JsonTree& attachment) {
  const JsonTree* extensions = attachment.find("extension");
  if (extensions == nullptr) return {};
  for (const auto& [name, extension] : extensions->children()) {
    if (extension.text_of("url") == kHash) return std::string(extension.text_of("valueString"));
  }
  return {};
}

// A signed original travels as it was signed: its hash is written where it enters and checked where it arrives.
Result<bool> seal(JsonTree& attachment, JsonView bundle) {
  const JsonView original = fhir::message::resolve(bundle, attachment.text_of("url"));
  if (original["resourceType"].text() != "Binary") return false;
  const auto bytes = fhir::base64_decode(original["data"].text());
  const std::string known = hash_in(attachment), found = bytes ? fhir::message::sha256(*bytes) : std::string{};
  if (!bytes || (!known.empty() && known != found)) {
    return fhir::fail(Fault::invalid, "rx.original-altered", "Binary.data",
                      "the signed original is not the one that was signed");
  }
  if (!known.empty()) return false;
  attachment["extension"].push(JsonTree::object({{"url", kHash}, {"valueString", found}}));
  attachment.set("size", JsonTree::number(std::to_string(bytes->size())));
  return true;
}

Result<void> seal_originals(Passage& passage) {
  JsonTree bundle = JsonTree::from(passage.view());
  bool changed = false;
  for (auto& [name, entry] : bundle["entry"].children()) {
    JsonTree* resource = entry.find("resource");
    if (resource == nullptr || resource->text_of("resourceType") != "DocumentReference") continue;
    for (auto& [n, content] : (*resource)["content"].children()) {
      const auto sealed = seal(content["attachment"], passage.view());
      if (!sealed) return std::unexpected(sealed.error());
      changed = changed || *sealed;
    }
  }
  if (!changed) return {};
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  return {};
}

Result<void> apply_issue(const World& world, Passage& passage, const std::optional<Case>& known) {
  if (auto home = stays_home(passage); !home) return home;
  if (!passage.envelope.correlation.starts_with(passage.envelope.sender + "/")) {
    return fhir::fail(Fault::invalid, "rx.no-case", "MessageHeader.extension",
                      "the case of a prescription is its hospital's id, a slash and its number");
  }
  if (known) return issued_again(world, passage, *known);
  if (auto may = fhir::message::check_issue(passage.view(), time_of(passage)); !may) return may;
  return seal_originals(passage);
}

}  // namespace

bool is_prescription_event(std::string_view event) { return row_of(event) != nullptr; }

bool is_fulfilment(JsonView task) {
  const bool fulfils =
      std::ranges::any_of(task["code"]["coding"], [](JsonView coding) { return coding["code"].text() == "fulfill"; });
  return fulfils && std::ranges::any_of(task["basedOn"], [](JsonView reference) {
           return reference["reference"].text().find("MedicationRequest/") != std::string_view::npos;
         });
}

std::string_view fulfilment_event(JsonView task) {
  const std::string_view status = task["status"].text();
  const auto* found =
      std::ranges::find_if(kEvents, [&](const EventRow& row) { return !row.task.empty() && row.task == status; });
  return found == kEvents.end() ? std::string_view{} : found->event;
}

Result<void> apply_prescription(const World& world, Passage& passage) {
  const EventRow* row = row_of(passage.envelope.event);
  if (row == nullptr) return {};
  const auto known = find_case(world, passage.envelope.correlation);
  if (!known) return std::unexpected(known.error());
  if (row->act == RxAct::issue) return apply_issue(world, passage, *known);
  if (*known) return apply_news(world, passage, **known, row->act);
  return fhir::fail(Fault::needs_person, "rx.unknown", "MessageHeader.extension",
                    "no prescription with this number is known here");
}

}  // namespace gateway::exchange
