#include <algorithm>

#include "fhir/path/chapters.h"
#include "fhir/path/operators.h"

namespace fhir::path {
namespace {

// allTrue() and its kin: what every item must be; an item that is no boolean is an error.
Values every(const Call& call, bool wanted, bool wanted_of_all) {
  bool found_other = false;
  for (const Value& item : call.input) {
    if (item.kind != Kind::boolean) return call.fail(std::string(call.step.function->name) + "() is for booleans");
    found_other = found_other || !item.valued || (item.number != 0) != wanted;
  }
  return call.truth(wanted_of_all ? !found_other : found_other);
}

bool all_in(const Call& call, const Values& part, const Values& whole) {
  return std::ranges::all_of(part, [&](const Value& item) { return holds(call.evaluator, call.step, whole, item); });
}

}  // namespace

Values fn_empty(const Call& call) { return call.truth(call.input.empty()); }

Values fn_exists(const Call& call) {
  if (!call.has(0)) return call.truth(!call.input.empty());
  for (std::uint32_t n = 0; n < call.input.size(); ++n) {
    if (call.test(0, call.input[n], n)) return call.truth(true);
  }
  return call.truth(false);
}

Values fn_all(const Call& call) {
  for (std::uint32_t n = 0; n < call.input.size(); ++n) {
    if (!call.test(0, call.input[n], n)) return call.truth(false);
  }
  return call.truth(true);
}

Values fn_all_true(const Call& call) { return every(call, true, true); }
Values fn_any_true(const Call& call) { return every(call, false, false); }
Values fn_all_false(const Call& call) { return every(call, false, true); }
Values fn_any_false(const Call& call) { return every(call, true, false); }

Values fn_subset_of(const Call& call) { return call.truth(all_in(call, call.input, call.arguments[0])); }
Values fn_superset_of(const Call& call) { return call.truth(all_in(call, call.arguments[0], call.input)); }

Values fn_count(const Call& call) { return call.one(integer(call.input.size())); }
Values fn_distinct(const Call& call) { return unite(call.evaluator, call.step, call.input, {}); }
Values fn_is_distinct(const Call& call) { return call.truth(fn_distinct(call).size() == call.input.size()); }

Values fn_not(const Call& call) {
  const std::optional<bool> value = call.evaluator.criterion(call.step, call.input);
  return value ? call.truth(!*value) : Values();
}

}  // namespace fhir::path
