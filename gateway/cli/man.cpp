// `causeway man`: the manual page, and docs/CLI.md, made from the table of commands.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "gateway/cli/commands.h"
#include "gateway/cli/reference.h"

namespace gateway::cli {
namespace {

constexpr std::string_view kIntroduction =
    "Causeway stands at a hospital, speaks the hospital's own dialect on the inside and HL7 FHIR R4 over mutual TLS on "
    "the outside. `causeway run` is the gateway of one site; the other commands make and check its configuration, and "
    "ask the running gateway over its control socket, which only its own user may open.";

struct Code {
  const char* code;
  const char* meaning;
};
constexpr Code kExitCodes[] = {{"0", "done"},
                               {"1",
                                "done, and something is wrong: faults were found, a light is not green, the site "
                                "said no"},
                               {"2", "unusable arguments or input, or the site could not be reached"}};

std::string name_of(const Command& command) {
  return command.words.empty() ? "causeway" : fmt::format("causeway {}", fmt::join(command.words, " "));
}

std::string told(const Flag& flag) {
  std::string text = fmt::format("{}", fmt::join(flag.names, ", "));
  if (!flag.argument && !flag.value.empty()) text += " " + flag.value;
  return text;
}

std::string meaning(const Flag& flag) {
  std::string text = flag.help;
  if (flag.required) text += "; required";
  if (!flag.fallback.empty() && !flag.value.empty()) text += fmt::format("; default {}", flag.fallback);
  return text;
}

// For troff: hyphens that can be copied, no escapes, no line that is taken for a request.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  if (out.starts_with('.') || out.starts_with('\'')) out.insert(0, "\\&");
  return out;
}

// For a cell of a table.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) c == '|' ? out += "\\|" : out += c;
  return out;
}

void man_flags(std::string& out, const Command& command) {
  for (const Flag& flag : command.flags) {
    out += fmt::format(".TP\n.B {}\n{}\n", escaped(told(flag)), escaped(meaning(flag)));
  }
}

}  // namespace

std::string man_page(const std::vector<Command>& commands, const std::string& version) {
  std::string out = fmt::format(".TH CAUSEWAY 1 \"\" \"Causeway {}\" \"User Commands\"\n", version);
  out += ".SH NAME\ncauseway \\- an HL7 FHIR R4 gateway between hospitals\n.SH SYNOPSIS\n.B causeway\nCOMMAND ...\n";
  out += fmt::format(".SH DESCRIPTION\n{}\n.SH OPTIONS\n", escaped(kIntroduction));
  man_flags(out, commands.front());
  out += ".SH COMMANDS\n";
  for (const Command& command : commands) {
    if (command.words.empty()) continue;
    out += fmt::format(".SS {}\n{}.\n", escaped(name_of(command)), escaped(command.help));
    if (command.runs) man_flags(out, command);
  }
  out += ".SH EXIT STATUS\n";
  for (const auto& [code, what] : kExitCodes) out += fmt::format(".TP\n.B {}\n{}\n", code, escaped(what));
  return out;
}

std::string markdown(const std::vector<Command>& commands) {
  std::string out = "# Commands\n<!-- Made by `causeway man --markdown`; a test compares. -->\n" +
                    std::string(kIntroduction) +
                    "\n\nWith `--json` a command prints JSON on standard output and "
                    "nothing else there. Exit codes:";
  for (const auto& [code, what] : kExitCodes) out += fmt::format(" **{}** {};", code, what);
  out.back() = '.';
  out += "\n\n| command | what it does |\n|---|---|\n";
  for (const Command& command : commands) {
    if (!command.words.empty() && command.runs)
      out += fmt::format("| `{}` | {} |\n", name_of(command), cell(command.help));
  }
  for (const Command& command : commands) {
    if (!command.runs && !command.words.empty()) continue;
    out += fmt::format("\n## {}\n{}.\n\n    {}\n\n| | |\n|---|---|\n", name_of(command), command.help, usage(command));
    for (const Flag& flag : command.flags) out += fmt::format("| `{}` | {} |\n", cell(told(flag)), cell(meaning(flag)));
  }
  return out;
}

void add_man(CLI::App& app, Context&) {
  auto* command = app.add_subcommand("man", "Print the manual page: causeway man | man -l -");
  auto as_markdown = std::make_shared<bool>(false);
  command->add_flag("--markdown", *as_markdown, "print docs/CLI.md instead");
  command->callback([&app, as_markdown] {
    const auto commands = commands_of(app);
    fmt::print("{}", *as_markdown ? markdown(commands) : man_page(commands, CAUSEWAY_VERSION));
  });
}

}  // namespace gateway::cli
