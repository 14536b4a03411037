#include "adapters/rows/reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

namespace adapters::rows {
namespace {

using fhir::Fault;
using fhir::JsonKind;
using fhir::JsonTree;

constexpr std::size_t kKeysAtOnce = 500;  // in one statement

/// A statement as it grows: text and bound values.
class Sql {
 public:
  explicit Sql(const Database& database) : database_(database) {}

  Sql& add(std::string_view text) {
    text_ += text;
    return *this;
  }
  Sql& bind(Value value) {
    values_.push_back(std::move(value));
    text_ += database_.argument(values_.size());
    return *this;
  }
  Sql& names(std::string_view alias, std::span<const std::string> columns) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      add(i == 0 ? "" : ", ").add(alias).add(".").add(quoted(columns[i]));
    return *this;
  }
  Sql& texts(std::string_view alias, std::span<const std::string> columns) {
    for (std::size_t i = 0; i < columns.size(); ++i)
      add(i == 0 ? "" : ", ").add(database_.as_text(fmt::format("{}.{}", alias, quoted(columns[i]))));
    return *this;
  }
  /// Does the row of these columns stand behind these values in the order of the columns (`>`), or not (`<=`)?
  Sql& compare(std::span<const std::string> columns, std::string_view how, std::span<const std::string> values) {
    if (database_.compares_rows()) {
      add("(");
      for (std::size_t i = 0; i < columns.size(); ++i) add(i == 0 ? "" : ", ").add(columns[i]);
      add(") ").add(how).add(" (");
      for (std::size_t i = 0; i < values.size(); ++i) add(i == 0 ? "" : ", ").bind(values[i]);
      return add(")");
    }
    add("(");
    for (std::size_t i = 0; i < columns.size(); ++i) {  // a > ? OR (a = ? AND b > ?)
      add(i == 0 ? "(" : " OR (");
      for (std::size_t equal = 0; equal < i; ++equal) add(columns[equal]).add(" = ").bind(values[equal]).add(" AND ");
      const bool last = i + 1 == columns.size();
      add(columns[i]).add(" ").add(last ? how : how.substr(0, 1)).add(" ").bind(values[i]).add(")");
    }
    return add(")");
  }

  /// One column: IN (...); several: (a = ? AND b = ?) OR ...
  Sql& any_of(std::string_view alias, std::span<const std::string> columns, std::span<const Key> keys) {
    if (columns.size() == 1) {
      names(alias, columns).add(" IN (");
      for (std::size_t i = 0; i < keys.size(); ++i) add(i == 0 ? "" : ", ").bind(keys[i].front());
      return add(")");
    }
    for (std::size_t i = 0; i < keys.size(); ++i) {
      add(i == 0 ? "(" : " OR (");
      for (std::size_t c = 0; c < columns.size(); ++c)
        add(c == 0 ? "" : " AND ").names(alias, columns.subspan(c, 1)).add(" = ").bind(keys[i][c]);
      add(")");
    }
    return *this;
  }

  const std::string& text() const { return text_; }
  std::span<const Value> bound() const { return values_; }

