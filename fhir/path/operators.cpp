#include "fhir/path/operators.h"

#include <algorithm>
#include <vector>

#include "fhir/path/arithmetic.h"
#include "fhir/path/navigate.h"
#include "fhir/path/units.h"

namespace fhir::path {
namespace {

bool is_twin(std::string_view key) { return key.starts_with('_'); }

std::optional<bool> from_order(std::partial_ordering order) {
  return order == std::partial_ordering::unordered ? std::nullopt : std::optional(order == 0);
}

bool same_number(std::string_view a, std::string_view b) {
  if (a == b) return true;
  const std::optional<Decimal> left = Decimal::parse(a);
  const std::optional<Decimal> right = Decimal::parse(b);
  return left && right && *left == *right;
}

// --- complex elements: all members, in any order (N1 §6.1) -----------------------------------------------------------

std::vector<JsonView> items_of(JsonView array) {
  std::vector<JsonView> items;
  items.reserve(array.size());
  for (const JsonView item : array) items.push_back(item);
  return items;
}

bool same_json(JsonView a, JsonView b, Work& work) {
  work += 1 + a.size();
  if (a == b) return true;
  if (a.kind() != b.kind() || a.size() != b.size()) return false;
  if (a.kind() == JsonKind::number) return same_number(a.text(), b.text());
  const auto same = [&work](JsonView x, JsonView y) { return same_json(x, y, work); };
  if (a.is_array()) return std::ranges::equal(items_of(a), items_of(b), same);
  if (!a.is_object()) return a.text() == b.text();
  for (auto member = a.begin(); member != a.end(); ++member) {
    if (!same(*member, b[member.key()])) return false;
  }
  return true;
}

// --- strings: without case and kind of whitespace --------------------------------------------------------------------

char folded(char c) {
  if (c == '\t' || c == '\n' || c == '\r') return ' ';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equivalent_text(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, folded, folded); }

bool equivalent_numbers(std::string_view a, std::string_view b) {
  const std::optional<Decimal> left = Decimal::parse(a);
  const std::optional<Decimal> right = Decimal::parse(b);
  return left && right && fhir::equivalent(*left, *right);
}

// Pairs every item of one with another of the other, in any order.
template <class Items, class Same>
bool pairs_up(const Items& a, const Items& b, Same same) {
  std::vector<bool> taken(b.size());
  for (const auto& item : a) {
    std::size_t n = 0;
    while (n < b.size() && (taken[n] || !same(item, b[n]))) ++n;
    if (n == b.size()) return false;
    taken[n] = true;
  }
  return true;
}

bool equivalent_json(JsonView a, JsonView b, Work& work) {
  work += 1 + a.size();
  if (a == b) return true;
  if (a.kind() != b.kind()) return false;
  if (a.kind() == JsonKind::number) return equivalent_numbers(a.text(), b.text());
  if (a.kind() == JsonKind::string) return equivalent_text(a.text(), b.text());
  if (a.size() != b.size()) return false;
  const auto same = [&work](JsonView x, JsonView y) { return equivalent_json(x, y, work); };
  if (a.is_array()) return pairs_up(items_of(a), items_of(b), same);
  if (!a.is_object()) return a.text() == b.text();
  for (auto member = a.begin(); member != a.end(); ++member) {
    if (!is_twin(member.key()) && !same(*member, b[member.key()])) return false;
  }
  return true;
}

// --- scalars ---------------------------------------------------------------------------------------------------------

std::optional<bool> equal_quantities(const Value& a, const Value& b, bool loosely) {
  const std::optional<Decimal> left = decimal_of(a);
  const std::optional<Decimal> right = decimal_of(b);
  if (!left || !right) return std::nullopt;
  const auto pair = in_one_unit({*left, a.unit}, {*right, b.unit}, loosely);
  if (!pair) return std::nullopt;
  return loosely ? fhir::equivalent(pair->first, pair->second) : pair->first == pair->second;
}

/// A number beside a quantity is one of unit '1'.
Value as_quantity(const Value& number) {
  Value value = number;
  value.kind = Kind::quantity;
  value.unit = "1";
  return value;
}

std::partial_ordering order_moments(const Value& a, const Value& b) {
  const std::optional<DateTime> left = DateTime::parse(a.text);
  const std::optional<DateTime> right = DateTime::parse(b.text);
  return left && right ? left->compare(*right) : std::partial_ordering::unordered;
}

std::partial_ordering order_times(const Value& a, const Value& b) {
  const std::optional<Time> left = Time::parse(a.text);
  const std::optional<Time> right = Time::parse(b.text);
  return left && right ? left->compare(*right) : std::partial_ordering::unordered;
}

std::partial_ordering order_numbers(const Value& a, const Value& b) {
  if (a.kind == Kind::integer && b.kind == Kind::integer) return a.number <=> b.number;
  const std::optional<Decimal> left = decimal_of(a);
  const std::optional<Decimal> right = decimal_of(b);
  return left && right ? std::partial_ordering(*left <=> *right) : std::partial_ordering::unordered;
}

/// Both as values that can be compared: FHIR quantities and bare numbers beside quantities become quantities.
struct Operands {
  Operands(const Value& left, const Value& right) : a(system_value(left)), b(system_value(right)) {
    if (a.kind == Kind::quantity && b.is_number()) b = as_quantity(b);
    if (b.kind == Kind::quantity && a.is_number()) a = as_quantity(a);
  }
  bool are(Kind kind) const { return a.kind == kind && b.kind == kind; }
  bool numbers() const { return a.is_number() && b.is_number(); }
  bool moments() const { return a.is_moment() && b.is_moment(); }
  Value a;
  Value b;
};

/// Two values of one simple kind, both there, with no unit to convert: what most comparisons are of.
bool are_simple(const Value& a, const Value& b) {
  return a.kind == b.kind && a.valued && b.valued &&
         (a.kind == Kind::string || a.kind == Kind::integer || a.kind == Kind::boolean);
}

bool same_type_info(const Value& a, const Value& b) { return a.text == b.text && a.unit == b.unit; }

}  // namespace

std::optional<bool> equals(const Value& left, const Value& right, Work& work) {
  ++work;
  if (are_simple(left, right)) return left.kind == Kind::string ? left.text == right.text : left.number == right.number;
  if (left.node && left.node == right.node) return true;
  const Operands o(left, right);
  if (!o.a.valued || !o.b.valued) return o.a.valued == o.b.valued && same_json(left.twin, right.twin, work);
  if (o.are(Kind::string)) return o.a.text == o.b.text;
  if (o.are(Kind::boolean)) return o.a.number == o.b.number;
  if (o.numbers()) return from_order(order_numbers(o.a, o.b));
  if (o.moments()) return from_order(order_moments(o.a, o.b));
  if (o.are(Kind::time)) return from_order(order_times(o.a, o.b));
  if (o.are(Kind::quantity)) return equal_quantities(o.a, o.b, false);
  if (o.are(Kind::type_info)) return same_type_info(o.a, o.b);
  return o.are(Kind::node) && left.type == right.type && same_json(left.node, right.node, work);
}

bool equivalent(const Value& left, const Value& right, Work& work) {
  ++work;
  if (are_simple(left, right)) {
    return left.kind == Kind::string ? equivalent_text(left.text, right.text) : left.number == right.number;
  }
  const Operands o(left, right);
  if (!o.a.valued || !o.b.valued) return o.a.valued == o.b.valued && o.a.kind == o.b.kind;
  if (o.are(Kind::string)) return equivalent_text(o.a.text, o.b.text);
  if (o.are(Kind::integer) || o.are(Kind::boolean)) return o.a.number == o.b.number;
  if (o.numbers()) {
    const std::optional<Decimal> a = decimal_of(o.a);
    const std::optional<Decimal> b = decimal_of(o.b);
    return a && b && fhir::equivalent(*a, *b);
  }
  if (o.moments()) return order_moments(o.a, o.b) == 0;
  if (o.are(Kind::time)) return order_times(o.a, o.b) == 0;
  if (o.are(Kind::quantity)) return equal_quantities(o.a, o.b, true).value_or(false);
  if (o.are(Kind::type_info)) return same_type_info(o.a, o.b);
  return o.are(Kind::node) && equivalent_json(left.node, right.node, work);
}

std::optional<std::partial_ordering> order(Evaluator& evaluator, const Step& step, const Value& left,
                                           const Value& right) {
  const Operands o(left, right);
  if (!o.a.valued || !o.b.valued) return std::nullopt;
  std::partial_ordering result = std::partial_ordering::unordered;
  if (o.are(Kind::string)) {
    result = o.a.text <=> o.b.text;  // bytes of UTF-8 order as code points do
  } else if (o.numbers()) {
    result = order_numbers(o.a, o.b);
  } else if (o.moments()) {
    result = order_moments(o.a, o.b);
  } else if (o.are(Kind::time)) {
    result = order_times(o.a, o.b);
  } else if (o.are(Kind::quantity)) {
    const std::optional<Decimal> a = decimal_of(o.a);
    const std::optional<Decimal> b = decimal_of(o.b);
    const auto pair = a && b ? in_one_unit({*a, o.a.unit}, {*b, o.b.unit}, false) : std::nullopt;
    if (pair) result = pair->first <=> pair->second;
  } else {
    evaluator.fail(step, "these two types have no order");
  }
  return result == std::partial_ordering::unordered ? std::nullopt : std::optional(result);
}

bool holds(Evaluator& evaluator, const Step& step, const Values& values, const Value& item) {
  for (const Value& value : values) {
    Work work = 0;
    const bool same = equals(value, item, work) == true;
    if (!evaluator.charge(step, work)) return false;
    if (same) return true;
  }
  return false;
}

Values unite(Evaluator& evaluator, const Step& step, const Values& values, const Values& more) {
  Values out;
  for (const Values* from : {&values, &more}) {
    for (const Value& item : *from) {
      if (!holds(evaluator, step, out, item)) out.push(evaluator.arena(), item);
    }
  }
  return out;
}

namespace {

std::optional<bool> equal_collections(Evaluator& evaluator, const Step& step, const Values& a, const Values& b) {
  if (a.empty() || b.empty()) return std::nullopt;
  if (a.size() != b.size()) return false;
  std::optional<bool> all = true;
  for (std::uint32_t n = 0; n < a.size(); ++n) {
    Work work = 0;
    const std::optional<bool> same = equals(a[n], b[n], work);
    if (!evaluator.charge(step, work)) return std::nullopt;
    if (same == false) return false;
    if (!same) all = std::nullopt;
  }
  return all;
}

std::optional<bool> equivalent_collections(Evaluator& evaluator, const Step& step, const Values& a, const Values& b) {
  if (a.size() != b.size()) return false;
  return pairs_up(a.span(), b.span(), [&](const Value& x, const Value& y) {
    Work work = 0;
    const bool same = equivalent(x, y, work);
    return evaluator.charge(step, work) && same;
  });
}

std::optional<bool> compare(Evaluator& evaluator, const Step& step, const Values& left, const Values& right) {
  if (left.empty() || right.empty()) return std::nullopt;
  if (left.size() > 1 || right.size() > 1) {
    evaluator.fail(step, "a comparison is of two single items");
    return std::nullopt;
  }
  const std::optional<std::partial_ordering> result = order(evaluator, step, left.front(), right.front());
  if (!result) return std::nullopt;
  switch (step.op) {
    case Op::less: return *result < 0;
    case Op::less_or_equal: return *result <= 0;
    case Op::greater: return *result > 0;
    default: return *result >= 0;
  }
}

std::optional<bool> member_of(Evaluator& evaluator, const Step& step, const Values& item, const Values& values) {
  if (item.empty()) return std::nullopt;
  if (item.size() > 1) {
    evaluator.fail(step, "membership is asked of a single item");
    return std::nullopt;
  }
  return holds(evaluator, step, values, item.front());
}

std::optional<bool> negated(std::optional<bool> value) { return value ? std::optional(!*value) : std::nullopt; }

Values concatenate(Evaluator& evaluator, const Step& step, const Values& left, const Values& right) {
  std::string text;
  for (const Values* side : {&left, &right}) {
    if (side->empty()) continue;
    if (side->size() > 1 || side->front().kind != Kind::string)
      return evaluator.fail(step, "& is for two single strings");
    text += side->front().text;
  }
  if (!evaluator.charge(step, text.size() / 64)) return {};
  return {evaluator.arena(), string(evaluator.arena().copy(text))};
}

}  // namespace

Values apply_operator(Evaluator& evaluator, const Step& step, const Values& left, const Values& right) {
  const auto truth = [&](std::optional<bool> value) {
    return evaluator.failed() ? Values() : evaluator.make_truth(value);
  };
  switch (step.op) {
    case Op::equal: return truth(equal_collections(evaluator, step, left, right));
    case Op::not_equal: return truth(negated(equal_collections(evaluator, step, left, right)));
    case Op::equivalent: return truth(equivalent_collections(evaluator, step, left, right));
    case Op::not_equivalent: return truth(negated(equivalent_collections(evaluator, step, left, right)));
    case Op::less:
    case Op::less_or_equal:
    case Op::greater:
    case Op::greater_or_equal: return truth(compare(evaluator, step, left, right));
    case Op::in: return truth(member_of(evaluator, step, left, right));
    case Op::contains: return truth(member_of(evaluator, step, right, left));
    case Op::unite: return unite(evaluator, step, left, right);
    case Op::concatenate: return concatenate(evaluator, step, left, right);
    default: break;
  }
  if (left.empty() || right.empty()) return {};
  if (left.size() > 1 || right.size() > 1) return evaluator.fail(step, "arithmetic is of two single items");
  return arithmetic(evaluator, step, left.front(), right.front());
}

Values of_type(Arena& arena, const Values& items, const TypeSpecifier& type) {
  Values kept;
  for (const Value& item : items) {
    if (is_of(item, type)) kept.push(arena, item);
  }
  return kept;
}

Values type_operator(Evaluator& evaluator, const Step& step, Op op, const Values& input) {
  if (input.empty()) return {};
  const TypeSpecifier& type = evaluator.program().types[step.data];
  if (op == Op::as && evaluator.environment().as_filters) return of_type(evaluator.arena(), input, type);
  if (input.size() > 1) return evaluator.fail(step, "a type is asked of a single item");
  const bool fits = is_of(input.front(), type);
  if (op == Op::is) return evaluator.make_truth(fits);
  return fits ? input : Values();
}

Values polarity(Evaluator& evaluator, const Step& step, const Values& input) {
  if (input.empty()) return {};
  if (input.size() > 1) return evaluator.fail(step, "a sign is for a single number");
  const Value value = system_value(input.front());
  if (!value.is_number() && value.kind != Kind::quantity)
    return evaluator.fail(step, "a sign is for a number or quantity");
  if (!value.valued) return {};
  if (step.op == Op::plus) return input;
  if (value.kind == Kind::integer) return {evaluator.arena(), integer(-value.number)};
  const std::optional<Decimal> number = decimal_of(value);
  if (!number) return {};
  Value result = decimal_value(evaluator.arena(), number->negated());
  if (value.kind == Kind::quantity) result = quantity(result.text, value.unit);
  return {evaluator.arena(), result};
}

}  // namespace fhir::path
