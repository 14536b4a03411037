#include "adapters/http/soap.h"

#include <catch2/catch.hpp>

#include "adapters/xml/xml_source.h"

using namespace adapters;
using namespace adapters::http;

namespace {

const std::string k11 = "http://schemas.xmlsoap.org/soap/envelope/", k12 = "http://www.w3.org/2003/05/soap-envelope";

std::string envelope(const std::string& body, const std::string& space = k11, const std::string& header = "") {
  return "<?xml version=\"1.0\" encoding=\"GBK\"?><e:Envelope xmlns:e=\"" + space + "\">" + header + "<e:Body>" + body +
         "</e:Body></e:Envelope>";
}

std::string code_of(const std::string& text) {
  const auto call = read_call(text);
  return call ? "" : call.error().code;
}

/// What a path finds in a text, with a blank between several.
std::string at(const std::string& text, const std::string& path) {
  const auto source = xml::make_source(text);
  REQUIRE(source);
  const auto bound = xml::make_dialect()->bind(path, nullptr);
  REQUIRE(bound);
  std::string all;
  for (const Spot spot : (*source)->find(**bound, (*source)->root()))
    all += (all.empty() ? "" : " ") + (*source)->text(spot);
  return all;
}

}  // namespace

TEST_CASE("a call is read in both versions, with its parameters in their order", "[soap]") {
  for (const std::string& space : {k11, k12}) {
    const auto call =
        read_call(envelope("<m:HIPMessageServer xmlns:m=\"http://goodwillcis.com\"><action>S01</action>"
                           "<m:message>text</m:message></m:HIPMessageServer>",
                           space));
    REQUIRE(call);
    CHECK(call->version == (space == k11 ? SoapVersion::soap_1_1 : SoapVersion::soap_1_2));
    CHECK(call->method == "HIPMessageServer");
    CHECK(call->space == "http://goodwillcis.com");
    REQUIRE(call->parameters.size() == 2);
    CHECK(*call->find("action") == "S01");
    CHECK(*call->find("message") == "text");
    CHECK(call->find("Message") == nullptr);
  }
}

TEST_CASE("a record comes escaped, in CDATA, as elements, or as text of another kind", "[soap]") {
  const auto payload = [](const std::string& inner) {
    const auto call = read_call(envelope("<M><message>" + inner + "</message></M>"));
    REQUIRE(call);
    return *call->find("message");
  };
  const std::string record = "<Req><Name a=\"1\">吉克 &amp; 阿依</Name></Req>";
  CHECK(payload("&lt;Req&gt;&lt;Name a=\"1\"&gt;吉克 &amp;amp; 阿依&lt;/Name&gt;&lt;/Req&gt;") == record);
  CHECK(payload("<![CDATA[" + record + "]]>") == record);
  CHECK(payload("\n  " + record + "\n") == record);
  CHECK(payload("{\"a\":\"&lt;b>\"}") == "{\"a\":\"<b>\"}");
  CHECK(payload("MSH|^~\\&amp;|A&#13;PID|1&#13;") == "MSH|^~\\&|A\rPID|1\r");
  CHECK(payload("").empty());
  CHECK(payload("<a/><b/>") == "<a/><b/>");
}

TEST_CASE("what is no call is refused with the reason", "[soap]") {
  CHECK(code_of("<a/>") == "soap.envelope");
  CHECK(code_of("<Envelope xmlns=\"urn:other\"><Body><M/></Body></Envelope>") == "soap.envelope");
  CHECK(code_of(envelope("")) == "soap.call");
  CHECK(code_of(envelope("  text ")) == "soap.call");
  CHECK(code_of("<e:Envelope xmlns:e=\"" + k11 + "\"/>") == "soap.call");
  CHECK(code_of(write_fault(SoapVersion::soap_1_1, SoapBlame::sender, "x")) == "soap.call");
  CHECK(code_of("{}") == "xml.syntax");
  CHECK(code_of("<!DOCTYPE a [<!ENTITY x 'y'>]>" + envelope("<M/>").substr(38)) == "xml.doctype");
  CHECK(code_of(envelope("<M/>", k11, "<e:Header><s:Security xmlns:s=\"u\" e:mustUnderstand=\"1\"/></e:Header>")) ==
        "soap.must-understand");
  CHECK(code_of(envelope("<M/>", k11, "<e:Header><s:Security xmlns:s=\"u\" e:mustUnderstand=\"0\"/></e:Header>")) ==
        "");
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "<a>";
  CHECK(code_of(envelope("<M><p>" + deep)) == "xml.depth");
}

