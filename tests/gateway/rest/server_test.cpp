// The FHIR interface without sockets (FHIR R4 http.html; trust.md S15, S24-S26).
#include "fhir/validate/structure.h"
#include "gateway/rest/table.h"
#include "tests/gateway/rest/support.h"

using namespace gateway;
using namespace gateway::rest;
using namespace gateway::rest::test;

namespace {

const net::Headers kJson = {{"content-type", "application/fhir+json"}};

net::Headers with(net::Headers headers, std::string name, std::string value) {
  headers.emplace_back(std::move(name), std::move(value));
  return headers;
}

std::string task_body(std::string_view id = "h1") {
  return R"({"resourceType":"Task","id":")" + std::string(id) + R"(","status":"accepted"})";
}

}  // namespace

TEST_CASE("a partner reads what its grant allows, with version and time", "[rest]") {
  Site site;
  const auto response = site.ask("reader", "GET", "/fhir/DiagnosticReport/t1");
  CHECK(response.status == 200);
  CHECK(header(response, "content-type") == "application/fhir+json; charset=utf-8");
  CHECK(header(response, "etag") == "W/\"3\"");
  CHECK(header(response, "last-modified") == "Fri, 13 Mar 2026 06:15:00 GMT");
  CHECK(header(response, "cache-control") == "no-store");
  CHECK(header(response, "x-content-type-options") == "nosniff");
  const Json json = body(response);
  CHECK(json.root()["n"].text() == "1.10");
  CHECK(json.root()["meta"]["versionId"].text() == "3");
  CHECK(json.root()["meta"]["lastUpdated"].text() == "2026-03-13T06:15:00.123Z");
}

TEST_CASE("every disclosure is in the audit before the answer, and without it there is no answer", "[rest]") {
  Site site;
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1", {{"x-request-id", "r-1"}}).status == 200);
  REQUIRE(site.store.audited.size() == 1);
  const store::AuditEntry& entry = site.store.audited[0];
  CHECK(entry.event == "disclosed");
  CHECK(entry.actor == "desk");
  CHECK(entry.detail ==
        R"({"interaction":"read","remote":"127.0.0.1:9","request":"r-1","purpose":"TREAT","resources":[)"
        R"({"type":"Task","id":"h1","version":3,"correlation":"case-h1"}]})");

  site.store.fail = true;
  for (const char* target : {"/fhir/Task/h1", "/fhir/Task?identifier=R-h1"}) {
    const auto response = site.ask("desk", "GET", target);
    CHECK(outcome(response) == "503 transient store.full");
    CHECK(header(response, "retry-after") == "30");
    CHECK(response.body.find("\"id\":\"h1\"") == std::string::npos);
  }
  CHECK(site.ask("desk", "GET", "/fhir/metadata").status == 200);
}

TEST_CASE("who read a report is remembered with the version, so that a correction can tell who has the old one",
          "[rest][workflow]") {
  Site site;
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1").status == 200);
  CHECK(site.store.remembered.empty());
  CHECK(site.ask("reader", "GET", "/fhir/DiagnosticReport/t1").status == 200);
  REQUIRE(site.store.remembered.size() == 1);
  CHECK(site.store.remembered[0].kind == "pulled:DiagnosticReport/t1");
  CHECK(site.store.remembered[0].key == "reader");
  CHECK(site.store.remembered[0].value == R"({"version":3})");
}

