// Writes everything a store's database holds as text, bodies unpacked: what the canary search looks through. A test
// tool; it reads a copy of the files, never the ones a gateway has open.
#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>
#include <vector>

#include "gateway/store/body.h"

namespace {

using Rows = std::vector<std::string>;

// Every cell of the answer, blobs unpacked where they are bodies.
void each_cell(sqlite3* database, const std::string& sql, auto&& take) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database, sql.c_str(), -1, &statement, nullptr) != SQLITE_OK) {
    std::cerr << sqlite3_errmsg(database) << '\n';
    std::exit(2);
  }
  while (sqlite3_step(statement) == SQLITE_ROW) {
    for (int column = 0; column < sqlite3_column_count(statement); ++column) {
      const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement, column));
      const std::string cell(bytes == nullptr ? "" : bytes,
                             static_cast<std::size_t>(sqlite3_column_bytes(statement, column)));
      const bool blob = sqlite3_column_type(statement, column) == SQLITE_BLOB;
      const auto body = blob ? gateway::store::unpack_body(cell) : fhir::Result<std::string>(cell);
      take(body ? *body : cell);
    }
  }
  sqlite3_finalize(statement);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: dump_store DATABASE OUTPUT\n";
    return 2;
  }
  const std::string copy = std::string(argv[2]) + ".db";
  for (const char* suffix : {"", "-wal"}) {
    if (std::filesystem::exists(std::string(argv[1]) + suffix)) {
      std::filesystem::copy_file(std::string(argv[1]) + suffix, copy + suffix,
                                 std::filesystem::copy_options::overwrite_existing);
    }
  }
  sqlite3* database = nullptr;
  if (sqlite3_open(copy.c_str(), &database) != SQLITE_OK) return 2;
  std::ofstream out(argv[2], std::ios::binary);
  Rows tables;
  each_cell(database, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
            [&](const std::string& name) { tables.push_back(name); });
  for (const auto& table : tables) {
    each_cell(database, "SELECT * FROM \"" + table + "\"", [&](const std::string& cell) { out << cell << '\n'; });
  }
  sqlite3_close(database);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(copy + suffix);
  return out.good() ? 0 : 2;
}
