// Paths through FHIR documents (R4 fhirpath.html): choices, twins of primitives, types, references, extensions.
#include "evaluate.h"

using namespace fhir;
using namespace fhir::path;
using namespace fhir::path::test;

namespace {

const char* const kPatient = R"({"resourceType":"Patient","id":"p1","active":true,
  "extension":[{"url":"http://x/nation","valueCode":"CN"},{"url":"http://x/age","valueAge":{"value":4,"code":"a",
    "system":"http://unitsofmeasure.org"}}],
  "name":[{"use":"official","family":"张","given":["三","丰"],"_given":[null,{"id":"g2"}]},
          {"use":"usual","_text":{"extension":[{"url":"http://x/absent","valueString":"asked"}]}}],
  "birthDate":"1974-12-25","_birthDate":{"id":"b","extension":[{"url":"http://x/time","valueDateTime":"1974-12-25T14:35:45+08:00"}]},
  "deceasedBoolean":false,
  "contact":[{"relationship":[{"text":"母"}]}],
  "managingOrganization":{"reference":"#org"},
  "contained":[{"resourceType":"Organization","id":"org","name":"医院"}]})";

constexpr Row kPaths[] = {
    {"Patient.name.given", "三, 丰"},
    {"name.given", "三, 丰"},
    {"Resource.id", "p1"},
    {"DomainResource.id", "p1"},
    {"Observation.name", "{}"},
    {"Patient.nothing", "{}"},
    {"name[0].given[1]", "丰"},
    {"name.given[1].id", "g2"},
    {"deceased", "false"},
    {"deceased.is(boolean)", "true"},
    {"deceasedBoolean", "{}"},
    {"birthDate.id", "b"},
    {"birthDate.extension('http://x/time').value", "@1974-12-25T14:35:45+08:00"},
    {"birthDate.value.is(System.Date)", "true"},
    {"extension.where(url = 'http://x/nation').value", "CN"},
    {"extension('http://x/age').value is Age", "true"},
    {"extension('http://x/age').value is Quantity", "true"},
    {"extension('http://x/age').value = 4 'a'", "true"},
    {"extension('http://x/none')", "{}"},
    {"name.text.exists()", "true"},
    {"name.text.hasValue()", "false"},
    {"name.text.extension('http://x/absent').value", "asked"},
    {"name[1].text = 'x'", "false"},
    {"birthDate.hasValue()", "true"},
    {"name.given.hasValue()", "false"},
    {"name.hasValue()", "false"},
    {"birthDate.getValue().is(System.Date)", "true"},
    {"active.type().name", "boolean"},
    {"active.type().namespace", "FHIR"},
    {"active.is(Boolean)", "false"},
    {"active.is(FHIR.boolean)", "true"},
    {"name.use.first().is(string)", "true"},
    {"name.ofType(HumanName).use", "official, usual"},
    {"name.as(HumanName)", "error"},
    {"contact.is(BackboneElement)", "true"},
    {"contact.relationship.text", "母"},
    {"is(Patient) and is(DomainResource) and is(Observation).not()", "true"},
    {"managingOrganization.resolve().name", "医院"},
    {"managingOrganization.resolve() is Organization", "true"},
    {"contained.id", "org"},
    {"name.where(use = 'official').family", "张"},
    {"name.exists(family = '张')", "true"},
    {"name[0] = name[0]", "true"},
    {"name[0] = name[1]", "false"},
    {"name[0].given.pathname()", "Patient.name[0].given[0], Patient.name[0].given[1]"},
    {"(1 | name.use).pathname()", "Patient.name[0].use, Patient.name[1].use"},
    {"%context.id", "p1"},
    {"%resource.id", "p1"},
    {"name.given.select(%rootResource.id)", "p1, p1"},
    {"%sct", "http://snomed.info/sct"},
    {"%loinc", "http://loinc.org"},
    {"%ucum", "http://unitsofmeasure.org"},
    {"%'vs-administrative-gender'", "http://hl7.org/fhir/ValueSet/administrative-gender"},
    {"%`ext-patient-birthTime`", "http://hl7.org/fhir/StructureDefinition/patient-birthTime"},
    {"%unknown", "error"},
    {"birthDate < today()", "error"},
    {"name.given.defineVariable('all').select($this & %all.first())", "三三, 丰三"},
    {"name.defineVariable('second', skip(1).first()).select(%second.use)", "usual, usual"},
    {"defineVariable('n', name.first()).active | %n", "error"},
    {"defineVariable('n', 1).defineVariable('n', 2)", "error"},
    {"defineVariable('resource')", "error"},
    {"name.where(defineVariable('u', use).select(%u = 'usual')).use", "usual"},
    {"gender.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "{}"},
    {"'male'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender')", "true"},
    {"'mail'.memberOf('http://hl7.org/fhir/ValueSet/administrative-gender|4.0.1')", "false"},
    {"'male'.memberOf('http://example.org/unknown')", "error"},
};

const char* const kObservation =
    R"json({"resourceType":"Observation","status":"final","code":{"coding":[{"code":"718-7"}]},
  "valueQuantity":{"value":15.80,"unit":"g/dL","system":"http://unitsofmeasure.org","code":"g/dL"},
  "referenceRange":[{"high":{"value":160,"unit":"g/L","system":"http://unitsofmeasure.org","code":"g/L"}}],
  "component":[{"valueQuantity":{"value":1,"comparator":"<","code":"g","system":"http://unitsofmeasure.org"}},
               {"valueString":"弱阳性(±)"},{"_valueString":{"id":"v"}}]})json";

