// An expression that is nothing but a trail takes a short way from the root of a document; that must give what the long
// way gives, and stay within the budget.
#include <string>
#include <string_view>

#include "evaluate.h"

using namespace fhir;
using namespace fhir::path;
using namespace fhir::path::test;

namespace {

const char* const kDocuments[] = {
    R"({"resourceType":"Patient","id":"p","meta":{"profile":["a","b"],"tag":[{"code":"t"}]},"name":[{"family":"F",
      "given":["A","B"],"_given":[null,{"id":"g"}]},{"given":["C"]}],"active":true,"multipleBirthInteger":2,
      "birthDate":"1974-12-25","_birthDate":{"id":"b"},"contained":[{"resourceType":"Patient","id":"in"}]})",
    R"({"id":"late","resourceType":"Patient","name":[{"given":["after the id"]}],"multipleBirthBoolean":false})",
    R"({"resource\u0054ype":"Patient","id":"escaped","name":[{"given":["\u0041"]}]})",
    R"({"resourceType":"P\u0061tient","id":"escaped type"})",
    R"({"resourceType":"Practitioner","id":"another","name":[{"given":["N"]}],"birthDate":"2001"})",
    R"({"resourceType":"Unheard","id":"unheard","name":[{"given":["U"]}]})",
    R"({"resourceType":5,"id":"number"})",
    R"({"resourceType":{"resourceType":"Patient"},"id":"object"})",
    R"({"name":[{"given":["untyped"]}]})",
    R"({})",
    R"([{"resourceType":"Patient","id":"in an array"}])",
    R"("Patient")",
};

const char* const kTrails[] = {
    "id",
    "Patient.id",
    "Resource.id",
    "Practitioner.id",
    "name",
    "Patient.name.given",
    "name.given.id",
    "DomainResource.meta.profile",
    "meta.tag.code",
    "meta.security",
    "active",
    "birthDate",
    "birthDate.id",
    "Patient.multipleBirth",
    "contained.id",
    "nonsense",
    "Patient.nonsense.more",
    "name.given.extension.extension.extension.extension.extension.extension.value",
};

std::string told(const Item& item) { return std::string(item.type) + " " + item.path + " " + written(item) + "\n"; }

std::string told(const Result<Collection>& result) {
  REQUIRE(result);
  std::string text;
  for (const Item& item : *result) text += told(item);
  return text;
}

std::string told(const Result<std::span<const ItemView>>& result) {
  REQUIRE(result);
  std::string text;
  for (const ItemView& view : *result) {
    text += told(Item{.kind = view.kind,
                      .node = view.node,
                      .type = view.type,
                      .text = std::string(view.text),
                      .unit = std::string(view.unit),
                      .path = view.path()});
  }
  return text;
}

Expression compiled(const std::string& text, std::string_view context) {
  auto expression = Expression::compile(text, {.context = context});
  REQUIRE(expression);
  return *std::move(expression);
}

}  // namespace

TEST_CASE("the short way of a trail from a root gives what the long way gives", "[fhirpath]") {
  Workspace workspace;
  for (const char* const document : kDocuments) {
    const auto json = Json::parse(document);
    REQUIRE(json);
    for (const std::string trail : kTrails) {
      for (const char* const question : {"", ".exists()", ".empty()"}) {
        for (const std::string_view context : {"", "Patient", "Practitioner", "Observation"}) {
          INFO(trail << question << " in " << document << " as " << context);
          const Expression whole = compiled(trail + question, context);
          const Expression wrapped = compiled("iif(true, " + trail + question + ")", context);  // no trail any more
          const std::string expected = told(wrapped.evaluate(json->root()));
          CHECK(told(whole.evaluate(json->root())) == expected);
          CHECK(told(whole.evaluate(json->root(), {}, workspace)) == expected);
          const auto holds = whole.holds(json->root());
          const auto holds_wrapped = wrapped.holds(json->root());
          CHECK(holds.has_value() == holds_wrapped.has_value());
          if (holds && holds_wrapped) CHECK(*holds == *holds_wrapped);
        }
      }
    }
  }
}

TEST_CASE("the short way costs what the long way costs and ends where the budget ends", "[fhirpath]") {
  std::string text = R"({"resourceType":"Patient","name":[)";
  for (int n = 0; n < 500; ++n) text += R"({"given":["A","B"]},)";
  text.back() = ']';
  const auto json = Json::parse(text + "}");
  REQUIRE(json);
  const Expression trail = compiled("Patient.name.given", "Patient");  // 500 names, 1,000 given; a step for the trail
  const auto items = [&](std::uint64_t steps, std::size_t memory) {
    return trail.evaluate(json->root(), {.steps = steps, .memory = memory});
  };
  constexpr std::size_t kMemory = 64u << 20;
  constexpr std::uint64_t kCost = 1501;
  REQUIRE(items(1'000'000, kMemory)->size() == 1000);
  CHECK(items(kCost, kMemory).has_value());
  for (const auto& refused : {items(kCost - 1, kMemory), items(1'000'000, 1)}) {
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == "fhirpath.budget");
    CHECK(refused.error().where == "1:1");
  }
}