TEST_CASE("what a caller may not see looks exactly like what is not there", "[rest]") {
  Site site;
  const auto may = [](std::string_view who, const StoredResource& r) {
    if (who == "reader")
      return r.type == "Bundle" || ((r.type == "DiagnosticReport" || r.type == "Observation") && r.owner == "tmucih");
    if (who == "desk") return r.owner == "hkaur" && (r.type == "Task" || r.type == "Bundle" || r.type == "Composition");
    return false;
  };
  for (const char* who : {"reader", "desk", "nobody", "tianjin"}) {
    for (const StoredResource& r : site.store.kept) {
      INFO(who << " " << r.type << "/" << r.id);
      const std::size_t before = site.store.audited.size();
      const auto read = site.ask(who, "GET", "/fhir/" + r.type + "/" + r.id);
      const auto nothing = site.ask(who, "GET", "/fhir/" + r.type + "/nothing");
      const auto search = site.ask(who, "GET", "/fhir/" + r.type + "?identifier=R-" + r.id);
      CHECK(search.status == 200);
      if (may(who, r)) {
        CHECK(read.status == 200);
        CHECK(body(search).root()["total"].text() == "1");
        CHECK(site.store.audited.size() == before + 2);
      } else {
        CHECK(read.status == 404);
        CHECK(read.body == nothing.body);
        CHECK(read.headers == nothing.headers);
        CHECK(body(search).root()["total"].text() == "0");
        CHECK_FALSE(body(search).root()["entry"]);
        CHECK(site.store.audited.size() == before);
      }
    }
  }
}

TEST_CASE("no caller changes what it may not see", "[rest]") {
  Site site;
  for (const char* who : {"reader", "nobody", "tianjin"}) {
    CHECK(outcome(site.ask(who, "PUT", "/fhir/Task/h1", kJson, task_body())) == "403 forbidden rest.write");
  }
  CHECK(outcome(site.ask("desk", "PUT", "/fhir/Task/t1", kJson, task_body("t1"))) == "404 not-found rest.absent");
  CHECK(outcome(site.ask("desk", "PUT", "/fhir/Task/new", kJson, task_body("new"))) == "404 not-found rest.absent");
  CHECK_FALSE(site.core.update);
}

TEST_CASE("a partner that was switched off, or a stranger, gets nothing", "[rest]") {
  Site site;
  CHECK(outcome(site.ask("stranger", "GET", "/fhir/metadata")) == "403 forbidden trust.unknown-key");
  site.config->partners[1].enabled = false;
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1").status == 404);
  CHECK(site.ask("desk", "PUT", "/fhir/Task/h1", kJson, task_body()).status == 403);
}

TEST_CASE("a search by identifier takes system and value, escaped or raw", "[rest]") {
  Site site;
  const std::string system = "https://gw.example/sid/tmucih/report";
  for (const std::string& query : std::vector<std::string>{"R-t1", system + "|R-t1", system + "%7CR-t1",
                                                           "https%3A%2F%2Fgw.example%2Fsid%2Ftmucih%2Freport|R-t1"}) {
    const auto response = site.ask("reader", "GET", "/fhir/DiagnosticReport?identifier=" + query);
    INFO(query);
    REQUIRE(response.status == 200);
    const Json json = body(response);
    CHECK(json.root()["type"].text() == "searchset");
    CHECK(json.root()["total"].text() == "1");
    CHECK(json.root()["entry"].at(0)["fullUrl"].text() == "https://gw.hainan.example/fhir/DiagnosticReport/t1");
    CHECK(json.root()["entry"].at(0)["search"]["mode"].text() == "match");
  }
  const Json self = body(site.ask("reader", "GET", "/fhir/DiagnosticReport?identifier=" + system + "|R-t1"));
  CHECK(self.root()["link"].at(0)["url"].text() ==
        "https://gw.hainan.example/fhir/DiagnosticReport?identifier="
        "https%3A%2F%2Fgw.example%2Fsid%2Ftmucih%2Freport%7CR-t1");
  CHECK(body(site.ask("reader", "GET", "/fhir/DiagnosticReport?identifier=other|R-t1")).root()["total"].text() == "0");
  CHECK(body(site.ask("reader", "GET", "/fhir/DiagnosticReport?identifier=|R-t1")).root()["total"].text() == "0");
}

