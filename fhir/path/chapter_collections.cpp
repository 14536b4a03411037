#include <algorithm>
#include <numeric>
#include <vector>

#include "fhir/path/arithmetic.h"
#include "fhir/path/chapters.h"
#include "fhir/path/navigate.h"
#include "fhir/path/operators.h"

namespace fhir::path {

// --- filtering and projection (§5.2) ---------------------------------------------------------------------------------

Values fn_where(const Call& call) {
  Values kept;
  for (std::uint32_t n = 0; n < call.input.size(); ++n) {
    // Room for the item is taken before the test, whose memory is given back.
    kept.reserve(call.arena(), kept.size() + 1);
    if (call.test(0, call.input[n], n)) kept.push(call.arena(), call.input[n]);
    if (call.evaluator.failed()) return {};
  }
  return kept;
}

Values fn_select(const Call& call) {
  Values out;
  for (std::uint32_t n = 0; n < call.input.size(); ++n) {
    const Values projected = call.apply(0, Values(call.arena(), call.input[n]), n);
    if (!call.evaluator.charge(call.step, projected.size())) return {};
    out.append(call.arena(), projected.span());
  }
  return out;
}

namespace {

// Each round projects what the round before it found.
Values repeated(const Call& call, bool distinct) {
  Values out;
  Values round = call.input;
  while (!round.empty()) {
    Values next;
    for (const Value& item : round) {
      const Values projected = call.apply(0, Values(call.arena(), item), 0);
      if (!call.evaluator.charge(call.step, projected.size())) return {};
      for (const Value& found : projected) {
        if (distinct && holds(call.evaluator, call.step, out, found)) continue;
        out.push(call.arena(), found);
        next.push(call.arena(), found);
      }
      if (call.evaluator.failed()) return {};
    }
    round = next;
  }
  return out;
}

}  // namespace

Values fn_repeat(const Call& call) { return repeated(call, true); }
Values fn_repeat_all(const Call& call) { return repeated(call, false); }

Values fn_of_type(const Call& call) {
  return of_type(call.arena(), call.input, call.evaluator.program().types[call.step.data]);
}

Values fn_coalesce(const Call& call) {
  for (std::uint32_t n = 0; n < call.step.count; ++n) {
    const Values found = call.apply(n, call.input, call.scope.index);
    if (!found.empty() || call.evaluator.failed()) return found;
  }
  return {};
}

namespace {

/// Items with their keys, all keys computed before the sort: the sort itself then only compares.
class Sorter {
 public:
  explicit Sorter(const Call& call) : call_(call) {}

  Values sorted() {
    const std::uint32_t keys = std::max(call_.step.count, std::uint32_t{1});
    for (const Value& item : call_.input) {
      for (std::uint32_t n = 0; n < keys; ++n) keys_.push_back(key(item, n));
      if (call_.evaluator.failed()) return {};
    }
    std::vector<std::uint32_t> rows(call_.input.size());
    std::iota(rows.begin(), rows.end(), 0U);
    if (!call_.evaluator.charge(call_.step, rows.size() * 16)) return {};
    merge_sort(rows, keys);
    Values out;
    for (const std::uint32_t row : rows) out.push(call_.arena(), call_.input[row]);
    return call_.evaluator.failed() ? Values() : out;
  }

 private:
  // Not std::sort: where an order is unknown `before` is no strict weak ordering, which the library may answer by
  // reading past the end.
  void merge_sort(std::vector<std::uint32_t>& rows, std::uint32_t keys) {
    std::vector<std::uint32_t> merged(rows.size());
    for (std::size_t run = 1; run < rows.size(); run *= 2) {
      for (std::size_t begin = 0; begin < rows.size(); begin += 2 * run) {
        const std::size_t middle = std::min(begin + run, rows.size());
        const std::size_t end = std::min(begin + 2 * run, rows.size());
        std::size_t left = begin;
        std::size_t right = middle;
        for (std::size_t n = begin; n < end; ++n) {
          const bool from_right = left == middle || (right < end && before(rows[right], rows[left], keys));
          merged[n] = rows[from_right ? right++ : left++];
        }
      }
      rows.swap(merged);
    }
  }

  std::optional<Value> key(const Value& item, std::uint32_t n) {
    if (!call_.has(n)) return item;
    const Values found = call_.apply(n, Values(call_.arena(), item), 0);
    if (found.size() > 1) call_.fail("a sort key is a single item");
    return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
  }

  bool before(std::uint32_t a, std::uint32_t b, std::uint32_t keys) {
    for (std::uint32_t n = 0; n < keys; ++n) {
      const std::optional<Value>& x = keys_[a * keys + n];
      const std::optional<Value>& y = keys_[b * keys + n];
      const SortOrder wanted = order_of(n);
      const bool known = x && y;
      const std::partial_ordering result = known ? compare(*x, *y) : x.has_value() <=> y.has_value();
      if (result == 0) continue;
      const bool reversed = wanted == SortOrder::descending || (wanted == SortOrder::negated && known);
      return reversed ? result > 0 : result < 0;
    }
    return false;
  }

  SortOrder order_of(std::uint32_t n) const {
    if (!call_.has(n)) return SortOrder::ascending;
    return call_.evaluator.program().arguments[call_.step.first + n].order;
  }

