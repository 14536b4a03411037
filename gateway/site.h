// One site: everything composed, top to bottom, and drained in reverse. main.cpp makes one; a test makes four.
#pragma once
#include <memory>

#include "gateway/config/config.h"
#include "gateway/net/net.h"

namespace gateway {

class Site {
 public:
  /// Opens the store, the listeners and the couriers. Fails with one sentence that says what to do. The configuration's
  /// folder is watched: peers and partners that change there change here within seconds.
  static fhir::Result<std::unique_ptr<Site>> start(std::shared_ptr<const config::Config> config);
  virtual ~Site() = default;  // stops accepting, lets what is in progress finish, closes

  /// Reads the configuration's files again, as `causeway reload` does; what came of it is in the log. From any thread.
  virtual void reload(const std::string& who) = 0;

  /// True once the store has failed: the process must end rather than acknowledge what it cannot keep.
  virtual bool broken() const = 0;
};

}  // namespace gateway
