#include "gateway/exchange/breaker.h"

#include <catch2/catch.hpp>

using gateway::exchange::Breaker;

namespace {

constexpr Breaker::Limits kLimits{8, 3, 1'000, 60'000};

void begin(Breaker& breaker, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) breaker.began();
}

void fail_open(Breaker& breaker) {
  begin(breaker, 3);
  CHECK_FALSE(breaker.failed(0, kLimits, 0));
  CHECK_FALSE(breaker.failed(0, kLimits, 0));
  CHECK(breaker.failed(0, kLimits, 0));
}

}  // namespace

TEST_CASE("a destination has at most its limit in flight", "[lanes]") {
  Breaker breaker;
  CHECK(breaker.room(0, kLimits) == 8);
  begin(breaker, 8);
  CHECK(breaker.room(0, kLimits) == 0);
  breaker.answered(kLimits);
  CHECK(breaker.room(0, kLimits) == 1);
  breaker.ended();
  CHECK(breaker.room(0, kLimits) == 2);
}

TEST_CASE("failures in a row open the breaker, an answer between them does not", "[lanes]") {
  Breaker breaker;
  begin(breaker, 4);
  breaker.failed(0, kLimits, 0);
  breaker.failed(0, kLimits, 0);
  breaker.answered(kLimits);
  CHECK_FALSE(breaker.failed(0, kLimits, 0));
  CHECK_FALSE(breaker.open());
  CHECK(breaker.room(0, kLimits) == 8);
}

TEST_CASE("an open breaker sends nothing while it rests, then one delivery alone", "[lanes]") {
  Breaker breaker;
  fail_open(breaker);
  CHECK(breaker.room(breaker.until() - 1, kLimits) == 0);
  CHECK(breaker.room(breaker.until(), kLimits) == 1);
  breaker.began();
  CHECK(breaker.room(breaker.until(), kLimits) == 0);
}

TEST_CASE("after a probe that arrived it ramps up: two, four, up to the limit", "[lanes]") {
  Breaker breaker;
  fail_open(breaker);
  const auto now = breaker.until();
  breaker.began();
  breaker.answered(kLimits);
  CHECK_FALSE(breaker.open());
  CHECK(breaker.room(now, kLimits) == 2);
  breaker.began();
  breaker.answered(kLimits);
  CHECK(breaker.room(now, kLimits) == 4);
  breaker.began();
  breaker.answered(kLimits);
  CHECK(breaker.room(now, kLimits) == 8);
}

TEST_CASE("each probe that fails doubles the rest, up to its longest", "[lanes]") {
  Breaker breaker;
  fail_open(breaker);
  gateway::store::Millis now = 0, last = 0;
  for (int i = 0; i < 10; ++i) {
    const auto rest = breaker.until() - now;
    CHECK(rest >= last);
    CHECK(rest <= kLimits.rest_longest);
    last = rest;
    now = breaker.until();
    breaker.began();
    CHECK_FALSE(breaker.failed(now, kLimits, 0));
  }
  CHECK(last == kLimits.rest_longest / 2);
}

TEST_CASE("what was in flight when it opened does not make the rest longer", "[lanes]") {
  Breaker breaker;
  begin(breaker, 8);
  for (int i = 0; i < 3; ++i) breaker.failed(0, kLimits, 0.5);
  const auto until = breaker.until();
  for (int i = 0; i < 5; ++i) CHECK_FALSE(breaker.failed(10, kLimits, 0.5));
  CHECK(breaker.until() == until);
  CHECK(breaker.in_flight() == 0);
}

TEST_CASE("a destination that asks to be left alone is, and then takes as much as before", "[lanes]") {
  Breaker breaker;
  breaker.rest_until(5'000);
  CHECK(breaker.room(4'999, kLimits) == 0);
  CHECK(breaker.room(5'000, kLimits) == 8);
}
