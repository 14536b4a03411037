// diff, reload, rollback, generations: the configuration as an administrator changes it.
#include <charconv>

#include "gateway/config/report.h"
#include "gateway/control/commands.h"
#include "gateway/observe/log.h"
#include "gateway/operate/differences.h"

namespace gateway::control {
namespace {

using fhir::Fault;
using fhir::JsonTree;
using operate::Keeper;

constexpr std::size_t kLast = 1000, kMost = 1'000'000;

std::size_t count_of(std::string_view text) {
  std::size_t count = kLast;
  std::from_chars(text.data(), text.data() + text.size(), count);
  return std::min(count, kMost);
}

JsonTree words(const std::vector<std::string>& list) {
  JsonTree tree = JsonTree::array();
  for (const auto& one : list) tree.push(one);
  return tree;
}

// What became of a change: the faults as `check` tells them, what is different, what waits for a restart.
JsonTree told(const Keeper::Outcome& outcome, const std::filesystem::path& folder, bool dry) {
  config::CheckResult checked;
  checked.config = outcome.after;
  checked.faults = outcome.faults;
  for (const auto& fault : checked.faults) ++(fault.warning ? checked.warnings : checked.errors);
  JsonTree tree = JsonTree::object({{"taken", JsonTree::boolean(outcome.changed && !dry)},
                                    {"changed", JsonTree::boolean(outcome.changed)},
                                    {"faulty", JsonTree::boolean(outcome.after == nullptr)},
                                    {"generation", number(outcome.generation)}});
  tree.set("check", config::to_json(folder, checked));
  if (!checked.faults.empty()) tree.set("report", config::render(checked.faults));
  if (outcome.after == nullptr) return tree;
  const auto changes = operate::differences(*outcome.before, *outcome.after);
  tree.set("hash", outcome.after->hash);
  tree.set("changes", operate::to_json(changes));
  tree.set("words", operate::in_words(changes));
  tree.set("after_restart", words(outcome.after_restart));
  return tree;
}

void answer(const Desk& desk, fhir::Result<Keeper::Outcome> outcome, bool dry, Reply reply) {
  if (!outcome) return reply(failed(outcome.error()));
  reply(json(200, told(*outcome, desk.world.config()->folder, dry)));
}

}  // namespace

void config_diff(const Desk& desk, Asked asked, Reply reply) {
  const std::string folder(asked.parameter("folder"));
  if (!std::filesystem::path(folder).is_absolute())
    return reply(failed({Fault::invalid, "diff.folder", folder, "name the candidate's folder by its whole path"}));
  const auto begun = desk.operations.forecasts.begin(folder, count_of(asked.parameter("last")));
  if (!begun) return reply(failed(begun.error()));
  reply(json(200, JsonTree::object({{"forecast", number(*begun)}})));
}

void config_diff_result(const Desk& desk, Asked asked, Reply reply) {
  auto state = desk.operations.forecasts.ask(id_of(asked.path[0]));
  if (!state) return reply(failed(state.error()));
  reply(json(200, *state));
}

void config_reload(const Desk& desk, Asked asked, Reply reply) {
  const bool dry = asked.parameter("dry") == "1";
  desk.operations.changes.post([&desk, dry, user = std::move(asked.user), reply = std::move(reply)]() mutable {
    answer(desk, desk.operations.keeper.reload(user, "reload", dry), dry, std::move(reply));
  });
}

void config_rollback(const Desk& desk, Asked asked, Reply reply) {
  const auto number = id_of(asked.parameter("generation"));
  if (number == 0 && !asked.parameter("generation").empty())
    return reply(failed({Fault::invalid, "config.generation", "", "a generation is a number, as `generations` shows"}));
  desk.operations.changes.post([&desk, number, user = std::move(asked.user), reply = std::move(reply)]() mutable {
    answer(desk, desk.operations.keeper.rollback(number, user), false, std::move(reply));
  });
}

void config_generations(const Desk& desk, Asked, Reply reply) {
  const auto all = desk.operations.keeper.generations();
  if (!all) return reply(failed(all.error()));
  JsonTree list = JsonTree::array();
  for (const auto& one : *all) {
    JsonTree line = JsonTree::object({{"number", number(one.number)},
                                      {"at", exchange::instant(one.at)},
                                      {"hash", one.hash},
                                      {"who", one.who},
                                      {"how", one.how},
                                      {"files", number(static_cast<std::int64_t>(one.files.size()))}});
    if (one.restores != 0) line.set("restores", number(one.restores));
    list.push(std::move(line));
  }
  JsonTree tree = JsonTree::object({{"in_force", number(desk.operations.keeper.generation())},
                                    {"files_differ", JsonTree::boolean(desk.operations.keeper.differs_from_files())}});
  tree.set("generations", std::move(list));
  reply(json(200, tree));
}

}  // namespace gateway::control
