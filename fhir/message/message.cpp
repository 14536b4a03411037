#include "fhir/message/message.h"

#include <algorithm>
#include <array>
#include <optional>

#include "fhir/primitives.h"

namespace fhir::message {
namespace {

constexpr std::string_view kUuidUrn = "urn:uuid:";

std::string_view string_of(JsonView value) { return value.is_string() ? value.text() : std::string_view{}; }
std::string copy_of(JsonView value) { return std::string(string_of(value)); }

std::unexpected<Error> refuse(std::string code, std::string where, std::string say) {
  return fail(Fault::invalid, std::move(code), std::move(where), std::move(say));
}

Result<JsonView> find_header(JsonView bundle) {
  if (string_of(bundle["resourceType"]) != "Bundle") {
    return refuse("message.no-bundle", "Bundle", "a message is a Bundle");
  }
  if (string_of(bundle["type"]) != "message") {
    return refuse("message.type", "Bundle.type", "a message Bundle has the type 'message'");
  }
  const JsonView header = bundle["entry"].at(0)["resource"];
  if (string_of(header["resourceType"]) != "MessageHeader") {
    return refuse("message.no-header", "Bundle.entry[0].resource", "the first entry of a message is its MessageHeader");
  }
  return header;
}

Result<std::string> find_header_id(JsonView entry) {
  const std::string_view id = string_of(entry["resource"]["id"]);
  const std::string_view url = string_of(entry["fullUrl"]);
  if (is_id(id)) return std::string(id);
  if (id.empty() && url.starts_with(kUuidUrn) && is_uuid(url.substr(kUuidUrn.size()))) {
    return std::string(url.substr(kUuidUrn.size()));
  }
  return refuse("message.no-id", "Bundle.entry[0].resource.id",
                "a message needs a MessageHeader.id, or a uuid as fullUrl");
}

// Ours if one of the identifiers is of our system, else the first that has a value.
std::string organization_id(JsonView identifiers) {
  std::string_view id;
  for (const JsonView identifier : identifiers) {
    const std::string_view value = string_of(identifier["value"]);
    if (string_of(identifier["system"]) == kOrganizationSystem) return std::string(value);
    if (id.empty()) id = value;
  }
  return std::string(id);
}

// Through a PractitionerRole to the organisation it works for; a chain longer than that is not followed.
std::string organization_behind(JsonView bundle, JsonView reference) {
  if (const std::string_view value = string_of(reference["identifier"]["value"]); !value.empty()) {
    return std::string(value);
  }
  JsonView target = resolve(bundle, string_of(reference["reference"]));
  if (string_of(target["resourceType"]) == "PractitionerRole") {
    const JsonView employer = target["organization"];
    if (!string_of(employer["identifier"]["value"]).empty()) return copy_of(employer["identifier"]["value"]);
    target = resolve(bundle, string_of(employer["reference"]));
  }
  return organization_id(target["identifier"]);
}

std::string find_case(JsonView header) {
  for (const JsonView extension : header["extension"]) {
    if (string_of(extension["url"]) != kCaseExtension) continue;
    const std::string_view text = string_of(extension["valueString"]);
    return text.empty() ? copy_of(extension["valueIdentifier"]["value"]) : std::string(text);
  }
  return {};
}

void add_identifier(std::vector<std::string>& ids, JsonView identifier) {
  const std::string_view value = string_of(identifier["value"]);
  if (!value.empty() && std::ranges::find(ids, value) == ids.end()) ids.emplace_back(value);
}

// Composition and QuestionnaireResponse have one identifier, all others a list.
void add_identifiers(std::vector<std::string>& ids, JsonView resource) {
  const JsonView identifier = resource["identifier"];
  if (identifier.is_object())
    add_identifier(ids, identifier);
  else
    for (const JsonView one : identifier) add_identifier(ids, one);
}

std::vector<std::string> find_business_ids(JsonView bundle, JsonView header) {
  static constexpr std::array<std::string_view, 4> kTypes = {"DiagnosticReport", "ServiceRequest", "Task",
                                                             "Composition"};
  std::vector<std::string> ids;
  add_identifier(ids, bundle["identifier"]);
  for (const JsonView focus : header["focus"]) {
    const JsonView target = resolve(bundle, string_of(focus["reference"]));
    // A patient's number is no business id: it would put a person's identifier into the list that `trace` searches.
    if (string_of(target["resourceType"]) != "Patient") add_identifiers(ids, target);
  }
  for (const std::string_view type : kTypes) {
    for (const JsonView resource : all(bundle, type)) add_identifiers(ids, resource);
  }
  return ids;
}

struct Local {
  std::string_view type, id;
};

// "Observation/7", "http://host/fhir/Observation/7/_history/2" -> {Observation, 7}
std::optional<Local> split_reference(std::string_view reference) {
  reference = reference.substr(0, reference.find("/_history/"));
  const auto slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash == 0) return {};
  std::string_view type = reference.substr(0, slash);
  if (const auto before = type.rfind('/'); before != std::string_view::npos) type.remove_prefix(before + 1);
  return Local{type, reference.substr(slash + 1)};
}

JsonTree organization_reference(std::string_view id) {
  return JsonTree::object({{"identifier", JsonTree::object({{"system", kOrganizationSystem}, {"value", id}})}});
}

JsonTree entry(std::string_view id, JsonTree resource) {
  return JsonTree::object({{"fullUrl", std::string(kUuidUrn) + std::string(id)}, {"resource", std::move(resource)}});
}

JsonTree response(const Envelope& request, AckCode code, std::string_view outcome_id) {
  JsonTree tree = JsonTree::object({{"identifier", request.header_id}, {"code", to_string(code)}});
  if (code != AckCode::ok) {
    tree["details"] = JsonTree::object({{"reference", std::string(kUuidUrn) + std::string(outcome_id)}});
  }
  return tree;
}

JsonTree ack_destination(const Envelope& request) {
  JsonTree destination = JsonTree::object({{"endpoint", request.source_endpoint}});
  if (!request.sender.empty()) destination.set("receiver", organization_reference(request.sender));
  return destination;
}

std::string own_endpoint(const Envelope& request, std::string_view own_organization) {
  if (!request.destination_endpoint.empty()) return request.destination_endpoint;
  return std::string(kOrganizationSystem) + "/" + std::string(own_organization);
}

JsonTree ack_header(const Envelope& request, std::string_view own_organization, std::string_view id) {
  JsonTree header = JsonTree::object({{"resourceType", "MessageHeader"}, {"id", id}});
  if (!request.correlation.empty()) {
    header["extension"].push(JsonTree::object({{"url", kCaseExtension}, {"valueString", request.correlation}}));
  }
  header.set("eventCoding", JsonTree::object({{"system", kEventSystem}, {"code", kAckEvent}}));
  if (!request.source_endpoint.empty()) header["destination"].push(ack_destination(request));
  header.set("sender", organization_reference(own_organization));
  header.set("source", JsonTree::object({{"endpoint", own_endpoint(request, own_organization)}}));
  return header;
}

}  // namespace

