// Who is let in while the gate is shut, and when those who wait are answered.
#include "gateway/exchange/gate.h"

#include <algorithm>
#include <catch2/catch.hpp>

namespace gateway::exchange {
namespace {

const fhir::Error kFull{fhir::Fault::unavailable, "pressure.queue", "", "later"};

struct Sender {
  int answers = 0;
  std::optional<fhir::Error> refused;
  Gate::Resume resume() {
    return [this](std::optional<fhir::Error> why) {
      ++answers;
      refused = std::move(why);
    };
  }
};

}  // namespace

TEST_CASE("an open gate lets everybody in at once", "[pressure]") {
  Gate gate;
  Sender sender;
  gate.wait(100, 10, sender.resume());
  CHECK(sender.answers == 1);
  CHECK(!sender.refused);
  CHECK(!gate.shut(Gate::Who::local));
}

TEST_CASE("a local sender waits at a shut gate, and is let in when it opens", "[pressure]") {
  Gate gate;
  Sender sender;
  gate.shut(kFull, false);
  gate.wait(100, 10, sender.resume());
  gate.expire(9);
  CHECK(sender.answers == 0);
  gate.open();
  CHECK(sender.answers == 1);
  CHECK(!sender.refused);
}

TEST_CASE("who has waited long enough is refused with the reason, once, and the others wait on", "[pressure]") {
  Gate gate;
  Sender early, late;
  gate.shut(kFull, false);
  gate.wait(100, 10, early.resume());
  gate.wait(100, 20, late.resume());
  gate.expire(10);
  CHECK(early.answers == 1);
  REQUIRE(early.refused);
  CHECK(early.refused->code == "pressure.queue");
  CHECK(late.answers == 0);
  gate.expire(11);
  gate.open();
  CHECK(early.answers == 1);
  CHECK(late.answers == 1);
}

TEST_CASE("those who wait on keep their order while others are refused", "[pressure]") {
  Gate gate;
  std::vector<int> order;
  gate.shut(kFull, false);
  for (int n = 0; n < 40; ++n)
    gate.wait(1, n % 3 == 0 ? 10 : 20, [&order, n](std::optional<fhir::Error> why) {
      if (!why) order.push_back(n);
    });
  gate.expire(10);
  gate.open();
  CHECK(order.size() == 26);
  CHECK(std::ranges::is_sorted(order));
}

TEST_CASE("peers are still let in while only our own senders are refused", "[pressure]") {
  Gate gate;
  gate.shut(kFull, false);
  CHECK(gate.shut(Gate::Who::local));
  CHECK(!gate.shut(Gate::Who::peer));
  gate.shut(kFull, true);
  CHECK(gate.shut(Gate::Who::peer));
}

TEST_CASE("what waits at the gate is bounded: beyond it a sender is refused at once", "[pressure]") {
  Gate gate;
  Sender big, more, fits;
  gate.shut(kFull, false);
  gate.wait(63u << 20, 10, big.resume());
  gate.wait(2u << 20, 10, more.resume());
  CHECK(more.refused);
  gate.expire(10);
  gate.wait(2u << 20, 20, fits.resume());
  CHECK(fits.answers == 0);
}

TEST_CASE("a gate that is closed for good answers all who wait and never opens again", "[pressure]") {
  Gate gate;
  Sender before, after;
  gate.shut(kFull, false);
  gate.wait(1, 10, before.resume());
  gate.close();
  CHECK(before.refused);
  gate.open();
  gate.wait(1, 10, after.resume());
  CHECK(after.refused);
  CHECK(gate.shut(Gate::Who::peer));
}

}  // namespace gateway::exchange
