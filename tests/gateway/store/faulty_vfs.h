// A file layer for SQLite that fails on purpose: the N-th write or sync of the database or its log from now on, or
// every one until it is told to stop. Everything else passes through to the operating system.
#pragma once
#include <sqlite3.h>

#include <atomic>

namespace gateway::store {

class FaultyVfs {
 public:
  static constexpr const char* kName = "causeway-faulty";
  /// Registers it once for this process.
  static FaultyVfs& instance();

  enum class Operation { write, sync };
  /// The `nth` such operation from now on (1: the next) fails with `code`; with `for_good` all that follow, too.
  void fail(Operation operation, int nth, int code, bool for_good = false);
  void heal();
  bool struck() const { return struck_; }
  int writes() const { return writes_; }  // since heal()

  int pass(Operation operation);  // SQLITE_OK, or the code to fail with

 private:
  FaultyVfs();
  std::atomic<int> left_[2] = {0, 0};  // operations until the fault; 0: none planned
  std::atomic<int> code_{0}, writes_{0};
  std::atomic<bool> for_good_{false}, struck_{false};
};

}  // namespace gateway::store