constexpr Row kValues[] = {
    {"value.value", "15.80"},
    {"value.unit", "g/dL"},
    {"Observation.valueQuantity", "{}"},
    {"value > 150 'g/L'", "true"},
    {"value < referenceRange.high", "true"},
    {"value = 158 'g/L'", "true"},
    {"value.toString()", "15.80 'g/dL'"},
    {"value is Quantity", "true"},
    {"(value as Quantity).value", "15.80"},
    {"value.as(Period).start", "{}"},
    {"component[0].value < 2 'g'", "error"},
    {"component.value.ofType(string)", "弱阳性(±), "},
    {"component[2].value.id", "v"},
    {"component[2].value.hasValue()", "false"},
    {"value.value.is(decimal)", "true"},
    {"value.value * 2", "31.60"},
};

Result<Collection> evaluate_on(const Expression& expression, const Json& json, const Environment& environment = {}) {
  return expression.evaluate(json.root(), environment);
}

}  // namespace

TEST_CASE("paths follow R4's definitions", "[fhirpath]") { check(kPaths, kPatient); }
TEST_CASE("a choice is found under its plain name, and a Quantity counts as one", "[fhirpath]") {
  check(kValues, kObservation);
}

TEST_CASE("an item says what it is, where it stands and how it was written", "[fhirpath]") {
  const Result<Json> json = Json::parse(kPatient);
  REQUIRE(json.has_value());
  const Result<Collection> given = evaluate_on(*Expression::compile("name.given"), *json);
  REQUIRE((given && given->size() == 2));
  const Item& second = (*given)[1];
  CHECK(second.kind == Item::Kind::string);
  CHECK(second.type == "string");
  CHECK(second.text == "丰");
  CHECK(second.path == "Patient.name[0].given[1]");
  CHECK(second.node.text() == "丰");
  CHECK(second.twin["id"].text() == "g2");
  const Result<Collection> value = evaluate_on(*Expression::compile("extension[1].value"), *json);
  REQUIRE((value && value->size() == 1));
  CHECK(value->front().kind == Item::Kind::node);
  CHECK(value->front().type == "Age");
  CHECK(value->front().path == "Patient.extension[1].value");
}

TEST_CASE("items may be evaluated further, from their own place", "[fhirpath]") {
  const Result<Json> json = Json::parse(kPatient);
  REQUIRE(json.has_value());
  const Result<Collection> names = evaluate_on(*Expression::compile("name"), *json);
  REQUIRE(names);
  const Result<Collection> given = Expression::compile("given")->evaluate(*names, {});
  REQUIRE((given && given->size() == 2));
  CHECK(given->front().path == "Patient.name[0].given[0]");
  CHECK(given->front().type == "string");
}

