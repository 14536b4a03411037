#include "gateway/exchange/divided.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/charset.h"
#include "gateway/exchange/readers.h"

namespace gateway::exchange {
namespace {

namespace hl7 = adapters::hl7v2;
using fhir::Fault;
using fhir::Result;

constexpr std::string_view kPart = "hl7v2.part";
constexpr std::size_t kMostParts = 1'000;

adapters::Charset charset_of(const config::Door& door) {
  return adapters::charset_named(door.charset).value_or(adapters::Charset::utf8);
}

/// The newest part that waits for one with this pointer, or waited for it and was joined. Not found: none.
Result<std::optional<store::Message>> newest(const World& world, const Part& part, std::string_view pointer,
                                             store::Id before, Millis until) {
  store::Query query;
  query.business_id = part_key(part, pointer);
  auto found = world.store.messages(query);
  if (!found) return fhir::pass(found);
  const auto fits = [&](const store::Message& one) {
    const bool alive = one.state == store::MessageState::held || one.state == store::MessageState::released;
    return alive && one.reason_code == kPart && (before == 0 || one.id < before) &&
           until - one.at <= part.door.continuation.count();
  };
  const auto one = std::ranges::find_if(*found, fits);
  if (one == found->end()) return std::nullopt;
  return world.store.message(one->id);
}

std::unexpected<fhir::Error> not_whole(std::string say) {
  return fhir::fail(Fault::invalid, "hl7v2.continued", "MSH-14", std::move(say));
}

/// What the message says, without what may differ between two sends.
std::string content(std::string_view bytes, adapters::Charset charset) {
  const auto text = adapters::decode(bytes, charset);
  const auto message = text ? hl7::Message::parse(*text) : Result<hl7::Message>(std::unexpected(text.error()));
  return message ? message->content() : std::string(bytes);
}

}  // namespace

std::string part_key(const Part& part, std::string_view pointer) {
  const hl7::Header& from = part.header;
  return fmt::format("part:{}|{}|{}|{}^{}|{}", part.door.label(), from.sending_application, from.sending_facility,
                     from.type, from.event, pointer);
}

fhir::Error part_waits() {
  return {Fault::needs_person, std::string(kPart), "DSC-1",
          "a part of a divided message; it is joined with the rest as soon as that comes"};
}

Result<std::vector<store::Message>> parts_before(const World& world, const Part& part) {
  std::vector<store::Message> parts;
  std::size_t bytes = part.bytes.size();
  std::string pointer = part.place.of;
  Millis until = world.clock.now();
  while (!pointer.empty()) {
    auto before = newest(world, part, pointer, parts.empty() ? 0 : parts.back().id, until);
    if (!before) return fhir::pass(before);
    if (!*before)
      return not_whole("the part before this one is not here: it never came, or longer ago than `continuation` allows");
    bytes += (*before)->raw.size();
    if (bytes > part.door.limit || parts.size() >= kMostParts)
      return not_whole(fmt::format("its parts are more than the {} bytes that a message may have", part.door.limit));
    pointer = hl7::continuation((*before)->raw, charset_of(part.door)).of;
    until = (*before)->at;
    parts.push_back(**std::move(before));
  }
  std::ranges::reverse(parts);
  return parts;
}

bool is_here(const World& world, const Part& part) {
  const auto known = newest(world, part, part.place.by, 0, world.clock.now());
  const auto charset = charset_of(part.door);
  return known && *known && content((*known)->raw, charset) == content(part.bytes, charset);
}

Arrival join(std::shared_ptr<const config::Config> config, const Part& last,
             const std::vector<store::Message>& before) {
  std::vector<std::string> parts;
  for (const store::Message& part : before) parts.push_back(part.raw);
  parts.push_back(last.bytes);
  Arrival whole = arrival_at(std::move(config), last.door, hl7::join_parts(parts));
  for (const store::Message& part : before) {
    if (part.state != store::MessageState::held) continue;
    whole.changes.push_back(
        {part.id, store::MessageState::held, store::MessageState::released, "joined with the rest of its message", ""});
  }
  return whole;
}

}  // namespace gateway::exchange
