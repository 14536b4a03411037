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

std::vector<std::string> names_of(std::span<const std::pair<std::string, Value>> columns) {
  std::vector<std::string> names;
  for (const auto& [name, value] : columns) names.push_back(name);
  return names;
}

std::vector<Value> values_of(std::span<const std::pair<std::string, Value>> columns) {
  std::vector<Value> values;
  for (const auto& [name, value] : columns) values.push_back(value);
  return values;
}

/// "A" = ?, "B" = ?
std::string assigned(const Database& database, std::span<const std::pair<std::string, Value>> columns,
                     std::string_view between, std::size_t first) {
  std::string out;
  for (const auto& [name, value] : columns)
    out += (out.empty() ? "" : std::string(between)) + quoted(name) + " = " + database.argument(first++);
  return out;
}

std::string listed(std::span<const std::string> texts) {
  std::string out;
  for (const auto& text : texts) out.append(out.empty() ? "" : ", ").append(text);
  return out;
}

/// How many rows of that key there are now; they have the values.
Result<std::size_t> update(Database& database, const Upsert& upsert) {
  const std::string where = assigned(database, upsert.key, " AND ", upsert.values.size() + 1);
  if (upsert.values.empty()) {
    const auto lines = database.query(
        fmt::format("SELECT {} FROM {} WHERE {}", database.as_text("COUNT(*)"), quoted(upsert.table), where),
        values_of(upsert.key), 1);
    if (!lines) return std::unexpected(lines.error());
    return lines->empty() || lines->front().front() == "0" ? 0 : 1;
  }
  auto values = values_of(upsert.values);
  for (const auto& [name, value] : upsert.key) values.push_back(value);
  return database.run(
      fmt::format("UPDATE {} SET {} WHERE {}", quoted(upsert.table), assigned(database, upsert.values, ", ", 1), where),
      values);
}

std::vector<std::pair<std::string, Value>> all_of(const Upsert& upsert) {
  auto all = upsert.key;
  all.insert(all.end(), upsert.values.begin(), upsert.values.end());
  return all;
}

std::vector<std::string> arguments_of(const Database& database, const Upsert& upsert) {
  std::vector<std::string> arguments;
  for (std::size_t n = 1; n <= upsert.key.size() + upsert.values.size(); ++n) arguments.push_back(database.argument(n));
  return arguments;
}

Result<std::size_t> insert(Database& database, const Upsert& upsert) {
  const auto all = all_of(upsert);
  std::vector<std::string> columns;
  for (const auto& [name, value] : all) columns.push_back(quoted(name));
  return database.run(fmt::format("INSERT INTO {} ({}) VALUES ({})", quoted(upsert.table), listed(columns),
                                  listed(arguments_of(database, upsert))),
                      values_of(all));
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
  const std::string sql = rows::upsert(database.brand(), upsert.table, names_of(upsert.key), names_of(upsert.values),
                                       arguments_of(database, upsert));
  if (sql.empty()) return update_or_insert(database, upsert);
  const auto done = database.run(sql, values_of(all_of(upsert)));
  if (!done) return std::unexpected(done.error());
  return {};
}

// Should somebody else insert the same row in between, the second try finds it.
Result<void> update_or_insert(Database& database, const Upsert& upsert) {
  for (bool again = true;; again = false) {
    if (auto begun = database.begin(); !begun) return begun;
    auto rows = update(database, upsert);
    if (rows && *rows == 0) rows = insert(database, upsert);
    if (rows) return database.commit();
    database.end();
    if (!again || rows.error().fault != Fault::invalid) return fhir::pass(rows);
  }
}

}  // namespace adapters::rows
