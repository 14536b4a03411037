#include "fhir/path/parser.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <utility>

#include "fhir/path/functions.h"
#include "fhir/path/guess.h"
#include "fhir/path/lexer.h"
#include "fhir/path/operators.h"
#include "fhir/path/parts.h"
#include "fhir/path/pattern.h"
#include "fhir/path/units.h"
#include "fhir/suggest.h"

namespace fhir::path {
namespace {

struct Operator {
  std::string_view text;
  Op op;
  int binding;  // tighter is higher; the order of the alternatives in fhirpath.g4
};

constexpr std::size_t kLongestOperator = 8;
constexpr int kLoosest = 1;
constexpr int kTypeBinding = 8;

constexpr std::array<Operator, 24> kOperators = {{
    {"implies", Op::implies, 1},
    {"or", Op::either, 2},
    {"xor", Op::differ, 2},
    {"and", Op::both, 3},
    {"in", Op::in, 4},
    {"contains", Op::contains, 4},
    {"=", Op::equal, 5},
    {"~", Op::equivalent, 5},
    {"!=", Op::not_equal, 5},
    {"!~", Op::not_equivalent, 5},
    {"<", Op::less, 6},
    {"<=", Op::less_or_equal, 6},
    {">", Op::greater, 6},
    {">=", Op::greater_or_equal, 6},
    {"|", Op::unite, 7},
    {"is", Op::is, kTypeBinding},
    {"as", Op::as, kTypeBinding},
    {"+", Op::add, 9},
    {"-", Op::subtract, 9},
    {"&", Op::concatenate, 9},
    {"*", Op::multiply, 10},
    {"/", Op::divide, 10},
    {"div", Op::div, 10},
    {"mod", Op::mod, 10},
}};

const Operator* operator_of(const Token& token) {
  if (token.kind != Token::Kind::symbol && token.kind != Token::Kind::identifier) return nullptr;
  if (token.value.size() > kLongestOperator) return nullptr;
  const auto* found = std::ranges::find(kOperators, token.value, &Operator::text);
  return found == kOperators.end() || token.value.empty() ? nullptr : found;
}

bool is_reserved(std::string_view word) {
  constexpr std::array<std::string_view, 6> kReserved = {"and", "or", "xor", "implies", "div", "mod"};
  return std::ranges::find(kReserved, word) != kReserved.end();
}

template <class Range, class NameOf>
std::string did_you_mean(std::string_view word, const Range& known, NameOf name_of) {
  std::vector<std::string_view> names;
  for (const auto& candidate : known) names.push_back(name_of(candidate));
  const std::string_view best = nearest(word, names);
  return best.empty() ? std::string() : "; did you mean " + std::string(best) + "?";
}

std::string describe(const Token& token) {
  if (token.kind == Token::Kind::end) return "the end";
  if (token.kind == Token::Kind::string) return "a string";
  return token.value.size() > 40 ? "a long name" : "'" + token.value + "'";
}

class Parser {
 public:
  Parser(std::string_view text, Parts& parts) : parts_(parts), lexer_({}) {
    parts_.clear();
    room_ = 3 * text.size() + 1;
    program_.characters = std::make_unique_for_overwrite<char[]>(room_);
    program_.text = keep(text);
    lexer_ = Lexer(program_.text);
    advance();
  }

  Result<std::shared_ptr<const Program>> parse(const Shape* context) {
    expression(kLoosest);
    if (!failed_ && token_.kind != Token::Kind::end) unexpected("an operator or the end");
    if (failed_) return std::unexpected(std::move(error_));
    program_.main = commit(0);
    program_.focus = Expected(likely(context));
    program_.has_variables = !program_.variables.empty();
    guess_types(parts_, program_.main, program_.focus.type);
    return parts_.pack(std::move(program_));
  }

 private:
  // --- tokens -------------------------------------------------------------------------------------------------------
  void advance() {
    if (failed_) return;  // the token stays the end, so that everything comes to one
    token_ = lexer_.next();
    if (token_.kind == Token::Kind::error) fail(token_.offset, "fhirpath.syntax", token_.value);
    operator_ = operator_of(token_);
  }

  void fail(std::size_t offset, std::string code, std::string say, Fault fault = Fault::invalid) {
    if (!failed_) error_ = {fault, std::move(code), place_of(program_.text, offset), std::move(say)};
    failed_ = true;
    token_ = {Token::Kind::end, offset, {}};
    operator_ = nullptr;
  }

