// Read-only connections, each used by one thread at a time; every read is one snapshot of what was committed when it
// began, and never waits for the writer. Thread-safe. When all are in use, a reader waits for one.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gateway/store/sqlite/connection.h"

namespace gateway::store::sqlite {

class ReaderPool {
 public:
  ReaderPool(std::string file, std::string vfs, std::size_t most)
      : file_(std::move(file)), vfs_(std::move(vfs)), most_(most) {}

  /// Runs `work` on a snapshot; a Failure in it becomes the result.
  template <class Work>
  auto read(Work work) -> fhir::Result<decltype(work(std::declval<Connection&>()))> {
    try {
      const Loan loan(*this);
      const Snapshot snapshot(*loan.connection);
      return work(*loan.connection);
    } catch (const Failure& failure) {
      return std::unexpected(failure.error);
    }
  }

 private:
  struct Loan {
    explicit Loan(ReaderPool& from) : pool(from), connection(from.borrow()) {}
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    ~Loan() { pool.give_back(std::move(connection)); }
    ReaderPool& pool;
    std::unique_ptr<Connection> connection;
  };
  struct Snapshot {
    explicit Snapshot(Connection& on);
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    ~Snapshot();
    Connection& connection;
  };

  std::unique_ptr<Connection> borrow();
  void give_back(std::unique_ptr<Connection> connection);

  const std::string file_, vfs_;
  const std::size_t most_;
  std::mutex mutex_;  // of the three below
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t lent_ = 0;
};

}  // namespace gateway::store::sqlite
