// `causeway completion bash|zsh|fish`: a script for the shell, made from the table of commands. All three follow the
// words typed so far to the command they name ("/msg/ls"), then offer what may stand there.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <memory>

#include "gateway/cli/commands.h"
#include "gateway/cli/reference.h"

namespace gateway::cli {
namespace {

std::string place_of(const Command& command) {
  return command.words.empty() ? "" : fmt::format("/{}", fmt::join(command.words, "/"));
}

// In single quotes, as every shell reads them. (fish knows \' inside them, the others need them closed.)
std::string quoted(std::string_view text, std::string_view quote_inside) {
  std::string out = "'";
  for (const char c : text) c == '\'' ? out += quote_inside : out += c;
  return out + "'";
}

// The commands directly below this one.
std::vector<const Command*> below(const std::vector<Command>& commands, const Command& command) {
  std::vector<const Command*> found;
  for (const Command& other : commands) {
    const bool child = other.words.size() == command.words.size() + 1 &&
                       std::equal(command.words.begin(), command.words.end(), other.words.begin());
    if (child) found.push_back(&other);
  }
  return found;
}

// "/msg|/msg/ls|..." : every place there is, for the loop that follows the words.
std::string all_places(const std::vector<Command>& commands) {
  std::vector<std::string> places;
  for (const Command& command : commands) {
    if (!command.words.empty()) places.push_back(place_of(command));
  }
  return fmt::format("{}", fmt::join(places, "|"));
}

std::vector<std::string> words_at(const std::vector<Command>& commands, const Command& command) {
  std::vector<std::string> words;
  for (const Command* sub : below(commands, command)) words.push_back(sub->words.back());
  for (const Flag& flag : command.flags) {
    if (!flag.argument) words.insert(words.end(), flag.names.begin(), flag.names.end());
  }
  return words;
}

// "/msg/ls --state" for each name of a flag that takes a value, as patterns of a case.
std::string after_flag(const Command& command, const Flag& flag) {
  std::vector<std::string> patterns;
  for (const auto& name : flag.names) patterns.push_back(fmt::format("\"{} {}\"", place_of(command), name));
  return fmt::format("{}", fmt::join(patterns, "|"));
}

bool takes_files(const Command& command) {
  return std::ranges::any_of(
      command.flags, [](const Flag& flag) { return flag.argument && flag.completes != Flag::Completes::nothing; });
}

void bash_values(std::string& out, const Command& command) {
  for (const Flag& flag : command.flags) {
    if (flag.argument || flag.value.empty()) continue;
    std::string reply;
    if (!flag.choices.empty()) reply = fmt::format("compgen -W '{}' -- \"$current\"", fmt::join(flag.choices, " "));
    if (flag.completes == Flag::Completes::folders) reply = "compgen -d -- \"$current\"";
    if (flag.completes == Flag::Completes::files) reply = "compgen -f -- \"$current\"";
    out += fmt::format("    {}) COMPREPLY=({}); return ;;\n", after_flag(command, flag),
                       reply.empty() ? "" : fmt::format("$({})", reply));
  }
}

}  // namespace

std::string bash_completion(const std::vector<Command>& commands) {
  std::string out = fmt::format(R"(# bash completion of causeway; made by `causeway completion bash`
_causeway() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} at= word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$at/$word" in {}) at=$at/$word ;; esac
  done
  COMPREPLY=()
  case "$at $previous" in
)",
                                all_places(commands));
  for (const Command& command : commands) bash_values(out, command);
  out += "  esac\n  case \"$at\" in\n";
  for (const Command& command : commands) {
    out += fmt::format("    \"{}\") COMPREPLY=($(compgen -W '{}' -- \"$current\"){}) ;;\n", place_of(command),
                       fmt::join(words_at(commands, command), " "),
                       takes_files(command) ? " $(compgen -f -- \"$current\")" : "");
  }
  return out + "  esac\n}\ncomplete -o filenames -F _causeway causeway\n";
}

