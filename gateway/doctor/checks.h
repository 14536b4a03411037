// The checks of `causeway doctor`, by the file that has them. Each reads the machine and answers at least one line.
#pragma once
#include "gateway/config/config.h"
#include "gateway/doctor/doctor.h"

namespace gateway::doctor {

using Findings = std::vector<Finding>;

// machine.cpp
Findings clock(const config::Config& config);
Findings disk(const config::Config& config);
Findings fsync_speed(const config::Config& config);
Findings descriptors(const config::Config& config);
Findings ports(const config::Config& config);

// files.cpp
Findings permissions(const config::Config& config);
Findings scratch_store(const config::Config& config);
Findings certificates(const config::Config& config);
Findings revocations(const config::Config& config);

/// The data folder, or its nearest parent that exists: what the site will be written to.
std::filesystem::path ground_of(const config::Config& config);

/// How a certificate's end is told: fail when over or within 7 days, warn within 30.
Finding expiry(const std::string& what, const std::string& name, std::int64_t not_before, std::int64_t not_after,
               std::int64_t now);

}  // namespace gateway::doctor
