#include "adapters/rows/upsert.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/json.h"

namespace adapters::rows {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonView;

constexpr std::size_t kMostColumns = 500;

std::unexpected<fhir::Error> no_upsert(std::string where, std::string say) {
  return fhir::fail(Fault::invalid, "rows.upsert", std::move(where), std::move(say));
}

Result<std::vector<std::pair<std::string, Value>>> read_columns(JsonView object, std::string_view name) {
  std::vector<std::pair<std::string, Value>> columns;
  if (!object.is_object() || object.size() > kMostColumns) return no_upsert(std::string(name), "columns are expected");
  for (auto member = object.begin(); member != object.end(); ++member) {
    const JsonView value = *member;
    const std::string column(member.key());
    if (value.is_object() || value.is_array() || column.empty())
      return no_upsert(fmt::format("{}.{}", name, column), "a column holds text, a number or null");
    columns.emplace_back(column, value.kind() == JsonKind::null ? Value() : Value(std::string(value.text())));
  }
  return columns;
}

std::string names_of(std::span<const std::pair<std::string, Value>> columns, std::string_view form) {
  std::string out;
  for (const auto& [name, value] : columns)
    out += (out.empty() ? "" : ", ") + fmt::format(fmt::runtime(form), fmt::arg("name", quoted(name)));
  return out;
}

}  // namespace

Result<Upsert> parse_upsert(std::string_view text) {
  const auto json = fhir::Json::parse(std::string(text));
  if (!json) return std::unexpected(json.error());
  const JsonView root = json->root();
  auto key = read_columns(root["key"], "key");
  if (!key) return fhir::pass(key);
  auto values = root["values"] ? read_columns(root["values"], "values") : decltype(key){};
  if (!values) return fhir::pass(values);
  const bool null_key = std::ranges::any_of(*key, [](const auto& column) { return !column.second; });
  if (root["table"].text().empty()) return no_upsert("table", "a table is expected");
  if (key->empty() || null_key) return no_upsert("key", "every column of the key needs a value");
  return Upsert{std::string(root["table"].text()), *std::move(key), *std::move(values)};
}

Result<void> execute(Database& database, const Upsert& upsert, std::span<const std::string> allowed) {
  if (std::ranges::find(allowed, upsert.table) == allowed.end())
    return fhir::fail(Fault::invalid, "rows.table", "table",
                      "this table may not be written to: see the system's `tables`");
  auto all = upsert.key;
  all.insert(all.end(), upsert.values.begin(), upsert.values.end());
  std::vector<Value> values;
  std::string arguments;
  for (const auto& [name, value] : all) {
    values.push_back(value);
    arguments += (values.size() == 1 ? "" : ", ") + database.argument(values.size());
  }
  const std::string sql = fmt::format("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO {}{}", quoted(upsert.table),
                                      names_of(all, "{name}"), arguments, names_of(upsert.key, "{name}"),
                                      upsert.values.empty() ? "NOTHING" : "UPDATE SET ",
                                      names_of(upsert.values, "{name} = excluded.{name}"));
  const auto done = database.run(sql, values);
  if (!done) return std::unexpected(done.error());
  return {};
}

}  // namespace adapters::rows
