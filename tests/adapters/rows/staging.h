// A small staging database for tests, the same on SQLite and PostgreSQL: prescriptions, items, patients, drugs.
#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "adapters/rows/reader.h"
#include "tests/support/postgres.h"

namespace adapters::rows {

struct Staging {
  explicit Staging(Place::Kind kind) {
    static int count = 0;
    const std::string name = "staging" + std::to_string(getpid()) + "_" + std::to_string(++count);
    if (kind == Place::Kind::sqlite) {
      file = std::filesystem::temp_directory_path() / (name + ".db");
      std::ofstream(file).close();
      place = {kind, file.string()};
    } else {
      tests::postgres().create_database(name);
      place = {kind, tests::postgres().words(name)};
    }
    writer = open(Database::Use::write);
    for (
        const char* table :
        {R"(CREATE TABLE "CF" ("ID" bigint PRIMARY KEY, "BRID" text, "XGSJ" timestamp, "ZF" text))",
         R"(CREATE TABLE "MX" ("CFID" bigint, "NR" int, "YPID" int, "SL" numeric(14,4), "SFJG" text, "XGSJ" timestamp))",
         R"(CREATE TABLE "BR" ("BRID" text PRIMARY KEY, "XM" text))",
         R"(CREATE TABLE "YP" ("YPID" int PRIMARY KEY, "MC" text))",
         R"(CREATE TABLE "ZT" ("CF" text, "LX" text, "ZT" text, "N" int, PRIMARY KEY ("CF", "LX")))"})
      run(table);
  }
  ~Staging() {
    std::error_code ignored;
    if (!file.empty()) std::filesystem::remove(file, ignored);
  }

  std::unique_ptr<Database> open(Database::Use use, Charset charset = Charset::utf8) const {
    auto opened = Database::open(place, use, charset);
    REQUIRE(opened);
    return *std::move(opened);
  }
  void run(const std::string& sql) {
    const auto done = writer->run(sql, {});
    INFO(sql << (done ? "" : fhir::to_string(done.error())));
    REQUIRE(done);
  }
  std::string one(const std::string& sql) {
    const auto lines = writer->query(sql, {}, 1);
    REQUIRE(lines);
    return lines->empty() ? "nothing" : lines->front().front().value_or("NULL");
  }

  Selection selection() const {
    return {.place = place,
            .table = "CF",
            .key = {"ID"},
            .changed = "XGSJ",
            .related = {{"BR", "", {{"BRID", "BRID"}}, {}, 0, ""},
                        {"MX", "", {{"CFID", "ID"}}, {"NR"}, 1, "XGSJ"},
                        {"YP", "MX", {{"YPID", "YPID"}}, {}, 0, ""}}};
  }

  std::filesystem::path file;
  Place place;
  std::unique_ptr<Database> writer;
};

}  // namespace adapters::rows
