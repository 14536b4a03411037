#include "gateway/store/store.h"

#include <future>

namespace gateway::store {

Result<Committed> Store::commit(Commit commit) {
  std::promise<Result<Committed>> promise;
  auto answer = promise.get_future();
  submit(std::move(commit), [&promise](Result<Committed> result) { promise.set_value(std::move(result)); });
  return answer.get();
}

}  // namespace gateway::store
