#include "adapters/map/map_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>

#include "adapters/hl7v2/source.h"
#include "adapters/http/json_source.h"
#include "adapters/map/draft.h"
#include "adapters/map/faults.h"
#include "adapters/map/golden.h"
#include "adapters/map/plain_name.h"
#include "adapters/map/record_file.h"
#include "adapters/map/roundtrip.h"
#include "adapters/map/run.h"
#include "adapters/map/yaml.h"
#include "fhir/message/message.h"
#include "fhir/path/fhirpath.h"
#include "fhir/validate/structure.h"

namespace adapters::map {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kKeys[] = {"input",    "charset", "organization", "asserts", "counts",  "report",   "notes",
                                      "warnings", "values",  "golden",       "ignore",  "refused", "roundtrip"};
constexpr std::size_t kLargest = 1u << 20;
constexpr std::size_t kMostDifferences = 20;  // told of one golden; more would hide the others

/// 01.expect.yaml -> 01
std::string stem_of(const fs::path& expectation) {
  const auto name = expectation.filename().string();
  return name.substr(0, name.size() - std::string_view(".expect.yaml").size());
}

/// HL7 v2 as a golden: a line a segment, so that people and version control can read it.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  for (std::size_t begin = 0; begin < text.size();) {
    const auto end = std::min(text.find_first_of("\r\n", begin), text.size());
    lines.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

/// ../other.tests/01.golden.json: what another map of the folder makes can be what this one reads.
bool is_beside(std::string_view name) {
  if (!name.starts_with("../")) return false;
  name.remove_prefix(3);
  return is_plain_name(name) && name.substr(0, name.find('/')).ends_with(".tests");
}

class Case {
 public:
  Case(const Map& map, fs::path file, const Files& files, const CaseOptions& options)
      : map_(map), files_(files), options_(options), result_{.expectation = std::move(file), .problems = {}} {}

  CaseResult run() {
    if (!read()) return std::move(result_);
    const auto input = find_input();
    const auto* charset = yaml_.find("charset");
    const auto record = read_record(input, charset != nullptr ? charset->text : map_.charset(), files_);
    if (!record) {
      say({}, fmt::format("{}: {}", input.string(), fhir::to_string(record.error())));
      return std::move(result_);
    }
    auto outcome = made_of(*record);
    const auto* refused = yaml_.find("refused");
    if (refused != nullptr) {
      check_refused(*refused, outcome);
    } else if (!outcome) {
      say({}, "the run failed: " + fhir::to_string(outcome.error()));
    } else {
      check_outcome(*outcome);
      check_again(*record, *outcome);
      if (const auto* wanted = yaml_.find("roundtrip")) check_round_trip(*wanted, *record, *outcome);
      result_.outcome = std::move(*outcome);
    }
    return std::move(result_);
  }

  /// The record this expectation is about, as text; nothing when it cannot be read.
  std::optional<std::string> record(std::string_view charset) {
    if (!read()) return std::nullopt;
    const auto* own = yaml_.find("charset");
    auto text = read_record(find_input(), own != nullptr ? std::string_view(own->text) : charset, files_);
    return text ? std::optional(std::move(*text)) : std::nullopt;
  }

 private:
  Result<Outcome> made_of(const std::string& record) const {
    const auto where = site("2026-03-10T09:30:20+08:00");
    return map_.plan() != nullptr ? run_plan(*map_.plan(), record, where, options_.trace) : map_.run(record, where);
  }

  void say(Mark mark, std::string what) {
    result_.problems.push_back({file().string(), mark.line, mark.column, std::move(what)});
  }

  const fs::path& file() const { return result_.expectation; }

  bool read() {
    const auto text = files_.read(file(), kLargest);
    if (!text) {
      say({}, "this file cannot be read");
      return false;
    }
    std::vector<FileFault> found;
    Faults faults(found);
    auto yaml = parse_yaml(*text, faults.add_file(file().string()), faults);
    for (const auto& fault : found)
      say({0, static_cast<std::uint32_t>(fault.line), static_cast<std::uint32_t>(fault.column)}, fault.say);
    if (!yaml) return false;
    yaml_ = std::move(*yaml);
    for (const auto& entry : yaml_.entries)
      if (std::ranges::find(kKeys, entry.key) == std::end(kKeys))
        say(entry.mark, fmt::format("unknown key '{}' {}", entry.key, did_you_mean(entry.key, kKeys)));
    check_names();
    return result_.problems.empty();
  }

  /// A golden is also written; and a test that reads files of elsewhere tells what is in them.
  void check_names() {
    const auto* input = yaml_.find("input");
    if (input != nullptr && !is_plain_name(input->text) && !is_beside(input->text))
      say(input->mark,
          "`input:` names a file in the folder of the tests, or in that of a map beside (../other.tests/x)");
    const auto* golden = yaml_.find("golden");
    if (golden != nullptr && !is_plain_name(golden->text))
      say(golden->mark, "`golden:` names a file in the folder of the tests: no '..', and no path from the root");
  }