 private:
  const Database& database_;
  std::string text_;
  std::vector<Value> values_;
};

std::vector<std::string> columns_named(std::string_view alias, std::span<const std::string> columns) {
  std::vector<std::string> named;
  for (const auto& column : columns) named.push_back(fmt::format("{}.{}", alias, quoted(column)));
  return named;
}

/// As Reader::changes sorts them.
std::vector<std::string> values_of(const Change& change) {
  std::vector<std::string> values{change.changed};
  values.insert(values.end(), change.key.begin(), change.key.end());
  return values;
}

Key key_of(Line& line, std::size_t first) {
  Key key;
  for (std::size_t i = first; i < line.size(); ++i) key.push_back(std::move(line[i]).value_or(""));
  return key;
}

JsonTree row_of(const std::vector<std::string>& columns, const Line& line) {
  JsonTree row = JsonTree::object();
  row.children().reserve(columns.size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    row.children().emplace_back(columns[i], line[i] ? JsonTree::string(*line[i]) : JsonTree::null());
  }
  return row;
}

/// The values of these columns; nothing when one is NULL: NULL belongs to nobody.
std::optional<Key> values_of(const JsonTree& row, std::span<const std::string> columns) {
  Key values;
  for (const auto& column : columns) {
    const JsonTree* value = row.find(column);
    if (value == nullptr || value->kind() != JsonKind::string) return std::nullopt;
    values.push_back(value->text());
  }
  return values;
}

void collect(JsonTree& row, std::string_view path, std::vector<JsonTree*>& found) {
  if (path.empty()) return found.push_back(&row);
  const auto dot = std::min(path.find('.'), path.size());
  JsonTree* list = row.find(path.substr(0, dot));
  if (list == nullptr) return;
  for (auto& [none, inner] : list->children()) collect(inner, path.substr(std::min(dot + 1, path.size())), found);
}

void collect_texts(JsonTree& tree, const std::string& place, std::vector<std::pair<std::string, JsonTree*>>& texts) {
  for (auto& [name, value] : tree.children()) {
    const std::string inner = name.empty() || place.empty() ? place + name : place + "." + name;
    if (value.kind() == JsonKind::string) {
      texts.emplace_back(inner, &value);
    } else {
      collect_texts(value, inner, texts);
    }
  }
}

std::string hex(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return out;
}

/// Whole records are decoded at once: the tripwire for a changed charset needs more text than one name has. No charset
/// has a NUL inside a character, and no value has one.
std::optional<fhir::Error> decode_record(JsonTree& row, Charset charset) {
  std::vector<std::pair<std::string, JsonTree*>> texts;
  collect_texts(row, "", texts);
  std::string joined;
  for (const auto& [place, value] : texts) joined.append(value->text()).push_back('\0');
  auto decoded = decode(joined, charset);
  if (decoded) {
    std::string_view rest = *decoded;
    for (const auto& [place, value] : texts) {
      const auto end = rest.find('\0');
      *value = JsonTree::string(std::string(rest.substr(0, end)));
      rest.remove_prefix(end + 1);
    }
    return std::nullopt;
  }
  auto error = decoded.error();
  error.where.clear();
  for (const auto& [place, value] : texts) {
    auto one = decode(value->text(), charset);
    if (one) {
      *value = JsonTree::string(*std::move(one));
    } else {
      if (error.where.empty()) error.where = place;
      *value = JsonTree::object({{"hex", hex(value->text())}});  // nothing is lost: a person can still see the bytes
    }
  }
  return error;
}

std::vector<std::string> inner_columns(const Related& related) {
  std::vector<std::string> columns;
  for (const auto& [inner, outer] : related.on) columns.push_back(inner);
  return columns;
}

std::vector<std::string> outer_columns(const Related& related) {
  std::vector<std::string> columns;
  for (const auto& [inner, outer] : related.on) columns.push_back(outer);
  return columns;
}

std::unexpected<fhir::Error> no_column(std::string_view table, std::string_view column) {
  if (column.empty())
    return fhir::fail(Fault::invalid, "rows.no-table", std::string(table), "the staging database has no such table");
  return fhir::fail(Fault::invalid, "rows.no-column", fmt::format("{}.{}", table, column),
                    "the staging database has no such column");
}

Result<void> check_columns(std::string_view table, std::span<const std::string> there,
                           std::span<const std::string> wanted) {
  for (const auto& column : wanted) {
    if (!column.empty() && std::ranges::find(there, column) == there.end()) return no_column(table, column);
  }
  return {};
}

std::string_view last_step(std::string_view path) { return path.substr(path.rfind('.') + 1); }

}  // namespace

std::vector<const JsonTree*> rows_at(const JsonTree& row, std::string_view path) {
  std::vector<JsonTree*> found;
  collect(const_cast<JsonTree&>(row), path, found);
  return {found.begin(), found.end()};
}

Result<std::vector<std::string>> Reader::columns_of(const std::string& table) {
  for (const auto& [name, columns] : columns_) {
    if (name == table) return columns;
  }
  auto columns = database_.columns(table);
  if (!columns) return columns;
  if (columns->empty()) return no_column(table, "");
  columns_.emplace_back(table, *columns);
  return columns;
}