TEST_CASE("a search that is not offered is refused, not widened", "[rest]") {
  Site site;
  for (const char* query :
       {"", "?identifier=", "?identifier=a,b", "?identifier=s|", "?identifier=a&identifier=b",
        "?patient=1&identifier=R-t1", "?identifier:of-type=a", "?identifier=R-t1&_include=x", "?_count=1"}) {
    INFO(query);
    CHECK(site.ask("reader", "GET", "/fhir/DiagnosticReport" + std::string(query)).status == 422);
  }
  CHECK(site.store.audited.empty());
}

TEST_CASE("too many matches are refused, counted over what the caller may see only", "[rest]") {
  Site site;
  for (int i = 0; i < 150; ++i) {
    StoredResource more = resource("Observation", "x" + std::to_string(i), i < 101 ? "tmucih" : "bjch", "report");
    more.identifiers = {{"s", "same"}};
    site.store.kept.push_back(more);
  }
  CHECK(outcome(site.ask("reader", "GET", "/fhir/Observation?identifier=same")) == "422 too-costly rest.too-many");
  std::erase_if(site.store.kept, [](const auto& r) { return r.id == "x0"; });
  CHECK(body(site.ask("reader", "GET", "/fhir/Observation?identifier=same")).root()["total"].text() == "100");
}

TEST_CASE("a target that cannot be read is refused", "[rest]") {
  Site site;
  const auto [target, status] = GENERATE(table<std::string, int>({
      {"/fhir/Task/%zz", 400},
      {"/fhir/Task/a%00", 400},
      {"/fhir/Task/%c0%af", 400},
      {"/fhir/Task/%ff", 400},
      {"/fhir/Task?identifier=a%0d%0ab", 400},
      {"/fhir/Task?identifier=%ed%a0%80", 400},
      {"/fhir/Task?identifier=a b", 400},
      {"/fhir/Task?identifier=\xe6\x9e\x97", 400},
      {"/fhir/Task?identifier=%", 400},
      {"/fhir/../etc/passwd", 404},
      {"/fhir/Task/..%2fTask", 404},
      {"/fhir//Task", 404},
      {"/fhir/Task/", 404},
      {"/fhirx/Task/h1", 404},
      {"/", 404},
      {"*", 404},
      {"/fhir", 404},
      {"/fhir/Task/h1/_history", 404},
      {"/fhir/Unknown/h1", 404},
      {"/fhir/task/h1", 404},
      {"/fhir/Task/h1%20", 404},
      {"/fhir/" + std::string(5000, 'a'), 414},
  }));
  INFO(target.substr(0, 60));
  CHECK(site.ask("desk", "GET", target).status == status);
}

TEST_CASE("the absolute form of a target is the same request", "[rest]") {
  Site site;
  CHECK(site.ask("desk", "GET", "https://gw.hainan.example/fhir/Task/h1").status == 200);
}

TEST_CASE("a path that is known refuses other methods and names its own", "[rest]") {
  Site site;
  const auto [method, target, allow] = GENERATE(table<std::string, std::string, std::string>({
      {"DELETE", "/fhir/Task/h1", "GET, HEAD, PUT"},
      {"POST", "/fhir/Task/h1", "GET, HEAD, PUT"},
      {"PUT", "/fhir/Observation/t1", "GET, HEAD"},
      {"POST", "/fhir/Task", "GET, HEAD"},
      {"GET", "/fhir/$process-message", "POST"},
      {"POST", "/fhir/metadata", "GET, HEAD"},
      {"PATCH", "/fhir/Task/h1", "GET, HEAD, PUT"},
  }));
  const auto response = site.ask("desk", method, target);
  CHECK(outcome(response) == "405 not-supported rest.method");
  CHECK(header(response, "allow") == allow);
}

TEST_CASE("HEAD is answered like GET", "[rest]") {
  Site site;
  CHECK(site.ask("desk", "HEAD", "/fhir/Task/h1").headers == site.ask("desk", "GET", "/fhir/Task/h1").headers);
  CHECK(site.store.audited.size() == 2);
}

