#include "adapters/hl7v2/writable.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "adapters/hl7v2/source.h"

using namespace adapters;

namespace {

struct Record {
  explicit Record(std::string_view kind)
      : dialect(hl7v2::make_dialect(std::vector{std::string(kind)})), record(hl7v2::make_writable(kind)) {}
  std::unique_ptr<BoundPath> bind(std::string_view path) const { return std::move(*dialect->bind(path, nullptr)); }
  Spot at(std::string_view path, Spot from, std::optional<std::size_t> n = {}) {
    const auto spot = record->place_at(*bind(path), from, n);
    REQUIRE(spot);
    return *spot;
  }
  bool write(std::string_view path, Spot from, std::string_view text, std::optional<std::size_t> n = {}) {
    return record->write(at(path, from, n), text, false);
  }
  std::unique_ptr<Dialect> dialect;
  std::unique_ptr<Writable> record;
};

}  // namespace

TEST_CASE("segments come into being in their groups and are written in the structure's order", "[back]") {
  Record oru("ORU^R01");
  const Spot root = oru.record->root();
  const Spot first = oru.at("PATIENT_RESULT.ORDER_OBSERVATION", root, 0);
  const Spot second = oru.at("PATIENT_RESULT.ORDER_OBSERVATION", root, 1);
  CHECK(oru.write("OBX-3", oru.at("OBX", second, 0), "b1"));
  CHECK(oru.write("OBR-4.1", second, "B"));
  CHECK(oru.write("OBX-3", oru.at("OBX", first, 1), "a2"));
  CHECK(oru.write("OBX-3", oru.at("OBX", first, 0), "a1"));
  CHECK(oru.write("NTE-3", oru.at("OBX", first, 0), "note", 0));
  CHECK(oru.write("OBR-4.1", first, "A"));
  CHECK(oru.write("PID-5.1", first, "LI"));
  CHECK(oru.write("MSH-10", second, "7"));
  CHECK(oru.record->encode() ==
        "MSH|^~\\&||||||||7\rPID|||||LI\rOBR||||A\rOBX|||a1\rNTE|||note\rOBX|||a2\rOBR||||B\rOBX|||b1\r");
  CHECK(oru.record->number_of(oru.at("OBX", first, 1)) == 2);
  CHECK(oru.record->number_of(oru.at("OBR", second, 0)) == 2);
}

TEST_CASE("the n-th of a field is its repetition where the segment cannot repeat, else the segment", "[back]") {
  Record adt("ADT^A01");
  const Spot root = adt.record->root();
  CHECK(adt.write("PID-5", root, "A", 0));
  CHECK(adt.write("PID-5", root, "B", 1));
  CHECK(adt.write("DG1-3", root, "x", 0));
  CHECK(adt.write("DG1-3", root, "y", 1));
  CHECK(adt.write("OBX-8", adt.at("OBX", root, 0), "H", 0));
  CHECK(adt.write("OBX-8", adt.at("OBX", root, 0), "A", 1));
  CHECK(adt.record->encode() == "PID|||||A~B\rOBX||||||||H~A\rDG1|||x\rDG1|||y\r");
}

TEST_CASE("a place holds the first text that was written to it, and all can be taken back", "[back]") {
  Record adt("ADT^A01");
  const Spot root = adt.record->root();
  CHECK(adt.write("PID-5.1", root, "A"));
  const auto before = adt.record->position();
  CHECK(adt.write("PID-5.1", root, "A"));
  CHECK_FALSE(adt.write("PID-5.1", root, "B"));
  CHECK(adt.write("NK1-2.1", adt.at("NK1", root, 0), "C"));
  CHECK(adt.record->find(*adt.bind("NK1-2"), root).size() == 1);
  adt.record->take_back(before);
  CHECK(adt.record->find(*adt.bind("NK1-2"), root).empty());
  CHECK(adt.record->encode() == "PID|||||A\r");
}

TEST_CASE("separators of a whole text separate again, those of a plain one are escaped", "[back]") {
  Record adt("ADT^A01");
  const Spot root = adt.record->root();
  CHECK(adt.record->write(adt.at("PV1-3", root), "W^1&2", true));
  CHECK(adt.record->write(adt.at("PV1-4", root), "a^b", false));
  CHECK(adt.record->whole(adt.at("PV1-3", root)) == "W^1&2");
  CHECK(adt.record->encode() == "PV1|||W^1&2|a\\S\\b\r");
}

TEST_CASE("segments that the structure does not know stand at the end of the group they were written in", "[back]") {
  Record oru("ORU^R01");
  const Spot order = oru.at("PATIENT_RESULT.ORDER_OBSERVATION", oru.record->root(), 0);
  CHECK(oru.write("ZAA-1", order, "z"));
  CHECK(oru.write("OBR-4.1", order, "A"));
  CHECK(oru.record->encode() == "OBR||||A\rZAA|z\r");
}
