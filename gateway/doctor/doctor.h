// What is wrong, or soon will be, with the ground a site stands on: clock, disk, store, certificates, permissions,
// ports, limits. For a person at the machine, so it reads the files itself and needs no running gateway; of the store
// it opens a scratch one beside the real one, never the real one.
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace gateway::doctor {

enum class Verdict : unsigned char { ok, warn, fail };

struct Finding {
  Verdict verdict = Verdict::ok;
  std::string what;  // "fsync", "certificate": stable, for programs
  std::string say;   // what was found
  std::string fix;   // what to do; empty when ok
};

/// Runs every check of the table in doctor.cpp that can run: without a readable configuration only that is told.
/// Takes about a second, most of it for the speed of the disk.
std::vector<Finding> examine(const std::filesystem::path& conf);

std::string_view to_string(Verdict verdict);

}  // namespace gateway::doctor