  void unexpected(std::string_view wanted) {
    fail(token_.offset, "fhirpath.syntax", "expected " + std::string(wanted) + ", found " + describe(token_));
  }

  bool accept(std::string_view symbol) {
    if (!token_.is(symbol)) return false;
    advance();
    return true;
  }

  void expect(std::string_view symbol) {
    if (!accept(symbol)) unexpected("'" + std::string(symbol) + "'");
  }

  // --- program ------------------------------------------------------------------------------------------------------
  // The steps of all blocks being read lie on one stack, the innermost block's on top; what was read of one is moved
  // behind what is committed.
  Block commit(std::size_t from) {
    auto& drafts = parts_.drafts;
    const auto first = drafts.begin() + static_cast<std::ptrdiff_t>(std::min(from, drafts.size()));
    const Block block{static_cast<std::uint32_t>(parts_.steps.size()),
                      static_cast<std::uint32_t>(drafts.end() - first)};
    parts_.steps.insert(parts_.steps.end(), first, drafts.end());
    drafts.erase(first, drafts.end());
    return block;
  }

  const Shape* likely(const Shape* context) const {
    const Step& first = parts_.steps[program_.main.first];
    const Shape* named = first.op == Op::root_member ? parts_.names[first.data].type : nullptr;
    return context != nullptr ? context : named;
  }

  Block block(int binding) {
    const std::size_t from = parts_.drafts.size();
    expression(binding);
    return commit(from);
  }

  static void set_operand(Step& step, const Block& block) { step.first = block.first, step.count = block.count; }

  void push(const Step& step) { parts_.drafts.push_back(step); }

  Step step(Op op, std::size_t offset, std::size_t data = 0) const {
    return {.op = op, .offset = static_cast<std::uint32_t>(offset), .data = static_cast<std::uint32_t>(data)};
  }

  // Room for the expression and twice as much: decoding makes no text longer, and a name gets an underscore only.
  std::string_view keep(std::string_view text) {
    if (text.size() > room_ - used_) std::abort();
    char* place = program_.characters.get() + used_;
    std::ranges::copy(text, place);
    used_ += text.size();
    return {place, text.size()};
  }

  Step constant(std::size_t offset, const Value& value) {
    parts_.constants.push_back(value);
    return step(Op::literal, offset, parts_.constants.size() - 1);
  }

  Step member(Op op, std::size_t offset, const std::string& name) {
    const std::string_view underscore = keep("_");
    parts_.names.emplace_back(std::string_view(underscore.data(), keep(name).size() + 1), offset);
    Step members = step(op, offset, parts_.names.size() - 1);
    members.count = 1;
    return members;
  }

  // --- grammar ------------------------------------------------------------------------------------------------------
  struct Nested {
    explicit Nested(Parser& owner) : parser(owner) {
      if (++parser.depth_ > kMaxNesting) {
        parser.fail(parser.token_.offset, "fhirpath.budget", "nested too deeply", Fault::too_large);
      }
    }
    ~Nested() { --parser.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;
    Parser& parser;
  };

  // Each pushes the steps of what it read.
  void expression(int binding) {
    const Nested nested(*this);
    if (failed_) return;
    unary();
    while (operator_ != nullptr && operator_->binding >= binding) {
      const Operator& found = *operator_;
      Step next = step(found.op, token_.offset);
      advance();
      if (found.binding == kTypeBinding) {
        next.data = type_specifier();
      } else {
        set_operand(next, block(found.binding + 1));
      }
      push(next);
    }
  }

  void unary() {
    const bool minus = token_.is("-");
    if (!minus && !token_.is("+")) return postfix();
    const Nested nested(*this);
    if (failed_) return;
    const std::size_t offset = token_.offset;
    advance();
    negated_ = minus;
    unary();
    push(step(minus ? Op::negate : Op::plus, offset));
  }

  void postfix() {
    term();
    while (!failed_) {
      if (token_.is(".")) {
        advance();
        follow(invocation());
      } else if (token_.is("[")) {
        Step index = step(Op::item, token_.offset);
        advance();
        set_operand(index, block(kLoosest));
        expect("]");
        push(index);
      } else {
        break;
      }
    }
  }

