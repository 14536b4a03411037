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
