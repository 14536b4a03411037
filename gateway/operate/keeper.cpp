#include "gateway/operate/keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "fhir/json.h"
#include "fhir/message/message.h"
#include "gateway/observe/failpoint.h"
#include "gateway/operate/views.h"

namespace gateway::operate {
namespace {

using fhir::Fault;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kGeneration = "generation", kFile = "config-file";

// Ten digits: keys in the order of the numbers.
std::string key_of(std::int64_t number) { return fmt::format("{:010}", number); }

std::int64_t number_of(JsonView value) {
  std::int64_t number = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

std::string written(const Generation& generation) {
  JsonTree files = JsonTree::array();
  for (const auto& [path, hash] : generation.files) files.push(JsonTree::object({{"path", path}, {"sha256", hash}}));
  JsonTree told = JsonTree::object({{"number", number(generation.number)},
                                    {"hash", generation.hash},
                                    {"who", generation.who},
                                    {"how", generation.how}});
  if (generation.restores != 0) told.set("restores", number(generation.restores));
  told.set("files", std::move(files));
  return told.dump();
}

Result<Generation> read(const store::Fact& fact) {
  auto json = fhir::Json::parse(fact.value);
  if (!json) return fhir::pass(json);
  const JsonView told = json->root();
  Generation generation{number_of(told["number"]),
                        fact.at,
                        std::string(told["hash"].text()),
                        std::string(told["who"].text()),
                        std::string(told["how"].text()),
                        number_of(told["restores"]),
                        {}};
  for (const JsonView file : told["files"]) generation.files.emplace_back(file["path"].text(), file["sha256"].text());
  return generation;
}

store::AuditEntry audit_of(const Generation& generation) {
  JsonTree detail =
      JsonTree::object({{"generation", number(generation.number)}, {"hash", generation.hash}, {"how", generation.how}});
  if (generation.restores != 0) detail.set("restores", number(generation.restores));
  return {0, generation.at, "config", generation.who, detail.dump(), ""};
}

}  // namespace

config::Options Keeper::at_level_files() {
  config::Options options;
  options.level = config::Level::files;
  return options;
}

Keeper::Keeper(std::shared_ptr<const config::Config> started, store::Store& store, exchange::Clock& clock, Taken taken,
               config::Options how)
    : store_(store),
      clock_(clock),
      taken_(std::move(taken)),
      how_(std::move(how)),
      reloader_(started, how_),
      config_(started) {}

Generation Keeper::next(const config::Config& config) const {
  Generation generation;
  generation.number = this->generation() + 1;
  generation.at = clock_.now();
  generation.hash = config.hash;
  for (const auto& [file, bytes] : config.sources)
    generation.files.emplace_back(file.string(), fhir::message::sha256(bytes));
  return generation;
}

Result<void> Keeper::begin() {
  const std::scoped_lock lock(changing_);
  auto known = generations();
  if (!known) return fhir::pass(known);
  for (const auto& one : *known)
    for (const auto& [path, hash] : one.files) kept_.insert(hash);
  if (!known->empty()) generation_ = known->back().number;
  if (!known->empty() && known->back().hash == config_->hash) return {};
  Generation first = next(*config_);
  first.who = "gateway";
  first.how = "start";
  if (auto recorded = record(first, *config_); !recorded) return recorded;
  const std::scoped_lock inner(mutex_);
  generation_ = first.number;
  return {};
}

std::shared_ptr<const config::Config> Keeper::config() const {
  const std::scoped_lock lock(mutex_);
  return config_;
}

std::int64_t Keeper::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

bool Keeper::differs_from_files() const {
  const std::scoped_lock lock(mutex_);
  return differs_;
}

// Files that did not change are stored once, whatever the number of generations.
Result<void> Keeper::record(const Generation& generation, const config::Config& config) {
  store::Commit commit;
  std::set<std::string> fresh;
  for (std::size_t i = 0; i < config.sources.size(); ++i) {
    const std::string& hash = generation.files[i].second;
    if (kept_.contains(hash) || !fresh.insert(hash).second) continue;
    commit.facts.push_back({std::string(kFile), hash, generation.at, config.sources[i].bytes});
  }
  commit.facts.push_back({std::string(kGeneration), key_of(generation.number), generation.at, written(generation)});
  commit.audit.push_back(audit_of(generation));
  observe::failpoint("config.recording");
  auto stored = store_.commit(std::move(commit));
  if (!stored) return fhir::pass(stored);
  kept_.merge(fresh);
  return {};
}

Result<Keeper::Outcome> Keeper::take(config::Reloader::Attempt attempt, Generation as, bool dry) {
  Outcome outcome;
  outcome.before = config();
  outcome.generation = generation();
  outcome.after = attempt.config;
  outcome.faults = std::move(attempt.faults);
  outcome.after_restart = std::move(attempt.after_restart);
  const bool rolled_back = as.restores != 0;
  if (outcome.after != nullptr) outcome.changed = outcome.after->hash != outcome.before->hash;
  if (!outcome.changed || dry) {
    const std::scoped_lock lock(mutex_);
    if (!dry && !rolled_back) differs_ = outcome.after == nullptr;
    return outcome;
  }
  Generation generation = next(*outcome.after);
  generation.who = std::move(as.who);
  generation.how = std::move(as.how);
  generation.restores = as.restores;
  if (auto recorded = record(generation, *outcome.after); !recorded) return fhir::pass(recorded);
  reloader_.adopt(outcome.after);
  {
    const std::scoped_lock lock(mutex_);
    config_ = outcome.after;
    generation_ = outcome.generation = generation.number;
    differs_ = rolled_back;
  }
  taken_(outcome.after);
  return outcome;
}

Result<Keeper::Outcome> Keeper::reload(const std::string& who, const std::string& how, bool dry) {
  const std::scoped_lock lock(changing_);
  Generation as;
  as.who = who;
  as.how = how;
  return take(reloader_.read(dry), std::move(as), dry);
}

std::optional<Result<Keeper::Outcome>> Keeper::poll() {
  const std::scoped_lock lock(changing_);
  if (!config()->watch) return std::nullopt;
  auto attempt = unrecorded_ ? std::optional(reloader_.read(false)) : reloader_.poll();
  if (!attempt) return std::nullopt;
  Generation as;
  as.who = "gateway";
  as.how = "files";
  auto outcome = take(*std::move(attempt), std::move(as), false);
  unrecorded_ = !outcome;
  return outcome;
}

Result<std::vector<Generation>> Keeper::generations() const {
  auto facts = store_.facts(kGeneration);
  if (!facts) return fhir::pass(facts);
  std::vector<Generation> all;
  for (const auto& fact : *facts) {
    auto generation = read(fact);
    if (!generation) return fhir::pass(generation);
    all.push_back(*std::move(generation));
  }
  return all;
}

Result<std::vector<config::SourceFile>> Keeper::files_of(const Generation& generation) const {
  std::vector<config::SourceFile> files;
  for (const auto& [path, hash] : generation.files) {
    auto fact = store_.fact(kFile, hash);
    if (!fact) return fhir::pass(fact);
    if (!*fact) return fhir::fail(Fault::needs_person, "config.file-lost", path, "is not in the store any more");
    files.push_back({path, std::move((*fact)->value)});
  }
  return files;
}

namespace {

/// The asked one; 0: the newest that differs from what is in force.
const Generation* wanted(const std::vector<Generation>& all, std::int64_t number, const std::string& hash) {
  for (auto one = all.rbegin(); one != all.rend(); ++one)
    if (number == 0 ? one->hash != hash : one->number == number) return &*one;
  return nullptr;
}

}  // namespace

Result<Keeper::Outcome> Keeper::rollback(std::int64_t number, const std::string& who) {
  const std::scoped_lock lock(changing_);
  auto all = generations();
  if (!all) return fhir::pass(all);
  const auto running = config();
  const Generation* target = wanted(*all, number, running->hash);
  if (target == nullptr)
    return fhir::fail(Fault::not_found, "config.no-generation", number == 0 ? "" : std::to_string(number),
                      "there is no such generation; `causeway generations` lists them");
  auto files = files_of(*target);
  if (!files) return fhir::pass(files);
  config::Reloader::Attempt attempt;
  config::Options options = how_;
  options.files = std::make_shared<const Snapshot>(*std::move(files));
  attempt.config = config::load(running->folder, attempt.faults, options);
  if (attempt.config != nullptr) attempt.after_restart = config::needs_restart(*running, *attempt.config);
  Generation as;
  as.who = who;
  as.how = "rollback";
  as.restores = target->number;
  return take(std::move(attempt), std::move(as), false);
}

}  // namespace gateway::operate
