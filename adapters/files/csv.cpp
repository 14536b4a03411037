#include "adapters/files/csv.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace adapters::files {
namespace {

using fhir::Fault;
using fhir::JsonTree;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::size_t kMostColumns = 4096;

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t"), last = text.find_last_not_of(" \t");
  return first == std::string_view::npos ? std::string_view{} : text.substr(first, last - first + 1);
}

struct Field {
  std::string text;
  std::size_t line = 0, column = 0;

  bool blank() const { return trimmed(text).empty(); }
};

struct Line {
  std::vector<Field> fields;
  std::size_t begin = 0, end = 0;  // in the text; the line's end is not part of it
  std::size_t line = 0;

  bool empty() const {
    return std::ranges::all_of(fields, [](const Field& field) { return field.blank(); });
  }
};

std::unexpected<fhir::Error> fault(std::string_view code, std::size_t line, std::size_t column, std::string say) {
  return fhir::fail(Fault::invalid, fmt::format("csv.{}", code), fmt::format("{}:{}", line, column), std::move(say));
}

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

/// Reads line after line. Only quotes can make it fail.
class Lines {
 public:
  explicit Lines(std::string_view text) : text_(text) {}

  /// The next line with a value in it; nothing at the end.
  Result<std::optional<Line>> next() {
    while (at_ < text_.size()) {
      auto line = read();
      if (!line) return fhir::pass(line);
      if (line->empty()) continue;
      header_read_ = true;
      return std::optional(*std::move(line));
    }
    return std::optional<Line>{};
  }

 private:
  Result<Line> read() {
    while (!header_read_ && text_.substr(at_).starts_with(kByteOrderMark)) at_ += kByteOrderMark.size();
    Line line;
    line.begin = at_;
    line.line = line_;
    while (true) {
      auto field = at('"') ? quoted() : plain();
      if (!field) return fhir::pass(field);
      line.fields.push_back(*std::move(field));
      line.end = at_;
      if (!at(',')) break;
      step();
    }
    end_line();
    return line;
  }

  Result<Field> plain() {
    Field field{{}, line_, column_};
    while (at_ < text_.size() && !at(',') && !at_line_end()) {
      if (at('"')) return fault("quote", line_, column_, "a quote inside a field without quotes around it");
      field.text += text_[at_];
      step();
    }
    return field;
  }

  Result<Field> quoted() {
    Field field{{}, line_, column_};
    step();
    while (at_ < text_.size()) {
      if (at('"')) {
        step();
        if (!at('"')) return closed(std::move(field));
      }
      if (at_line_end()) {
        end_line();
        field.text += '\n';
      } else {
        field.text += text_[at_];
        step();
      }
    }
    return fault("quote", field.line, field.column, "the quote that begins here has no end");
  }

  Result<Field> closed(Field field) const {
    if (at_ < text_.size() && !at(',') && !at_line_end())
      return fault("quote", line_, column_, "after a closing quote only a comma or the line's end may follow");
    return field;
  }