Result<Envelope> read_envelope(JsonView bundle) {
  auto header = find_header(bundle);
  if (!header) return pass(header);
  auto id = find_header_id(bundle["entry"].at(0));
  if (!id) return pass(id);

  const JsonView event = (*header)["eventCoding"]["code"];
  if (string_of(event).empty()) {
    return refuse("message.no-event", "MessageHeader.eventCoding.code", "a message names its event by a code");
  }
  const JsonView destination = (*header)["destination"].at(0);
  Envelope envelope;
  envelope.bundle_id = copy_of(bundle["id"]);
  envelope.header_id = std::move(*id);
  envelope.event = copy_of(event);
  envelope.sender = organization_behind(bundle, (*header)["sender"]);
  envelope.source_endpoint = copy_of((*header)["source"]["endpoint"]);
  envelope.source_name = copy_of((*header)["source"]["name"]);
  envelope.destination_endpoint = copy_of(destination["endpoint"]);
  envelope.receiver = organization_behind(bundle, destination["receiver"]);
  envelope.focus = copy_of((*header)["focus"].at(0)["reference"]);
  envelope.response_to = copy_of((*header)["response"]["identifier"]);
  envelope.response_code = copy_of((*header)["response"]["code"]);
  envelope.correlation = find_case(*header);
  envelope.business_ids = find_business_ids(bundle, *header);
  return envelope;
}

JsonView resolve(JsonView bundle, std::string_view reference) {
  if (reference.empty() || reference.starts_with('#')) return {};
  for (const JsonView entry : bundle["entry"]) {
    if (string_of(entry["fullUrl"]) == reference) return entry["resource"];
  }
  const auto local = split_reference(reference);
  if (!local) return {};
  for (const JsonView entry : bundle["entry"]) {
    const JsonView resource = entry["resource"];
    if (string_of(resource["resourceType"]) == local->type && string_of(resource["id"]) == local->id) return resource;
  }
  return {};
}

JsonView first(JsonView bundle, std::string_view type) {
  for (const JsonView entry : bundle["entry"]) {
    if (string_of(entry["resource"]["resourceType"]) == type) return entry["resource"];
  }
  return {};
}

std::vector<JsonView> all(JsonView bundle, std::string_view type) {
  std::vector<JsonView> found;
  for (const JsonView entry : bundle["entry"]) {
    if (string_of(entry["resource"]["resourceType"]) == type) found.push_back(entry["resource"]);
  }
  return found;
}

std::string_view to_string(AckCode code) {
  switch (code) {
    case AckCode::ok: return "ok";
    case AckCode::transient_error: return "transient-error";
    case AckCode::fatal_error: return "fatal-error";
  }
  return "fatal-error";
}

JsonTree make_ack(const Envelope& request, AckCode code, const Issues& issues, std::string_view own_organization,
                  std::string_view id, std::string_view now) {
  const std::string header_id = uuid5(id, "MessageHeader"), outcome_id = uuid5(id, "OperationOutcome");
  JsonTree header = ack_header(request, own_organization, header_id);
  header.set("response", response(request, code, outcome_id));

  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"id", id}, {"type", "message"}, {"timestamp", now}});
  bundle["entry"].push(entry(header_id, std::move(header)));
  if (code == AckCode::ok) return bundle;
  JsonTree outcome = to_outcome(issues);
  outcome.set("id", outcome_id);
  bundle["entry"].push(entry(outcome_id, std::move(outcome)));
  return bundle;
}

bool answers(const Envelope& ack, std::string_view header_id, std::string_view bundle_id) {
  if (ack.response_to.empty()) return false;
  return ack.response_to == header_id || ack.response_to == bundle_id;
}

}  // namespace fhir::message
