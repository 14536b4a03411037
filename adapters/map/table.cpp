#include "adapters/map/table.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "adapters/map/convert.h"

namespace adapters::map {
namespace {

/// The fields of one CSV line. A quoted field may hold commas and doubled quotes, but no line break: code tables are
/// read line by line so that faults have a line.
std::optional<std::vector<std::string>> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
      fields.back() += '"';
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (c == ',' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  if (quoted) return std::nullopt;
  for (auto& field : fields) field = std::string(trim(field));
  return fields;
}

std::string_view next_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

std::shared_ptr<const Table> Table::parse(std::string name, std::string_view csv, std::uint32_t file, Faults& faults) {
  auto table = std::make_shared<Table>();
  table->name_ = std::move(name);
  const auto before = faults.errors();
  if (csv.starts_with("\xEF\xBB\xBF")) csv.remove_prefix(3);
  bool described = false;
  for (std::uint32_t line_number = 1; !csv.empty(); ++line_number) {
    const Mark mark{file, line_number, 1};
    const auto line = next_line(csv);
    if (trim(line).empty()) continue;
    if (line.starts_with('#')) {
      described = true;
      continue;
    }
    auto fields = split(line);
    if (!fields) {
      faults.error(mark, "E0215", "a quote in this row is not closed");
      continue;
    }
    if (table->columns_.empty()) {
      if (fields->size() < 2 || fields->front() != "from")
        faults.error(mark, "E0215", "the first row must name the columns, `from` first", "from,code,display");
      table->columns_.assign(fields->begin() + 1, fields->end());
      if (table->columns_.empty()) return nullptr;
      continue;
    }
    const auto from = fields->front();
    fields->erase(fields->begin());
    if (fields->size() > table->columns_.size()) faults.error(mark, "E0215", "this row has more fields than the first");
    fields->resize(table->columns_.size());
    if (from == "*") {
      table->default_ = std::move(*fields);
    } else if (!table->rows_.emplace(from, std::move(*fields)).second) {
      faults.error(mark, "E0215", fmt::format("'{}' has two rows", from));
    } else {
      table->order_.push_back(from);
    }
  }
  if (!described)
    faults.error({file, 1, 1}, "E0215", "a code table begins with a comment that names the source of its codes",
                 "# GB/T 2261.1 -> administrative-gender");
  if (table->columns_.empty() && described) faults.error({file, 1, 1}, "E0215", "the table has no rows");
  return faults.errors() == before ? table : nullptr;
}

std::optional<std::size_t> Table::column(std::string_view name) const {
  const auto found = std::ranges::find(columns_, name);
  if (found == columns_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - columns_.begin());
}

const std::string* Table::find(std::string_view from, std::size_t column) const {
  auto row = rows_.find(trim(from));
  if (row == rows_.end()) row = rows_.find(std::string(trim(fold_width(from))));
  if (row != rows_.end()) return &row->second[column];
  return default_ ? &(*default_)[column] : nullptr;
}

std::vector<std::string_view> Table::values(std::size_t column) const {
  std::vector<std::string_view> out;
  for (const auto& [from, row] : rows_) out.emplace_back(row[column]);
  if (default_) out.emplace_back((*default_)[column]);
  return out;
}

std::vector<std::string_view> Table::sources(std::string_view value, std::size_t column) const {
  std::vector<std::string_view> preferred, same, others;
  const auto mark = this->column("preferred");
  for (const auto& from : order_) {
    const Row& row = rows_.find(from)->second;
    if (row[column] != value) continue;
    (mark && !row[*mark].empty() ? preferred : from == value ? same : others).emplace_back(from);
  }
  for (const auto& list : {same, others}) preferred.insert(preferred.end(), list.begin(), list.end());
  return preferred;
}

std::vector<std::pair<std::string_view, std::vector<std::string_view>>> Table::shared(std::size_t column) const {
  std::vector<std::pair<std::string_view, std::vector<std::string_view>>> out;
  std::set<std::string_view> seen;
  for (const auto& from : order_) {
    const std::string_view value = rows_.find(from)->second[column];
    if (value.empty() || !seen.insert(value).second) continue;
    auto codes = sources(value, column);
    if (codes.size() > 1) out.emplace_back(value, std::move(codes));
  }
  return out;
}

}  // namespace adapters::map
