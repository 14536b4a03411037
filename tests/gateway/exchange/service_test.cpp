// WebServices with one method: what a platform calls at a door, what it is told, and how a system is called.
#include "gateway/exchange/service.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "adapters/http/soap.h"
#include "adapters/xml/xml_source.h"
#include "gateway/exchange/readers.h"
#include "tests/gateway/exchange/bench_site.h"

using namespace gateway;
namespace soap = adapters::http;
using exchange::Next;
using soap::SoapVersion;
using store::MessageState;
using test::TestSite;

namespace {

const std::filesystem::path kRoot = CAUSEWAY_SOURCE_DIR;
constexpr std::string_view kSpace = "http://goodwillcis.com";

std::string file(const std::string& path) {
  std::ifstream in(kRoot / path, std::ios::binary);
  REQUIRE(in);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::shared_ptr<const adapters::map::Map> map(const std::string& path) {
  std::vector<adapters::map::FileFault> faults;
  auto loaded = adapters::map::Map::load(kRoot / path, faults);
  REQUIRE(loaded);
  return loaded;
}

config::WebService service() {
  config::WebService made;
  made.method = "HIPMessageServer";
  made.space = kSpace;
  made.action = "action";
  return made;
}

/// One site whose platform calls the one door there is.
config::Config called(config::Format format, const std::string& map_file) {
  config::Config config = test::hainan();
  config::Door door;
  door.name = "platform";
  door.mllp = false;
  door.path = "/services/hip";
  door.listen = {"127.0.0.1", 7409};
  door.format = format;
  door.service = service();
  door.maps = {map(map_file)};
  config.doors = {door};
  return config;
}

config::Config called_with_json() { return called(config::Format::json, "mappings/hainan/consult_apply.map.yaml"); }
std::string consult() { return file("tests/cases/samples/hn_consult_apply.json"); }

std::string call(const std::string& action, const std::string& record, SoapVersion version = SoapVersion::soap_1_1,
                 const std::string& method = "HIPMessageServer") {
  return soap::write_call({version, method, std::string(kSpace), {{"action", action}, {"message", record}}});
}

net::HttpResponse send(TestSite& site, const std::string& body, const std::string& method = "POST",
                       const std::string& target = "/services/hip") {
  exchange::ServiceDoor door(*site.world, *site.intake, "platform");
  net::HttpRequest request;
  request.method = method;
  request.target = target;
  request.headers = {{"host", "gw.example:7409"}};
  request.body = body;
  std::promise<net::HttpResponse> promise;
  door.handle(std::move(request), [&](net::HttpResponse response) { promise.set_value(std::move(response)); });
  return promise.get_future().get();
}

/// What the platform reads in the answer.
std::string told(const net::HttpResponse& response) {
  const auto answer = soap::read_answer(response.body, "HIPMessageServerResult");
  return answer ? *answer : answer.error().code;
}

std::string at(const std::string& xml, const std::string& path) {
  const auto source = adapters::xml::make_source(xml);
  REQUIRE(source);
  const auto spots = (*source)->find(**adapters::xml::make_dialect()->bind(path, nullptr), (*source)->root());
  return spots.empty() ? "" : (*source)->text(spots.front());
}

}  // namespace

TEST_CASE("a platform that calls the method is told in its envelope that the record was accepted", "[service]") {
  for (const auto version : {SoapVersion::soap_1_1, SoapVersion::soap_1_2}) {
    TestSite site(called_with_json());
    const auto response = send(site, call("consult.apply", consult(), version));
    CHECK(response.status == 200);
    CHECK(net::header(response.headers, "content-type") == soap::content_type(version));
    const auto answer = fhir::Json::parse(told(response));
    REQUIRE(answer);
    CHECK(answer->root()["code"].text() == "0");
    const auto accepted = site.messages(MessageState::accepted);
    REQUIRE(accepted.size() == 1);
    CHECK(accepted[0].event == "referral-request");
    CHECK((*site.store->message(accepted[0].id))->raw == call("consult.apply", consult(), version));
    CHECK(send(site, call("consult.apply", consult(), version)).body == response.body);  // a repeat: byte for byte
    CHECK(site.messages(MessageState::accepted).size() == 1);
  }
}

TEST_CASE("the action says the kind of record, also against what the record says", "[service]") {
  TestSite site(called_with_json());
  const auto response = send(site, call("S0099", consult()));
  CHECK(response.status == 200);
  const auto answer = fhir::Json::parse(told(response));
  REQUIRE(answer);
  CHECK(answer->root()["code"].text() == "door.no-map");
  REQUIRE(site.messages(MessageState::held).size() == 1);
}

TEST_CASE("the same record under another action is no repetition", "[service]") {
  TestSite site(called_with_json());
  CHECK(told(send(site, call("consult.apply", consult()))).contains("\"code\":\"0\""));
  CHECK(told(send(site, call("consult.cancel", consult()))).contains("dedup.conflict"));
}

TEST_CASE("what was held can be released once its map is there: the whole call is kept", "[service]") {
  auto config = called_with_json();
  const auto maps = std::exchange(config.doors[0].maps, {});
  TestSite site(config);
  CHECK(told(send(site, call("consult.apply", consult()))).contains("door.no-map"));
  const auto held = site.messages(MessageState::held);
  REQUIRE(held.size() == 1);
  config.doors[0].maps = maps;
  site.config = std::make_shared<const config::Config>(config);
  const auto judged = site.release(held[0].id);
  INFO((judged.error ? judged.error->code + " " + judged.error->where : ""));
  CHECK(judged.fate == exchange::Fate::accepted);
}

TEST_CASE("a platform's own form of answer is filled in and escaped for what it is", "[service]") {
  auto config = called_with_json();
  auto& form = config.doors[0].service->answer;
  config.doors[0].service->success = "AA";
  SECTION("XML") {
    form = "<Response><Code>{code}</Code><Desc>{desc}</Desc><Id>{id}</Id></Response>";
    TestSite site(config);
    CHECK(at(told(send(site, call("consult.apply", consult()))), "Code") == "AA");
    const std::string refused = told(send(site, call("consult.apply", "{\"msgId\": \"<&>\", \"x\":}")));
    CHECK(at(refused, "Code").starts_with("json."));
    CHECK(exchange::platform_answer(config.doors[0], "0", "a<b>&\"", "<i>", "") ==
          "<Response><Code>AA</Code><Desc>a&lt;b&gt;&amp;&quot;</Desc><Id>&lt;i&gt;</Id></Response>");
  }
  SECTION("JSON") {
    form = "{\"resultCode\":\"{code}\",\"resultDesc\":\"{desc}\"}";
    TestSite site(config);
    const auto answer = fhir::Json::parse(told(send(site, call("consult.apply", consult()))));
    REQUIRE(answer);
    CHECK(answer->root()["resultCode"].text() == "AA");
    CHECK(exchange::platform_answer(config.doors[0], "x.y", "a\"b\\{code}", "", "") ==
          "{\"resultCode\":\"x.y\",\"resultDesc\":\"a\\\"b\\\\{code}\"}");  // what is put in is not looked at again
  }
}

TEST_CASE("ER7 in a call is answered by ER7, and in the charset of the door", "[service]") {
  auto config = called(config::Format::hl7v2, "mappings/tianjin/oru_r01.map.yaml");
  config.organization = {"tmucih", "Tianjin", "", "CN", "Tianjin"};
  config.doors[0].service->action.clear();
  config.doors[0].charset = "GB18030";
  config.doors[0].ack = config::AckMode::original;
  TestSite site(config);
  const std::string report = *adapters::decode(exchange::without_frame(file("tests/cases/samples/tj_oru_gb18030.hl7")),
                                               adapters::Charset::gb18030);
  std::string body =
      soap::write_call({SoapVersion::soap_1_1, "HIPMessageServer", std::string(kSpace), {{"message", report}}});
  body.replace(body.find("UTF-8"), 5, "GBK");
  const auto response = send(site, *adapters::encode(body, adapters::Charset::gb18030));
  const auto ack = adapters::hl7v2::Message::parse(told(response));
  REQUIRE(ack);
  CHECK(ack->get("MSA-1") == "AA");
  CHECK(ack->get("MSA-2") == "TJ2026031000017");
  CHECK(site.messages(MessageState::accepted).size() == 1);
  std::string wrong = body;
  wrong.replace(wrong.find("ORU^R01"), 7, "ORU^R99").replace(wrong.find("TJ2026031000017"), 15, "WRONG");
  const auto refused =
      adapters::hl7v2::Message::parse(told(send(site, *adapters::encode(wrong, adapters::Charset::gb18030))));
  REQUIRE(refused);
  CHECK(refused->get("MSA-1") == "AE");
  CHECK(refused->get("MSA-2") == "WRONG");
}

TEST_CASE("a shared document in a call becomes a report", "[service]") {
  auto config = called(config::Format::xml, "mappings/base/cda_lab_report.map.yaml");
  config.doors[0].service->action.clear();
  config.doors[0].id_path = "id/@extension";
  config.doors[0].kind_path = "templateId/@root";
  config.doors[0].volatile_paths = {"versionNumber"};
  TestSite site(config);
  const std::string document = file("mappings/base/cda_lab_report.tests/tumour_markers.xml");
  const auto body = [](const std::string& text) {
    return soap::write_call({SoapVersion::soap_1_1, "HIPMessageServer", std::string(kSpace), {{"message", text}}});
  };
  const std::string answer = told(send(site, body(document)));
  CHECK(at(answer, "code") == "0");
  CHECK(at(answer, "msgId") == "JYBG20260310000552");
  const auto accepted = site.messages(MessageState::accepted);
  REQUIRE(accepted.size() == 1);
  CHECK(accepted[0].event == "report");
  std::string changed = document;
  changed.replace(changed.find("38.62"), 5, "38.63");
  CHECK(at(told(send(site, body(changed))), "code") == "dedup.conflict");
}

TEST_CASE("what is no call of the method is a fault of the sender, and kept", "[service]") {
  TestSite site(called_with_json());
  for (const std::string& body :
       {std::string("no xml"), call("a", "b", SoapVersion::soap_1_1, "Other"),
        soap::write_call({SoapVersion::soap_1_1, "HIPMessageServer", std::string(kSpace), {{"message", "x"}}}),
        std::string("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>")}) {
    const auto response = send(site, body);
    CHECK(response.status == 500);
    CHECK(told(response) == "soap.fault");
    CHECK(response.body.contains("soap:Client"));
  }
  const auto newer = send(site, call("a", "b", SoapVersion::soap_1_2, "Other"));
  CHECK(newer.status == 400);
  CHECK(newer.body.contains("soap:Sender"));
  CHECK(site.messages(MessageState::held).size() == 5);
}

TEST_CASE("when nothing is taken in a call is told to come again", "[service]") {
  TestSite site(called_with_json());
  site.world->gate->close();
  const auto response = send(site, call("consult.apply", consult()));
  CHECK(response.status == 503);
  CHECK(response.body.contains("soap:Server"));
  CHECK_FALSE(net::header(response.headers, "retry-after").empty());
}

TEST_CASE("?wsdl describes the method at the address by which it was asked; nothing else is served", "[service]") {
  TestSite site(called_with_json());
  for (const std::string query : {"wsdl", "WSDL", "singleWsdl"}) {
    const auto wsdl = send(site, "", "GET", "/services/hip?" + query);
    CHECK(wsdl.status == 200);
    CHECK(at(wsdl.body, "service/port/address/@location") == "http://gw.example:7409/services/hip");
    CHECK(at(wsdl.body, "types/schema/element/complexType/sequence/element/@name") == "action");
  }
  CHECK(send(site, "", "GET").status == 405);
  CHECK(send(site, "", "GET", "/services/hip?x").status == 405);
  CHECK(send(site, "", "GET", "/services/other?wsdl").status == 404);
}

// --- Systems ---------------------------------------------------------------------------------------------------------

namespace {

config::System platform() {
  config::System system;
  system.name = "platform";
  system.mllp = false;
  system.path = "/services/hip";
  system.format = config::Format::json;
  system.service = service();
  system.service->code = "code";
  system.service->again = {"-2"};
  return system;
}

store::Delivery delivery(std::string bytes = "{\"a\":\"<b>&中\"}") {
  store::Delivery made;
  made.event = "report";
  made.bytes = std::move(bytes);
  made.control_id = "M1";
  made.request_id = "R1";
  return made;
}

net::HttpResponse answered(const std::string& text, int status = 200) {
  return {status,
          {},
          soap::write_answer(SoapVersion::soap_1_1, "HIPMessageServer", kSpace, "HIPMessageServerResult", text)};
}

Next next_of(const config::System& system, const net::HttpResponse& response) {
  return exchange::read_service_answer(system, delivery(), response).next;
}

}  // namespace

TEST_CASE("a system is called with its parameters, and the record comes out as it went in", "[service]") {
  const auto request = exchange::service_request(platform(), delivery());
  CHECK(request.method == "POST");
  CHECK(request.target == "/services/hip");
  CHECK(net::header(request.headers, "soapaction") == "\"http://goodwillcis.com/HIPMessageServer\"");
  const auto call = soap::read_call(request.body);
  REQUIRE(call);
  CHECK(*call->find("action") == "report");
  CHECK(*call->find("message") == "{\"a\":\"<b>&中\"}");
}

TEST_CASE("a system that speaks GB18030 is called in it, ER7 with its line ends", "[service]") {
  auto system = platform();
  system.format = config::Format::hl7v2;
  system.charset = "GB18030";
  system.service->action.clear();
  const auto request =
      exchange::service_request(system, delivery(*adapters::encode("MSH|赵珅\rPID|1\r", adapters::Charset::gb18030)));
  CHECK(net::header(request.headers, "content-type") == "text/xml; charset=GB18030");
  const auto text = adapters::decode(request.body, adapters::Charset::gb18030);
  REQUIRE(text);
  CHECK(text->contains("encoding=\"GB18030\""));
  const auto call = soap::read_call(*text);
  REQUIRE(call);
  CHECK(*call->find("message") == "MSH|赵珅\rPID|1\r");
}

TEST_CASE("what a system answers decides what becomes of the delivery", "[service]") {
  const auto json = platform();
  CHECK(next_of(json, answered("{\"code\":\"0\"}")) == Next::done);
  CHECK(next_of(json, answered("{\"code\":0}")) == Next::done);
  CHECK(next_of(json, answered("{\"code\":\"-2\"}")) == Next::again);
  CHECK(next_of(json, answered("{\"code\":\"17\",\"msg\":\"no\"}")) == Next::give_up);
  CHECK(next_of(json, answered("{\"msg\":\"no code\"}")) == Next::again);
  CHECK(next_of(json, answered("<Response><code>0</code></Response>")) == Next::done);
  CHECK(next_of(json, answered("0")) == Next::done);  // an answer that is nothing but the code
  CHECK(next_of(json, answered("\n<Response><code>0</code></Response>")) == Next::done);
  CHECK(next_of(json, answered("\xEF\xBB\xBF 0\r\n")) == Next::done);
  CHECK(next_of(json, answered("the database is away, come again")) == Next::again);  // no code at all
  CHECK(next_of(json, {200, {}, "<html>"}) == Next::again);
  CHECK(next_of(json, {503, {}, ""}) == Next::again);
  CHECK(next_of(json, {500, {}, soap::write_fault(SoapVersion::soap_1_1, soap::SoapBlame::sender, "x")}) ==
        Next::give_up);
  CHECK(next_of(json, {500, {}, soap::write_fault(SoapVersion::soap_1_1, soap::SoapBlame::receiver, "x")}) ==
        Next::again);
  auto any = json;
  any.service->code.clear();
  CHECK(next_of(any, answered("whatever")) == Next::done);
}

TEST_CASE("of a system that takes ER7 the acknowledgement counts, and it must name the message", "[service]") {
  auto system = platform();
  system.format = config::Format::hl7v2;
  system.retry_on = {"AR"};
  const auto ack = [](const std::string& code, const std::string& id) {
    return answered("MSH|^~\\&|A|B|C|D|20260310||ACK|1|P|2.4\rMSA|" + code + "|" + id + "\r");
  };
  CHECK(next_of(system, ack("AA", "M1")) == Next::done);
  CHECK(next_of(system, ack("AE", "M1")) == Next::give_up);
  CHECK(next_of(system, ack("AR", "M1")) == Next::again);
  CHECK(next_of(system, ack("AA", "M2")) == Next::again);
}

TEST_CASE("what one gateway calls another's door takes", "[service]") {
  TestSite site(called_with_json());
  auto system = platform();
  system.service->say = "consult.apply";
  const auto request = exchange::service_request(system, delivery(consult()));
  const auto response = send(site, request.body);
  CHECK(exchange::read_service_answer(system, delivery(), response).next == Next::done);
  CHECK(site.messages(MessageState::accepted).size() == 1);
}
