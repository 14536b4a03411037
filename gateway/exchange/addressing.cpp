#include "gateway/exchange/addressing.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"
#include "gateway/exchange/fan_out.h"
#include "gateway/exchange/keys.h"
#include "gateway/exchange/notice.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/processing.h"
#include "gateway/exchange/unmapped.h"
#include "gateway/exchange/urgent.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kTransmissionSpace = "6f0d6f5e-5d0b-5c1b-9a6e-2f4f0a8f5b11";  // name space of our Bundle.ids

std::string number_of(const std::vector<store::Key>& keys, store::KeyKind kind) {
  const auto found = std::ranges::find(keys, kind, &store::Key::kind);
  return found == keys.end() ? std::string{} : found->value;
}

// The object whose deliveries must stay in order (contract.md §1.4): what is said of a patient's own data (a merge) by
// the patient; all else by its case, which is the number of the report, referral or prescription; without a case by
// that number itself.
std::string lane_of(const Passage& passage) {
  const auto& message = passage.message();
  if (message.event == "patient-visit") {
    const auto number = fhir::message::first(passage.view(), "Patient")["identifier"].at(0)["value"].text();
    if (!number.empty()) return fmt::format("patient/{}", number);
  }
  if (!message.correlation.empty()) return message.correlation;
  const auto keys = keys_of(passage.view());
  for (const auto kind : {store::KeyKind::report, store::KeyKind::prescription, store::KeyKind::referral}) {
    if (auto number = number_of(keys, kind); !number.empty()) return number;
  }
  return message.control_id;
}

// How long it is worth trying (contract.md §1.6): a prescription until its validity ends, a referral until its
// deadline, all else retry.horizon.
Millis horizon_of(const Passage& passage) {
  const Millis longest =
      passage.at + std::chrono::duration_cast<std::chrono::milliseconds>(passage.config->retry.horizon).count();
  if (passage.envelope.event == "prescription")
    return std::min(longest, valid_until(passage.view(), passage.config->zone).value_or(longest));
  if (passage.envelope.event != "referral-request") return longest;
  const auto deadline = answer_due(passage.view(), passage.config->zone);
  return deadline && *deadline > passage.at ? *deadline : longest;  // one that is over already is for people to judge
}

store::Delivery blank(const Passage& passage, std::string_view to) {
  store::Delivery delivery;
  delivery.destination = to;
  delivery.lane_key = lane_of(passage);
  delivery.urgent = passage.urgent;
  delivery.holds_lane = passage.route.route != nullptr && passage.route.route->dead_holds;
  delivery.correlation = passage.message().correlation;
  delivery.event = passage.message().event;
  delivery.control_id = passage.envelope.header_id;
  delivery.request_id = fhir::message::uuid5(kTransmissionSpace, passage.envelope.header_id + " " + std::string(to));
  delivery.expires_at = horizon_of(passage);
  return delivery;
}

// The copy for one peer has a transmission id of its own and names that peer as its destination; the message keeps its
// id.
void readdress(JsonTree& bundle, const config::Config& own, const config::Peer& peer, const std::string& transmission) {
  bundle.set("id", transmission);
  JsonTree* entries = bundle.find("entry");
  if (entries == nullptr || entries->size() == 0) return;
  JsonTree& header = entries->children().front().second["resource"];
  JsonTree destination =
      JsonTree::object({{"name", peer.name}, {"endpoint", fmt::format("https://{}{}", peer.san, peer.base)}});
  destination["receiver"]["identifier"] =
      JsonTree::object({{"system", fhir::message::kOrganizationSystem}, {"value", peer.organization.id}});
  JsonTree destinations = JsonTree::array();
  destinations.push(std::move(destination));
  header.set("destination", std::move(destinations));
  header["source"].set("endpoint", fmt::format("https://{}.causeway.example{}", own.site, own.fhir_base));
  mark_test(bundle, own.processing);
}

void tell_decision(JsonTree& explain, const policy::Decision& decision) {
  constexpr std::string_view kNames[] = {"permit", "hold", "deny"};
  JsonTree& told = explain["policy"];
  told.set("verdict", kNames[static_cast<std::size_t>(decision.verdict)]);
  told.set("code", decision.code);
  told.set("reason", decision.reason);
  if (!decision.profile.empty()) told.set("profile", decision.profile);
  if (!decision.consent.empty()) told.set("consent", decision.consent);
  if (!decision.basis.empty()) told.set("basis", decision.basis);
}

void tell_removed(JsonTree& explain, const policy::Minimised& minimised) {
  JsonTree& removed = explain["removed"];
  removed = JsonTree::array();
  for (const auto& removal : minimised.removed) {
    removed.push(JsonTree::object({{"path", removal.path}, {"rule", removal.rule}}));
  }
}

