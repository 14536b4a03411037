// Envelope, acknowledgement and identities of FHIR messages (contract.md §2.1, §2.2).
#include "fhir/message/message.h"

#include <catch2/catch.hpp>

using namespace fhir;
using namespace fhir::message;

namespace {

Json parse(std::string text) {
  auto json = Json::parse(std::move(text));
  REQUIRE(json);
  return std::move(*json);
}

std::string request_text() {
  return R"({"resourceType":"Bundle","id":"b-1","type":"message","timestamp":"2026-03-13T14:05:00+08:00","entry":[
    {"fullUrl":"urn:uuid:11111111-1111-4111-8111-111111111111","resource":{"resourceType":"MessageHeader","id":"h-1",
      "extension":[{"url":"https://causeway.example/StructureDefinition/case","valueString":"CASE-7"}],
      "eventCoding":{"system":"https://causeway.example/CodeSystem/message-event","code":"referral-request"},
      "destination":[{"endpoint":"https://hk.example/fhir","receiver":{"reference":"urn:uuid:role"}}],
      "sender":{"reference":"urn:uuid:22222222-2222-4222-8222-222222222222"},
      "source":{"name":"platform","endpoint":"https://hn.example/fhir"},
      "focus":[{"reference":"Task/t1"}]}},
    {"fullUrl":"urn:uuid:22222222-2222-4222-8222-222222222222","resource":{"resourceType":"Organization","id":"o1",
      "identifier":[{"system":"urn:other","value":"91469099"},
                    {"system":"https://causeway.example/sid/organization","value":"hainan"}]}},
    {"fullUrl":"urn:uuid:role","resource":{"resourceType":"PractitionerRole","id":"r1",
      "organization":{"identifier":{"system":"https://causeway.example/sid/organization","value":"hkaur"}}}},
    {"fullUrl":"https://hn.example/fhir/Task/t1","resource":{"resourceType":"Task","id":"t1",
      "identifier":[{"system":"urn:x","value":"YC-12"}]}},
    {"fullUrl":"urn:uuid:sr","resource":{"resourceType":"ServiceRequest","id":"s1",
      "identifier":[{"system":"urn:x","value":"YC-12"},{"system":"urn:x","value":"SR-9"}]}},
    {"fullUrl":"urn:uuid:p","resource":{"resourceType":"Patient","id":"p1","identifier":[{"value":"4690"}]}}]})";
}

std::string hash_of(std::string text) { return content_hash(parse(std::move(text)).root()); }

std::string with_header(std::string_view entry) {
  return R"({"resourceType":"Bundle","type":"message","entry":[)" + std::string(entry) + "]}";
}

}  // namespace

TEST_CASE("an envelope is read from MessageHeader and what it refers to", "[message]") {
  const Json json = parse(request_text());
  const auto envelope = read_envelope(json.root());
  REQUIRE(envelope);
  CHECK(envelope->bundle_id == "b-1");
  CHECK(envelope->header_id == "h-1");
  CHECK(envelope->event == "referral-request");
  CHECK(envelope->sender == "hainan");
  CHECK(envelope->receiver == "hkaur");
  CHECK(envelope->source_endpoint == "https://hn.example/fhir");
  CHECK(envelope->source_name == "platform");
  CHECK(envelope->destination_endpoint == "https://hk.example/fhir");
  CHECK(envelope->focus == "Task/t1");
  CHECK(envelope->correlation == "CASE-7");
  CHECK(envelope->business_ids == std::vector<std::string>{"YC-12", "SR-9"});
}

TEST_CASE("a header without id takes the uuid of its fullUrl", "[message]") {
  const Json json = parse(with_header(R"({"fullUrl":"urn:uuid:86e3371d-0000-4000-8000-000000000001",
      "resource":{"resourceType":"MessageHeader","eventCoding":{"code":"report"}}})"));
  const auto envelope = read_envelope(json.root());
  REQUIRE(envelope);
  CHECK(envelope->header_id == "86e3371d-0000-4000-8000-000000000001");
  CHECK(envelope->sender.empty());
}

