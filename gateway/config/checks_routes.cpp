// Routes: do their targets exist, do the systems' maps take what is routed to them, can each route still match after
// those before it, and is anything configured that no route leads to.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "gateway/config/checks.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

std::string hint_among(std::string_view word, const std::vector<std::string>& known) {
  const std::vector<std::string_view> words(known.begin(), known.end());
  const std::string near = adapters::map::did_you_mean(word, words);
  const std::string all = known.empty() || known.size() > 40 ? "" : fmt::format("known: {}", fmt::join(known, ", "));
  return near.empty() || all.empty() ? near + all : near + "\n" + all;
}

std::vector<std::string> unique(std::vector<std::string> words) {
  std::set<std::string> seen;
  std::erase_if(words, [&](const std::string& word) { return !seen.insert(word).second; });
  return words;
}

// ---- targets

std::vector<std::string> targets_of(const Config& config) {
  std::vector<std::string> targets{"hold", "keep"};
  for (const Peer& peer : config.peers) targets.push_back("peer:" + peer.name);
  for (const System& system : config.systems) targets.push_back("local:" + system.name);
  return unique(std::move(targets));
}

/// Names that could not be read are unknown, not wrong: their own fault is enough.
template <class T>
bool all_named(const std::optional<Yaml>& document, std::string_view key, const std::vector<T>& list) {
  const Yaml* written = document ? document->find(key) : nullptr;
  const bool readable = document && (written == nullptr || written->is_list());
  return readable && std::ranges::none_of(list, [](const T& item) { return item.name.empty(); });
}

bool can_judge(const Draft& draft, std::string_view target) {
  if (target.starts_with("peer:")) return all_named(draft.documents.peers, "peers", draft.config.peers);
  if (target.starts_with("local:")) return all_named(draft.documents.site, "systems", draft.config.systems);
  return true;
}

/// `his` is most often meant as `local:his`.
std::string target_hint(const std::string& target, const std::vector<std::string>& known) {
  for (const auto* kind : {"local:", "peer:"})
    if (std::ranges::find(known, kind + target) != known.end())
      return fmt::format("did you mean '{}{}'?", kind, target);
  return hint_among(target, known);
}

void check_targets(const Draft& draft, std::size_t i, const std::vector<std::string>& known) {
  auto& faults = draft.reader.faults;
  const Route& route = draft.config.routes[i];
  std::set<std::string> seen;
  for (const auto& target : route.to) {
    const Mark mark = draft.routes.at(i, "to", target);
    if (!seen.insert(target).second)
      faults.error(mark, code::kTwice, fmt::format("route \"{}\" leads to '{}' twice", route.id, target));
    if (std::ranges::find(known, target) == known.end() && can_judge(draft, target))
      faults.error(mark, code::kTarget,
                   fmt::format("route \"{}\" leads to '{}', which is not configured", route.id, target),
                   target_hint(target, known));
  }
  for (const auto* alone : {"hold", "keep"})
    if (seen.contains(alone) && seen.size() > 1)
      faults.error(draft.routes.at(i, "to", alone), code::kTarget,
                   fmt::format("route \"{}\" leads to '{}' and further", route.id, alone),
                   fmt::format("`{}` stands alone", alone));
}

/// An escalation goes to somebody new, and only where somebody is asked for a receipt.
void check_escalation(const Draft& draft, std::size_t i, const std::vector<std::string>& known) {
  const Route& route = draft.config.routes[i];
  if (!route.urgent) return;
  auto& faults = draft.reader.faults;
  const Mark mark = draft.routes.at(i, "urgent");
  for (const auto& target : route.urgent->escalate_to) {
    const bool place = target != "hold" && target != "keep";
    if (!place || (std::ranges::find(known, target) == known.end() && can_judge(draft, target)))
      faults.error(mark, code::kTarget,
                   fmt::format("route \"{}\" escalates to '{}', which is not configured", route.id, target),
                   target_hint(target, known));
    else if (std::ranges::find(route.to, target) != route.to.end())
      faults.error(mark, code::kTwice,
                   fmt::format("route \"{}\" escalates to '{}', which has it already", route.id, target));
  }
  if (!route.urgent->escalate_to.empty() && route.urgent->read_within.count() == 0)
    faults.error(mark, code::kTarget, fmt::format("route \"{}\" escalates without `read_within`", route.id),
                 "say by when it must have been read: read_within: 10m");
}

// ---- organisations

std::vector<std::string> organizations_of(const Config& config) {
  std::vector<std::string> known{"local"};
  if (!config.organization.id.empty()) known.push_back(config.organization.id);
  for (const Peer& peer : config.peers) {
    known.push_back(peer.organization.id);
    known.insert(known.end(), peer.speaks_for.begin(), peer.speaks_for.end());
  }
  return unique(std::move(known));
}