  fs::path find_input() const {
    if (const auto* input = yaml_.find("input")) return file().parent_path() / input->text;
    const auto stem = stem_of(file());
    for (const auto& other : files_.list(file().parent_path(), ""))
      if (other.stem().string() == stem && other.extension() != ".yaml") return other;
    return file().parent_path() / stem;
  }

  Site site(std::string now) const {
    const auto* organization = yaml_.find("organization");
    return {.id = organization != nullptr ? organization->text : "test",
            .identifier_base = "https://gw.example/sid/",
            .zone_offset = "+08:00",
            .now = std::move(now)};
  }

  void check_refused(const Yaml& expected, const Result<Outcome>& outcome) {
    if (outcome) return say(expected.mark, "the run should have failed");
    const auto* code = expected.find("code");
    const auto* where = expected.find("where");
    if (code != nullptr && outcome.error().code != code->text)
      say(code->mark, fmt::format("failed with {} instead", fhir::to_string(outcome.error())));
    if (where != nullptr && outcome.error().where.find(where->text) == std::string::npos)
      say(where->mark, fmt::format("failed at '{}'", outcome.error().where));
  }

  void check_outcome(const Outcome& outcome) {
    if (outcome.report.unaccounted() != 0)
      say({}, fmt::format("{} fields are unaccounted for", outcome.report.unaccounted()));
    if (const auto* golden = yaml_.find("golden")) check_golden(*golden, outcome);
    if (const auto* warnings = yaml_.find("warnings")) check_warnings(*warnings, outcome.report);
    if (const auto* figures = yaml_.find("report")) check_report(*figures, outcome.report);
    if (const auto* notes = yaml_.find("notes"))
      for (const auto& note : notes->items) check_note(note, outcome.report);
    if (map_.to_fhir()) {
      check_bundle(outcome);
    } else if (const auto* values = yaml_.find("values")) {
      check_values(*values, outcome.local);
    }
  }

  void check_report(const Yaml& figures, const Report& report) {
    const std::pair<std::string_view, std::size_t> actual[] = {{"valued", report.valued},
                                                               {"carried", report.carried},
                                                               {"kept", report.kept},
                                                               {"reported", report.reported},
                                                               {"unaccounted", report.unaccounted()}};
    for (const auto& entry : figures.entries) {
      const auto known = std::ranges::find(actual, entry.key, [](const auto& pair) { return pair.first; });
      if (known == std::end(actual)) {
        say(entry.mark, fmt::format("a report has no '{}'", entry.key));
      } else if (std::to_string(known->second) != entry.value.text) {
        say(entry.value.mark, fmt::format("{} is {}", entry.key, known->second));
      }
    }
  }

  static bool is_about(const Note& note, const Yaml& expected) {
    const auto agrees = [&](std::string_view key, std::string_view value) {
      const Yaml* wanted = expected.find(key);
      return wanted == nullptr || wanted->text == value;
    };
    return agrees("source", note.source) && agrees("code", note.code) &&
           agrees("rule", std::string_view(note.rule).substr(0, note.rule.find(" (")));
  }

  /// The list is complete: what it does not name must not be reported either.
  void check_warnings(const Yaml& expected, const Report& report) {
    std::vector<const Note*> left;
    for (const auto& note : report.notes)
      if (note.fate != Note::Fate::kept && note.code != "ignored") left.push_back(&note);
    for (const auto& one : expected.items) {
      const auto found = std::ranges::find_if(left, [&](const Note* note) { return is_about(*note, one); });
      if (found == left.end()) {
        say(one.mark, "the report does not say so");
      } else {
        left.erase(found);
      }
    }
    for (const auto* note : left)
      say(expected.mark, fmt::format("not expected: {} {} {}: {}", note->source, note->code, note->rule, note->say));
  }

  void check_golden(const Yaml& name, const Outcome& outcome) {
    const fs::path golden = file().parent_path() / name.text;
    const std::string made = outcome.bundle ? outcome.bundle.dump(2) : outcome.local;
    const auto expected = files_.read(golden, kLargest * 16);
    const bool text = made.starts_with("MSH");
    if (!expected && !options_.update)
      return say(name.mark, fmt::format("there is no {}: `causeway map test --update` writes it", name.text));
    std::vector<Problem> found;
    if (expected) found = text ? line_problems(golden, *expected, made) : json_problems(golden, *expected, made);
    if (expected && found.empty()) return;
    if (!options_.update) return tell(name.mark, name.text, std::move(found));
    std::ofstream out(golden, std::ios::binary | std::ios::trunc);
    if (text) {
      for (const auto& line : lines_of(made)) out << line << '\n';
    } else {
      const auto json = fhir::Json::parse(made);
      out << (json ? fhir::JsonTree::from(json->root()).dump(2) : made) << '\n';
    }
    out.close();
    result_.wrote = !out.fail();
    if (!result_.wrote) say(name.mark, fmt::format("{} cannot be written", name.text));
  }

