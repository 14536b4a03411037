// load() that also says which files it read when it fails: the Reloader watches those of a faulty edit too.
#pragma once
#include "gateway/config/config.h"

namespace gateway::config {

std::shared_ptr<const Config> load_noting(const std::filesystem::path& folder, std::vector<FileFault>& faults,
                                          const Options& options, std::vector<Stamp>& files);

}  // namespace gateway::config