void check_known(const Draft& draft, const std::vector<std::string>& ids, const std::vector<std::string>& known,
                 const std::string& where, const std::function<Mark(const std::string&)>& place) {
  for (const auto& id : ids)
    if (std::ranges::find(known, id) == known.end())
      draft.reader.faults.error(place(id), code::kOrganization,
                                fmt::format("unknown organisation '{}' in {}", id, where), hint_among(id, known));
}

void check_organizations(const Draft& draft) {
  const auto unread = [](const Peer& peer) { return peer.organization.id.empty(); };
  const bool readable = all_named(draft.documents.peers, "peers", draft.config.peers);
  if (!readable || !draft.documents.site || std::ranges::any_of(draft.config.peers, unread)) return;
  const auto known = organizations_of(draft.config);
  for (std::size_t i = 0; i < draft.config.routes.size(); ++i) {
    const Route& route = draft.config.routes[i];
    const std::string where = fmt::format("route \"{}\"", route.id);
    check_known(draft, route.from, known, where, [&](const std::string& id) { return draft.routes.at(i, "from", id); });
    check_known(draft, route.recipients, known, where,
                [&](const std::string& id) { return draft.routes.at(i, "recipient", id); });
  }
  for (std::size_t i = 0; i < draft.config.partners.size(); ++i)
    for (const Grant& grant : draft.config.partners[i].reads)
      check_known(draft, grant.from, known, fmt::format("partner \"{}\"", draft.config.partners[i].name),
                  [&](const std::string&) { return draft.partners.at(i, "reads"); });
}

/// Routes speak of this site as `local`, grants as its organisation: each meets what it is compared with.
void settle_local(Config& config) {
  const auto replace = [](std::vector<std::string>& ids, const std::string& from, const std::string& to) {
    std::ranges::replace(ids, from, to);
  };
  for (Route& route : config.routes) {
    replace(route.from, config.organization.id, "local");
    replace(route.recipients, "local", config.organization.id);
  }
  for (Partner& partner : config.partners)
    for (Grant& grant : partner.reads) replace(grant.from, "local", config.organization.id);
}

// ---- maps

bool takes(const System& system, const std::string& event) {
  return std::ranges::any_of(system.maps, [&](const auto& map) { return map == nullptr || map->accepts(event); });
}

/// Found here, not when the first record of that kind is held at night.
void check_maps(const Draft& draft, std::size_t i) {
  const Route& route = draft.config.routes[i];
  auto targets = route.to;
  if (route.urgent) targets.insert(targets.end(), route.urgent->escalate_to.begin(), route.urgent->escalate_to.end());
  for (const auto& target : targets) {
    const System* system =
        target.starts_with("local:") ? draft.config.system(std::string_view(target).substr(6)) : nullptr;
    if (system == nullptr || system->format == Format::fhir || system->maps.empty()) continue;
    const auto index = static_cast<std::size_t>(system - draft.config.systems.data());
    for (const auto& event : route.events)
      if (!takes(*system, event))
        draft.reader.faults.error(
            draft.routes.at(i, "to", target), code::kMap,
            fmt::format("route \"{}\" brings '{}', which no map of system \"{}\" takes", route.id, event, system->name),
            {}, draft.reader.faults.also(draft.systems.at(index, "maps"), "its maps"));
  }
}

// ---- referrals

std::size_t peers_of(const Route& route) {
  return static_cast<std::size_t>(
      std::ranges::count_if(route.to, [](const std::string& to) { return to.starts_with("peer:"); }));
}

/// Keys that only a referral knows; and a quorum that can be reached.
void check_referral(const Draft& draft, std::size_t i) {
  auto& faults = draft.reader.faults;
  const Route& route = draft.config.routes[i];
  const bool only_referrals = route.events == std::vector<std::string>{"referral-request"};
  for (const auto* key : {"answer_within", "deadline", "fan_out"})
    if (draft.routes.has(i, key) && !only_referrals)
      faults.error(draft.routes.at(i, key), code::kNoEffect,
                   fmt::format("`{}` of route \"{}\" means something for referrals only", key, route.id),
                   "write `event: referral-request`");
  if (!route.fan_out) return;
  if (draft.routes.has(i, "deadline"))
    faults.error(draft.routes.at(i, "deadline"), code::kNoEffect,
                 fmt::format("route \"{}\" has two deadlines", route.id), "leave the one of `fan_out`");
  if (const std::size_t peers = peers_of(route); peers < 2 || route.fan_out->quorum > peers)
    faults.error(
        draft.routes.at(i, "fan_out"), code::kRange,
        fmt::format("route \"{}\" asks {} peers and wants {} opinions", route.id, peers, route.fan_out->quorum),
        "fan_out needs two peers in `to` at least, and no more opinions than peers");
}

// ---- shadows

/// One combination of conditions: an empty member is "any".
struct Case {
  std::string event, from, recipient, specialty;
};

std::vector<std::string> or_any(const std::vector<std::string>& list) {
  return list.empty() ? std::vector<std::string>{""} : list;
}

bool covers(const std::vector<std::string>& earlier, const std::string& one) {
  return earlier.empty() || std::ranges::find(earlier, one) != earlier.end();
}