namespace {

// `_describe` parts a word from its description at the first colon that is not escaped.
std::string described(std::string_view word, std::string_view help) {
  std::string text;
  for (const char c : word) {
    if (c == ':') text += '\\';
    text += c;
  }
  return quoted(fmt::format("{}:{}", text, help), "'\\''");
}

void zsh_values(std::string& out, const Command& command) {
  for (const Flag& flag : command.flags) {
    if (flag.argument || flag.value.empty()) continue;
    std::string reply = "_message 'value'";
    if (!flag.choices.empty()) reply = fmt::format("compadd -- {}", fmt::join(flag.choices, " "));
    if (flag.completes == Flag::Completes::folders) reply = "_files -/";
    if (flag.completes == Flag::Completes::files) reply = "_files";
    out += fmt::format("    {}) {}; return ;;\n", after_flag(command, flag), reply);
  }
}

}  // namespace

std::string zsh_completion(const std::vector<Command>& commands) {
  std::string out = fmt::format(R"(#compdef causeway
# zsh completion of causeway; made by `causeway completion zsh`
_causeway() {{
  local at= word
  local -a offered
  for word in "${{(@)words[2,CURRENT-1]}}"; do
    case "$at/$word" in {}) at=$at/$word ;; esac
  done
  case "$at ${{words[CURRENT-1]}}" in
)",
                                all_places(commands));
  for (const Command& command : commands) zsh_values(out, command);
  out += "  esac\n  case \"$at\" in\n";
  for (const Command& command : commands) {
    std::vector<std::string> words;
    for (const Command* sub : below(commands, command)) words.push_back(described(sub->words.back(), sub->help));
    for (const Flag& flag : command.flags) {
      if (flag.argument) continue;
      for (const auto& name : flag.names) words.push_back(described(name, flag.help));
    }
    out += fmt::format("    \"{}\") offered=({}){} ;;\n", place_of(command), fmt::join(words, " "),
                       takes_files(command) ? "; _files" : "");
  }
  return out +
         "  esac\n  _describe 'causeway' offered\n}\nif [ \"$funcstack[1]\" = _causeway ]; then _causeway \"$@\"; else "
         "compdef _causeway causeway; fi\n";
}

std::string fish_completion(const std::vector<Command>& commands) {
  std::string places = all_places(commands);
  std::ranges::replace(places, '|', ' ');
  std::string out = fmt::format(R"(# fish completion of causeway; made by `causeway completion fish`
function __causeway_at
  set -l at ''
  for word in (commandline -opc)[2..-1]
    switch "$at/$word"
      case {}
        set at "$at/$word"
    end
  end
  test "$at" = "$argv[1]"
end
complete -c causeway -f
)",
                                places);
  const auto line = [&](const Command& command, const std::string& rest) {
    out += fmt::format("complete -c causeway -n '__causeway_at \"{}\"' {}\n", place_of(command), rest);
  };
  for (const Command& command : commands) {
    for (const Command* sub : below(commands, command))
      line(command, fmt::format("-a {} -d {}", sub->words.back(), quoted(sub->help, "\\'")));
    for (const Flag& flag : command.flags) {
      if (flag.argument) continue;
      std::string names;
      for (const auto& name : flag.names)
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      std::string value = flag.value.empty() ? "" : " -x";
      if (!flag.choices.empty()) value += fmt::format(" -a '{}'", fmt::join(flag.choices, " "));
      if (flag.completes == Flag::Completes::files) value = " -r -F";
      if (flag.completes == Flag::Completes::folders) value = " -x -a '(__fish_complete_directories)'";
      line(command, fmt::format("{}{} -d {}", names.substr(1), value, quoted(flag.help, "\\'")));
    }
    if (takes_files(command)) line(command, "-F");
  }
  return out;
}

void add_completion(CLI::App& app, Context&) {
  auto* command = app.add_subcommand("completion", "Print the completion script for a shell");
  auto shell = std::make_shared<std::string>();
  command->add_option("shell", *shell, "for which shell")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  command->callback([&app, shell] {
    const auto make = *shell == "bash" ? bash_completion : *shell == "zsh" ? zsh_completion : fish_completion;
    fmt::print("{}", make(commands_of(app)));
  });
}

}  // namespace gateway::cli
