// Mistakes that people make, put into the shipped maps by the hundred: `causeway map check` must find nearly all of
// them, each at the line where it stands, and nothing in the maps as they are shipped.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>

#include "adapters/map/check.h"
#include "adapters/map/compile.h"
#include "adapters/map/yaml.h"
#include "fhir/definitions/definitions.h"

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

constexpr std::size_t kMutants = 200;
constexpr unsigned kSeed = 20260310;

/// The disk, but for one file.
class Edited final : public Files {
 public:
  Edited(fs::path file, std::string text) : file_(std::move(file)), text_(std::move(text)) {}
  std::optional<std::string> read(const fs::path& file, std::size_t most) const override {
    return file == file_ ? std::optional(text_) : disk().read(file, most);
  }
  bool is_file(const fs::path& file) const override { return disk().is_file(file); }
  bool is_folder(const fs::path& folder) const override { return disk().is_folder(folder); }
  std::vector<fs::path> list(const fs::path& folder, std::string_view ending) const override {
    return disk().list(folder, ending);
  }

 private:
  fs::path file_;
  std::string text_;
};

/// A map's text by lines, and places in it as yaml.cpp tells them: columns count characters.
class Text {
 public:
  explicit Text(const std::string& text) {
    for (std::size_t begin = 0; begin < text.size();) {
      const auto end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  const std::string& line(std::size_t number) const { return lines_[number - 1]; }
  std::size_t size() const { return lines_.size(); }

  std::size_t offset(Mark mark) const {
    const std::string& text = line(mark.line);
    std::size_t at = 0;
    for (std::size_t column = 1; column < mark.column && at < text.size(); ++column) do
        ++at;
      while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u);
    return at;
  }

  /// The text with `was` at that place written `now`; nothing when `was` does not stand there.
  std::optional<std::string> with(Mark mark, std::string_view was, std::string_view now) const {
    std::string changed = line(mark.line);
    auto at = offset(mark);
    if (at < changed.size() && (changed[at] == '"' || changed[at] == '\'')) ++at;
    if (changed.compare(at, was.size(), was) != 0) return std::nullopt;
    changed.replace(at, was.size(), now);
    return with_line(mark.line, {changed});
  }

  std::string with_line(std::size_t number, const std::vector<std::string>& instead) const {
    std::string out;
    for (std::size_t i = 1; i <= lines_.size(); ++i) {
      if (i != number) out += lines_[i - 1] + "\n";
      if (i == number)
        for (const auto& one : instead) out += one + "\n";
    }
    return out;
  }

 private:
  std::vector<std::string> lines_;
};

struct Mutant {
  std::string kind;
  fs::path file;
  std::string text;      // the whole file with the mistake
  std::size_t line = 0;  // where it must be told
  std::string shown;
};

const std::set<std::string, std::less<>> kWords{"all",      "as",    "column",   "const",  "default",  "each",
                                                "else",     "first", "from",     "id",     "if",       "measure",
                                                "on_error", "read",  "ref",      "refuse", "required", "switch",
                                                "table",    "then",  "unmapped", "use",    "when",     "whole"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// Walks a map's tree and writes down every mistake that could be made in it.
class Mistakes {
 public:
  Mistakes(fs::path file, const std::string& text, const Yaml& map, std::mt19937& random, std::vector<Mutant>& out)
      : file_(std::move(file)), text_(text), random_(random), out_(out) {
    const Yaml* source = map.find("source");
    const Yaml* format = source != nullptr && source->is_map() ? source->find("format") : source;
    format_ = format != nullptr && format->is_scalar() ? format->text : "";
  }

  void of_map(const Yaml& map) {
    if (format_.empty()) format_ = "hl7v2";  // what it extends says so: every base map that is extended is one
    if (const Yaml* resources = map.find("resources"))
      for (const auto& [name, mark, body] : resources->entries) resource(mark, body);
    if (const Yaml* segments = map.find("segments"))
      for (const auto& item : segments->items) segment(item);
    if (const Yaml* json = map.find("json")) member(*json, nullptr, true);
    layout();
  }

  void of_sub_maps(const Yaml& file) {
    const Yaml* datatypes = file.find("datatypes");
    if (datatypes == nullptr || format_ == "fhir") return;  // those are checked where they are used
    for (const auto& [name, mark, body] : datatypes->entries) {
      const Yaml* makes = body.find("makes");
      if (makes == nullptr) continue;
      Yaml rest = body;
      std::erase_if(rest.entries, [](const YamlEntry& entry) { return entry.key == "makes"; });
      member(rest, fhir::find_type(makes->text), false);
    }
  }

 private:
  void add(std::string kind, Mark mark, std::string_view was, std::string_view now, std::size_t line = 0) {
    if (now == was || mark.line == 0) return;
    if (auto text = text_.with(mark, was, now))
      out_.push_back(
          {std::move(kind), file_, std::move(*text), line == 0 ? mark.line : line, fmt::format("{} -> {}", was, now)});
  }

  /// Two letters changed places, one dropped, one doubled.
  std::string misspelt(std::string word) {
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i + 1 < word.size(); ++i)
      if (is_letter(word[i]) && is_letter(word[i + 1]) && word[i] != word[i + 1]) places.push_back(i);
    if (places.empty()) return word;
    const auto at = places[random_() % places.size()];
    switch (random_() % 3) {
      case 0: std::swap(word[at], word[at + 1]); break;
      case 1: word.erase(at, 1); break;
      default: word.insert(at, 1, word[at]); break;
    }
    return word;
  }

  void resource(Mark mark, const Yaml& body) {
    if (!body.is_map()) return;
    const Yaml* type = body.find("resource");
    if (type != nullptr) add("resource type", type->mark, type->text, misspelt(type->text));
    const auto* definition = type != nullptr ? fhir::find_type(type->text) : nullptr;
    for (const auto& entry : body.entries) {
      if (entry.key == "resource" || entry.key == "keep") continue;
      if (entry.key == "identity") {
        if (definition != nullptr) drop_line("identity dropped", entry, mark.line);
        if (entry.value.is_scalar()) path(entry.value);
        for (const auto& part : entry.value.items) part.is_scalar() ? path(part) : member(part, nullptr, false);
      } else if (entry.key == "when" || entry.key == "each") {
        word(entry, false);
      } else {
        element(entry, definition, mark);
      }
    }
  }

  void segment(const Yaml& item) {
    for (const auto& [key, mark, value] : item.entries) {
      if (key == "segments") {
        for (const auto& inner : value.items) segment(inner);
      } else if (key == "each" || key == "when") {
        path(value);
      } else if (key != "id" && value.is_map()) {
        add("segment", mark, key, std::string(1, key[1]) + key[0] + key[2]);
        for (const auto& field : value.entries) {
          add("field number", field.mark, field.key, "99");
          field.value.is_scalar() ? path(field.value) : member(field.value, nullptr, false);
        }
      }
    }
  }

  /// A member of the target, its type where it is known.
  void element(const YamlEntry& entry, const fhir::TypeDefinition* around, Mark owner) {
    std::string_view type;
    const bool dotted = entry.key.find('.') != std::string::npos;
    const auto* found = around != nullptr && !dotted ? around->element(entry.key, &type) : nullptr;
    if (found != nullptr) {
      const auto wrong = misspelt(entry.key);
      if (around->element(wrong) == nullptr && !kWords.contains(wrong)) add("element", entry.mark, entry.key, wrong);
      if (found->min > 0) drop_line("mandatory dropped", entry, owner.line);
      const auto* inner = fhir::find_type(type);
      const bool primitive = inner != nullptr && inner->kind == fhir::TypeKind::primitive;
      if (entry.value.is_scalar() && primitive && !entry.value.quoted) {
        add("type", entry.value.mark, entry.value.text, fmt::format("{{text: {}}}", entry.value.text));
        if (!found->repeats())
          add("cardinality", entry.value.mark, entry.value.text, fmt::format("[{}]", entry.value.text));
      }
      if (entry.value.is_map() && inner != nullptr && !primitive && text_.line(entry.mark.line).ends_with('}') &&
          entry.value.mark.line == entry.mark.line)
        add_tail("type", entry, "PID-3");
      twice(entry);
    }
    const auto* inside = found != nullptr && !type.empty() ? fhir::find_type(type) : nullptr;
    if (entry.value.is_scalar()) {
      path(entry.value);
    } else if (entry.value.is_list()) {
      for (const auto& item : entry.value.items) item.is_scalar() ? path(item) : member(item, inside, false);
    } else {
      member(entry.value, inside, false);
    }
  }

  /// The value of a key whose line ends with it.
  void add_tail(std::string kind, const YamlEntry& entry, std::string_view now) {
    const auto at = text_.offset(entry.value.mark);
    add(std::move(kind), entry.value.mark, text_.line(entry.mark.line).substr(at), now);
  }

  void member(const Yaml& map, const fhir::TypeDefinition* type, bool json) {
    if (map.is_list())
      for (const auto& item : map.items) item.is_scalar() ? path(item) : member(item, type, json);
    if (!map.is_map()) return;
    const bool select = map.find("switch") != nullptr;
    const bool looks_up = map.find("table") != nullptr;
    for (const auto& entry : map.entries) {
      const bool is_word =
          kWords.contains(entry.key) && !((entry.key == "use" || entry.key == "id") && !entry.value.is_scalar());
      if (is_word) {
        word(entry, true);
        if (entry.key == "unmapped" && looks_up) policy(map, entry);
        if (entry.key == "else" && select) drop_line("else dropped", entry, map.mark.line);
        if ((entry.key == "then" || entry.key == "else" || entry.key == "from" || entry.key == "first") &&
            !entry.value.is_scalar())
          member(entry.value, entry.key == "from" ? nullptr : type, json);
      } else if (select) {
        entry.value.is_scalar() ? path(entry.value) : member(entry.value, type, json);
      } else if (json) {
        entry.value.is_scalar() ? path(entry.value) : member(entry.value, nullptr, true);
      } else {
        element(entry, type, map.mark);
      }
    }
  }

  void word(const YamlEntry& entry, bool misspell) {
    if (misspell && entry.key.size() > 3) {
      const auto wrong = misspelt(entry.key);
      if (!kWords.contains(wrong)) add("keyword", entry.mark, entry.key, wrong);
    }
    const Yaml& value = entry.value;
    if (!value.is_scalar()) return;
    for (const std::string_view name : {"table", "column", "use", "ref", "read", "unmapped"})
      if (entry.key == name && value.text.size() > 3 &&
          (name != "unmapped" || value.text == "error" || value.text == "omit"))
        add(fmt::format("{}: name", name), value.mark, value.text, misspelt(value.text));
    if (entry.key == "from" || entry.key == "each" || entry.key == "measure" || entry.key == "switch") path(value);
    if (entry.key == "then" || entry.key == "else") path(value);
    if (entry.key == "when" || entry.key == "if") condition(value);
  }

  void condition(const Yaml& value) {
    if (value.text.starts_with("=") || format_ == "fhir") return path(value);
    for (const auto& [was, now] : {std::pair{" valued", " valud"},
                                   {" valued", ""},
                                   {" = ", " == "},
                                   {" in ", " inn "},
                                   {" and ", " adn "},
                                   {" not ", " nto "},
                                   {" != ", " <> "}}) {
      const auto at = value.text.find(was);
      if (at == std::string::npos) continue;
      std::string wrong = value.text;
      wrong.replace(at, std::string_view(was).size(), now);
      add("condition", value.mark, value.text, wrong);
    }
    path(value);
  }

  /// What stands before the first blank is a path; "= ..." is FHIRPath.
  void path(const Yaml& value) {
    if (!value.is_scalar() || value.text.empty()) return;
    if (value.text.starts_with("=") || format_ == "fhir") return formula(value);
    const auto name = value.text.substr(0, value.text.find(' '));
    if (name.starts_with('.') || name.starts_with('$')) return;
    if (format_ == "hl7v2") {
      const auto dash = name.find('-');
      if (dash == std::string::npos || dash != 3) return;
      std::string wrong = name;
      std::swap(wrong[0], wrong[1]);
      if (wrong != name) add("source segment", value.mark, name, wrong);
      add("source field", value.mark, name, fmt::format("{}-99", name.substr(0, 3)));
    } else {
      add("source name", value.mark, name, misspelt(name));
    }
  }

  void formula(const Yaml& value) {
    const auto& text = value.text;
    const auto wrong_at = [&](std::size_t at, std::size_t size, std::string now) {
      std::string wrong = text;
      wrong.replace(at, size, now);
      add("FHIRPath", value.mark, text, wrong);
    };
    if (const auto close = text.rfind(')'); close != std::string::npos) wrong_at(close, 1, "");
    if (const auto sign = text.find(" & "); sign != std::string::npos) wrong_at(sign, 3, " && ");
    if (text.find('\\') != std::string::npos) return;
    if (const auto name = text.find('%');
        name != std::string::npos && name + 2 < text.size() && is_letter(text[name + 1])) {
      const auto end = std::min(text.find_first_of(".) &=,", name), text.size());
      wrong_at(name + 1, end - name - 1, misspelt(text.substr(name + 1, end - name - 1)));
    }
    if (const auto dot = text.find("."); dot != std::string::npos && text.find('\'') == std::string::npos) {
      const auto end = std::min(text.find_first_of(".( )&=,", dot + 1), text.size());
      if (end > dot + 4) wrong_at(dot + 1, end - dot - 1, misspelt(text.substr(dot + 1, end - dot - 1)));
    }
  }

  void policy(const Yaml& map, const YamlEntry& unmapped) {
    const Yaml& table = *map.find("table");
    if (has_default(table.text)) return;
    const auto was = fmt::format(", unmapped: {}", unmapped.value.text);
    const std::string& line = text_.line(unmapped.mark.line);
    const auto at = text_.offset(unmapped.mark);
    if (at >= 2 && line.compare(at - 2, was.size(), was) == 0) {
      std::string changed = line;
      changed.erase(at - 2, was.size());
      out_.push_back({"policy dropped", file_, text_.with_line(unmapped.mark.line, {changed}), table.mark.line,
                      "unmapped: dropped"});
    } else if (line.find_first_not_of(' ') == at) {
      out_.push_back({"policy dropped", file_, text_.with_line(unmapped.mark.line, {}),
                      table.mark.line - (table.mark.line > unmapped.mark.line ? 1 : 0), "unmapped: dropped"});
    }
  }

  bool has_default(const std::string& table) const {
    for (fs::path folder = file_.parent_path(); folder != folder.parent_path(); folder = folder.parent_path())
      if (const auto text = disk().read(folder / "codes" / (table + ".csv"), 1u << 20))
        return text->find("\n*,") != std::string::npos;
    return true;
  }

  bool stands_alone(const YamlEntry& entry) const {
    const std::string& line = text_.line(entry.mark.line);
    if (line.find_first_not_of(' ') != text_.offset(entry.mark)) return false;
    if (entry.mark.line == text_.size()) return true;
    const auto next = text_.line(entry.mark.line + 1).find_first_not_of(' ');
    return next == std::string::npos || next <= text_.offset(entry.mark);
  }

  void drop_line(std::string kind, const YamlEntry& entry, std::size_t told) {
    if (!stands_alone(entry) || told == entry.mark.line) return;
    out_.push_back({std::move(kind), file_, text_.with_line(entry.mark.line, {}), told, entry.key + ": dropped"});
  }

  void twice(const YamlEntry& entry) {
    if (!stands_alone(entry)) return;
    const std::string& line = text_.line(entry.mark.line);
    out_.push_back(
        {"rule twice", file_, text_.with_line(entry.mark.line, {line, line}), entry.mark.line + 1, entry.key});
  }

  void layout() {
    for (std::size_t i = 2; i < text_.size(); ++i) {
      const std::string& line = text_.line(i);
      if (line.starts_with("  ") && line.find('#') == std::string::npos &&
          line.find_first_not_of(' ') != std::string::npos)
        out_.push_back({"tab", file_, text_.with_line(i, {"\t" + line.substr(2)}), i, "tab"});
      if (line.ends_with('}') && line.find(": {") != std::string::npos &&
          std::ranges::count(line, '{') == std::ranges::count(line, '}'))
        out_.push_back({"bracket", file_, text_.with_line(i, {line.substr(0, line.size() - 1)}), i, "} dropped"});
    }
  }

  fs::path file_;
  Text text_;
  std::string format_;
  std::mt19937& random_;
  std::vector<Mutant>& out_;
};

std::vector<Mutant> all_mistakes(const Collection& shipped, std::mt19937& random) {
  std::vector<Mutant> found;
  const auto each = [&](const std::vector<fs::path>& files, bool maps) {
    for (const auto& file : files) {
      const auto text = disk().read(file, 1u << 20).value_or("");
      std::vector<FileFault> none;
      Faults faults(none);
      const auto yaml = parse_yaml(text, faults.add_file(file.string()), faults);
      REQUIRE(yaml);
      Mistakes mistakes(file, text, *yaml, random, found);
      maps ? mistakes.of_map(*yaml) : mistakes.of_sub_maps(*yaml);
    }
  };
  each(shipped.maps, true);
  each(shipped.sub_maps, false);
  return found;
}

/// As many of each kind as there are, in turn: rare mistakes count like frequent ones.
std::vector<Mutant> chosen(std::vector<Mutant> all, std::mt19937& random) {
  std::map<std::string, std::vector<Mutant>> kinds;
  for (auto& one : all) kinds[one.kind].push_back(std::move(one));
  for (auto& [kind, list] : kinds) std::shuffle(list.begin(), list.end(), random);
  std::vector<Mutant> out;
  for (bool more = true; more && out.size() < kMutants;) {
    more = false;
    for (auto& [kind, list] : kinds) {
      if (list.empty() || out.size() == kMutants) continue;
      out.push_back(std::move(list.back()));
      list.pop_back();
      more = true;
    }
  }
  return out;
}

std::vector<FileFault> faults_of(const Mutant& mutant) {
  const Edited files(mutant.file, mutant.text);
  if (mutant.file.filename().string().ends_with(".map.yaml"))
    return check({.maps = {mutant.file}, .parts = {}, .sub_maps = {}, .tables = {}}, files).faults;
  return check({.maps = {}, .parts = {}, .sub_maps = {mutant.file}, .tables = {}}, files).faults;
}

}  // namespace

