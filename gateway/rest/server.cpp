#include "gateway/rest/server.h"

#include <algorithm>
#include <optional>
#include <set>

#include "fhir/message/message.h"
#include "fhir/primitives.h"
#include "gateway/exchange/report.h"
#include "gateway/net/percent.h"
#include "gateway/rest/account.h"
#include "gateway/rest/answer.h"
#include "gateway/rest/capability.h"
#include "gateway/rest/table.h"
#include "gateway/rest/target.h"

namespace gateway::rest {
namespace {

using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using net::HttpResponse;
using store::StoredResource;

constexpr std::size_t kScan = 1000;           // resources looked at for one search
constexpr std::size_t kPage = 100;            // resources in one answer
constexpr store::Millis kTestPause = 10'000;  // between two $test-back of one peer

// ---- the trail --------------------------------------------------------------------------------------------------

bool is_harmless_id(std::string_view text) {
  return !text.empty() && text.size() <= 128 && std::ranges::all_of(text, [](char c) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return alnum || std::string_view("-._:/+=").find(c) != std::string_view::npos;
  });
}

/// What the request calls itself and its case; `invalid` for what should not stand in our headers and logs.
Result<Trail> read_trail(const net::Headers& headers) {
  const std::string_view request = net::header(headers, "x-request-id"),
                         correlation = net::header(headers, "x-correlation-id");
  if ((!request.empty() && !is_harmless_id(request)) || (!correlation.empty() && !is_harmless_id(correlation))) {
    return fhir::fail(Fault::invalid, "rest.request-id", "",
                      "X-Request-ID and X-Correlation-ID are 1 to 128 letters, digits and -._:/+=");
  }
  return Trail{std::string(request), std::string(correlation)};
}

// ---- routing ----------------------------------------------------------------------------------------------------

bool is_type(std::string_view name) { return std::ranges::find(kTypes, name) != kTypes.end(); }

bool fits(const Row& row, const std::vector<std::string>& path) {
  switch (row.shape) {
    case Shape::named: return path.size() == 1 && path[0] == row.name;
    case Shape::type: return path.size() == 1 && is_type(path[0]) && (row.name.empty() || row.name == path[0]);
    case Shape::instance:
      return path.size() == 2 && is_type(path[0]) && fhir::is_id(path[1]) && (row.name.empty() || row.name == path[0]);
  }
  return false;
}

/// The methods that this path knows, for Allow; empty: nothing is there.
std::string allowed_methods(const std::vector<std::string>& path) {
  std::string methods;
  for (const Row& row : kRows) {
    if (!fits(row, path)) continue;
    methods += (methods.empty() ? "" : ", ") + std::string(row.method) + (row.method == "GET" ? ", HEAD" : "");
  }
  return methods;
}

const Row* find_row(const std::vector<std::string>& path, std::string_view method) {
  if (method == "HEAD") method = "GET";
  const auto* row = std::ranges::find_if(kRows, [&](const Row& r) { return r.method == method && fits(r, path); });
  return row == kRows.end() ? nullptr : row;
}

HttpResponse absent(const Trail& trail) {
  return refusal(trail, 404, "not-found", "rest.absent", "there is no such resource");
}

HttpResponse wrong_method(const Trail& trail, std::string methods) {
  HttpResponse response = refusal(trail, 405, "not-supported", "rest.method", "this path does not know this method");
  response.headers.emplace_back("allow", std::move(methods));
  return response;
}

/// A parameter that is ignored would give back more than was asked for, so an unknown one is refused.
Result<void> check_parameters(const Row& row, const Target& target) {
  std::set<std::string_view> seen;
  for (const auto& [name, value] : target.query) {
    const bool known = name == "_format" || (!row.parameter.empty() && name == row.parameter);
    if (!known) return fhir::fail(Fault::unsupported, "rest.parameter", "", "this request takes no such parameter");
    if (!seen.insert(name).second)
      return fhir::fail(Fault::unsupported, "rest.parameter", "", "a parameter may stand once");
  }
  if (row.parameter.empty() || seen.contains(row.parameter)) return {};
  return fhir::fail(Fault::unsupported, "rest.parameter", "",
                    "this request needs the parameter " + std::string(row.parameter));
}

// ---- bodies -----------------------------------------------------------------------------------------------------

std::string self_url(const config::Config& config, std::string_view type) {
  return config.fhir_url + "/" + std::string(type);
}

Result<JsonTree> searchset(const config::Config& config, std::string_view type, std::string_view identifier,
                           const std::vector<StoredResource>& found) {
  JsonTree bundle = JsonTree::object({{"resourceType", "Bundle"}, {"type", "searchset"}});
  bundle.set("total", JsonTree::number(std::to_string(found.size())));
  bundle["link"].push(JsonTree::object(
      {{"relation", "self"}, {"url", self_url(config, type) + "?identifier=" + net::percent_encoded(identifier)}}));
  for (const StoredResource& one : found) {
    auto resource = with_meta(one);
    if (!resource) return fhir::pass(resource);
    bundle["entry"].push(JsonTree::object({{"fullUrl", self_url(config, type) + "/" + one.id},
                                           {"resource", std::move(*resource)},
                                           {"search", JsonTree::object({{"mode", "match"}})}}));
  }
  return bundle;
}

JsonTree disclosed(const StoredResource& resource) {
  return JsonTree::object({{"type", resource.type},
                           {"id", resource.id},
                           {"version", JsonTree::number(std::to_string(resource.version))},
                           {"correlation", resource.correlation}});
}

/// Who got what, when and for what, in the audit's own words; no clinical values, and not what was searched for.
JsonTree detail_of(std::string_view interaction, const Caller& caller, const Trail& trail,
                   const std::vector<StoredResource>& resources) {
  JsonTree detail =
      JsonTree::object({{"interaction", interaction}, {"remote", caller.remote}, {"request", trail.request_id}});
  if (caller.partner != nullptr) detail.set("purpose", caller.partner->purpose);
  detail.set("resources", JsonTree::array());
  for (const StoredResource& resource : resources) detail["resources"].push(disclosed(resource));
  return detail;
}

bool has_identifier_without_system(const StoredResource& resource, std::string_view value) {
  return std::ranges::any_of(resource.identifiers, [&](const auto& i) { return i.first.empty() && i.second == value; });
}

Result<Json> read_task(const net::HttpRequest& request, std::string_view id) {
  auto json = Json::parse(request.body);
  if (!json) return json;
  const JsonView task = json->root();
  if (task["resourceType"].text() != "Task")
    return fhir::fail(Fault::invalid, "rest.type", "Task", "the body must be a Task");
  if (task["id"].is_string() && task["id"].text() == id) return json;
  return fhir::fail(Fault::invalid, "rest.id", "Task.id", "the id in the body must be the one in the path");
}

/// If-Match: the version that must be current; nothing when the header is absent or *.
Result<std::optional<std::int64_t>> read_if_match(std::string_view header) {
  if (header.empty() || header == "*") return std::optional<std::int64_t>{};
  const auto version = read_etag(header);
  if (version) return version;
  return fhir::fail(Fault::invalid, "rest.if-match", "", "If-Match must be one entity tag, as W/\"3\"");
}

}  // namespace