Result<void> Reader::learn(std::span<const Shape> shapes) {
  columns_.clear();
  const auto check = [&](const std::string& table, std::vector<std::string> wanted) -> Result<void> {
    const auto there = columns_of(table);
    return there ? check_columns(table, *there, wanted) : std::unexpected(there.error());
  };
  auto own = selection_.key;
  own.push_back(selection_.changed);
  if (auto good = check(selection_.table, own); !good) return good;
  for (const Related& related : selection_.related) {
    auto wanted = inner_columns(related);
    wanted.insert(wanted.end(), related.order.begin(), related.order.end());
    wanted.push_back(related.changed);
    if (auto good = check(related.table, wanted); !good) return good;
    const std::string around = related.of.empty() ? selection_.table : std::string(last_step(related.of));
    if (auto good = check(around, outer_columns(related)); !good) return good;
  }
  for (const Shape& shape : shapes) {
    for (const auto& [path, columns] : shape.tables) {
      const std::string table = path.empty() ? selection_.table : std::string(last_step(path));
      if (auto good = check(table, columns); !good) return good;
    }
  }
  return {};
}

std::vector<std::string> Reader::streams() const {
  std::vector<std::string> names;
  if (!selection_.changed.empty()) names.push_back(selection_.table);
  for (const Related& related : selection_.related) {
    if (!related.changed.empty()) names.push_back(related.table);
  }
  return names;
}

// m: the record's own table; s: the related one that tells of the change.
Result<std::vector<Change>> Reader::changes(std::string_view stream, const std::string& from,
                                            const std::optional<Change>& last, std::size_t count,
                                            const std::optional<Change>& until) {
  const auto related = std::ranges::find_if(
      selection_.related, [&](const Related& one) { return one.table == stream && !one.changed.empty(); });
  const bool own = stream == selection_.table && !selection_.changed.empty();
  if (!own && related == selection_.related.end())
    return fhir::fail(Fault::invalid, "rows.stream", std::string(stream), "this table does not tell of changes");
  const std::string changed = own ? "m." + quoted(selection_.changed) : "s." + quoted(related->changed);
  auto place = columns_named("m", selection_.key);
  place.insert(place.begin(), changed);
  Sql sql(database_);
  sql.add("SELECT ").add(database_.as_text(changed)).add(", ").texts("m", selection_.key);
  sql.add(" FROM ").add(quoted(selection_.table)).add(" m");
  if (!own) {
    sql.add(" JOIN ").add(quoted(related->table)).add(" s ON ");
    for (std::size_t i = 0; i < related->on.size(); ++i) {
      sql.add(i == 0 ? "" : " AND ").add("s.").add(quoted(related->on[i].first));
      sql.add(" = m.").add(quoted(related->on[i].second));
    }
  }
  sql.add(" WHERE ");
  if (last) {
    sql.compare(place, ">", values_of(*last));
  } else if (!from.empty()) {
    sql.add(changed).add(" >= ").bind(from);
  } else {
    sql.add(changed).add(" IS NOT NULL");
  }
  if (until) {
    sql.add(" AND ").compare(place, "<=", values_of(*until));
  }
  sql.add(" GROUP BY ").add(changed).add(", ").names("m", selection_.key);
  sql.add(" ORDER BY ").add(changed).add(", ").names("m", selection_.key);
  sql.add(database_.limited_to(count));
  auto lines = database_.query(sql.text(), sql.bound(), selection_.key.size() + 1);
  if (!lines) return fhir::pass(lines);
  std::vector<Change> found;
  for (Line& line : *lines) found.push_back({line.front().value_or(""), key_of(line, 1)});
  return found;
}

Result<std::vector<Key>> Reader::keys(const std::optional<Key>& last, std::size_t count) {
  Sql sql(database_);
  sql.add("SELECT ").texts("m", selection_.key).add(" FROM ").add(quoted(selection_.table)).add(" m");
  if (last) sql.add(" WHERE ").compare(columns_named("m", selection_.key), ">", *last);
  sql.add(" ORDER BY ").names("m", selection_.key).add(database_.limited_to(count));
  auto lines = database_.query(sql.text(), sql.bound(), selection_.key.size());
  if (!lines) return fhir::pass(lines);
  std::vector<Key> keys;
  for (Line& line : *lines) keys.push_back(key_of(line, 0));
  return keys;
}