  // An unknown order leaves the two where they are.
  std::partial_ordering compare(const Value& a, const Value& b) {
    return order(call_.evaluator, call_.step, a, b).value_or(std::partial_ordering::equivalent);
  }

  const Call& call_;
  std::vector<std::optional<Value>> keys_;
};

}  // namespace

Values fn_sort(const Call& call) { return Sorter(call).sorted(); }

// --- subsetting (§5.3) -----------------------------------------------------------------------------------------------

Values fn_single(const Call& call) { return call.input; }
Values fn_first(const Call& call) { return call.input.slice(0, 1); }
Values fn_last(const Call& call) { return call.input.empty() ? Values() : call.input.slice(call.input.size() - 1, 1); }
Values fn_tail(const Call& call) { return call.input.slice(1, call.input.size()); }

namespace {

std::uint32_t within(const Call& call) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(call.number(0), 0, call.input.size()));
}

}  // namespace

Values fn_skip(const Call& call) { return call.input.slice(within(call), call.input.size()); }
Values fn_take(const Call& call) { return call.input.slice(0, within(call)); }

Values fn_intersect(const Call& call) {
  Values both;
  for (const Value& item : call.input) {
    const bool shared = holds(call.evaluator, call.step, call.arguments[0], item);
    if (shared && !holds(call.evaluator, call.step, both, item)) both.push(call.arena(), item);
  }
  return both;
}

Values fn_exclude(const Call& call) {
  Values rest;
  for (const Value& item : call.input) {
    if (!holds(call.evaluator, call.step, call.arguments[0], item)) rest.push(call.arena(), item);
  }
  return rest;
}

// --- combining (§5.4) ------------------------------------------------------------------------------------------------

Values fn_union(const Call& call) { return unite(call.evaluator, call.step, call.input, call.arguments[0]); }

Values fn_combine(const Call& call) {
  Values all;
  if (!call.evaluator.charge(call.step, call.input.size() + call.arguments[0].size())) return {};
  all.append(call.arena(), call.input.span());
  all.append(call.arena(), call.arguments[0].span());
  return all;
}

// --- tree (§5.8) -----------------------------------------------------------------------------------------------------

namespace {

// Every member looks for its twin among the others.
bool pay_for_members(const Call& call, const Value& item) {
  constexpr std::uint64_t kComparisonsAStep = 1024;
  const std::uint64_t members = item.node.is_object() ? item.node.size() : 0;
  return call.evaluator.charge(call.step, members * members / kComparisonsAStep);
}

/// In document order, each before what lies below it. It nests as deep as the document.
bool append_descendants(const Call& call, const Value& item, Values& out) {  // NOLINT(misc-no-recursion)
  if (!pay_for_members(call, item)) return false;
  Values children;
  append_children(call.arena(), item, children);
  if (!call.evaluator.charge(call.step, children.size() + 1)) return false;
  for (const Value& child : children) {
    out.push(call.arena(), child);
    const bool leaf = child.kind != Kind::node && !child.twin;
    if (!leaf && !append_descendants(call, child, out)) return false;
  }
  return true;
}

}  // namespace

Values fn_children(const Call& call) {
  Values out;
  for (const Value& item : call.input) {
    if (!pay_for_members(call, item)) return {};
    append_children(call.arena(), item, out);
  }
  return call.evaluator.charge(call.step, out.size()) ? out : Values();
}

Values fn_descendants(const Call& call) {
  Values out;
  for (const Value& item : call.input) {
    if (!append_descendants(call, item, out)) return {};
  }
  return out;
}

// --- aggregates (§7) -------------------------------------------------------------------------------------------------

Values fn_aggregate(const Call& call) {
  Values total = call.arguments[1];
  for (std::uint32_t n = 0; n < call.input.size(); ++n) {
    total = call.apply(0, Values(call.arena(), call.input[n]), n, &total);
    if (call.evaluator.failed()) return {};
  }
  return total;
}

namespace {

Values added(const Call& call) {
  if (call.input.empty()) return {};
  const Step add{.op = Op::add, .offset = call.step.offset};
  Values total = call.input.slice(0, 1);
  for (std::uint32_t n = 1; n < call.input.size() && !total.empty(); ++n) {
    total = arithmetic(call.evaluator, add, total.front(), call.input[n]);
  }
  return total;
}

Values extreme(const Call& call, bool greatest) {
  Values best = call.input.slice(0, 1);
  for (std::uint32_t n = 1; n < call.input.size(); ++n) {
    const auto result = order(call.evaluator, call.step, call.input[n], best.front());
    if (!result) return {};
    if (greatest ? *result > 0 : *result < 0) best = call.input.slice(n, 1);
  }
  return best;
}

}  // namespace

Values fn_sum(const Call& call) { return added(call); }
Values fn_min(const Call& call) { return extreme(call, false); }
Values fn_max(const Call& call) { return extreme(call, true); }

Values fn_avg(const Call& call) {
  const Values total = added(call);
  if (total.empty()) return {};
  const Step divide{.op = Op::divide, .offset = call.step.offset};
  return arithmetic(call.evaluator, divide, total.front(), integer(call.input.size()));
}

}  // namespace fhir::path
