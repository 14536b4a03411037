// Random work against the store and against a model that says in the plainest way what should come out; after every
// step both must agree. A failing seed is repeated with CAUSEWAY_SEED.
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

// The rules of gateway/store/store.h, without indexes, heads or transactions.
struct Model {
  struct Entry {
    Id message = 0;
    std::string destination, lane;
    DeliveryState state = DeliveryState::waiting;
    Millis next_at = 0, lease_until = 0;
    Id lease = 0;

    Millis due() const { return lease != 0 ? lease_until : next_at; }
  };
  std::map<Id, Entry> deliveries;
  std::map<Id, MessageState> messages;
  std::map<std::string, Id> seen;  // control id -> message
  std::map<std::string, std::int64_t> versions;
  std::vector<std::string> destinations;  // in the order the store met them
  std::int64_t audit = 0;

  static bool queued(const Entry& e) { return e.state == DeliveryState::waiting || e.state == DeliveryState::claimed; }

  // Of its lane the one in flight, or else the oldest.
  bool is_head(Id id) const {
    const Entry& own = deliveries.at(id);
    if (own.lane.empty() || own.lease != 0) return true;
    for (const auto& [other_id, other] : deliveries) {
      if (!queued(other) || other.destination != own.destination || other.lane != own.lane) continue;
      if (other.lease != 0 || other_id < id) return false;
    }
    return true;
  }

  std::vector<Id> claimable(Millis now, std::size_t count, const std::string& paused) const {
    std::vector<std::tuple<std::size_t, Millis, Id>> all;
    for (const auto& destination : destinations) {
      if (destination == paused) continue;
      std::vector<std::pair<Millis, Id>> due;
      for (const auto& [id, e] : deliveries) {
        if (queued(e) && e.destination == destination && is_head(id) && e.due() <= now) due.emplace_back(e.due(), id);
      }
      std::ranges::sort(due);
      for (std::size_t rank = 0; rank < std::min(due.size(), count); ++rank) {
        all.emplace_back(rank, due[rank].first, due[rank].second);
      }
    }
    std::ranges::sort(all);
    std::vector<Id> ids;
    for (const auto& [rank, at, id] : all) {
      if (ids.size() < count) ids.push_back(id);
    }
    return ids;
  }
};

class Run {
 public:
  explicit Run(unsigned seed) : random_(seed) {}

  void step() {
    now_ += number(0, 40);
    switch (number(0, 11)) {
      case 0:
      case 1:
      case 2: return receive();
      case 3:
      case 4: return claim();
      case 5:
      case 6:
      case 7: return settle();
      case 8: return by_hand();
      case 9: return put();
      case 10: return release();
      default: return number(0, 9) == 0 ? restart() : compare();
    }
  }

  void compare() {
    const auto counts = must(store_->counts());
    std::map<DeliveryState, std::int64_t> states;
    for (const auto& [id, e] : model_.deliveries) ++states[e.state];
    std::int64_t held = states[DeliveryState::held];
    for (const auto& [id, state] : model_.messages) held += state == MessageState::held;
    CHECK(counts.waiting == states[DeliveryState::waiting]);
    CHECK(counts.claimed == states[DeliveryState::claimed]);
    CHECK(counts.dead == states[DeliveryState::dead]);
    CHECK(counts.held == held);
    CHECK(must(store_->verify_audit()) == model_.audit);
    for (const auto& [id, e] : model_.deliveries) {
      const auto found = must(store_->delivery(id));
      REQUIRE(found);
      CHECK(found->state == e.state);
      CHECK(found->message == e.message);
    }
    for (const auto& [id, version] : model_.versions) CHECK(must(store_->resource("Task", id))->version == version);
  }

 private:
  std::int64_t number(std::int64_t from, std::int64_t to) {
    return std::uniform_int_distribution<std::int64_t>(from, to)(random_);
  }

  Delivery delivery() {
    Delivery d = sample_delivery("d" + std::to_string(number(1, 3)),
                                 number(0, 5) == 0 ? "" : "l" + std::to_string(number(1, 4)));
    if (number(0, 4) == 0) d.next_at = now_ + number(1, 100);
    if (number(0, 9) == 0) d.state = DeliveryState::held;
    return d;
  }

  void expect_delivery(const Delivery& d, Id message, Millis at) {
    const Id id = ++last_delivery_;
    Model::Entry entry{message, d.destination, d.lane_key, d.state, d.next_at != 0 ? d.next_at : at};
    model_.deliveries[id] = entry;
    if (std::ranges::find(model_.destinations, d.destination) == model_.destinations.end()) {
      model_.destinations.push_back(d.destination);
    }
  }

  void receive() {
    Commit commit;
    commit.message = sample_message("C" + std::to_string(number(1, 400)), now_);
    const bool held = number(0, 9) == 0;
    if (held) commit.message->state = MessageState::held;
    commit.remember = !held;
    if (!held) {
      for (auto n = number(0, 3); n > 0; --n) commit.deliveries.push_back(delivery());
    }
    commit.audit.push_back(sample_audit("received", now_));
    const bool spoiled = number(0, 9) == 0;  // a part of it cannot be stored, so nothing of it may be
    if (spoiled) commit.changes.push_back({.message = 1'000'000, .reason = {}, .answer = {}});
    const auto result = store_->commit(commit);
    const auto known = model_.seen.find(commit.message->control_id);
    if (!held && known != model_.seen.end()) {
      REQUIRE(result);
      REQUIRE(result->duplicate);
      CHECK(result->duplicate->message == known->second);
      return;
    }
    REQUIRE(result.has_value() == !spoiled);
    if (spoiled) return;
    CHECK(model_.messages.count(result->message) == 0);
    model_.messages[result->message] = commit.message->state;
    last_held_ = held ? result->message : last_held_;
    if (!held) model_.seen[commit.message->control_id] = result->message;
    for (const auto& d : commit.deliveries) expect_delivery(d, result->message, now_);
    ++model_.audit;
  }

