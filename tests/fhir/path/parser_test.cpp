// The grammar (hl7.org/fhirpath/N1/grammar.html): what is an expression, what is not, and where it stops being one.
#include <catch2/catch.hpp>

#include "fhir/path/fhirpath.h"

using namespace fhir;
using namespace fhir::path;

namespace {

struct Bad {
  const char* text;
  const char* where;
  const char* code;
};

std::string repeat(std::string_view part, std::size_t count) {
  std::string text;
  for (std::size_t n = 0; n < count; ++n) text += part;
  return text;
}

}  // namespace

TEST_CASE("expressions of the grammar are accepted", "[fhirpath]") {
  const char* text =
      GENERATE("Patient.name.given", "name[0].given[1]", "{}", "true", "'it\\'s'", "1", "1.50", "007", "@2015",
               "@2015-02", "@2015-02-04", "@2015T", "@2015-02-04T14", "@2015-02-04T14:34:28.123+08:00",
               "@2015-02-04T14:34Z", "@T14", "@T14:30:00.5", "4 days", "10 'mg'", "1 year + 2 months", "-1", "+ -1",
               "- 2147483648", "%resource", "%'vs-gender'", "%`ext-x`", "%姓名", "a or b xor c and d implies e",
               "a in b", "a contains b", "contains.in.as.is", "a is Patient", "a as FHIR.Patient", "a is System.String",
               "a.is(`Patient`)", "a.ofType(FHIR.`Quantity`)", "`div`.`a b`", "text.div", "$this.$index",
               "iif(a, b, c)", "now()", "a /* note */ + b // end", "a\n.b", "a.where($this > 1 and $index < 2)", "a!=b",
               "a !~ b", "a <= b", "'\\u0041\\ud83d\\ude00'", "患者.姓名", "sort(a desc, -b)");
  INFO(text);
  const Result<Expression> expression = Expression::compile(text);
  CHECK((expression ? "" : to_string(expression.error())) == "");
}

TEST_CASE("what is no expression is refused at its line and column", "[fhirpath]") {
  const Bad bad = GENERATE(
      Bad{"", "1:1", "fhirpath.syntax"}, Bad{"a.", "1:3", "fhirpath.syntax"}, Bad{"a b", "1:3", "fhirpath.syntax"},
      Bad{"(a", "1:3", "fhirpath.syntax"}, Bad{"a)", "1:2", "fhirpath.syntax"}, Bad{"a +", "1:4", "fhirpath.syntax"},
      Bad{"a[0", "1:4", "fhirpath.syntax"}, Bad{"'open", "1:1", "fhirpath.syntax"},
      Bad{"a = 'x", "1:5", "fhirpath.syntax"}, Bad{"'\\q'", "1:2", "fhirpath.syntax"},
      Bad{"'\\ud800'", "1:2", "fhirpath.syntax"}, Bad{"2 /* x", "1:3", "fhirpath.syntax"},
      Bad{"@T14:34:28Z", "1:11", "fhirpath.syntax"}, Bad{"@20", "1:1", "fhirpath.syntax"},
      Bad{"$that", "1:1", "fhirpath.syntax"}, Bad{"a # b", "1:3", "fhirpath.syntax"},
      Bad{"and", "1:1", "fhirpath.syntax"}, Bad{"a,b", "1:2", "fhirpath.syntax"},
      Bad{"姓名 ＝ 'x'", "1:4", "fhirpath.syntax"}, Bad{"名.first（）", "1:8", "fhirpath.syntax"},
      Bad{"a\n  + )", "2:5", "fhirpath.syntax"}, Bad{"\xff", "1:1", "fhirpath.syntax"},
      Bad{"'\xc3('", "1:2", "fhirpath.syntax"}, Bad{"%", "1:2", "fhirpath.syntax"},
      Bad{"{1}", "1:2", "fhirpath.syntax"}, Bad{"@2015-13-01", "1:1", "fhirpath.semantic"},
      Bad{"@T25", "1:1", "fhirpath.semantic"}, Bad{"2147483648", "1:1", "fhirpath.semantic"},
      Bad{"a.wher(b)", "1:3", "fhirpath.semantic"}, Bad{"a.first(1)", "1:3", "fhirpath.semantic"},
      Bad{"a.where()", "1:3", "fhirpath.semantic"}, Bad{"a is Patiend", "1:6", "fhirpath.semantic"},
      Bad{"a.ofType(System.Patient)", "1:10", "fhirpath.semantic"}, Bad{"a.matches('(')", "1:11", "fhirpath.semantic"},
      Bad{"a.matches('(?=x)')", "1:11", "fhirpath.semantic"});
  INFO(bad.text);
  const Result<Expression> expression = Expression::compile(bad.text);
  REQUIRE_FALSE(expression);
  CHECK(expression.error().where == bad.where);
  CHECK(expression.error().code == bad.code);
}

TEST_CASE("a misspelt name is answered with the nearest one", "[fhirpath]") {
  CHECK(Expression::compile("a.wher(b)").error().say == "unknown function; did you mean where?");
  CHECK(Expression::compile("a is Observatoin").error().say == "unknown type; did you mean Observation?");
}

TEST_CASE("a full-width character of an input method is named", "[fhirpath]") {
  CHECK(Expression::compile("a.first（）").error().say == "a full-width character; write '('");
}

TEST_CASE("hostile nesting and size are refused, long flat expressions are not", "[fhirpath]") {
  constexpr std::size_t kMany = 10'000;
  CHECK(Expression::compile(repeat("(", kMany) + "1").error().fault == Fault::too_large);
  CHECK(Expression::compile(repeat("-", kMany) + "1").error().fault == Fault::too_large);
  CHECK(Expression::compile(repeat("a[", kMany)).error().fault == Fault::too_large);
  CHECK(Expression::compile(repeat("a.where(", kMany)).error().fault == Fault::too_large);
  CHECK(Expression::compile(repeat("a + ", 100'000)).error().fault == Fault::too_large);
  const Result<Expression> flat = Expression::compile(repeat("1 + ", kMany) + "1");
  REQUIRE(flat);
  CHECK(text_of(*flat->evaluate(Collection{}, {})) == "10001");
  CHECK(Expression::compile("a" + repeat(".a", kMany)));
}

TEST_CASE("an expression names the variables it uses, once each", "[fhirpath]") {
  const Result<Expression> expression = Expression::compile("%a + %'b c' + %a + %姓名");
  REQUIRE(expression);
  CHECK(expression->variables() == std::vector<std::string>{"a", "b c", "姓名"});
  CHECK(expression->text() == "%a + %'b c' + %a + %姓名");
}