struct Server::Call {
  net::HttpRequest request;
  Trail trail;
  Caller caller;
  Target target;
  const Row* row = nullptr;
  Reply reply;

  void answer(HttpResponse response) { reply(std::move(response)); }
  void fail(const Error& error, fhir::Issues more = {}) {
    HttpResponse response = error_answer(trail, error, std::move(more));
    const auto retry_after = std::ranges::find(response.headers, "retry-after", &net::Headers::value_type::first);
    if (caller.config && retry_after != response.headers.end())
      retry_after->second = std::to_string(caller.config->pressure.retry_after.count());
    reply(std::move(response));
  }
};

Server::Server(Services services) : services_(std::move(services)), started_(instant(services_.now())) {}

void Server::handle(net::HttpRequest request, Reply reply) {
  Call call{std::move(request), {}, {}, {}, nullptr, std::move(reply)};
  auto trail = read_trail(call.request.headers);
  if (!trail) return call.fail(trail.error());
  call.trail = std::move(*trail);
  if (call.trail.request_id.empty()) call.trail.request_id = services_.fresh_id();

  auto party = services_.identify(call.request.certificate);
  if (!party) {
    return call.answer(
        refusal(call.trail, 403, "forbidden", party.error().code, "this certificate may not use this interface"));
  }
  const auto config = services_.config();
  auto asked = quotas_.ask(party->name, call.request.body.size(), services_.now(), config->quota);
  if (!asked.ticket) return throttle(std::move(call), asked.delay, asked.retry_after);
  call.reply = [ticket = *std::move(asked.ticket), reply = std::move(call.reply)](HttpResponse response) mutable {
    reply(std::move(response));
  };
  serve(std::move(call), std::move(*party));
}

