#include "gateway/cli/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace gateway::cli {
namespace {

// CLI11 tells a value as its type and what it is checked by: "TEXT:{semantic,files}", "TEXT:DIR", "INT:INT in [1 - 9]".
std::vector<std::string> choices_in(const std::string& type) {
  const auto open = type.find('{'), close = type.find('}');
  std::vector<std::string> found;
  if (open == std::string::npos || close == std::string::npos) return found;
  for (std::size_t from = open + 1; from <= close;) {
    const auto end = std::min(type.find(',', from), close);
    found.push_back(type.substr(from, end - from));
    from = end + 1;
  }
  return found;
}

Flag::Completes completes(const std::string& type, const std::vector<std::string>& names) {
  const auto named = [&](std::string_view name) { return std::ranges::find(names, name) != names.end(); };
  if (type.find("FILE") != std::string::npos) return Flag::Completes::files;
  if (type.find("DIR") != std::string::npos || named("--conf") || named("dir")) return Flag::Completes::folders;
  return Flag::Completes::nothing;
}

std::string placeholder(const Flag& flag, const std::string& type) {
  if (!flag.choices.empty()) return fmt::format("{}", fmt::join(flag.choices, "|"));
  if (flag.completes == Flag::Completes::folders) return "DIR";
  if (flag.completes == Flag::Completes::files) return "FILE";
  return type.substr(0, type.find(':'));
}

std::vector<std::string> names_of(const CLI::Option& option) {
  if (option.get_positional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const auto& name : option.get_snames()) names.push_back("-" + name);
  for (const auto& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

Flag flag_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  Flag flag;
  flag.names = names_of(option);
  flag.argument = option.get_positional();
  flag.help = option.get_description();
  flag.fallback = option.get_default_str();
  flag.required = option.get_required();
  flag.repeated = option.get_items_expected_max() > 1;
  flag.choices = choices_in(type);
  flag.completes = completes(type, flag.names);
  if (option.get_items_expected_max() > 0) flag.value = placeholder(flag, type);
  return flag;
}

void add_commands(std::vector<Command>& all, const CLI::App& app, std::vector<std::string> words) {
  Command command;
  command.words = words;
  command.help = app.get_description();
  command.runs = app.get_require_subcommand_min() == 0;
  for (const bool arguments : {true, false}) {
    for (const CLI::Option* option : app.get_options()) {
      if (option->get_positional() == arguments) command.flags.push_back(flag_of(*option));
    }
  }
  all.push_back(std::move(command));
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; })) {
    words.push_back(sub->get_name());
    add_commands(all, *sub, words);
    words.pop_back();
  }
}

}  // namespace

std::vector<Command> commands_of(const CLI::App& app) {
  std::vector<Command> all;
  add_commands(all, app, {});
  return all;
}

std::string usage(const Command& command) {
  std::string text = "causeway";
  for (const auto& word : command.words) text += " " + word;
  for (const Flag& flag : command.flags) {
    if (flag.names.back() == "--help") continue;
    std::string one =
        flag.argument ? flag.names.back() : flag.names.back() + (flag.value.empty() ? "" : " " + flag.value);
    if (flag.repeated) one += "...";
    text += flag.required ? " " + one : " [" + one + "]";
  }
  if (!command.runs) text += " COMMAND";
  return text;
}

}  // namespace gateway::cli
