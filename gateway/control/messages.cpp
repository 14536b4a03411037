// `causeway msg`: lists and single messages say what happened to them and nothing of their content; the original bytes
// and the Bundle are given out only after the disclosure, with who and why, is durable in the audit.
#include <algorithm>
#include <functional>

#include "fhir/primitives.h"
#include "gateway/control/commands.h"
#include "gateway/exchange/keys.h"

namespace gateway::control {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::Result;
using store::DeliveryState;
using store::MessageState;

constexpr std::size_t kMostInPage = 1000;

std::optional<MessageState> message_state_named(std::string_view name) {
  for (const auto state : {MessageState::accepted, MessageState::held, MessageState::refused, MessageState::released,
                           MessageState::discarded}) {
    if (to_string(state) == name) return state;
  }
  return std::nullopt;
}

// What is asked for, from the parameters; every one that is not understood is an error, or a typo would list
// everything.
Result<store::Find> find_of(const Asked& asked) {
  store::Find find;
  for (const auto& [name, value] : asked.query) {
    if (const auto kind = exchange::key_kind_named(name)) {
      find.keys.push_back({*kind, value});
    } else if (name == "event") {
      find.event = value;
    } else if (name == "sender") {
      find.sender = value;
    } else if (name == "state") {
      find.state = message_state_named(value);
      if (!find.state) return fhir::fail(Fault::invalid, "msg.state", value, "no message is ever in this state");
    } else if (name == "since") {
      find.since = id_of(value);
    } else if (name == "before") {
      find.before = id_of(value);
    } else if (name == "limit") {
      find.limit = std::min(static_cast<std::size_t>(std::max<store::Id>(id_of(value), 1)), kMostInPage);
    } else {
      return fhir::fail(Fault::invalid, "msg.filter", name, "messages are not listed by this");
    }
  }
  // The first key drives the search: a patient may have thousands of messages, the other numbers have few.
  std::ranges::sort(find.keys, std::greater{}, &store::Key::kind);
  return find;
}

JsonTree told(const store::Found& found) {
  JsonTree line = JsonTree::object({{"number", number(found.id)},
                                    {"at", exchange::instant(found.at)},
                                    {"door", found.door},
                                    {"event", found.event},
                                    {"case", found.correlation},
                                    {"from", found.sender},
                                    {"id", found.control_id},
                                    {"state", to_string(found.state)}});
  if (!found.reason_code.empty()) line.set("code", found.reason_code);
  JsonTree& deliveries = line["deliveries"];
  deliveries = JsonTree::object();
  for (std::size_t i = 0; i < found.deliveries.size(); ++i) {
    if (found.deliveries[i] != 0) deliveries.set(to_string(static_cast<DeliveryState>(i)), number(found.deliveries[i]));
  }
  return line;
}

JsonTree told(const store::Attempt& attempt) {
  return JsonTree::object({{"number", number(attempt.number)},
                           {"at", exchange::instant(attempt.at)},
                           {"by", attempt.actor.empty() ? "gateway" : attempt.actor},
                           {"state", to_string(attempt.state)},
                           {"reason", attempt.reason}});
}

Result<JsonTree> told(const Desk& desk, const store::Delivery& delivery) {
  JsonTree line = JsonTree::object({{"number", number(delivery.id)},
                                    {"to", delivery.destination},
                                    {"state", to_string(delivery.state)},
                                    {"attempts", number(delivery.attempts)},
                                    {"request_id", delivery.request_id}});
  if (!delivery.reason.empty()) line.set("reason", delivery.reason);
  if (delivery.replays != 0) line.set("replays", number(delivery.replays));
  if (delivery.state == DeliveryState::waiting) line.set("next", exchange::instant(delivery.next_at));
  if (delivery.expires_at != 0) line.set("expires", exchange::instant(delivery.expires_at));
  if (delivery.settled_at != 0) line.set("settled", exchange::instant(delivery.settled_at));
  const auto attempts = desk.world.store.attempts(delivery.id);
  if (!attempts) return std::unexpected(attempts.error());
  JsonTree& history = line["history"];
  history = JsonTree::array();
  for (const auto& attempt : *attempts) history.push(told(attempt));
  return line;
}

const config::Door* door_of(const config::Config& config, std::string_view name) {
  for (const auto& door : config.doors) {
    if (name == door.label()) return &door;
  }
  return nullptr;
}

// How the bytes are to be read. A door that is no longer configured is not guessed at.
JsonTree form_of(const Desk& desk, const store::Message& message) {
  const auto config = desk.world.config();
  const config::Door* door = door_of(*config, message.door);
  if (message.door == "fhir") return JsonTree::object({{"format", "fhir"}, {"charset", "UTF-8"}});
  if (door == nullptr) return JsonTree::object({{"format", "unknown"}, {"charset", ""}});
  constexpr std::string_view kFormats[] = {"hl7v2", "json", "fhir", "csv", "row", "xml"};
  const auto format = static_cast<std::size_t>(door->format);
  return JsonTree::object(
      {{"format", format < std::size(kFormats) ? kFormats[format] : "unknown"}, {"charset", door->charset}});
}

JsonTree keys_told(const store::Message& message) {
  JsonTree told = JsonTree::array();
  const auto bundle = Json::parse(message.bundle);
  if (!bundle) return told;
  for (const auto& key : exchange::keys_of(bundle->root())) {
    told.push(JsonTree::object({{"kind", exchange::to_string(key.kind)}, {"value", key.value}}));
  }
  return told;
}

Result<JsonTree> told(const Desk& desk, const store::Message& message) {
  JsonTree shown = JsonTree::object({{"number", number(message.id)},
                                     {"at", exchange::instant(message.at)},
                                     {"door", message.door},
                                     {"from", message.sender},
                                     {"id", message.control_id},
                                     {"bundle", message.transmission},
                                     {"event", message.event},
                                     {"case", message.correlation},
                                     {"state", to_string(message.state)},
                                     {"bytes", number(static_cast<std::int64_t>(message.raw.size()))},
                                     {"sha256", fhir::message::sha256(message.raw)}});
  if (!message.reason.empty()) {
    shown.set("code", message.reason_code);
    shown.set("reason", message.reason);
  }
  shown.set("form", form_of(desk, message));
  shown.set("keys", keys_told(message));
  shown.set("explain", parsed(message.explain));
  const auto deliveries = desk.world.store.deliveries(message.id);
  if (!deliveries) return std::unexpected(deliveries.error());
  JsonTree& list = shown["deliveries"];
  list = JsonTree::array();
  for (const auto& delivery : *deliveries) {
    auto line = told(desk, delivery);
    if (!line) return line;
    list.push(*std::move(line));
  }
  return shown;
}

Result<store::Message> stored(const Desk& desk, const std::string& text) {
  auto message = desk.world.store.message(id_of(text));
  if (!message) return fhir::pass(message);
  if (!*message) return fhir::fail(Fault::not_found, "msg.none", text, "no message has this number");
  return std::move(**message);
}

// `give` is called once the disclosure is in the audit, and not at all otherwise.
void disclose(const Desk& desk, const Asked& asked, store::Id message, std::string_view what, Reply reply,
              std::move_only_function<JsonTree()> give) {
  const std::string_view reason = asked.parameter("reason");
  if (reason.empty()) {
    return reply(failed({Fault::invalid, "msg.reason", "--reason",
                         "say why you need to see the content: it is a disclosure, and goes into the audit"}));
  }
  store::Commit commit;
  commit.audit.push_back(audited(
      desk, "disclosed", asked,
      JsonTree::object({{"message", number(message)}, {"what", what}, {"by", "operator"}, {"reason", reason}})));
  desk.world.store.submit(std::move(commit),
                          [give = std::move(give), reply = std::move(reply)](Result<store::Committed> done) mutable {
                            if (!done) return reply(failed(done.error()));
                            reply(json(200, give()));
                          });
}

}  // namespace

