// The envelope of a Bundle: what holds between its entries. R4 bundle.html, messaging.html.
#pragma once
#include "fhir/json.h"
#include "fhir/validate/findings.h"

namespace fhir::validate {

/// Every Bundle: fullUrls absolute, without version, unique (but in a history), in keeping with the resource's own id.
/// A message: a MessageHeader first, and only there. (Thoroughly, a fullUrl of a message that is not in keeping is a
/// warning, as the reference validator and R4's own examples have it; what we exchange must be in keeping.) The path of
/// `findings` is the Bundle's.
void check_bundle(JsonView bundle, bool thorough, Findings& findings);

}  // namespace fhir::validate
