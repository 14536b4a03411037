// causeway_sim: runs seeds, and shows that planted mistakes are caught. `./dev sim --help`.
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/observe/log.h"
#include "tests/sim/simulation.h"

namespace {

using namespace gateway;
using std::chrono::steady_clock;

constexpr std::string_view kHelp = R"(Runs the shipped exchange core and store in a seeded simulation.

  ./dev sim [--seeds N] [--first N] [--jobs N]   N runs (default 1000) from seed --first (default 1), each another story
  ./dev sim --seed N [--trace]                   one run again; --trace tells everything that happens in it
  ./dev sim --plant NAME [--seeds N]             with a mistake planted on purpose: until a seed catches it
  ./dev sim --plants [--seeds N]                 every planted mistake in turn

A run that finds a violation ends with the line that repeats it.
Planted mistakes: )";

constexpr const char* kPlants[] = {
    "ack-before-commit", "forgotten-duplicate-row", "short-lease", "swapped-order",
    "replayed-refusal",  "double-dispense",         "lost-cancel", "audit-outside",
    "forgotten-fsync",   "rerouted-recovery",
};

struct Options {
  std::uint64_t first = 1, seeds = 1000;
  int jobs = 1;
  std::string plant;
  bool one = false, plants = false, trace = false, help = false;
};

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool is_plant(std::string_view name) {
  for (const char* one : kPlants) {
    if (name == one) return true;
  }
  return false;
}

