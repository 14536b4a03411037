// A thread of its own for what would hold up the I/O threads: reading a configuration, replaying messages. Tasks run
// one after the other, in the order they came.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace gateway::operate {

class Worker {
 public:
  using Task = std::move_only_function<void()>;

  Worker() : thread_([this] { run(); }) {}
  ~Worker() { stop(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// From any thread. After stop() the task is dropped.
  void post(Task task);
  /// Lets the task in progress end, drops the others. A long task asks stopping() now and then.
  void stop();
  bool stopping() const { return stopping_; }

 private:
  void run();
  Task next();

  std::mutex mutex_;  // of tasks_
  std::condition_variable arrived_;
  std::deque<Task> tasks_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;  // last: it starts when everything above is there
};

}  // namespace gateway::operate
