#include "gateway/rest/api.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "fhir/outcome.h"
#include "gateway/exchange/retry.h"
#include "gateway/exchange/trace.h"
#include "gateway/exchange/workflow.h"
#include "gateway/observe/failpoint.h"
#include "gateway/rest/target.h"

namespace gateway::rest {
namespace {

using exchange::Fate;
using exchange::Judgement;
using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using net::HttpResponse;
using trust::Party;

constexpr std::string_view kFhirJson = "application/fhir+json";

struct Interaction {
  std::string_view method, code, path;  // path: {type} and {id} stand for any
  bool query;                           // only with a query, or only without
  void (Api::*run)(Api::Call, Api::Reply);
  std::string_view says;
};

// A new interaction is a row and a function. Order matters only among rows that fit the same path.
constexpr auto kInteractions = std::to_array<Interaction>({
    {"GET", "capabilities", "metadata", false, &Api::metadata, "what this server does"},
    {"POST", "process-message", "$process-message", false, &Api::process_message, "a FHIR message from a peer or from this site's own staff"},
    {"GET", "trace", "$trace", true, &Api::trace, "a peer's question for the timeline of a case it takes part in"},
    {"GET", "read", "{type}/{id}", false, &Api::read, "the current version of a record the caller's grants name"},
    {"PUT", "update", "Task/{id}", false, &Api::update_task, "a step of a referral, by this site's own staff"},
    {"GET", "search-type", "{type}", true, &Api::search, "records with an identifier: ?identifier=[system|]value"},
});

// What partners can be granted.
constexpr auto kTypes = std::to_array<std::string_view>({"Bundle", "Composition", "Condition", "Consent", "DiagnosticReport",
    "DocumentReference", "ImagingStudy", "Observation", "Patient", "ServiceRequest", "Specimen", "Task"});

}  // namespace

struct Api::Call {
  std::shared_ptr<const config::Config> config;
  Party party;
  const config::Partner* partner = nullptr;  // nullptr: a peer
  Target target;
  net::HttpRequest request;

  std::string_view query(std::string_view name) const {
    const auto found = std::ranges::find(target.query, name, &std::pair<std::string, std::string>::first);
    return found == target.query.end() ? std::string_view{} : std::string_view(found->second);
  }
};

namespace {

net::Headers common_headers(const net::HttpRequest& request) {
  net::Headers headers{{"content-type", std::string(kFhirJson)}, {"cache-control", "no-store"}, {"x-content-type-options", "nosniff"}};
  for (const std::string_view name : {"x-request-id", "x-correlation-id"}) {
    const auto value = net::header(request.headers, name);
    if (!value.empty() && value.size() <= 128) headers.emplace_back(name, value);
  }
  return headers;
}

HttpResponse respond(const net::HttpRequest& request, int status, std::string body) { return {status, common_headers(request), std::move(body)}; }

HttpResponse outcome(const net::HttpRequest& request, const Error& error, fhir::Issues more = {}) {
  const auto& row = exchange::row(error.fault);
  more.insert(more.begin(), fhir::to_issue(error));
  auto response = respond(request, row.http, fhir::to_outcome(more).dump());
  if (row.http == 503) response.headers.emplace_back("retry-after", "30");
  return response;
}

Error not_there() { return {Fault::not_found, "http.not-found", "", "no such record is known here"}; }

bool fits(std::string_view pattern, const std::vector<std::string>& path) {
  std::size_t n = 0;
  while (!pattern.empty()) {
    const auto slash = std::min(pattern.find('/'), pattern.size());
    const std::string_view part = pattern.substr(0, slash);
    if (n == path.size()) return false;
    const bool any_type = part == "{type}" && std::ranges::find(kTypes, path[n]) != kTypes.end();
    if (part != path[n] && part != "{id}" && !any_type) return false;
    ++n;
    pattern.remove_prefix(std::min(slash + 1, pattern.size()));
  }
  return n == path.size();
}

// Is JSON among what the caller takes or sends? Parameters after ';' do not matter.
bool names_json(std::string_view header) {
  return header.empty() || header.find("json") != std::string_view::npos || header.find("*/*") != std::string_view::npos ||
         header.find("application/*") != std::string_view::npos;
}

std::optional<HttpResponse> unsuitable(const net::HttpRequest& request) {
  if (!names_json(net::header(request.headers, "accept"))) {
    auto response = outcome(request, {Fault::unsupported, "http.accept", "Accept", "only application/fhir+json is spoken here"});
    response.status = 406;
    return response;
  }
  const bool body = request.method == "POST" || request.method == "PUT";
  const auto type = net::header(request.headers, "content-type");
  if (body && (type.empty() || !names_json(type))) {
    auto response = outcome(request, {Fault::unsupported, "http.content-type", "Content-Type", "send application/fhir+json"});
    response.status = 415;
    return response;
  }
  return std::nullopt;
}

const config::Partner* partner_named(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.partners, name, &config::Partner::name);
  return found == config.partners.end() ? nullptr : &*found;
}

bool listed(const std::vector<std::string>& list, std::string_view value) { return std::ranges::find(list, value) != list.end(); }

bool may_see(const config::Partner* partner, const store::StoredResource& resource) {
  if (partner == nullptr) return false;
  return std::ranges::any_of(partner->reads, [&](const config::Grant& grant) {
    return listed(grant.types, resource.type) && (grant.events.empty() || listed(grant.events, resource.event)) &&
           (grant.from.empty() || listed(grant.from, resource.owner));
  });
}

// The record as it is shown: with its version and time.
JsonTree shown(const store::StoredResource& resource) {
  const auto json = Json::parse(resource.json);
  if (!json) return {};
  JsonTree tree = JsonTree::from(json->root());
  tree.set("id", resource.id);
  tree["meta"].set("versionId", std::to_string(resource.version));
  tree["meta"].set("lastUpdated", exchange::instant(resource.at));
  return tree;
}

}  // namespace

