// The keys of `service:` and `signature:`, at a door and of a system. One row a key.
#include <algorithm>

#include "gateway/config/special_kinds.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

/// What an element may be called, without a prefix.
Parsed<std::string> parse_element(std::string_view text) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c < 0; };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '.'; };
  if (!text.empty() && is_letter(text[0]) && std::ranges::all_of(text, fits)) return std::string(text);
  return std::unexpected(
      Complaint{"is no name of an XML element", "letters, digits, _ - and ., without a prefix", false});
}

Key<WebService> service_name() {
  return {"method", kind::parsed("name of an element", &WebService::method, parse_element), kRequired,
          "The one method, as HIPMessageServer.", "0.5"};
}

Key<WebService> service_space() {
  return {"namespace", kind::text(&WebService::space, "address or urn"), kRequired,
          "The namespace of the method, as the platform has it in its WSDL.", "0.5"};
}

Key<WebService> service_payload() {
  return {"payload", kind::parsed("name of an element", &WebService::payload, parse_element), otherwise("message"),
          "The parameter that holds the record: XML (escaped, in CDATA, or as elements), JSON or ER7.", "0.5"};
}

Key<WebService> service_result() {
  return {"result", kind::parsed("name of an element", &WebService::result, parse_element), kOptional,
          "The element of the answer that holds what is told. Without it: METHODResult.", "0.5"};
}

Key<Signature> signature_kind() {
  using trust::SignatureKind;
  return {"kind",
          kind::one_of<Signature, SignatureKind>(&Signature::kind, {{"sm2", SignatureKind::sm2_sm3},
                                                                    {"hmac-sm3", SignatureKind::hmac_sm3},
                                                                    {"hmac-sha256", SignatureKind::hmac_sha256}}),
          kRequired, "SM2 with SM3 (GB/T 32918.2, in DER), or a keyed hash over SM3 or SHA-256.", "0.5"};
}

Key<Signature> signature_id() {
  return {"id", kind::text(&Signature::id), otherwise("1234567812345678"),
          "SM2: the signer's identifier, which goes into what is signed. Both sides use the usual one unless they "
          "agreed on another.",
          "0.5"};
}

Key<Signature> signature_field() {
  return {"field", kind::text(&Signature::field, "name of a member"), otherwise("sign"),
          "The member of the envelope that holds the signature. Signed are all others, in the order of their names.",
          "0.5"};
}

Key<Signature> signature_prefix() {
  return {"prefix", kind::text(&Signature::prefix), kOptional, "What stands before the signature, as `SM2:`.", "0.5"};
}

Key<Signature> signature_form() {
  return {"form", kind::one_of<Signature, bool>(&Signature::hex, {{"base64", false}, {"hex", true}}),
          otherwise("base64"), "How the signature is written.", "0.5"};
}

}  // namespace

const Section<WebService>& offered_service_table() {
  static const Section<WebService> table{
      "doors[].service",
      "The door is a WebService (SOAP 1.1 and 1.2) with one method, as integration platforms call it; its WSDL is at "
      "?wsdl of the same address. The record in its parameter is of the door's format: hl7v2, json or xml.",
      {service_name(),
       service_space(),
       service_payload(),
       {"action", kind::parsed("name of an element", &WebService::action, parse_element), kOptional,
        "The parameter that says what kind of record it is; maps compare it with what they accept. Without it the "
        "record says it itself (`message_kind`, MSH-9).",
        "0.5"},
       service_result(),
       {"answer", kind::text(&WebService::answer, "text with {code}, {desc}, {id}, {reference}"), kOptional,
        "What the platform is told. A text that begins with < is XML, one with { JSON, and what is put in is escaped "
        "for that. Without it: {\"code\",\"msg\",\"msgId\"} for json, <Response> with the same for xml, an ACK for "
        "hl7v2.",
        "0.5"},
       {"success", kind::text(&WebService::success), otherwise("0"), "What {code} is when a record was accepted.",
        "0.5"}}};
  return table;
}

const Section<WebService>& called_service_table() {
  static const Section<WebService> table{
      "systems[].service",
      "The system is a WebService (SOAP) with one method: records are sent to it as a parameter. Posts never follow a "
      "redirect, and its WSDL is not read.",
      {service_name(),
       service_space(),
       service_payload(),
       {"action", kind::parsed("name of an element", &WebService::action, parse_element), kOptional,
        "A parameter before it that says what kind of record it is.", "0.5"},
       {"say", kind::text(&WebService::say, "text with {event}"), kOptional,
        "What the action parameter says. {event} is the event of the network (docs/EXCHANGE.md), and alone what it "
        "says "
        "without this.",
        "0.5"},
       service_result(),
       {"soap", kind::one_of<WebService, bool>(&WebService::newer, {{"1.1", false}, {"1.2", true}}), otherwise("1.1"),
        "Version of the envelope.", "0.5"},
       {"soap_action", kind::text(&WebService::soap_action), kOptional,
        "The SOAPAction header of 1.1. Without it: namespace/method.", "0.5"},
       {"qualified", kind::flag(&WebService::qualified), otherwise("true"),
        "The parameters stand in the namespace, too (elementFormDefault of its WSDL).", "0.5"},
       {"code", kind::text(&WebService::code, "path"), kOptional,
        "Where the code stands in what it answers: a dotted path in JSON, a path as in a map in XML. Without it any "
        "answer is success. Not for format hl7v2: its acknowledgement says it.",
        "0.5"},
       {"accepted", kind::several("code, or a list of them", &WebService::accepted, parse_text), otherwise("[0]"),
        "Codes that mean success.", "0.5"},
       {"again", kind::several("code, or a list of them", &WebService::again, parse_text), kOptional,
        "Codes that mean `not now`: the record is sent again. Every other one is a refusal of the content.", "0.5"}}};
  return table;
}

const Section<Signature>& expected_signature_table() {
  static const Section<Signature> table{
      "doors[].signature",
      "Every record at this door is signed by its sender; one that is not, or was altered, or is old, is refused (403) "
      "and listed as refused. See docs/SIGNATURES.md.",
      {signature_kind(),
       {"key", kind::credential(&Signature::file, false), kRequired,
        "SM2: the sender's public key or certificate. HMAC: the common secret; chmod 600.", "0.5"},
       signature_id(),
       signature_field(),
       {"time", kind::text(&Signature::time, "name of a member"), otherwise("timestamp"),
        "The member that says when it was signed: local time, a time with its zone, or Unix time in seconds or "
        "milliseconds.",
        "0.5"},
       {"skew", kind::duration(&Signature::skew, "1s", "24h"), otherwise("5m"),
        "How far that time may be from ours. A record that is sent again within `dedup_window` changes nothing, so "
        "older ones need no other guard.",
        "0.5"},
       signature_prefix(),
       signature_form()}};
  return table;
}

const Section<Signature>& given_signature_table() {
  static const Section<Signature> table{
      "systems[].signature",
      "Every record for this system is signed when it is sent. See docs/SIGNATURES.md.",
      {signature_kind(),
       {"key", kind::credential(&Signature::file, true), kRequired,
        "SM2: our private key in PEM, without a passphrase. HMAC: the common secret. chmod 600.", "0.5"},
       signature_id(),
       signature_field(),
       {"time", kind::text(&Signature::time, "name of a member"), otherwise("timestamp"),
        "The member that is set to the local time of signing.", "0.5"},
       signature_prefix(),
       signature_form()}};
  return table;
}

}  // namespace gateway::config