bool takes_all(const Route& earlier, const Case& one, const Route& later) {
  const bool condition =
      !earlier.condition || (later.condition && earlier.condition->text() == later.condition->text());
  return condition && covers(earlier.events, one.event) && covers(earlier.from, one.from) &&
         covers(earlier.recipients, one.recipient) && covers(earlier.specialties, one.specialty);
}

/// The route before `i` that takes this case away; nullptr: none does.
const Route* taker(const Config& config, std::size_t i, const Case& one) {
  const auto found =
      std::ranges::find_if(config.routes.begin(), config.routes.begin() + static_cast<std::ptrdiff_t>(i),
                           [&](const Route& earlier) { return takes_all(earlier, one, config.routes[i]); });
  return found == config.routes.begin() + static_cast<std::ptrdiff_t>(i) ? nullptr : &*found;
}

constexpr std::size_t kMostCases = 20'000;  // of one route: lists of a hundred names each would otherwise take hours

std::size_t cases_of(const Route& route) {
  std::size_t count = 1;
  for (const auto* list : {&route.events, &route.from, &route.recipients, &route.specialties})
    count *= std::min(kMostCases, std::max<std::size_t>(list->size(), 1));  // at most 2^57: four factors below 2^15
  return count;
}

/// Who takes away everything route `i` is for: a shadow may be thrown by several routes together. Empty: it can match,
/// or there are too many cases to look at.
std::vector<const Route*> takers(const Config& config, std::size_t i) {
  const Route& route = config.routes[i];
  std::vector<const Route*> all;
  if (cases_of(route) > kMostCases) return all;
  for (const auto& event : or_any(route.events))
    for (const auto& from : or_any(route.from))
      for (const auto& recipient : or_any(route.recipients))
        for (const auto& specialty : or_any(route.specialties)) {
          const Route* one = taker(config, i, {event, from, recipient, specialty});
          if (one == nullptr) return {};
          if (std::ranges::find(all, one) == all.end()) all.push_back(one);
        }
  return all;
}

void check_shadow(const Draft& draft, std::size_t i) {
  const auto by = takers(draft.config, i);
  if (by.empty()) return;
  std::vector<std::string> names;
  for (const Route* route : by) names.push_back(fmt::format("\"{}\"", route->id));
  const auto first = static_cast<std::size_t>(by.front() - draft.config.routes.data());
  draft.reader.faults.error(
      draft.routes.at(i), code::kShadowed,
      fmt::format("route \"{}\" can never match: {} before it take{} everything", draft.config.routes[i].id,
                  fmt::join(names, ", "), names.size() == 1 ? "s" : ""),
      "move it up, or narrow what stands before it",
      draft.reader.faults.also(draft.routes.at(first), "this route is asked first"));
}

// ---- what nothing leads to

bool any_route_to(const Config& config, const std::string& target) {
  const auto among = [&](const std::vector<std::string>& list) {
    return std::ranges::find(list, target) != list.end();
  };
  return std::ranges::any_of(config.routes, [&](const Route& route) {
    return among(route.to) || (route.urgent && among(route.urgent->escalate_to));
  });
}

/// Records of this peer's organisations are routed somewhere.
bool any_route_from(const Config& config, const Peer& peer) {
  return std::ranges::any_of(config.routes, [&](const Route& route) {
    return route.from.empty() || std::ranges::any_of(route.from, [&](const std::string& id) {
             return id == peer.organization.id || std::ranges::find(peer.speaks_for, id) != peer.speaks_for.end();
           });
  });
}

void check_unreachable(const Draft& draft) {
  const Config& config = draft.config;
  for (std::size_t i = 0; i < config.systems.size(); ++i)
    if (!any_route_to(config, "local:" + config.systems[i].name))
      draft.reader.faults.warn(draft.systems.at(i), code::kUnreachable,
                               fmt::format("no route leads to local:{}", config.systems[i].name));
  for (std::size_t i = 0; i < config.peers.size(); ++i)
    if (!any_route_to(config, "peer:" + config.peers[i].name) && !any_route_from(config, config.peers[i]))
      draft.reader.faults.warn(
          draft.peers.at(i), code::kUnreachable,
          fmt::format("no route leads to peer:{}, and none takes what comes from it", config.peers[i].name));
}

}  // namespace

void check_routes(const Draft& draft) {
  if (!draft.documents.routes) return;
  const auto targets = targets_of(draft.config);
  check_organizations(draft);
  settle_local(draft.config);
  for (std::size_t i = 0; i < draft.config.routes.size(); ++i) {
    Route& route = draft.config.routes[i];
    route.file = draft.reader.file_of(draft.routes.at(i));
    route.line = draft.routes.at(i).line;
    check_targets(draft, i, targets);
    check_escalation(draft, i, targets);
    check_maps(draft, i);
    check_referral(draft, i);
    check_shadow(draft, i);
  }
  check_unreachable(draft);
}

}  // namespace gateway::config