void Api::handle(net::HttpRequest request, Reply reply) {
  Call call;
  call.config = world_.config();
  auto party = identify_(request.certificate);
  if (!party) return reply(outcome(request, {Fault::forbidden, party.error().code, "", party.error().say}));
  auto target = parse_target(request.target, call.config->fhir_base);
  if (!target) return reply(outcome(request, target.error()));
  if (auto refused = unsuitable(request)) return reply(*std::move(refused));
  call.party = *std::move(party);
  call.partner = call.party.kind == Party::Kind::partner ? partner_named(*call.config, call.party.name) : nullptr;
  call.target = *std::move(target);

  std::string allowed;
  for (const Interaction& row : kInteractions) {
    if (!fits(row.path, call.target.path)) continue;
    const bool same_query = row.query == !call.target.query.empty();
    if (row.method == request.method && same_query) {
      call.request = std::move(request);
      return (this->*row.run)(std::move(call), std::move(reply));
    }
    if (row.method != request.method) allowed += (allowed.empty() ? "" : ", ") + std::string(row.method);
  }
  if (allowed.empty()) return reply(outcome(request, {Fault::not_found, "http.not-found", "", "nothing is served at this path; see [base]/metadata"}));
  auto response = outcome(request, {Fault::unsupported, "http.method", "", "this method is not offered here"});
  response.status = 405;
  response.headers.emplace_back("allow", allowed);
  reply(std::move(response));
}

// ---- capabilities -----------------------------------------------------------------------------------------------

namespace {

JsonTree rest_resources() {
  JsonTree resources = JsonTree::array();
  for (const std::string_view type : kTypes) {
    JsonTree resource = JsonTree::object({{"type", type}});
    for (const Interaction& row : kInteractions) {
      if (!row.path.starts_with("{type}") && row.path != std::string(type) + "/{id}") continue;
      resource["interaction"].push(JsonTree::object({{"code", row.code}, {"documentation", row.says}}));
    }
    resource["searchParam"].push(JsonTree::object({{"name", "identifier"}, {"type", "token"}}));
    resources.push(std::move(resource));
  }
  return resources;
}

JsonTree capabilities(const config::Config& config, const std::string& now) {
  JsonTree statement = JsonTree::object({{"resourceType", "CapabilityStatement"}, {"status", "active"}, {"date", now}, {"kind", "instance"},
                                         {"fhirVersion", "4.0.1"}});
  statement.set("software", JsonTree::object({{"name", "Causeway"}}));
  statement.set("implementation", JsonTree::object({{"description", "FHIR gateway of " + config.organization.name}, {"url", config.fhir_url}}));
  statement["format"].push("application/fhir+json");
  JsonTree& rest = statement["rest"].push(JsonTree::object({{"mode", "server"}}));
  rest["security"].set("description", "TLS 1.3 with a client certificate that the site's peers.yaml or partners.yaml names; what no grant names is answered as absent");
  rest.set("resource", rest_resources());
  rest["operation"].push(JsonTree::object({{"name", "process-message"}, {"definition", "http://hl7.org/fhir/OperationDefinition/MessageHeader-process-message"}}));
  JsonTree& messaging = statement["messaging"].push(JsonTree::object());
  messaging.set("documentation", "A message is known by its sender and MessageHeader.id. One that was accepted is answered again with its first answer; "
                                 "the same id with other content is refused with 409; one that was refused is processed anew.");
  return statement;
}

}  // namespace

