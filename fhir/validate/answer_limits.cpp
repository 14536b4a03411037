// What the extensions of R4 and of SDC (Structured Data Capture) on a question say of its answers: the least and most
// value, length, digits, pattern; type and size of attachments; units; what a reference may lead to.
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/path/pattern.h"
#include "fhir/path/units.h"
#include "fhir/primitives.h"
#include "fhir/validate/answers.h"
#include "fhir/validate/codes.h"

namespace fhir::validate {
namespace {

constexpr std::string_view kCore = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kSdc = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-";

struct Asked {
  JsonView item;
  const Choice& answer;
  JsonView questionnaire;
  const Context& context;

  Choice core(std::string_view name) const { return extension_of(item, std::string(kCore) + std::string(name)); }
  Choice sdc(std::string_view name) const { return extension_of(item, std::string(kSdc) + std::string(name)); }
  Findings& findings() const { return context.findings; }
};

std::optional<std::int64_t> whole(JsonView number) {
  const auto value = Decimal::parse(number.text());
  return value ? value->to_integer() : std::nullopt;
}

/// Code points.
std::int64_t length_of(std::string_view text) {
  return std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
}

// ---------------------------------------------------------------------------------------------------------- ranges

std::partial_ordering compare(const Choice& answer, const Choice& limit) {
  const std::string_view a = answer.value.text(), b = limit.value.text();
  if (answer.type == "Integer" || answer.type == "Decimal") {
    const auto x = Decimal::parse(a), y = Decimal::parse(b);
    return x && y ? std::partial_ordering(*x <=> *y) : std::partial_ordering::unordered;
  }
  if (answer.type == "Time") {
    const auto x = Time::parse(a), y = Time::parse(b);
    return x && y ? x->compare(*y) : std::partial_ordering::unordered;
  }
  const auto x = DateTime::parse(a), y = DateTime::parse(b);
  return x && y ? x->compare(*y) : std::partial_ordering::unordered;
}

void check_range(const Asked& asked) {
  constexpr std::array<std::string_view, 5> kOrdered = {"Date", "DateTime", "Decimal", "Integer", "Time"};
  if (std::ranges::find(kOrdered, asked.answer.type) == kOrdered.end()) return;
  if (const Choice least = asked.core("minValue"); !least.type.empty() && compare(asked.answer, least) < 0)
    asked.findings().add("answer-less", asked.answer.value, {least.value.text()});
  if (const Choice most = asked.core("maxValue"); !most.type.empty() && compare(asked.answer, most) > 0)
    asked.findings().add("answer-more", asked.answer.value, {most.value.text()});
}

/// Quantities are compared by their coded units only.
void check_quantity_limit(const Asked& asked, const Choice& limit, bool least) {
  if (limit.type != "Quantity") return;
  const JsonView answer = asked.answer.value, bound = limit.value;
  if (!answer["value"] || !bound["value"]) return;
  const bool coded = answer["system"] && answer["code"] && bound["system"] && bound["code"];
  if (!coded || answer["system"].text() != bound["system"].text())
    return asked.findings().add("answer-unit-unknown", answer);
  const auto x = Decimal::parse(answer["value"].text()), y = Decimal::parse(bound["value"].text());
  if (!x || !y) return;
  const auto both = answer["code"].text() == bound["code"].text()
                        ? std::optional(std::pair(*x, *y))
                        : path::in_one_unit({*x, answer["code"].text()}, {*y, bound["code"].text()}, false);
  if (!both) return asked.findings().add("answer-unit-other", answer);
  const std::string_view value = bound["value"].text();
  if (least && both->first < both->second) asked.findings().add("answer-less", answer, {value});
  if (!least && both->first > both->second) asked.findings().add("answer-more", answer, {value});
}

bool has_unit_option(JsonView item, JsonView quantity, bool& offered) {
  bool found = false;
  for (const JsonView extension : item["extension"]) {
    if (extension["url"].text() != std::string(kCore) + "questionnaire-unitOption") continue;
    offered = true;
    const JsonView unit = extension["valueCoding"];
    found = found || (unit["code"].text() == quantity["code"].text() &&
                      (!unit["system"] || unit["system"].text() == quantity["system"].text()));
  }
  return found;
}

void check_units(const Asked& asked) {
  if (asked.answer.type != "Quantity") return;
  check_quantity_limit(asked, asked.sdc("minQuantity"), true);
  check_quantity_limit(asked, asked.sdc("maxQuantity"), false);
  bool offered = false;
  const bool found = has_unit_option(asked.item, asked.answer.value, offered);
  if (offered && !found) asked.findings().add("answer-unit", asked.answer.value);
  const Choice set = asked.core("questionnaire-unitValueSet");
  if (set.type.empty()) return;
  const auto in = in_value_set(asked.context.library, asked.questionnaire, set.value.text(),
                               asked.answer.value["code"].text(), asked.answer.value["system"].text());
  if (in == false) asked.findings().add("answer-unit", asked.answer.value);
}

// ----------------------------------------------------------------------------------------------------------- texts

void check_text(const Asked& asked) {
  if (asked.answer.type != "String" && asked.answer.type != "Uri") return;
  const std::int64_t length = length_of(asked.answer.value.text());
  const auto most = whole(asked.item["maxLength"]), least = whole(asked.core("minLength").value);
  if (most && length > *most) asked.findings().add("answer-long", asked.answer.value, {std::to_string(*most)});
  if (least && length < *least) asked.findings().add("answer-short", asked.answer.value, {std::to_string(*least)});
}

void check_pattern(const Asked& asked) {
  const Choice regex = asked.core("regex");
  if (regex.type.empty() || asked.answer.value.is_object()) return;
  const auto pattern = path::Pattern::compile(regex.value.text(), "");
  if (pattern && !(*pattern)->matches_whole(asked.answer.value.text()))
    asked.findings().add("answer-pattern", asked.answer.value);
}

void check_digits(const Asked& asked) {
  const auto most = whole(asked.core("maxDecimalPlaces").value);
  if (!most || asked.answer.type != "Decimal") return;
  const auto value = Decimal::parse(asked.answer.value.text());
  if (value && value->scale() > *most)
    asked.findings().add("answer-digits", asked.answer.value, {std::to_string(*most)});
}

// ----------------------------------------------------------------------------------------- attachments, references

void check_mime_type(const Asked& asked) {
  bool limited = false, found = false;
  for (const JsonView extension : asked.item["extension"]) {
    if (extension["url"].text() != std::string(kCore) + "mimeType") continue;
    limited = true;
    found = found || extension["valueCode"].text() == asked.answer.value["contentType"].text();
  }
  if (limited && !found) asked.findings().add("answer-mime", asked.answer.value);
}

/// The limit is in megabytes by its definition, and in bytes by those who use it.
void check_size(const Asked& asked) {
  const auto most = Decimal::parse(asked.core("maxSize").value.text());
  if (!most) return;
  const auto data = base64_decode(asked.answer.value["data"].text());
  const auto stated = whole(asked.answer.value["size"]);
  const std::int64_t size =
      data && asked.answer.value["data"] ? static_cast<std::int64_t>(data->size()) : stated.value_or(0);
  if (Decimal(size) > *most) asked.findings().add("answer-size", asked.answer.value, {most->text()});
}

void check_target(const Asked& asked) {
  const auto reference = parse_reference(asked.answer.value["reference"].text());
  if (!reference || reference->type.empty()) return;
  bool limited = false, found = false;
  for (const JsonView extension : asked.item["extension"]) {
    if (extension["url"].text() != std::string(kCore) + "questionnaire-referenceResource") continue;
    limited = true;
    found = found || is_a(reference->type, extension["valueCode"].text());
  }
  if (limited && !found) asked.findings().add("answer-target", asked.answer.value);
}

}  // namespace

void check_answer_limits(JsonView item, const Choice& answer, JsonView questionnaire, const Context& context) {
  const Asked asked{item, answer, questionnaire, context};
  if (item["maxLength"]) check_text(asked);
  if (!item["extension"]) return;
  check_range(asked);
  check_units(asked);
  if (!item["maxLength"]) check_text(asked);
  check_pattern(asked);
  check_digits(asked);
  if (answer.type == "Attachment") {
    check_mime_type(asked);
    check_size(asked);
  }
  if (answer.type == "Reference") check_target(asked);
}

}  // namespace fhir::validate
