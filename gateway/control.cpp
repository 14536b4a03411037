#include "gateway/control.h"

#include <fmt/format.h>

#include <charconv>

#include "gateway/exchange/trace.h"
#include "gateway/observe/log.h"

namespace gateway {
namespace {

using exchange::Judgement;
using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using net::HttpResponse;

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

HttpResponse json(int status, const JsonTree& tree) {
  return {status, {{"content-type", "application/json"}}, tree.dump()};
}

HttpResponse failed(const Error& error) {
  const int status = error.fault == Fault::not_found ? 404 : error.fault == Fault::invalid ? 400 : 409;
  return json(status, JsonTree::object({{"code", error.code}, {"where", error.where}, {"say", error.say}}));
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
    out += escaped ? static_cast<char>(byte) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

std::vector<std::string_view> segments(std::string_view path) {
  std::vector<std::string_view> parts;
  while (!path.empty()) {
    path.remove_prefix(1);  // the slash
    const auto slash = std::min(path.find('/'), path.size());
    parts.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return parts;
}

store::Id id_of(std::string_view text) {
  store::Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() ? id : 0;
}

JsonTree told(const store::Message& message) {
  return JsonTree::object({{"kind", "message"},
                           {"number", number(message.id)},
                           {"since", exchange::instant(message.at)},
                           {"door", message.door},
                           {"event", message.event},
                           {"case", message.correlation},
                           {"id", message.control_id},
                           {"code", message.reason_code},
                           {"reason", message.reason}});
}

JsonTree told(const store::Delivery& delivery) {
  return JsonTree::object({{"kind", "delivery"},
                           {"number", number(delivery.id)},
                           {"to", delivery.destination},
                           {"event", delivery.event},
                           {"case", delivery.correlation},
                           {"message", number(delivery.message)},
                           {"reason", delivery.reason}});
}

JsonTree parsed(const std::string& text) {
  const auto value = Json::parse(text);
  return value ? JsonTree::from(value->root()) : JsonTree::null();
}

}  // namespace

void Control::handle(net::HttpRequest request, Reply reply) {
  const std::string_view target = request.target;
  const auto question = std::min(target.find('?'), target.size());
  const auto path = segments(target.substr(0, question));
  const std::string_view query = target.substr(std::min(question + 1, target.size()));
  const bool get = request.method == "GET";
  if (get && path.size() == 1 && path[0] == "status") return status(std::move(reply));
  if (get && path.size() == 1 && path[0] == "trace" && query.starts_with("id="))
    return trace(percent_decoded(query.substr(3)), std::move(reply));
  if (get && path.size() == 1 && path[0] == "held") return held_list(std::move(reply));
  if (get && path.size() == 3 && path[0] == "held") return held_show(path[1], id_of(path[2]), std::move(reply));
  if (request.method == "POST" && path.size() == 4 && path[0] == "held" && path[3] == "release") {
    return held_release(path[1], id_of(path[2]), std::move(reply));
  }
  reply(failed(
      {Fault::not_found, "control.unknown", "", "the gateway does not know this command; is it of another version?"}));
}

void Control::status(Reply reply) {
  const auto config = world_.config();
  const auto counts = world_.store.counts();
  if (!counts) return reply(failed(counts.error()));
  JsonTree told = JsonTree::object({{"site", config->site},
                                    {"config", config->hash},
                                    {"waiting", number(counts->waiting)},
                                    {"in_flight", number(counts->claimed)},
                                    {"dead", number(counts->dead)},
                                    {"held", number(counts->held)}});
  JsonTree paused = JsonTree::array();
  for (const auto& [destination, pause] : courier_.paused()) {
    paused.push(JsonTree::object({{"destination", destination}, {"reason", pause.reason}}));
  }
  told.set("paused", std::move(paused));
  reply(json(200, told));
}

namespace {

// Collects the answers of the peers; the last one to arrive sends the whole.
struct Gathering {
  std::mutex mutex;
  JsonTree told;
  std::size_t missing = 0;
  std::move_only_function<void(HttpResponse)> reply;

  void add(JsonTree view) {
    const std::scoped_lock lock(mutex);
    told["peers"].push(std::move(view));
    if (--missing == 0) reply(json(200, told));
  }
};

}  // namespace

void Control::trace(std::string_view id, Reply reply) {
  const auto config = world_.config();
  auto found = exchange::trace(world_.store, *config, id, "");
  if (!found) return reply(failed(found.error()));
  if (found->peers.empty() || found->cases.empty() || found->cases.front().empty())
    return reply(json(200, found->timeline));

  auto gathering = std::make_shared<Gathering>();
  gathering->told = std::move(found->timeline);
  gathering->missing = found->peers.size();
  gathering->reply = std::move(reply);
  for (const auto& name : found->peers) {
    const config::Peer* peer = config->peer(name);
    net::HttpRequest request;
    request.method = "GET";
    request.target = peer->base + "/$trace?id=" + found->cases.front();
    request.headers = {{"accept", "application/json"}};
    net_.send_http(peer->address, &config->tls, expect_(name), std::move(request),
                   net::Clock::now() + std::chrono::seconds(5), [gathering, name](fhir::Result<HttpResponse> response) {
                     if (response && response->status == 200) return gathering->add(parsed(response->body));
                     const std::string why =
                         response ? fmt::format("HTTP {}", response->status) : fhir::to_string(response.error());
                     gathering->add(JsonTree::object({{"site", name}, {"unreachable", why}}));
                   });
  }
}

void Control::held_list(Reply reply) {
  store::Query query;
  query.state = store::MessageState::held;
  query.limit = 1000;
  const auto messages = world_.store.messages(query);
  const auto deliveries = world_.store.deliveries_in(store::DeliveryState::held, 0, 1000);
  if (!messages) return reply(failed(messages.error()));
  if (!deliveries) return reply(failed(deliveries.error()));
  JsonTree list = JsonTree::array();
  for (const auto& message : *messages) list.push(told(message));
  for (const auto& delivery : *deliveries) list.push(told(delivery));
  reply(json(200, JsonTree::object({{"held", std::move(list)}})));
}

void Control::held_show(std::string_view kind, store::Id id, Reply reply) {
  const auto delivery = kind == "delivery" ? world_.store.delivery(id) : std::optional<store::Delivery>{};
  if (!delivery) return reply(failed(delivery.error()));
  const auto message = world_.store.message(*delivery ? (*delivery)->message : id);
  if (!message) return reply(failed(message.error()));
  if (!*message || (kind == "delivery" && !*delivery))
    return reply(failed({Fault::not_found, "held.none", "", "nothing with this number is held"}));
  JsonTree shown = *delivery ? told(**delivery) : told(**message);
  shown.set("explain", parsed((*message)->explain));
  shown.set("bytes", number(static_cast<std::int64_t>((*message)->raw.size())));
  reply(json(200, shown));
}

void Control::held_release(std::string_view kind, store::Id id, Reply reply) {
  if (kind == "delivery") return release_delivery(id, std::move(reply));
  intake_.release(id, "operator", [reply = std::move(reply)](Judgement judged) mutable {
    if (judged.error) return reply(failed(*judged.error));
    reply(json(200, JsonTree::object({{"released", "message"}, {"number", number(judged.message)}})));
  });
}

void Control::release_delivery(store::Id id, Reply reply) {
  intake_.release_delivery(id, "operator", [id, reply = std::move(reply)](fhir::Result<void> done) mutable {
    if (!done) return reply(failed(done.error()));
    reply(json(200, JsonTree::object({{"released", "delivery"}, {"number", number(id)}})));
  });
}

void Admin::handle(net::HttpRequest request, std::move_only_function<void(HttpResponse)> reply) {
  const auto text = [](int status, std::string body) {
    return HttpResponse{status, {{"content-type", "text/plain; version=0.0.4"}}, std::move(body)};
  };
  if (request.method != "GET") return reply(text(405, "only GET\n"));
  if (request.target == "/livez") return reply(text(200, "alive\n"));
  if (request.target == "/readyz") {
    const bool ready = !world_.store.failed();
    return reply(text(ready ? 200 : 503, ready ? "ready: can durably accept\n" : "not ready: the store has failed\n"));
  }
  if (request.target == "/metrics") return reply(text(200, metrics()));
  reply(text(404, "/livez /readyz /metrics\n"));
}

std::string Admin::metrics() const {
  std::string out;
  const auto gauge = [&](std::string_view name, std::string_view help, std::int64_t value) {
    out += fmt::format("# HELP causeway_{0} {1}\n# TYPE causeway_{0} gauge\ncauseway_{0} {2}\n", name, help, value);
  };
  const auto now = world_.clock.now();
  const auto age = [&](store::Millis since) { return since == 0 ? 0 : (now - since) / 1000; };
  if (const auto counts = world_.store.counts()) {
    gauge("deliveries_waiting", "Deliveries that wait for their turn or their next try.", counts->waiting);
    gauge("deliveries_in_flight", "Deliveries being sent.", counts->claimed);
    gauge("deliveries_dead", "Deliveries given up, each with its reason.", counts->dead);
    gauge("held", "Messages and deliveries that wait for a person.", counts->held);
    gauge("oldest_waiting_seconds", "Age of the oldest waiting delivery.", age(counts->oldest_waiting));
    gauge("oldest_held_seconds", "Age of the oldest held message.", age(counts->oldest_held));
  }
  gauge("destinations_paused", "Destinations paused by a fault of the peer.",
        static_cast<std::int64_t>(courier_.paused().size()));
  const auto net = net_.counters();
  gauge("connections_open", "Open connections.", static_cast<std::int64_t>(net.open));
  gauge("requests_total", "Requests since the start.", static_cast<std::int64_t>(net.requests));
  gauge("connections_refused_total", "Connections refused since the start.", static_cast<std::int64_t>(net.refused));
  return out;
}

}  // namespace gateway
