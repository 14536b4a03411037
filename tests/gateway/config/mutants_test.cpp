// Mutants of the shipped configuration: each is one mistake a person makes, and each must be reported on its line.
// Mechanical ones are made from every line of the six sites' files, the others are written out by hand.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>

#include "tests/gateway/config/mistakes.h"
#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::has_fault;
using gateway::config::test::line_of;
using gateway::config::test::Mistake;
using gateway::config::test::mistakes;
using gateway::config::test::SiteCopy;

namespace {

struct Tally {
  std::size_t made = 0, found = 0, faults = 0;
};

struct Score {
  std::map<std::string, Tally> kinds;
  std::vector<std::string> missed;

  void count(const std::string& kind, bool found, std::size_t faults, const std::string& what) {
    Tally& tally = kinds[kind];
    ++tally.made;
    tally.found += found ? 1u : 0u;
    tally.faults += faults;
    if (!found) missed.push_back(kind + ": " + what);
  }

  Tally total() const {
    Tally sum;
    for (const auto& [kind, tally] : kinds)
      sum = {sum.made + tally.made, sum.found + tally.found, sum.faults + tally.faults};
    return sum;
  }

  void print(std::string_view title) const {
    fmt::print("\n{:<34}{:>8}{:>8}{:>18}\n", title, "mutants", "found", "faults a mutant");
    const auto row = [](std::string_view name, const Tally& t) {
      fmt::print("{:<34}{:>8}{:>8}{:>18.1f}\n", name, t.made, t.found,
                 static_cast<double>(t.faults) / static_cast<double>(t.made));
    };
    for (const auto& [kind, tally] : kinds) row(kind, tally);
    row("all", total());
    for (const auto& what : missed) fmt::print("  missed: {}\n", what);
  }
};

// ---- mechanical

struct Line {
  std::string indent, key, value;  // of `indent key: value`; a leading "- " counts as indent
};

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; begin = end + 1, end = text.find('\n', begin))
    lines.push_back(text.substr(begin, end - begin));
  return lines;
}