void Api::metadata(Call call, Reply reply) {
  reply(respond(call.request, 200, capabilities(*call.config, exchange::instant(world_.clock.now())).dump()));
}

// ---- pull ---------------------------------------------------------------------------------------------------------

void Api::read(Call call, Reply reply) {
  auto found = world_.store.resource(call.target.path[0], call.target.path[1]);
  if (!found) return reply(outcome(call.request, found.error()));
  if (!*found || !may_see(call.partner, **found)) return reply(outcome(call.request, not_there()));
  auto response = respond(call.request, 200, shown(**found).dump());
  response.headers.emplace_back("etag", fmt::format("W/\"{}\"", (*found)->version));
  disclose(std::move(call), {**found}, std::move(response), std::move(reply));
}

void Api::search(Call call, Reply reply) {
  constexpr std::size_t kMost = 100;
  for (const auto& [name, value] : call.target.query) {
    if (name == "identifier" || name == "_format") continue;
    return reply(outcome(call.request, {Fault::invalid, "search.parameter", "query", "only the parameter 'identifier' is offered"}));
  }
  const std::string_view token = call.query("identifier");
  const auto bar = token.find('|');
  const std::string_view system = bar == std::string_view::npos ? std::string_view{} : token.substr(0, bar);
  const std::string_view value = bar == std::string_view::npos ? token : token.substr(bar + 1);
  if (value.empty()) return reply(outcome(call.request, {Fault::invalid, "search.parameter", "identifier", "identifier needs a value: [system|]value"}));
  auto found = world_.store.resources(call.target.path[0], system, value, kMost);
  if (!found) return reply(outcome(call.request, found.error()));
  std::erase_if(*found, [&](const store::StoredResource& one) { return !may_see(call.partner, one); });

  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"type", "searchset"}, {"total", JsonTree::number(std::to_string(found->size()))}});
  const std::string_view asked = call.request.target;
  bundle["link"].push(JsonTree::object({{"relation", "self"}, {"url", call.config->fhir_url + std::string(asked.substr(call.config->fhir_base.size()))}}));
  for (const auto& resource : *found) {
    JsonTree entry = JsonTree::object({{"fullUrl", fmt::format("{}/{}/{}", call.config->fhir_url, resource.type, resource.id)}});
    entry.set("resource", shown(resource));
    entry.set("search", JsonTree::object({{"mode", "match"}}));
    bundle["entry"].push(std::move(entry));
  }
  auto response = respond(call.request, 200, bundle.dump());
  disclose(std::move(call), *found, std::move(response), std::move(reply));
}

// In the audit first; if it cannot be written there, nothing is shown.
void Api::disclose(Call call, const std::vector<store::StoredResource>& resources, HttpResponse response, Reply reply) {
  store::Commit commit;
  for (const auto& one : resources) {
    JsonTree detail = JsonTree::object({{"type", one.type}, {"id", one.id}, {"version", std::to_string(one.version)}, {"case", one.correlation},
                                        {"remote", call.request.remote}, {"request", net::header(call.request.headers, "x-request-id")}});
    if (call.partner != nullptr) detail.set("purpose", call.partner->purpose);
    commit.audit.push_back({0, world_.clock.now(), "disclosed", call.party.name, detail.dump(), ""});
  }
  if (commit.audit.empty()) return reply(std::move(response));
  world_.store.submit(std::move(commit), [request = std::move(call.request), response = std::move(response), reply = std::move(reply)](Result<store::Committed> stored) mutable {
    reply(stored ? std::move(response) : outcome(request, stored.error()));
  });
}

// ---- messages and tasks ---------------------------------------------------------------------------------------------

