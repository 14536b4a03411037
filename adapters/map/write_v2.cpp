#include "adapters/map/write_v2.h"

#include <charconv>

#include "adapters/hl7v2/message.h"

namespace adapters::map {
namespace {

using fhir::JsonKind;
using fhir::JsonTree;
using hl7v2::Position;

/// Keys are field and component numbers: the loader let nothing else through.
std::uint32_t number(std::string_view key) {
  std::uint32_t value = 0;
  std::from_chars(key.data(), key.data() + key.size(), value);
  return value;
}

void write(hl7v2::Builder& message, std::size_t segment, Position at, const JsonTree& value) {
  if (value.kind() != JsonKind::object) {
    message.set(segment, at, value.text());
    return;
  }
  for (const auto& [key, part] : value.children()) {
    Position inner = at;
    (at.component == 0 ? inner.component : inner.subcomponent) = number(key);
    write(message, segment, inner, part);
  }
}

}  // namespace

std::string write_v2(const std::vector<V2Segment>& segments) {
  hl7v2::Builder message;
  for (const auto& [name, fields] : segments) {
    const auto segment = message.add(name);
    for (const auto& [key, value] : fields.children()) {
      Position at{.field = number(key), .repetition = 1};
      if (value.kind() != JsonKind::array) {
        write(message, segment, at, value);
        continue;
      }
      for (const auto& [unnamed, repetition] : value.children()) {
        write(message, segment, at, repetition);
        ++at.repetition;
      }
    }
  }
  return message.encode();
}

}  // namespace adapters::map