  void claim() {
    const auto count = static_cast<std::size_t>(number(1, 6));
    const std::string paused = number(0, 2) == 0 ? "d" + std::to_string(number(1, 3)) : "";
    const Millis until = now_ + number(1, 200);
    const auto expected = model_.claimable(now_, count, paused);
    const auto claims = store_.claim(now_, count, until - now_, {paused});
    std::vector<Id> got;
    for (const auto& c : claims) got.push_back(c.delivery.id);
    REQUIRE(got == expected);
    for (const auto& c : claims) {
      CHECK(leases_.insert(c.lease).second);
      auto& e = model_.deliveries.at(c.delivery.id);
      e.state = DeliveryState::claimed;
      e.lease = c.lease;
      e.lease_until = until;
      claims_.push_back(c);
    }
  }

  DeliveryState random_end() {
    constexpr DeliveryState kEnds[] = {DeliveryState::delivered, DeliveryState::delivered, DeliveryState::waiting,
                                       DeliveryState::dead,      DeliveryState::held,      DeliveryState::cancelled};
    return kEnds[number(0, 5)];
  }

  void move(Model::Entry& e, DeliveryState state, Millis next_at) {
    e.state = state;
    e.lease = 0;
    e.next_at = next_at;
    ++model_.audit;
  }

  Commit settlement(Id delivery, DeliveryState state, Id lease, Millis next_at) {
    Commit commit;
    commit.settlements.push_back({.delivery = delivery,
                                  .state = state,
                                  .reason = {},
                                  .answer = {},
                                  .at = now_,
                                  .next_at = next_at,
                                  .lease = lease});
    commit.audit.push_back(sample_audit("settled", now_));
    return commit;
  }

  // Any claim ever made, so many whose lease was lost long ago.
  void settle() {
    if (claims_.empty()) return;
    const auto last = static_cast<std::int64_t>(claims_.size()) - 1;
    const Claim& c = claims_[static_cast<std::size_t>(number(std::max<std::int64_t>(0, last - 12), last))];
    const auto state = random_end();
    const Millis next_at = now_ + number(0, 50);
    auto& e = model_.deliveries.at(c.delivery.id);
    const auto result = must(store_->commit(settlement(c.delivery.id, state, c.lease, next_at)));
    CHECK(result.lease_lost == (e.lease != c.lease));
    if (!result.lease_lost) move(e, state, next_at);
  }

  void by_hand() {
    if (model_.deliveries.empty()) return;
    auto at = model_.deliveries.begin();
    std::advance(at, number(0, static_cast<std::int64_t>(model_.deliveries.size()) - 1));
    const auto state = random_end();
    const Millis next_at = now_ + number(0, 50);
    const auto result = store_->commit(settlement(at->first, state, 0, next_at));
    auto& e = at->second;
    const bool allowed =
        e.state == DeliveryState::waiting || e.state == DeliveryState::dead || e.state == DeliveryState::held;
    REQUIRE(result.has_value() == allowed);
    if (allowed) move(e, state, next_at);
  }

  void put() {
    auto task = sample_resource("Task", "t" + std::to_string(number(1, 5)));
    auto& version = model_.versions[task.id];
    if (number(0, 1) == 0) task.replaces = number(0, 3);
    const bool fits = task.replaces == StoredResource::kAny || task.replaces == version;
    Commit commit;
    commit.resources.push_back(task);
    commit.audit.push_back(sample_audit("put", now_));
    const auto result = store_->commit(std::move(commit));
    REQUIRE(result.has_value() == fits);
    if (fits) {
      ++version;
      ++model_.audit;
      CHECK(result->versions == std::vector<std::int64_t>{version});
    }
    if (version == 0) model_.versions.erase(task.id);
  }

  void release() {
    if (last_held_ == 0) return;
    Commit commit;
    commit.changes.push_back({.message = last_held_, .reason = "checked", .answer = "MSA|AA"});
    commit.deliveries.push_back(delivery());
    commit.deliveries[0].message = last_held_;
    commit.remember = true;
    const auto held = *must(store_->message(last_held_));
    const auto result = must(store_->commit(commit));
    const bool known = model_.seen.contains(held.control_id);
    CHECK(result.duplicate.has_value() == known);
    if (known) return;
    model_.messages[last_held_] = MessageState::released;
    model_.seen[held.control_id] = last_held_;
    expect_delivery(commit.deliveries[0], last_held_, held.at);
    last_held_ = 0;
  }

  void restart() {
    store_.reopen();
    for (auto& [id, e] : model_.deliveries) {
      if (e.state == DeliveryState::claimed) e.state = DeliveryState::waiting;
      e.lease = 0;
    }
    compare();
  }

  std::mt19937 random_;
  TempStore store_;
  Model model_;
  Millis now_ = 1'000'000;
  Id last_delivery_ = 0, last_held_ = 0;
  std::vector<Claim> claims_;
  std::set<Id> leases_;
};

}  // namespace

TEST_CASE("whatever is done in whatever order, the store does what the model says", "[store][model]") {
  const char* given = std::getenv("CAUSEWAY_SEED");
  const unsigned first =
      given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
  for (unsigned seed = first; seed != first + (given != nullptr ? 1 : 4); ++seed) {
    INFO("repeat with CAUSEWAY_SEED=" << seed);
    Run run(seed);
    for (int i = 0; i < 400; ++i) run.step();
    run.compare();
  }
}

}  // namespace gateway::store
