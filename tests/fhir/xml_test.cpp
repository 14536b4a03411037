#include "fhir/xml.h"

#include <catch2/catch.hpp>
#include <string>

using namespace fhir;

namespace {

XmlResource read(const std::string& text) {
  auto result = from_xml(text);
  INFO((result ? "" : to_string(result.error())));
  REQUIRE(result);
  return *std::move(result);
}

std::string json_of(const std::string& text) {
  const XmlResource read_back = read(text);
  CHECK(read_back.issues.empty());
  return read_back.resource.root().dump();
}

Error refused(const std::string& text) {
  const auto result = from_xml(text);
  REQUIRE_FALSE(result);
  return result.error();
}

std::string patient(const std::string& inside) {
  return R"(<Patient xmlns="http://hl7.org/fhir">)" + inside + "</Patient>";
}

std::string written(const std::string& json) {
  const auto parsed = Json::parse(json);
  REQUIRE(parsed);
  const auto xml = to_xml(parsed->root());
  INFO((xml ? "" : to_string(xml.error())));
  REQUIRE(xml);
  return *xml;
}

}  // namespace

TEST_CASE("a resource of XML is the document that JSON would have been", "[xml]") {
  CHECK(
      json_of(patient(R"(<id value="a"/><active value="true"/><name><family value="赵"/><given value="A"/></name>
      <birthDate value="1959-08"/>)")) ==
      R"({"resourceType":"Patient","id":"a","active":true,"name":[{"family":"赵","given":["A"]}],"birthDate":"1959-08"})");
}

TEST_CASE("ids and extensions of primitives stand beside them, with null where there is nothing to say", "[xml]") {
  CHECK(json_of(patient(R"(<name id="n"><given id="g" value="A"/><given value="B"/><given><extension url="u"><valueCode
      value="masked"/></extension></given></name>)")) ==
        R"({"resourceType":"Patient","name":[{"id":"n","given":["A","B",null],)"
        R"("_given":[{"id":"g"},null,{"extension":[{"url":"u","valueCode":"masked"}]}]}]})");
}

TEST_CASE("decimals keep their digits, and what is no number stays text for the validator", "[xml]") {
  const std::string open = R"(<Observation xmlns="http://hl7.org/fhir"><valueQuantity><value value=")";
  const std::string close = R"("/></valueQuantity></Observation>)";
  CHECK(json_of(open + "1.10" + close).find(R"("value":1.10})") != std::string::npos);
  CHECK(json_of(open + "1.0e0" + close).find(R"("value":1.0e0})") != std::string::npos);
  CHECK(json_of(open + "01" + close).find(R"("value":"01"})") != std::string::npos);
}

TEST_CASE("the narrative is kept as XHTML, without comments", "[xml]") {
  CHECK(
      json_of(patient(R"(<text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p>a &lt; b<br/>
<!-- no --><b title="x">é</b></p></div></text>)")) ==
      R"({"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>)"
      R"(a &lt; b<br/>\n<b title=\"x\">é</b></p></div>"}})");
}

TEST_CASE("contained resources and entries of a Bundle are resources of their own", "[xml]") {
  CHECK(json_of(R"(<Bundle xmlns="http://hl7.org/fhir"><type value="collection"/><entry><resource>)" +
                patient(R"(<contained><Organization><id value="o"/></Organization></contained>)") +
                "</resource></entry></Bundle>") ==
        R"({"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient",)"
        R"("contained":[{"resourceType":"Organization","id":"o"}]}}]})");
}

TEST_CASE("places in a document of XML are those of the XML", "[xml]") {
  const auto result = read(patient("\n  <birthDate value=\"1959\"/>"));
  const TextPlace place = result.resource.root()["birthDate"].place();
  CHECK(place.line == 2);
  CHECK(place.column == 3);
}

TEST_CASE("what XML must not hold is refused with its place", "[xml]") {
  CHECK(refused("<!DOCTYPE Patient><Patient xmlns=\"http://hl7.org/fhir\"/>").code == "xml.doctype");
  CHECK(refused("<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;\">]><x>&b;</x>").code == "xml.doctype");
  CHECK(refused("<?xml version=\"1.0\" encoding=\"GB18030\"?>" + patient("")).code == "xml.encoding");
  CHECK(refused("<Patient/>").code == "xml.namespace");
  CHECK(refused(patient("<id value=\"a\" valve=\"b\"/>")).code == "xml.attribute");
  CHECK(refused(patient("<id value=\"a\">")).code == "xml.syntax");
  CHECK(refused(patient("<id value=\"&nbsp;\"/>")).code == "xml.syntax");
  CHECK(refused("").code == "xml.syntax");
  const Error error = refused("<Patient xmlns=\"http://hl7.org/fhir\">\n<id value=\"a\"></ids></Patient>");
  CHECK(error.where == "2:17");
}

TEST_CASE("a document of a million levels is refused in bounded time and memory", "[xml]") {
  std::string deep;
  for (int i = 0; i < 1'000'000; ++i) deep += "<a>";
  const auto result = from_xml(patient(deep));
  REQUIRE_FALSE(result);
  CHECK(result.error().code == "xml.depth");
  CHECK(from_xml(std::string(100, ' '), {.bytes = 10}).error().code == "xml.size");
}

