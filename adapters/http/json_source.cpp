#include "adapters/http/json_source.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <vector>

#include "adapters/http/json_path.h"
#include "fhir/suggest.h"

namespace adapters::http {

namespace {

using Numbers = std::vector<std::uint32_t>;

/// The values of a document, numbered in document order: the subtree of n is [n, end).
class Values {
 public:
  struct Value {
    fhir::JsonView view;
    std::string_view key;      // of a member
    std::uint32_t parent = 0;  // the root's is itself
    std::uint32_t end = 0;
    std::uint32_t index = 0;  // of an item
  };

  explicit Values(fhir::Json document) : document_(std::move(document)) { read(document_.root()); }
  Values(const Values&) = delete;  // views point into document_
  Values& operator=(const Values&) = delete;

  const Value& operator[](std::uint32_t n) const { return values_[n]; }

  bool is_leaf(std::uint32_t n) const {
    const auto kind = values_[n].view.kind();
    if (kind == fhir::JsonKind::string) return !values_[n].view.text().empty();
    return kind == fhir::JsonKind::number || kind == fhir::JsonKind::boolean;
  }

  bool is_valued(std::uint32_t n) const {
    for (std::uint32_t i = n; i < values_[n].end; ++i) {
      if (is_leaf(i)) return true;
    }
    return false;
  }

  template <class Use>
  void each_child(std::uint32_t n, Use use) const {
    for (std::uint32_t child = n + 1; child < values_[n].end; child = values_[child].end) use(child);
  }

 private:
  struct Open {
    fhir::JsonView::Iterator at, end;
    std::uint32_t number;
  };

  void read(fhir::JsonView root) {
    std::vector<Open> open;
    add(root, "", 0, 0, open);
    while (!open.empty()) {
      Open& innermost = open.back();
      if (innermost.at == innermost.end) {
        values_[innermost.number].end = static_cast<std::uint32_t>(values_.size());
        open.pop_back();
        continue;
      }
      const fhir::JsonView view = *innermost.at;
      const std::string_view key = innermost.at.key();
      ++innermost.at;
      add(view, key, innermost.number, counts_[innermost.number]++, open);
    }
    counts_.clear();
  }

  void add(fhir::JsonView view, std::string_view key, std::uint32_t parent, std::uint32_t index,
           std::vector<Open>& open) {
    const auto number = static_cast<std::uint32_t>(values_.size());
    values_.push_back({view, key, parent, number + 1, index});
    counts_.push_back(0);
    if (view.is_object() || view.is_array()) open.push_back({view.begin(), view.end(), number});
  }

  fhir::Json document_;
  std::vector<Value> values_;
  Numbers counts_;  // children seen while reading
};

using Step = JsonStep;

/// An array stands for each of its items, and theirs.
void flatten(const Values& values, std::uint32_t n, Numbers& out) {
  if (!values[n].view.is_array()) {
    out.push_back(n);
    return;
  }
  values.each_child(n, [&](std::uint32_t child) { flatten(values, child, out); });
}

void take(const Values& values, const Step& step, std::uint32_t n, Numbers& out) {
  if (step.kind == Step::Kind::member) {
    Numbers objects;
    flatten(values, n, objects);
    for (std::uint32_t object : objects) {
      if (!values[object].view.is_object()) continue;
      values.each_child(object, [&](std::uint32_t child) {
        if (values[child].key == step.name) out.push_back(child);
      });
    }
  } else if (values[n].view.is_array()) {
    values.each_child(n, [&](std::uint32_t child) {
      if (step.kind == Step::Kind::items || values[child].index == step.index) out.push_back(child);
    });
  }
}

Numbers follow(const Values& values, const std::vector<Step>& steps, Numbers here) {
  for (const Step& step : steps) {
    Numbers next;
    for (std::uint32_t n : here) take(values, step, n, next);
    here = std::move(next);
  }
  return here;
}

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c < '\0';
}

std::string written(std::string_view name) {
  const bool plain = !name.empty() && std::ranges::all_of(name, is_name_byte);
  return plain ? std::string(name) : "`" + std::string(name) + "`";
}

class PathReader {
 public:
  explicit PathReader(std::string_view text) : rest_(text) {}

  bool read(JsonPath& path) {
    if (rest_ == ".") return true;
    if (take("$")) {
      path.from_top = true;
      if (rest_.empty()) return true;
      if (!rest_.starts_with('[') && !take(".")) return false;
    }
    if (rest_.empty()) return false;
    while (true) {
      if (!rest_.starts_with('[') && !member(path)) return false;
      while (rest_.starts_with('[')) {
        if (!item(path)) return false;
      }
      if (rest_.empty()) return true;
      if (!take(".")) return false;
    }
  }

 private:
  bool take(std::string_view mark) {
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }

  bool member(JsonPath& path) {
    Step step;
    if (take("`")) {
      const std::size_t end = rest_.find('`');
      if (end == std::string_view::npos || end == 0) return false;
      step.name = rest_.substr(0, end);
      rest_.remove_prefix(end + 1);
    } else {
      const auto end = std::ranges::find_if_not(rest_, is_name_byte);
      step.name.assign(rest_.begin(), end);
      rest_.remove_prefix(step.name.size());
    }
    path.steps.push_back(std::move(step));
    return !path.steps.back().name.empty();
  }

