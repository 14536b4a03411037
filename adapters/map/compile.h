// A map file -> its plan, or all its faults.
#pragma once
#include <filesystem>
#include <memory>
#include <string>

#include "adapters/map/faults.h"
#include "adapters/map/files.h"
#include "adapters/map/plan.h"

namespace adapters::map {

/// `text` is what stands in `file`; sub-maps, tables and extended maps are looked up around that path, in `files`.
/// nullptr after at least one error was reported.
std::shared_ptr<const Plan> compile(const std::string& text, const std::filesystem::path& file, Faults& faults,
                                    const Files& files = disk());

/// The dialect of a plan's source; FHIR needs the %names that `let:` declares.
std::unique_ptr<Dialect> make_dialect(const Plan& plan, const std::vector<std::string>& names);

}  // namespace adapters::map
