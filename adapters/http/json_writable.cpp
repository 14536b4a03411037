#include "adapters/http/json_writable.h"

#include <algorithm>
#include <cstdint>

#include "adapters/http/json_path.h"
#include "fhir/json.h"

namespace adapters::http {
namespace {

constexpr std::uint32_t kMostItems = 10'000;  // a path may name

class JsonWritable final : public Writable {
 public:
  JsonWritable(std::vector<std::string> lists, const std::string& root) : lists_(std::move(lists)), values_(1) {
    if (!root.empty()) root_ = item(member(0, root), 0);
    fixed_ = made_.size();
  }

  Spot root() const override { return {root_, 0}; }

  Spots find(const BoundPath& bound, Spot from) const override {
    const auto& path = static_cast<const JsonPath&>(bound);
    std::vector<std::uint32_t> here{path.from_top ? 0 : number(from)};
    for (std::size_t i = 0; i < path.steps.size(); ++i) {
      if (path.steps[i].kind != JsonStep::Kind::member) continue;
      const auto* chosen = chooser(path, i);
      std::vector<std::uint32_t> next;
      for (const auto value : here) {
        const auto known = find_member(value, path.steps[i].name);
        if (!known) continue;
        const auto& items = members_[*known].items;
        if (chosen == nullptr || chosen->kind == JsonStep::Kind::items)
          next.insert(next.end(), items.begin(), items.end());
        else if (chosen->index < items.size())
          next.push_back(items[chosen->index]);
      }
      here = std::move(next);
    }
    std::vector<Spot> spots;
    for (const auto value : here)
      if (is_valued(value)) spots.push_back({value, 0});
    return spots;
  }

  std::string text(Spot spot) const override { return values_[number(spot)].text; }
  std::string whole(Spot spot) const override { return text(spot); }
  std::string place(Spot spot) const override { return "value " + std::to_string(spot.a); }

  Spots leaves(Spot spot) const override {
    std::vector<Spot> found;
    collect(number(spot), found);
    return found;
  }

  std::optional<Spot> place_at(const BoundPath& bound, Spot from, std::optional<std::size_t> n) override {
    const auto& path = static_cast<const JsonPath&>(bound);
    std::uint32_t here = path.from_top ? 0 : number(from);
    if (path.steps.empty()) return n.value_or(0) == 0 ? std::optional(Spot{here, 0}) : std::nullopt;
    const auto last = std::find_if(path.steps.rbegin(), path.steps.rend(),
                                   [](const JsonStep& step) { return step.kind == JsonStep::Kind::member; });
    for (std::size_t i = 0; i < path.steps.size(); ++i) {
      if (path.steps[i].kind != JsonStep::Kind::member) continue;
      if (!values_[here].text.empty()) return std::nullopt;
      const auto* chosen = chooser(path, i);
      const bool numbered = chosen != nullptr && chosen->kind == JsonStep::Kind::item;
      if (numbered && chosen->index > kMostItems) return std::nullopt;
      const bool is_last = &path.steps[i] == &*last;
      const auto list = member(here, path.steps[i].name);
      // A list that was begun as one stays one, also when this is taken back: it does no harm there.
      members_[list].list = members_[list].list || chosen != nullptr || (is_last && n.has_value());
      here = item(list, numbered ? chosen->index : is_last ? n.value_or(0) : 0);
    }
    return Spot{here, 0};
  }

  bool write(Spot spot, std::string_view text, bool) override {
    Value& value = values_[number(spot)];
    if (text.empty() || !value.members.empty()) return false;
    if (!value.text.empty()) return value.text == text;
    value.text = text;
    written_.push_back(number(spot));
    return true;
  }

  bool stands(Spot spot) const override {
    return spot.a != 0 && is_valued(members_[values_[number(spot)].member].value);
  }

  bool knows(Spot) const override { return true; }

  std::size_t number_of(Spot spot) const override {
    if (spot.a == 0) return 1;
    const auto& items = members_[values_[number(spot)].member].items;
    return static_cast<std::size_t>(std::ranges::find(items, number(spot)) - items.begin()) + 1;
  }

  std::size_t position() const override { return made_.size() << 32 | written_.size(); }

  void take_back(std::size_t position) override {
    for (const std::size_t to = position & 0xffffffffu; written_.size() > to; written_.pop_back())
      values_[written_.back()].text.clear();
    for (const std::size_t to = std::max(position >> 32, fixed_); made_.size() > to; made_.pop_back()) {
      if (made_.back()) {
        members_[values_.back().member].items.pop_back();
        values_.pop_back();
      } else {
        values_[members_.back().value].members.pop_back();
        members_.pop_back();
      }
    }
  }

