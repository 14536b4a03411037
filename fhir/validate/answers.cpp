#include "fhir/validate/answers.h"

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "fhir/validate/codes.h"

namespace fhir::validate {
namespace {

bool is_true(JsonView value) { return value.text() == "true"; }

bool same_option(const Choice& option, const Choice& answer) {
  if (option.type != answer.type) return false;
  if (option.type == "Coding")
    return option.value["system"].text() == answer.value["system"].text() &&
           option.value["code"].text() == answer.value["code"].text();
  if (option.type == "Reference") return option.value["reference"].text() == answer.value["reference"].text();
  return option.value.text() == answer.value.text();
}

JsonView option_for(JsonView item, const Choice& answer) {
  for (const JsonView option : item["answerOption"])
    if (same_option(choice_of(option, "value"), answer)) return option;
  return {};
}

class Answers {
 public:
  Answers(JsonView questionnaire, JsonView response, const Context& context)
      : questionnaire_(questionnaire),
        findings_(context.findings),
        context_(context),
        in_progress_(response["status"].text() == "in-progress") {
    scopes_.push_back(response);
  }

  void check() { items(questionnaire_, scopes_.front()); }

 private:
  struct Place {
    JsonView item;
    std::size_t index;
  };

  /// The items below `owner` against those below `questions`, in the order of the questions.
  void items(JsonView questions, JsonView owner) {
    const JsonView list = owner["item"];
    std::size_t index = 0, furthest = 0;
    for (const JsonView item : list) {
      const Findings::Step step(findings_, "item", index++);
      const auto order = order_of(questions, item["linkId"].text());
      if (!order)
        misplaced(item);
      else if (*order < furthest)
        findings_.add("answer-order", item);
      furthest = std::max(furthest, order.value_or(furthest));
    }
    for (const JsonView question : questions["item"]) asked(question, list, owner);
  }

  static std::optional<std::size_t> order_of(JsonView questions, std::string_view link_id) {
    std::size_t order = 0;
    for (const JsonView question : questions["item"]) {
      if (question["linkId"].text() == link_id) return order;
      ++order;
    }
    return std::nullopt;
  }

  void misplaced(JsonView item) {
    if (!item["linkId"]) return;  // "missing" already
    findings_.add(
        is_asked(questionnaire_, item["linkId"].text()) ? Message("answer-misplaced") : Message("answer-unknown"),
        item);
  }

  static bool is_asked(JsonView questions, std::string_view link_id) {
    return std::ranges::any_of(questions["item"], [&](JsonView question) {
      return question["linkId"].text() == link_id || is_asked(question, link_id);
    });
  }

  /// An item with neither answers nor items counts as not there.
  static std::vector<Place> answered(JsonView list, std::string_view link_id) {
    std::vector<Place> found;
    std::size_t index = 0;
    for (const JsonView item : list) {
      const bool says = item["answer"] || item["item"];
      if (says && item["linkId"].text() == link_id) found.push_back({item, index});
      ++index;
    }
    return found;
  }

  void asked(JsonView question, JsonView list, JsonView owner) {
    const std::optional<bool> enabled = is_enabled(question, scopes_);
    const std::vector<Place> found = answered(list, question["linkId"].text());
    if (found.empty()) {
      if (enabled == true && is_true(question["required"])) lacking(owner);
      return;
    }
    const bool repeats = is_true(question["repeats"]);
    for (const Place& place : found) {
      const Findings::Step step(findings_, "item", place.index);
      if (enabled == false) findings_.add("answer-disabled", place.item);
      if (place.index != found.front().index && !repeats) findings_.add("answer-item-again", place.item);
      scopes_.push_back(place.item);
      item(question, place.item, enabled.value_or(false));
      scopes_.pop_back();
    }
    count(question, found);
  }

  void lacking(JsonView at) { findings_.add(in_progress_ ? Severity::warning : Severity::error, "answer-missing", at); }

  void item(JsonView question, JsonView item, bool enabled) {
    const std::string_view type = question["type"].text();
    const JsonView text = item["text"], asked = question["text"];
    if (text && text.text() != asked.text() && !question["_text"]) findings_.add("answer-text", text);
    if (type == "group") return group(question, item);
    if (type == "display") {
      if (item["answer"]) findings_.add("answer-display", item);
      if (item["item"]) findings_.add("answer-nesting", item);
      return;
    }
    if (item["item"]) findings_.add("answer-nesting", item);
    if (!item["answer"] && enabled && is_true(question["required"])) lacking(item);
    answers(question, item["answer"], type);
  }

  void group(JsonView question, JsonView item) {
    if (item["answer"]) findings_.add("answer-group", item);
    items(question, item);
  }

  void answers(JsonView question, JsonView answers, std::string_view type) {
    const bool repeats = is_true(question["repeats"]);
    std::size_t index = 0;
    for (const JsonView answer : answers) {
      const Findings::Step step(findings_, "answer", index++);
      if (index == 2 && !repeats) findings_.add("answer-again", answer);
      one(question, answer, type);
      exclusive(question, answer, answers);
      if (question["item"] || answer["item"]) items(question, answer);
    }
  }

