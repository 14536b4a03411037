#include "adapters/rows/row_source.h"

#include <algorithm>
#include <utility>

#include "adapters/http/json_source.h"
#include "adapters/http/json_writable.h"

namespace adapters::rows {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;

constexpr std::string_view kRow = "row";

/// A record in which every declared column holds something: what the JSON dialect checks paths against.
Result<Json> sample_of(const Shape& shape) {
  JsonTree sample =
      JsonTree::object({{"table", shape.table}, {"version", "1"}, {"deleted", "false"}, {"why", "deleted"}});
  for (const Shape::Table& table : shape.tables) {
    JsonTree* row = &sample[kRow];
    for (std::string_view rest = table.path; !rest.empty();) {
      const auto dot = std::min(rest.find('.'), rest.size());
      JsonTree& list = (*row)[rest.substr(0, dot)];
      if (list.size() == 0) list = JsonTree::array();
      row = list.size() == 0 ? &list.push(JsonTree::object()) : &list.children().front().second;
      rest.remove_prefix(std::min(dot + 1, rest.size()));
    }
    for (const auto& column : table.columns) {
      row->set(column, "x");
      if (table.path.empty()) sample["key"].set(column, "x");
    }
  }
  return Json::parse(sample.dump());
}

/// Rows are JSON under `row`: `KFRQ` at top level is `$.row.KFRQ` there, `$.KFRQ` too, and `$deleted` is `$.deleted`.
std::string as_json_path(std::string_view path, bool top) {
  const std::string row = "$." + std::string(kRow);
  if (path == "$" || (top && path == ".")) return row;
  if (path.starts_with("$.") || path.starts_with("$[")) return row + std::string(path.substr(1));
  if (path.starts_with('$')) return "$." + std::string(path.substr(1));
  return top ? row + "." + std::string(path) : std::string(path);
}

class RowDialect final : public Dialect {
 public:
  explicit RowDialect(const Shape& shape) : json_(http::make_dialect()) {
    if (shape.table.empty()) return;
    if (auto sample = sample_of(shape)) json_ = http::make_dialect(*std::move(sample), wording());
  }

  Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const override {
    auto bound = json_->bind(as_json_path(path, within == nullptr), within);
    if (!bound) bound.error().where = path;
    return bound;
  }

 private:
  static http::Wording wording() { return {"source.tables", "CFSB, MS_CF02.YPXH or $deleted"}; }

  std::unique_ptr<Dialect> json_;
};

/// The record's JSON with the row as its root.
class RowSource final : public Source {
 public:
  RowSource(std::unique_ptr<Source> record, Spot row) : record_(std::move(record)), row_(row) {}

  Spot root() const override { return row_; }
  Spots find(const BoundPath& path, Spot from) const override { return record_->find(path, from); }
  std::string text(Spot spot) const override { return record_->text(spot); }
  std::string whole(Spot spot) const override { return record_->whole(spot); }
  Spots leaves(Spot spot) const override { return record_->leaves(spot); }

  std::string place(Spot spot) const override {
    if (spot == row_) return "the row";
    const std::string path = record_->place(spot);
    const std::string inside = std::string(kRow) + ".";
    return path.starts_with(inside) ? path.substr(inside.size()) : "$" + path;
  }

 private:
  std::unique_ptr<Source> record_;
  Spot row_;
};

std::unexpected<fhir::Error> no_record(std::string where, std::string say) {
  return fhir::fail(Fault::invalid, "rows.record", std::move(where), std::move(say));
}

/// A row holds values and lists of rows.
Result<void> check_row(JsonView row, const std::string& where) {
  if (!row.is_object()) return no_record(where, "a row is an object of its columns");
  for (auto member = row.begin(); member != row.end(); ++member) {
    const JsonView value = *member;
    const std::string place = where + "." + std::string(member.key());
    if (value.is_object()) return no_record(place, "a value is text, a number or null; a related table is a list");
    if (!value.is_array()) continue;
    for (const JsonView inner : value) {
      if (auto checked = check_row(inner, place); !checked) return checked;
    }
  }
  return {};
}

bool stands_for_nothing(const Shape& shape, std::string_view column, std::string_view text) {
  return std::ranges::any_of(shape.empty, [&](const Shape::Empty& empty) {
    return (empty.column == "*" || empty.column == column) && std::ranges::find(empty.texts, text) != empty.texts.end();
  });
}

void blank(JsonTree& row, const std::string& path, const Shape& shape) {
  for (auto& [name, value] : row.children()) {
    const std::string column = path.empty() ? name : path + "." + name;
    if (value.kind() == JsonKind::array) {
      for (auto& [none, inner] : value.children()) blank(inner, column, shape);
    } else if (stands_for_nothing(shape, column, value.text())) {
      value = JsonTree::null();
    }
  }
}

Result<Json> without_sentinels(Json record, const Shape& shape) {
  if (shape.empty.empty()) return record;
  JsonTree tree = JsonTree::from(record.root());
  blank(tree[kRow], "", shape);
  return Json::parse(tree.dump());
}

}  // namespace

std::unique_ptr<Dialect> make_dialect(const Shape& shape) { return std::make_unique<RowDialect>(shape); }

Result<std::unique_ptr<Source>> make_source(Json record, const Shape& shape) {
  if (auto checked = check_row(record.root()[kRow], std::string(kRow)); !checked) return fhir::pass(checked);
  auto cleaned = without_sentinels(std::move(record), shape);
  if (!cleaned) return fhir::pass(cleaned);
  auto source = http::make_source(*std::move(cleaned));
  const auto path = http::make_dialect()->bind("$." + std::string(kRow), nullptr);
  const auto rows = source->find(**path, source->root());
  if (rows.empty()) return no_record(std::string(kRow), "the row holds no value");
  return std::make_unique<RowSource>(std::move(source), rows.front());
}

std::unique_ptr<Writable> make_writable(const Shape& shape) {
  std::vector<std::string> lists;
  for (const Shape::Table& table : shape.tables)
    if (!table.path.empty()) lists.push_back(std::string(kRow) + "." + table.path);
  auto record = http::make_writable(std::move(lists), std::string(kRow));
  const auto table = http::make_dialect()->bind("$.table", nullptr);
  if (const auto at = record->place_at(**table, record->root())) record->write(*at, shape.table, false);
  return record;
}

}  // namespace adapters::rows
