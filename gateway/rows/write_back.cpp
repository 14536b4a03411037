#include "gateway/rows/write_back.h"

#include <thread>

#include "adapters/rows/upsert.h"

namespace gateway::rows {
namespace {

using adapters::rows::Database;
using fhir::Fault;
using fhir::Result;

std::unexpected<fhir::Error> not_now(std::string say) {
  return fhir::fail(Fault::unavailable, "rows.unavailable", "", std::move(say));
}

}  // namespace

class WriteBack::Worker {
 public:
  Worker() : thread_([this] { run(); }) {}

  ~Worker() {
    {
      const std::scoped_lock lock(mutex_);
      stopping_ = true;
    }
    arrived_.notify_one();
    thread_.join();
    for (Waiting& one : waiting_) one.task.done(not_now("the gateway is stopping"));
  }

  void submit(Task task) {
    {
      const std::scoped_lock lock(mutex_);
      const auto deadline = net::Clock::now() + task.within;
      waiting_.push_back({std::move(task), deadline});
    }
    arrived_.notify_one();
  }

 private:
  struct Waiting {
    Task task;
    net::Deadline deadline;
  };

  void run() {
    std::unique_lock lock(mutex_);
    while (true) {
      arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
      if (stopping_) return;
      Waiting next = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      next.task.done(perform(next));
      lock.lock();
    }
  }

  Result<void> perform(const Waiting& next) {
    const Task& task = next.task;
    if (net::Clock::now() > next.deadline) return not_now("its turn came too late");
    const auto upsert = adapters::rows::parse_upsert(task.bytes);
    if (!upsert) return std::unexpected(upsert.error());
    if (database_ == nullptr || task.where.place != place_) {
      auto opened = Database::open(task.where.place, Database::Use::write, adapters::Charset::utf8);
      if (!opened) return fhir::pass(opened);
      database_ = *std::move(opened);
      place_ = task.where.place;
    }
    auto done = adapters::rows::execute(*database_, *upsert, task.where.tables);
    if (!done && done.error().fault != Fault::invalid) database_.reset();
    return done;
  }

  std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Waiting> waiting_;
  bool stopping_ = false;
  std::unique_ptr<Database> database_;
  adapters::rows::Place place_;
  std::thread thread_;  // last: it uses all of the above
};

WriteBack::WriteBack() = default;
WriteBack::~WriteBack() = default;

void WriteBack::submit(Task task) {
  const std::scoped_lock lock(mutex_);
  auto& worker = workers_[task.system];
  if (worker == nullptr) worker = std::make_unique<Worker>();
  worker->submit(std::move(task));
}

}  // namespace gateway::rows
