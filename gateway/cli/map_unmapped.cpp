// `causeway map unmapped`: the codes that the tables of a running site had no answer to, each with a line that can be
// pasted into its table.
#include <fmt/format.h>

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "adapters/map/check.h"
#include "gateway/cli/control_client.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, maps = "mappings";
};

std::string quoted(std::string_view field) {
  if (field.find_first_of(",\"\n") == std::string_view::npos) return std::string(field);
  std::string out = "\"";
  for (const char c : field) out += c == '"' ? "\"\"" : std::string(1, c);
  return out + "\"";
}

/// The columns of each code table below the folder, `from` first; a table that several sites have, of the first.
std::map<std::string, std::vector<std::string>> columns_below(const std::string& folder) {
  std::map<std::string, std::vector<std::string>> columns;
  const std::vector<std::string> places{folder};
  const auto found = adapters::map::collect(places);
  if (!found) return columns;
  for (const auto& file : found->tables) {
    std::vector<adapters::map::FileFault> none;
    adapters::map::Faults faults(none);
    const auto text = adapters::map::disk().read(file, 1u << 20);
    const auto table = text ? adapters::map::Table::parse(file.stem().string(), *text, 0, faults) : nullptr;
    if (table != nullptr) columns.emplace(file.stem().string(), table->columns());
  }
  return columns;
}

/// code,,display: what is not known is left for the person.
std::string line_of(JsonView code, const std::vector<std::string>& columns) {
  std::string line = quoted(code["code"].text());
  for (const auto& column : columns) line += column == "display" ? "," + quoted(code["display"].text()) : ",";
  return line;
}

void unmapped(Context& context, const Options& options) {
  const auto answer = ask_site(context, {.conf = options.conf, .path = "/unmapped"});
  if (!answer) return;
  const auto known = columns_below(options.maps);
  const std::vector<std::string> usual{"code", "display"};
  const auto line = [&](JsonView code) {
    const auto columns = known.find(std::string(code["table"].text()));
    return line_of(code, columns == known.end() ? usual : columns->second);
  };
  if (context.json) {
    JsonTree tree = JsonTree::from(answer->root());
    std::size_t i = 0;
    for (const JsonView code : answer->root()["codes"]) tree["codes"].children()[i++].second.set("line", line(code));
    return print_json(tree);
  }
  const auto shown = printable(*answer);
  std::set<std::string> tables;
  for (const JsonView code : shown.root()["codes"]) tables.emplace(code["table"].text());
  if (tables.empty()) return fmt::print("every code that came had an answer\n");
  for (const auto& table : tables) {
    fmt::print("codes/{}.csv\n", table);
    for (const JsonView code : shown.root()["codes"])
      if (code["table"].text() == table)
        fmt::print("  {:<40} {:>6} times, {} to {}, as at {} ({})\n", line(code), code["count"].text(),
                   code["first"].text(), code["last"].text(), code["place"].text(), code["map"].text());
  }
}

}  // namespace

void add_map_unmapped(CLI::App& map, Context& context) {
  auto* sub = map.add_subcommand("unmapped", "Codes that came and had no answer, with a line to paste into the table");
  auto options = std::make_shared<Options>();
  sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
  sub->add_option("--maps", options->maps, "the mapping folder whose tables say which columns a line has")
      ->capture_default_str();
  sub->callback([&context, options] { unmapped(context, *options); });
}

}  // namespace gateway::cli