namespace {

exchange::Arrival arrival_of(const std::shared_ptr<const config::Config>& config, const Party& party, bool staff, std::string raw) {
  exchange::Arrival arrival;
  arrival.config = config;
  arrival.door = "fhir";
  arrival.caller = staff ? config->organization.id : party.organization;
  if (!staff) arrival.speaks_for = party.speaks_for;
  arrival.actor = party.name;
  arrival.staff = staff;
  arrival.raw = std::move(raw);
  return arrival;
}

HttpResponse refusal(const net::HttpRequest& request, const Judgement& judged) {
  return outcome(request, judged.error.value_or(Error{Fault::broken, "intake.no-reason", "", "the message was not accepted"}), judged.issues);
}

bool taken(const Judgement& judged) { return judged.fate == Fate::accepted || judged.fate == Fate::repeated; }

// May this partner post a message of this event as staff of the site?
Result<void> may_send(const config::Partner& partner, const std::string& body) {
  const auto json = Json::parse(body);
  if (!json) return std::unexpected(json.error());
  const auto envelope = fhir::message::read_envelope(json->root());
  if (!envelope) return std::unexpected(envelope.error());
  if (listed(partner.sends, envelope->event)) return {};
  return fhir::fail(Fault::forbidden, "partner.sends", "MessageHeader.eventCoding", "this partner may not post messages of this event");
}

// If-Match: W/"3"; 0 when it is not given.
Result<std::int64_t> wanted_version(const net::HttpRequest& request) {
  std::string_view text = net::header(request.headers, "if-match");
  if (text.empty()) return 0;
  if (text.starts_with("W/")) text.remove_prefix(2);
  std::int64_t version = 0;
  if (text.size() > 2 && text.front() == '"') text = text.substr(1, text.size() - 2);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error == std::errc{} && end == text.data() + text.size() && version > 0) return version;
  return fhir::fail(Fault::invalid, "http.if-match", "If-Match", "If-Match names one version, as in W/\"3\"");
}

}  // namespace

void Api::process_message(Call call, Reply reply) {
  const bool staff = call.partner != nullptr;
  if (staff) {
    if (auto allowed = may_send(*call.partner, call.request.body); !allowed) return reply(outcome(call.request, allowed.error()));
  }
  auto arrival = arrival_of(call.config, call.party, staff, std::move(call.request.body));
  intake_.take(std::move(arrival), [request = std::move(call.request), reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("fhir.judged");
    reply(taken(judged) ? respond(request, 200, std::move(judged.answer)) : refusal(request, judged));
  });
}

void Api::update_task(Call call, Reply reply) {
  if (call.partner == nullptr || !listed(call.partner->writes, "Task")) return reply(outcome(call.request, not_there()));
  const auto task = Json::parse(call.request.body);
  if (!task) return reply(outcome(call.request, task.error()));
  const JsonView root = task->root();
  if (root["resourceType"].text() != "Task" || root["id"].text() != call.target.path[1]) {
    return reply(outcome(call.request, {Fault::invalid, "task.id", "Task.id", "the body is not the Task of this address"}));
  }
  const auto version = wanted_version(call.request);
  if (!version) return reply(outcome(call.request, version.error()));
  auto step = exchange::task_step(world_, *call.config, root, *version);
  if (!step) {
    auto response = outcome(call.request, step.error());
    if (step.error().code == "task.stale") response.status = 412;
    return reply(std::move(response));
  }
  auto answer = [this, id = call.target.path[1], request = call.request, reply = std::move(reply)](Judgement judged) mutable {
    if (!taken(judged)) return reply(refusal(request, judged));
    const auto now = world_.store.resource("Task", id);
    if (!now || !*now) return reply(outcome(request, not_there()));
    auto response = respond(request, 200, shown(**now).dump());
    response.headers.emplace_back("etag", fmt::format("W/\"{}\"", (*now)->version));
    reply(std::move(response));
  };
  auto arrival = arrival_of(call.config, call.party, true, std::move(step->bundle));
  arrival.untold = step->event.empty();
  intake_.take(std::move(arrival), std::move(answer));
}

// ---- trace ------------------------------------------------------------------------------------------------------------

void Api::trace(Call call, Reply reply) {
  if (call.party.kind != Party::Kind::peer) return reply(outcome(call.request, not_there()));
  const auto found = exchange::trace(world_.store, *call.config, call.query("id"), call.party.organization);
  if (!found) return reply(outcome(call.request, found.error()));
  auto response = respond(call.request, 200, found->timeline.dump());
  response.headers[0].second = "application/json";
  reply(std::move(response));
}

}  // namespace gateway::rest