store::Delivery hold(store::Delivery delivery, std::string_view code, std::string_view reason) {
  delivery.state = store::DeliveryState::held;
  delivery.reason = fmt::format("{}: {}", code, reason);
  return delivery;
}

Result<store::Delivery> to_peer(const World& world, const Passage& passage, const config::Peer& peer,
                                store::Delivery delivery, JsonTree& explain, store::Commit& commit) {
  delivery.content_type = "application/fhir+json";
  if (!same_processing(*passage.config, peer)) {
    return hold(std::move(delivery), "processing-mismatch", "one of the two is production, the other a test");
  }
  const auto theirs = only_theirs(passage.view(), peer);
  if (!theirs) return std::unexpected(theirs.error());
  const JsonView view = *theirs ? (*theirs)->root() : passage.view();
  const auto decision = policy_now(world, *passage.config, passage.message(), view, peer,
                                   passage.route.route == nullptr ? "TREAT" : passage.route.route->purpose);
  tell_decision(explain, decision);
  if (decision.verdict != policy::Verdict::permit) return hold(std::move(delivery), decision.code, decision.reason);

  auto minimised = policy::minimise(view, passage.config->organization, peer, decision.profile, world.pseudonym);
  if (!minimised) return hold(std::move(delivery), minimised.error().code, minimised.error().say);
  tell_removed(explain, *minimised);
  if (!minimised->pseudonym.empty() && !minimised->patient.empty())
    commit.links.push_back({peer.organization.id, minimised->pseudonym, minimised->patient});
  readdress(minimised->bundle, *passage.config, peer, delivery.request_id);
  delivery.bytes = minimised->bundle.dump();
  return delivery;
}

const adapters::map::Map* map_for(const config::System& system, std::string_view event) {
  for (const auto& map : system.maps) {
    if (map->accepts(event)) return map.get();
  }
  return nullptr;
}

// MSH-18 says what the bytes are, MSH-11 what the data are: the configuration knows both better than a map.
Result<void> say_of_header(const config::Config& config, adapters::Charset charset,
                           const adapters::hl7v2::Message& message, std::string& local) {
  auto header = adapters::hl7v2::Builder::from(message);
  bool changed = false;
  const auto say = [&](const char* field, std::string_view value) -> Result<void> {
    changed = true;
    return header.set(field, std::string(value));
  };
  if (message.get("MSH-18").empty() && charset != adapters::Charset::ascii) {
    if (auto set = say("MSH-18", adapters::hl7_name(charset)); !set) return set;
  }
  if (config.processing != config::Processing::production) {
    if (auto set = say("MSH-11", processing_id(config.processing)); !set) return set;
  }
  if (changed) local = header.encode();
  return {};
}

Result<store::Delivery> as_hl7(const config::Config& config, const config::System& system, std::string local,
                               store::Delivery delivery) {
  const auto message = adapters::hl7v2::Message::parse(local);
  const auto charset = adapters::charset_named(system.charset);
  if (!charset) return fhir::fail(Fault::broken, "charset.unknown", system.name, "the system's charset is not known");
  if (!message)
    return fhir::fail(Fault::broken, "map.bad-local", message.error().where,
                      "the map made no valid HL7 v2 message: " + message.error().say);
  if (auto said = say_of_header(config, *charset, *message, local); !said) return fhir::pass(said);
  delivery.control_id = message->get("MSH-10");
  delivery.content_type = "x-application/hl7-v2+er7";
  auto bytes = adapters::encode(local, *charset);
  if (!bytes) return fhir::pass(bytes);
  delivery.bytes = *std::move(bytes);
  return delivery;
}

Result<store::Delivery> to_local(const Passage& passage, const config::System& system, store::Delivery delivery,
                                 JsonTree& explain, store::Commit& commit) {
  if (system.format == config::Format::fhir) {
    delivery.content_type = "application/fhir+json";
    delivery.bytes = passage.message().bundle;
    if (passage.config->processing == config::Processing::production) return delivery;
    JsonTree marked = JsonTree::from(passage.view());
    mark_test(marked, passage.config->processing);
    delivery.bytes = marked.dump();
    return delivery;
  }
  const auto* map = map_for(system, passage.message().event);
  if (map == nullptr) {
    return fhir::fail(Fault::needs_person, "route.no-map", system.name,
                      fmt::format("no map of system '{}' takes the event '{}'", system.name, passage.message().event));
  }
  const auto& config = *passage.config;
  std::vector<adapters::map::Unmapped> unmapped;
  auto made = map->run(passage.message().bundle,
                       {config.organization.id, config.identifier_base, config.zone, passage.now, &unmapped});
  note_unmapped(commit, map->name(), unmapped, passage.at);
  if (!made) return fhir::pass(made);
  explain.set("unmapped", JsonTree::number(std::to_string(made->report.reported)));
  if (system.format == config::Format::hl7v2)
    return as_hl7(config, system, std::move(made->local), std::move(delivery));
  delivery.content_type = "application/json";
  delivery.bytes = std::move(made->local);
  return delivery;
}

