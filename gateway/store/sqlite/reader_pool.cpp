#include "gateway/store/sqlite/reader_pool.h"

#include <sqlite3.h>

namespace gateway::store::sqlite {

std::unique_ptr<Connection> ReaderPool::borrow() {
  std::unique_lock lock(mutex_);
  returned_.wait(lock, [this] { return lent_ < most_; });
  if (idle_.empty()) {
    auto connection = std::make_unique<Connection>(file_, Connection::Mode::read_only, vfs_);
    sqlite3_busy_timeout(connection->handle(), 1000);
    idle_.push_back(std::move(connection));
  }
  auto connection = std::move(idle_.back());
  idle_.pop_back();
  ++lent_;
  return connection;
}

void ReaderPool::give_back(std::unique_ptr<Connection> connection) {
  {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
    --lent_;
  }
  returned_.notify_one();
}

ReaderPool::Snapshot::Snapshot(Connection& on) : connection(on) { connection.run("BEGIN"); }

ReaderPool::Snapshot::~Snapshot() { sqlite3_exec(connection.handle(), "ROLLBACK", nullptr, nullptr, nullptr); }

}  // namespace gateway::store::sqlite
