// docs/FORMATS.md is true: every table and column of the schema stands in it, and its worked example is what the store
// really writes. With CAUSEWAY_PRINT_FORMATS=1 the example is printed, to be put into the page.
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include "gateway/store/body.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

// The story of the page: a report arrives and is stored for two destinations; one courier claims; one delivery fails
// once and is done at the second try.
void tell_story(TempStore& store) {
  Commit in;
  in.message = Message{.at = 1'700'000'000'000,
                       .door = "mllp:lis",
                       .sender = "tmucih",
                       .control_id = "MSG00042",
                       .transmission = "9d10",
                       .content_hash = "5f70bf18",
                       .event = "report",
                       .correlation = "case-7",
                       .business_ids = {"R-2023-118", "MSG00042"},
                       .reason_code = "",
                       .reason = "",
                       .raw = "MSH|^~\\&|LIS|TMUCIH|||20231114||ORU^R01|MSG00042|P|2.4\r",
                       .bundle = R"({"resourceType":"Bundle","type":"message"})",
                       .answer = "MSA|CA|MSG00042",
                       .explain = R"({"route":"reports-to-hainan"})"};
  for (const char* destination : {"peer:hainan", "peer:beijing"}) {
    in.deliveries.push_back(Delivery{.destination = destination,
                                     .lane_key = "R-2023-118",
                                     .content_type = "application/fhir+json",
                                     .bytes = R"({"resourceType":"Bundle","type":"message"})",
                                     .control_id = "0b7e6c1a",
                                     .request_id = "5d1f",
                                     .correlation = "case-7",
                                     .event = "report",
                                     .reason = "",
                                     .expires_at = 1'700'864'000'000,
                                     .answer = ""});
  }
  in.resources.push_back(StoredResource{.type = "DiagnosticReport",
                                        .id = "dr-118",
                                        .at = 1'700'000'000'000,
                                        .identifiers = {{"https://gw.example/sid/tmucih/report", "R-2023-118"}},
                                        .owner = "tmucih",
                                        .event = "report",
                                        .correlation = "case-7",
                                        .json = R"({"resourceType":"DiagnosticReport","id":"dr-118"})"});
  in.keys = {{KeyKind::patient, "MRN-0042"}, {KeyKind::report, "R-2023-118"}, {KeyKind::message, "MSG00042"}};
  in.links.push_back({"eliteoncology", "ps-9c41", R"({"resourceType":"Patient"})"});
  in.facts.push_back({"pause", "peer:beijing", 1'700'000'000'000, R"({"reason":"they move house"})"});
  in.audit.push_back({0, 1'700'000'000'000, "received", "tmucih", R"({"door":"mllp:lis"})", ""});
  in.rows.push_back({.door = "rows:his",
                     .key = R"(["880021"])",
                     .hash = "9a0f1c",
                     .reason = "",
                     .version = 1,
                     .live = true,
                     .at = 1'700'000'000'000});
  in.bookmarks.push_back({"rows:his", "MS_CF01", "2023-11-14 22:13:20.003", R"(["880021"])"});
  in.unmapped.push_back({.table = "v2-0078-interpretation",
                         .code = "HHH",
                         .map = "tianjin/oru_r01",
                         .display = "very high",
                         .place = "OBX[3]-8",
                         .first = 1'700'000'000'000,
                         .last = 1'700'000'000'000});
  in.remember = true;
  in.once = true;
  store.commit(std::move(in));
  const auto claims = store.claim(1'700'000'000'100, 10, 60'000);
  Commit failed;
  failed.settlements.push_back(Settlement{.delivery = claims.at(0).delivery.id,
                                          .state = DeliveryState::waiting,
                                          .reason = "HTTP 503 transient",
                                          .answer = "",
                                          .attempts = 1,
                                          .at = 1'700'000'000'150,
                                          .next_at = 1'700'000'000'200,
                                          .lease = claims.at(0).lease});
  store.commit(std::move(failed));
  const auto again = store.claim(1'700'000'000'200, 10, 60'000);
  Commit out;
  out.settlements.push_back(Settlement{.delivery = claims.at(0).delivery.id,
                                       .reason = "",
                                       .answer = R"({"resourceType":"Bundle"})",
                                       .attempts = 2,
                                       .at = 1'700'000'000'250,
                                       .lease = again.at(0).lease});
  out.audit.push_back({0, 1'700'000'000'250, "delivered", "gateway", R"({"delivery":1})", ""});
  store.commit(std::move(out));
}

std::string cell(sqlite3_stmt* row, int column) {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(row, column));
  const std::string value(bytes == nullptr ? "" : bytes, static_cast<std::size_t>(sqlite3_column_bytes(row, column)));
  switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL: return "NULL";
    case SQLITE_INTEGER: return value;
    case SQLITE_TEXT: return "'" + value + "'";
    default: break;
  }
  std::string shown = "zstd of: " + must(unpack_body(value));
  for (auto at = shown.find('\r'); at != std::string::npos; at = shown.find('\r')) shown.replace(at, 1, "\\r");
  return shown;
}

// "column = value" lines, rows parted by an empty line.
std::string rows_of(sqlite3* database, const std::string& table) {
  sqlite3_stmt* row = nullptr;
  REQUIRE(sqlite3_prepare_v2(database, ("SELECT * FROM " + table).c_str(), -1, &row, nullptr) == SQLITE_OK);
  std::string text;
  while (sqlite3_step(row) == SQLITE_ROW) {
    if (!text.empty()) text += "\n";
    for (int i = 0; i < sqlite3_column_count(row); ++i) {
      text += std::string(sqlite3_column_name(row, i)) + " = " + cell(row, i) + "\n";
    }
  }
  sqlite3_finalize(row);
  return text;
}

std::string page() {
  std::ifstream in(CAUSEWAY_SOURCE_DIR "/docs/FORMATS.md");
  REQUIRE(in);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// From "### `table`" to the next heading.
std::string section_of(const std::string& text, const std::string& table) {
  const auto start = text.find("### `" + table + "`\n");
  if (start == std::string::npos) return "";
  return text.substr(start, text.find("\n#", start + 1) - start);
}

}  // namespace

TEST_CASE("docs/FORMATS.md has every table and column, and an example as the store writes it", "[store][formats]") {
  TempStore store;
  tell_story(store);
  const std::string text = page();
  RawDatabase raw(store.file());
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(store.file().c_str(), &database) == SQLITE_OK);
  for (const auto& table :
       raw.rows("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")) {
    const std::string section = section_of(text, table), example = rows_of(database, table);
    INFO("table " << table);
    CHECK_FALSE(section.empty());
    for (const auto& column : raw.rows("SELECT name FROM pragma_table_info('" + table + "')")) {
      INFO("column " << column);
      CHECK(section.find("| `" + column + "` |") != std::string::npos);
    }
    INFO(example);
    CHECK(section.find("```\n" + example + "```\n") != std::string::npos);
    if (std::getenv("CAUSEWAY_PRINT_FORMATS") != nullptr) std::cout << "@@" << table << "\n" << example;
  }
  for (const auto& index : raw.rows("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")) {
    INFO("index " << index);
    CHECK(text.find("`" + index + "`") != std::string::npos);
  }
  sqlite3_close(database);
}

}  // namespace gateway::store
