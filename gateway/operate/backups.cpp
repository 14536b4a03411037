#include "gateway/operate/backups.h"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/observe/log.h"

namespace gateway::operate {
namespace {

namespace fs = std::filesystem;
using fhir::Fault;
using fhir::JsonTree;
using fhir::Result;

constexpr std::size_t kKept = 8;  // whose result can still be asked for
constexpr std::string_view kFact = "backup", kLast = "last";

JsonTree number(std::uint64_t n) { return JsonTree::number(std::to_string(n)); }

// "tianjin-20260310T013015Z"
std::string name_of(const std::string& site, store::Millis at) {
  std::string time = exchange::instant(at).substr(0, 19);
  std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
  return fmt::format("{}-{}Z", site, time);
}

JsonTree told(const fhir::Error& error) {
  JsonTree tree = JsonTree::object({{"failed", JsonTree::boolean(true)}});
  tree.set("code", error.code);
  tree.set("where", error.where);
  tree.set("say", error.say);
  return tree;
}

}  // namespace

Result<std::int64_t> Backups::begin(const std::string& to, const std::string& who) {
  fs::path folder(to);
  if (!folder.is_absolute())
    return fhir::fail(Fault::invalid, "backup.folder", to, "name the folder by its whole path");
  std::error_code failed;
  if (fs::is_directory(folder, failed)) folder /= name_of(world_.config()->site, world_.clock.now());
  std::int64_t begun = 0;
  {
    const std::scoped_lock lock(mutex_);
    if (std::ranges::any_of(states_, [](const auto& one) { return !one.second.done; }))
      return fhir::fail(Fault::conflict, "backup.busy", "", "another backup is being made");
    while (states_.size() >= kKept) states_.erase(states_.begin());
    begun = ++last_;
    states_[begun];
    given_up_ = false;
  }
  worker_.post([this, begun, folder, who] { run(begun, folder, who); });
  return begun;
}

Result<JsonTree> Backups::ask(std::int64_t asked) const {
  const std::scoped_lock lock(mutex_);
  const auto found = states_.find(asked);
  if (found == states_.end())
    return fhir::fail(Fault::not_found, "backup.gone", "", "there is no such backup in progress");
  const State& state = found->second;
  if (state.done) return state.result;
  return JsonTree::object({{"done", JsonTree::boolean(false)},
                           {"stage", state.step.what},
                           {"at", number(state.step.done)},
                           {"of", number(state.step.of)}});
}

void Backups::give_up() {
  const std::scoped_lock lock(mutex_);
  given_up_ = true;
}

void Backups::stop() {
  give_up();
  worker_.stop();
}

store::Millis Backups::last() const {
  const auto fact = world_.store.fact(kFact, kLast);
  return fact && *fact ? (*fact)->at : 0;
}

void Backups::run(std::int64_t asked, fs::path folder, const std::string& who) {
  JsonTree result = make(asked, folder, who);
  result.set("done", JsonTree::boolean(true));
  const std::scoped_lock lock(mutex_);
  states_[asked].result = std::move(result);
  states_[asked].done = true;
}

JsonTree Backups::make(std::int64_t asked, const fs::path& folder, const std::string& who) {
  const auto config = world_.config();
  const auto watcher = [&](const Step& step) {
    const std::scoped_lock lock(mutex_);
    states_[asked].step = step;
    return !given_up_;
  };
  const auto backup = make_backup({world_.store, *config, folder, world_.clock.now()}, watcher);
  if (!backup) {
    observe::log(observe::Level::error, "backup.failed", {{"code", backup.error().code}});
    return told(backup.error());
  }
  if (auto recorded = record(*backup, who); !recorded) return told(recorded.error());
  observe::log(observe::Level::info, "backup.made", {{"bytes", std::to_string(backup->bytes)}});
  JsonTree made = to_json(*backup);
  made.set("folder", folder.string());
  return made;
}

Result<void> Backups::record(const Backup& backup, const std::string& who) {
  const JsonTree detail =
      JsonTree::object({{"manifest", backup.sha256},
                        {"messages", JsonTree::number(std::to_string(backup.manifest.census.messages))},
                        {"audit", JsonTree::number(std::to_string(backup.manifest.census.audit))},
                        {"audit_head", backup.manifest.census.audit_head}});
  store::Commit commit;
  commit.audit.push_back({0, world_.clock.now(), "backup", who, detail.dump(), ""});
  commit.facts.push_back({std::string(kFact), std::string(kLast), backup.manifest.at, detail.dump()});
  if (auto stored = world_.store.commit(std::move(commit)); !stored) return fhir::pass(stored);
  return {};
}

}  // namespace gateway::operate
