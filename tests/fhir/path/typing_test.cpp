#include "fhir/path/typing.h"

#include <catch2/catch.hpp>

#include "fhir/definitions/definitions.h"
#include "fhir/path/fhirpath.h"

using namespace fhir;
using namespace fhir::path;

namespace {

struct Wrong {
  const char* context;
  const char* expression;
  const char* where;
  const char* say;
};

Error fault_of(std::string_view expression, const CompileOptions& options) {
  const Result<Expression> compiled = Expression::compile(expression, options);
  INFO(expression);
  REQUIRE_FALSE(compiled.has_value());
  return compiled.error();
}

}  // namespace

TEST_CASE("strict mode refuses at compile time what the definitions show to be wrong", "[fhirpath][typing]") {
  constexpr Wrong kFaults[] = {
      {"Patient", "name.given1", "1:6", "there is no element of this name here; did you mean given?"},
      {"Patient", "Patient.nam", "1:9", "there is no element of this name here; did you mean name?"},
      {"Patient", "Encounter.name.given", "1:1", "the focus is not of type Encounter"},
      {"Observation", "Observation.valueQuantity.unit", "1:13",
       "there is no element of this name here; a choice is written value.ofType(Quantity)"},
      {"Observation", "(Observation.value as Period).unit", "1:31", "there is no element of this name here"},
      {"Observation", "Observation.value.as(Patient)", "1:19", "this can never be of that type"},
      {"Patient", "gender is Quantity", "1:8", "this can never be of that type"},
      {"Patient", "Patient.children().skip(1)", "1:20", "these items have no order"},
      {"Patient", "descendants()[0]", "1:14", "these items have no order"},
      {"Patient", "repeat(contact).first()", "1:17", "these items have no order"},
      {"Patient", "iif(name, 1, 2)", "1:1", "a criterion is true or false, and this is neither"},
      {"Patient", "name.where(family)", "1:6", "a criterion is true or false, and this is neither"},
      {"Patient", "name.where(given.select(true))", "1:6", "a criterion is one truth value, and this may be several"},
      {"Patient", "name.exists() and birthDate", "1:15", "a criterion is true or false, and this is neither"},
      {"Patient", "name.not()", "1:6", "a criterion is true or false, and this is neither"},
      {"Patient", "birthDate.startsWith('19')", "1:11", "startsWith() is not for an item of this type"},
      {"Patient", "name.given.first().startsWith(1)", "1:20", "startsWith() got an argument of the wrong type"},
      {"Patient", "name.given.skip('1')", "1:12", "skip() got an argument of the wrong type"},
      {"Patient", "name['0'].given", "1:5", "an index is one integer"},
      {"Patient", "birthDate < 'x'", "1:11", "these two types have no order"},
      {"Patient", "birthDate + 1", "1:11", "this arithmetic is not defined for these types"},
      {"Patient", "active & 'x'", "1:8", "& is for strings"},
      {"Patient", "gender.sqrt()", "1:8", "sqrt() is not for an item of this type"},
      {"Patient", "name.select(given | famly)", "1:21", "there is no element of this name here; did you mean family?"},
      {"Bundle", "entry.resource.foo", "1:16", "there is no element of this name here"},
      {"Patient", "type().nme", "1:8", "there is no element of this name here"},
      {"", "1.foo", "1:3", "there is no element of this name here"},
  };
  for (const Wrong& row : kFaults) {
    const Error error = fault_of(row.expression, {true, row.context});
    INFO(row.expression);
    CHECK(error.code == "fhirpath.semantic");
    CHECK(error.where == row.where);
    CHECK(error.say == row.say);
  }
}

TEST_CASE("strict mode lets pass what may be right", "[fhirpath][typing]") {
  constexpr std::pair<const char*, const char*> kRight[] = {
      {"Patient", "Patient.name.given"},
      {"Patient", "Resource.id"},
      {"Patient", "name.where(use = 'official').given.first().startsWith('P')"},
      {"Patient", "name.skip(1).given"},
      {"Patient", "children().where($this is HumanName)"},
      {"Patient", "children().name.count()"},
      {"Patient", "birthDate + 1 year > @2000-01-01"},
      {"Patient", "contained.where(id = 'x').ofType(Medication).code"},
      {"Patient", "extension('http://e').value.ofType(Quantity).unit"},
      {"Patient", "extension.value.unit"},
      {"Patient", "generalPractitioner.resolve().ofType(Practitioner).name"},
      {"Patient", "deceased.ofType(boolean)"},
      {"Patient", "deceased as dateTime"},
      {"Patient", "name.given.aggregate($total & $this, '')"},
      {"Patient", "active.value and gender.hasValue()"},
      {"Patient", "defineVariable('n', name).select(%n.given)"},
      {"Patient", "iif(name.exists(), name.first().family, 'none')"},
      {"Patient", "name.sort(family).first()"},
      {"Patient", "Patient.type().name = 'Patient'"},
      {"Patient", "%resource.name | %context.name"},
      {"Patient", "{}.foo"},
      {"Observation", "value.unit"},
      {"Observation", "value.ofType(Quantity).value > 3"},
      {"Observation", "(value as Quantity) > 3 'mg'"},
      {"Bundle", "entry.resource.birthDate"},
      {"Questionnaire", "repeat(item).linkId.isDistinct()"},
      {"Questionnaire", "item.item.item.text"},
      {"", "name.given1"},
      {"NoSuchType", "a.b.c"},
  };
  for (const auto& [context, expression] : kRight) {
    const Result<Expression> compiled = Expression::compile(expression, {true, context});
    INFO(expression);
    INFO((compiled ? std::string() : to_string(compiled.error())));
    CHECK(compiled.has_value());
  }
}

TEST_CASE("an ordinary compilation refuses only what no input could make right", "[fhirpath][typing]") {
  for (const char* wrong :
       {"iif('non boolean criteria', 1, 2)", "iif(1 | 2 | 3, true, false)", "Appointment.identifier.startsWith('rand')",
        "Patient.name.endsWith('x')", "Patient.name.where(period.contains('x'))"}) {
    CHECK(fault_of(wrong, {}).code == "fhirpath.semantic");
  }
  for (const char* fine : {"iif(name, 1, 2)", "iif({}, 1, 2)", "Patient.foo.bar", "name.startsWith('x')",
                           "Observation.value.startsWith('x')", "Patient.children().skip(1)", "'a'.startsWith(1)"}) {
    INFO(fine);
    CHECK(Expression::compile(fine).has_value());
  }
}

TEST_CASE("every invariant of the definitions compiles", "[fhirpath][typing]") {
  for (const Constraint& constraint : all_constraints()) {
    INFO(constraint.key << ": " << constraint.expression);
    CHECK(Expression::compile(constraint.expression).has_value());
  }
}
