#include "adapters/map/binder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace adapters::map {
namespace {

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

/// FHIRPath counts from the start of its own text: "LINE:COLUMN", nearly always on line 1.
Mark inside(Mark mark, std::string_view where) {
  const auto colon = where.find(':');
  if (!where.starts_with("1:") || colon == std::string_view::npos) return mark;
  std::uint32_t column = 1;
  std::from_chars(where.data() + colon + 1, where.data() + where.size(), column);
  mark.column += column > 0 ? column - 1 : 0;
  return mark;
}

struct Word {
  std::string text;
  Mark mark;
  bool quoted = false;
};

/// Words of a condition, split at spaces and commas; 'two words' in single quotes are one.
std::vector<Word> words_of(std::string_view text, Mark mark) {
  std::vector<Word> words;
  std::size_t i = 0;
  while (i < text.size()) {
    if (text[i] == ' ' || text[i] == ',') {
      ++i;
      continue;
    }
    const bool quoted = text[i] == '\'';
    const auto end = quoted ? text.find('\'', i + 1) : text.find_first_of(" ,", i);
    const auto stop = std::min(end, text.size());
    words.push_back({std::string(text.substr(i + (quoted ? 1 : 0), stop - i - (quoted ? 1 : 0))),
                     shifted(mark, text.substr(0, i)), quoted});
    i = quoted && stop < text.size() ? stop + 1 : stop;
  }
  return words;
}

bool is(const Word& word, std::string_view keyword) { return !word.quoted && word.text == keyword; }

}  // namespace

Mark text_mark(const Yaml& scalar) {
  Mark mark = scalar.mark;
  if (scalar.quoted) ++mark.column;
  return mark;
}

Mark shifted(Mark mark, std::string_view by) {
  mark.column += static_cast<std::uint32_t>(characters(by));
  return mark;
}

std::optional<FormulaText> formula_text(const Yaml& scalar) {
  std::string_view text = scalar.text;
  if (!text.starts_with('=')) return std::nullopt;
  const auto start = std::min(text.find_first_not_of(" =", 0), text.size());
  return FormulaText{text.substr(start), shifted(text_mark(scalar), text.substr(0, start))};
}

std::optional<SourcePath> Binder::path(std::string_view text, Mark mark, const BoundPath* within) {
  auto bound = dialect_.bind(text, within);
  if (bound) return SourcePath{std::string(text), std::move(*bound)};
  const auto& error = bound.error();
  if (format_ == Format::fhir) {
    faults_.error(inside(mark, error.where), error.code == "map.unknown-name" ? "E0218" : "E0217", error.say);
  } else {
    faults_.error(mark, "E0212", error.say);
  }
  return std::nullopt;
}

std::optional<SourcePath> Binder::path(const Yaml& scalar, const BoundPath* within) {
  if (!scalar.is_scalar() || scalar.text.empty()) {
    faults_.error(scalar.mark, "E0204", fmt::format("a source path is expected here, not {}", name_of(scalar.kind)));
    return std::nullopt;
  }
  const auto formula = formula_text(scalar);
  if (!formula) return path(scalar.text, text_mark(scalar), within);
  if (format_ == Format::fhir) return path(formula->text, formula->mark, within);
  faults_.error(scalar.mark, "E0204", "a source path is expected here, not a formula");
  return std::nullopt;
}

std::optional<Variable> Binder::variable(const std::string& name, Mark mark, const BoundPath* within) {
  if (std::ranges::find(kBuiltins, name) != std::end(kBuiltins))
    return Variable{.kind = Variable::Kind::builtin, .name = name, .path = {}};
  if (const auto found = resources_.find(name); found != resources_.end())
    return Variable{.kind = Variable::Kind::resource, .name = name, .path = {}, .resource = found->second};
  auto bound = dialect_.bind(name, within);
  if (bound) return Variable{.kind = Variable::Kind::path, .name = name, .path = {name, std::move(*bound)}};
  std::vector<std::string_view> known(std::begin(kBuiltins), std::end(kBuiltins));
  for (const auto& [resource, index] : resources_) known.push_back(resource);
  const auto hint = did_you_mean(name, known);
  faults_.error(mark, "E0218",
                fmt::format("%{} is no resource made before, and as a source path: {}", name, bound.error().say), hint);
  return std::nullopt;
}