// Held back for a while: its connection reads nothing meanwhile.
void Server::throttle(Call call, std::chrono::milliseconds delay, std::chrono::seconds retry_after) {
  HttpResponse wait = refusal(call.trail, 429, "throttled", "rest.quota", "this caller takes more than its quota");
  wait.headers.emplace_back("retry-after", std::to_string(retry_after.count()));
  if (!services_.later) return call.answer(std::move(wait));
  services_.later(delay, [reply = std::move(call.reply), wait = std::move(wait)]() mutable { reply(std::move(wait)); });
}

void Server::take(const config::Peer& peer, exchange::Letter letter, Reply reply) {
  const auto config = services_.config();
  net::HttpRequest request{"POST",
                           config->fhir_base + "/$process-message",
                           {{"content-type", std::string(kFhirJson)}},
                           std::move(letter.body),
                           {},
                           "mailbox:" + peer.name};
  Call call{std::move(request), {std::move(letter.request_id), std::move(letter.correlation)}, {}, {}, nullptr,
            std::move(reply)};
  serve(std::move(call), {trust::Party::Kind::peer, peer.name, peer.organization.id, peer.speaks_for});
}

void Server::serve(Call call, trust::Party party) {
  call.caller = make_caller(std::move(party), call.request.remote, services_.config());

  auto target = read_target(call.request.target, call.caller.config->fhir_base);
  if (!target && target.error().fault == Fault::too_large) {
    return call.answer(refusal(call.trail, 414, "too-long", target.error().code, target.error().say));
  }
  if (!target) return call.fail(target.error());
  call.target = std::move(*target);
  run(std::move(call));
}

void Server::run(Call call) {
  call.row = find_row(call.target.path, call.request.method);
  if (call.row == nullptr) {
    std::string methods = allowed_methods(call.target.path);
    return call.answer(methods.empty() ? absent(call.trail) : wrong_method(call.trail, std::move(methods)));
  }
  if (!accepts_json(net::header(call.request.headers, "accept"), call.target.parameter("_format"))) {
    return call.answer(
        refusal(call.trail, 406, "not-supported", "rest.accept", "only application/fhir+json (FHIR 4.0) is offered"));
  }
  const bool body = call.row->method != "GET";
  if (body && !is_json(net::header(call.request.headers, "content-type"))) {
    return call.answer(refusal(call.trail, 415, "not-supported", "rest.content-type",
                               "the body must be application/fhir+json in UTF-8"));
  }
  if (auto known = check_parameters(*call.row, call.target); !known) return call.fail(known.error());
  switch (call.row->does) {
    case Does::metadata: return metadata(std::move(call));
    case Does::read: return read(std::move(call));
    case Does::search: return search(std::move(call));
    case Does::put_task: return put_task(std::move(call));
    case Does::process_message: return process_message(std::move(call));
    case Does::collect: return collect(std::move(call));
    case Does::trace: return trace(std::move(call));
    case Does::reconcile: return reconcile(std::move(call));
    case Does::test_back: return test_back(std::move(call));
  }
}

void Server::metadata(Call call) {
  const config::Config& config = *call.caller.config;
  const config::Peer* peer = config.peer(call.caller.party.name);
  const bool is_peer = peer != nullptr && call.caller.party.kind == trust::Party::Kind::peer;
  const auto remembered = is_peer ? peer->dedup_window : config::kDedupWindow;
  call.answer(
      json_answer(call.trail, 200, capability_statement(config.site, config.fhir_url, started_, remembered).dump()));
}

