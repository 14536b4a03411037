// FHIR messages (R4 messaging.html; contract.md §2.1): reading the envelope, acknowledgements, and the identities that
// de-duplication rests on.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/outcome.h"
#include "fhir/result.h"

namespace fhir::message {

/// Events of this network; eventCoding.system is kEventSystem.
inline constexpr std::string_view kEventSystem = "https://causeway.example/CodeSystem/message-event";

struct Envelope {
  std::string bundle_id;         // transmission id; may be empty
  std::string header_id;         // MessageHeader.id, or the uuid of its fullUrl
  std::string event;             // eventCoding.code
  std::string sender;            // organisation id: MessageHeader.sender -> Organization.identifier, or sender.identifier
  std::string source_endpoint, source_name;
  std::string destination_endpoint, receiver;
  std::string focus;             // reference of focus[0]
  std::string response_to, response_code;  // acknowledgements
  std::string correlation;       // identifier of the case: MessageHeader's extension, see kCaseExtension; may be empty
  std::vector<std::string> business_ids;   // values of the identifiers of the focus and of report, request, task
};

inline constexpr std::string_view kCaseExtension = "https://causeway.example/StructureDefinition/case";
/// Organisation ids are carried as identifiers of this system.
inline constexpr std::string_view kOrganizationSystem = "https://causeway.example/sid/organization";

Result<Envelope> read_envelope(JsonView bundle);

/// The entry's resource a reference leads to (fullUrl or Type/id), or absent.
JsonView resolve(JsonView bundle, std::string_view reference);
/// First resource of that type, or absent.
JsonView first(JsonView bundle, std::string_view type);
std::vector<JsonView> all(JsonView bundle, std::string_view type);

enum class AckCode : std::uint8_t { ok, transient_error, fatal_error };

/// The answer to `request`: MessageHeader with response, and an OperationOutcome unless ok. `id` is a fresh uuid.
JsonTree make_ack(const Envelope& request, AckCode code, const Issues& issues, std::string_view own_organization,
                  std::string_view id, std::string_view now);

/// SHA-256 in hex over the Bundle without Bundle.id, timestamp and any meta: equal for equal content.
std::string content_hash(JsonView bundle);
/// SHA-256 in hex.
std::string sha256(std::string_view bytes);
/// RFC 9562 version 5 over `space` (a uuid) and `name`: the same name always gives the same id.
std::string uuid5(std::string_view space, std::string_view name);
bool is_uuid(std::string_view text);

}  // namespace fhir::message