  // A name after a name joins its step; exists() and empty() become a question to it.
  void follow(const Step& next) {
    if (failed_ || !is_open_path(parts_.drafts.back())) return push(next);
    Step& path = parts_.drafts.back();
    const bool asks = next.op == Op::call && next.count == 0 && !is_type_alone(path);
    if (next.op == Op::members)
      ++path.count;
    else if (asks && next.function->name == "exists")
      path.asked = Asked::exists;
    else if (asks && next.function->name == "empty")
      path.asked = Asked::empty;
    else
      push(next);
  }

  static bool is_open_path(const Step& step) {
    return (step.op == Op::members || step.op == Op::root_member) && step.asked == Asked::elements;
  }

  bool is_type_alone(const Step& step) const {
    return step.op == Op::root_member && step.count == 1 && parts_.names[step.data].type != nullptr;
  }

  // ('a' | 'b' | 'c') becomes one step: the constants lie in a row as they were read.
  void fold_literals(std::size_t from) {
    auto& drafts = parts_.drafts;
    if (failed_ || drafts.size() < from + 2 || drafts[from].op != Op::literal) return;
    const std::size_t first = drafts[from].data;
    const std::size_t count = drafts.size() - from;
    for (std::size_t n = 1; n < count; ++n) {
      const Step& next = drafts[from + n];
      const bool one = next.op == Op::unite && next.count == 1;
      const Step* right = one ? &parts_.steps[next.first] : nullptr;
      if (right == nullptr || right->op != Op::literal || right->data != first + n) return;
    }
    if (repeats(std::span(parts_.constants).subspan(first, count))) return;
    drafts.resize(from + 1);
    drafts[from].op = Op::literals;
    drafts[from].count = static_cast<std::uint32_t>(count);
  }

  static bool repeats(std::span<const Value> constants) {
    constexpr std::size_t kMost = 64;  // each is compared with each
    if (constants.size() > kMost) return true;
    for (std::size_t n = 1; n < constants.size(); ++n) {
      const auto same = [&](const Value& other) {
        Work work = 0;
        return equals(constants[n], other, work) == true;
      };
      if (std::ranges::any_of(constants.first(n), same)) return true;
    }
    return false;
  }

  void term() {
    const bool negated = std::exchange(negated_, false);
    const std::size_t offset = token_.offset;
    switch (token_.kind) {
      case Token::Kind::integer:
      case Token::Kind::decimal: return push(number(negated));
      case Token::Kind::string: return push(constant(offset, string(keep(take()))));
      case Token::Kind::date: return push(moment(Kind::date));
      case Token::Kind::datetime: return push(moment(Kind::datetime));
      case Token::Kind::time: return push(moment(Kind::time));
      case Token::Kind::special: return push(special());
      case Token::Kind::delimited: return push(member(Op::root_member, offset, take()));
      case Token::Kind::identifier: return name_term();
      case Token::Kind::symbol: return symbol_term();
      default: break;
    }
    if (!failed_) unexpected("a value, a name or '('");
  }

  void symbol_term() {
    const std::size_t offset = token_.offset;
    if (accept("(")) {
      const std::size_t from = parts_.drafts.size();
      expression(kLoosest);
      fold_literals(from);
      return expect(")");
    }
    if (accept("{")) {
      expect("}");
      return push(step(Op::empty, offset));
    }
    if (accept("%")) return push(variable(offset));
    unexpected("a value, a name or '('");
  }

  void name_term() {
    const std::size_t offset = token_.offset;
    if (is_reserved(token_.value)) return unexpected("a value, a name or '('");
    const std::string name = take();
    if (token_.is("(")) {
      push(step(Op::self, offset));
      push(call(offset, name));
    } else if (name == "true" || name == "false") {
      push(constant(offset, boolean(name == "true")));
    } else {
      push(member(Op::root_member, offset, name));
    }
  }

  Step invocation() {
    const std::size_t offset = token_.offset;
    if (token_.kind == Token::Kind::special) return special();
    const bool word = token_.kind == Token::Kind::identifier;
    if (!word && token_.kind != Token::Kind::delimited) {
      unexpected("a name after '.'");
      return {};
    }
    const std::string name = take();
    if (token_.is("(")) return call(offset, name);
    return member(Op::members, offset, name);
  }

