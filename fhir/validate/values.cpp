// Datatypes whose parts must fit together: Attachment, Coding, Identifier, Quantity. R4 datatypes.html.
#include <algorithm>
#include <string>

#include "fhir/decimal.h"
#include "fhir/definitions/terminology.h"
#include "fhir/primitives.h"
#include "fhir/validate/codes.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

constexpr std::string_view kValueSets = "http://hl7.org/fhir/ValueSet/";
constexpr std::string_view kUcum = "http://unitsofmeasure.org";
constexpr std::string_view kUriIdentifiers = "urn:ietf:rfc:3986";

void check_system(JsonView system, const Context& context) {
  const Findings::Step step(context.findings, "system");
  if (!is_absolute_uri(system.text())) return context.findings.add("coding-system", system);
  if (system.text().starts_with(kValueSets)) return context.findings.add("coding-value-set", system);
  const JsonView code_system = context.library.find("CodeSystem", system.text());
  if (is_supplement(code_system)) return context.findings.add("coding-supplement", system);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// In another letter case it is the same; other languages and synonyms are not known here, so it only advises.
void check_display(JsonView coding, std::string_view system, std::string_view code, const Context& context) {
  const JsonView display = coding["display"];
  if (!display.is_string()) return;
  const JsonView own = find_concept(context.library.find("CodeSystem", system), code);
  const std::string_view known = own["display"] ? own["display"].text() : fhir::display_of(system, code);
  if (known.empty() || std::ranges::equal(known, display.text(), {}, lower, lower)) return;
  context.findings.add("coding-display", display);
}

/// An OID that only lacks its "urn:oid:" can be understood.
bool is_bare_oid(std::string_view text) { return is_urn_oid("urn:oid:" + std::string(text)); }

}  // namespace

void check_attachment(JsonView attachment, const Context& context) {
  const JsonView data = attachment["data"], size = attachment["size"];
  if (!data.is_string() || !size) return;
  const auto bytes = base64_decode(data.text());
  const auto stated = Decimal::parse(size.text());
  if (!bytes || !stated || *stated == Decimal(static_cast<std::int64_t>(bytes->size()))) return;
  const Findings::Step step(context.findings, "size");
  context.findings.add("attachment-size", size);
}

void check_coding(JsonView coding, const Context& context) {
  const JsonView system = coding["system"], code = coding["code"];
  if (system.is_string()) check_system(system, context);
  if (!code.is_string()) return;
  const Findings::Step step(context.findings, "code");
  if (!system) return context.findings.add("coding-no-system", code);
  if (has_code(context.library, context.scope.container, system.text(), code.text()) == false)
    return context.findings.add("coding-unknown", code);
  check_display(coding, system.text(), code.text(), context);
}

void check_identifier(JsonView identifier, const Context& context) {
  const JsonView system = identifier["system"], value = identifier["value"];
  if (system.is_string() && !is_absolute_uri(system.text())) {
    const Findings::Step step(context.findings, "system");
    context.findings.add("identifier-system", system);
  }
  const bool placeholder =
      context.resource["resourceType"].text() == "StructureDefinition";  // ElementDefinition.example
  if (system.text() == kUriIdentifiers && !placeholder && value.is_string() && !is_absolute_uri(value.text())) {
    const Findings::Step step(context.findings, "value");
    context.findings.add(is_bare_oid(value.text()) ? Severity::warning : Severity::error, "identifier-uri", value);
  }
}

void check_quantity(JsonView quantity, const Context& context) {
  const JsonView system = quantity["system"], code = quantity["code"];
  if (!system.is_string()) return;
  if (!is_absolute_uri(system.text())) {
    const Findings::Step step(context.findings, "system");
    return context.findings.add("quantity-system", system);
  }
  if (!code.is_string() || has_code(context.library, context.scope.container, system.text(), code.text()) != false)
    return;
  const Findings::Step step(context.findings, "code");
  if (system.text() == kUcum) return context.findings.add("unit-unknown", code);
  context.findings.add(Severity::warning, "coding-unknown", code);
}

}  // namespace fhir::validate
