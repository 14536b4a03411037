#include "adapters/map/yaml.h"

#include <catch2/catch.hpp>

using namespace adapters::map;

namespace {

struct Parsed {
  std::vector<FileFault> faults;
  std::optional<Yaml> yaml;
};

Parsed parse(const std::string& text) {
  Parsed parsed;
  Faults faults(parsed.faults);
  const auto file = faults.add_file("t.yaml");
  parsed.yaml = parse_yaml(text, file, faults);
  return parsed;
}

}  // namespace

TEST_CASE("a scalar stays text and knows its place in characters", "[map]") {
  const auto parsed = parse("a: 1.10\n姓名: {from: no, b: \"~\", c: ~}\n");
  REQUIRE(parsed.yaml);
  CHECK(parsed.yaml->find("a")->text == "1.10");
  const Yaml& name = *parsed.yaml->find("姓名");
  CHECK(name.find("from")->text == "no");
  CHECK(name.entry("from")->mark == Mark{0, 2, 6});  // after two characters, not six bytes
  CHECK(name.find("b")->is_scalar());
  CHECK(name.find("c")->is_null());
}

TEST_CASE("what plain YAML does not need is a fault at its place", "[map]") {
  const auto fault = GENERATE(table<std::string, std::string, std::size_t, std::size_t>({
      {"a: 1\nb: 2\na: 3\n", "E0203", 3, 1},
      {"a:\n\tb: 1\n", "E0202", 2, 1},
      {"a: &x 1\n", "E0201", 1, 4},
      {"a: !!int 1\n", "E0201", 1, 4},
      {"{a: 1}\n---\nb: 2\n", "E0201", 2, 1},
      {"", "E0201", 1, 1},
      {"a: [1, 2\nb: 3\n", "E0201", 1, 4},
      {"a: \"x\nb: 1\n", "E0201", 1, 4},
      {"a: b: c\n", "E0201", 1, 5},
      {"[a]: 1\n", "E0204", 1, 1},
  }));
  const auto parsed = parse(std::get<0>(fault));
  CAPTURE(std::get<0>(fault));
  CHECK_FALSE(parsed.yaml);
  REQUIRE_FALSE(parsed.faults.empty());
  CHECK(parsed.faults[0].code == std::get<1>(fault));
  CHECK(parsed.faults[0].line == std::get<2>(fault));
  CHECK(parsed.faults[0].column == std::get<3>(fault));
}

TEST_CASE("nesting is limited, not survived by luck", "[map]") {
  CHECK_FALSE(parse(std::string(5'000, '[')).yaml);
  CHECK_FALSE(parse(std::string(200, '[') + std::string(200, ']')).yaml);
}

TEST_CASE("did you mean finds the nearest word, also in Chinese", "[map]") {
  const std::vector<std::string_view> known = {"identifier", "active", "性别"};
  CHECK(did_you_mean("identifer", known) == "did you mean 'identifier'?");
  CHECK(did_you_mean("性別", known) == "did you mean '性别'?");
  CHECK(did_you_mean("telecom", known).empty());
}
