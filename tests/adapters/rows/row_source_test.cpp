#include "adapters/rows/row_source.h"

#include <catch2/catch.hpp>

using namespace adapters;
using namespace adapters::rows;

namespace {

constexpr const char* kRecord =
    R"({"table":"MS_CF01","key":{"CFSB":"880021"},"version":2,"deleted":true,"why":"vanished",)"
    R"("row":{"CFSB":"880021","KFRQ":"2026-03-14 09:30:00","BZ":null,"姓名":"不详",)"
    R"("MS_CF02":[{"SBXH":"1","YCJL":"2.5","YK_TYPK":[{"YPMC":"来曲唑片"}]},{"SBXH":"2","YCJL":"0","YK_TYPK":[]}]}})";

Shape shape() {
  return {"MS_CF01",
          {{"", {"CFSB", "KFRQ", "BZ", "姓名"}}, {"MS_CF02", {"SBXH", "YCJL"}}, {"MS_CF02.YK_TYPK", {"YPMC"}}},
          {{"*", {"", "不详"}}, {"MS_CF02.YCJL", {"0"}}}};
}

struct Record {
  Shape declared = shape();
  std::unique_ptr<Dialect> dialect = make_dialect(declared);
  std::unique_ptr<Source> source;

  explicit Record(const char* json = kRecord) { source = *make_source(*fhir::Json::parse(json), declared); }

  std::vector<std::string> texts(const char* path, const char* each = nullptr, std::size_t n = 0) const {
    const auto around = each != nullptr ? *dialect->bind(each, nullptr) : nullptr;
    const Spot from = around ? source->find(*around, source->root())[n] : source->root();
    std::vector<std::string> found;
    for (const Spot spot : source->find(**dialect->bind(path, around.get()), from)) found.push_back(source->text(spot));
    return found;
  }
};

using Texts = std::vector<std::string>;

std::string refusal(const char* path) { return make_dialect(shape())->bind(path, nullptr).error().say; }

std::string refused_record(const char* json) {
  const auto source = make_source(*fhir::Json::parse(json), shape());
  return source ? "" : source.error().code + " " + source.error().where;
}

}  // namespace

TEST_CASE("a row's columns are bare paths, and its related rows are lists", "[rows]") {
  const Record record;
  CHECK(record.texts("CFSB") == Texts{"880021"});
  CHECK(record.texts("MS_CF02.SBXH") == Texts{"1", "2"});
  CHECK(record.texts("MS_CF02[1].SBXH") == Texts{"2"});
  CHECK(record.texts("BZ").empty());
  CHECK(record.texts("SBXH", "MS_CF02", 1) == Texts{"2"});
  CHECK(record.texts("YK_TYPK.YPMC", "MS_CF02") == Texts{"来曲唑片"});
  CHECK(record.texts("$.KFRQ", "MS_CF02", 1) == Texts{"2026-03-14 09:30:00"});
}

TEST_CASE("what is known about the row itself is read with a dollar", "[rows]") {
  const Record record;
  CHECK(record.texts("$deleted") == Texts{"true"});
  CHECK(record.texts("$why", "MS_CF02") == Texts{"vanished"});
  CHECK(record.texts("$version") == Texts{"2"});
  CHECK(record.texts("$table") == Texts{"MS_CF01"});
  CHECK(record.texts("$key.CFSB") == Texts{"880021"});
}

TEST_CASE("sentinels count as no value, in their column only", "[rows]") {
  const Record record;
  CHECK(record.texts("姓名").empty());
  CHECK(record.texts("MS_CF02.YCJL") == Texts{"2.5"});
  const Record zero(R"({"row":{"CFSB":"0","MS_CF02":[{"YCJL":"0.0"}]}})");
  CHECK(zero.texts("CFSB") == Texts{"0"});
  CHECK(zero.texts("MS_CF02.YCJL") == Texts{"0.0"});
}

TEST_CASE("every value of the row is a leaf, and only those", "[rows]") {
  const Record record;
  Texts places;
  for (const Spot leaf : record.source->leaves(record.source->root())) places.push_back(record.source->place(leaf));
  CHECK(places ==
        Texts{"CFSB", "KFRQ", "MS_CF02[0].SBXH", "MS_CF02[0].YCJL", "MS_CF02[0].YK_TYPK[0].YPMC", "MS_CF02[1].SBXH"});
}

TEST_CASE("a path that no declared column answers is refused with the nearest one", "[rows]") {
  CHECK(refusal("CFSD") == "source.tables has no 'CFSD' there (did you mean CFSB?)");
  CHECK(refusal("MS_CF02.YCJJ") == "source.tables has no 'YCJJ' there (did you mean YCJL?)");
  CHECK(refusal("$delete") == "source.tables has no 'delete' there (did you mean deleted?)");
  CHECK(refusal("a..b").find("is no path") != std::string::npos);
}

TEST_CASE("a record of another form is refused at its place", "[rows]") {
  CHECK(refused_record(R"({"table":"MS_CF01"})") == "rows.record row");
  CHECK(refused_record(R"({"row":{"CFSB":{"a":"1"}}})") == "rows.record row.CFSB");
  CHECK(refused_record(R"({"row":{"MS_CF02":["1"]}})") == "rows.record row.MS_CF02");
  CHECK(refused_record(R"({"row":{"CFSB":null}})") == "rows.record row");
}
