#include "adapters/map/map_case.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "adapters/hl7v2/source.h"
#include "adapters/http/json_source.h"
#include "adapters/map/faults.h"
#include "adapters/map/record_file.h"
#include "adapters/map/yaml.h"
#include "fhir/message/message.h"
#include "fhir/path/fhirpath.h"
#include "fhir/validate/structure.h"

namespace adapters::map {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view kKeys[] = {"input",  "charset", "organization", "asserts", "counts",
                                      "report", "notes",   "values",       "refused"};

class Case {
 public:
  Case(const Map& map, fs::path file) : map_(map), file_(std::move(file)) {}

  std::vector<std::string> run() {
    if (!read()) return std::move(problems_);
    const auto input = find_input();
    const auto* charset = yaml_.find("charset");
    const auto record = read_record(input, charset != nullptr ? charset->text : map_.charset());
    if (!record) {
      say({}, fmt::format("{}: {}", input.string(), fhir::to_string(record.error())));
      return std::move(problems_);
    }
    auto outcome = map_.run(*record, site("2026-03-10T09:30:20+08:00"));
    const auto* refused = yaml_.find("refused");
    if (refused != nullptr) {
      check_refused(*refused, outcome);
    } else if (!outcome) {
      say({}, "the run failed: " + fhir::to_string(outcome.error()));
    } else {
      check_outcome(*outcome);
      check_again(*record, *outcome);
    }
    return std::move(problems_);
  }

 private:
  void say(Mark mark, std::string what) {
    problems_.push_back(fmt::format("{}:{}:{}: {}", file_.filename().string(), mark.line, mark.column, what));
  }

  bool read() {
    std::ifstream stream(file_, std::ios::binary);
    std::stringstream text;
    text << stream.rdbuf();
    std::vector<FileFault> found;
    Faults faults(found);
    auto yaml = parse_yaml(text.str(), faults.add_file(file_.string()), faults);
    for (const auto& fault : found)
      say({0, static_cast<std::uint32_t>(fault.line), static_cast<std::uint32_t>(fault.column)}, fault.say);
    if (!yaml) return false;
    yaml_ = std::move(*yaml);
    for (const auto& entry : yaml_.entries)
      if (std::ranges::find(kKeys, entry.key) == std::end(kKeys))
        say(entry.mark, fmt::format("unknown key '{}'", entry.key));
    return problems_.empty();
  }

  fs::path find_input() const {
    if (const auto* input = yaml_.find("input")) return file_.parent_path() / input->text;
    const auto stem = file_.stem().stem().string();  // 01.expect.yaml -> 01
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(file_.parent_path(), error))
      if (entry.path().stem().string() == stem && entry.path().extension() != ".yaml") return entry.path();
    return file_.parent_path() / stem;
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

  void check_note(const Yaml& note, const Report& report) {
    const auto* source = note.find("source");
    const auto* code = note.find("code");
    const auto matches = [&](const Note& other) {
      return (source == nullptr || other.source == source->text) && (code == nullptr || other.code == code->text);
    };
    if (std::ranges::none_of(report.notes, matches)) say(note.mark, "the report does not say so");
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

  const Map& map_;
  fs::path file_;
  Yaml yaml_;
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> run_case(const Map& map, const fs::path& expectation) { return Case(map, expectation).run(); }

std::vector<fs::path> cases_of(const fs::path& map_file) {
  const auto name = map_file.filename().string();
  const auto folder = map_file.parent_path() / (name.substr(0, name.find('.')) + ".tests");
  std::vector<fs::path> cases;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
    if (it->path().filename().string().ends_with(".expect.yaml")) cases.push_back(it->path());
  std::ranges::sort(cases);
  return cases;
}

}  // namespace adapters::map