TEST_CASE("only FHIR JSON is given", "[rest]") {
  Site site;
  for (const char* accept :
       {"application/fhir+json", "application/json", "*/*", "application/*;q=0.1", "",
        "text/html, Application/FHIR+JSON; charset=utf-8", "application/fhir+json; fhirVersion=4.0"}) {
    INFO(accept);
    CHECK(site.ask("desk", "GET", "/fhir/Task/h1", {{"accept", accept}}).status == 200);
  }
  for (const char* accept : {"application/fhir+xml", "text/html", "application/fhir+json;q=0",
                             "application/fhir+json; fhirVersion=3.0", "application/json;q=0.000, text/plain"}) {
    INFO(accept);
    CHECK(outcome(site.ask("desk", "GET", "/fhir/Task/h1", {{"accept", accept}})) == "406 not-supported rest.accept");
  }
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1?_format=json", {{"accept", "text/html"}}).status == 200);
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1?_format=application/fhir+json").status == 200);
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1?_format=xml").status == 406);
}

TEST_CASE("only FHIR JSON in UTF-8 is taken", "[rest]") {
  Site site;
  for (const char* type : {"", "text/plain", "application/fhir+xml", "application/json; charset=gb18030",
                           "application/fhir+json; fhirVersion=5.0"}) {
    INFO(type);
    CHECK(outcome(site.ask("desk", "PUT", "/fhir/Task/h1", {{"content-type", type}}, task_body())) ==
          "415 not-supported rest.content-type");
  }
  for (const char* type :
       {"application/json", "application/fhir+json; charset=UTF-8", "application/fhir+json;fhirVersion=4.0"}) {
    CHECK(site.ask("desk", "PUT", "/fhir/Task/h1", {{"content-type", type}}, task_body()).status == 200);
  }
}

TEST_CASE("the trail of a request comes back, and one that could harm a log is refused", "[rest]") {
  Site site;
  const auto response =
      site.ask("desk", "GET", "/fhir/Task/nothing", {{"x-request-id", "r-1"}, {"x-correlation-id", "YC20260313"}});
  CHECK(header(response, "x-request-id") == "r-1");
  CHECK(header(response, "x-correlation-id") == "YC20260313");
  CHECK(header(site.ask("desk", "GET", "/fhir/metadata"), "x-request-id") == "fresh-id");
  for (const std::string& bad : std::vector<std::string>{"a b", "\x1b[31m", std::string(129, 'a'), "<script>"}) {
    const auto refused = site.ask("desk", "GET", "/fhir/metadata", {{"x-request-id", bad}});
    CHECK(outcome(refused) == "400 invalid rest.request-id");
    CHECK(header(refused, "x-request-id").empty());
  }
}

TEST_CASE("a version that is known is not sent again", "[rest]") {
  Site site;
  const auto known = site.ask("desk", "GET", "/fhir/Task/h1", {{"if-none-match", "W/\"3\""}});
  CHECK(known.status == 304);
  CHECK(known.body.empty());
  CHECK(header(known, "etag") == "W/\"3\"");
  CHECK(site.ask("desk", "GET", "/fhir/Task/h1", {{"if-none-match", "W/\"2\""}}).status == 200);
}

TEST_CASE("a Task is put with the version it was read in", "[rest]") {
  Site site;
  site.core.next = Answer{R"({"resourceType":"Task","id":"h1"})", 4, 1'773'382'500'123};
  const auto response = site.ask("desk", "PUT", "/fhir/Task/h1",
                                 with(with(kJson, "if-match", "W/\"3\""), "x-correlation-id", "c-1"), task_body());
  CHECK(response.status == 200);
  CHECK(header(response, "etag") == "W/\"4\"");
  CHECK(header(response, "last-modified") == "Fri, 13 Mar 2026 06:15:00 GMT");
  REQUIRE(site.core.update);
  CHECK(site.core.update->id == "h1");
  CHECK(site.core.update->expected == 3);
  CHECK(site.core.update->task.root()["status"].text() == "accepted");
  CHECK(site.core.update->correlation == "c-1");
  CHECK(site.core.update->caller.partner->name == "desk");
}

