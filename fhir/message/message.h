// FHIR messages (R4 messaging.html; contract.md §2.1): reading the envelope, acknowledgements, and the identities that
// de-duplication rests on. Pure functions, safe from any thread; a returned view lives as long as the Json it came
// from.
//
// Tolerances towards other implementations: a MessageHeader without id takes the uuid of its fullUrl (NHS BaRS), and an
// acknowledgement may quote the request's MessageHeader.id (R4, MedCom) or its Bundle.id (BaRS): see answers().
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
/// The event of every acknowledgement.
inline constexpr std::string_view kAckEvent = "acknowledgement-message";

struct Envelope {
  std::string bundle_id;  // transmission id; may be empty
  std::string header_id;  // MessageHeader.id, or the uuid of its fullUrl
  std::string event;      // eventCoding.code
  std::string sender;     // organisation id: MessageHeader.sender -> Organization.identifier, or sender.identifier
  std::string source_endpoint, source_name;
  std::string destination_endpoint, receiver;
  std::string focus;                       // reference of focus[0]
  std::string response_to, response_code;  // acknowledgements
  std::string correlation;  // identifier of the case: MessageHeader's extension, see kCaseExtension; may be empty
  std::vector<std::string> business_ids;  // values of the identifiers of the focus and of report, request, task
};

/// On MessageHeader; valueString or valueIdentifier.
inline constexpr std::string_view kCaseExtension = "https://causeway.example/StructureDefinition/case";
/// Organisation ids are carried as identifiers of this system.
inline constexpr std::string_view kOrganizationSystem = "https://causeway.example/sid/organization";

/// Fails as `invalid` when this is no message Bundle, or lacks event or id. `sender` may stay empty: whether that is
/// good enough is for the caller, who knows whose certificate it was.
Result<Envelope> read_envelope(JsonView bundle);

/// The entry's resource a reference leads to (fullUrl, Type/id, also with a base or /_history), or absent.
JsonView resolve(JsonView bundle, std::string_view reference);
/// First resource of that type, or absent.
JsonView first(JsonView bundle, std::string_view type);
std::vector<JsonView> all(JsonView bundle, std::string_view type);

enum class AckCode : std::uint8_t { ok, transient_error, fatal_error };
std::string_view to_string(AckCode code);

/// The answer to `request`: MessageHeader with response, and an OperationOutcome unless ok. `id` is a fresh uuid.
JsonTree make_ack(const Envelope& request, AckCode code, const Issues& issues, std::string_view own_organization,
                  std::string_view id, std::string_view now);
/// Does the acknowledgement `ack` speak of the message with these ids?
bool answers(const Envelope& ack, std::string_view header_id, std::string_view bundle_id);

/// SHA-256 in hex over the Bundle without Bundle.id, Bundle.timestamp and any meta: equal for equal content, whatever
/// the order of members; numbers count with their digits.
std::string content_hash(JsonView bundle);
/// SHA-256 in hex.
std::string sha256(std::string_view bytes);
/// RFC 9562 version 5 over `space` (a uuid) and `name`: the same name always gives the same id.
std::string uuid5(std::string_view space, std::string_view name);
/// 8-4-4-4-12 hexadecimal digits, either case.
bool is_uuid(std::string_view text);

}  // namespace fhir::message
