// A small staging database for tests, the same on every database that can be tested: prescriptions, items, patients,
// drugs.
#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "adapters/rows/reader.h"
#include "tests/support/mysql.h"
#include "tests/support/postgres.h"

namespace adapters::rows {

/// Which database, and through what.
struct Stage {
  Stage(Place::Kind kind_, Brand behind_ = Brand::sqlite) : kind(kind_), behind(behind_) {}  // NOLINT: reads well
  Place::Kind kind;
  Brand behind;
  bool operator==(const Stage&) const = default;
};

inline const Stage kThroughOdbc[] = {{Place::Kind::odbc, Brand::sqlite}, {Place::Kind::odbc, Brand::postgresql}};

inline std::vector<Stage> everywhere() {
  std::vector<Stage> stages{Place::Kind::sqlite, Place::Kind::postgresql, Place::Kind::mysql};
  stages.insert(stages.end(), std::begin(kThroughOdbc), std::end(kThroughOdbc));
  return stages;
}

/// Debian puts ODBC's drivers below the folder of the machine's kind.
inline std::string odbc_driver(const std::string& name) {
  for (const auto& folder : std::filesystem::directory_iterator("/usr/lib")) {
    const auto file = folder.path() / "odbc" / name;
    if (std::filesystem::exists(file)) return file.string();
  }
  FAIL("there is no ODBC driver " << name);
  return {};
}

struct Staging {
  explicit Staging(Stage stage) {
    static int count = 0;
    const std::string name = "staging" + std::to_string(getpid()) + "_" + std::to_string(++count);
    place.kind = stage.kind;
    place.behind = stage.behind;
    const bool odbc = stage.kind == Place::Kind::odbc;
    if (place.brand() == Brand::sqlite) {
      file = std::filesystem::temp_directory_path() / (name + ".db");
      std::ofstream(file).close();
      place.text = odbc ? "Driver=" + odbc_driver("libsqlite3odbc.so") + ";Database=" + file.string() : file.string();
    } else if (place.brand() == Brand::postgresql) {
      tests::postgres().create_database(name);
      place.text = odbc ? "Driver=" + odbc_driver("psqlodbca.so") + ";Servername=" + tests::postgres().folder() +
                              ";Database=" + name + ";Username=postgres"
                        : tests::postgres().words(name);
    } else {
      tests::mysql().create_database(name);
      place.text = tests::mysql().words(name);
      secret = std::filesystem::temp_directory_path() / (name + ".password");
      std::ofstream(secret) << tests::MySql::kPassword << "\n";
      std::filesystem::permissions(secret, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
      place.password_file = secret.string();
    }
    writer = open(Database::Use::write);
    const std::string time = place.brand() == Brand::mysql ? "datetime(3)" : "timestamp";
    for (
        const std::string& table :
        {R"(CREATE TABLE "CF" ("ID" bigint PRIMARY KEY, "BRID" varchar(40), "XGSJ" )" + time + R"(, "ZF" text))",
         R"(CREATE TABLE "MX" ("CFID" bigint, "NR" int, "YPID" int, "SL" numeric(14,4), "SFJG" text, "XGSJ" )" + time +
             ")",
         std::string(R"(CREATE TABLE "BR" ("BRID" varchar(40) PRIMARY KEY, "XM" text))"),
         std::string(R"(CREATE TABLE "YP" ("YPID" int PRIMARY KEY, "MC" text))"),
         std::string(
             R"(CREATE TABLE "ZT" ("CF" varchar(40), "LX" varchar(40), "ZT" text, "N" int, PRIMARY KEY ("CF", "LX")))")})
      run(table);
  }
  ~Staging() {
    std::error_code ignored;
    if (!file.empty()) std::filesystem::remove(file, ignored);
    if (!secret.empty()) std::filesystem::remove(secret, ignored);
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

  std::filesystem::path file, secret;
  Place place;
  std::unique_ptr<Database> writer;
};

}  // namespace adapters::rows
