#include "gateway/rest/account.h"

#include <array>
#include <charconv>

#include "gateway/exchange/ports.h"

namespace gateway::rest {
namespace {

using fhir::Fault;
using fhir::JsonTree;
using fhir::Result;

constexpr store::Millis kLongest = store::Millis{32} * 86'400'000;

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

JsonTree told(const store::Message& message) {
  JsonTree line = JsonTree::object({{"id", message.control_id},
                                    {"case", message.correlation},
                                    {"event", message.event},
                                    {"at", exchange::instant(message.at)},
                                    {"at_ms", number(message.at)},
                                    {"state", to_string(message.state)}});
  JsonTree keys = JsonTree::array();
  for (const auto& id : message.business_ids) keys.push(id);
  line.set("keys", std::move(keys));
  return line;
}

}  // namespace

Result<store::Stretch> read_period(std::string_view text) {
  std::array<std::int64_t, 3> numbers{};
  const char* at = text.data();
  const char* const end = at + text.size();
  bool good = true;
  for (std::size_t i = 0; i < numbers.size() && good; ++i) {
    const auto [stop, error] = std::from_chars(at, end, numbers[i]);
    good = error == std::errc{} && numbers[i] >= 0 && (i == 2 ? stop == end : stop != end && *stop == '/');
    at = stop + 1;
  }
  if (good && numbers[0] < numbers[1] && numbers[1] - numbers[0] <= kLongest)
    return store::Stretch{numbers[0], numbers[1], {}, numbers[2], 500};
  return fhir::fail(Fault::invalid, "rest.period", "period", "is FROM/UNTIL/AFTER, at most 32 days");
}

Result<JsonTree> account(const store::Store& store, std::string_view site, const store::Stretch& stretch) {
  const auto messages = store.came(stretch);
  if (!messages) return std::unexpected(messages.error());
  JsonTree lines = JsonTree::array();
  for (const auto& message : *messages) lines.push(told(message));
  JsonTree tree = JsonTree::object({{"site", site}});
  tree.set("messages", std::move(lines));
  if (messages->size() == stretch.limit) tree.set("next", number(messages->back().id));
  return tree;
}

}  // namespace gateway::rest