  void tell(Mark mark, const std::string& name, std::vector<Problem> found) {
    say(mark,
        fmt::format("what was made is not {}: {} difference{}", name, found.size(), found.size() == 1 ? "" : "s"));
    if (found.size() > kMostDifferences) found.resize(kMostDifferences);
    for (auto& one : found) result_.problems.push_back(std::move(one));
  }

  std::vector<Problem> json_problems(const fs::path& golden, const std::string& expected, const std::string& made) {
    const auto is = fhir::Json::parse(made);
    const auto wanted = fhir::Json::parse(expected);
    if (!is || !wanted)
      return {
          {golden.string(), 1, 1, fmt::format("no JSON: {}", fhir::to_string(wanted ? is.error() : wanted.error()))}};
    std::vector<std::string> ignored;
    if (const auto* list = yaml_.find("ignore"))
      for (const auto& one : list->items) ignored.push_back(one.text);
    std::vector<Problem> found;
    for (auto& one : differences(wanted->root(), is->root(), ignored))
      found.push_back({golden.string(), one.line, one.column, fmt::format("{}: {}", one.path, one.say)});
    return found;
  }

  static std::vector<Problem> line_problems(const fs::path& golden, const std::string& expected,
                                            const std::string& made) {
    const auto wanted = lines_of(expected), is = lines_of(made);
    std::vector<Problem> found;
    for (std::size_t i = 0; i < std::max(wanted.size(), is.size()); ++i) {
      if (i < wanted.size() && i < is.size() && wanted[i] == is[i]) continue;
      found.push_back({golden.string(), std::min(i, wanted.size() - (wanted.empty() ? 0 : 1)) + 1, 1,
                       i >= is.size()       ? fmt::format("expected {}, was not made", wanted[i])
                       : i >= wanted.size() ? fmt::format("not expected: {}", is[i])
                                            : fmt::format("expected {}\n      is {}", wanted[i], is[i])});
    }
    return found;
  }

  void check_note(const Yaml& note, const Report& report) {
    if (std::ranges::none_of(report.notes, [&](const Note& other) { return is_about(other, note); }))
      say(note.mark, "the report does not say so");
  }

  void check_bundle(const Outcome& outcome) {
    const auto json = fhir::Json::parse(outcome.bundle.dump());
    if (!json) return say({}, "the Bundle is no JSON: " + fhir::to_string(json.error()));
    const auto bundle = json->root();
    for (const auto& issue : fhir::validate::check_structure(bundle))
      say({}, fmt::format("not R4: {}: {}", issue.expression, issue.details));
    if (const auto* asserts = yaml_.find("asserts"))
      for (const auto& one : asserts->items) check_assert(one, bundle);
    if (const auto* counts = yaml_.find("counts")) {
      for (const auto& entry : counts->entries) {
        const auto made = fhir::message::all(bundle, entry.key).size();
        if (std::to_string(made) != entry.value.text)
          say(entry.value.mark, fmt::format("{} {} were made", made, entry.key));
      }
    }
  }

  void check_assert(const Yaml& one, fhir::JsonView bundle) {
    const auto expression = fhir::path::Expression::compile(one.text);
    if (!expression) return say(one.mark, fhir::to_string(expression.error()));
    fhir::path::Environment environment;
    environment.resolve = [&](std::string_view reference) { return fhir::message::resolve(bundle, reference); };
    const auto holds = expression->holds(bundle, environment);
    if (!holds) return say(one.mark, fhir::to_string(holds.error()));
    if (!*holds) say(one.mark, "does not hold");
  }

  void check_values(const Yaml& values, const std::string& local) {
    std::unique_ptr<Dialect> dialect;
    std::unique_ptr<Source> source;
    if (local.starts_with("MSH")) {
      auto message = hl7v2::Message::parse(local);
      if (!message) return say(values.mark, "no HL7 v2 message: " + fhir::to_string(message.error()));
      dialect = hl7v2::make_dialect({});
      source = hl7v2::make_source(std::move(*message));
    } else {
      auto json = fhir::Json::parse(local);
      if (!json) return say(values.mark, "no JSON: " + fhir::to_string(json.error()));
      dialect = http::make_dialect();
      source = http::make_source(std::move(*json));
    }
    for (const auto& entry : values.entries) check_value(entry, *dialect, *source);
  }