// http.html#read
void Server::read(Call call) {
  const auto found = services_.store.resource(call.target.path[0], call.target.path[1]);
  if (!found) return call.fail(found.error());
  if (!*found || !may_read(call.caller, **found)) return call.answer(absent(call.trail));

  const StoredResource& resource = **found;
  auto tree = with_meta(resource);
  if (!tree) return call.fail(tree.error());
  const bool known = read_etag(net::header(call.request.headers, "if-none-match")) == resource.version;
  HttpResponse response = json_answer(call.trail, known ? 304 : 200, known ? std::string{} : tree->dump());
  add_version(response, resource.version, resource.at);
  std::string detail = detail_of("read", call.caller, call.trail, {resource}).dump();
  disclose(std::move(call), std::move(response), std::move(detail), {resource});
}

// search.html#token. A type the caller may not read, an identifier that is not there and one that is not for it all
// give the same empty list.
void Server::search(Call call) {
  const std::string& type = call.target.path[0];
  const auto token = read_token(call.target.parameter("identifier"));
  if (!token) return call.fail(token.error());
  auto found = services_.store.resources(type, token->system, token->value, kScan);
  if (!found) return call.fail(found.error());
  std::erase_if(*found, [&](const StoredResource& resource) {
    const bool other_system =
        !token->any_system && token->system.empty() && !has_identifier_without_system(resource, token->value);
    return other_system || !may_read(call.caller, resource);
  });
  if (found->size() > kPage) {
    return call.answer(
        refusal(call.trail, 422, "too-costly", "rest.too-many", "too many resources have this identifier"));
  }
  auto bundle = searchset(*call.caller.config, type, call.target.parameter("identifier"), *found);
  if (!bundle) return call.fail(bundle.error());
  HttpResponse response = json_answer(call.trail, 200, bundle->dump());
  if (found->empty()) return call.answer(std::move(response));
  std::string detail = detail_of("search-type", call.caller, call.trail, *found).dump();
  disclose(std::move(call), std::move(response), std::move(detail), *found);
}

// http.html#update, for the staff of this site. What a Task may become the workflow decides.
void Server::put_task(Call call) {
  const std::string& id = call.target.path[1];
  if (!may_write(call.caller, "Task")) {
    return call.answer(refusal(call.trail, 403, "forbidden", "rest.write", "this partner may not change Tasks"));
  }
  auto stored = services_.store.resource("Task", id);
  if (!stored) return call.fail(stored.error());
  if (!*stored || !may_read(call.caller, **stored)) return call.answer(absent(call.trail));
  auto expected = read_if_match(net::header(call.request.headers, "if-match"));
  if (!expected) return call.fail(expected.error());
  if (*expected && **expected != (*stored)->version) {
    return call.answer(
        refusal(call.trail, 412, "conflict", "rest.version", "the Task has changed since: read it again"));
  }
  auto task = read_task(call.request, id);
  if (!task) return call.fail(task.error());
  TaskUpdate update{call.caller, id, std::move(*task), *expected, call.trail.request_id, call.trail.correlation};
  services_.core.put_task(std::move(update), pass_on(std::move(call)));
}

// messaging.html, operation-messageheader-process-message.html. The body is not looked at here: what cannot be read is
// kept by the intake all the same.
void Server::process_message(Call call) {
  if (!may_post(call.caller)) {
    return call.answer(refusal(call.trail, 403, "forbidden", "rest.post", "this partner may not post messages"));
  }
  PostedMessage message{call.caller, std::move(call.request.body), call.trail.request_id, call.trail.correlation};
  services_.core.process_message(std::move(message), pass_on(std::move(call)));
}

// Ours: a peer without a port of its own fetches what waits for it, and answers what it got before. Nobody else has a
// mailbox here.
void Server::collect(Call call) {
  const config::Peer* peer = call.caller.config->peer(call.caller.party.name);
  const bool has_one =
      call.caller.party.kind == trust::Party::Kind::peer && peer != nullptr && peer->mailbox == config::Mailbox::here;
  if (!has_one) return call.answer(absent(call.trail));
  auto asked = exchange::read_call(call.request.body);
  if (!asked) return call.fail(asked.error());
  const Caller caller = call.caller;
  services_.core.collect(caller, *std::move(asked), pass_on(std::move(call)));
}

