#include "gateway/operate/replay.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "gateway/exchange/addressing.h"

namespace gateway::operate {
namespace {

using exchange::RouteTry;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using policy::Verdict;

constexpr std::string_view kNobody = "nobody (held: no route takes it)";

bool map_takes(const config::System& system, const std::string& event) {
  return system.format == config::Format::fhir ||
         std::ranges::any_of(system.maps, [&](const auto& map) { return map->accepts(event); });
}

/// One destination, with what would keep the message from it.
struct End {
  std::string code, reason;  // empty: it would go
};

End end_at(const exchange::World& world, const config::Config& config, const store::Message& message, JsonView bundle,
           const std::string& to, const std::string& purpose) {
  const auto [kind, name] = exchange::split_destination(to);
  if (kind == "hold") return {"route.hold", "the route says: a person decides"};
  if (kind == "local") {
    const config::System* system = config.system(name);
    const bool taken = system != nullptr && map_takes(*system, message.event);
    return taken ? End{} : End{"route.no-map", "no map of the system takes the event"};
  }
  const config::Peer* peer = config.peer(name);
  if (peer == nullptr) return {"route.unknown-destination", "no such peer is configured"};
  if (!peer->enabled) return {"peer.disabled", "the peer is switched off: it would wait"};
  const auto decision = exchange::policy_now(world, config, message, bundle, *peer, purpose);
  return decision.verdict == Verdict::permit ? End{} : End{decision.code, decision.reason};
}

void add_end(Way& way, const std::string& to, const End& end) {
  if (end.code.empty()) return way.to.push_back(to);
  way.to.push_back(fmt::format("{} (held: {})", to, end.code));
  way.reasons.push_back(fmt::format("{}: {}", to, end.reason));
}

// Kept here and told to nobody: such a message never had a route.
bool was_routed(const store::Message& message) {
  if (message.state == store::MessageState::held || message.state == store::MessageState::refused)
    return message.reason_code.starts_with("route.");
  const auto explain = Json::parse(message.explain);
  return explain && explain->root()["route"];
}

const RouteTry* try_of(const Way& way, const std::string& route) {
  const auto found = std::ranges::find(way.decision.tried, route, &RouteTry::id);
  return found == way.decision.tried.end() ? nullptr : &*found;
}

/// Why the route that took it does not take it any more.
std::string why_left(const Way& before, const Way& after, const config::Config& candidate) {
  if (before.route.empty()) return "no route took it";
  if (const RouteTry* tried = try_of(after, before.route))
    return fmt::format("route \"{}\" no longer takes it: {}", before.route, tried->because);
  const bool there = std::ranges::find(candidate.routes, before.route, &config::Route::id) != candidate.routes.end();
  return there ? fmt::format("route \"{}\" is asked later", before.route)
               : fmt::format("route \"{}\" is gone", before.route);
}

std::string because(const Way& before, const Way& after, const config::Config& candidate) {
  std::string why;
  if (before.route != after.route) {
    why = why_left(before, after, candidate) + "; ";
    why += after.route.empty() ? "no other does" : fmt::format("\"{}\" takes it ({})", after.route, after.place);
  } else {
    why = fmt::format("route \"{}\" ({}) leads elsewhere", after.route, after.place);
    if (before.decision.route != nullptr && after.decision.route != nullptr &&
        before.decision.route->to == after.decision.route->to)
      why = fmt::format("route \"{}\" ({}) as before, another answer at its end", after.route, after.place);
  }
  if (!after.reasons.empty()) why += fmt::format("; {}", fmt::join(after.reasons, "; "));
  return why;
}

JsonTree to_json(const Way& way) {
  JsonTree to = JsonTree::array();
  for (const auto& one : way.to) to.push(one);
  return JsonTree::object({{"route", way.route}, {"to", std::move(to)}});
}

}  // namespace

Result<Way> way_of(const exchange::World& world, const config::Config& config, const store::Message& message) {
  auto bundle = Json::parse(message.bundle);
  if (!bundle) return fhir::pass(bundle);
  auto envelope = fhir::message::read_envelope(bundle->root());
  if (!envelope) return fhir::pass(envelope);
  auto facts = exchange::facts_of(*envelope, bundle->root(), config);
  Way way;
  way.decision = exchange::choose_route(config, facts, bundle->root(), exchange::instant(world.clock.now()));
  if (way.decision.route == nullptr) {
    way.to.emplace_back(kNobody);
    return way;
  }
  const config::Route& route = *way.decision.route;
  way.route = route.id;
  way.place = fmt::format("{}:{}", std::filesystem::path(route.file).filename().string(), route.line);
  for (const auto& to : route.to) add_end(way, to, end_at(world, config, message, bundle->root(), to, route.purpose));
  return way;
}

Result<Replay> replay(const exchange::World& world, const config::Config& running, const config::Config& candidate,
                      std::size_t last, const Progress& progress) {
  store::Query query;
  query.limit = last;
  auto messages = world.store.messages(query);
  if (!messages) return fhir::pass(messages);
  Replay result;
  for (const auto& head : *messages) {
    if (!progress(result.looked_at, messages->size())) break;
    ++result.looked_at;
    auto message = world.store.message(head.id);
    if (!message) return fhir::pass(message);
    const bool routed = *message && !(*message)->bundle.empty() && was_routed(**message);
    auto before = routed ? way_of(world, running, **message) : fhir::fail(fhir::Fault::unsupported, "", "", "");
    auto after = before ? way_of(world, candidate, **message) : fhir::fail(fhir::Fault::unsupported, "", "", "");
    if (!before || !after) {
      ++result.left_out;
      continue;
    }
    if (before->to == after->to) continue;
    Moved moved{head.id, head.at, head.event, head.correlation, *std::move(before), *std::move(after), {}};
    moved.because = because(moved.before, moved.after, candidate);
    result.moved.push_back(std::move(moved));
  }
  return result;
}

JsonTree to_json(const Replay& replay) {
  const auto number = [](auto n) { return JsonTree::number(std::to_string(n)); };
  JsonTree list = JsonTree::array();
  for (const Moved& moved : replay.moved) {
    list.push(JsonTree::object({{"message", number(moved.message)},
                                {"at", exchange::instant(moved.at)},
                                {"event", moved.event},
                                {"case", moved.correlation},
                                {"before", to_json(moved.before)},
                                {"after", to_json(moved.after)},
                                {"because", moved.because}}));
  }
  return JsonTree::object({{"looked_at", number(replay.looked_at)},
                           {"left_out", number(replay.left_out)},
                           {"elsewhere", number(replay.moved.size())},
                           {"messages", std::move(list)}});
}

}  // namespace gateway::operate
