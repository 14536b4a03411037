#include "gateway/config/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

using fhir::JsonTree;

bool not_there_yet(const FileFault& fault) { return fault.code == code::kNotThereYet; }

std::string counted(std::size_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string contents(const Config& config) {
  return fmt::format("site {}: {}, {}, {}, {}, {}; configuration {}", config.site, counted(config.doors.size(), "door"),
                     counted(config.systems.size(), "system"), counted(config.peers.size(), "peer"),
                     counted(config.partners.size(), "partner"), counted(config.routes.size(), "route"),
                     config.hash.substr(0, 8));
}

std::string last_line(const std::filesystem::path& folder, const CheckResult& result) {
  std::string line = folder.string() + ": ";
  if (result.errors > 0)
    line += counted(result.errors, "error");
  else
    line += "ok, " + contents(*result.config);
  if (result.warnings > 0) line += (result.errors > 0 ? ", " : "; ") + counted(result.warnings, "warning");
  if (result.not_there_yet > 0 && result.errors == 0)
    line += fmt::format("; {} of certificates and pins not there yet (--level files names them)",
                        counted(result.not_there_yet, "file"));
  return line + "\n";
}

JsonTree number(std::size_t value) { return JsonTree::number(std::to_string(value)); }

}  // namespace

JsonTree to_json(const FileFault& fault) {
  JsonTree tree = JsonTree::object({{"file", fault.file},
                                    {"line", number(fault.line)},
                                    {"column", number(fault.column)},
                                    {"severity", fault.warning ? "warning" : "error"},
                                    {"code", fault.code},
                                    {"say", fault.say}});
  if (!fault.hint.empty()) tree.set("hints", JsonTree::array());
  for (const auto part : std::views::split(std::string_view(fault.hint), '\n'))
    if (!part.empty()) tree["hints"].push(std::string(part.begin(), part.end()));
  if (const auto& other = fault.related; !other.say.empty())
    tree.set("related", JsonTree::object({{"file", other.file},
                                          {"line", number(other.line)},
                                          {"column", number(other.column)},
                                          {"say", other.say}}));
  return tree;
}

CheckResult check(const std::filesystem::path& folder, const Options& options) {
  CheckResult result;
  result.config = load(folder, result.faults, options);
  for (const FileFault& fault : result.faults)
    ++(not_there_yet(fault) ? result.not_there_yet : fault.warning ? result.warnings : result.errors);
  return result;
}

std::string render(const std::filesystem::path& folder, const CheckResult& result) {
  std::vector<FileFault> listed;
  std::ranges::copy_if(result.faults, std::back_inserter(listed),
                       [](const FileFault& fault) { return !not_there_yet(fault); });
  std::string out = render(listed);
  if (!out.empty()) out += fmt::format("\nmore about a fault: causeway check --explain {}\n", listed.front().code);
  return out + last_line(folder, result);
}

JsonTree to_json(const std::filesystem::path& folder, const CheckResult& result) {
  JsonTree tree = JsonTree::object({{"folder", folder.string()},
                                    {"ok", JsonTree::boolean(result.errors == 0)},
                                    {"errors", number(result.errors)},
                                    {"warnings", number(result.warnings)},
                                    {"notThereYet", number(result.not_there_yet)}});
  if (result.config != nullptr) tree.set("configuration", result.config->hash);
  tree.set("faults", JsonTree::array());
  for (const FileFault& fault : result.faults) tree["faults"].push(to_json(fault));
  return tree;
}

std::string explain_code(std::string_view code) {
  const CodeText* text = find_code(code);
  return text == nullptr ? std::string() : fmt::format("{}: {}\n{}\n", text->code, text->title, text->advice);
}

}  // namespace gateway::config