  bool at(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool at_line_end() const { return at('\r') || at('\n'); }

  void step() {
    ++at_;
    if (at_ >= text_.size() || starts_character(text_[at_])) ++column_;
  }

  void end_line() {
    if (at_ >= text_.size()) return;
    at_ += text_.substr(at_).starts_with("\r\n") ? 2 : 1;
    ++line_;
    column_ = 1;
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1, column_ = 1;
  bool header_read_ = false;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// 5.10199E+17: how a spreadsheet shows, and saves, a number of twelve digits and more.
bool is_scientific(std::string_view text) {
  const std::size_t e = text.find_first_of("Ee");
  if (e == std::string_view::npos || e == 0) return false;
  const std::string_view mantissa = text.substr(0, e);
  std::string_view exponent = text.substr(e + 1);
  if (!exponent.starts_with('+')) return false;
  exponent.remove_prefix(1);
  const bool number = is_digit(mantissa[0]) && (mantissa.size() == 1 || mantissa[1] == '.') &&
                      std::ranges::all_of(mantissa.substr(std::min<std::size_t>(2, mantissa.size())), is_digit);
  return number && exponent.size() >= 2 && std::ranges::all_of(exponent, is_digit) && exponent > "10";
}

bool is_control(char c) { return (c >= '\0' && c < ' ' && c != '\t' && c != '\n') || c == '\x7F'; }

/// Spreadsheets leave empty columns behind the last one.
void drop_blank_end(std::vector<Field>& fields, std::size_t least) {
  while (fields.size() > least && fields.back().blank()) fields.pop_back();
}

Result<void> check_header(Line& header) {
  drop_blank_end(header.fields, 0);
  if (header.fields.size() > kMostColumns)
    return fault("header", header.line, 1, fmt::format("more than {} columns", kMostColumns));
  std::vector<std::string_view> names;
  for (Field& field : header.fields) {
    field.text = trimmed(field.text);
    if (field.text.empty()) return fault("header", field.line, field.column, "a column without a name");
    if (std::ranges::any_of(field.text, is_control))
      return fault("header", field.line, field.column, "the column's name holds a control character");
    if (std::ranges::find(names, field.text) != names.end())
      return fault("header", field.line, field.column, "a column name that stands here twice");
    names.push_back(field.text);
  }
  return {};
}

Result<void> check_field(const Field& field) {
  if (std::ranges::any_of(field.text, is_control))
    return fault("control", field.line, field.column, "the field holds a control character");
  if (is_scientific(trimmed(field.text)))
    return fault("scientific", field.line, field.column,
                 "a spreadsheet turned this long number into scientific notation and lost its last digits: format the "
                 "column as text and export it again");
  return {};
}

Result<void> check_row(const Line& header, Line& row) {
  drop_blank_end(row.fields, header.fields.size());
  if (row.fields.size() > header.fields.size()) {
    const Field& extra = row.fields[header.fields.size()];
    return fault("fields", extra.line, extra.column, "a value behind the last column of the header");
  }
  if (row.fields.size() < header.fields.size())
    return fault("fields", row.line, 1,
                 fmt::format("{} fields, and the header has {}", row.fields.size(), header.fields.size()));
  for (const Field& field : row.fields) {
    if (auto checked = check_field(field); !checked) return checked;
  }
  return {};
}

Result<Line> header_of(Lines& lines) {
  auto header = lines.next();
  if (!header) return fhir::pass(header);
  if (!*header) return fault("header", 1, 1, "the file is empty: its first row names the columns");
  return std::move(**header);
}

}  // namespace

Result<std::vector<CsvRecord>> split_csv(std::string_view text) {
  Lines lines(text);
  const auto header = header_of(lines);
  if (!header) return std::unexpected(header.error());
  const std::string head = std::string(text.substr(header->begin, header->end - header->begin)) + "\r\n";
  std::vector<CsvRecord> records;
  while (true) {
    const auto row = lines.next();
    if (!row) return std::unexpected(row.error());
    if (!*row) return records;
    records.push_back({(*row)->line, head + std::string(text.substr((*row)->begin, (*row)->end - (*row)->begin))});
  }
}

Result<fhir::Json> read_csv(std::string_view record) {
  Lines lines(record);
  auto header = header_of(lines);
  if (!header) return fhir::pass(header);
  if (auto checked = check_header(*header); !checked) return fhir::pass(checked);
  auto row = lines.next();
  if (!row) return fhir::pass(row);
  if (!*row) return fault("fields", header->line, 1, "the header has no row below it");
  if (auto checked = check_row(*header, **row); !checked) return fhir::pass(checked);
  const auto further = lines.next();
  if (!further) return std::unexpected(further.error());
  if (*further) return fault("fields", (*further)->line, 1, "a second row: one record is one row");
  JsonTree values = JsonTree::object();
  for (std::size_t i = 0; i < header->fields.size(); ++i) {
    const Field& field = (*row)->fields[i];
    values.set(header->fields[i].text, field.blank() ? JsonTree::null() : JsonTree::string(field.text));
  }
  JsonTree made = JsonTree::object({{"table", header->fields.front().text}});
  made.set("row", std::move(values));
  return fhir::Json::parse(made.dump());
}

}  // namespace adapters::files
