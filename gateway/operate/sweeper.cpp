#include "gateway/operate/sweeper.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "gateway/observe/log.h"

namespace gateway::operate {
namespace {

using namespace std::chrono_literals;
using fhir::JsonTree;
using fhir::Result;
using store::Layer;
using store::Millis;

constexpr std::string_view kFact = "sweep", kLast = "last";

Millis millis(std::chrono::hours period) { return std::chrono::milliseconds(period).count(); }

std::string_view name_of(Layer layer) {
  constexpr std::string_view kNames[] = {"duplicates", "sent", "raw", "content"};
  return kNames[static_cast<std::size_t>(layer)];
}

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

std::int64_t number_of(fhir::JsonView value) {
  std::int64_t number = 0;
  const auto text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// One entry for each batch: which layer, how many, from which number to which.
store::AuditEntry entry_of(const store::Expiry& what, std::span<const store::Id> gone, Millis now) {
  const JsonTree detail = JsonTree::object({{"layer", name_of(what.layer)},
                                            {"event", what.event},
                                            {"messages", number(static_cast<std::int64_t>(gone.size()))},
                                            {"first", number(gone.front())},
                                            {"last", number(gone.back())},
                                            {"came_before", exchange::instant(what.before)}});
  return {0, now, "swept", "gateway", detail.dump(), ""};
}

}  // namespace

// Without a sweep on record the first one waits for its night: a gateway that starts at noon has other things to do.
void Sweeper::look() {
  const auto config = world_.config();
  if (!config->retention.sweep) return;
  const Millis now = world_.clock.now(), due = exchange::latest(now, config->zone, config->retention.at);
  {
    const std::scoped_lock lock(mutex_);
    if (going_on_) return;
    if (!since_) since_ = now;
    const Millis last = report_.began;
    if (last >= due) return;
  }
  const auto known = last();
  const Millis before = known ? known->began : *since_;
  if (before >= due) return;
  sweep();
}

void Sweeper::sweep() {
  {
    const std::scoped_lock lock(mutex_);
    if (std::exchange(going_on_, true)) return;
    report_ = {world_.clock.now(), 0, {}};
  }
  worker_.post([this] { begin(); });
}

std::optional<Sweeper::Report> Sweeper::last() const {
  {
    const std::scoped_lock lock(mutex_);
    if (report_.began != 0) return report_;
  }
  const auto fact = world_.store.fact(kFact, kLast);
  if (!fact || !*fact) return std::nullopt;
  const auto json = fhir::Json::parse((*fact)->value);
  if (!json) return std::nullopt;
  Report report{number_of(json->root()["began_ms"]), number_of(json->root()["ended_ms"]), {}};
  const fhir::JsonView swept = json->root()["swept"];
  for (auto one = swept.begin(); one != swept.end(); ++one) report.swept[std::string(one.key())] = number_of(*one);
  return report;
}

// Content last: what a shorter layer took before is not looked at twice.
std::vector<Sweeper::Task> Sweeper::tasks(const config::Config& config) const {
  const auto events = world_.store.events();
  if (!events) return {};
  const auto& retention = config.retention;
  std::vector<Task> all;
  for (const std::string& event : *events) {
    for (const bool refused : {false, true}) {
      const auto whole = retention.period_of(event, refused);
      const auto add = [&](Layer layer, std::chrono::hours period) {
        if (layer != Layer::content && period >= whole) return;
        all.push_back({{.layer = layer,
                        .event = event,
                        .refused = refused,
                        .before = report_.began - millis(period),
                        .limit = retention.batch},
                       std::string(name_of(layer))});
      };
      add(Layer::content, whole);
      add(Layer::raw, retention.raw);
      add(Layer::sent, retention.sent);
      add(Layer::duplicates, retention.duplicates);
    }
  }
  return all;
}

void Sweeper::begin() {
  remember();
  tasks_ = tasks(*world_.config());
  step();
}

// One batch; the next one follows after a pause that keeps the rate.
void Sweeper::step() {
  while (!tasks_.empty()) {
    Task& task = tasks_.back();
    auto expired = world_.store.expired(task.what);
    if (!expired) {
      observe::log(observe::Level::error, "sweep.failed", {{"code", expired.error().code}});
      return end();
    }
    if (expired->empty()) {
      tasks_.pop_back();
      continue;
    }
    task.what.after = expired->back();
    const auto account = [what = task.what, now = world_.clock.now()](std::span<const store::Id> gone) {
      return entry_of(what, gone, now);
    };
    return world_.store.sweep(task.what.layer, *std::move(expired), account,
                              [this](Result<std::int64_t> swept) { go_on(std::move(swept)); });
  }
  end();
}

// On the writer thread.
void Sweeper::go_on(Result<std::int64_t> swept) {
  const auto& retention = world_.config()->retention;
  worker_.post([this, swept = std::move(swept)] {
    if (!swept) {
      observe::log(observe::Level::error, "sweep.failed", {{"code", swept.error().code}});
      tasks_.clear();
      return;
    }
    const std::scoped_lock lock(mutex_);
    if (*swept != 0) report_.swept[tasks_.back().layer] += *swept;
  });
  const auto pause = 1000ms * static_cast<std::int64_t>(retention.batch) / static_cast<std::int64_t>(retention.rate);
  net_.after(pause, [this] { worker_.post([this] { step(); }); });
}

void Sweeper::end() {
  {
    const std::scoped_lock lock(mutex_);
    report_.ended = world_.clock.now();
    going_on_ = false;
  }
  remember();
}

void Sweeper::remember() {
  const auto report = last();
  store::Commit commit;
  JsonTree told = to_json(*report);
  told.set("began_ms", number(report->began));
  told.set("ended_ms", number(report->ended));
  commit.facts.push_back({std::string(kFact), std::string(kLast), report->began, told.dump()});
  world_.store.submit(std::move(commit), [](const Result<store::Committed>&) {});
}

JsonTree to_json(const Sweeper::Report& report) {
  JsonTree told = JsonTree::object({{"began", exchange::instant(report.began)}});
  if (report.ended != 0) told.set("ended", exchange::instant(report.ended));
  JsonTree swept = JsonTree::object({});
  for (const auto& [layer, count] : report.swept) swept.set(layer, number(count));
  told.set("swept", std::move(swept));
  return told;
}

}  // namespace gateway::operate