  bool item(JsonPath& path) {
    Step step{Step::Kind::items, "", 0};
    if (!take("[*]")) {
      step.kind = Step::Kind::item;
      rest_.remove_prefix(1);
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), step.index);
      if (error != std::errc()) return false;
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      if (!take("]")) return false;
    }
    path.steps.push_back(std::move(step));
    return true;
  }

  std::string_view rest_;
};

std::unexpected<fhir::Error> no_path(std::string_view path, std::string say) {
  return fhir::fail(fhir::Fault::invalid, "json.path", std::string(path), std::move(say));
}

class JsonDialect final : public Dialect {
 public:
  JsonDialect() = default;
  JsonDialect(fhir::Json sample, Wording wording) : sample_(std::move(sample)), wording_(std::move(wording)) {}

  Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const override {
    auto bound = std::make_unique<JsonPath>();
    if (!PathReader(path).read(*bound)) {
      return no_path(path, "'" + std::string(path) + "' is no path: it looks like " + wording_.example);
    }
    if (sample_) {
      const auto* outer = static_cast<const JsonPath*>(within);
      bound->in_sample = bound->from_top || !outer ? Numbers{0} : outer->in_sample;
      if (auto checked = follow_in_sample(path, *bound); !checked) return fhir::pass(checked);
    }
    return bound;
  }

 private:
  Result<void> follow_in_sample(std::string_view path, JsonPath& bound) const {
    for (const Step& step : bound.steps) {
      const Numbers before = std::exchange(bound.in_sample, {});
      for (std::uint32_t n : before) take(*sample_, step, n, bound.in_sample);
      // An index only has to be possible: samples are short.
      if (bound.in_sample.empty() && step.kind == Step::Kind::item) {
        for (std::uint32_t n : before) take(*sample_, {Step::Kind::items, "", 0}, n, bound.in_sample);
      }
      if (!bound.in_sample.empty()) continue;
      const std::string what = step.kind == Step::Kind::member ? "'" + step.name + "'" : "list";
      return no_path(path, wording_.sample + " has no " + what + " there" + did_you_mean(step, before));
    }
    return {};
  }

  std::string did_you_mean(const Step& step, const Numbers& before) const {
    std::vector<std::string_view> keys;
    Numbers objects;
    for (std::uint32_t n : before) flatten(*sample_, n, objects);
    for (std::uint32_t object : objects) {
      sample_->each_child(object, [&](std::uint32_t child) { keys.push_back((*sample_)[child].key); });
    }
    const std::string_view best = fhir::nearest(step.name, keys);
    return best.empty() ? "" : " (did you mean " + written(best) + "?)";
  }

  std::optional<Values> sample_;
  Wording wording_;
};

class JsonSource final : public Source {
 public:
  explicit JsonSource(fhir::Json record) : values_(std::move(record)) {}

  Spot root() const override { return spot(0); }

  Spots find(const BoundPath& bound, Spot from) const override {
    const auto& path = static_cast<const JsonPath&>(bound);
    Numbers found;
    for (std::uint32_t n : follow(values_, path.steps, {path.from_top ? 0 : number(from)})) {
      flatten(values_, n, found);
    }
    Spots spots;
    for (std::uint32_t n : found) {
      if (values_.is_valued(n)) spots.push_back(spot(n));
    }
    return spots;
  }

  std::string text(Spot at) const override { return std::string(values_[number(at)].view.text()); }

  std::string whole(Spot at) const override {
    const fhir::JsonView view = values_[number(at)].view;
    return view.is_object() || view.is_array() ? view.dump() : std::string(view.text());
  }

  std::string place(Spot at) const override {
    const std::string text = path_to(number(at));
    return text.empty() ? "$" : text;
  }

  Spots leaves(Spot at) const override {
    Spots found;
    for (std::uint32_t n = number(at); n < values_[number(at)].end; ++n) {
      if (values_.is_leaf(n)) found.push_back(spot(n));
    }
    return found;
  }

 private:
  static Spot spot(std::uint32_t n) { return {n, 0}; }
  static std::uint32_t number(Spot spot) { return static_cast<std::uint32_t>(spot.a); }

  std::string path_to(std::uint32_t n) const {
    if (n == 0) return {};
    std::string path = path_to(values_[n].parent);  // as deep as the JSON reader lets documents nest
    if (values_[values_[n].parent].view.is_array())
      return path.append("[").append(std::to_string(values_[n].index)) + "]";
    return path.append(path.empty() ? "" : ".").append(written(values_[n].key));
  }

  Values values_;
};

}  // namespace

std::unique_ptr<Dialect> make_dialect() { return std::make_unique<JsonDialect>(); }
std::unique_ptr<Dialect> make_dialect(fhir::Json sample, Wording wording) {
  return std::make_unique<JsonDialect>(std::move(sample), std::move(wording));
}
std::unique_ptr<Source> make_source(fhir::Json record) { return std::make_unique<JsonSource>(std::move(record)); }

}  // namespace adapters::http
