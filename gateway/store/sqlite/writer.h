// The one thread that writes. It takes whatever is waiting, up to `group` requests, stores it in one transaction and
// only then answers; while the disk works, the next group gathers, so many callers share one fsync.
//
// With an executor there is no thread: a step (one group) is handed to it whenever something waits.
//
// After a failed disk it answers everything with `broken` and touches the disk no more (the kernel may have dropped the
// pages of a failed fsync and would report the next one as good). A full disk is another matter: the ballast is given
// up, and what is already here goes on.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <thread>

#include "gateway/store/sqlite/ballast.h"
#include "gateway/store/sqlite/checkpointer.h"
#include "gateway/store/sqlite/engine.h"

namespace gateway::store::sqlite {

/// Something to be done in a transaction and answered after it.
class Request {
 public:
  virtual ~Request() = default;
  virtual void apply(Engine& engine) = 0;  // throws as Engine does; may be called again in another transaction
  virtual void refuse(Error error) = 0;    // whatever apply() found does not count; frees what it was to store
  virtual void answer() = 0;               // once, last
  virtual std::size_t weight() const = 0;  // bytes
};

class Writer {
 public:
  /// `engine` and `aside` outlive the writer and are used by its thread alone from now on. `aside` may be null: then
  /// the writer moves the log by itself.
  Writer(Engine& engine, Checkpointer* aside, const StoreOptions& options);
  /// Stores and answers what was submitted before, then ends the thread.
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  void submit(std::unique_ptr<Request> request);
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  /// See Store.
  bool full() const { return full_.load(std::memory_order_acquire); }
  bool refill();

 private:
  using Group = std::deque<std::unique_ptr<Request>>;

  void run();
  void step();
  void hand_over_step();
  Group take();
  void write(Group& group);
  bool make_room(const Error& error);
  void try_to_write(Group& group);
  void apply(Group& group);
  void refuse(Group& group, const Error& error);
  void tidy();
  void fail(const Error& error);

  Engine& engine_;
  Checkpointer* const aside_;
  const std::size_t group_, backlog_;
  const std::function<void(const Error&)> on_broken_;
  const std::function<void(std::move_only_function<void()>)> executor_;  // empty: the thread
  std::atomic<bool> failed_{false};
  Ballast ballast_;
  std::atomic<bool> full_;

  std::mutex mutex_;  // of the five below
  std::condition_variable arrived_;
  Group waiting_;
  std::size_t waiting_bytes_ = 0;
  bool stopping_ = false;
  bool handed_over_ = false;  // the executor has a step

  std::thread thread_;  // last: it starts when everything above is there; none with an executor
};

}  // namespace gateway::store::sqlite