TEST_CASE("what stands in the wrong order, text between elements and empty elements are issues", "[xml]") {
  CHECK(read(patient(R"(<active value="true"/><id value="a"/>)")).issues.size() == 1);
  CHECK(read(patient(R"(<name/><active value="true"/><name><text value="x"/></name>)")).issues.size() >= 1);
  const auto result = read(patient("some text<active value=\"true\"/>"));
  REQUIRE(result.issues.size() == 1);
  CHECK(result.issues[0].expression == "Patient");
  CHECK(result.issues[0].place.line == 1);
  CHECK(read(patient("<active/>")).issues.size() == 1);
}

TEST_CASE("elements of no type are kept for the validator to find", "[xml]") {
  CHECK(json_of(patient(R"(<colour value="red"/><shape><side value="1"/></shape>)")) ==
        R"({"resourceType":"Patient","colour":"red","shape":{"side":"1"}})");
}

TEST_CASE("JSON is written as XML in the order of the standard", "[xml]") {
  CHECK(
      written(
          R"({"resourceType":"Patient","birthDate":"1959-08-12","id":"a","_birthDate":{"id":"b"},"name":[{"text":"x<&\"\n"}]})") ==
      R"(<?xml version="1.0" encoding="UTF-8"?><Patient xmlns="http://hl7.org/fhir"><id value="a"/><name>)"
      R"(<text value="x&lt;&amp;&quot;&#10;"/></name><birthDate id="b" value="1959-08-12"/></Patient>)");
}

TEST_CASE("pretty XML has an element a line", "[xml]") {
  const auto parsed = Json::parse(R"({"resourceType":"Patient","name":[{"family":"a"}]})");
  REQUIRE(parsed);
  CHECK(*to_xml(parsed->root(), {.pretty = true}) ==
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">\n  <name>\n"
        "    <family value=\"a\"/>\n  </name>\n</Patient>\n");
}

TEST_CASE("HTML entities of a narrative become characters, for XML knows only five", "[xml]") {
  CHECK(written(R"({"resourceType":"Patient","text":{"status":"generated","div":"<div>a&nbsp;b &amp; &copy;</div>"}})")
            .find("<div xmlns=\"http://www.w3.org/1999/xhtml\">a\xC2\xA0"
                  "b &amp; ©</div>") != std::string::npos);
}

TEST_CASE("what R4 has no place for cannot be written, and is named", "[xml]") {
  const auto refuse = [](const std::string& json) {
    const auto parsed = Json::parse(json);
    REQUIRE(parsed);
    const auto xml = to_xml(parsed->root());
    REQUIRE_FALSE(xml);
    return xml.error();
  };
  CHECK(refuse(R"({"resourceType":"Patient","name":[{"colour":"red"}]})").where == "Patient.name[0]");
  CHECK(refuse(R"({"resourceType":"Pateint"})").code == "xml.cannot-write");
  CHECK(refuse(R"({"resourceType":"Patient","birthDate":{"a":"b"}})").where == "Patient.birthDate");
  CHECK(refuse(R"({"resourceType":"Patient","name":["x"]})").where == "Patient.name[0]");
  CHECK(refuse(R"({"resourceType":"Patient","text":{"div":"<div><p></div>"}})").code == "xml.xhtml");
}

TEST_CASE("XML and JSON are told apart by their first character", "[xml]") {
  CHECK(looks_like_xml("\xEF\xBB\xBF <Patient/>"));
  CHECK(looks_like_xml("<?xml"));
  CHECK_FALSE(looks_like_xml("{\"a\": \"<\"}"));
  CHECK_FALSE(looks_like_xml(""));
}

TEST_CASE("attributes stand where FHIR has them, and nothing is named twice", "[xml]") {
  const auto faults = [](const std::string& inside) {
    const XmlResource read_back = read(patient(inside));
    CHECK(Json::parse(read_back.resource.root().dump()));  // no member twice
    return read_back.issues.size();
  };
  CHECK(faults(R"(<extension url="a"><valueCode value="b"/></extension>)") == 0);
  CHECK(faults(R"(<extension url="a"><url value="c"/><valueCode value="b"/></extension>)") == 1);
  CHECK(faults(R"(<name id="n"><id value="m"/></name>)") == 1);
  CHECK(faults(R"(<name url="n"><family value="m"/></name>)") == 1);
  CHECK(faults(R"(<name value="n"><family value="m"/></name>)") == 1);
  CHECK(faults(R"(<birthDate url="n" value="1980"/>)") == 1);
  CHECK(faults(R"(<birthDate value="1980"><extension url="a"/></birthDate><_birthDate value="b"/>)") >= 1);
  CHECK(faults(R"(<resourceType value="Basic"/>)") == 1);
  CHECK(read(R"(<Patient xmlns="http://hl7.org/fhir" id="x"><id value="y"/></Patient>)").issues.size() == 1);
}
