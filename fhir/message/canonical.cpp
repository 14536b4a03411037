#include "fhir/message/canonical.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace fhir::message {
namespace {

using Member = std::pair<std::string_view, JsonView>;

std::vector<Member> sorted_members(JsonView object) {
  std::vector<Member> members;
  members.reserve(object.size());
  for (auto it = object.begin(); it != object.end(); ++it) members.emplace_back(it.key(), *it);
  std::ranges::sort(members, {}, &Member::first);
  return members;
}

void write_object(const Canonical& canonical, JsonView object, std::size_t depth) {
  canonical.out += '{';
  bool comma = false;
  for (const auto& [name, value] : sorted_members(object)) {
    if (canonical.keep && !canonical.keep(depth, name)) continue;
    if (std::exchange(comma, true)) canonical.out += ',';
    append_json_string(canonical.out, name);
    canonical.out += ':';
    canonical.write(value, depth + 1);
  }
  canonical.out += '}';
}

void write_array(const Canonical& canonical, JsonView array, std::size_t depth) {
  canonical.out += '[';
  bool comma = false;
  for (const JsonView item : array) {
    if (std::exchange(comma, true)) canonical.out += ',';
    canonical.write(item, depth + 1);
  }
  canonical.out += ']';
}

}  // namespace

void Canonical::write(JsonView value, std::size_t depth) const {
  switch (value.kind()) {
    case JsonKind::absent: break;
    case JsonKind::null: out += "null"; break;
    case JsonKind::boolean:
    case JsonKind::number: out += value.text(); break;
    case JsonKind::string: append_json_string(out, value.text()); break;
    case JsonKind::array: write_array(*this, value, depth); break;
    case JsonKind::object: write_object(*this, value, depth); break;
  }
  if (flush) flush(out);
}

bool same(JsonView one, JsonView other) {
  std::string left, right;
  Canonical{left, {}, {}}.write(one);
  Canonical{right, {}, {}}.write(other);
  return left == right;
}

}  // namespace fhir::message
