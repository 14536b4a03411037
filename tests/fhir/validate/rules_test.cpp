// Rules of single types (fhir/validate/rules.h), a case or two for each family. Bundles: bundle_rules_test.cpp;
// answers: answers_test.cpp.
#include "fhir/validate/rules.h"

#include <catch2/catch.hpp>
#include <string>

#include "tests/fhir/validate/found.h"

using test::All;
using test::found;

namespace {

std::string patient(const std::string& members) { return R"({"resourceType":"Patient",)" + members + "}"; }

std::string observation(const std::string& members) {
  return R"({"resourceType":"Observation","status":"final","code":{"text":"x"},)" + members + "}";
}

std::string narrative(const std::string& div) {
  return patient(R"("text":{"status":"generated","div":")" + div + R"("},"active":true)");
}

const std::string kXhtml = "http://www.w3.org/1999/xhtml";

}  // namespace

TEST_CASE("every element says something besides its id", "[validate][general]") {
  CHECK(found(patient(R"("name":[{"id":"n"}])")) == All{"error ele-1 Patient.name[0]"});
  CHECK(found(patient(R"("_birthDate":{"id":"b"})")) == All{"error ele-1 Patient.birthDate"});
  CHECK(found(patient(R"("name":[{"id":"n","family":"陈"}])")) == All{});
}