TEST_CASE("a Task is not put over a version nobody read, nor under another name", "[rest]") {
  Site site;
  const auto put = [&](std::string body_text, std::string match = "*") {
    return outcome(
        site.ask("desk", "PUT", "/fhir/Task/h1", with(kJson, "if-match", std::move(match)), std::move(body_text)));
  };
  CHECK(put(task_body(), "W/\"2\"") == "412 conflict rest.version");
  CHECK(put(task_body(), "3") == "400 invalid rest.if-match");
  CHECK(put(task_body(), "W/\"3\", W/\"4\"") == "400 invalid rest.if-match");
  CHECK(put(task_body("h2")) == "400 invalid rest.id");
  CHECK(put(R"({"resourceType":"Patient","id":"h1"})") == "400 invalid rest.type");
  CHECK(put(R"([])") == "400 invalid rest.type");
  CHECK(put("").starts_with("400 "));
  CHECK_FALSE(site.core.update);
}

TEST_CASE("broken JSON is refused with line and column", "[rest]") {
  Site site;
  const Json json = body(site.ask("desk", "PUT", "/fhir/Task/h1", kJson, "{\n \"a\": 1,\n \"a\": 2}"));
  const JsonView extension = json.root()["issue"].at(0)["extension"];
  CHECK(extension.at(0)["valueInteger"].text() == "3");
  CHECK_FALSE(json.root()["issue"].at(0)["expression"]);
}

TEST_CASE("messages go to the core as they came, from peers and from partners that may send", "[rest]") {
  Site site;
  for (const char* who : {"tianjin", "desk"}) {
    site.core.next = Answer{"{}"};
    const auto response = site.ask(who, "POST", "/fhir/$process-message", kJson, "not even JSON");
    CHECK(response.status == 200);
    REQUIRE(site.core.message);
    CHECK(site.core.message->body == "not even JSON");
    CHECK(site.core.message->request_id == "fresh-id");
    CHECK(site.core.message->caller.party.name == who);
    site.core.message.reset();
  }
  CHECK(outcome(site.ask("reader", "POST", "/fhir/$process-message", kJson, "{}")) == "403 forbidden rest.post");
  CHECK_FALSE(site.core.message);
}

TEST_CASE("an error of the core becomes an OperationOutcome by the table, and our own failures keep their details",
          "[rest]") {
  Site site;
  site.core.fail_with({fhir::Fault::conflict, "task.transition", "Task.status", "no way back"});
  CHECK(outcome(site.ask("desk", "PUT", "/fhir/Task/h1", kJson, task_body())) == "409 conflict task.transition");
  site.core.fail_with({fhir::Fault::broken, "store.io", "", "/var/lib/secret.db is damaged"});
  const auto broken = site.ask("desk", "PUT", "/fhir/Task/h1", kJson, task_body());
  CHECK(outcome(broken) == "500 exception store.io");
  CHECK(broken.body.find("secret") == std::string::npos);
}

TEST_CASE("everything the core found wrong is told, the reason first", "[rest]") {
  Site site;
  site.core.next =
      std::unexpected(Failure{{fhir::Fault::invalid, "validate", "", "the message is not valid"},
                              {{fhir::Severity::error, "required", "Task.intent", "missing", {4, 2}, "missing"}}});
  const Json json = body(site.ask("tianjin", "POST", "/fhir/$process-message", kJson, "{}"));
  CHECK(json.root()["issue"].size() == 2);
  CHECK(json.root()["issue"].at(1)["expression"].at(0).text() == "Task.intent");
}