  void one(JsonView question, JsonView answer, std::string_view type) {
    const Choice choice = choice_of(answer, "value");
    if (choice.type.empty()) return;
    const Findings::Step step(findings_, "value");
    const auto takes = takes_answer(type, choice);
    if (!takes) return;
    if (!*takes) return findings_.add("answer-type", choice.value, {type});
    options(question, choice, type);
    check_answer_limits(question, choice, questionnaire_, context_);
  }

  /// The answer is one of those offered. A text of one's own goes only where the choice is open.
  void options(JsonView question, const Choice& choice, std::string_view type) {
    if (type == "open-choice" && choice.type == "String") return;
    if (question["answerOption"]) {
      if (!option_for(question, choice)) findings_.add("answer-option", choice.value);
      return;
    }
    const JsonView value_set = question["answerValueSet"];
    if (!value_set) return;
    const bool coding = choice.type == "Coding";
    if (!coding && choice.type != "String") return;
    const JsonView code = coding ? choice.value["code"] : choice.value;
    const auto in = in_value_set(context_.library, questionnaire_, value_set.text(), code.text(),
                                 coding ? choice.value["system"].text() : std::string_view());
    if (in == false) findings_.add("answer-value-set", choice.value, {value_set.text()});
    if (!in) findings_.add("answer-value-set-unknown", choice.value, {value_set.text()});
  }

  void exclusive(JsonView question, JsonView answer, JsonView answers) {
    constexpr std::string_view kExclusive = "http://hl7.org/fhir/StructureDefinition/questionnaire-optionExclusive";
    if (answers.size() < 2 || !question["answerOption"]) return;
    const JsonView option = option_for(question, choice_of(answer, "value"));
    if (is_true(extension_of(option, kExclusive).value)) findings_.add("answer-exclusive", answer);
  }

  /// minOccurs and maxOccurs count answers, of a group its items.
  void count(JsonView question, const std::vector<Place>& found) {
    std::size_t answers = 0;
    for (const Place& place : found) answers += question["type"].text() == "group" ? 1 : place.item["answer"].size();
    const auto limit = [&](std::string_view url) {
      return Decimal::parse(extension_of(question, url).value.text()).value_or(Decimal(-1)).to_integer().value_or(-1);
    };
    const auto least = limit("http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs");
    const auto most = limit("http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs");
    const Findings::Step step(findings_, "item", found.front().index);
    const auto given = static_cast<std::int64_t>(answers);
    if (least >= 0 && given < least)
      findings_.add(in_progress_ ? Severity::warning : Severity::error, "answer-few", found.front().item,
                    {std::to_string(least)});
    if (most >= 0 && given > most) findings_.add("answer-many", found.front().item, {std::to_string(most)});
  }

  JsonView questionnaire_;
  Findings& findings_;
  const Context& context_;
  bool in_progress_;
  std::vector<JsonView> scopes_;  // the response and its items around the one being looked at
};

JsonView questionnaire_of(std::string_view canonical, const Context& context) {
  const JsonView contained = contained_named(context.scope.container, canonical);
  return contained ? contained : context.library.find("Questionnaire", canonical);
}

void check_status(JsonView questionnaire, JsonView at, Findings& findings) {
  const std::string_view status = questionnaire["status"].text();
  if (status == "draft" || status == "retired") findings.add("answer-questionnaire-status", at, {status});
}

}  // namespace

std::optional<bool> takes_answer(std::string_view question, const Choice& answer) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kTypes = {{
      {"attachment", "Attachment"},
      {"boolean", "Boolean"},
      {"date", "Date"},
      {"dateTime", "DateTime"},
      {"decimal", "Decimal"},
      {"integer", "Integer"},
      {"quantity", "Quantity"},
      {"reference", "Reference"},
      {"string", "String"},
      {"text", "String"},
      {"time", "Time"},
      {"url", "Uri"},
  }};
  constexpr std::array<std::string_view, 5> kOfChoices = {"Coding", "Date", "Time", "Integer", "String"};
  if (question == "choice" || question == "open-choice")
    return std::ranges::find(kOfChoices, answer.type) != kOfChoices.end();
  const auto row = std::ranges::find(kTypes, question, &std::pair<std::string_view, std::string_view>::first);
  return row == kTypes.end() ? std::nullopt : std::optional(row->second == answer.type);
}

void check_answers(JsonView response, const Context& context) {
  const JsonView canonical = response["questionnaire"];
  if (!canonical.is_string()) return context.findings.add("answer-no-questionnaire", response);
  const JsonView questionnaire = questionnaire_of(canonical.text(), context);
  if (!questionnaire) {
    const Findings::Step step(context.findings, "questionnaire");
    return context.findings.add("answer-questionnaire-unknown", canonical);
  }
  check_status(questionnaire, canonical, context.findings);
  Answers(questionnaire, response, context).check();
}

}  // namespace fhir::validate
