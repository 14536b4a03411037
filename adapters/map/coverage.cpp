#include "adapters/map/coverage.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace adapters::map {
namespace {

/// OBX[3]-5[2].7 -> OBX-5.7: the field, whichever occurrence of it.
std::string field_of(std::string_view place) {
  std::string out;
  bool bracket = false;
  for (const char c : place) {
    bracket = bracket || c == '[';
    if (!bracket) out += c;
    if (c == ']') bracket = false;
  }
  return out;
}

double share(std::size_t part, std::size_t whole) {
  return whole == 0 ? 100.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole);
}

using Seen = std::map<std::pair<std::size_t, std::size_t>, Coverage::Rule>;

}  // namespace

std::size_t Coverage::File::exercised() const {
  return static_cast<std::size_t>(std::ranges::count(rules, true, &Rule::made));
}

double Coverage::File::percent() const { return share(exercised(), rules.size()); }

std::size_t Coverage::rules() const {
  std::size_t sum = 0;
  for (const auto& file : files) sum += file.rules.size();
  return sum;
}

double Coverage::percent() const {
  std::size_t made = 0;
  for (const auto& file : files) made += file.exercised();
  return share(made, rules());
}

Coverage cover(const Collection& collection, const Files& files) {
  const auto& maps = collection.maps;
  std::set<std::string> own;
  for (const auto* some : {&maps, &collection.parts, &collection.sub_maps})
    for (const auto& file : *some) own.insert(file.string());
  std::map<std::string, Seen> seen;
  std::map<std::pair<std::string, std::string>, Coverage::Field> fields;
  Coverage coverage;
  for (const auto& map : maps) {
    const auto tested = test(map, {}, false, files);
    coverage.tests += tested.cases.size();
    for (const auto& rule : tested.rules) {
      const auto& file = rule.mark.file < tested.files.size() ? tested.files[rule.mark.file] : map.string();
      if (!own.contains(file)) continue;
      auto& known = seen[file][{rule.mark.line, rule.mark.column}];
      known = {rule.mark.line, rule.mark.column, rule.id, known.made || rule.made};
    }
    if (!tested.rules.empty()) seen[map.string()];
    for (const auto& one : tested.cases) {
      if (!one.outcome) continue;
      for (const auto& note : one.outcome->report.notes) {
        if (note.code != "not-mapped" && note.code != "ignored") continue;
        auto& field = fields[{field_of(note.source), note.code}];
        if (field.count++ == 0) field = {field_of(note.source), note.code, 1, one.expectation.string()};
      }
    }
  }
  for (auto& [file, rules] : seen) {
    auto& into = coverage.files.emplace_back(Coverage::File{file, {}});
    for (auto& [place, rule] : rules) into.rules.push_back(std::move(rule));
  }
  for (auto& [key, field] : fields) coverage.fields.push_back(std::move(field));
  return coverage;
}

}  // namespace adapters::map