TEST_CASE("what is no message is refused with its place", "[message]") {
  const auto [text, where] = GENERATE(table<std::string, std::string>({
      {R"({"resourceType":"Patient"})", "Bundle"},
      {R"([])", "Bundle"},
      {R"({"resourceType":"Bundle","type":"document"})", "Bundle.type"},
      {R"({"resourceType":"Bundle","type":"message"})", "Bundle.entry[0].resource"},
      {R"({"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"Patient"}}]})",
       "Bundle.entry[0].resource"},
      {with_header(R"({"resource":{"resourceType":"MessageHeader","eventCoding":{"code":"x"}}})"),
       "Bundle.entry[0].resource.id"},
      {with_header(
           R"({"fullUrl":"urn:uuid:no","resource":{"resourceType":"MessageHeader","eventCoding":{"code":"x"}}})"),
       "Bundle.entry[0].resource.id"},
      {with_header(R"({"fullUrl":"urn:uuid:86e3371d-0000-4000-8000-000000000001","resource":{"resourceType":
         "MessageHeader","id":"a b","eventCoding":{"code":"x"}}})"),
       "Bundle.entry[0].resource.id"},
      {with_header(R"({"resource":{"resourceType":"MessageHeader","id":"h"}})"), "MessageHeader.eventCoding.code"},
      {with_header(R"({"resource":{"resourceType":"MessageHeader","id":"h","eventCoding":{"code":7}}})"),
       "MessageHeader.eventCoding.code"},
  }));
  const Json json = parse(text);
  const auto envelope = read_envelope(json.root());
  REQUIRE_FALSE(envelope);
  CHECK(envelope.error().fault == Fault::invalid);
  CHECK(envelope.error().where == where);
}

TEST_CASE("a reference is followed by fullUrl, by type and id, and past a history part", "[message]") {
  const Json json = parse(request_text());
  const JsonView bundle = json.root();
  CHECK(resolve(bundle, "urn:uuid:sr")["id"].text() == "s1");
  CHECK(resolve(bundle, "Task/t1")["id"].text() == "t1");
  CHECK(resolve(bundle, "https://hn.example/fhir/Task/t1")["id"].text() == "t1");
  CHECK(resolve(bundle, "Task/t1/_history/3")["id"].text() == "t1");
  for (const char* nowhere : {"", "#t1", "Task/t2", "Patient/t1", "t1", "/t1", "Task/"})
    CHECK_FALSE(resolve(bundle, nowhere));
}

TEST_CASE("resources are found by type", "[message]") {
  const Json json = parse(request_text());
  CHECK(first(json.root(), "Patient")["id"].text() == "p1");
  CHECK_FALSE(first(json.root(), "Observation"));
  CHECK(all(json.root(), "Task").size() == 1);
}

TEST_CASE("an acknowledgement quotes the request, swaps the ends and keeps the case", "[message]") {
  const Json json = parse(request_text());
  const auto request = read_envelope(json.root());
  REQUIRE(request);
  const Json ack =
      parse(make_ack(*request, AckCode::ok, {}, "hkaur", "86e3371d-0000-4000-8000-000000000009", "2026-03-13T06:05:01Z")
                .dump());
  const auto envelope = read_envelope(ack.root());
  REQUIRE(envelope);
  CHECK(envelope->bundle_id == "86e3371d-0000-4000-8000-000000000009");
  CHECK(envelope->event == kAckEvent);
  CHECK(envelope->response_to == "h-1");
  CHECK(envelope->response_code == "ok");
  CHECK(envelope->sender == "hkaur");
  CHECK(envelope->receiver == "hainan");
  CHECK(envelope->destination_endpoint == "https://hn.example/fhir");
  CHECK(envelope->source_endpoint == "https://hk.example/fhir");
  CHECK(envelope->correlation == "CASE-7");
  CHECK_FALSE(first(ack.root(), "OperationOutcome"));
  CHECK(answers(*envelope, "h-1", "b-1"));
}