std::vector<JsonTree> stored_in_case(const World& world, std::string_view correlation, std::string_view type) {
  std::vector<JsonTree> found;
  const auto stored = world.store.resources_of(correlation, type);
  if (!stored) return found;
  for (const auto& one : *stored) {
    if (const auto json = Json::parse(one.json)) found.push_back(JsonTree::from(json->root()));
  }
  return found;
}

policy::CaseContext case_context(const World& world, const config::Config& config, const store::Message& message) {
  policy::CaseContext context;
  if (message.correlation.empty()) return context;
  store::Query query;
  query.correlation = message.correlation;
  query.limit = 1000;
  const auto messages = world.store.messages(query);
  if (messages && !messages->empty()) {
    const store::Message& first = messages->back();  // newest first
    context.origin_organization = first.door == "fhir" ? first.sender : config.organization.id;
  }
  context.consents = stored_in_case(world, message.correlation, "Consent");
  context.organizations = stored_in_case(world, message.correlation, "Organization");
  return context;
}

}  // namespace

std::pair<std::string_view, std::string_view> split_destination(std::string_view destination) {
  const auto colon = destination.find(':');
  if (colon == std::string_view::npos) return {destination, {}};
  return {destination.substr(0, colon), destination.substr(colon + 1)};
}

policy::Decision policy_now(const World& world, const config::Config& config, const store::Message& message,
                            JsonView bundle, const config::Peer& peer, std::string_view purpose) {
  if (names_nobody(bundle)) return {policy::Verdict::permit, "notice", "a notice holds nobody's data", "P0", {}, {}};
  return policy::decide(bundle, config.organization, peer, purpose, local_instant(world.clock.now(), config.zone),
                        case_context(world, config, message));
}

Result<store::Delivery> address(const World& world, const Passage& passage, std::string_view to, JsonTree& explain,
                                store::Commit& commit) {
  explain.set("to", to);
  auto delivery = blank(passage, to);
  const auto [kind, name] = split_destination(to);
  if (kind == "peer") {
    const config::Peer* peer = passage.config->peer(name);
    if (peer != nullptr) return to_peer(world, passage, *peer, std::move(delivery), explain, commit);
  } else if (kind == "local") {
    const config::System* system = passage.config->system(name);
    if (system != nullptr) return to_local(passage, *system, std::move(delivery), explain, commit);
  } else if (kind == "hold") {
    return hold(std::move(delivery), "route.hold", "the route says: a person decides");
  }
  return fhir::fail(Fault::needs_person, "route.unknown-destination", std::string(to),
                    "no such peer or system is configured");
}

namespace {

// The message as part of the case in which somebody had it: what allowed it there allows what corrects it.
Result<Passage> in_case(const Passage& passage, const std::string& correlation) {
  Passage other;
  other.config = passage.config;
  other.at = passage.at;
  other.now = passage.now;
  other.envelope = passage.envelope;
  other.route = passage.route;
  other.commit.message = passage.message();
  JsonTree bundle = JsonTree::from(passage.view());
  other.message().correlation = other.envelope.correlation = correlation;
  JsonTree& header = bundle["entry"].children().front().second["resource"];
  JsonTree extensions = JsonTree::array();
  extensions.push(JsonTree::object({{"url", fhir::message::kCaseExtension}, {"valueString", correlation}}));
  header.set("extension", std::move(extensions));
  auto json = Json::parse(bundle.dump());
  if (!json) return fhir::pass(json);
  other.set_bundle(*std::move(json));
  return other;
}

}  // namespace

Result<store::Delivery> address_further(const World& world, const Passage& passage, const Further& further,
                                        JsonTree& explain, store::Commit& commit) {
  explain.set("because", further.because);
  if (!further.correlation.empty()) explain.set("case", further.correlation);
  auto made = [&] {
    if (further.correlation.empty()) return address(world, passage, further.to, explain, commit);
    const auto other = in_case(passage, further.correlation);
    return other ? address(world, *other, further.to, explain, commit) : std::unexpected(other.error());
  }();
  if (made) return made;
  explain.set("to", further.to);
  explain.set("failed", made.error().code);
  observe::log(observe::Level::alarm, "further.unreachable",
               {{"destination", further.to}, {"code", made.error().code}, {"because", further.because}});
  if (made.error().code == "route.unknown-destination") return made;
  return hold(blank(passage, further.to), made.error().code, made.error().say);
}

}  // namespace gateway::exchange
