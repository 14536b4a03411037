#include "gateway/store/store.h"

#include <future>

namespace gateway::store {

Result<Committed> Store::commit(Commit commit) {
  std::promise<Result<Committed>> promise;
  auto answer = promise.get_future();
  // The promise moves into the handler: it must outlive set_value(), which may still run when get() has returned.
  submit(std::move(commit),
         [promise = std::move(promise)](Result<Committed> result) mutable { promise.set_value(std::move(result)); });
  return answer.get();
}

std::string_view to_string(MessageState state) {
  constexpr std::string_view kNames[] = {"accepted", "held", "refused", "released", "discarded"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(DeliveryState state) {
  constexpr std::string_view kNames[] = {"waiting", "claimed", "delivered", "dead", "held", "cancelled"};
  return kNames[static_cast<std::size_t>(state)];
}

}  // namespace gateway::store