TEST_CASE("a call comes back as it was written, whatever stands in it", "[soap]") {
  const SoapCall call{SoapVersion::soap_1_2, "Send", "urn:x", {{"a", "<&>\"'"}, {"b", "MSH|\rPID|\r"}, {"c", "䶮 𬱖"}}};
  for (const bool qualified : {true, false}) {
    const auto again = read_call(write_call(call, {qualified}));
    REQUIRE(again);
    CHECK(again->method == "Send");
    CHECK(again->space == "urn:x");
    CHECK(again->version == SoapVersion::soap_1_2);
    CHECK(again->parameters == call.parameters);
  }
  CHECK(write_call(call, {true}).contains("<Send xmlns=\"urn:x\"><a>"));
  CHECK(write_call(call, {false}).contains("<m:Send xmlns:m=\"urn:x\"><a>"));
}

TEST_CASE("an answer is found by its element, or is the first there", "[soap]") {
  const std::string answer = write_answer(SoapVersion::soap_1_1, "Send", "urn:x", "SendResult", "{\"code\":\"0\"}");
  CHECK(read_answer(answer, "SendResult").value_or("") == "{\"code\":\"0\"}");
  CHECK(read_answer(answer, "return").value_or("") == "{\"code\":\"0\"}");
  CHECK(at(answer, "//SendResponse/SendResult") == "{\"code\":\"0\"}");
  const auto empty = read_answer(envelope("<SendResponse/>"), "SendResult");
  REQUIRE_FALSE(empty);
  CHECK(empty.error().code == "soap.answer");
}

TEST_CASE("a fault says whose it is", "[soap]") {
  for (const auto version : {SoapVersion::soap_1_1, SoapVersion::soap_1_2}) {
    const auto sender = read_answer(write_fault(version, SoapBlame::sender, "bad <x>"), "r");
    REQUIRE_FALSE(sender);
    CHECK(sender.error().code == "soap.fault");
    CHECK(sender.error().fault == fhir::Fault::invalid);
    const auto receiver = read_answer(write_fault(version, SoapBlame::receiver, "later"), "r");
    REQUIRE_FALSE(receiver);
    CHECK(receiver.error().fault == fhir::Fault::unavailable);
  }
  CHECK(at(write_fault(SoapVersion::soap_1_1, SoapBlame::sender, "bad <x>"), "//faultstring") == "bad <x>");
  CHECK(at(write_fault(SoapVersion::soap_1_2, SoapBlame::receiver, "later"), "//Code/Value") == "soap:Receiver");
}

TEST_CASE("the WSDL names the method, its parameters and where it is called, for both versions", "[soap]") {
  const std::string wsdl = write_wsdl({"HIPMessageServer",
                                       "http://goodwillcis.com",
                                       "http://127.0.0.1:7409/hip?a=1&b=2",
                                       {"action", "message"},
                                       "HIPMessageServerResult"});
  CHECK(at(wsdl, "types/schema/element/@name") == "HIPMessageServer HIPMessageServerResponse");
  CHECK(at(wsdl, "types/schema/element[@name='HIPMessageServer']//element/@name") == "action message");
  CHECK(at(wsdl, "types/schema/element[@name='HIPMessageServerResponse']//element/@name") == "HIPMessageServerResult");
  CHECK(at(wsdl, "types/schema/@targetNamespace") == "http://goodwillcis.com");
  CHECK(at(wsdl, "binding//@soapAction") ==
        "http://goodwillcis.com/HIPMessageServer http://goodwillcis.com/HIPMessageServer");
  CHECK(at(wsdl, "service/port/address/@location") ==
        "http://127.0.0.1:7409/hip?a=1&b=2 http://127.0.0.1:7409/hip?a=1&b=2");
}
