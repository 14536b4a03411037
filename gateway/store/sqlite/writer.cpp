#include "gateway/store/sqlite/writer.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>

#include "gateway/observe/failpoint.h"

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;

Error failed_before() { return {Fault::broken, "store.failed", "", "the disk failed before; this process must end"}; }

void answer(std::deque<std::unique_ptr<Request>>& group) {
  for (auto& request : group) request->answer();
  group.clear();
}

}  // namespace

Writer::Writer(Engine& engine, Checkpointer* aside, const StoreOptions& options)
    : engine_(engine),
      aside_(aside),
      group_(std::max<std::size_t>(options.group, 1)),
      backlog_(options.backlog),
      on_broken_(options.on_broken),
      executor_(options.executor),
      ballast_(options.file + ".ballast", options.ballast),
      full_(!ballast_.lay()) {
  if (!executor_) thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  arrived_.notify_one();
  thread_.joinable() ? thread_.join() : run();
}

// Over the backlog a request keeps its place, so that answers keep their order, but not its bytes. One that alone is
// longer than the backlog is taken when nothing else waits.
void Writer::submit(std::unique_ptr<Request> request) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ != 0 && waiting_bytes_ + request->weight() > backlog_) {
      request->refuse({Fault::unavailable, "store.backlog", "", "too much is waiting to be written"});
    }
    waiting_bytes_ += request->weight();
    waiting_.push_back(std::move(request));
  }
  executor_ ? hand_over_step() : arrived_.notify_one();
}

void Writer::hand_over_step() {
  if (handed_over_ || waiting_.empty()) return;
  handed_over_ = true;
  executor_([this] { step(); });
}

void Writer::step() {
  handed_over_ = false;
  Group group = take();
  write(group);
  tidy();
  hand_over_step();
}

void Writer::run() {
  while (true) {
    Group group = take();
    if (group.empty()) return;
    write(group);
    tidy();
  }
}

// Empty only when stopping.
Writer::Group Writer::take() {
  std::unique_lock lock(mutex_);
  arrived_.wait(lock, [this] { return stopping_ || !waiting_.empty(); });
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(std::min(group_, waiting_.size()));
  Group group(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  for (const auto& request : group) waiting_bytes_ -= request->weight();
  return group;
}

void Writer::write(Group& group) {
  if (failed()) return refuse(group, failed_before());
  engine_.refuse_messages(full());
  try {
    try_to_write(group);
  } catch (const Failure& failure) {
    engine_.abandon();
    Error error = failure.error;
    if (make_room(error)) return write(group);
    // While writing, a damaged file is as bad as a failed disk: nobody knows what else is damaged.
    if (error.fault == Fault::needs_person) error.fault = Fault::broken;
    if (error.fault == Fault::broken) failed_.store(true, std::memory_order_release);
    refuse(group, error);
    if (failed()) fail(error);
  }
}

bool Writer::refill() {
  if (!ballast_.lay()) return false;
  full_.store(false, std::memory_order_release);
  return true;
}

// Once: with the ballast gone there is nothing left to give.
bool Writer::make_room(const Error& error) {
  if (error.code != "store.full" || !ballast_.drop()) return false;
  full_.store(true, std::memory_order_release);
  return true;
}

void Writer::apply(Group& group) {
  try {
    engine_.begin(Savepoints::without);
    for (auto& request : group) request->apply(engine_);
  } catch (const Spoiled&) {
    engine_.abandon();
    engine_.begin(Savepoints::with);
    for (auto& request : group) request->apply(engine_);
  }
}

void Writer::try_to_write(Group& group) {
  apply(group);
  if (observe::planted("ack-before-commit")) {
    answer(group);
    if (!executor_) std::this_thread::sleep_for(std::chrono::milliseconds{100});  // it leaves before a kill
  }
  if (engine_.stores()) observe::failpoint("store.before-commit");
  engine_.commit();
  if (engine_.stores()) observe::failpoint("store.committed");
  answer(group);
}

void Writer::refuse(Group& group, const Error& error) {
  for (auto& request : group) request->refuse(error);
  answer(group);
}

void Writer::tidy() {
  if (failed()) return;
  try {
    const auto log = engine_.log();
    if (log == Engine::Log::short_enough) return;
    if (aside_ && log == Engine::Log::too_long) aside_->finish();
    if (!aside_ || log == Engine::Log::too_long || aside_->done()) engine_.checkpoint();
  } catch (const Failure& failure) {
    fail(failure.error);
  }
}

void Writer::fail(const Error& error) {
  failed_.store(true, std::memory_order_release);
  engine_.leave_files_alone();
  if (on_broken_) on_broken_(error);
}

}  // namespace gateway::store::sqlite