void messages(const Desk& desk, Asked asked, Reply reply) {
  const auto what = find_of(asked);
  if (!what) return reply(failed(what.error()));
  const auto found = desk.world.store.find(*what);
  if (!found) return reply(failed(found.error()));
  JsonTree list = JsonTree::array();
  for (const auto& one : *found) list.push(told(one));
  JsonTree answer = JsonTree::object({{"messages", std::move(list)}});
  if (found->size() == what->limit) answer.set("next", number(found->back().id));
  reply(json(200, answer));
}

void message_show(const Desk& desk, Asked asked, Reply reply) {
  const auto message = stored(desk, asked.path[0]);
  if (!message) return reply(failed(message.error()));
  const auto shown = told(desk, *message);
  reply(shown ? json(200, *shown) : failed(shown.error()));
}

void message_raw(const Desk& desk, Asked asked, Reply reply) {
  auto message = stored(desk, asked.path[0]);
  if (!message) return reply(failed(message.error()));
  JsonTree form = form_of(desk, *message);
  const store::Id id = message->id;
  disclose(desk, asked, id, "raw", std::move(reply), [form = std::move(form), message = *std::move(message)]() mutable {
    form.set("number", number(message.id));
    form.set("base64", fhir::base64_encode(message.raw));
    return std::move(form);
  });
}

void message_bundle(const Desk& desk, Asked asked, Reply reply) {
  auto message = stored(desk, asked.path[0]);
  if (!message) return reply(failed(message.error()));
  if (message->bundle.empty())
    return reply(failed({Fault::not_found, "msg.no-bundle", asked.path[0], "it never became a Bundle; see `msg raw`"}));
  const store::Id id = message->id;
  disclose(desk, asked, id, "bundle", std::move(reply),
           [bundle = std::move(message->bundle)] { return parsed(bundle); });
}

}  // namespace gateway::control