Result<std::vector<Record>> Reader::read(std::span<const Key> keys) {
  if (keys.empty()) return std::vector<Record>{};
  if (auto begun = database_.begin_snapshot(); !begun) return fhir::pass(begun);
  auto records = read_snapshot(keys);
  database_.end();
  if (!records) return records;
  for (Record& record : *records) {
    auto trouble = decode_record(record.row, selection_.charset);
    if (trouble && !record.trouble) record.trouble = std::move(trouble);
  }
  return records;
}

Result<std::vector<Record>> Reader::read_snapshot(std::span<const Key> keys) {
  const auto columns = columns_of(selection_.table);
  if (!columns) return std::unexpected(columns.error());
  const auto lines = select(selection_.table, selection_.key, keys, {}, keys.size());
  if (!lines) return std::unexpected(lines.error());
  std::vector<Record> records;
  for (const Line& line : *lines) {
    JsonTree row = row_of(*columns, line);
    if (auto key = values_of(row, selection_.key)) records.push_back({*std::move(key), std::move(row), {}});
  }
  for (const Related& related : selection_.related) {
    if (auto attached = attach(related, records); !attached) return fhir::pass(attached);
  }
  return records;
}

// One question for all records; only when the answer is too long, one for each, so that one record does not stop the
// others.
Result<void> Reader::attach(const Related& related, std::vector<Record>& records) {
  const std::size_t most = selection_.most_rows;
  auto whole = attach_to(related, std::span(records), most * 2);
  if (!whole || *whole) return whole ? Result<void>{} : fhir::pass(whole);
  for (Record& record : records) {
    auto one = attach_to(related, {&record, 1}, most);
    if (!one) return fhir::pass(one);
    if (!*one)
      record.trouble = fhir::Error{Fault::too_large, "rows.too-many", related.path(),
                                   fmt::format("more than {} rows belong to this record", most)};
  }
  return {};
}

/// False when there are more than `most`; then nothing is attached.
Result<bool> Reader::attach_to(const Related& related, std::span<Record> records, std::size_t most) {
  const auto columns = columns_of(related.table);
  if (!columns) return std::unexpected(columns.error());
  const auto inner = inner_columns(related), outer = outer_columns(related);
  std::map<Key, std::vector<JsonTree*>> owners;
  for (Record& record : records) {
    std::vector<JsonTree*> around;
    collect(record.row, related.of, around);
    for (JsonTree* row : around) {
      row->set(related.table, JsonTree::array());
      if (auto values = values_of(*row, outer)) owners[*std::move(values)].push_back(row);
    }
  }
  std::vector<Key> wanted;
  for (const auto& [values, rows] : owners) wanted.push_back(values);
  const auto lines = select(related.table, inner, wanted, related.order, most + 1);
  if (!lines) return std::unexpected(lines.error());
  if (lines->size() > most) return false;
  for (const Line& line : *lines) {
    const JsonTree row = row_of(*columns, line);
    const auto values = values_of(row, inner);
    const auto owner = values ? owners.find(*values) : owners.end();
    if (owner == owners.end()) continue;
    for (JsonTree* around : owner->second) around->find(related.table)->push(row);
  }
  return true;
}

/// The rows of a table whose columns `by` have one of these values, at most `most`.
Result<std::vector<Line>> Reader::select(const std::string& table, std::span<const std::string> by,
                                         std::span<const Key> keys, std::span<const std::string> order,
                                         std::size_t most) {
  const auto columns = columns_of(table);
  if (!columns) return std::unexpected(columns.error());
  std::vector<Line> all;
  for (std::size_t start = 0; start < keys.size() && all.size() < most; start += kKeysAtOnce) {
    Sql sql(database_);
    sql.add("SELECT ").texts("t", *columns).add(" FROM ").add(quoted(table)).add(" t WHERE ");
    sql.any_of("t", by, keys.subspan(start, std::min(kKeysAtOnce, keys.size() - start)));
    sql.add(" ORDER BY ").names("t", order.empty() ? by : order).add(database_.limited_to(most - all.size()));
    auto lines = database_.query(sql.text(), sql.bound(), columns->size());
    if (!lines) return lines;
    all.insert(all.end(), std::make_move_iterator(lines->begin()), std::make_move_iterator(lines->end()));
  }
  return all;
}

}  // namespace adapters::rows
