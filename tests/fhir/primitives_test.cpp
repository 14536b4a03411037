#include "fhir/primitives.h"

#include <catch2/catch.hpp>
#include <map>
#include <vector>

using namespace fhir;

namespace {

bool fits(std::string_view type, std::string_view text) {
  const auto primitive = primitive_of(type);
  if (!primitive) FAIL("no primitive: " << type);
  return is_well_formed(*primitive, text);
}

}  // namespace

TEST_CASE("every primitive of R4 is known by its name and accepts its example", "[primitives]") {
  for (const std::string_view type :
       {"base64Binary", "boolean",     "canonical", "code",     "date", "dateTime",    "decimal",
        "id",           "instant",     "integer",   "markdown", "oid",  "positiveInt", "string",
        "time",         "unsignedInt", "uri",       "url",      "uuid", "xhtml"}) {
    INFO(type);
    REQUIRE(primitive_of(type));
    CHECK(fits(type, example(*primitive_of(type))));
    CHECK_FALSE(fits(type, ""));
  }
  for (const std::string_view other : {"", "String", "HumanName", "xhtm", "zzz", "aaa"})
    CHECK_FALSE(primitive_of(other));
  CHECK(json_kind(Primitive::decimal) == JsonKind::number);
  CHECK(json_kind(Primitive::boolean) == JsonKind::boolean);
  CHECK(json_kind(Primitive::date_time) == JsonKind::string);
}

TEST_CASE("primitive values are told from what only looks like them", "[primitives]") {
  const std::map<std::string_view, std::vector<std::string_view>> good = {
      {"integer", {"0", "-1", "2147483647", "-2147483648"}},
      {"unsignedInt", {"0", "7"}},
      {"positiveInt", {"1", "2147483647"}},
      {"decimal", {"0", "-0.00", "1e-7", "1E+2"}},
      {"id", {"a", "A-1.b", "0123456789012345678901234567890123456789012345678901234567890123"}},
      {"code", {"a", "a b", "严 重"}},
      {"string", {" ", "a\nb\tc\r", "严"}},
      {"uri", {"urn:x", "a/b", "#frag", "http://例"}},
      {"oid", {"urn:oid:1.2.3", "urn:oid:2.16.840.1.113883", "urn:oid:0.0"}},
      {"date", {"2024", "2024-02", "2024-02-29"}},
      {"dateTime", {"2024", "2024-02-29", "2024-02-29T00:00:00Z", "2024-02-29T00:00:00.0001+14:00"}},
      {"instant", {"2024-02-29T23:59:60Z"}},
      {"time", {"00:00:00", "23:59:59.999"}},
      {"base64Binary", {"AAAA", "AA==", "AAA=", "AAAA AAAA", "AA\nAA"}},
      {"xhtml", {"<div/>", "<div xmlns=\"x\">a</div>", " <div>a</div> "}},
  };
  const std::map<std::string_view, std::vector<std::string_view>> bad = {
      {"boolean", {"True", "1", "0"}},
      {"integer", {"01", "+1", "-0", "-", "1.0", "1e2", "2147483648", "-2147483649", "99999999999999999999"}},
      {"unsignedInt", {"-1", "00"}},
      {"positiveInt", {"0", "-1"}},
      {"decimal", {"01", "1.", "+1", "NaN"}},
      {"id", {"a_b", "a b", "严", "01234567890123456789012345678901234567890123456789012345678901234"}},
      {"code", {" a", "a ", "a  b", "a \nb"}},
      {"string", {"a\vb", "\x01", "\x1f"}},
      {"uri", {"a b", "a\n"}},
      {"oid",
       {"1.2.3", "urn:oid:", "urn:oid:3.1", "urn:oid:1", "urn:oid:1.", "urn:oid:1.02", "urn:oid:1..2", "urn:oid:1.2."}},
      {"uuid",
       {"c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:C757873D-ec9a-4326-a141-556f43239520", "urn:uuid:c757"}},
      {"date", {"2024-02-30", "2024-02-29T", "2024-02-29T00:00:00Z", "24", "2024-2-1"}},
      {"dateTime", {"2024-02-29T10:00Z", "2024-02-29T10:00:00", "2024T", "2024-02-29T24:00:00Z"}},
      {"instant", {"2024-02-29", "2024-02-29T10:00:00", "2024"}},
      {"time", {"24:00:00", "10:00", "10:00:00Z"}},
      {"base64Binary", {"A", "AA", "AAA", "A===", "AA=A", "AAAA=", "====", "AA-_", "AA==AAAA"}},
      {"xhtml", {"text", "<p>a</p>", "<divx/>", "<div>a", "<div"}},
  };
  for (const auto& [type, values] : good)
    for (const std::string_view value : values) {
      INFO(type << " " << value);
      CHECK(fits(type, value));
    }
  for (const auto& [type, values] : bad)
    for (const std::string_view value : values) {
      INFO(type << " " << value);
      CHECK_FALSE(fits(type, value));
    }
}

TEST_CASE("base64 goes out and comes back for every byte and length", "[primitives]") {
  CHECK(base64_encode("") == "");
  CHECK(base64_encode("f") == "Zg==");
  CHECK(base64_encode("fo") == "Zm8=");
  CHECK(base64_encode("foobar") == "Zm9vYmFy");
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    CHECK(base64_decode(base64_encode(bytes)) == bytes);
    bytes += static_cast<char>(i);
  }
}

TEST_CASE("an absolute URI has a scheme and something after it", "[primitives]") {
  for (const std::string_view good : {"http://a", "urn:uuid:x", "a+b-c.1:x"}) CHECK(is_absolute_uri(good));
  for (const std::string_view bad : {"", "a", ":", ":a", "a:", "1a:b", "a b:c", "Patient/1"})
    CHECK_FALSE(is_absolute_uri(bad));
}
