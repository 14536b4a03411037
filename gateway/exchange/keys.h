// What a message can be found by at a site: the identifiers of its patient (of every system, and the pseudonyms given
// to recipients), its report, referral, prescription and accession numbers, the id its sender gave it, its Bundle.id.
#pragma once
#include <vector>

#include "gateway/exchange/passage.h"

namespace gateway::exchange {

/// As far as the passage has come: a message that is held early has few. Each key once; at most 1,000, none longer than
/// 256 bytes.
std::vector<store::Key> keys_of(const Passage& passage);

/// What the Bundle itself says, without the passage: for a stored message that is shown.
std::vector<store::Key> keys_of(fhir::JsonView bundle);

/// "patient", "report" ...: the name of a kind on the command line, without its dashes.
std::string_view to_string(store::KeyKind kind);
/// Nothing for an unknown name; `msh10` is another name for `message`.
std::optional<store::KeyKind> key_kind_named(std::string_view name);

}  // namespace gateway::exchange
