// A QuestionnaireResponse against its Questionnaire: which items there may and must be, and whether each answer is one
// that its question takes. R4 questionnaireresponse.html; the extensions of R4 and of SDC that limit answers.
#pragma once
#include <optional>
#include <span>
#include <string_view>

#include "fhir/validate/choice.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {

/// Whether a question of that type (Questionnaire.item.type) takes the answer; nothing when it takes none, or is no
/// type.
std::optional<bool> takes_answer(std::string_view question, const Choice& answer);

/// Whether the item is enabled, by its enableWhen; nothing when an expression decides that is not evaluated here.
/// `scopes`: the response's items around it, the response first.
std::optional<bool> is_enabled(JsonView item, std::span<const JsonView> scopes);

/// Limits that extensions of the question set for one answer (answer_limits.cpp).
void check_answer_limits(JsonView item, const Choice& answer, JsonView questionnaire, const Context& context);

}  // namespace fhir::validate
