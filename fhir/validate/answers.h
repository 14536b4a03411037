// A QuestionnaireResponse against its Questionnaire: which items there may and must be, and whether each answer is one
// that its question takes. R4 questionnaireresponse.html; the extensions of R4 and of SDC that limit answers.
#pragma once
#include "fhir/validate/rules.h"

namespace fhir::validate {

/// The value[x] of an answer, option or initial value: its JSON, and the type that its name says ("Coding").
struct Choice {
  JsonView value;
  std::string_view type;  // "" when there is none
};
/// The member of `owner` whose name begins with `stem` ("value", "answer").
Choice choice_of(JsonView owner, std::string_view stem);
/// The value[x] of the extension of that URL, or nothing.
Choice extension_of(JsonView owner, std::string_view url);

/// Whether the item is enabled, by its enableWhen; nothing when an expression decides that is not evaluated here.
/// `scopes`: the response's items around it, the response first.
std::optional<bool> is_enabled(JsonView item, std::span<const JsonView> scopes);

/// Limits that extensions of the question set for one answer (answer_limits.cpp).
void check_answer_limits(JsonView item, const Choice& answer, JsonView questionnaire, const Context& context);

}  // namespace fhir::validate
