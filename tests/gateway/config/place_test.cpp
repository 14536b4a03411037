// Where a character of a value stands in the file, for every way YAML can write a value.
#include "gateway/config/place.h"

#include <catch2/catch.hpp>

using namespace gateway::config;
using adapters::map::Faults;
using adapters::map::Mark;

namespace {

/// The place in `file` that place_in_scalar gives for `needle` in the value of key `k`.
Mark place_of(const std::string& file, std::string_view needle) {
  std::vector<adapters::map::FileFault> out;
  Faults faults(out);
  faults.add_file("test.yaml");
  const auto document = adapters::map::parse_yaml(file, 0, faults);
  REQUIRE(document.has_value());
  const auto* node = document->find("k");
  REQUIRE(node != nullptr);
  const std::size_t at = node->text.find(needle);
  REQUIRE(at != std::string::npos);
  std::size_t line = 1, column = 1;
  for (const char c : node->text.substr(0, at)) {
    if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80u) ++column;
    if (c == '\n') ++line, column = 1;
  }
  return place_in_scalar(file, *node, line, column);
}

/// Where `needle` really stands.
Mark stands(std::string_view file, std::string_view needle) {
  std::uint32_t line = 1, column = 1;
  for (const char c : file.substr(0, file.rfind(needle))) {
    if ((static_cast<unsigned char>(c) & 0xC0u) != 0x80u) ++column;
    if (c == '\n') ++line, column = 1;
  }
  return {0, line, column};
}

}  // namespace

TEST_CASE("a place in a value is found in the file, however the value is written", "[config]") {
  for (const std::string file : {
           "a: 1\nk: one two THERE x\n",
           "k: 姓名 = 'x' THERE\n",
           "k: one\n  two\n  THERE x\n",
           "k: one\n\n  two THERE x\n",
           "k: 'it''s THERE'\n",
           "k: 'one\n  two THERE'\n",
           "k: \"one \\\"two\\\" \\u59d3 \\x41 THERE\"\n",
           "k: \"one \\\n   two THERE\"\n",
           "k: |\n  one\n  two THERE\n",
           "k: |\n  one\n\n    two THERE\n",
           "k: >-\n  one\n  two THERE\n",
           "k: >\n  one\n\n  two THERE\n",
       }) {
    INFO(file);
    CHECK(place_of(file, "THERE") == stands(file, "THERE"));
  }
}

TEST_CASE("a place past the end of a value is just after it", "[config]") {
  const std::string file = "k: 'abc'\n";
  std::vector<adapters::map::FileFault> out;
  Faults faults(out);
  faults.add_file("test.yaml");
  const auto document = adapters::map::parse_yaml(file, 0, faults);
  CHECK(place_in_scalar(file, *document->find("k"), 1, 4) == Mark{0, 1, 8});
  CHECK(place_in_scalar(file, *document->find("k"), 9, 99) == Mark{0, 1, 8});
}
