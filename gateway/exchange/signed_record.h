// Signatures in the envelopes of vendor JSON (config::Signature; docs/SIGNATURES.md says what partners are told).
// Signed is the text of all members of the envelope but the signature itself, sorted by name (bytes of UTF-8) and
// written name=value, with & between: a string as it is, everything else as compact JSON in the order it came in; null
// and "" are left out. Pure but for the key; thread-safe.
#pragma once
#include <string>

#include "fhir/json.h"
#include "gateway/config/config.h"
#include "gateway/exchange/ports.h"

namespace gateway::exchange {

std::string signed_text(fhir::JsonView envelope, std::string_view signature_field);

/// When a record came, by whose clock: `late` is a record that a person lets in, whose time has been looked at before.
struct SignedAt {
  Millis now;
  std::string_view zone;  // of times that say none
  bool late = false;
};

/// Is the record signed by whom the door expects, unaltered, now? `forbidden`: signature.missing, signature.wrong,
/// signature.no-time, signature.time; `broken`: signature.key (the key was not loaded).
fhir::Result<void> check_signature(const config::Signature& rule, fhir::JsonView envelope, const SignedAt& at);

/// The record with the time of signing and the signature. Errors: json.* (it is no JSON), signature.shape (no object),
/// signature.key, signature.failed.
fhir::Result<std::string> sign_record(const config::Signature& rule, std::string record, const SignedAt& at);

}  // namespace gateway::exchange
