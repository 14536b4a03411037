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
/// nullptr after at least one error was reported. `sample`: a JSON record; then maps of JSON may only name what it has.
std::shared_ptr<const Plan> compile(const std::string& text, const std::filesystem::path& file, Faults& faults,
                                    const Files& files = disk(), const fhir::JsonTree& sample = {});

/// The faults of a file of sub-maps in itself, also of those that no map uses. Sub-maps from FHIR are only read: what
/// their paths start from is known where they are used.
void check_sub_maps(const std::filesystem::path& file, Faults& faults, const Files& files = disk());

/// The dialect of a plan's source; FHIR needs the %names that `let:` declares.
std::unique_ptr<Dialect> make_dialect(const Plan& plan, const std::vector<std::string>& names,
                                      const fhir::JsonTree& sample = {});

}  // namespace adapters::map
