// Questionnaires: what enableWhen, initial values and answer options refer to. R4 questionnaire.html.
#include <algorithm>
#include <map>
#include <set>

#include "fhir/validate/answers.h"

namespace fhir::validate {
namespace {

/// True unless the question's type surely takes no such value. Choices offer values of several types.
bool may_take(std::string_view question, const Choice& value) {
  if (question == "choice" || question == "open-choice" || value.type.empty()) return true;
  return takes_answer(question, value).value_or(true);
}

bool is_below(JsonView item, JsonView wanted) {
  return std::ranges::any_of(item["item"], [&](JsonView child) { return child == wanted || is_below(child, wanted); });
}

class QuestionnaireCheck {
 public:
  explicit QuestionnaireCheck(Findings& findings) : findings_(findings) {}

  void check(JsonView questionnaire) {
    gather(questionnaire);
    items(questionnaire);
  }

 private:
  void gather(JsonView owner) {
    for (const JsonView item : owner["item"]) {
      by_link_.try_emplace(item["linkId"].text(), item);
      gather(item);
    }
  }

  void items(JsonView owner) {
    std::size_t index = 0;
    for (const JsonView item : owner["item"]) {
      const Findings::Step step(findings_, "item", index++);
      enable_when(item);
      values(item);
      items(item);
      seen_.insert(item["linkId"].text());
    }
  }

  void enable_when(JsonView item) {
    std::size_t index = 0;
    for (const JsonView condition : item["enableWhen"]) {
      const Findings::Step step(findings_, "enableWhen", index++);
      if (condition["question"]) this->condition(item, condition);
    }
  }

  void condition(JsonView item, JsonView condition) {
    const auto found = by_link_.find(condition["question"].text());
    if (found == by_link_.end()) return findings_.add("enable-unknown", condition);
    const JsonView question = found->second;
    if (question == item) return findings_.add("enable-self", condition);
    if (is_below(item, question)) return findings_.add("enable-inner", condition);
    if (!seen_.contains(found->first) && !is_below(question, item)) findings_.add("enable-later", condition);
    const bool exists = condition["operator"].text() == "exists";
    const Choice wanted = choice_of(condition, "answer");
    if (exists && !wanted.type.empty() && wanted.type != "Boolean") findings_.add("que-7", wanted.value);
    if (!exists && !may_take(question["type"].text(), wanted))
      findings_.add("enable-type", wanted.value, {question["type"].text()});
  }

  /// Initial values and options are of the question's type.
  void values(JsonView item) {
    const std::string_view type = item["type"].text();
    std::size_t index = 0;
    for (const JsonView initial : item["initial"]) {
      const Findings::Step step(findings_, "initial", index++);
      const Choice value = choice_of(initial, "value");
      if (!may_take(type, value)) findings_.add("initial-type", value.value, {type});
    }
    index = 0;
    for (const JsonView option : item["answerOption"]) {
      const Findings::Step step(findings_, "answerOption", index++);
      const Choice value = choice_of(option, "value");
      if (!may_take(type, value)) findings_.add("option-type", value.value, {type});
    }
  }

  Findings& findings_;
  std::map<std::string_view, JsonView> by_link_;
  std::set<std::string_view> seen_;
};

}  // namespace

void check_questionnaire(JsonView questionnaire, const Context& context) {
  QuestionnaireCheck(context.findings).check(questionnaire);
}

}  // namespace fhir::validate
