// The engine's promises to its callers: truth of criteria, places of errors, budgets, threads.
#include "fhir/path/fhirpath.h"

#include <thread>

#include "evaluate.h"

using namespace fhir;
using namespace fhir::path;
using namespace fhir::path::test;

namespace {

Result<bool> holds(std::string_view expression, const Environment& environment = {}) {
  const Result<Json> json =
      Json::parse(R"({"resourceType":"Patient","active":false,"name":[{"family":"a"},{"family":"b"}]})");
  REQUIRE(json.has_value());
  const Result<Expression> compiled = Expression::compile(expression);
  REQUIRE(compiled);
  const Result<bool> answer = compiled->holds(json->root(), environment);
  const Result<Collection> items = compiled->evaluate(json->root(), environment);
  CHECK(answer.has_value() == (items && truth(*items).has_value()));
  return answer;
}

Error failure(std::string_view expression, const Environment& environment = {}) {
  const Result<Expression> compiled = Expression::compile(expression);
  REQUIRE(compiled);
  const Result<Collection> result = compiled->evaluate(Collection{}, environment);
  REQUIRE_FALSE(result);
  return result.error();
}

}  // namespace

TEST_CASE("a criterion holds when it is true or a single thing", "[fhirpath]") {
  CHECK(holds("name.exists()").value());
  CHECK_FALSE(holds("active").value());
  CHECK_FALSE(holds("gender").value());
  CHECK(holds("name[0]").value());
  CHECK_FALSE(holds("name"));
  CHECK_FALSE(holds("name.family + 'x'"));
}

TEST_CASE("a failed evaluation says where in the expression, and names no value", "[fhirpath]") {
  const Error error = failure("1 +\n  ('secret' - 2)");
  CHECK(error.code == "fhirpath.execution");
  CHECK(error.where == "2:13");
  CHECK(error.fault == Fault::invalid);
  CHECK(error.say.find("secret") == std::string::npos);
}

TEST_CASE("work past the budget stops, soon and with little memory", "[fhirpath]") {
  const char* expression =
      GENERATE("1.repeatAll($this)", "(1 | 2).repeatAll($this | $this + 1)",
               "(1 | 2 | 3 | 4).aggregate(iif($total.empty(), 'x', $total & $total & $total & $total), {})"
               ".repeatAll($this & $this)",
               "'ab'.repeatAll(replace('', 'abcdefghijklmnopqrstuvwxyz'))",
               "'a'.repeatAll(replaceMatches('', 'aa') & $this)", "2.0.repeatAll(exp().ln() + 1)");
  INFO(expression);
  Environment environment;
  environment.steps = 100'000;
  const Error error = failure(expression, environment);
  CHECK(error.fault == Fault::too_large);
  CHECK(error.code == "fhirpath.budget");
}

TEST_CASE("an evaluation has a budget of memory, and an expression one of nesting and length", "[fhirpath]") {
  Environment environment;
  environment.memory = 1u << 20;
  CHECK(failure("(1 | 2).repeatAll($this | $this + 1)", environment).code == "fhirpath.budget");
  const std::string deep = std::string(1'000'000, '(');
  for (const std::string& text :
       {deep.substr(0, 100'000), deep, "'" + std::string(300'000, 'x') + "'", std::string(100'000, '-') + "1"}) {
    const Result<Expression> compiled = Expression::compile(text);
    REQUIRE_FALSE(compiled);
    CHECK(compiled.error().code == "fhirpath.budget");
    CHECK(compiled.error().fault == Fault::too_large);
  }
}

