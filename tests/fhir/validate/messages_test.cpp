#include "fhir/validate/messages.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/validate/structure.h"

using namespace fhir;
using namespace fhir::validate;

namespace {

/// The holes of a text, each as often as it stands there.
std::multiset<char> holes(std::string_view text) {
  std::multiset<char> found;
  for (std::size_t i = 0; i + 2 < text.size(); ++i)
    if (text[i] == '{' && text[i + 2] == '}') found.insert(text[i + 1]);
  return found;
}

bool has_chinese(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) >= 0xE4; });
}

}  // namespace

TEST_CASE("every message stands once, in English and in Chinese, with the same holes", "[validate][messages]") {
  std::set<std::string_view> details;
  for (const MessageRow& row : all_messages()) {
    INFO(row.detail);
    CHECK(details.insert(row.detail).second);
    CHECK_FALSE(row.issue.empty());
    CHECK_FALSE(row.en.empty());
    CHECK_FALSE(has_chinese(row.en));
    CHECK(has_chinese(row.zh));
    CHECK(holes(row.en) == holes(row.zh));
    for (const char hole : holes(row.en)) CHECK((hole >= '0' && hole <= '9'));
  }
}

TEST_CASE("every invariant of R4 is told in Chinese, and one that is not R4's in its own words",
          "[validate][messages]") {
  for (const Constraint& constraint : all_constraints()) {
    INFO(constraint.key);
    CHECK(has_chinese(invariant_text(constraint.key, constraint.human, Language::zh)));
    CHECK(invariant_text(constraint.key, constraint.human, Language::en) == constraint.human);
  }
  CHECK(invariant_text("us-core-1", "in its own words", Language::zh) == "in its own words");
}

TEST_CASE("a broken invariant names its key and says in Chinese what is demanded", "[validate][messages]") {
  const auto json = Json::parse(R"({"resourceType":"Patient","contact":[{"gender":"male"}]})");
  REQUIRE(json);
  const Issues issues = check_structure(json->root(), {.thorough = true, .language = Language::zh});
  const auto found = std::ranges::find(issues, "pat-1", &Issue::detail_code);
  REQUIRE(found != issues.end());
  CHECK(found->details == "不满足约束 pat-1：联系人至少要有姓名、电话、地址等信息之一，或对机构的引用");
}

TEST_CASE("holes are filled in the order of their numbers, and other braces stay", "[validate][messages]") {
  CHECK(filled("{1} before {0}", {"a", "b"}) == "b before a");
  CHECK(filled("{0} and {0}", {"a"}) == "a and a");
  CHECK(filled("{0}{1}", {"a"}) == "a");
  CHECK(filled("{ } {x", {"a"}) == "{ } {x");
}

TEST_CASE("a finding is told in the language that was asked for", "[validate][messages]") {
  const auto json = Json::parse(R"({"resourceType":"Patient","birthDate":"today"})");
  REQUIRE(json);
  const Issues english = check_structure(json->root());
  const Issues chinese = check_structure(json->root(), {.language = Language::zh});
  REQUIRE(english.size() == 1);
  REQUIRE(chinese.size() == 1);
  CHECK(english[0].details == "this is no date; one looks like 2024-02-29");
  CHECK(chinese[0].details == "这不是 date；正确的写法如 2024-02-29");
  CHECK(english[0].detail_code == chinese[0].detail_code);
  CHECK(english[0].expression == chinese[0].expression);
}

TEST_CASE("input that cannot be read is a fatal issue with its place, in either language", "[validate][messages]") {
  const auto json = Json::parse("{\"resourceType\":\n \"Patient\",}");
  REQUIRE_FALSE(json);
  const Issue issue = validate::to_issue(json.error(), Language::zh);
  CHECK(issue.severity == Severity::fatal);
  CHECK(issue.detail_code == "json.syntax");
  CHECK(issue.details == "此处不是合法的 JSON");
  CHECK(issue.place.line == 2);
  CHECK(validate::to_issue(json.error(), Language::en).details == json.error().say);
}

TEST_CASE("the languages go by their tags", "[validate][messages]") {
  CHECK(language_of("zh") == Language::zh);
  CHECK(language_of("zh-CN") == Language::zh);
  CHECK(language_of("en-US") == Language::en);
  CHECK_FALSE(language_of("fr"));
  CHECK_FALSE(language_of(""));
}
