#include "fhir/path/value.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fhir::path {
namespace {

constexpr std::array<std::pair<std::string_view, Kind>, 8> kSystem = {{{"Boolean", Kind::boolean},
                                                                       {"Integer", Kind::integer},
                                                                       {"Decimal", Kind::decimal},
                                                                       {"String", Kind::string},
                                                                       {"Date", Kind::date},
                                                                       {"DateTime", Kind::datetime},
                                                                       {"Time", Kind::time},
                                                                       {"Quantity", Kind::quantity}}};

using Named = std::pair<std::string_view, Kind>;

void append_path(std::string& out, const Place& place) {
  if (place.parent != nullptr) {
    append_path(out, *place.parent);
    out += '.';
  }
  out += place.name;
  if (place.index != Place::kNoIndex) out += '[' + std::to_string(place.index) + ']';
}

}  // namespace

std::string path_of(const Place* place) {
  std::string path;
  if (place != nullptr) append_path(path, *place);  // as deep as JSON nests, which the reader limits
  return path;
}

std::string_view system_name(Kind kind) {
  const auto* found = std::ranges::find(kSystem, kind, &Named::second);
  return found == kSystem.end() ? "SimpleTypeInfo" : found->first;
}

std::optional<Kind> system_kind(std::string_view name) {
  const auto* found = std::ranges::find(kSystem, name, &Named::first);
  return found == kSystem.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace fhir::path
