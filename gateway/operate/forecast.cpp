#include "gateway/operate/forecast.h"

#include <algorithm>

#include "gateway/config/report.h"
#include "gateway/operate/differences.h"
#include "gateway/operate/views.h"

namespace gateway::operate {
namespace {

namespace fs = std::filesystem;
using fhir::Fault;
using fhir::JsonTree;

constexpr std::size_t kKept = 4;  // forecasts whose result is kept, or that wait

JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

JsonTree words(const std::vector<std::string>& list) {
  JsonTree tree = JsonTree::array();
  for (const auto& one : list) tree.push(one);
  return tree;
}

}  // namespace

std::shared_ptr<const config::Config> load_candidate(const config::Config& running, const fs::path& folder,
                                                     std::vector<config::FileFault>& faults) {
  const auto normal = [](const fs::path& path) {
    auto whole = fs::absolute(path).lexically_normal();
    return whole.filename().empty() ? whole.parent_path() : whole;
  };
  const auto view = std::make_shared<const Relocated>(normal(folder), normal(running.folder));
  config::Options options;
  options.files = view;
  std::vector<config::FileFault> found;
  auto candidate = config::load(running.folder, found, options);
  for (auto& fault : found) {
    fault.file = view->real(fault.file).string();
    if (!fault.related.file.empty()) fault.related.file = view->real(fault.related.file).string();
    faults.push_back(std::move(fault));
  }
  return candidate;
}

fhir::Result<std::int64_t> Forecasts::begin(const std::string& folder, std::size_t last) {
  std::int64_t number = 0;
  {
    const std::scoped_lock lock(mutex_);
    while (states_.size() >= kKept && states_.begin()->second.done) states_.erase(states_.begin());
    if (states_.size() >= kKept)
      return fhir::fail(Fault::conflict, "diff.busy", "", "other forecasts are being made; ask again in a moment");
    number = ++last_;
    states_[number];
  }
  worker_.post([this, number, folder, last] { run(number, folder, last); });
  return number;
}

fhir::Result<JsonTree> Forecasts::ask(std::int64_t asked) const {
  const std::scoped_lock lock(mutex_);
  const auto found = states_.find(asked);
  if (found == states_.end()) return fhir::fail(Fault::not_found, "diff.gone", "", "there is no such forecast");
  const State& state = found->second;
  if (state.done) return state.result;
  return JsonTree::object({{"done", JsonTree::boolean(false)}, {"at", number(state.at)}, {"of", number(state.of)}});
}

void Forecasts::run(std::int64_t number, const std::string& folder, std::size_t last) {
  JsonTree result = forecast(number, folder, last);
  result.set("done", JsonTree::boolean(true));
  finish(number, std::move(result));
}

void Forecasts::finish(std::int64_t asked, JsonTree result) {
  const std::scoped_lock lock(mutex_);
  State& state = states_[asked];
  state.result = std::move(result);
  state.done = true;
}

JsonTree Forecasts::forecast(std::int64_t asked, const std::string& folder, std::size_t last) {
  const auto running = keeper_.config();
  config::CheckResult checked;
  checked.config = load_candidate(*running, folder, checked.faults);
  for (const auto& fault : checked.faults) ++(fault.warning ? checked.warnings : checked.errors);
  JsonTree told = JsonTree::object({{"running", running->hash}});
  told.set("generation", number(static_cast<std::size_t>(keeper_.generation())));
  if (checked.config == nullptr) {
    told.set("check", config::to_json(folder, checked));
    told.set("words", config::render(folder, checked));
    return told;
  }
  const auto changes = differences(*running, *checked.config);
  told.set("candidate", checked.config->hash);
  told.set("changes", to_json(changes));
  told.set("words", in_words(changes));
  told.set("after_restart", words(config::needs_restart(*running, *checked.config)));
  const auto progress = [this, asked](std::size_t at, std::size_t of) {
    const std::scoped_lock lock(mutex_);
    states_[asked].at = at;
    states_[asked].of = of;
    return !worker_.stopping();
  };
  const auto replayed = replay(world_, *running, *checked.config, last, progress);
  if (replayed)
    told.set("replay", to_json(*replayed));
  else
    told.set("replay_failed", fhir::to_string(replayed.error()));
  return told;
}

}  // namespace gateway::operate