TEST_CASE("variables, references and the resource come from the caller", "[fhirpath]") {
  const Result<Json> practitioner = Json::parse(R"({"resourceType":"Practitioner","id":"d"})");
  REQUIRE(practitioner.has_value());
  const Collection row = {{.kind = Item::Kind::string, .type = "String", .text = "张三"}};
  const Collection numbers = {{.kind = Item::Kind::integer, .type = "Integer", .text = "4"},
                              {.kind = Item::Kind::boolean, .type = "Boolean", .text = "true"}};
  Environment environment;
  environment.variable = [&](std::string_view name) {
    return name == "姓名" ? &row : name == "n" ? &numbers : nullptr;
  };
  environment.resolve = [&](std::string_view reference) {
    return reference == "Practitioner/d" ? practitioner->root() : JsonView();
  };
  environment.resource = practitioner->root();
  CHECK(evaluate("%姓名 & '!'", {}, environment) == "张三!");
  CHECK(evaluate("%`姓名`.length()", {}, environment) == "2");
  CHECK(evaluate("%n[0] + 1", {}, environment) == "5");
  CHECK(evaluate("%n[1] and true", {}, environment) == "true");
  CHECK(evaluate("%resource.id", {}, environment) == "d");
  CHECK(evaluate("'Practitioner/d'.resolve().id", {}, environment) == "d");
  CHECK(evaluate("'Practitioner/e'.resolve().id", {}, environment) == "{}");
}

TEST_CASE("as() filters where R4's own expressions want it to", "[fhirpath]") {
  Environment environment;
  environment.as_filters = true;
  CHECK(evaluate("descendants().as(id)", kPatient, environment) == "p1, org");
  CHECK(evaluate("(descendants() as id)", kPatient, environment) == "p1, org");
  CHECK(evaluate("descendants().as(id)", kPatient) == "error");
}

TEST_CASE("references inside a Bundle are followed by fullUrl and by type and id", "[fhirpath]") {
  const char* const bundle = R"({"resourceType":"Bundle","type":"message","entry":[
    {"fullUrl":"urn:uuid:1","resource":{"resourceType":"Task","for":{"reference":"urn:uuid:2"},"owner":{"reference":"Organization/o"}}},
    {"fullUrl":"urn:uuid:2","resource":{"resourceType":"Patient","id":"p"}},
    {"resource":{"resourceType":"Organization","id":"o","name":"n"}}]})";
  CHECK(evaluate("entry.resource.ofType(Task).for.resolve().id", bundle) == "p");
  CHECK(evaluate("entry.resource.ofType(Task).owner.resolve().name", bundle) == "n");
  CHECK(evaluate("entry[1].resource.id.pathname()", bundle) == "Bundle.entry[1].resource.id");
}

TEST_CASE("a document R4 does not know is walked by its JSON", "[fhirpath]") {
  const char* const other =
      R"({"患者":{"姓名":"张三","年龄":52.0,"标签":["a",null,"b"],"空":null},"resourceType":"Unheard"})";
  CHECK(evaluate("患者.姓名", other) == "张三");
  CHECK(evaluate("患者.年龄 > 18", other) == "true");
  CHECK(evaluate("患者.标签", other) == "a, b");
  CHECK(evaluate("患者.空.exists()", other) == "false");
  CHECK(evaluate("患者.children().count()", other) == "4");
}

TEST_CASE("what is no FHIR where FHIR is expected is still answered", "[fhirpath]") {
  CHECK(evaluate("active and true", R"({"resourceType":"Patient","active":"yes"})") == "true");
  CHECK(evaluate("name.given", R"({"resourceType":"Patient","name":"x"})") == "{}");
  CHECK(evaluate("name.given", R"({"resourceType":"Patient","name":{"given":"x"}})") == "x");
  CHECK(evaluate("birthDate < @2020", R"({"resourceType":"Patient","birthDate":"soon"})") == "{}");
  CHECK(evaluate("id", "[1]") == "{}");
}
