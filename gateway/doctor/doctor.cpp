#include "gateway/doctor/doctor.h"

#include <fmt/format.h>

#include "gateway/doctor/checks.h"

namespace gateway::doctor {
namespace {

// A new check is a row here and a function in the file of its subject.
constexpr Findings (*kChecks[])(const config::Config&) = {
    clock,          // first: wrong time makes good certificates bad
    permissions,    // before anything is opened
    disk,           //
    fsync_speed,    // what every acknowledgement waits for
    scratch_store,  // settings in force, and the version of SQLite
    certificates,   // own, trusted, of the doors and systems
    revocations,    // and how old they are
    ports,          // free, or ours
    descriptors,    //
};

Findings configuration(const std::vector<config::FileFault>& faults, bool loaded) {
  if (!loaded) {
    return {{Verdict::fail, "configuration", fmt::format("{} faults: a gateway would not start", faults.size()),
             "causeway check --level files: every fault with its place"}};
  }
  if (faults.empty()) return {{Verdict::ok, "configuration", "no faults", ""}};
  return {{Verdict::warn, "configuration", fmt::format("{} warnings", faults.size()),
           "causeway check --level files: each with its place"}};
}

}  // namespace

std::vector<Finding> examine(const std::filesystem::path& conf) {
  std::vector<config::FileFault> faults;
  config::Options options;
  options.level = config::Level::files;
  auto config = config::load(conf, faults, options);
  Findings all = configuration(faults, config != nullptr);
  if (config == nullptr) {  // the text may be right where files are still missing: what can be looked at, is
    faults.clear();
    config = config::load(conf, faults);
  }
  if (config == nullptr) return all;
  for (const auto check : kChecks) {
    for (Finding& finding : check(*config)) all.push_back(std::move(finding));
  }
  return all;
}

std::string_view to_string(Verdict verdict) {
  constexpr std::string_view kNames[] = {"ok", "warn", "fail"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace gateway::doctor
