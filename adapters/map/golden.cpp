#include "adapters/map/golden.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

namespace adapters::map {
namespace {

using fhir::JsonKind;
using fhir::JsonView;

struct Step {
  std::string name;
  std::optional<std::size_t> item;
};

/// "entry[2].resource" -> entry 2, resource. Without [n]: any item.
std::vector<Step> steps_of(std::string_view text) {
  std::vector<Step> steps;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('.', begin), text.size());
    const auto word = text.substr(begin, end - begin);
    const auto bracket = word.find('[');
    Step step{std::string(word.substr(0, bracket)), std::nullopt};
    if (bracket != std::string_view::npos) {
      std::size_t number = 0;
      bool digits = false;
      for (const char c : word.substr(bracket + 1)) {
        if (c < '0' || c > '9') break;
        digits = true;
        number = std::min<std::size_t>(number * 10 + static_cast<std::size_t>(c - '0'), 1'000'000);
      }
      if (digits) step.item = number;
    }
    steps.push_back(std::move(step));
    begin = end + 1;
  }
  return steps;
}

bool begins_with(const std::vector<Step>& place, const std::vector<Step>& pattern) {
  if (pattern.size() > place.size()) return false;
  return std::equal(pattern.begin(), pattern.end(), place.begin(), [](const Step& wanted, const Step& is) {
    return (wanted.name == "*" || wanted.name == is.name) && (!wanted.item || wanted.item == is.item);
  });
}

class Comparison {
 public:
  explicit Comparison(const std::vector<std::string>& ignored) {
    for (const auto& one : ignored) ignored_.push_back(steps_of(one));
  }

  void compare(JsonView golden, JsonView made, JsonView around) {
    if (is_ignored()) return;
    if (!golden || !made || golden.kind() != made.kind() || golden.is_object() || golden.is_array()) {
      if (golden.kind() == made.kind() && golden.is_object()) return members(golden, made);
      if (golden.kind() == made.kind() && golden.is_array()) return items(golden, made);
      return tell(golden, made, around);
    }
    if (golden.text() != made.text()) tell(golden, made, around);
  }

  std::vector<Difference> take() { return std::move(found_); }

 private:
  void members(JsonView golden, JsonView made) {
    const bool resource = golden["resourceType"].is_string();
    if (resource) resources_.push_back(place_.size());
    if (resource) types_.emplace_back(golden["resourceType"].text());
    for (auto it = golden.begin(); it != golden.end(); ++it) inside(it.key(), *it, made[it.key()], golden);
    for (auto it = made.begin(); it != made.end(); ++it)
      if (!golden[it.key()]) inside(it.key(), {}, *it, golden);
    if (resource) resources_.pop_back();
    if (resource) types_.pop_back();
  }

  void items(JsonView golden, JsonView made) {
    const auto most = std::max(golden.size(), made.size());
    auto left = golden.begin(), right = made.begin();
    for (std::size_t i = 0; i < most; ++i) {
      place_.back().item = i;
      const JsonView one = left == golden.end() ? JsonView() : *left;
      const JsonView other = right == made.end() ? JsonView() : *right;
      compare(one, other, golden);
      if (left != golden.end()) ++left;
      if (right != made.end()) ++right;
    }
    place_.back().item.reset();
  }

  void inside(std::string_view name, JsonView golden, JsonView made, JsonView around) {
    place_.push_back({std::string(name), std::nullopt});
    compare(golden, made, around);
    place_.pop_back();
  }

  /// From the top, with or without its type before it, or from the resource we are in.
  bool is_ignored() const {
    return std::ranges::any_of(ignored_, [&](const std::vector<Step>& pattern) {
      if (begins_with(place_, pattern)) return true;
      for (std::size_t i = 0; i < resources_.size(); ++i) {
        std::vector<Step> place{{types_[i], std::nullopt}};
        place.insert(place.end(), place_.begin() + static_cast<std::ptrdiff_t>(resources_[i]), place_.end());
        if (pattern.size() > 1 && begins_with(place, pattern)) return true;
      }
      return false;
    });
  }

  std::string path() const {
    std::string out;
    for (const auto& step : place_) {
      if (!out.empty()) out += '.';
      out += step.name;
      if (step.item) out += fmt::format("[{}]", *step.item);
    }
    return out;
  }

  void tell(JsonView golden, JsonView made, JsonView around) {
    const auto shown = [](JsonView view) {
      std::string text = view.dump();
      constexpr std::size_t kShown = 160;
      if (text.size() > kShown) {
        std::size_t end = kShown;
        while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) --end;
        text = text.substr(0, end) + " ...";
      }
      return text;
    };
    const auto at = (golden ? golden : around).place();
    found_.push_back({path(), at.line, at.column,
                      !made     ? fmt::format("expected {}, was not made", shown(golden))
                      : !golden ? fmt::format("not expected, is {}", shown(made))
                                : fmt::format("expected {}, is {}", shown(golden), shown(made))});
  }

  std::vector<std::vector<Step>> ignored_;
  std::vector<Step> place_;
  std::vector<std::size_t> resources_;  // how deep the resources around us begin
  std::vector<std::string> types_;      // and what they are
  std::vector<Difference> found_;
};

}  // namespace

std::vector<Difference> differences(JsonView golden, JsonView made, const std::vector<std::string>& ignored) {
  Comparison comparison(ignored);
  comparison.compare(golden, made, golden);
  return comparison.take();
}

}  // namespace adapters::map
