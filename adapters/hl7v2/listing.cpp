#include "adapters/hl7v2/listing.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "adapters/hl7v2/field_names.h"

namespace adapters::hl7v2 {
namespace {

class Lister {
 public:
  explicit Lister(const Message& message) : message_(message), by_(message.separators()) {}

  std::vector<Listed> run() {
    for (std::size_t i = 0; i < message_.size(); ++i) segment(i);
    return std::move(found_);
  }

 private:
  void segment(std::size_t index) {
    const Segment segment = message_.segment(index);
    const bool msh = segment.name() == "MSH";
    for (std::size_t n = 1; n <= segment.fields(); ++n) {
      name_ = field_name(segment.name(), n);
      const auto place = fmt::format("{}[{}]-{}", segment.name(), message_.occurrence(index), n);
      if (msh && n <= 2) {
        found_.push_back({place, name_, std::string(segment.field(n))});
      } else {
        field(place, segment.field(n));
      }
    }
  }

  void field(const std::string& place, std::string_view raw) {
    const auto count = parts(raw, by_.repetition);
    for (std::size_t n = 1; n <= count; ++n)
      repetition(n == 1 ? place : fmt::format("{}[{}]", place, n), part(raw, by_.repetition, n));
  }

  void repetition(const std::string& place, std::string_view raw) {
    const auto count = parts(raw, by_.component);
    for (std::size_t n = 1; n <= count; ++n)
      component(count == 1 ? place : fmt::format("{}.{}", place, n), part(raw, by_.component, n), count == 1);
  }

  /// A subcomponent of a field that has no components is one of its first.
  void component(const std::string& place, std::string_view raw, bool alone) {
    const auto count = parts(raw, by_.subcomponent);
    for (std::size_t n = 1; n <= count; ++n)
      value(count == 1 ? place : fmt::format("{}{}.{}", place, alone ? ".1" : "", n), part(raw, by_.subcomponent, n));
  }

  void value(std::string place, std::string_view raw) {
    if (!raw.empty()) found_.push_back({std::move(place), name_, is_null(raw) ? std::string(raw) : unescape(raw, by_)});
  }

  const Message& message_;
  const Separators by_;
  std::string_view name_;
  std::vector<Listed> found_;
};

bool always_differs(std::string_view place) {
  const auto field = [&](std::string_view wanted) {
    return place.starts_with(wanted) && (place.size() == wanted.size() || place[wanted.size()] == '.');
  };
  return field("MSH[1]-7") || field("MSH[1]-10");
}

}  // namespace

std::vector<Listed> listing(const Message& message) { return Lister(message).run(); }

std::vector<Differing> compare(const Message& left, const Message& right) {
  const auto ours = listing(left), theirs = listing(right);
  std::map<std::string_view, const Listed*> by_place;
  for (const auto& one : theirs) by_place.emplace(one.place, &one);
  std::vector<Differing> found;
  std::set<std::string_view> seen;
  for (const auto& one : ours) {
    seen.insert(one.place);
    const auto other = by_place.find(one.place);
    if (other == by_place.end()) {
      found.push_back({one.place, one.name, one.text, {}, always_differs(one.place)});
    } else if (other->second->text != one.text) {
      found.push_back({one.place, one.name, one.text, other->second->text, always_differs(one.place)});
    }
  }
  for (const auto& one : theirs)
    if (!seen.contains(one.place)) found.push_back({one.place, one.name, {}, one.text, always_differs(one.place)});
  return found;
}

}  // namespace adapters::hl7v2
