#include "adapters/map/table.h"

#include <catch2/catch.hpp>

using namespace adapters::map;

namespace {

std::shared_ptr<const Table> parse(std::string_view csv, std::vector<FileFault>& found) {
  Faults faults(found);
  return Table::parse("t", csv, faults.add_file("t.csv"), faults);
}

}  // namespace

TEST_CASE("a table answers by exact code, by full-width letters, by its default", "[map]") {
  std::vector<FileFault> found;
  const auto table = parse(
      "\xEF\xBB\xBF# source\r\nfrom,code,display\r\nH,h,\"High, very\"\r\n\"a \"\"b\"\"\",q,\r\n*,other,\r\n", found);
  REQUIRE(table);
  CHECK(*table->find("H", 0) == "h");
  CHECK(*table->find(" H ", 1) == "High, very");
  CHECK(*table->find("Ｈ", 0) == "h");
  CHECK(*table->find("a \"b\"", 0) == "q");
  CHECK(*table->find("h", 0) == "other");
  CHECK(table->column("display") == 1u);
  CHECK_FALSE(table->column("x"));
}

TEST_CASE("a faulty table says where", "[map]") {
  struct Row {
    std::string_view csv;
    std::size_t line;
  };
  const Row row = GENERATE(values<Row>({{"from,code\n1,a\n", 1},
                                        {"# s\n1,a\n", 2},
                                        {"# s\nfrom,code\n1,a\n1,b\n", 4},
                                        {"# s\nfrom,code\n1,\"a\n", 3},
                                        {"# s\nfrom,code\n1,a,b\n", 3},
                                        {"# s\n", 1},
                                        {"", 1}}));
  CAPTURE(row.csv);
  std::vector<FileFault> found;
  CHECK_FALSE(parse(row.csv, found));
  REQUIRE_FALSE(found.empty());
  CHECK(found[0].code == "E0215");
  CHECK(found[0].line == row.line);
}
