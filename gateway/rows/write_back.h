// The way into staging databases: one thread a system, so a database that hangs holds up nobody else's deliveries and
// no thread of the Net. A task that is overdue when its turn comes is not begun; it is tried again later, by the
// courier.
#pragma once
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/exchange/courier.h"

namespace gateway::rows {

class WriteBack {
 public:
  using Task = exchange::RowTask;
  WriteBack();
  /// Waits for the tasks that were begun; the others are answered `unavailable`.
  ~WriteBack();
  WriteBack(const WriteBack&) = delete;
  WriteBack& operator=(const WriteBack&) = delete;

  void submit(Task task);

 private:
  class Worker;
  std::mutex mutex_;
  std::map<std::string, std::unique_ptr<Worker>, std::less<>> workers_;  // by system
};

}  // namespace gateway::rows
