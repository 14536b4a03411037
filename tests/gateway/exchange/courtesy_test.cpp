#include "gateway/exchange/courtesy.h"

#include <catch2/catch.hpp>

namespace gateway::exchange {
namespace {

constexpr std::size_t kMost = 16;

// `count` answers, 20 ms apart.
Millis answer(Courtesy& courtesy, int count, Millis took, Millis now) {
  for (int i = 0; i < count; ++i) courtesy.answered(took, now += 20);
  return now;
}

}  // namespace

TEST_CASE("while nobody waits at a door a destination gets its whole limit", "[courtesy]") {
  Courtesy courtesy;
  CHECK(courtesy.window(kMost, 1'000'000) == kMost);
  const Millis now = answer(courtesy, 100, 5, 1'000'000);
  CHECK(courtesy.window(kMost, now) == kMost);
}

TEST_CASE("when senders begin to wait, less is in flight, down to one, and never none", "[courtesy]") {
  Courtesy courtesy;
  Millis now = answer(courtesy, 100, 5, 1'000'000);
  now = answer(courtesy, 100, 50, now);
  CHECK(courtesy.window(kMost, now) == 1);
  CHECK(courtesy.window(1, now) == 1);
}

TEST_CASE("one slow answer halves it once, not for each that was slow with it", "[courtesy]") {
  Courtesy courtesy;
  Millis now = answer(courtesy, 10, 5, 1'000'000);
  for (int i = 0; i < 8; ++i) courtesy.answered(50, now + 1);
  CHECK(courtesy.window(64, now) == 32);
}

TEST_CASE("when they are answered as before it grows again, step by step", "[courtesy]") {
  Courtesy courtesy;
  Millis now = answer(courtesy, 200, 50, answer(courtesy, 10, 5, 1'000'000));
  now = answer(courtesy, 20, 5, now);
  CHECK(courtesy.window(kMost, now) == 5);
  now = answer(courtesy, 100, 5, now);
  CHECK(courtesy.window(kMost, now) == kMost);
}

TEST_CASE("when the last sender has gone it need not be kept back any more", "[courtesy]") {
  Courtesy courtesy;
  const Millis now = answer(courtesy, 200, 50, answer(courtesy, 10, 5, 1'000'000));
  CHECK(courtesy.window(kMost, now) == 1);
  CHECK(courtesy.window(kMost, now + 6'000) == kMost);
}

TEST_CASE("what was quick long ago is forgotten: messages may have become slower by themselves", "[courtesy]") {
  Courtesy courtesy;
  Millis now = answer(courtesy, 10, 2, 1'000'000);
  for (int i = 0; i < 40'000; ++i) courtesy.answered(30, now += 20);
  CHECK(courtesy.window(kMost, now) == kMost);
}

}  // namespace gateway::exchange
