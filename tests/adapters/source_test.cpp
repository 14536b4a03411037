#include "adapters/source.h"

#include <catch2/catch.hpp>

TEST_CASE("a spot is a value") {
  CHECK(adapters::Spot{1, 2} == adapters::Spot{1, 2});
  CHECK_FALSE(adapters::Spot{1, 2} == adapters::Spot{2, 1});
}
