#include "fhir/search/plan.h"

#include <algorithm>
#include <string>
#include <utility>

#include "fhir/definitions/definitions.h"

namespace fhir::search {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

std::string_view leading_word(std::string_view text) {
  const auto end = std::ranges::find_if_not(text, is_word) - text.begin();
  return text.substr(0, static_cast<std::size_t>(end));
}

/// Past the text in quotes that begins at `at`; a backslash takes the next character with it.
std::size_t past_quoted(std::string_view text, std::size_t at) {
  const char quote = text[at];
  for (++at; at < text.size() && text[at] != quote; ++at)
    if (text[at] == '\\') ++at;
  return at + 1;
}

/// True for an operator that binds less than a union, at the start of `rest`: it takes the whole union for its side.
bool is_looser(std::string_view rest) {
  if (std::string_view("=~<>!").contains(rest.front())) return true;
  const std::string_view word = leading_word(rest);
  return word == "and" || word == "or" || word == "xor" || word == "implies" || word == "in" || word == "contains";
}

/// False when the side begins with the name of a resource type that this type is not: it has nothing to say about it.
bool concerns(std::string_view side, std::string_view type) {
  const std::size_t first = side.find_first_not_of("( ");
  const std::string_view word = first == std::string_view::npos ? side : leading_word(side.substr(first));
  const TypeDefinition* named = find_type(word);
  return named == nullptr || named->kind != TypeKind::resource || is_a(type, word);
}

/// Cuts `.where(resolve() is Patient)` off the end: the type is told by the reference alone, nothing is resolved.
std::string_view take_target(std::string_view& side) {
  constexpr std::string_view kWhere = ".where(resolve() is ";
  const std::size_t at = side.rfind(kWhere);
  if (at == std::string_view::npos || !side.ends_with(')')) return {};
  const std::string_view name = side.substr(at + kWhere.size(), side.size() - at - kWhere.size() - 1);
  if (name.empty() || leading_word(name) != name) return {};
  side = side.substr(0, at);
  return name;
}

/// "DateTime" is dateTime: R4 itself spells types so (Observation's code-value-date), meaning FHIR's. Names after a dot
/// ("System.String") and in quotes stay.
std::string with_types_spelt(std::string_view expression) {
  std::string out;
  for (std::size_t at = 0; at < expression.size();) {
    const char c = expression[at];
    const std::string_view word = leading_word(expression.substr(at));
    const bool quoted = c == '\'' || c == '`' || c == '"';
    const std::size_t end = quoted         ? std::min(past_quoted(expression, at), expression.size())
                            : word.empty() ? at + 1
                                           : at + word.size();
    std::string part(expression.substr(at, end - at));
    if (!word.empty() && c >= 'A' && c <= 'Z' && !out.ends_with('.') && find_type(word) == nullptr) {
      std::string small = part;
      small[0] = static_cast<char>(c - 'A' + 'a');
      if (find_type(small) != nullptr) part = small;
    }
    out += part;
    at = end;
  }
  return out;
}

Result<path::Expression> compile(std::string_view text) { return path::Expression::compile(with_types_spelt(text)); }

Result<std::vector<Branch>> branches_of(std::string_view expression, std::string_view type) {
  std::vector<Branch> branches;
  for (std::string_view side : union_sides(expression)) {
    if (!concerns(side, type)) continue;
    const std::string_view target = take_target(side);
    Result<path::Expression> compiled = compile(side);
    if (!compiled) return pass(compiled);
    branches.push_back({*std::move(compiled), target});
  }
  return branches;
}

}  // namespace

std::vector<std::string_view> union_sides(std::string_view expression) {
  std::vector<std::string_view> sides;
  std::size_t begin = 0;
  int depth = 0;
  for (std::size_t at = 0; at < expression.size();) {
    const char c = expression[at];
    const bool new_word = at == 0 || !is_word(expression[at - 1]);
    if (c == '\'' || c == '`' || c == '"') {
      at = past_quoted(expression, at);
      continue;
    }
    if (c == '(' || c == '[' || c == '{') ++depth;
    if (c == ')' || c == ']' || c == '}') --depth;
    const bool member = at > 0 && expression[at - 1] == '.';
    if (depth == 0 && new_word && !member && is_looser(expression.substr(at))) return {trimmed(expression)};
    if (depth == 0 && c == '|') {
      sides.push_back(trimmed(expression.substr(begin, at - begin)));
      begin = at + 1;
    }
    ++at;
  }
  sides.push_back(trimmed(expression.substr(std::min(begin, expression.size()))));
  return sides;
}

Result<Plan> Plan::make(std::string_view type, std::span<const SearchParameter* const> parameters,
                        const ByUrl& by_url) {
  Plan plan;
  std::vector<const SearchParameter*> sorted(parameters.begin(), parameters.end());
  std::ranges::sort(sorted, {}, [](const SearchParameter* each) { return std::pair(each->code, each->url); });
  for (const SearchParameter* parameter : sorted) {
    const bool applies = std::ranges::any_of(parameter->base, [&](std::string_view base) { return is_a(type, base); });
    if (!applies || parameter->expression.empty()) continue;
    auto branches = branches_of(parameter->expression, type);
    if (!branches) return pass(branches);
    PlannedParameter planned{parameter->code, parameter->type, *std::move(branches), {}};
    for (const SearchComponent& component : parameter->components) {
      const SearchParameter* named = by_url(component.definition);
      if (named == nullptr)
        return fail(Fault::not_found, "search.component", std::string(parameter->url),
                    "a component names a search parameter that is not here");
      auto compiled = compile(component.expression);
      if (!compiled) return pass(compiled);
      planned.components.push_back({named->type, *std::move(compiled)});
    }
    if (!planned.branches.empty()) plan.parameters_.push_back(std::move(planned));
  }
  return plan;
}

}  // namespace fhir::search
