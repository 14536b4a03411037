// What each caller of the FHIR API may take (config::Quota): requests and bytes a second, and requests being worked on.
// Whoever takes more is refused, and what it was refused counts all the same: its debt grows, and its refusals are
// answered the later the larger the debt, so a flood slows itself down and nobody else.
//
// Thread-safe. Time is given by the caller. A Ticket may outlive everything.
#pragma once
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "gateway/config/config.h"
#include "gateway/store/store.h"

namespace gateway::rest {

class Quotas {
  struct Use {
    double requests = 0, bytes = 0;  // taken and not yet worn off
    store::Millis at = 0;
    std::size_t at_once = 0;
  };
  struct Uses {
    std::mutex mutex;
    std::map<std::string, Use, std::less<>> by_caller;  // known callers only: as many as are configured
  };

 public:
  /// A place among the requests being worked on, as long as it lives.
  class Ticket {
   public:
    Ticket(Ticket&&) noexcept = default;
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket();

   private:
    friend class Quotas;
    Ticket(std::shared_ptr<Uses> uses, std::string caller) : uses_(std::move(uses)), caller_(std::move(caller)) {}
    std::shared_ptr<Uses> uses_;  // null: moved away
    std::string caller_;
  };

  struct Answer {
    std::optional<Ticket> ticket;        // it may go on
    std::chrono::milliseconds delay{0};  // else: how long the refusal is held back
    std::chrono::seconds retry_after{0};
  };
  Answer ask(const std::string& caller, std::size_t bytes, store::Millis now, const config::Quota& quota);

 private:
  std::shared_ptr<Uses> uses_ = std::make_shared<Uses>();
};

}  // namespace gateway::rest
