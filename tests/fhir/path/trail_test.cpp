// A path of names is followed in one go; that must give what following it name by name gives.
#include <algorithm>
#include <span>
#include <vector>

#include "evaluate.h"
#include "fhir/xml.h"

using namespace fhir;
using namespace fhir::path;
using namespace fhir::path::test;

namespace {

const char* const kDocuments[] = {
    R"({"resourceType":"Patient","id":"p","_id":{"id":"x"},"name":[{"use":"official","given":["A","B"],"_given":[null,
      {"id":"g","extension":[{"url":"u","valueString":"in"}]}]},{"_text":{"extension":[{"url":"u","valueCode":"c"}]}}],
      "birthDate":"1974-12-25","_birthDate":{"extension":[{"url":"t","valueDateTime":"1974-12-25T14:35:45+08:00"}]},
      "deceasedBoolean":false,"contact":[{"name":{"family":"F"}},{"relationship":[{"coding":[{"code":"N"},{}]}]}],
      "contained":[{"resourceType":"Organization","id":"o","name":"H","contact":[{"name":{"text":"T"}}]},
      {"resourceType":"Nonsense","name":"?"},{"name":"no type"}],"text":{"status":"generated","div":"<div/>"}})",
    R"({"resourceType":"Observation","valueQuantity":{"value":15.80,"unit":"g"},"component":[{"valueString":"s"},
      {"_valueInteger":{"id":"i"}},{"valueCodeableConcept":{"text":"t"}}],"code":"a string","name":{"given":"no"}})",
    R"({"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient","name":[{"given":["In"]}]}},{},
      {"resource":{"resourceType":"Observation","code":{"text":"c"},"valueBoolean":true}},{"resource":{"id":"typeless"}}]})",
    R"({"resourceType":"Patient","name":"wrong","contact":{"name":[{"family":["x"]}]},"id":{"resourceType":"Patient",
      "id":"nested"},"birthDate":[null,"2001"],"active":null,"contained":[null]})",
    R"({"resourceType":"Unheard","name":[{"given":["A"],"_given":[{"id":"g"}]}],"valueQuantity":{"value":1},
      "contained":[{"resourceType":"Patient","name":[{"given":["B"]}]}]})",
    R"({"name":[{"given":"plain"}],"a1":1,"a2":2,"a3":3,"a4":4,"a5":5,"a6":6,"a7":7,"a8":8,"a9":9,"b1":1,"b2":2,"b3":3,
      "b4":4,"b5":5,"b6":6,"b7":7,"contact":{"name":{"family":"after many"}}})",
};

const std::vector<std::vector<std::string_view>> kPaths = {
    {"name", "given"},
    {"name", "given", "id"},
    {"name", "given", "extension", "value"},
    {"name", "text", "extension", "value"},
    {"id", "id"},
    {"birthDate", "value"},
    {"birthDate", "extension", "value"},
    {"birthDate", "extension", "url", "value"},
    {"deceased", "value"},
    {"contact", "name", "family"},
    {"contact", "relationship", "coding", "code"},
    {"contained", "name"},
    {"contained", "contact", "name", "text"},
    {"contained", "contained", "id"},
    {"text", "div"},
    {"value", "value"},
    {"value", "unit"},
    {"component", "value"},
    {"component", "value", "id"},
    {"component", "value", "text"},
    {"code", "text"},
    {"entry", "resource", "name", "given"},
    {"entry", "resource", "code", "text"},
    {"entry", "resource", "value"},
    {"entry", "resource", "id"},
    {"active", "id"},
    {"meta", "tag", "code"},
    {"nothing", "at", "all", "in", "more", "names", "than", "are", "marked", "ahead"},
};

std::string joined(std::span<const std::string_view> names, std::string_view between) {
  std::string text;
  for (const std::string_view name : names) text.append(text.empty() ? "" : between).append(name);
  return text;
}

/// With types and places, which a short cut could get wrong.
std::string told(JsonView document, const std::string& expression, std::string_view context) {
  const auto compiled = Expression::compile(expression, {.context = context});
  REQUIRE(compiled);
  const auto result = compiled->evaluate(document);
  REQUIRE(result);
  std::string text;
  for (const Item& item : *result) text += std::string(item.type) + " " + item.path + " " + written(item) + "\n";
  return text;
}

}  // namespace

TEST_CASE("a path followed in one go gives what its names give one after the other", "[fhirpath]") {
  for (const char* const document : kDocuments) {
    const auto json = Json::parse(document);
    REQUIRE(json);
    for (const std::string_view context : {"", "Patient", "Observation", "Bundle"}) {
      for (const auto& path : kPaths) {
        const std::string whole = joined(path, ".");
        const std::string apart = joined(path, ".where(true).");
        INFO(whole << " in " << document << " as " << context);
        const std::string found = told(json->root(), whole, context);
        CHECK(found == told(json->root(), apart, context));
        const bool any = !found.empty();
        CHECK(told(json->root(), whole + ".exists()", context) == (any ? "Boolean  true\n" : "Boolean  false\n"));
        CHECK(told(json->root(), whole + ".empty()", context) == (any ? "Boolean  false\n" : "Boolean  true\n"));
        CHECK(told(json->root(), "Patient." + whole, context) ==
              told(json->root(), "Patient.where(true)." + apart, context));
      }
    }
  }
}

TEST_CASE("a document made of XML, whose names are not worked out ahead, is walked the same", "[fhirpath]") {
  const auto xml =
      from_xml(R"(<Patient xmlns="http://hl7.org/fhir"><id value="p"/><name><given value="A"/><given value="B"
      id="g"/></name><birthDate value="1974-12-25"/><deceasedBoolean value="true"/></Patient>)");
  REQUIRE(xml);
  const JsonView root = xml->resource.root();
  CHECK(told(root, "name.given.id", "Patient") == "string Patient.name[0].given[1].id g\n");
  CHECK(told(root, "Patient.deceased", "Patient") == "boolean Patient.deceased true\n");
  CHECK(told(root, "meta.tag.exists()", "Patient") == "Boolean  false\n");
}
