#include "gateway/exchange/mailbox.h"

#include <catch2/catch.hpp>
#include <optional>

#include "tests/gateway/exchange/bench_site.h"

namespace gateway::exchange {
namespace {

using namespace std::chrono_literals;
using fhir::Fault;
using fhir::Result;
using net::HttpResponse;

/// A mailbox whose timers the test rings.
struct Post {
  test::TestClock clock;
  std::vector<std::pair<std::chrono::milliseconds, std::move_only_function<void()>>> timers;
  int woken = 0;
  Mailbox mailbox{clock, [this](auto delay, auto task) { timers.emplace_back(delay, std::move(task)); },
                  [this] { ++woken; }};

  std::shared_ptr<std::optional<Result<HttpResponse>>> put(const std::string& id) {
    auto answer = std::make_shared<std::optional<Result<HttpResponse>>>();
    mailbox.post("huili", {id, "case-" + id, R"({"resourceType":"Bundle"})"}, 30s,
                 [answer](Result<HttpResponse> response) { *answer = std::move(response); });
    return answer;
  }
  std::shared_ptr<std::optional<std::vector<Letter>>> call(std::vector<LetterAnswer> answers = {},
                                                           const std::string& peer = "huili") {
    auto got = std::make_shared<std::optional<std::vector<Letter>>>();
    mailbox.collect(peer, std::move(answers), 25s, [got](std::vector<Letter> letters) { *got = std::move(letters); });
    return got;
  }
  void ring() {
    auto due = std::exchange(timers, {});
    for (auto& [delay, task] : due) task();
  }
};

std::vector<std::string> ids(const std::optional<std::vector<Letter>>& letters) {
  std::vector<std::string> all;
  for (const auto& letter : letters.value()) all.push_back(letter.request_id);
  return all;
}

}  // namespace

TEST_CASE("a call gets at once what waits, and its next call carries the answer back", "[collect]") {
  Post post;
  const auto first = post.put("a"), second = post.put("b");
  const auto got = post.call();
  CHECK(ids(*got) == std::vector<std::string>{"a", "b"});
  CHECK((*got)->front().correlation == "case-a");
  CHECK_FALSE(*first);

  post.call({{"b", {200, {}, "yes"}}, {"a", {422, {}, "no"}}});
  REQUIRE(*first);
  CHECK((**first)->status == 422);
  CHECK((**second)->body == "yes");
}

TEST_CASE("a call that finds nothing waits, and gets what comes", "[collect]") {
  Post post;
  const auto got = post.call();
  CHECK(post.woken == 1);
  CHECK_FALSE(*got);
  post.put("a");
  CHECK(ids(*got) == std::vector<std::string>{"a"});
}

TEST_CASE("a call that nothing comes for ends with nothing", "[collect]") {
  Post post;
  const auto got = post.call();
  post.ring();
  CHECK(ids(*got).empty());
}

TEST_CASE("what was handed over and is not answered by the next call is in doubt at once", "[collect]") {
  Post post;
  const auto answer = post.put("a");
  post.call();
  post.call();
  REQUIRE(*answer);
  CHECK((*answer)->error().fault == Fault::in_doubt);
}

TEST_CASE("what was handed over to somebody who never calls again is in doubt when its time is over", "[collect]") {
  Post post;
  const auto answer = post.put("a");
  post.call();
  post.ring();
  REQUIRE(*answer);
  CHECK((*answer)->error().fault == Fault::in_doubt);
}

TEST_CASE("what nobody collects was not sent", "[collect]") {
  Post post;
  const auto answer = post.put("a");
  post.ring();
  REQUIRE(*answer);
  CHECK((*answer)->error().fault == Fault::unavailable);
}

TEST_CASE("a peer collects from its own mailbox only", "[collect]") {
  Post post;
  const auto answer = post.put("a");
  const auto other = post.call({{"a", {200, {}, "mine"}}}, "tianjin");
  CHECK_FALSE(*other);
  CHECK_FALSE(*answer);
  CHECK(ids(*post.call()) == std::vector<std::string>{"a"});
}

TEST_CASE("an answer to what was never handed over counts for nothing", "[collect]") {
  Post post;
  const auto answer = post.put("a");
  const auto got = post.call({{"a", {200, {}, "forged"}}});
  CHECK(ids(*got) == std::vector<std::string>{"a"});
  CHECK_FALSE(*answer);
}

TEST_CASE("a later call of the same peer ends the earlier one", "[collect]") {
  Post post;
  const auto earlier = post.call();
  const auto later = post.call();
  CHECK(ids(*earlier).empty());
  post.put("a");
  CHECK(ids(*later) == std::vector<std::string>{"a"});
}

TEST_CASE("one answer holds sixteen messages at most", "[collect]") {
  Post post;
  for (int i = 0; i < 20; ++i) post.put(std::to_string(i));
  CHECK(ids(*post.call()).size() == 16);
}

TEST_CASE("a peer is present while it calls and for a minute afterwards", "[collect]") {
  Post post;
  CHECK_FALSE(post.mailbox.present("huili"));
  CHECK(post.mailbox.last_there("huili") == post.clock.at);
  post.call();
  post.clock.at += 3'600'000;
  CHECK(post.mailbox.present("huili"));
  post.ring();
  post.clock.at += 59'000;
  CHECK(post.mailbox.present("huili"));
  post.clock.at += 2'000;
  CHECK_FALSE(post.mailbox.present("huili"));
  CHECK(post.mailbox.last_there("huili") == post.clock.at - 61'000);
}

TEST_CASE("closing ends the calls that wait and those that come", "[collect]") {
  Post post;
  const auto got = post.call();
  post.mailbox.close();
  CHECK(ids(*got).empty());
  CHECK(ids(*post.call()).empty());
  CHECK((*post.put("a"))->error().fault == Fault::unavailable);
}

}  // namespace gateway::exchange
