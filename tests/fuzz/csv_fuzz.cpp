// libFuzzer: CSV. Whatever comes, splitting and reading end without a crash; every record that is cut off a file reads
// the same on its own, and what was read once reads the same when it is written with all its fields quoted.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "adapters/charset.h"
#include "adapters/files/csv.h"

namespace {

using adapters::files::read_csv;
using adapters::files::split_csv;

void demand(bool holds) {
  if (!holds) std::abort();
}

void add_quoted(std::string& line, std::string_view text) {
  line += line.empty() || line.ends_with('\n') ? "\"" : ",\"";
  for (const char c : text) line += c == '"' ? "\"\"" : std::string(1, c);
  line += '"';
}

std::string written(fhir::JsonView row) {
  std::string head, values = "\n";
  for (auto field = row.begin(); field != row.end(); ++field) {
    add_quoted(head, field.key());
    add_quoted(values, (*field).is_string() ? (*field).text() : std::string_view{});
  }
  return head + values;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = adapters::decode({reinterpret_cast<const char*>(data), size}, adapters::Charset::utf8);
  if (!text) return 0;
  const auto records = split_csv(*text);
  if (!records) {
    demand(!records.error().where.empty());
    return 0;
  }
  for (const auto& record : *records) {
    const auto again = split_csv(record.text);
    demand(again && again->size() == 1 && again->front().text == record.text);
    const auto read = read_csv(record.text);
    if (!read) {
      demand(read.error().where.find(':') != std::string::npos);
      continue;
    }
    const auto twice = read_csv(written(read->root()["row"]));
    demand(twice && twice->root()["row"].dump() == read->root()["row"].dump());
  }
  return 0;
}