  void check_value(const YamlEntry& entry, const Dialect& dialect, const Source& source) {
    const auto path = dialect.bind(entry.key, nullptr);
    if (!path) return say(entry.mark, path.error().say);
    std::string found;
    for (const Spot spot : source.find(**path, source.root())) found += (found.empty() ? "" : "~") + source.whole(spot);
    if (found != entry.value.text) say(entry.value.mark, fmt::format("{} is '{}'", entry.key, found));
  }

  /// The same record makes the same resources, whenever it comes.
  void check_again(const std::string& record, const Outcome& first) {
    if (!map_.to_fhir()) return;
    const auto second = map_.run(record, site("2026-04-01T00:00:00+08:00"));
    if (!second) return say({}, "a second run failed");
    const auto* before = first.bundle.find("entry");
    const auto* after = second->bundle.find("entry");
    if (before == nullptr || after == nullptr || *before != *after) say({}, "a second run makes other resources");
  }

  /// `roundtrip: true`, or `roundtrip: {lost: [PATH, ...]}`: what the way back is known to lose, and nothing else.
  void check_round_trip(const Yaml& wanted, const std::string& record, const Outcome& outcome) {
    const Yaml* known = wanted.is_map() ? wanted.find("lost") : nullptr;
    if (known == nullptr && wanted.text != "true") return say(wanted.mark, "roundtrip: true, or {lost: [PATH, ...]}");
    const auto trip = round_trip(map_, record, outcome, site("2026-03-10T09:30:20+08:00"));
    if (!trip) return say(wanted.mark, "the way back failed: " + fhir::to_string(trip.error()));
    std::vector<Yaml> stale = known != nullptr ? known->items : std::vector<Yaml>();
    const auto covers = [](const std::string& path, const std::string& place) {
      return place.starts_with(path) && (place.size() == path.size() || place[path.size()] == '.');
    };
    for (const auto& place : trip->lost) {
      const auto names_it = [&](const Yaml& one) { return covers(one.text, place); };
      if (known == nullptr || std::ranges::none_of(known->items, names_it))
        say(wanted.mark, fmt::format("{} does not come back", place));
      std::erase_if(stale, names_it);
    }
    for (const auto& one : stale) say(one.mark, fmt::format("{} comes back after all", one.text));
  }

  const Map& map_;
  const Files& files_;
  const CaseOptions options_;
  Yaml yaml_;
  CaseResult result_;
};

/// Members that either has, items of both.
void lay_over(fhir::JsonTree& sample, const fhir::JsonTree& record) {
  if (sample.kind() != record.kind()) return;
  if (sample.kind() == fhir::JsonKind::array) {
    for (const auto& [none, item] : record.children()) sample.push(item);
    return;
  }
  for (const auto& [name, value] : record.children()) {
    fhir::JsonTree* known = sample.find(name);
    if (known == nullptr || known->kind() != value.kind())
      sample.set(name, value);
    else
      lay_over(*known, value);
  }
}

/// For reading what a test is about, before there is a map.
class NoMap final : public Map {
 public:
  const std::string& name() const override { return none_; }
  bool to_fhir() const override { return true; }
  const std::string& charset() const override { return none_; }
  bool accepts(std::string_view) const override { return false; }
  const rows::Shape* shape() const override { return nullptr; }
  Result<Outcome> run(std::string_view, const Site&) const override {
    return fhir::fail(fhir::Fault::invalid, "map.none", "", "there is no map");
  }

 private:
  std::string none_;
};

}  // namespace

std::string Problem::text() const {
  return fmt::format("{}:{}:{}: {}", std::string_view(file).substr(file.find_last_of('/') + 1), line, column, say);
}

CaseResult run_case(const Map& map, const fs::path& expectation, const Files& files, const CaseOptions& options) {
  return Case(map, expectation, files, options).run();
}

fs::path folder_of_tests(const fs::path& map_file) {
  const auto name = map_file.filename().string();
  return map_file.parent_path() / (name.substr(0, name.find('.')) + ".tests");
}

std::vector<fs::path> cases_of(const fs::path& map_file, const Files& files) {
  return files.list(folder_of_tests(map_file), ".expect.yaml");
}

fhir::JsonTree sample_of(const fs::path& map_file, const Files& files) {
  const NoMap none;
  fhir::JsonTree sample;
  for (const auto& expectation : cases_of(map_file, files)) {
    const auto text = Case(none, expectation, files, {}).record({});
    if (text && format_of(*text) == Format::xml) {  // a list of documents
      if (!sample) sample = fhir::JsonTree::array();
      sample.push(*text);
      continue;
    }
    auto json = text ? fhir::Json::parse(*text) : fhir::Json::parse("");
    if (!json) continue;
    auto record = fhir::JsonTree::from(json->root());
    if (sample)
      lay_over(sample, record);
    else
      sample = std::move(record);
  }
  return sample;
}

}  // namespace adapters::map
