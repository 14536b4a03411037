#include "gateway/exchange/earlier.h"

#include <algorithm>

#include "gateway/exchange/notice.h"

namespace gateway::exchange {
namespace {

using fhir::Result;

constexpr std::size_t kMost = 1000;

bool may_have_it(store::DeliveryState state) {
  return state != store::DeliveryState::held && state != store::DeliveryState::cancelled;
}

// Of a list of messages: enough to choose those that count.
struct Candidate {
  store::Id id = 0;
  std::string door, sender, event, correlation;
};

Result<Earlier> read(const World& world, const Candidate& one) {
  const auto deliveries = world.store.deliveries(one.id);
  if (!deliveries) return std::unexpected(deliveries.error());
  Earlier earlier{one.id, one.event, one.correlation, {}};
  for (const store::Delivery& delivery : *deliveries) {
    // One that went on in another case is found there; a receipt or notice about it went to somebody who is no
    // recipient.
    if (may_have_it(delivery.state) && delivery.correlation == one.correlation && !is_notice_event(delivery.event))
      earlier.to.push_back(delivery.destination);
  }
  return earlier;
}

Result<std::vector<Candidate>> by_keys(const World& world, std::vector<store::Key> keys) {
  std::vector<Candidate> all;
  store::Find find;
  find.keys = std::move(keys);
  find.state = store::MessageState::accepted;
  while (all.size() < kMost) {
    const auto page = world.store.find(find);
    if (!page) return std::unexpected(page.error());
    for (const store::Found& one : *page) all.push_back({one.id, one.door, one.sender, one.event, one.correlation});
    if (page->size() < find.limit) break;
    find.before = page->back().id;
  }
  return all;
}

Result<std::vector<Candidate>> by_case(const World& world, const std::string& correlation) {
  std::vector<Candidate> all;
  if (correlation.empty()) return all;
  store::Query query;
  query.correlation = correlation;
  query.state = store::MessageState::accepted;
  query.limit = kMost;
  const auto found = world.store.messages(query);
  if (!found) return std::unexpected(found.error());
  for (const store::Message& one : *found) all.push_back({one.id, one.door, one.sender, one.event, one.correlation});
  return all;
}

}  // namespace

std::string origin_of(std::string_view door, std::string_view sender, const config::Config& config) {
  return door == "fhir" ? std::string(sender) : config.organization.id;
}

Result<std::vector<Earlier>> earlier_messages(const World& world, const Passage& passage,
                                              std::vector<store::Key> keys) {
  const auto candidates = keys.empty() ? by_case(world, passage.envelope.correlation) : by_keys(world, std::move(keys));
  if (!candidates) return std::unexpected(candidates.error());
  std::vector<Earlier> all;
  for (const Candidate& one : *candidates) {
    if (origin_of(one.door, one.sender, *passage.config) != passage.envelope.sender) continue;
    auto earlier = read(world, one);
    if (!earlier) return fhir::pass(earlier);
    all.push_back(*std::move(earlier));
  }
  return all;
}

void add_further(Passage& passage, const Earlier& earlier, std::string_view because) {
  const std::string in_case = earlier.correlation == passage.envelope.correlation ? std::string{} : earlier.correlation;
  for (const std::string& to : earlier.to) {
    const auto known = std::ranges::find(passage.further, to, &Further::to);
    if (known == passage.further.end())
      passage.further.push_back({to, in_case, std::string(because)});
    else if (in_case.empty())
      known->correlation.clear();
  }
}

}  // namespace gateway::exchange