std::optional<Line> parse(const std::string& line) {
  const std::size_t start = line.find_first_not_of(" -");
  const std::size_t colon = line.find(':');
  if (start == std::string::npos || line[start] == '#' || colon == std::string::npos) return std::nullopt;
  const std::string key = line.substr(start, colon - start);
  if (key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") != std::string::npos) return std::nullopt;
  if (colon + 1 < line.size() && line[colon + 1] != ' ') return std::nullopt;
  const std::size_t comment = line.find(" #", colon);
  std::string value = line.substr(colon + 1, comment == std::string::npos ? comment : comment - colon - 1);
  value.erase(0, std::min(value.find_first_not_of(' '), value.size()));
  value.erase(value.find_last_not_of(' ') + 1);
  return Line{line.substr(0, start), key, value};
}

using Mutator = std::optional<std::string> (*)(const std::string& text, const Line& line);

std::optional<std::string> swap_letters(const std::string&, const Line& line) {
  if (line.key.size() < 3 || line.key[1] == line.key[2]) return std::nullopt;
  std::string key = line.key;
  std::swap(key[1], key[2]);
  return line.indent + key + ": " + line.value;
}
std::optional<std::string> add_letter(const std::string&, const Line& line) {
  return line.indent + line.key + "x: " + line.value;
}
std::optional<std::string> indent_with_tab(const std::string& text, const Line& line) {
  return line.indent.size() < 2 ? std::nullopt : std::optional("\t" + text.substr(2));
}
std::optional<std::string> drop_value(const std::string&, const Line& line) {
  return line.value.empty() ? std::nullopt : std::optional(line.indent + line.key + ":");
}
std::optional<std::string> wrong_type(const std::string&, const Line& line) {
  return line.value.empty() ? std::nullopt : std::optional(line.indent + line.key + ": {unexpected: {}}");
}
std::optional<std::string> need_variable(const std::string& text, const Line&) {
  const std::size_t at = text.find(":-"), end = text.find('}', at);
  return at == std::string::npos ? std::nullopt : std::optional(text.substr(0, at) + "_NOWHERE" + text.substr(end));
}
/// The key once more on the next line: the fault is there.
std::optional<std::string> double_key(const std::string& text, const Line& line) {
  if (line.value.empty()) return std::nullopt;
  return text + "\n" + std::string(line.indent.size(), ' ') + line.key + ": " + line.value;
}

struct Mechanical {
  std::string name;
  Mutator make;
  std::size_t line_after = 0;  // how far below the edited line the fault is
};

const std::vector<Mechanical>& mechanical() {
  static const std::vector<Mechanical> list{{"two letters of a key swapped", swap_letters},
                                            {"a letter too many in a key", add_letter},
                                            {"a tab in the indentation", indent_with_tab},
                                            {"no value", drop_value},
                                            {"wrong type", wrong_type},
                                            {"unset variable", need_variable},
                                            {"key given twice", double_key, 1}};
  return list;
}

void try_lines(const std::string& site, const std::string& file, Score& score) {
  SiteCopy copy(site);
  const std::string whole = copy.read(file);
  const auto lines = lines_of(whole);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const auto parsed = parse(lines[i]);
    if (!parsed) continue;
    for (const auto& kind : mechanical()) {
      const auto mutant = kind.make(lines[i], *parsed);
      if (!mutant) continue;
      auto changed = lines;
      changed[i] = *mutant;
      copy.write(file, fmt::format("{}\n", fmt::join(changed, "\n")));
      const bool loaded = copy.load() != nullptr;
      score.count(kind.name, !loaded && has_fault(copy.faults, file, i + 1 + kind.line_after, ""), copy.faults.size(),
                  fmt::format("{}/{}:{} {}", site, file, i + 1, *mutant));
    }
  }
}

// ---- by hand

void try_mutant(const Mistake& mutant, Score& score) {
  SiteCopy copy(mutant.site);
  copy.edit(mutant.file, mutant.from, mutant.to);
  copy.load(mutant.level);
  const std::string file = mutant.fault_in.empty() ? mutant.file : mutant.fault_in;
  const std::string at = mutant.at.empty() ? mutant.to.substr(0, mutant.to.find('\n')) : mutant.at;
  const std::size_t line = line_of(copy.read(file), at);
  score.count(mutant.kind, line != 0 && has_fault(copy.faults, file, line, mutant.code), copy.faults.size(),
              fmt::format("{}/{}:{} {} '{}'\n{}", mutant.site, file, line, mutant.code, at, render(copy.faults)));
}

}  // namespace

TEST_CASE("the shipped configurations have no fault and no warning", "[config]") {
  for (const std::string site : {"hainan", "tianjin", "beijing", "hongkong", "huili", "chengdu"})
    for (const Level level : {Level::semantic, Level::files}) {
      SiteCopy copy(site);
      CHECK(copy.load(level) != nullptr);
      CHECK(render(copy.faults) == "");
    }
}

TEST_CASE("every mechanical mistake in the shipped configurations is reported on its line", "[config]") {
  Score score;
  for (const std::string site : {"hainan", "tianjin", "hongkong"})
    for (const std::string file : {"causeway.yaml", "routes.yaml", "peers.yaml", "partners.yaml"})
      try_lines(site, file, score);
  score.print("mechanical mutants");
  const Tally total = score.total();
  CHECK(total.made >= 60);
  CHECK(total.found * 100 >= total.made * 95);
}

TEST_CASE("every mistake somebody thought of is reported on its line with its code", "[config]") {
  Score score;
  for (const Mistake& mutant : mistakes()) try_mutant(mutant, score);
  score.print("mutants by hand");
  const Tally total = score.total();
  CHECK(total.made >= 60);
  CHECK(total.found * 100 >= total.made * 95);
}
