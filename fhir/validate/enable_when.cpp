// Questionnaire.item.enableWhen: does the item apply, given the answers so far? R4 questionnaire-definitions.html.
#include <algorithm>
#include <optional>
#include <vector>

#include "fhir/datetime.h"
#include "fhir/decimal.h"
#include "fhir/path/units.h"
#include "fhir/validate/answers.h"

namespace fhir::validate {
namespace {

using Order = std::partial_ordering;

template <class T>
Order compare_as(std::string_view a, std::string_view b) {
  const auto x = T::parse(a), y = T::parse(b);
  if (!x || !y) return Order::unordered;
  if constexpr (requires { x->compare(*y); })
    return x->compare(*y);
  else
    return *x <=> *y;
}

Order compare_quantities(JsonView a, JsonView b) {
  const auto unit = [](JsonView q) { return q["code"] ? q["code"].text() : q["unit"].text(); };
  const auto x = Decimal::parse(a["value"].text()), y = Decimal::parse(b["value"].text());
  if (!x || !y) return Order::unordered;
  if (unit(a) == unit(b)) return *x <=> *y;
  const auto same = path::in_one_unit({*x, unit(a)}, {*y, unit(b)}, false);
  return same ? Order(same->first <=> same->second) : Order::unordered;
}

/// How an answer stands to the one that is compared with; unordered when they cannot be.
Order compare(const Choice& answer, const Choice& wanted) {
  const std::string_view a = answer.value.text(), b = wanted.value.text();
  if (wanted.type == "Coding") {
    const JsonView x = answer.value, y = wanted.value;
    const bool system = !y["system"] || x["system"].text() == y["system"].text();
    return system && x["code"].text() == y["code"].text() ? Order::equivalent : Order::unordered;
  }
  if (wanted.type == "Quantity") return compare_quantities(answer.value, wanted.value);
  if (wanted.type == "Decimal" || wanted.type == "Integer") return compare_as<Decimal>(a, b);
  if (wanted.type == "Date" || wanted.type == "DateTime") return compare_as<DateTime>(a, b);
  if (wanted.type == "Time") return compare_as<Time>(a, b);
  if (wanted.type == "Reference")
    return answer.value["reference"].text() == wanted.value["reference"].text() ? Order::equivalent : Order::unordered;
  return a == b ? Order::equivalent : Order::unordered;
}

bool holds(std::string_view op, const Choice& answer, const Choice& wanted) {
  const Order order = compare(answer, wanted);
  if (op == "=") return order == 0;
  if (op == "!=") return order != 0;
  if (op == ">") return order > 0;
  if (op == "<") return order < 0;
  if (op == ">=") return order >= 0;
  return op == "<=" && order <= 0;
}

void gather(JsonView owner, std::string_view link_id, std::vector<JsonView>& found) {
  for (const JsonView item : owner["item"]) {
    if (item["linkId"].text() == link_id) found.push_back(item);
    gather(item, link_id, found);
    for (const JsonView answer : item["answer"]) gather(answer, link_id, found);
  }
}

/// The nearest: among what is around the item first, then in the next circle.
std::vector<JsonView> items_of(std::string_view link_id, std::span<const JsonView> scopes) {
  std::vector<JsonView> found;
  for (std::size_t at = scopes.size(); at-- > 0 && found.empty();) {
    if (scopes[at]["linkId"].text() == link_id) return {scopes[at]};
    gather(scopes[at], link_id, found);
    for (const JsonView answer : scopes[at]["answer"]) gather(answer, link_id, found);
  }
  return found;
}

bool condition_holds(JsonView condition, std::span<const JsonView> scopes) {
  std::vector<Choice> answers;
  for (const JsonView item : items_of(condition["question"].text(), scopes))
    for (const JsonView answer : item["answer"])
      if (const Choice choice = choice_of(answer, "value"); !choice.type.empty()) answers.push_back(choice);
  const Choice wanted = choice_of(condition, "answer");
  const std::string_view op = condition["operator"].text();
  if (op == "exists") return answers.empty() == (wanted.value.text() == "false");
  return std::ranges::any_of(answers, [&](const Choice& answer) { return holds(op, answer, wanted); });
}

constexpr std::string_view kExpression =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression";

}  // namespace

std::optional<bool> is_enabled(JsonView item, std::span<const JsonView> scopes) {
  if (!extension_of(item, kExpression).type.empty()) return std::nullopt;
  const JsonView conditions = item["enableWhen"];
  if (!conditions) return true;
  const auto test = [&](JsonView condition) { return condition_holds(condition, scopes); };
  return item["enableBehavior"].text() == "all" ? std::ranges::all_of(conditions, test)
                                                : std::ranges::any_of(conditions, test);
}

}  // namespace fhir::validate
