// Nanoseconds of processor time per compilation and evaluation of FHIRPath expressions on a small Patient and
// Observation. Prints one row per expression: compile, evaluate (items built), holds (truth only).
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <string_view>

#include "fhir/path/fhirpath.h"

namespace {

constexpr std::string_view kPatient =
    R"({"resourceType":"Patient","id":"example","active":true,"identifier":[{"use":"usual","system":"urn:oid:1.2.36.146",)"
    R"("value":"12345","period":{"start":"2001-05-06"}}],"name":[{"use":"official","family":"Chalmers","given":["Peter",)"
    R"("James"]},{"use":"usual","given":["Jim"]},{"use":"maiden","family":"Windsor","given":["Peter","James"]}],)"
    R"("telecom":[{"use":"home"},{"system":"phone","value":"(03) 5555 6473","use":"work","rank":1}],"gender":"male",)"
    R"("birthDate":"1974-12-25","deceasedBoolean":false,"address":[{"use":"home","line":["534 Erewhon St"],)"
    R"("city":"PleasantVille","period":{"start":"1974-12-25"}}]})";

constexpr std::string_view kObservation =
    R"({"resourceType":"Observation","status":"final","category":[{"coding":[{"code":"laboratory"}]}],"code":{"coding":)"
    R"([{"system":"http://loinc.org","code":"718-7"}]},"valueQuantity":{"value":15.80,"unit":"g/dL","system":)"
    R"("http://unitsofmeasure.org","code":"g/dL"},"referenceRange":[{"low":{"value":13.0,"unit":"g/dL"}}]})";

struct Case {
  std::string_view expression;
  std::string_view document;
};

constexpr Case kCases[] = {
    {"Patient.name.given", kPatient},
    {"active", kPatient},
    {"name.where(use = 'official').family", kPatient},
    {"name.exists(given = 'Jim')", kPatient},
    {"birthDate < @2000-01-01", kPatient},
    {"telecom.where(system = 'phone' and use = 'work').value.first()", kPatient},
    {"name.given.where($this.matches('^J')).count() > 1", kPatient},
    {"Patient.descendants().count()", kPatient},
    {"name.select(given.first() & ' ' & iif(family.exists(), family, ''))", kPatient},
    {"Observation.value.value > 15.0", kObservation},
    {"value > 150 'g/L'", kObservation},
    {"code.coding.exists(system = %loinc and code = '718-7')", kObservation},
    {"value.ofType(Quantity).unit", kObservation},
};

// Processor time, so that a busy machine does not count.
template <class Work>
double nanoseconds(Work work) {
  constexpr std::clock_t kAtLeast = CLOCKS_PER_SEC / 10;
  std::size_t count = 0;
  const std::clock_t begin = std::clock();
  std::clock_t now = begin;
  for (; now - begin < kAtLeast; now = std::clock()) {
    for (int n = 0; n < 100; ++n, ++count) work();
  }
  return static_cast<double>(now - begin) * 1e9 / CLOCKS_PER_SEC / static_cast<double>(count);
}

void measure(const Case& one) {
  const fhir::Result<fhir::Json> json = fhir::Json::parse(std::string(one.document));
  const fhir::Result<fhir::path::Expression> expression = fhir::path::Expression::compile(one.expression);
  if (!json || !expression) std::abort();
  const fhir::JsonView root = json->root();
  std::size_t sink = 0;
  const double compile = nanoseconds([&] { sink += fhir::path::Expression::compile(one.expression).has_value(); });
  const double evaluate = nanoseconds([&] { sink += expression->evaluate(root)->size(); });
  const double holds = nanoseconds([&] { sink += expression->holds(root).has_value(); });
  fmt::print("{:8.0f} {:8.0f} {:8.0f}  {}\n", compile, evaluate, holds, one.expression);
  if (sink == 0) std::abort();
}

}  // namespace

int main() {
  fmt::print(" compile evaluate    holds  ns\n");
  for (const Case& one : kCases) measure(one);
}
