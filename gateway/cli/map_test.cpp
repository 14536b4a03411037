// `causeway map test` and `causeway map coverage`: the tests beside maps; which rules none of them exercises, and which
// fields of their records nothing carries.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <set>

#include "adapters/map/coverage.h"
#include "gateway/cli/map_commands.h"
#include "gateway/cli/output.h"
#include "gateway/config/report.h"

namespace gateway::cli {
namespace {

using adapters::map::Tested;
using fhir::JsonTree;

JsonTree number(std::size_t n) { return JsonTree::number(std::to_string(n)); }

struct Options {
  MapPlaces places;
  std::string filter;
  bool update = false, quiet = false;
  double fail_under = 0;
};

struct Totals {
  std::size_t maps = 0, tests = 0, failed = 0, wrote = 0, untested = 0, faulty = 0;
};

void count(Totals& totals, const Tested& tested) {
  ++totals.maps;
  totals.tests += tested.cases.size();
  totals.untested += tested.cases.empty();
  totals.faulty += tested.cases.empty() && !tested.passes();
  for (const auto& one : tested.cases) {
    totals.failed += !one.problems.empty();
    totals.wrote += one.wrote;
  }
}

void print(const Tested& tested, bool quiet) {
  if (!tested.faults.empty()) {
    auto faults = tested.faults;
    shorten(faults);
    fmt::print("{}", config::render(faults));
  }
  for (const auto& one : tested.cases) {
    const auto file = shown(one.expectation.string());
    if (one.wrote) fmt::print("wrote   {}\n", file);
    if (one.problems.empty() && !quiet) fmt::print("ok      {}\n", file);
    if (!one.problems.empty()) fmt::print("FAILED  {}\n", file);
    for (const auto& problem : one.problems)
      fmt::print("  {}:{}:{}: {}\n", shown(problem.file), problem.line, problem.column, problem.say);
  }
}

JsonTree told(const Tested& tested) {
  JsonTree tree = JsonTree::object({{"map", shown(tested.map.string())}});
  tree.set("faults", JsonTree::array());
  for (const auto& fault : tested.faults) tree["faults"].push(config::to_json(fault));
  tree.set("tests", JsonTree::array());
  for (const auto& one : tested.cases) {
    JsonTree test = JsonTree::object({{"test", shown(one.expectation.string())},
                                      {"passes", JsonTree::boolean(one.problems.empty())},
                                      {"wroteGolden", JsonTree::boolean(one.wrote)}});
    test.set("problems", JsonTree::array());
    for (const auto& problem : one.problems)
      test["problems"].push(JsonTree::object({{"file", shown(problem.file)},
                                              {"line", number(problem.line)},
                                              {"column", number(problem.column)},
                                              {"say", problem.say}}));
    tree["tests"].push(std::move(test));
  }
  return tree;
}

void test(Context& context, const Options& options) {
  const auto places = options.places.all();
  const auto found = adapters::map::collect(places);
  if (!found) return fail(context, found.error());
  const auto begin = std::chrono::steady_clock::now();
  Totals totals;
  auto maps = JsonTree::array();
  for (const auto& map : found->maps) {
    const auto tested = adapters::map::test(map, options.filter, options.update);
    if (!options.filter.empty() && tested.cases.empty()) continue;
    count(totals, tested);
    if (context.json)
      maps.push(told(tested));
    else
      print(tested, options.quiet);
  }
  const auto spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  context.exit_code = totals.failed + totals.faulty > 0 ? 1 : 0;
  if (totals.tests == 0)
    return fail(context, {fhir::Fault::not_found, "map.no-tests", options.filter,
                          "no test was run: the tests of x.map.yaml are x.tests/NAME.expect.yaml"});
  if (!context.json)
    return fmt::print("{}, {}: {} passed, {} failed{}{}{}; {:.2f} s\n", counted(totals.maps, "map"),
                      counted(totals.tests, "test"), totals.tests - totals.failed, totals.failed,
                      totals.faulty > 0 ? fmt::format(", {} not loaded", counted(totals.faulty, "map")) : "",
                      totals.untested > 0 ? fmt::format(", {} without tests", counted(totals.untested, "map")) : "",
                      totals.wrote > 0 ? fmt::format(", {} written", counted(totals.wrote, "golden")) : "", spent);
  JsonTree tree = JsonTree::object({{"tests", number(totals.tests)},
                                    {"failed", number(totals.failed)},
                                    {"mapsThatDoNotLoad", number(totals.faulty)}});
  tree.set("maps", std::move(maps));
  print_json(tree);
}

// ---- coverage

void print(const adapters::map::Coverage& coverage) {
  for (const auto& file : coverage.files) {
    fmt::print("{:>5.1f} %  {:>4} of {:<4} rules  {}\n", file.percent(), file.exercised(), file.rules.size(),
               shown(file.file));
    for (const auto& rule : file.rules)
      if (!rule.made)
        fmt::print("          {}:{}:{}: no test makes {}\n", shown(file.file), rule.line, rule.column, rule.id);
  }
  if (!coverage.fields.empty()) fmt::print("fields that the tests' records have and no rule carries:\n");
  for (const auto& field : coverage.fields)
    fmt::print("          {:<28} {:<14} {:>4} times, as in {}\n", field.path, field.code, field.count,
               shown(field.test));
}

JsonTree told(const adapters::map::Coverage& coverage) {
  JsonTree tree = JsonTree::object({{"percent", JsonTree::number(fmt::format("{:.2f}", coverage.percent()))}});
  tree.set("files", JsonTree::array());
  for (const auto& file : coverage.files) {
    JsonTree one = JsonTree::object(
        {{"file", shown(file.file)}, {"rules", number(file.rules.size())}, {"exercised", number(file.exercised())}});
    one.set("unexercised", JsonTree::array());
    for (const auto& rule : file.rules)
      if (!rule.made)
        one["unexercised"].push(
            JsonTree::object({{"line", number(rule.line)}, {"column", number(rule.column)}, {"rule", rule.id}}));
    tree["files"].push(std::move(one));
  }
  tree.set("fields", JsonTree::array());
  for (const auto& field : coverage.fields)
    tree["fields"].push(JsonTree::object(
        {{"path", field.path}, {"code", field.code}, {"count", number(field.count)}, {"test", shown(field.test)}}));
  return tree;
}

void cover(Context& context, const Options& options) {
  const auto places = options.places.all();
  const auto found = adapters::map::collect(places);
  if (!found) return fail(context, found.error());
  const auto coverage = adapters::map::cover(*found);
  if (coverage.files.empty())
    return fail(context, {fhir::Fault::not_found, "map.none", "", "none of these maps loads: causeway map check"}, 1);
  if (context.json)
    print_json(told(coverage));
  else
    print(coverage);
  const bool enough = coverage.percent() >= options.fail_under;
  context.exit_code = enough ? 0 : 1;
  if (context.json) return;
  fmt::print("{:.1f} % of {} rules are exercised by {}{}\n", coverage.percent(), coverage.rules(),
             counted(coverage.tests, "test"), enough ? "" : fmt::format("; {} % are asked for", options.fail_under));
}

}  // namespace

void add_map_test(CLI::App& map, Context& context) {
  auto* sub = map.add_subcommand("test", "Run the tests beside maps");
  auto options = std::make_shared<Options>();
  add_places(*sub, options->places);
  sub->add_option("--filter", options->filter, "only tests whose path holds this");
  sub->add_flag("--update", options->update, "write the goldens that differ; read the change before you keep it");
  sub->add_flag("--quiet,-q", options->quiet, "only what fails, and the sum");
  sub->callback([&context, options] { test(context, *options); });
}

void add_map_coverage(CLI::App& map, Context& context) {
  auto* sub = map.add_subcommand("coverage", "Rules that no test exercises, and fields that no rule carries");
  auto options = std::make_shared<Options>();
  add_places(*sub, options->places);
  sub->add_option("--fail-under", options->fail_under, "exit 1 when fewer per cent of the rules are exercised")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  sub->callback([&context, options] { cover(context, *options); });
}

}  // namespace gateway::cli
