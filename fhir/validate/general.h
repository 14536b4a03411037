// What holds of every element and of every resource: R4's invariants ele-1 and dom-2 to dom-5, coded here because they
// stand at each of them and cost most as FHIRPath; and rules of all resources with a canonical URL.
// element.html, domainresource.html, references.html#canonical.
#pragma once
#include "fhir/validate/facts.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

/// Of the element at context.spot.
void check_general(const TypeFacts& facts, const Context& context);

/// A definition that others name by its URL: what R5 calls a CanonicalResource.
bool has_canonical_url(const TypeDefinition& type);

}  // namespace fhir::validate