TEST_CASE("200 mistakes in the shipped maps: nearly all are found, each at its line", "[.][mutants]") {
  const std::vector<std::string> places{CAUSEWAY_SOURCE_DIR "/mappings"};
  const auto shipped = collect(places);
  REQUIRE(shipped);
  SECTION("and nothing is found in the maps as they are") {
    const auto clean = check(*shipped);
    for (const auto& fault : clean.faults)
      UNSCOPED_INFO(fault.file << ":" << fault.line << ":" << fault.column << " " << fault.code << " " << fault.say);
    CHECK(clean.faults.empty());
  }
  SECTION("and the mistakes are found") {
    std::mt19937 random(kSeed);
    const auto mutants = chosen(all_mistakes(*shipped, random), random);
    REQUIRE(mutants.size() == kMutants);
    struct Count {
      std::size_t made = 0, found = 0;
    };
    std::map<std::string, Count> kinds;
    std::string missed;
    for (const auto& mutant : mutants) {
      const auto faults = faults_of(mutant);
      const bool found = std::ranges::any_of(faults, [&](const FileFault& fault) {
        return fault.file == mutant.file.string() && fault.line == mutant.line;
      });
      ++kinds[mutant.kind].made;
      kinds[mutant.kind].found += found;
      if (!found)
        missed += fmt::format("  {}:{} {}: {}{}\n", fs::relative(mutant.file, CAUSEWAY_SOURCE_DIR).string(),
                              mutant.line, mutant.kind, mutant.shown,
                              faults.empty() ? "" : fmt::format(" (told at line {})", faults.front().line));
    }
    std::size_t sum = 0;
    for (const auto& [kind, count] : kinds) {
      fmt::print("{:<20} {:>3} of {:>3}\n", kind, count.found, count.made);
      sum += count.found;
    }
    fmt::print("{:<20} {:>3} of {:>3}, missed:\n{}", "all", sum, mutants.size(), missed.empty() ? "  none\n" : missed);
    CHECK(sum * 100 >= mutants.size() * 95);
  }
}