TEST_CASE("a negative acknowledgement carries the outcome it refers to", "[message]") {
  Envelope request;
  request.header_id = "h-1";
  const Issues issues = {{Severity::error, "value", "PID[1]-7", "no date", {0, 0}, "bad-date"}};
  const Json ack = parse(make_ack(request, AckCode::fatal_error, issues, "hkaur",
                                  "86e3371d-0000-4000-8000-000000000009", "2026-03-13T06:05:01Z")
                             .dump());
  const JsonView response = first(ack.root(), "MessageHeader")["response"];
  CHECK(response["code"].text() == "fatal-error");
  const JsonView outcome = resolve(ack.root(), response["details"]["reference"].text());
  CHECK(outcome["resourceType"].text() == "OperationOutcome");
  CHECK(outcome["issue"].at(0)["details"]["coding"].at(0)["code"].text() == "bad-date");
}

TEST_CASE("an acknowledgement may quote the message id or the transmission id", "[message]") {
  Envelope ack;
  CHECK_FALSE(answers(ack, "", ""));
  ack.response_to = "b-1";
  CHECK(answers(ack, "h-1", "b-1"));
  CHECK_FALSE(answers(ack, "h-2", "b-2"));
}

TEST_CASE("the content hash leaves out what may differ between resends, and nothing else", "[message]") {
  const std::string base = hash_of(R"({"resourceType":"Bundle","id":"1","timestamp":"t","meta":{"tag":1},"entry":[
      {"resource":{"id":"p","meta":{"versionId":"1"},"value":1.10}}]})");
  CHECK(base.size() == 64);
  CHECK(
      base ==
      hash_of(R"({"entry":[{"resource":{"value":1.10,"id":"p"}}],"timestamp":"u","id":"2","resourceType":"Bundle"})"));
  CHECK(base != hash_of(R"({"resourceType":"Bundle","entry":[{"resource":{"id":"p","value":1.1}}]})"));
  CHECK(base != hash_of(R"({"resourceType":"Bundle","entry":[{"resource":{"id":"q","value":1.10}}]})"));
  CHECK(base != hash_of(R"({"resourceType":"Bundle","entry":[{"resource":{"id":"p","value":"1.10"}}]})"));
}

TEST_CASE("the content hash cannot be moved by text that looks like structure", "[message]") {
  CHECK(hash_of(R"({"a":"x\",\"b\":\"y"})") != hash_of(R"({"a":"x","b":"y"})"));
  CHECK(hash_of(R"({"a":["1","2"]})") != hash_of(R"({"a":["12"]})"));
  CHECK(hash_of(R"({"a":["1","2"]})") != hash_of(R"({"a":["2","1"]})"));
  CHECK(hash_of(R"({"a":null})") != hash_of(R"({"a":"null"})"));
  CHECK(hash_of(R"({"a":"\u9f8d"})") == hash_of("{\"a\":\"\xe9\xbe\x8d\"}"));
}

TEST_CASE("a hash over more than one chunk is the hash of the whole", "[message]") {
  std::string text = R"({"a":[)";
  for (int i = 0; i < 20'000; ++i) text += std::to_string(i) + ",";
  text += "0]}";
  CHECK(hash_of(text) == sha256(text));
}

TEST_CASE("sha256 and uuid5 give the published values", "[message]") {
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  // RFC 9562, A.4
  CHECK(uuid5("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com") == "2ed6657d-e927-568b-95e1-2665a8aea6a2");
}

TEST_CASE("uuids are told by their shape", "[message]") {
  CHECK(is_uuid("2ed6657d-e927-568b-95e1-2665a8aea6a2"));
  CHECK(is_uuid("2ED6657D-E927-568B-95E1-2665A8AEA6A2"));
  for (const char* no : {"", "2ed6657de927568b95e12665a8aea6a2", "2ed6657d-e927-568b-95e1-2665a8aea6ag",
                         "2ed6657d-e927-568b-95e1-2665a8aea6a22", "2ed6657d-e927-568b-95e12-665a8aea6a2"}) {
    CHECK_FALSE(is_uuid(no));
  }
}
