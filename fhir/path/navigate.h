// From an element to its members, by R4's definitions: choice elements (`value` finds valueQuantity), the twins of
// primitives, backbone elements, resources inside resources. A document that R4 does not know is walked by its JSON.
#pragma once
#include <string_view>

#include "fhir/path/program.h"
#include "fhir/path/value.h"

namespace fhir::path {

/// The value of a document's element. `type` may be nullptr (a resource is known by its resourceType).
Value element(JsonView node, JsonView twin, const Shape* type, const Place* place);
/// A document's root, or any view into one whose place is not known.
/// Spared a look-up when its type is the expected one.
Value root_element(Arena& arena, JsonView node, const Expected& expected = Expected());

/// The members of that name, in order; nothing when there are none.
void append_members(Arena& arena, const Value& from, const Name& name, Values& out);
/// All immediate members, in document order.
void append_children(Arena& arena, const Value& from, Values& out);

/// True when the value is of the type or of one derived from it.
bool is_of(const Value& value, const TypeSpecifier& type);
/// A FHIR Quantity, Age, Duration, ... as the System quantity it stands for; any other value as it is.
Value system_value(const Value& value);

}  // namespace fhir::path