TEST_CASE("the id of an element has no white space", "[validate][general]") {
  CHECK(found(patient(R"("name":[{"id":"n 1","family":"陈"}])")) == All{"error element-id Patient.name[0]"});
  CHECK(
      found(
          patient(
              R"("birthDate":"2000-01-01","_birthDate":{"id":"b 1","extension":[{"url":"http://e.org/x","valueCode":"x"}]})"))
          .front() == "error element-id Patient.birthDate");
}

TEST_CASE("a contained resource is referred to, or refers to what is around it", "[validate][general]") {
  const std::string contained = R"("contained":[{"resourceType":"Organization","id":"o","name":"x"}])";
  CHECK(found(patient(contained)) == All{"error dom-3 Patient.contained[0]"});
  CHECK(found(patient(contained + R"(,"managingOrganization":{"reference":"#o"})")) == All{});
  CHECK(found(patient(R"("contained":[{"resourceType":"Condition","id":"c","subject":{"reference":"#"}}])")) == All{});
  CHECK(found(patient(R"("contained":[{"resourceType":"Binary","id":"b","contentType":"image/png","data":"YQ=="}],)"
                      R"("text":{"status":"additional","div":"<div xmlns=\")" +
                      kXhtml + R"(\"><img src=\"#b\" alt=\"x\"/></div>"})")) == All{});
  CHECK(found(patient(R"("contained":[{"resourceType":"Organization","id":"o","name":"x","meta":{"versionId":"1"}}],)"
                      R"("managingOrganization":{"reference":"#o"})")) == All{"error dom-4 Patient.contained[0]"});
}

TEST_CASE("a definition is known by an absolute URL", "[validate][general]") {
  const auto value_set = [](const std::string& url) {
    return found(R"({"resourceType":"ValueSet","status":"active","url":")" + url + "\"}");
  };
  CHECK(value_set("http://example.org/ValueSet/v") == All{});
  CHECK(value_set("ValueSet/v") == All{"error canonical-url ValueSet.url"});
  CHECK(value_set("urn:uuid:6a2ee390-978e") == All{"error uri-uuid ValueSet.url"});
}

TEST_CASE("strings, URIs and dates that have their form and cannot be meant", "[validate][primitives]") {
  CHECK(found(patient(R"("name":[{"family":"  "}])")) == All{"error string-blank Patient.name[0].family"});
  CHECK(found(patient(R"("name":[{"family":"陈 "}])")) == All{"warning string-space Patient.name[0].family"});
  CHECK(found(patient(R"("implicitRules":"oid:1.2.3")")) == All{"error uri-urn Patient.implicitRules"});
  CHECK(found(patient(R"("implicitRules":"urn:oid:1.2.3")")) == All{});
  CHECK(found(patient(R"("implicitRules":"urn:oid:1.02.3")")) == All{"error uri-oid Patient.implicitRules"});
  CHECK(found(patient(R"("implicitRules":"urn:uuid:C757873D-EC9A-4326-A141-556F43239520")")) ==
        All{"warning uri-uuid Patient.implicitRules"});
  CHECK(found(patient(R"("birthDate":"0197-05-01")")) == All{"warning date-year Patient.birthDate"});
}

TEST_CASE("bindings: required is an error, extensible a warning", "[validate][codes]") {
  CHECK(found(patient(R"("gender":"divers")")) == All{"error code Patient.gender"});
  CHECK(found(patient(R"("maritalStatus":{"coding":[{"system":"http://example.org/s","code":"x"}]})")) ==
        All{"warning code-extensible Patient.maritalStatus"});
  CHECK(found(patient(R"("maritalStatus":{"text":"together"})")) == All{});
}

TEST_CASE("a code is one of its system", "[validate][codes]") {
  const auto coded = [](const std::string& coding) {
    return found(observation(R"("category":[{"coding":[{)" + coding + "}]}]"));
  };
  const std::string system = R"("system":"http://terminology.hl7.org/CodeSystem/observation-category",)";
  CHECK(coded(system + R"("code":"laboratory")") == All{});
  CHECK(coded(system + R"("code":"laboratory","display":"laboratory")") == All{});
  CHECK(coded(system + R"("code":"laboratory","display":"Imaging")") ==
        All{"warning coding-display Observation.category[0].coding[0].code"});
  CHECK(coded(system + R"("code":"labour")") == All{"error coding-unknown Observation.category[0].coding[0].code"});
  CHECK(coded(R"("code":"laboratory")") == All{"warning coding-no-system Observation.category[0].coding[0].code"});
  CHECK(coded(R"("system":"LOINC","code":"x")") == All{"error coding-system Observation.category[0].coding[0].system"});
}

TEST_CASE("code systems that are given help", "[validate][codes]") {
  const std::string base = R"({"resourceType":"CodeSystem","url":"http://e.org/s","status":"active","content":)";
  const std::string coded = observation(R"("category":[{"coding":[{"system":"http://e.org/s","code":"b"}]}])");
  CHECK(found(coded) == All{});
  CHECK(found(coded, {base + R"("complete","concept":[{"code":"a","concept":[{"code":"b"}]}]})"}) == All{});
  CHECK(found(coded, {base + R"("complete","concept":[{"code":"a"}]})"}) ==
        All{"error coding-unknown Observation.category[0].coding[0].code"});
  CHECK(found(coded, {base + R"("fragment","concept":[{"code":"a"}]})"}) == All{});
  CHECK(found(coded, {base + R"("supplement","supplements":"http://e.org/t"})"}) ==
        All{"error coding-supplement Observation.category[0].coding[0].system"});
}

TEST_CASE("units are UCUM's when they say so", "[validate][values]") {
  const auto quantity = [](const std::string& system, const std::string& code) {
    return found(observation(R"("valueQuantity":{"value":1,"system":")" + system + R"(","code":")" + code + "\"}"));
  };
  CHECK(quantity("http://unitsofmeasure.org", "mmol/L") == All{});
  CHECK(quantity("http://unitsofmeasure.org", "mmols/L") == All{"warning unit-unknown Observation.value.code"});
  CHECK(quantity("UCUM", "mg") == All{"error quantity-system Observation.value.system"});
}

TEST_CASE("an attachment has the size that it states", "[validate][values]") {
  const auto attachment = [](const std::string& size) {
    return found(patient(R"("photo":[{"contentType":"image/png","data":"YWJj","size":)" + size + "}]"));
  };
  CHECK(attachment("3") == All{});
  CHECK(attachment("4") == All{"error attachment-size Patient.photo[0].size"});
}

TEST_CASE("an identifier of the URI system is a URI", "[validate][values]") {
  const auto identifier = [](const std::string& value) {
    return found(patient(R"("identifier":[{"system":"urn:ietf:rfc:3986","value":")" + value + "\"}]"));
  };
  CHECK(identifier("urn:oid:1.2.3") == All{});
  CHECK(identifier("1.2.3") == All{"warning identifier-uri Patient.identifier[0].value"});
  CHECK(identifier("daa60638") == All{"error identifier-uri Patient.identifier[0].value"});
  CHECK(found(patient(R"("identifier":[{"system":"mrn","value":"1"}])")) ==
        All{"error identifier-system Patient.identifier[0].system"});
}

TEST_CASE("a narrative is allowed XHTML, in its namespace, and its links lead somewhere", "[validate][narrative]") {
  const std::string open = R"(<div xmlns=\")" + kXhtml + R"(\">)";
  CHECK(found(narrative(open + "text</div>")) == All{});
  CHECK(found(narrative(open + "<script>x</script></div>")).front() == "error txt-1 Patient.text.div");
  CHECK(found(narrative(open + " </div>")) == All{"warning txt-2 Patient.text.div"});
  CHECK(found(narrative("<div>text</div>")) ==
        All{"error txt-1 Patient.text.div", "error narrative-space Patient.text.div"});
  CHECK(found(narrative(open + R"(<a href=\"#x\">text</a></div>)")) == All{"error narrative-link Patient.text.div"});
  CHECK(found(narrative(open + R"(<a href=\"#x\">text</a><p id=\"x\">text</p></div>)")) == All{});
}

TEST_CASE("extensions of R4 stand where they may, with the values that they take", "[validate][extensions]") {
  const std::string core = "http://hl7.org/fhir/StructureDefinition/";
  const auto extension = [&](const std::string& url, const std::string& value) {
    return R"("extension":[{"url":")" + core + url + "\"," + value + "}]";
  };
  CHECK(found(patient(extension("patient-birthPlace", R"("valueAddress":{"city":"海口"})"))) == All{});
  CHECK(found(patient(extension("patient-birthPlace", R"("valueString":"海口")"))) ==
        All{"error extension-value Patient.extension[0]"});
  CHECK(found(observation(extension("patient-birthPlace", R"("valueAddress":{"city":"海口"})"))) ==
        All{"error extension-context Observation.extension[0]"});
  CHECK(found(patient(R"("extension":[{"url":"birthPlace","valueString":"x"}])")) ==
        All{"error extension-url Patient.extension[0]"});
  CHECK(found(patient(R"("extension":[{"url":"http://e.org/x|1","valueString":"x"}])")) ==
        All{"error extension-version Patient.extension[0]"});
  CHECK(found(patient(R"("extension":[{"url":"http://e.org/x"}])")) == All{"error ext-1 Patient.extension[0]"});
  CHECK(found(patient(R"("extension":[{"url":"http://e.org/x","valueString":"x"}])")) == All{});
  CHECK(
      found(patient(R"("extension":[{"url":"http://hl7.org/fhir/us/core/StructureDefinition/x","valueCode":"x"}])")) ==
      All{"error extension-unknown Patient.extension[0]"});
}

TEST_CASE("extensions that are given stand where their definition says", "[validate][extensions]") {
  const auto definition = [](const std::string& context) {
    return R"({"resourceType":"StructureDefinition","url":"http://e.org/x","type":"Extension","context":[)" + context +
           R"(],"differential":{"element":[{"path":"Extension"},{"path":"Extension.value[x]","type":[{"code":"string"}]}]}})";
  };
  const std::string on_name =
      patient(R"("name":[{"family":"x","extension":[{"url":"http://e.org/x","valueString":"x"}]}])");
  CHECK(found(on_name, {definition(R"({"type":"element","expression":"Patient.name"})")}) == All{});
  CHECK(found(on_name, {definition(R"({"type":"element","expression":"HumanName"})")}) == All{});
  CHECK(found(on_name, {definition(R"({"type":"element","expression":"Element"})")}) == All{});
  CHECK(found(on_name, {definition(R"x({"type":"fhirpath","expression":"Patient.name.where(family = 'x')"})x")}) ==
        All{});
  CHECK(found(on_name, {definition(R"({"type":"element","expression":"Patient.contact.name"})")}) ==
        All{"error extension-context Patient.name[0].extension[0]"});
  CHECK(found(patient(R"("modifierExtension":[{"url":"http://e.org/x","valueCode":"x"}])"),
              {definition(R"({"type":"element","expression":"Patient"})")}) ==
        All{"error extension-no-modifier Patient.modifierExtension[0]",
            "error extension-value Patient.modifierExtension[0]"});
}

TEST_CASE("a Questionnaire depends on items that it has, and before they are asked", "[validate][questionnaire]") {
  const auto depends = [](const std::string& on) {
    return found(
        R"({"resourceType":"Questionnaire","status":"active","item":[{"linkId":"1","text":"a","type":"boolean","enableWhen":[{"question":")" +
        on +
        R"(","operator":"=","answerBoolean":true}],"item":[{"linkId":"2","text":"b","type":"boolean"}]},{"linkId":"3","text":"c","type":"boolean"}]})");
  };
  CHECK(depends("9") == All{"error enable-unknown Questionnaire.item[0].enableWhen[0]"});
  CHECK(depends("1") == All{"error enable-self Questionnaire.item[0].enableWhen[0]"});
  CHECK(depends("2") == All{"error enable-inner Questionnaire.item[0].enableWhen[0]"});
  CHECK(depends("3") == All{"warning enable-later Questionnaire.item[0].enableWhen[0]"});
}

TEST_CASE("a code system keeps to the properties that it defines", "[validate][terminology]") {
  const auto code_system = [](const std::string& members) {
    return found(R"({"resourceType":"CodeSystem","url":"http://e.org/s","status":"active","content":"complete",)" +
                 members + "}");
  };
  CHECK(
      code_system(
          R"("property":[{"code":"p","type":"string"}],"concept":[{"code":"a","property":[{"code":"p","valueString":"x"}]}])") ==
      All{});
  CHECK(
      code_system(
          R"("property":[{"code":"p","type":"string"}],"concept":[{"code":"a","property":[{"code":"p","valueInteger":1}]}])") ==
      All{"error cs-value-type CodeSystem.concept[0].property[0]"});
  CHECK(
      code_system(
          R"("property":[{"code":"inactive","uri":"http://hl7.org/fhir/concept-properties#inactive","type":"code"}])") ==
      All{"error cs-property-type CodeSystem.property[0]"});
}

TEST_CASE("a value set includes from code systems by their URLs, and codes that they have", "[validate][terminology]") {
  const auto value_set = [](const std::string& include) {
    return found(
        R"({"resourceType":"ValueSet","url":"http://e.org/v","status":"active","compose":{"include":[{)" + include +
            "}]}}",
        {R"({"resourceType":"CodeSystem","url":"http://e.org/s","status":"active","content":"complete","concept":[{"code":"a"}]})"});
  };
  CHECK(value_set(R"("system":"http://e.org/s","concept":[{"code":"a"}])") == All{});
  CHECK(value_set(R"("system":"http://e.org/s","concept":[{"code":"b"}])") ==
        All{"error vs-concept ValueSet.compose.include[0].concept[0]"});
  CHECK(value_set(R"("system":"s")") == All{"error vs-system ValueSet.compose.include[0]"});
  CHECK(value_set(R"("system":"http://e.org/s","filter":[{"property":"concept","op":"is-a","value":"b"}])") ==
        All{"error vs-filter-code ValueSet.compose.include[0].filter[0]"});
}

TEST_CASE("an expression constraint of SNOMED CT has the outline of one", "[validate][terminology]") {
  const auto constraint = [](const std::string& text) {
    return found(
               R"({"resourceType":"ValueSet","url":"http://e.org/v","status":"active","compose":{"include":[{"system":"http://snomed.info/sct","filter":[{"property":"constraint","op":"=","value":")" +
               text + R"("}]}]}})")
        .empty();
  };
  CHECK(constraint("<< 404684003 |Clinical finding|"));
  CHECK(constraint("< 19829001 AND < 301867009"));
  CHECK(constraint("(< 19829001 OR ^ 700043003) MINUS 301867009"));
  CHECK(constraint("< 404684003: 363698007 = << 39057004, 116676008 = *"));
  CHECK_FALSE(constraint("234234 << 234234"));
  CHECK_FALSE(constraint("<< 404684003 AND"));
  CHECK_FALSE(constraint("(<< 404684003"));
  CHECK_FALSE(constraint("finding"));
}

TEST_CASE("a profile has paths of its type and expressions that can be read", "[validate][conformance]") {
  const auto profile = [](const std::string& element) {
    return found(
        R"({"resourceType":"StructureDefinition","url":"http://e.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint","differential":{"element":[{"id":"Patient","path":"Patient"},{)" +
        element + "}]}}");
  };
  const std::string at = "StructureDefinition.differential.element[1]";
  CHECK(profile(R"("id":"Patient.name.family","path":"Patient.name.family","min":1)") == All{});
  CHECK(profile(R"("id":"Patient.deceasedBoolean","path":"Patient.deceasedBoolean")") == All{});
  CHECK(profile(R"("id":"Patient.birthDate","path":"Patient.birthDate","maxLength":4)") ==
        All{"error sd-relevance " + at});
  CHECK(
      profile(
          R"("id":"Patient.gender","path":"Patient.gender","slicing":{"rules":"open","discriminator":[{"type":"value","path":"$this"}]})") ==
      All{"error sd-slicing " + at});
  CHECK(profile(R"("id":"Patient.nom","path":"Patient.nom")") == All{"error sd-path " + at});
  CHECK(
      profile(
          R"("id":"Patient.name","path":"Patient.name","constraint":[{"key":"x-1","severity":"error","human":"x","expression":"family.exists("}])") ==
      All{"error fhirpath " + at + ".constraint[0].expression"});
}