// Ours: what a peer may know of a case that it has a part in.
void Server::trace(Call call) {
  if (call.caller.party.kind != trust::Party::Kind::peer) return call.answer(absent(call.trail));
  TraceQuestion question{call.caller, std::string(call.target.parameter("id"))};
  if (question.id.empty() || question.id.size() > 256) {
    return call.fail({Fault::invalid, "rest.trace-id", "id", "an id has 1 to 256 bytes"});
  }
  Answered answered = [this, call = std::move(call)](std::expected<Answer, Failure> answer) mutable {
    if (!answer) return call.fail(answer.error().error);
    HttpResponse response = json_answer(call.trail, 200, std::move(answer->body), answer->content_type);
    JsonTree detail = detail_of("trace", call.caller, call.trail, {});
    detail.set("id", call.target.parameter("id"));  // known to be one of ours: the intake found it
    disclose(std::move(call), std::move(response), detail.dump(), {});
  };
  services_.core.trace(std::move(question), std::move(answered));
}

// Ours: a peer's account of what it sent, which is all it may ask for.
void Server::reconcile(Call call) {
  if (call.caller.party.kind != trust::Party::Kind::peer) return call.answer(absent(call.trail));
  auto stretch = read_period(call.target.parameter("period"));
  if (!stretch) return call.fail(stretch.error());
  stretch->sender = call.caller.party.organization;
  const auto told = account(services_.store, call.caller.config->site, *stretch);
  if (!told) return call.fail(told.error());
  HttpResponse response = json_answer(call.trail, 200, told->dump(), "application/json");
  JsonTree detail = detail_of("reconcile", call.caller, call.trail, {});
  detail.set("period", call.target.parameter("period"));
  disclose(std::move(call), std::move(response), detail.dump(), {});
}

bool Server::may_test(const std::string& peer) {
  const auto now = services_.now();
  const std::scoped_lock lock(mutex_);
  const auto [known, fresh] = tested_.try_emplace(peer, now);
  if (fresh || now - known->second >= kTestPause) {
    known->second = now;
    return true;
  }
  return false;
}

// Ours: a peer asks us to reach it, at the address of our configuration and nowhere else.
void Server::test_back(Call call) {
  if (call.caller.party.kind != trust::Party::Kind::peer) return call.answer(absent(call.trail));
  if (!may_test(call.caller.party.name)) {
    HttpResponse wait = refusal(call.trail, 429, "throttled", "rest.test-back", "you asked a moment ago");
    wait.headers.emplace_back("retry-after", "10");
    return call.answer(std::move(wait));
  }
  const Caller caller = call.caller;
  services_.core.test_back(caller, pass_on(std::move(call)));
}

/// First the audit entry on disk, then the answer. Without the entry nothing is disclosed.
/// What was read is remembered, too: a correction tells who has the old version.
void Server::disclose(Call call, HttpResponse response, std::string detail,
                      const std::vector<StoredResource>& resources) {
  store::Commit commit;
  for (const StoredResource& one : resources) {
    if (exchange::remembers_pull(one.type))
      commit.facts.push_back(exchange::pulled(one, call.caller.party.name, services_.now()));
  }
  commit.audit.push_back({0, services_.now(), "disclosed", call.caller.party.name, std::move(detail), {}});
  services_.store.submit(std::move(commit), [call = std::move(call), response = std::move(response)](
                                                Result<store::Committed> committed) mutable {
    if (!committed) return call.fail(committed.error());
    call.answer(std::move(response));
  });
}

Answered Server::pass_on(Call call) {
  return [call = std::move(call)](std::expected<Answer, Failure> answer) mutable {
    if (!answer) return call.fail(answer.error().error, std::move(answer.error().more));
    HttpResponse response = json_answer(call.trail, 200, std::move(answer->body), answer->content_type);
    add_version(response, answer->version, answer->modified);
    call.answer(std::move(response));
  };
}

}  // namespace gateway::rest
