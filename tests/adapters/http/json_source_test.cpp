#include "adapters/http/json_source.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

using namespace adapters;
using namespace adapters::http;

namespace {

fhir::Json json(std::string text) {
  auto parsed = fhir::Json::parse(std::move(text));
  REQUIRE(parsed);
  return std::move(*parsed);
}

std::string sample() {
  std::ifstream in(std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/samples/hn_consult_apply.json",
                   std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Fixture {
  std::unique_ptr<Dialect> dialect = make_dialect();
  std::unique_ptr<Source> source;

  explicit Fixture(std::string text) : source(make_source(json(std::move(text)))) {}

  std::vector<Spot> spots(std::string_view path, Spot from) const {
    auto bound = dialect->bind(path, nullptr);
    INFO(path << (bound ? "" : fhir::to_string(bound.error())));
    REQUIRE(bound);
    return source->find(**bound, from);
  }
  std::vector<Spot> spots(std::string_view path) const { return spots(path, source->root()); }

  std::vector<std::string> texts(std::string_view path, Spot from) const {
    std::vector<std::string> texts;
    for (Spot spot : spots(path, from)) texts.push_back(source->text(spot));
    return texts;
  }
  std::vector<std::string> texts(std::string_view path) const { return texts(path, source->root()); }

  std::vector<std::string> places(const std::vector<Spot>& of) const {
    std::vector<std::string> places;
    for (Spot spot : of) places.push_back(source->place(spot));
    return places;
  }
};

using Strings = std::vector<std::string>;

}  // namespace

TEST_CASE("vendor JSON is read by dotted paths", "[json_source]") {
  const Fixture f(sample());
  CHECK(f.texts("data.patient.name") == Strings{"林蔚"});
  CHECK(f.texts("data.diag[*].code") == Strings{"C34.101"});
  CHECK(f.texts("data.attachments.type") == Strings{"CT", "RPT"});
  CHECK(f.texts("data.attachments[1].sm3").size() == 1);
  CHECK(f.texts("data.attachments[2].type").empty());
  CHECK(f.texts("data.tnm.t") == Strings{"2a"});
  CHECK(f.texts("data.nothing.here").empty());
  CHECK(f.places(f.spots("data.attachments.studyUid")) == Strings{"data.attachments[0].studyUid"});
  CHECK(f.source->leaves(f.source->root()).size() == 55);
  CHECK(f.source->leaves(f.spots("data.patient")[0]).size() == 9);
}

TEST_CASE("paths inside an each start at the item, $ starts at the top", "[json_source]") {
  const Fixture f(sample());
  const auto attachments = f.spots("data.attachments");
  REQUIRE(attachments.size() == 2);
  CHECK(f.texts("format", attachments[1]) == Strings{"pdf"});
  CHECK(f.texts("wado", attachments[1]).empty());
  CHECK(f.texts("$.msgId", attachments[1]) == Strings{"HN-20260313-000077"});
  CHECK(f.spots(".", attachments[1]) == std::vector<Spot>{attachments[1]});
  CHECK(f.spots("$") == std::vector<Spot>{f.source->root()});
  CHECK(f.places({attachments[1], f.source->root()}) == Strings{"data.attachments[1]", "$"});
}

TEST_CASE("null and the empty string hold nothing; numbers keep their digits", "[json_source]") {
  const Fixture f(
      R"({"a":null,"b":"","c":1.10,"d":false,"e":{"x":null},"f":[],"g":[["1","2"],"3"],"first-name":"n","姓名":"林"})");
  for (const char* path : {"a", "b", "e", "f", "e.x"}) CHECK(f.spots(path).empty());
  CHECK(f.texts("c") == Strings{"1.10"});
  CHECK(f.texts("d") == Strings{"false"});
  CHECK(f.texts("g") == Strings{"1", "2", "3"});
  CHECK(f.texts("g[0]") == Strings{"1", "2"});
  CHECK(f.texts("g[0][1]") == Strings{"2"});
  CHECK(f.texts("`first-name`") == Strings{"n"});
  CHECK(f.texts("姓名") == Strings{"林"});
  CHECK(f.places(f.source->leaves(f.source->root())) ==
        Strings{"c", "d", "g[0][0]", "g[0][1]", "g[1]", "`first-name`", "姓名"});
  CHECK(f.source->whole(f.source->root()).starts_with(R"({"a":null)"));
  CHECK(f.source->whole(f.spots("c")[0]) == "1.10");
  CHECK(f.source->text(f.source->root()).empty());
}

TEST_CASE("a record may be an array or a bare value", "[json_source]") {
  CHECK(Fixture(R"([{"a":1},{"a":2}])").texts("a") == Strings{"1", "2"});
  CHECK(Fixture(R"([{"a":1},{"a":2}])").texts("$[1].a") == Strings{"2"});
  CHECK(Fixture(R"("x")").texts(".") == Strings{"x"});
  CHECK(Fixture("null").source->leaves({}).empty());
}

TEST_CASE("malformed JSON paths are refused", "[json_source]") {
  const auto dialect = make_dialect();
  for (const char* path : {"", "..", "a.", ".a", "a..b", "a[", "a[x]", "a[1", "a[-1]", "a b", "a-b", "`a", "``", "$a",
                           "$.", "a[1]b", "a[99999999999]"}) {
    INFO(path);
    CHECK_FALSE(dialect->bind(path, nullptr));
  }
}

TEST_CASE("with a sample, a path must exist in it", "[json_source]") {
  const auto dialect = make_dialect(json(sample()));
  const auto each = dialect->bind("data.attachments", nullptr);
  REQUIRE(each);
  CHECK(dialect->bind("data.attachments[7].type", nullptr));  // samples are short
  CHECK(dialect->bind("studyUid", each->get()));
  CHECK(dialect->bind("$.msgId", each->get()));
  CHECK(dialect->bind("data.pateint.name", nullptr).error().say ==
        "the sample has no 'pateint' there (did you mean patient?)");
  CHECK(dialect->bind("studyUID2", each->get()).error().say.contains("did you mean studyUid?"));
  CHECK(dialect->bind("data.patient[0]", nullptr).error().say == "the sample has no list there");
  CHECK_FALSE(dialect->bind("msgId", each->get()));
}
