#include "gateway/rows/write_back.h"

#include <future>

#include "tests/adapters/rows/staging.h"

namespace gateway::rows {
namespace {

using adapters::rows::Place;
using adapters::rows::Staging;
using fhir::Fault;
using namespace std::chrono_literals;

std::string told(const fhir::Result<void>& result) {
  if (result) return "done";
  return result.error().code + (result.error().fault == Fault::unavailable ? " later" : " never");
}

struct Bench {
  explicit Bench(Place::Kind kind) : staging(kind) {}

  std::future<std::string> submit(std::string bytes, std::chrono::milliseconds within = 30s) {
    auto promise = std::make_shared<std::promise<std::string>>();
    auto future = promise->get_future();
    write_back.submit({"his", {staging.place, {"ZT"}}, std::move(bytes), within, [promise](fhir::Result<void> result) {
                         promise->set_value(told(result));
                       }});
    return future;
  }

  Staging staging;
  WriteBack write_back;
};

constexpr const char* kPartial = R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"partial","N":14}})";
constexpr const char* kWhole = R"({"table":"ZT","key":{"CF":"CF1","LX":"fy"},"values":{"ZT":"completed","N":28}})";

}  // namespace

TEST_CASE("a delivery is one row, written in order and once however often it is made", "[rows][write-back]") {
  Bench bench(GENERATE(Place::Kind::sqlite, Place::Kind::postgresql, Place::Kind::mysql));
  auto first = bench.submit(kPartial), again = bench.submit(kPartial), last = bench.submit(kWhole);
  CHECK(first.get() == "done");
  CHECK(again.get() == "done");
  CHECK(last.get() == "done");
  CHECK(bench.staging.one(R"(SELECT "ZT" || "N" FROM "ZT")") == "completed28");
  CHECK(bench.staging.one(R"(SELECT '' || count(*) FROM "ZT")") == "1");
}

TEST_CASE("what the database refuses is never tried again, what comes too late or cannot be reached is",
          "[rows][write-back]") {
  Bench bench(Place::Kind::sqlite);
  CHECK(bench.submit(R"({"table":"CF","key":{"ID":"1"}})").get() == "rows.table never");
  CHECK(bench.submit(R"({"table":"ZT","key":{"CF":"1","LX":"2"},"values":{"NOPE":1}})").get() == "rows.refused never");
  CHECK(bench.submit("no JSON").get().ends_with("never"));
  CHECK(bench.submit(kPartial, -1s).get() == "rows.unavailable later");
  std::filesystem::remove(bench.staging.file);
  Bench gone(Place::Kind::sqlite);
  std::filesystem::remove(gone.staging.file);
  CHECK(gone.submit(kPartial).get() == "rows.unavailable later");
}

TEST_CASE("stopping answers every task", "[rows][write-back]") {
  std::vector<std::future<std::string>> all;
  {
    Bench bench(Place::Kind::sqlite);
    for (int i = 0; i < 50; ++i) all.push_back(bench.submit(kPartial));
  }
  for (auto& one : all) {
    const std::string answer = one.get();
    CHECK((answer == "done" || answer == "rows.unavailable later"));
  }
}

}  // namespace gateway::rows
