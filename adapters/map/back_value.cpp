#include "adapters/map/back_value.h"

#include <algorithm>

#include "adapters/map/datetime.h"
#include "fhir/definitions/definitions.h"

namespace adapters::map {
namespace {

bool is_time_type(std::string_view type) { return type == "date" || type == "dateTime" || type == "instant"; }

/// A time without the site's own zone, which it got for want of one.
std::string local_text(const Moment& moment, Format source, std::string_view zone) {
  Moment local = moment;
  if (local.zone == zone) local.zone.clear();
  return source == Format::hl7v2 ? to_v2_time(local) : to_local_time(local, zone);
}

std::vector<std::string> unread_type(const Leaf& leaf, std::string_view value, Format source, std::string_view zone) {
  const bool as_text = leaf.lookup.has_value() || (leaf.reader != nullptr && leaf.reader->probes);
  const auto moment = is_time_type(leaf.type) && !as_text ? parse_moment(value) : std::nullopt;
  if (!moment) return {std::string(value)};
  std::vector<std::string> out{local_text(*moment, source, zone)};
  if (!moment->zone.empty()) out.push_back(source == Format::hl7v2 ? to_v2_time(*moment) : std::string(value));
  out.emplace_back(value);
  return out;
}

}  // namespace

std::optional<std::string> read_as(const Leaf& leaf, std::string_view text, std::string_view zone) {
  if (text.empty()) return std::nullopt;
  std::optional<std::string> value{text};
  if (leaf.reader != nullptr) value = leaf.reader->read(*value, zone);
  if (value && leaf.lookup) {
    const auto* found = leaf.lookup->table->find(*value, leaf.lookup->column);
    if (found != nullptr)
      value = found->empty() ? std::nullopt : std::optional(*found);
    else if (leaf.lookup->unmapped == Lookup::Unmapped::code)
      value = leaf.lookup->code;
    else if (leaf.lookup->unmapped != Lookup::Unmapped::keep)
      value.reset();
  }
  if (value && !leaf.type.empty()) value = to_primitive(leaf.type, *value, zone);
  if (value && !leaf.value_set.empty() && fhir::in_value_set(leaf.value_set, *value) == false) value.reset();
  return value;
}

std::vector<std::string> texts_for(const Leaf& leaf, std::string_view value, Format source, std::string_view zone) {
  auto out = unread_type(leaf, value, source, zone);
  if (!leaf.lookup) return out;
  std::vector<std::string> codes;
  for (const auto& one : out)
    for (const auto code : leaf.lookup->table->sources(one, leaf.lookup->column)) codes.emplace_back(code);
  if (leaf.lookup->unmapped == Lookup::Unmapped::keep) codes.insert(codes.end(), out.begin(), out.end());
  return codes;
}

}  // namespace adapters::map
