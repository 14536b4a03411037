// SQL for databases that no test can reach, as their manuals have it.
#include "adapters/rows/brand.h"

#include <catch2/catch.hpp>

namespace adapters::rows {

TEST_CASE("SQL Server and Oracle are asked in their own words", "[rows][brand]") {
  CHECK(as_text(Brand::sqlserver, "m.\"XGSJ\"") == "CONVERT(nvarchar(max), m.\"XGSJ\", 121)");
  CHECK(as_text(Brand::oracle, "m.\"XGSJ\"") == "TO_CHAR(m.\"XGSJ\")");
  CHECK(limited_to(Brand::sqlserver, 5) == " OFFSET 0 ROWS FETCH NEXT 5 ROWS ONLY");
  CHECK(limited_to(Brand::oracle, 5) == " FETCH FIRST 5 ROWS ONLY");
  CHECK(upsert(Brand::sqlserver, "ZT", {}, {}, {}).empty());
  CHECK(upsert(Brand::oracle, "ZT", {}, {}, {}).empty());
  CHECK_FALSE(compares_rows(Brand::sqlserver));
  CHECK(snapshot(Brand::oracle) == "SET TRANSACTION READ ONLY");
}

TEST_CASE("bytes that no database knows the charset of cross MySQL as they are", "[rows][brand]") {
  CHECK(as_text(Brand::mysql, "t.\"XM\"", true) == "CAST(t.\"XM\" AS BINARY)");
  CHECK(as_text(Brand::mysql, "t.\"XM\"") == "CAST(t.\"XM\" AS CHAR)");
}

TEST_CASE("a name in quotes stays one name", "[rows][brand]") {
  CHECK(quoted("CF") == "\"CF\"");
  CHECK(quoted("a\"b") == "\"a\"\"b\"");
}

}  // namespace adapters::rows
