// What `causeway check` says: the faults and one line at the end; the same as JSON. And a new site's folder
// (`causeway init`).
#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "gateway/config/config.h"

namespace gateway::config {

struct CheckResult {
  std::vector<FileFault> faults;
  std::shared_ptr<const Config> config;  // nullptr: at least one error
  std::size_t errors = 0, warnings = 0;
  std::size_t not_there_yet = 0;  // certificate and pin files (W0331): counted, not listed, among neither of the above

  /// No errors, and no warnings when they count.
  bool clean(bool deny_warnings) const { return errors == 0 && (warnings == 0 || !deny_warnings); }
};

CheckResult check(const std::filesystem::path& folder, const Options& options);
/// Every fault with its excerpt, and a last line that sums up. A clean folder is one line.
std::string render(const std::filesystem::path& folder, const CheckResult& result);
fhir::JsonTree to_json(const std::filesystem::path& folder, const CheckResult& result);
fhir::JsonTree to_json(const FileFault& fault);
/// What `causeway check --explain CODE` prints; empty when there is no such code.
std::string explain_code(std::string_view code);

/// Writes the four files of a new site, commented and clean; existing files are never overwritten.
/// Errors: init.name (no name for a site), init.exists, init.write.
fhir::Result<void> write_starter(const std::filesystem::path& folder, std::string_view site);

}  // namespace gateway::config