  Step special() {
    const std::size_t offset = token_.offset;
    const std::string name = take();
    return step(name == "$this" ? Op::self : name == "$index" ? Op::index : Op::total, offset);
  }

  Step variable(std::size_t offset) {
    const bool named = token_.kind == Token::Kind::identifier || token_.kind == Token::Kind::delimited;
    if (!named && token_.kind != Token::Kind::string) {
      unexpected("a name after '%'");
      return {};
    }
    const std::string name = take();
    auto& variables = program_.variables;
    const auto found = std::ranges::find(variables, name);
    const auto index = static_cast<std::size_t>(found - variables.begin());
    if (found == variables.end()) variables.push_back(name);
    return step(Op::variable, offset, index);
  }

  // --- literals -----------------------------------------------------------------------------------------------------
  std::string take() {
    std::string value = std::move(token_.value);
    advance();
    return value;
  }

  Step number(bool negated) {
    const Token number = std::exchange(token_, {});
    advance();
    if (token_.kind == Token::Kind::string) return quantity_literal(number, take());
    if (token_.kind == Token::Kind::identifier && is_calendar_word(token_.value))
      return quantity_literal(number, take());
    if (number.kind == Token::Kind::decimal) return decimal(number);
    std::int64_t value = 0;
    const auto [end, fault] = std::from_chars(number.value.data(), number.value.data() + number.value.size(), value);
    const std::int64_t most = std::numeric_limits<std::int32_t>::max() + std::int64_t{negated ? 1 : 0};
    if (fault != std::errc() || value > most) {
      fail(number.offset, "fhirpath.semantic", "an integer past 32 bits; write it as a decimal");
    }
    return constant(number.offset, integer(value));
  }

  // Leading zeros are allowed in expressions and dropped, as JSON does not know them.
  static std::string plain_digits(const std::string& digits) {
    const std::size_t first = std::min(digits.find_first_not_of('0'), digits.size());
    const bool bare = first == digits.size() || digits[first] == '.';
    return bare ? "0" + digits.substr(first) : digits.substr(first);
  }

  Step decimal(const Token& number) {
    std::string digits = plain_digits(number.value);
    if (!Decimal::parse(digits)) fail(number.offset, "fhirpath.semantic", "a number of too many digits");
    return constant(number.offset, scalar(Kind::decimal, keep(digits)));
  }

  Step quantity_literal(const Token& number, std::string unit) {
    std::string digits = plain_digits(number.value);
    if (!Decimal::parse(digits)) fail(number.offset, "fhirpath.semantic", "a number of too many digits");
    return constant(number.offset, quantity(keep(digits), keep(unit)));
  }

  Step moment(Kind kind) {
    const std::size_t offset = token_.offset;
    std::string text = take();
    const bool valid = kind == Kind::time ? Time::parse(text).has_value() : DateTime::parse(text).has_value();
    if (!valid) fail(offset, "fhirpath.semantic", "no such date or time in the calendar");
    if (text.ends_with('T')) text.pop_back();  // @2015T is the dateTime 2015
    return constant(offset, scalar(kind, keep(text)));
  }

  // --- types and functions ------------------------------------------------------------------------------------------
  std::string qualified_part() {
    if (token_.kind == Token::Kind::identifier || token_.kind == Token::Kind::delimited) return take();
    unexpected("a type name");
    return {};
  }

  std::uint32_t type_specifier() {
    const std::size_t offset = token_.offset;
    std::string space;
    std::string name = qualified_part();
    while (!failed_ && token_.is(".")) {
      advance();
      space += (space.empty() ? "" : ".") + name;
      name = qualified_part();
    }
    if (failed_) return 0;
    const TypeSpecifier type = resolve_type(space, name);
    if (type.fhir == nullptr && !type.system) unknown_type(offset, name);
    parts_.types.push_back(type);
    return static_cast<std::uint32_t>(parts_.types.size() - 1);
  }

  void unknown_type(std::size_t offset, std::string_view name) {
    const auto name_of = [](const TypeDefinition* type) { return type->name; };
    fail(offset, "fhirpath.semantic", "unknown type" + did_you_mean(name, all_types(), name_of));
  }

