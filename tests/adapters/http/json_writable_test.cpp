#include "adapters/http/json_writable.h"

#include <catch2/catch.hpp>

#include "adapters/http/json_source.h"

using namespace adapters;

namespace {

Spot at(Writable& record, std::string_view path, Spot from, std::optional<std::size_t> n = {}) {
  const auto bound = http::make_dialect()->bind(path, nullptr);
  const auto spot = record.place_at(**bound, from, n);
  REQUIRE(spot);
  return *spot;
}

}  // namespace

TEST_CASE("members come into being along a path, lists where the path or an each says so", "[back]") {
  const auto record = http::make_writable();
  const Spot root = record->root();
  CHECK(record->write(at(*record, "data.patient.name", root), "LI", false));
  const Spot first = at(*record, "data.diag", root, 0), second = at(*record, "data.diag", root, 1);
  CHECK(record->write(at(*record, "code", second), "b", false));
  CHECK(record->write(at(*record, "code", first), "a", false));
  CHECK(record->write(at(*record, "$.tags[1]", first), "t", false));
  CHECK(record->write(at(*record, "items", root, 0), "only", false));
  CHECK(record->encode() ==
        R"({"data":{"patient":{"name":"LI"},"diag":[{"code":"a"},{"code":"b"}]},"tags":["t"],"items":["only"]})");
  CHECK(record->number_of(second) == 2);
}

TEST_CASE("what was written is found by the same paths, and can be taken back", "[back]") {
  const auto record = http::make_writable({"row.T"}, "row");
  const Spot root = record->root();
  CHECK(record->write(at(*record, "T.A", root), "1", false));
  const auto before = record->position();
  CHECK_FALSE(record->write(at(*record, "T.A", root), "2", false));
  CHECK(record->write(at(*record, "T", root, 1), "x", false));
  const auto path = http::make_dialect()->bind("T", nullptr);
  CHECK(record->find(**path, root).size() == 2);
  record->take_back(before);
  CHECK(record->find(**path, root).size() == 1);
  CHECK(record->encode() == R"({"row":{"T":[{"A":"1"}]}})");
}

TEST_CASE("a value is no object, and a path cannot ask for more items than a record has", "[back]") {
  const auto record = http::make_writable();
  const Spot root = record->root();
  CHECK(record->write(at(*record, "a", root), "1", false));
  const auto inside = http::make_dialect()->bind("a.b", nullptr);
  CHECK_FALSE(record->place_at(**inside, root));
  const auto far = http::make_dialect()->bind("c[4000000000]", nullptr);
  CHECK_FALSE(record->place_at(**far, root));
}
