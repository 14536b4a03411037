#include "adapters/xml/xml_writable.h"

#include <catch2/catch.hpp>

#include "adapters/xml/xml_source.h"

using namespace adapters;

namespace {

const std::string kFrame = R"(<?xml version="1.0" encoding="GBK"?>
<Report xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <kind code="C0007"/>
  <id root="1.11" extension="?"/>
  <id root="1.12" extension="?"/>
  <author><time value="?"/><role code="ASSIGNED"/></author>
  <entry repeat="?"><item class="OBS"><code code="?"/><value xsi:type="REAL" value="?"/><value xsi:type="ST">?</value></item></entry>
  <empty/>
</Report>)";

class Written {
 public:
  explicit Written(const std::string& frame = kFrame) {
    auto skeleton = xml::read_skeleton(frame);
    REQUIRE(skeleton);
    record = xml::make_writable(*skeleton);
  }

  std::optional<Spot> at(std::string_view path, std::optional<std::size_t> n = {}) {
    return at(path, record->root(), n);
  }
  std::optional<Spot> at(std::string_view path, Spot from, std::optional<std::size_t> n = {}) {
    INFO(path);
    auto bound = dialect->bind(path, nullptr);
    REQUIRE(bound);
    return record->place_at(**bound, from, n);
  }
  bool write(std::string_view path, std::string_view text) {
    const auto spot = at(path);
    return spot && record->write(*spot, text, false);
  }
  std::size_t found(std::string_view path) const {
    return record->find(**dialect->bind(path, nullptr), record->root()).size();
  }
  bool has(std::string_view part) const { return record->encode().contains(part); }

  std::unique_ptr<Dialect> dialect = xml::make_dialect();
  std::unique_ptr<Writable> record;
};

}  // namespace

TEST_CASE("what never changes stands in the document, what waits for a value in vain does not", "[xml]") {
  Written one;
  CHECK(one.record->encode() == R"(<?xml version="1.0" encoding="UTF-8"?>
<Report xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <kind code="C0007"/>
  <empty/>
</Report>
)");
  CHECK(one.found("kind/@code") == 1);
  CHECK(one.found("author") == 0);
  CHECK(one.found("id/@root") == 0);
}

TEST_CASE("a value is written where the conditions of its path lead, with what is around it", "[xml]") {
  Written one;
  REQUIRE(one.write("id[@root='1.12']/@extension", "a<b>\"&"));
  CHECK(one.has(R"(  <id root="1.12" extension="a&lt;b&gt;&quot;&amp;"/>)"));
  CHECK_FALSE(one.has("1.11"));
  REQUIRE(one.write("/Report/author/time/@value", "20260310"));
  CHECK(one.has(R"(<role code="ASSIGNED"/>)"));
  CHECK(one.found("author/role/@code") == 1);
  CHECK(one.found("id[@root='1.11']/@extension") == 0);
}

TEST_CASE("nothing is overwritten, and a text that XML has no form for is refused", "[xml]") {
  Written one;
  REQUIRE(one.write("author/time/@value", "1"));
  CHECK(one.write("author/time/@value", "1"));
  CHECK_FALSE(one.write("author/time/@value", "2"));
  CHECK(one.write("kind/@code", "C0007"));
  CHECK_FALSE(one.write("kind/@code", "C0008"));
  CHECK_FALSE(one.write("id[@root='1.11']/@extension", std::string_view("a\x01")));
  CHECK_FALSE(one.write("author", "text beside elements"));
}

TEST_CASE("what repeats is made again as often as it is asked for, each time as the skeleton has it", "[xml]") {
  Written one;
  for (const std::size_t n : {0u, 1u, 2u}) {
    const auto item = one.at("entry/item", n);
    REQUIRE(item);
    CHECK(one.record->number_of(*item) == n + 1);
    const auto code = one.at("code/@code", *item);
    REQUIRE(code);
    REQUIRE(one.record->write(*code, "c" + std::to_string(n), false));
    const auto value = one.at(n == 1 ? "value" : "value/@value", *item);
    REQUIRE(value);
    REQUIRE(one.record->write(*value, "7", false));
  }
  CHECK(one.found("entry") == 3);
  CHECK(one.found("entry/item/code/@code") == 3);
  const std::string text = one.record->encode();
  CHECK(text.contains("<value xsi:type=\"REAL\" value=\"7\"/>"));
  CHECK(text.contains("<value xsi:type=\"ST\">7</value>"));
  CHECK(text.find("c0") < text.find("c1"));
  CHECK(text.find("c2") < text.find("<empty/>"));
  CHECK_FALSE(text.contains("repeat"));
  CHECK_FALSE(one.at("entry/item", 1'000'000));
}

TEST_CASE("where the skeleton has no place, elements are made with what their conditions say", "[xml]") {
  Written one;
  REQUIRE(one.write("note[@kind='remark']/line", "x"));
  CHECK(one.has("<note kind=\"remark\">\n    <line>x</line>\n  </note>\n</Report>"));
  CHECK_FALSE(one.at("//anywhere/@x"));
  CHECK_FALSE(one.at("/Other/x"));
}

TEST_CASE("what was written is taken back step by step, and a cut is put there again", "[xml]") {
  Written one;
  REQUIRE(one.write("author/time/@value", "1"));
  const auto before = one.record->encode();
  const auto position = one.record->position();
  const auto item = one.at("entry/item", 1);
  REQUIRE(item);
  REQUIRE(one.record->write(*one.at("code/@code", *item), "second", false));
  REQUIRE(one.write("note[@kind='remark']/line", "x"));
  const auto after = one.record->encode();
  CHECK(after != before);
  const auto kept = one.record->cut(position);
  CHECK(one.record->encode() == before);
  one.record->paste(*kept);
  CHECK(one.record->encode() == after);
  one.record->take_back(position);
  CHECK(one.record->encode() == before);
  one.record->take_back(0);
  CHECK(one.record->encode() == Written().record->encode());
}

TEST_CASE("a document that was written is read as it was written", "[xml]") {
  Written one;
  REQUIRE(one.write("author/time/@value", "1"));
  REQUIRE(one.write("note/line", "two\nlines & <more>"));
  const auto read = xml::make_source(one.record->encode());
  REQUIRE(read);
  CHECK((*read)->leaves((*read)->root()).size() == one.record->leaves(one.record->root()).size());
  CHECK(xml::is_hl7_v3(**xml::read_skeleton(kFrame)));
  CHECK_FALSE(xml::is_hl7_v3(**xml::read_skeleton("<a/>")));
  CHECK(xml::read_skeleton("<a>").error().where == "1:4");
}