  std::unique_ptr<Cut> cut(std::size_t position) override {
    auto kept = std::make_unique<Taken>();
    const std::size_t made = std::max(position >> 32, fixed_);
    auto value = values_.size(), member = members_.size();
    for (std::size_t i = made; i < made_.size(); ++i) --(made_[i] ? value : member);
    for (std::size_t i = made; i < made_.size(); ++i) {
      if (made_[i])
        kept->steps.push_back({values_[value++].member, {}, false, true});
      else
        kept->steps.push_back({members_[member].value, members_[member].name, members_[member].list, false}), ++member;
    }
    for (std::size_t i = position & 0xffffffffu; i < written_.size(); ++i)
      kept->texts.emplace_back(written_[i], values_[written_[i]].text);
    take_back(position);
    return kept;
  }

  void paste(const Cut& cut) override {
    const auto& kept = static_cast<const Taken&>(cut);
    for (const auto& step : kept.steps) {
      if (step.is_value)
        item(step.around, members_[step.around].items.size());
      else
        members_[member(step.around, step.name)].list = step.list;
    }
    for (const auto& [value, text] : kept.texts) {
      values_[value].text = text;
      written_.push_back(value);
    }
  }

  std::string encode() const override { return tree(0, {}).dump(); }

 private:
  struct Value {
    std::uint32_t member = 0;
    std::vector<std::uint32_t> members{};
    std::string text{};
  };
  struct Member {
    std::uint32_t value = 0;
    std::string name{};
    std::vector<std::uint32_t> items{};
    bool list = false;
  };

  struct Taken final : Cut {
    struct Step {
      std::uint32_t around = 0;  // the member of a value, the value of a member
      std::string name{};
      bool list = false, is_value = false;
    };
    std::vector<Step> steps;
    std::vector<std::pair<std::uint32_t, std::string>> texts;
  };

  static std::uint32_t number(Spot spot) { return static_cast<std::uint32_t>(spot.a); }

  /// The `[...]` behind a member's name.
  static const JsonStep* chooser(const JsonPath& path, std::size_t at) {
    const bool has = at + 1 < path.steps.size() && path.steps[at + 1].kind != JsonStep::Kind::member;
    return has ? &path.steps[at + 1] : nullptr;
  }

  std::optional<std::uint32_t> find_member(std::uint32_t value, const std::string& name) const {
    for (const auto one : values_[value].members)
      if (members_[one].name == name) return one;
    return std::nullopt;
  }

  std::uint32_t member(std::uint32_t value, const std::string& name) {
    if (const auto known = find_member(value, name)) return *known;
    const auto made = static_cast<std::uint32_t>(members_.size());
    members_.push_back({.value = value, .name = name});
    values_[value].members.push_back(made);
    made_.push_back(false);
    return made;
  }

  std::uint32_t item(std::uint32_t list, std::size_t n) {
    while (members_[list].items.size() <= n) {
      members_[list].items.push_back(static_cast<std::uint32_t>(values_.size()));
      values_.push_back({.member = list});
      made_.push_back(true);
    }
    return members_[list].items[n];
  }

  bool is_valued(std::uint32_t value) const {
    if (!values_[value].text.empty()) return true;
    return std::ranges::any_of(values_[value].members, [&](std::uint32_t one) {
      return std::ranges::any_of(members_[one].items, [&](std::uint32_t inner) { return is_valued(inner); });
    });
  }

  void collect(std::uint32_t value, std::vector<Spot>& found) const {
    if (!values_[value].text.empty()) found.push_back({value, 0});
    for (const auto one : values_[value].members)
      for (const auto inner : members_[one].items) collect(inner, found);
  }

  fhir::JsonTree tree(std::uint32_t value, const std::string& path) const {
    if (!values_[value].text.empty()) return fhir::JsonTree::string(values_[value].text);
    auto object = fhir::JsonTree::object();
    for (const auto one : values_[value].members) {
      const Member& member = members_[one];
      const std::string inside = path.empty() ? member.name : path + "." + member.name;
      auto items = fhir::JsonTree::array();
      for (const auto inner : member.items)
        if (is_valued(inner)) items.push(tree(inner, inside));
      if (items.size() == 0) continue;
      const bool list = member.list || items.size() > 1 || std::ranges::find(lists_, inside) != lists_.end();
      object.set(member.name, list ? std::move(items) : std::move(items.children().front().second));
    }
    return object;
  }

  std::vector<std::string> lists_;
  std::vector<Value> values_;
  std::vector<Member> members_;
  std::vector<bool> made_;  // true: a value; false: a member
  std::vector<std::uint32_t> written_;
  std::uint32_t root_ = 0;
  std::size_t fixed_ = 0;  // of made_: what is there from the start
};

}  // namespace

std::unique_ptr<Writable> make_writable(std::vector<std::string> lists, const std::string& root) {
  return std::make_unique<JsonWritable>(std::move(lists), root);
}

}  // namespace adapters::http
