#include "gateway/operate/worker.h"

namespace gateway::operate {

void Worker::post(Task task) {
  const std::scoped_lock lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  arrived_.notify_one();
}

void Worker::stop() {
  std::deque<Task> dropped;
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    dropped.swap(tasks_);
    arrived_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

Worker::Task Worker::next() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
  if (stopping_) return nullptr;
  Task task = std::move(tasks_.front());
  tasks_.pop_front();
  return task;
}

void Worker::run() {
  while (Task task = next()) task();
}

}  // namespace gateway::operate
