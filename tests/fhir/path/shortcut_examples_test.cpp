// Over official resources of every type: what is guessed and cut short when an expression is compiled for the type of a
// resource never changes what it gives. Beside it stands the same expression compiled for another type, so that no
// guess fits, and wrapped, so that it is no trail alone.
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "fhir/definitions/search_parameters.h"
#include "fhir/path/fhirpath.h"
#include "fhir/path/shape.h"
#include "tests/fhir/official_package.h"

using namespace fhir;
using namespace fhir::path;

namespace {

constexpr std::uintmax_t kLargest = 12'000;
constexpr const char* kAnother = "Binary";  // has an element in common with none of the others but Resource's

/// The first example of each type.
std::map<std::string, std::filesystem::path> one_of_each_type() {
  std::vector<std::filesystem::path> files = test::official_resources(kLargest);
  std::ranges::sort(files);
  std::map<std::string, std::filesystem::path> first;
  for (const auto& file : files) {
    const std::string name = file.filename().string();
    const std::string type = name.substr(0, name.find('-'));
    if (type != kAnother) first.emplace(type, file);
  }
  return first;
}

/// Every element, every element of an element, and every search parameter of the type.
std::set<std::string> expressions_for(const std::string& type) {
  std::set<std::string> found;
  const Shape* shape = find_shape(type);
  if (shape == nullptr) return found;
  for (const Member& member : shape->members) {
    const std::string name(member.name);
    for (const std::string& way : {name, type + "." + name, name + ".exists()", name + ".empty()"}) found.insert(way);
    for (const Member& inner : member.type == nullptr ? std::span<const Member>() : member.type->members) {
      found.insert(name + "." + std::string(inner.name));
    }
  }
  for (const SearchParameter& parameter : all_search_parameters()) {
    if (!parameter.expression.empty() && std::ranges::find(parameter.base, type) != parameter.base.end()) {
      found.insert(std::string(parameter.expression));
    }
  }
  return found;
}

std::string told(std::string_view type, std::string_view text, std::string_view unit, const std::string& path,
                 JsonView node) {
  return fmt::format("{} {} {} {} {}\n", type, path, text, unit, node.place().line * 10'000 + node.place().column);
}

std::string told_short(const Expression& expression, JsonView root, Workspace& workspace) {
  const auto result = expression.evaluate(root, {.as_filters = true}, workspace);
  if (!result) return result.error().code;
  std::string text;
  for (const ItemView& item : *result) text += told(item.type, item.text, item.unit, item.path(), item.node);
  return text;
}

std::string told_long(const Expression& expression, JsonView root) {
  const auto result = expression.evaluate(root, {.as_filters = true});
  if (!result) return result.error().code;
  std::string text;
  for (const Item& item : *result) text += told(item.type, item.text, item.unit, item.path, item.node);
  return text;
}

}  // namespace

TEST_CASE("what is guessed for the type of a resource never changes an answer", "[fhirpath][examples]") {
  const auto files = one_of_each_type();
  if (files.empty()) WARN("skipped: the R4 package is not installed (./dev setup)");
  Workspace workspace;
  std::size_t compared = 0, answered = 0;
  for (const auto& [type, file] : files) {
    const auto json = Json::parse(test::read_file(file));
    REQUIRE(json);
    for (const std::string& text : expressions_for(type)) {
      const auto fitting = Expression::compile(text, {.context = type});
      const auto wrapped = Expression::compile("iif(true, " + text + ")", {.context = kAnother});
      REQUIRE(fitting.has_value() == wrapped.has_value());
      if (!fitting) continue;
      const std::string quick = told_short(*fitting, json->root(), workspace);
      if (const std::string full = told_long(*wrapped, json->root()); quick != full) {
        FAIL_CHECK(text << " in " << file.filename() << "\n" << quick << "and the long way\n" << full);
      }
      ++compared;
      answered += quick.empty() ? 0 : 1;
    }
  }
  INFO(compared << " compared, " << answered << " with an answer");
  if (!files.empty()) CHECK((compared > 10'000 && answered > 3'000));
}