TEST_CASE("a workspace gives what an evaluation of its own gives, again and again", "[fhirpath]") {
  const Result<Json> json = Json::parse(
      R"({"resourceType":"Patient","active":true,"multipleBirthInteger":2,"name":[{"family":"a","given":["b","c"]}],)"
      R"("extension":[{"url":"u","valueQuantity":{"value":1.50,"unit":"mg"}}]})");
  REQUIRE(json.has_value());
  Workspace workspace;
  for (int round = 0; round < 3; ++round) {
    for (const char* text :
         {"name.given", "name", "active", "active.not()", "multipleBirth", "multipleBirth + 1", "extension.value",
          "1 'mg'", "type()", "@2015", "descendants()", "foo", "(1 | 2).repeat(iif($this < 5000, $this + 2, {}))"}) {
      INFO(text);
      const Result<Expression> expression = Expression::compile(text, {.context = "Patient"});
      REQUIRE(expression);
      const auto copied = expression->evaluate(json->root(), {.steps = 100'000'000});
      const auto viewed = expression->evaluate(json->root(), {.steps = 100'000'000}, workspace);
      REQUIRE(copied);
      REQUIRE(viewed);
      REQUIRE(viewed->size() == copied->size());
      for (std::size_t n = 0; n < copied->size(); ++n) {
        const Item& item = (*copied)[n];
        const ItemView& view = (*viewed)[n];
        CHECK((view.kind == item.kind && view.node == item.node && view.twin == item.twin && view.type == item.type));
        CHECK((view.text == item.text && view.unit == item.unit && view.path() == item.path));
      }
    }
  }
}

TEST_CASE("a question after a name, and literals in a row, mean what they meant apart", "[fhirpath]") {
  constexpr Row kRows[] = {
      {"name.family.exists()", "true"},
      {"name.family.empty()", "false"},
      {"name.text.exists()", "false"},
      {"foo.exists()", "false"},
      {"foo.bar.empty()", "true"},
      {"name.given.exists()", "true"},
      {"name.prefix.exists()", "false"},
      {"name.suffix.exists()", "true"},
      {"deceased.exists()", "true"},
      {"active.value.exists()", "true"},
      {"active.id.exists()", "false"},
      {"birthDate.extension.exists()", "true"},
      {"birthDate.exists()", "true"},
      {"birthDate.value.exists()", "false"},
      {"name.exists().not()", "false"},
      {"name.exists().exists()", "true"},
      {"(1 'mg').unit.exists()", "true"},
      {"1.type().name.empty()", "false"},
      {"'b' in ('a' | 'b' | 'c')", "true"},
      {"('a' | 'a').count()", "1"},
      {"(1 | 1.0 | 2).count()", "2"},
      {"('a' | 'b').count() + (1 | 2 | 3).count()", "5"},
      {"('a' | 'b').combine('c').count() + ('a' | 'b').count()", "5"},
      {"('a' | 'b' | name.family).count()", "3"},
      {"(1 | 2) | 3", "1, 2, 3"},
      {"(1 | 2).first() | (3 | 4).last()", "1, 4"},
  };
  check(kRows,
        R"({"resourceType":"Patient","active":true,"deceasedBoolean":false,"name":[{"family":"x","given":[null],)"
        R"("_given":[{"id":"g"}],"prefix":[null],"_prefix":[null],"_suffix":[{"id":"s"}]}],)"
        R"("_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}})");
}

TEST_CASE("one expression serves many threads", "[fhirpath]") {
  const Result<Json> json = Json::parse(R"({"resourceType":"Patient","name":[{"given":["a","b"]}]})");
  REQUIRE(json.has_value());
  const Result<Expression> expression = Expression::compile("name.given.where(matches('[ab]')).count()");
  REQUIRE(expression);
  std::vector<std::string> answers(4);
  {
    std::vector<std::jthread> threads;
    for (std::string& answer : answers) {
      threads.emplace_back([&] {
        for (int n = 0; n < 100; ++n) answer = text_of(*expression->evaluate(json->root()));
      });
    }
  }
  for (const std::string& answer : answers) CHECK(answer == "2");
}

TEST_CASE("truth and text of a collection", "[fhirpath]") {
  const Item yes{.kind = Item::Kind::boolean, .text = "true"};
  const Item no{.kind = Item::Kind::boolean, .text = "false"};
  CHECK_FALSE(truth({}).value());
  CHECK(truth({yes}).value());
  CHECK_FALSE(truth({no}).value());
  CHECK(truth({{.kind = Item::Kind::string, .text = "x"}}).value());
  CHECK_FALSE(truth({yes, no}));
  CHECK(text_of({}).empty());
  CHECK(text_of({no, yes}) == "false");
}