TEST_CASE("a peer asks for the trace of a case and the audit knows", "[rest]") {
  Site site;
  site.core.next = Answer{R"({"steps":[]})"};
  CHECK(site.ask("tianjin", "GET", "/fhir/$trace?id=JY202603100552").body == R"({"steps":[]})");
  REQUIRE(site.store.audited.size() == 1);
  CHECK(site.store.audited[0].actor == "tianjin");
  CHECK(site.store.audited[0].detail.find("JY202603100552") != std::string::npos);
  CHECK(outcome(site.ask("desk", "GET", "/fhir/$trace?id=x")) == "404 not-found rest.absent");
  CHECK(outcome(site.ask("tianjin", "GET", "/fhir/$trace?id=" + std::string(257, 'a'))) == "400 invalid rest.trace-id");
  CHECK(outcome(site.ask("tianjin", "GET", "/fhir/$trace")) == "422 not-supported rest.parameter");
  site.core.fail_with({fhir::Fault::not_found, "trace.unknown", "", "no such case"});
  CHECK(site.ask("tianjin", "GET", "/fhir/$trace?id=x").status == 404);
  CHECK(site.store.audited.size() == 1);
}

TEST_CASE("a peer asks to be tested back, once in ten seconds, and nobody else may", "[rest]") {
  Site site;
  site.core.next = Answer{R"({"passed":true})", 0, 0, "application/json"};
  CHECK(site.ask("tianjin", "POST", "/fhir/$test-back", kJson, R"({"address":"https://evil.example"})").status == 200);
  CHECK(site.core.tested == "tianjin");  // who asks, and nothing that it says
  const auto again = site.ask("tianjin", "POST", "/fhir/$test-back", kJson, "{}");
  CHECK(outcome(again) == "429 throttled rest.test-back");
  CHECK(header(again, "retry-after") == "10");
  CHECK(outcome(site.ask("desk", "POST", "/fhir/$test-back", kJson, "{}")) == "404 not-found rest.absent");
}

TEST_CASE("the CapabilityStatement is valid and states what the table does, no more", "[rest]") {
  Site site;
  const Json json = body(site.ask("nobody", "GET", "/fhir/metadata"));
  for (const fhir::Issue& issue : fhir::validate::check_structure(json.root()))
    FAIL_CHECK(issue.expression << " " << issue.details);
  const JsonView statement = json.root()["rest"].at(0);
  CHECK(json.root()["date"].text() == "2026-03-13T06:15:00.123Z");
  CHECK(statement["resource"].size() == kTypes.size());
  CHECK(statement["operation"].size() == 5);
  for (const JsonView type : statement["resource"]) {
    std::string codes;
    for (const JsonView interaction : type["interaction"]) codes += std::string(interaction["code"].text()) + " ";
    CHECK(codes == (type["type"].text() == "Task" ? "read search-type update " : "read search-type "));
    // Said and done: both interactions are answered for the type.
    CHECK(site.ask("nobody", "GET", "/fhir/" + std::string(type["type"].text()) + "?identifier=x").status == 200);
  }
}

TEST_CASE("a stored resource that cannot be read is our failure", "[rest]") {
  Site site;
  site.store.kept[0].json = "{";
  CHECK(outcome(site.ask("reader", "GET", "/fhir/DiagnosticReport/t1")) == "500 exception rest.stored");
  CHECK(site.store.audited.empty());
}

TEST_CASE("a peer with a mailbox here collects from it, and answers what it got", "[rest][collect]") {
  Site site;
  config::Peer tianjin;
  tianjin.name = "tianjin";
  tianjin.mailbox = config::Mailbox::here;
  site.config->peers = {tianjin};
  const auto response = site.ask("tianjin", "POST", "/fhir/$collect", kJson,
                                 R"({"resourceType":"Parameters","parameter":[{"name":"wait","valueInteger":5}]})");
  CHECK(response.status == 200);
  REQUIRE(site.core.collected.size() == 1);
  CHECK(site.core.collected[0].first == "tianjin");
  CHECK(site.core.collected[0].second.wait.count() == 5);
  CHECK(outcome(site.ask("tianjin", "POST", "/fhir/$collect", kJson, "{}")) == "400 invalid collect.shape");
}

TEST_CASE("who has no mailbox here finds none", "[rest][collect]") {
  Site site;
  config::Peer tianjin;
  tianjin.name = "tianjin";
  site.config->peers = {tianjin};
  for (const char* who : {"tianjin", "reader"})
    CHECK(site.ask(who, "POST", "/fhir/$collect", kJson, R"({"resourceType":"Parameters"})").status == 404);
  CHECK(site.core.collected.empty());
}

TEST_CASE("what was collected is taken as if its peer had posted it", "[rest][collect]") {
  Site site;
  config::Peer hub;
  hub.name = "hub";
  hub.organization.id = "hub-org";
  hub.speaks_for = {"tmucih"};
  std::optional<net::HttpResponse> answer;
  site.server.take(hub, {"r-1", "case-1", R"({"resourceType":"Bundle"})"},
                   [&](net::HttpResponse response) { answer = std::move(response); });
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(header(*answer, "x-request-id") == "r-1");
  REQUIRE(site.core.message);
  CHECK(site.core.message->body == R"({"resourceType":"Bundle"})");
  CHECK(site.core.message->correlation == "case-1");
  CHECK(site.core.message->caller.party.organization == "hub-org");
  CHECK(site.core.message->caller.party.speaks_for == std::vector<std::string>{"tmucih"});
}

TEST_CASE("a peer gets the account of what it sent itself, never of what others did, and the audit knows",
          "[rest][reconcile]") {
  Site site;
  store::Message own, other;
  own.id = 1;
  own.at = 1000;
  own.sender = "tmucih";
  own.control_id = "m-1";
  own.correlation = "case-1";
  own.event = "report";
  own.business_ids = {"R-1"};
  own.reason = "what is wrong with it";
  other = own;
  other.id = 2;
  other.sender = "hkaur";
  other.control_id = "m-2";
  site.store.messages_kept = {own, other};
  const auto answer = site.ask("tianjin", "GET", "/fhir/$reconcile?period=0/2000/0");
  CHECK(answer.status == 200);
  const Json told = body(answer);
  REQUIRE(told.root()["messages"].size() == 1);
  const JsonView line = told.root()["messages"].at(0);
  CHECK(line["id"].text() == "m-1");
  CHECK(line["keys"].at(0).text() == "R-1");
  CHECK(answer.body.find("hkaur") == std::string::npos);
  CHECK(answer.body.find("what is wrong") == std::string::npos);
  REQUIRE(site.store.audited.size() == 1);
  CHECK(site.store.audited[0].actor == "tianjin");
  CHECK(body(site.ask("tianjin", "GET", "/fhir/$reconcile?period=1001/2000/0")).root()["messages"].size() == 0);
  CHECK(site.ask("desk", "GET", "/fhir/$reconcile?period=0/2000/0").status == 404);
}

TEST_CASE("an account is asked for a period that is well written and not longer than a month", "[rest][reconcile]") {
  Site site;
  for (const char* period : {"0", "0/1", "1/1/0", "2/1/0", "-1/5/0", "0/1/0/", "a/b/c", "0/99999999999/0", "0/1/x"}) {
    CAPTURE(period);
    CHECK(site.ask("tianjin", "GET", std::string("/fhir/$reconcile?period=") + period).status == 400);
  }
  CHECK(site.ask("tianjin", "GET", "/fhir/$reconcile").status == 422);
}

TEST_CASE("a sender that is told to come again is told when, as the configuration says", "[rest][pressure]") {
  Site site;
  site.config->pressure.retry_after = std::chrono::seconds{7};
  site.core.fail_with({fhir::Fault::unavailable, "pressure.disk", "", "the disk is nearly full"});
  const auto answer =
      site.ask("tianjin", "POST", "/fhir/$process-message", {{"content-type", "application/fhir+json"}}, "{}");
  CHECK(header(answer, "retry-after") == "7");
  CHECK(outcome(answer) == "503 transient pressure.disk");
}
