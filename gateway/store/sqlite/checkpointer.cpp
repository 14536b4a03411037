#include "gateway/store/sqlite/checkpointer.h"

#include <sqlite3.h>

namespace gateway::store::sqlite {

using fhir::Fault;

namespace {

constexpr int kRounds = 6;
constexpr int kFewPages = 250;  // 1 MB: a few milliseconds

}  // namespace

// Never the connection that checkpoints when it is closed: after a failed disk nobody may.
Checkpointer::Checkpointer(const std::string& file, const std::string& vfs)
    : db_(file, Connection::Mode::read_write, vfs) {
  db_.execute("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0");
  sqlite3_db_config(db_.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  thread_ = std::thread([this] { run(); });
}

Checkpointer::~Checkpointer() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return state_ != State::asked; });
    state_ = State::closing;
  }
  changed_.notify_all();
  thread_.join();
}

bool Checkpointer::done() {
  const std::lock_guard lock(mutex_);
  throw_if_failed();
  if (state_ == State::asked) return false;
  const bool ended = state_ == State::ended;
  state_ = ended ? State::idle : State::asked;
  if (!ended) changed_.notify_all();
  return ended;
}

void Checkpointer::finish() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return state_ != State::asked; });
  state_ = State::idle;
  throw_if_failed();
}

void Checkpointer::throw_if_failed() const {
  if (failed_) throw Failure(*failed_);
}

void Checkpointer::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return state_ == State::asked || state_ == State::closing; });
    if (state_ == State::closing) return;
    lock.unlock();
    auto failed = move_log();
    lock.lock();
    failed_ = std::move(failed);
    state_ = State::ended;
    changed_.notify_all();
  }
}

// The writer goes on meanwhile, so each round finds what came during the one before; what is left in the end is so
// little that the writer hardly stops for it. Of a disk that is only full or held up the writer makes its own picture
// when it moves the rest.
std::optional<fhir::Error> Checkpointer::move_log() {
  int before = 0;
  for (int round = 0; round < kRounds; ++round) {
    int in_log = 0, moved = 0;
    const int code = sqlite3_wal_checkpoint_v2(db_.handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &in_log, &moved);
    if (code != SQLITE_OK) {
      auto error = error_of(db_.handle(), code);
      return error.fault == Fault::unavailable ? std::nullopt : std::optional(std::move(error));
    }
    if (moved - before <= kFewPages) break;
    before = moved;
  }
  return std::nullopt;
}

}  // namespace gateway::store::sqlite