std::optional<Formula> Binder::formula(std::string_view text, Mark mark, const BoundPath* within) {
  auto expression = fhir::path::Expression::compile(text);
  if (!expression) {
    faults_.error(inside(mark, expression.error().where), "E0217", fmt::format("FHIRPath: {}", expression.error().say));
    return std::nullopt;
  }
  Formula formula{std::move(*expression), {}, false};
  for (const auto& name : formula.expression.variables()) {
    const auto at = text.find(name);
    auto known = variable(name, at == std::string_view::npos ? mark : shifted(mark, text.substr(0, at)), within);
    if (!known) return std::nullopt;
    formula.variables.push_back(std::move(*known));
  }
  formula.fixed = std::ranges::all_of(
      formula.variables, [](const Variable& variable) { return variable.kind == Variable::Kind::builtin; });
  return formula;
}

std::optional<Test> Binder::test(std::string_view text, Mark mark, const BoundPath* within) {
  const auto words = words_of(text, mark);
  const auto refuse = [&](Mark at) {
    faults_.error(at, "E0229",
                  "a condition is `PATH valued`, `PATH not valued`, `PATH = X`, `PATH != X`, `PATH in X, Y` "
                  "or `= FHIRPath`");
    return std::nullopt;
  };
  if (words.size() < 2) return refuse(mark);
  Test test;
  std::size_t first_word = words.size();
  if (is(words[1], "valued") && words.size() == 2) {
    test.kind = Test::Kind::valued;
  } else if (is(words[1], "not") && words.size() == 3 && is(words[2], "valued")) {
    test.kind = Test::Kind::absent;
  } else if (((is(words[1], "=") || is(words[1], "!=")) && words.size() == 3) ||
             (is(words[1], "in") && words.size() > 2)) {
    test.kind = is(words[1], "!=") ? Test::Kind::none_of : Test::Kind::one_of;
    first_word = 2;
  } else if (is(words[1], "not") && words.size() > 3 && is(words[2], "in")) {
    test.kind = Test::Kind::none_of;
    first_word = 3;
  } else {
    return refuse(words[1].mark);
  }
  for (std::size_t i = first_word; i < words.size(); ++i) test.words.push_back(words[i].text);
  auto bound = path(words[0].text, words[0].mark, within);
  if (!bound) return std::nullopt;
  test.path = std::move(*bound);
  return test;
}

std::optional<Condition> Binder::condition(const Yaml& scalar, const BoundPath* within) {
  if (!scalar.is_scalar()) {
    faults_.error(scalar.mark, "E0204", fmt::format("a condition is text, not {}", name_of(scalar.kind)));
    return std::nullopt;
  }
  Condition condition;
  if (const auto text = formula_text(scalar); text || format_ == Format::fhir) {
    Test test{.kind = Test::Kind::formula, .path = {}, .words = {}, .formula = {}};
    if (format_ == Format::fhir) {
      auto bound = path(scalar, within);
      if (!bound) return std::nullopt;
      test.path = std::move(*bound);
    } else {
      test.formula = formula(text->text, text->mark, within);
      if (!test.formula) return std::nullopt;
    }
    condition.tests.push_back(std::move(test));
    return condition;
  }
  const std::string_view text = scalar.text;
  const bool both = text.find(" and ") != std::string_view::npos;
  condition.any = text.find(" or ") != std::string_view::npos;
  if (both && condition.any) {
    faults_.error(scalar.mark, "E0229", "`and` with `or` in one condition is ambiguous", "write it as \"= FHIRPath\"");
    return std::nullopt;
  }
  const std::string_view between = condition.any ? " or " : " and ";
  for (std::size_t start = 0; start <= text.size();) {
    const auto end = std::min(text.find(between, start), text.size());
    auto one = test(text.substr(start, end - start), shifted(text_mark(scalar), text.substr(0, start)), within);
    if (!one) return std::nullopt;
    condition.tests.push_back(std::move(*one));
    start = end == text.size() ? text.size() + 1 : end + between.size();
  }
  return condition;
}

}  // namespace adapters::map
