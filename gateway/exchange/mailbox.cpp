#include "gateway/exchange/mailbox.h"

#include <algorithm>

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Result;
using net::HttpResponse;
using std::chrono::milliseconds;

constexpr Millis kPresence = 60'000;  // longer than a call waits and a collector works on what it got

void run(auto& steps) {
  for (auto& step : steps) step();
}

std::move_only_function<void()> ending(Mailbox::Done done, Result<HttpResponse> result) {
  return [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); };
}

std::move_only_function<void()> ending(Mailbox::Letters call, std::vector<Letter> letters) {
  return [call = std::move(call), letters = std::move(letters)]() mutable { call(std::move(letters)); };
}

Result<HttpResponse> unanswered() {
  return fhir::fail(Fault::in_doubt, "mailbox.unanswered", "", "it was collected, and no answer to it came");
}

Result<HttpResponse> not_collected() {
  return fhir::fail(Fault::unavailable, "mailbox.not-collected", "", "the peer did not come to collect it");
}

}  // namespace

Mailbox::Mailbox(const Clock& clock, Later later, std::function<void()> wake)
    : clock_(clock), later_(std::move(later)), wake_(std::move(wake)), since_(clock.now()) {}

Mailbox::Box& Mailbox::box(const std::string& peer) { return boxes_[peer]; }

// To the call that waits, as much as one answer may hold; without letters or without a call nothing happens.
void Mailbox::hand_over(Box& box, Steps& steps) {
  if (!box.call) return;
  std::vector<Letter> letters;
  std::size_t bytes = 0;
  for (Waiting& one : box.letters) {
    if (one.handed) continue;
    bytes += one.letter.body.size();
    if (letters.size() == kMostLetters || (!letters.empty() && bytes > kMostLetterBytes)) break;
    one.handed = true;
    letters.push_back(one.letter);
  }
  if (letters.empty()) return;
  steps.push_back(ending(std::exchange(box.call, {}), std::move(letters)));
}

void Mailbox::post(const std::string& peer, Letter letter, milliseconds patience, Done done) {
  Steps steps;
  {
    const std::scoped_lock lock(mutex_);
    if (closed_) {
      steps.push_back(ending(std::move(done), not_collected()));
    } else {
      Box& waiting = box(peer);
      waiting.letters.push_back({++last_number_, std::move(letter), std::move(done)});
      hand_over(waiting, steps);
      steps.emplace_back([this, peer, patience, number = last_number_] {
        later_(patience, [this, peer, number] { expire(peer, number); });
      });
    }
  }
  run(steps);
}

void Mailbox::collect(const std::string& peer, std::vector<LetterAnswer> answers, milliseconds wait, Letters letters) {
  Steps steps;
  {
    const std::scoped_lock lock(mutex_);
    Box& waiting = box(peer);
    waiting.last_there = clock_.now();
    if (waiting.call) steps.push_back(ending(std::exchange(waiting.call, {}), std::vector<Letter>{}));
    for (Waiting& one : waiting.letters) {
      if (!one.handed) continue;
      const auto answer = std::ranges::find(answers, one.letter.request_id, &LetterAnswer::request_id);
      auto result = answer == answers.end() ? unanswered() : Result<HttpResponse>(std::move(answer->response));
      steps.push_back(ending(std::move(one.done), std::move(result)));
    }
    std::erase_if(waiting.letters, &Waiting::handed);
    if (closed_) {
      steps.push_back(ending(std::move(letters), std::vector<Letter>{}));
    } else {
      waiting.call = std::move(letters);
      waiting.call_number = ++last_number_;
      hand_over(waiting, steps);
      if (waiting.call) {
        steps.emplace_back([this, peer, wait, number = last_number_] {
          later_(wait, [this, peer, number] { end_call(peer, number); });
        });
      }
      steps.emplace_back([this] { wake_(); });
    }
  }
  run(steps);
}

void Mailbox::expire(const std::string& peer, std::uint64_t number) {
  Steps steps;
  {
    const std::scoped_lock lock(mutex_);
    auto& letters = box(peer).letters;
    const auto found = std::ranges::find(letters, number, &Waiting::number);
    if (found == letters.end()) return;
    steps.push_back(ending(std::move(found->done), found->handed ? unanswered() : not_collected()));
    letters.erase(found);
  }
  run(steps);
}

void Mailbox::end_call(const std::string& peer, std::uint64_t number) {
  Steps steps;
  {
    const std::scoped_lock lock(mutex_);
    Box& waiting = box(peer);
    if (!waiting.call || waiting.call_number != number) return;
    waiting.last_there = clock_.now();
    steps.push_back(ending(std::exchange(waiting.call, {}), std::vector<Letter>{}));
  }
  run(steps);
}

bool Mailbox::present(const std::string& peer) const {
  const std::scoped_lock lock(mutex_);
  const auto found = boxes_.find(peer);
  if (found == boxes_.end()) return false;
  return found->second.call || (found->second.last_there != 0 && clock_.now() - found->second.last_there < kPresence);
}

Millis Mailbox::last_there(const std::string& peer) const {
  const std::scoped_lock lock(mutex_);
  const auto found = boxes_.find(peer);
  return found == boxes_.end() || found->second.last_there == 0 ? since_ : found->second.last_there;
}

void Mailbox::close() {
  Steps steps;
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
    for (auto& [peer, waiting] : boxes_)
      if (waiting.call) steps.push_back(ending(std::exchange(waiting.call, {}), std::vector<Letter>{}));
  }
  run(steps);
}

}  // namespace gateway::exchange