std::optional<Options> read(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view name = argv[i], value = i + 1 < argc ? argv[i + 1] : "";
    if (name == "--help" || name == "-h") return options.help = true, options;
    if (name == "--trace") {
      options.trace = true;
    } else if (name == "--plants") {
      options.plants = true;
    } else if (name == "--plant" && is_plant(value)) {
      options.plant = argv[++i];
    } else if (const auto n = number(value);
               n && (name == "--seed" || name == "--seeds" || name == "--first" || name == "--jobs")) {
      ++i;
      if (name == "--seeds") options.seeds = *n;
      if (name == "--jobs") options.jobs = static_cast<int>(std::clamp<std::uint64_t>(*n, 1, 64));
      if (name == "--seed" || name == "--first") options.first = *n;
      if (name == "--seed") options.one = true;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

/// What the real files of the stores (their locks) are in; goes at the end.
class Folder {
 public:
  Folder() : path((std::filesystem::temp_directory_path() / "causeway-sim-XXXXXX").string()) {
    if (::mkdtemp(path.data()) == nullptr) std::abort();
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string path;
};

struct Total {
  std::uint64_t seeds = 0, steps = 0;
  std::int64_t milliseconds = 0;
  int acknowledged = 0, effects = 0, repeats = 0, refusals = 0, crashes = 0;

  void add(const sim::Outcome& one) {
    ++seeds;
    steps += one.steps;
    milliseconds += one.milliseconds;
    acknowledged += one.acknowledged;
    effects += one.effects;
    repeats += one.repeats;
    refusals += one.refusals;
    crashes += one.crashes;
  }
};

void tell_violation(std::uint64_t seed, const sim::Outcome& outcome, const std::string& plant) {
  fmt::print("seed {}: {}\n  again: ./dev sim --seed {}{} --trace\n", seed, outcome.violations.front(), seed,
             plant.empty() ? "" : " --plant " + plant);
}

/// Which seed a job is at, where its parent can read it: also of one that does not live to tell.
class Progress {
 public:
  explicit Progress(int jobs) : size_(sizeof(std::uint64_t) * static_cast<std::size_t>(jobs)) {
    void* shared = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) std::abort();
    at_ = static_cast<std::uint64_t*>(shared);
  }
  ~Progress() { ::munmap(at_, size_); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  std::uint64_t& of(std::uint64_t job) { return at_[job]; }

 private:
  const std::size_t size_;
  std::uint64_t* at_ = nullptr;
};

/// Seeds `first`, `first + jobs` ... below the end. 0: all held; 1: a violation; 2: it could not run.
int run_seeds(const Options& options, std::uint64_t offset, Progress& progress) {
  const auto network = sim::load_network(CAUSEWAY_SOURCE_DIR);
  if (!network) return fmt::print(stderr, "{}\n", network.error().say), 2;
  const Folder folder;
  const auto began = steady_clock::now();
  Total total;
  const std::uint64_t end = options.first + (options.one ? 1 : options.seeds);
  for (std::uint64_t seed = options.first + offset; seed < end; seed += static_cast<std::uint64_t>(options.jobs)) {
    progress.of(offset) = seed;
    const auto outcome = sim::run(seed, *network, folder.path, options.trace);
    total.add(outcome);
    if (!outcome.violations.empty()) return tell_violation(seed, outcome, options.plant), 1;
    const bool again = total.seeds <= 5 && !options.trace;
    if (again && sim::run(seed, *network, folder.path, false).hash != outcome.hash) {
      return fmt::print("seed {} went another way the second time: the simulation is not deterministic\n", seed), 1;
    }
    if (total.seeds % 200 == 0 && offset == 0) {
      fmt::print("  {} of {} seeds ...\n", seed - options.first + 1, end - options.first);
      std::fflush(stdout);
    }
  }
  const double seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  fmt::print(
      "{} seeds, no violation: {:.0f} s of virtual time, {} crashes, {} acknowledged, {} effects, {} repeats, "
      "{} refusals, {:.1f} s ({:.1f} seeds/s)\n",
      total.seeds, static_cast<double>(total.milliseconds) / 1000, total.crashes, total.acknowledged, total.effects,
      total.repeats, total.refusals, seconds, static_cast<double>(total.seeds) / seconds);
  return 0;
}

/// Its result; a job that did not live to tell one was ended by a sanitizer or a signal, which is a violation, too.
int wait_for(pid_t child, std::uint64_t seed) {
  int status = 0;
  while (::waitpid(child, &status, 0) < 0) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) <= 2) return WEXITSTATUS(status);
  fmt::print("seed {}: the process did not survive it (see above)\n  again: ./dev sim --seed {} --trace\n", seed, seed);
  return 1;
}

/// In a process of its own: a planted mistake is looked up once in a process.
template <class Work>
pid_t start(Work work) {
  std::fflush(stdout);
  const pid_t child = ::fork();
  if (child != 0) return child;
  const int code = work();
  std::fflush(stdout);
  ::_exit(code);
}

int run_clean(const Options& options) {
  Progress progress(options.jobs);
  std::vector<pid_t> children;
  for (std::uint64_t job = 0; job < static_cast<std::uint64_t>(options.jobs); ++job) {
    children.push_back(start([&, job] { return run_seeds(options, job, progress); }));
  }
  int worst = 0;
  for (std::size_t job = 0; job < children.size(); ++job) {
    worst = std::max(worst, wait_for(children[job], progress.of(job)));
  }
  return worst;
}

/// 0: it was caught.
int run_planted(Options options, const std::string& plant) {
#ifndef CAUSEWAY_FAILPOINTS
  fmt::print(stderr, "this build has no planted mistakes: use the preset dev\n");
  return 2;
#endif
  options.plant = plant;
  options.jobs = 1;
  Progress progress(1);
  const auto began = steady_clock::now();
  const int code = wait_for(start([&] {
                              ::setenv("CAUSEWAY_PLANT", plant.c_str(), 1);
                              return run_seeds(options, 0, progress);
                            }),
                            progress.of(0));
  const double seconds = std::chrono::duration<double>(steady_clock::now() - began).count();
  fmt::print("planted {}: {}, {:.1f} s\n", plant, code == 1 ? "caught" : "NOT CAUGHT", seconds);
  return code == 1 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const auto options = read(argc, argv);
  if (!options || options->help) {
    fmt::print(options ? stdout : stderr, "{}", kHelp);
    for (const char* plant : kPlants) fmt::print(options ? stdout : stderr, "\n  {}", plant);
    fmt::print(options ? stdout : stderr, "\n");
    return options ? 0 : 2;
  }
  observe::set_log_level(static_cast<observe::Level>(99));  // above all: violations are told here
  int worst = 0;
  if (options->plants) {
    for (const char* plant : kPlants) worst = std::max(worst, run_planted(*options, plant));
    return worst;
  }
  if (options->plant.empty()) return run_clean(*options);
  return run_planted(*options, options->plant);
}
