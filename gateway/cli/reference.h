// The commands and flags as one table, read off the very CLI11 app that parses the command line and prints --help: so
// completion, man page and docs/CLI.md can only say what the program does. Made once all commands have been added.
#pragma once
#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace gateway::cli {

struct Flag {
  std::vector<std::string> names;  // "--json", "-q"; of an argument its name without dashes
  std::string value;               // placeholder of its value; empty: it takes none
  std::vector<std::string> choices;
  std::string help, fallback;  // fallback: the default, where there is one to tell
  bool argument = false;       // positional
  bool required = false, repeated = false;
  enum class Completes : unsigned char { nothing, files, folders } completes = Completes::nothing;
};

struct Command {
  std::vector<std::string> words;  // "msg", "ls"; none: causeway itself
  std::string help;
  std::vector<Flag> flags;  // arguments first
  bool runs = true;         // false: only a group of further commands
};

/// Depth first, in the order they were added; causeway itself is the first.
std::vector<Command> commands_of(const CLI::App& app);

/// "causeway msg ls --conf DIR [--patient TEXT] ..."
std::string usage(const Command& command);

std::string bash_completion(const std::vector<Command>& commands);
std::string zsh_completion(const std::vector<Command>& commands);
std::string fish_completion(const std::vector<Command>& commands);
std::string man_page(const std::vector<Command>& commands, const std::string& version);
std::string markdown(const std::vector<Command>& commands);

}  // namespace gateway::cli
