#include "gateway/exchange/gate.h"

#include <utility>

namespace gateway::exchange {
namespace {

constexpr std::size_t kMostBytes = 64u << 20;  // of messages that wait: memory is short in bad times

}  // namespace

std::optional<fhir::Error> Gate::shut(Who who) const {
  const std::scoped_lock lock(mutex_);
  return who == Who::local || also_peers_ ? why_ : std::nullopt;
}

void Gate::shut(fhir::Error why, bool also_peers) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return;
  why_ = std::move(why);
  also_peers_ = also_peers;
}

void Gate::open() {
  std::vector<Waiting> waiting;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) return;
    why_.reset();
    waiting.swap(waiting_);
    bytes_ = 0;
  }
  answer(std::move(waiting), std::nullopt);
}

void Gate::wait(std::size_t bytes, Millis until, Resume resume) {
  std::optional<fhir::Error> why;
  {
    const std::scoped_lock lock(mutex_);
    if (why_ && !closed_ && bytes_ + bytes <= kMostBytes) {
      waiting_.push_back({bytes, until, std::move(resume)});
      bytes_ += bytes;
      return;
    }
    why = why_;
  }
  resume(std::move(why));
}

void Gate::expire(Millis now) {
  std::vector<Waiting> late;
  std::optional<fhir::Error> why;
  {
    const std::scoped_lock lock(mutex_);
    std::vector<Waiting> still;
    for (Waiting& one : waiting_) (one.until > now ? still : late).push_back(std::move(one));
    waiting_ = std::move(still);
    for (const Waiting& one : late) bytes_ -= one.bytes;
    why = why_;
  }
  answer(std::move(late), why);
}

void Gate::close() {
  std::vector<Waiting> waiting;
  std::optional<fhir::Error> why;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = also_peers_ = true;
    why_ = fhir::Error{fhir::Fault::unavailable, "pressure.stopping", "", "the gateway is stopping"};
    waiting.swap(waiting_);
    bytes_ = 0;
    why = why_;
  }
  answer(std::move(waiting), why);
}

void Gate::answer(std::vector<Waiting> waiting, const std::optional<fhir::Error>& why) {
  for (Waiting& one : waiting) one.resume(why);
}

}  // namespace gateway::exchange