  Step call(std::size_t offset, const std::string& name) {
    Step result = step(Op::call, offset);
    result.function = find_function(name);
    if (result.function == nullptr) {
      const auto name_of = [](const Function& function) { return function.name; };
      fail(offset, "fhirpath.semantic", "unknown function" + did_you_mean(name, functions(), name_of));
      return result;
    }
    expect("(");
    const std::vector<Block> blocks = arguments(result);
    result.first = static_cast<std::uint32_t>(parts_.arguments.size());
    result.count = static_cast<std::uint32_t>(blocks.size());
    parts_.arguments.insert(parts_.arguments.end(), blocks.begin(), blocks.end());
    check_arity(result, offset);
    if (!failed_ && !blocks.empty() && takes_pattern(*result.function)) prepare_pattern(*result.function, blocks);
    return result;
  }

  static bool takes_pattern(const Function& function) {
    return function.name == "matches" || function.name == "matchesFull" || function.name == "replaceMatches";
  }

  // A literal regular expression is compiled once, and its faults are faults of the expression.
  void prepare_pattern(const Function& function, const std::vector<Block>& blocks) {
    const Step& first = parts_.steps[blocks.front().first];
    if (blocks.front().count != 1 || first.op != Op::literal) return;
    const Value& text = parts_.constants[first.data];
    const bool flagged = blocks.size() == function.most;  // the flags come last, and change what it means
    if (text.kind != Kind::string || flagged) return;
    Result<std::shared_ptr<const Pattern>> pattern = Pattern::compile(text.text, {});
    if (!pattern) return fail(first.offset, "fhirpath.semantic", pattern.error().say, pattern.error().fault);
    program_.patterns.emplace_back(first.data, *std::move(pattern));
  }

  std::vector<Block> arguments(Step& call) {
    std::vector<Block> blocks;
    if (accept(")")) return blocks;
    do {
      if (call.function->takes[std::min<std::size_t>(blocks.size(), 2)] == Takes::type) {
        call.data = type_specifier();
        blocks.push_back({});
      } else {
        blocks.push_back(argument(call.function->name == "sort"));
      }
    } while (!failed_ && accept(","));
    expect(")");
    return blocks;
  }

  // sort(-family), sort(family desc): the minus before a whole key means descending, whatever the key's type.
  Block argument(bool sort_key) {
    const std::size_t from = parts_.drafts.size();
    expression(kLoosest);
    if (!sort_key || failed_) return commit(from);
    SortOrder order = SortOrder::ascending;
    if (parts_.drafts.size() > from && parts_.drafts.back().op == Op::negate) {
      parts_.drafts.pop_back();
      order = SortOrder::negated;
    } else if (token_.is_word("asc") || token_.is_word("desc")) {
      if (token_.value == "desc") order = SortOrder::descending;
      advance();
    }
    Block key = commit(from);
    key.order = order;
    return key;
  }

  void check_arity(const Step& call, std::size_t offset) {
    const Function& function = *call.function;
    if (failed_ || (call.count >= function.least && call.count <= function.most)) return;
    std::string wanted = std::to_string(function.least);
    if (function.most == Function::kMany)
      wanted += " or more";
    else if (function.most != function.least)
      wanted += " to " + std::to_string(function.most);
    fail(offset, "fhirpath.semantic",
         std::string(function.name) + "() takes " + wanted + " argument(s), not " + std::to_string(call.count));
  }

  static TypeSpecifier resolve_type(std::string_view space, std::string_view name) {
    TypeSpecifier type;
    if (space.empty() || space == "FHIR") type.fhir = find_shape(name);
    if (space.empty() || space == "System") type.system = system_kind(name);
    return type;
  }

  Program program_;
  Parts& parts_;
  std::size_t room_ = 0;  // of program_.characters
  std::size_t used_ = 0;
  Lexer lexer_;
  Token token_;
  const Operator* operator_ = nullptr;  // that token_ is
  int depth_ = 0;
  bool negated_ = false;  // the number that follows stands behind a minus: it may be one larger
  bool failed_ = false;
  Error error_;
};

}  // namespace

Result<std::shared_ptr<const Program>> parse(std::string_view text, const Shape* context) {
  if (text.size() > kMaxExpressionBytes) {
    return fail(Fault::too_large, "fhirpath.budget", "1:1", "the expression is longer than 256 KiB");
  }
  thread_local Parts parts;
  return Parser(text, parts).parse(context);
}

}  // namespace fhir::path
