#include "gateway/exchange/intake.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "adapters/charset.h"
#include "fhir/validate/structure.h"
#include "gateway/exchange/addressing.h"
#include "gateway/exchange/clock.h"
#include "gateway/exchange/fan_out.h"
#include "gateway/exchange/intake_parts.h"
#include "gateway/exchange/keys.h"
#include "gateway/exchange/notice.h"
#include "gateway/exchange/prescription.h"
#include "gateway/exchange/processing.h"
#include "gateway/exchange/readers.h"
#include "gateway/exchange/shelf.h"
#include "gateway/exchange/urgent.h"
#include "gateway/exchange/workflow.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"
#include "gateway/policy/relink.h"

namespace gateway::exchange {
namespace {

using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using observe::failpoint;
namespace hl7 = adapters::hl7v2;
using observe::Level;

// ---- the steps --------------------------------------------------------------------------------------------------

Result<void> decode(const World&, Passage& passage) { return reader_for(passage.arrival).decode(passage); }

Result<void> identify(const World&, Passage& passage) {
  auto read = reader_for(passage.arrival).identify(passage);
  failpoint("intake.parsed");
  return read;
}

Millis window_of(const Passage& passage) {
  const config::Peer* peer = passage.config->peer_of_organization(passage.arrival.caller);
  const auto window = passage.arrival.local != nullptr ? passage.arrival.local->dedup_window
                      : peer != nullptr                ? peer->dedup_window
                                                       : config::kDedupWindow;
  return std::chrono::duration_cast<std::chrono::milliseconds>(window).count();
}

// After the window an id may come again. Not so the same content under it: that is a sender who has waited long for our
// answer, and it is not taken twice; only where ids mean nothing the content may come again, too.
bool is_outdated(const Passage& passage, const store::Seen& seen) {
  if (passage.at - seen.at < window_of(passage)) return false;
  const config::Door* door = passage.arrival.local;
  const bool by_content = door != nullptr && door->control_ids == config::ControlIds::unreliable;
  return by_content || seen.content_hash != passage.message().content_hash;
}

// The table of contract.md §2.2:  Bundle.id | MessageHeader.id |
//                                 new       | new              | taken
//                                 seen      | seen             | its first answer again
//                                 new       | seen             | a resubmission: the same; other content is a conflict
//                                 seen      | new              | an error: each Bundle.id stands for one message
// Other dialects have no Bundle.id: their rows are the first and the third.
Result<void> seen_before(const World& world, Passage& passage) {
  const store::Message& message = passage.message();
  auto seen = world.store.seen(message.sender, message.control_id);
  if (!seen) return fhir::pass(seen);
  auto sent = passage.commit.once ? world.store.seen_transmission(message.sender, message.transmission)
                                  : Result<std::optional<store::Seen>>(std::nullopt);
  if (!sent) return fhir::pass(sent);
  for (auto* known : {&*seen, &*sent}) {
    if (!*known || !is_outdated(passage, **known)) continue;
    passage.commit.outdated.push_back((*known)->message);
    known->reset();
  }
  if (*sent && (!*seen || (*seen)->message != (*sent)->message)) {
    return fhir::fail(Fault::conflict, "dedup.bundle-id-reused", "Bundle.id",
                      "this Bundle.id was accepted before with another MessageHeader.id");
  }
  if (!*seen) return {};
  if ((*seen)->content_hash != message.content_hash && !observe::planted("lost-cancel")) {
    return fhir::fail(Fault::conflict, "dedup.conflict", "", "this message id was accepted before with other content");
  }
  passage.repeated = std::move(**seen);
  return {};
}

// The first of two equal sends may be committed while the second is on its way through the steps, and what it left
// behind then looks like a contradiction. That is a repetition, too.
bool accepted_meanwhile(const World& world, Passage& passage) {
  return !passage.message().control_id.empty() && seen_before(world, passage).has_value() && passage.repeated;
}

Result<void> translate(const World&, Passage& passage) {
  auto made = reader_for(passage.arrival).translate(passage);
  if (!made) return made;
  auto envelope = fhir::message::read_envelope(passage.view());
  if (!envelope) return fhir::pass(envelope);
  passage.envelope = *std::move(envelope);
  failpoint("intake.translated");
  return {};
}

Result<void> check_sender(const World&, Passage& passage) {
  const auto& [arrival, sender] = std::pair(passage.arrival, passage.envelope.sender);
  if (sender == arrival.caller) return {};
  for (const auto& organization : arrival.speaks_for) {
    if (organization == sender) return {};
  }
  return fhir::fail(
      Fault::forbidden, "trust.speaks-for-other", "Bundle.entry[0].resource.sender",
      fmt::format("the certificate of '{}' may not speak for the organisation the message names", arrival.actor));
}

Result<void> name_message(const World&, Passage& passage) {
  store::Message& message = passage.message();
  const auto& envelope = passage.envelope;
  message.event = envelope.event;
  message.transmission = envelope.bundle_id;
  message.correlation = envelope.correlation;
  message.business_ids.insert(message.business_ids.end(), envelope.business_ids.begin(), envelope.business_ids.end());
  for (const auto& id : {message.control_id, envelope.header_id, envelope.bundle_id, envelope.correlation}) {
    if (!id.empty()) message.business_ids.push_back(id);
  }
  std::ranges::sort(message.business_ids);
  message.business_ids.erase(std::ranges::unique(message.business_ids).begin(), message.business_ids.end());
  passage.commit.keys = keys_of(passage);  // as it came: re-linking puts the patient in the place of the pseudonym
  return {};
}

// A name with a character that lost its meaning on the way: delivered with a flag when identifiers say who it is, held
// when the name is all there is (domain.md §3.4).
Result<void> read_names(const World&, Passage& passage) {
  for (const JsonView patient : fhir::message::all(passage.view(), "Patient")) {
    std::size_t n = 0;
    for (const JsonView name : patient["name"]) {
      const bool doubtful = !adapters::doubts(name["text"].text()).empty();
      const std::string where = fmt::format("Patient.name[{}].text", n++);
      if (!doubtful) continue;
      if (patient["identifier"].size() == 0) {
        return fhir::fail(Fault::needs_person, "name.doubtful", where,
                          "a character of the name is unreadable and the name is the only evidence of who it is");
      }
      passage.issues.push_back(
          {fhir::Severity::warning, "value", where, "a character of the name is unreadable", {0, 0}, "name.doubtful"});
      passage.explain["flags"].push("name.doubtful");
    }
  }
  return {};
}

Result<void> relink(const World& world, Passage& passage) {
  if (!policy::may_relink(passage.view())) return {};
  const auto lookup = [&](std::string_view pseudonym) -> std::string {
    const auto link = world.store.link(passage.envelope.sender, pseudonym);
    return link && *link ? (*link)->patient_json : std::string{};
  };
  auto linked = policy::relink(passage.view(), lookup);
  if (!linked) return fhir::pass(linked);
  auto json = Json::parse(linked->dump());
  if (!json) return fhir::pass(json);
  passage.set_bundle(*std::move(json));
  return {};
}

Result<void> validate(const World&, Passage& passage) {
  const auto issues = fhir::validate::check_structure(passage.view());
  const bool bad = fhir::has_errors(issues);
  passage.issues.insert(passage.issues.end(), issues.begin(), issues.end());
  if (!bad) return {};
  for (const auto& issue : issues) {
    if (issue.severity != fhir::Severity::error && issue.severity != fhir::Severity::fatal) continue;
    return fhir::fail(Fault::invalid, "fhir." + issue.code, issue.expression, issue.details);
  }
  return {};
}

Result<void> may_we_keep(const World&, Passage& passage) {
  const std::string_view mode = passage.envelope.event;
  if (mode.empty())
    return fhir::fail(Fault::invalid, "message.no-event", "MessageHeader.eventCoding", "the message names no event");
  return {};
}

void tell_route(Passage& passage) {
  JsonTree& told = passage.explain["route"];
  told.set("config", passage.config->hash);
  if (const auto* route = passage.route.route) {
    told.set("id", route->id);
    told.set("purpose", route->purpose);  // the courier asks policy again for this one
    told.set("place", fmt::format("{}:{}", route->file, route->line));
  } else {
    told.set("purpose", "TREAT");  // to those who had it before
  }
  JsonTree& tried = told["tried"];
  tried = JsonTree::array();
  for (const auto& one : passage.route.tried) {
    JsonTree line = JsonTree::object({{"id", one.id}, {"matched", JsonTree::boolean(one.matched)}});
    if (!one.matched) line.set("because", one.because);
    tried.push(std::move(line));
  }
}

// What our own clock says of our own Tasks goes to whoever has a part in it; perhaps that is nobody.
bool is_for_us_alone(const Passage& passage) {
  return passage.arrival.staff && passage.arrival.actor == kClockActor &&
         !is_prescription_event(passage.envelope.event);
}

}  // namespace

Result<void> route_passage(const World&, Passage& passage) {
  if (passage.arrival.untold) return {};
  const auto facts = facts_of(passage.envelope, passage.view(), *passage.config);
  passage.route = choose_route(*passage.config, facts, passage.view(), passage.now);
  tell_route(passage);
  passage.urgent = is_urgent(passage);
  if (passage.urgent) passage.explain.set("urgent", JsonTree::boolean(true));
  if (passage.route.route != nullptr || !passage.further.empty() || is_for_us_alone(passage)) return {};
  if (is_notice_event(facts.event)) return {};
  return fhir::fail(Fault::needs_person, "route.none", "",
                    fmt::format("no route takes event '{}' from '{}'", facts.event, facts.from));
}

namespace {

Result<void> address_each(const World& world, Passage& passage) {
  JsonTree& told = passage.explain["destinations"];
  told = JsonTree::array();
  if (passage.arrival.untold) return {};
  const auto routed = passage.route.route != nullptr ? passage.route.route->to : way_back(world, passage);
  for (const auto& to : routed) {
    if (to == kKeep) continue;
    auto delivery = address(world, passage, to, told.push(JsonTree::object()), passage.commit);
    if (!delivery) return fhir::pass(delivery);
    if (auto awaited = await_reading(passage, *delivery)) passage.commit.facts.push_back(*std::move(awaited));
    passage.commit.deliveries.push_back(*std::move(delivery));
  }
  for (const Further& further : passage.further) {
    if (std::ranges::find(routed, further.to) != routed.end()) continue;
    auto delivery = address_further(world, passage, further, told.push(JsonTree::object()), passage.commit);
    if (delivery) passage.commit.deliveries.push_back(*std::move(delivery));
  }
  return {};
}

struct Step {
  std::string_view name;
  Result<void> (*run)(const World&, Passage&);
};

// The order is the design. A new step is a row here, with the reason for its place.
constexpr Step kSteps[] = {
    {"decode", decode},      // first: delimiters hide in the trail bytes of GB18030 and Big5
    {"identify", identify},  // who sent what: needed for every kind of answer, also the negative ones
    {"seen", seen_before},   // before any work: a repeat gets its first answer even if maps have changed since
    {"processing", check_processing},  // a test at production: refused before anything is made of it
    {"translate", translate},          // local form -> FHIR message; a FHIR message is only read
    {"sender", check_sender},          // the organisation is known now: hospital A never speaks for B
    {"name", name_message},            // what people will look it up by
    {"relink", relink},                // answers about a pseudonym become about the patient, before anything is stored
    {"workflow", apply_workflow},      // a Task moves as the table allows, by the side whose turn it is
    {"names", read_names},             // a lost character in a name: flagged, or held when nothing else says who it is
    {"validate", validate},            // after mapping and re-linking: what we keep and send is what was checked
    {"notice", take_notice},           // a receipt ends the wait for it; what it is about is known by its name alone
    {"keep", may_we_keep},             // policy: may this site hold it at all?
    {"route", route_passage},          // who gets it
    {"terms", set_terms},       // a referral's deadline and parts are its route's; nothing below changes the message
    {"shelve", shelve},         // resources for pull and workflow
    {"address", address_each},  // per destination: policy again, minimise, local form
};

// ---- around the steps -------------------------------------------------------------------------------------------

}  // namespace

void account(Passage& passage, std::string event, JsonTree detail) {
  store::AuditEntry entry;
  entry.at = passage.at;
  entry.event = std::move(event);
  entry.actor = passage.arrival.actor;
  detail.set("door", passage.arrival.door);
  detail.set("config", passage.config->hash);
  entry.detail = detail.dump();
  passage.commit.audit.push_back(std::move(entry));
}

namespace {

Fate fate_of(const Error& error) {
  switch (error.fault) {
    case Fault::forbidden: return Fate::refused;
    case Fault::unavailable:
    case Fault::broken:
    case Fault::in_doubt: return Fate::not_now;
    default: return Fate::held;
  }
}

Judgement judgement_of(const Passage& passage, Fate fate) {
  Judgement judgement;
  judgement.fate = fate;
  judgement.issues = passage.issues;
  judgement.control_id = passage.message().control_id;
  judgement.correlation = passage.message().correlation;
  judgement.text = passage.text;
  judgement.envelope = passage.envelope;
  return judgement;
}

// Does a local system wait for the answer, and does the answer say how busy we are? A message much over the usual
// length is slow by itself; files and rows wait for nobody.
bool shows_the_wait(const Arrival& arrival) {
  constexpr std::size_t kUsual = 64u << 10;
  const auto* door = arrival.local;
  return door != nullptr && !door->rows && door->folder.empty() && arrival.raw.size() <= kUsual;
}

// Whom the tally counts it for: the door, or the peer whose certificate it came with.
std::string source_of(const Arrival& arrival, const config::Config& config) {
  if (arrival.local != nullptr) return arrival.door;
  const config::Peer* peer = config.peer_of_organization(arrival.caller);
  return peer == nullptr ? arrival.door : "peer:" + peer->name;
}

void tell_report(JsonTree& told, const adapters::map::Report& report) {
  const auto number = [](std::size_t n) { return JsonTree::number(std::to_string(n)); };
  told.set("valued", number(report.valued));
  told.set("carried", number(report.carried));
  told.set("kept", number(report.kept));
  told.set("reported", number(report.reported));
  JsonTree& notes = told["notes"];
  notes = JsonTree::array();
  for (const auto& note : report.notes) {
    notes.push(JsonTree::object({{"source", note.source}, {"rule", note.rule}, {"code", note.code}}));
  }
}

}  // namespace

Intake::Plan Intake::begin(Arrival arrival) const {
  Plan plan;
  Passage& passage = plan.passage;
  passage.arrival = std::move(arrival);
  passage.config = passage.arrival.config ? passage.arrival.config : world_.config();
  passage.at = world_.clock.now();
  passage.now = instant(passage.at);
  passage.commit.message.emplace();
  passage.message().at = passage.at;
  passage.message().door = passage.arrival.door;
  passage.message().sender = passage.arrival.caller;
  passage.message().raw = passage.arrival.raw;
  passage.message().business_ids = passage.arrival.business_ids;
  return plan;
}

Intake::Plan Intake::plan(Arrival arrival) const {
  Plan plan = begin(std::move(arrival));
  Passage& passage = plan.passage;
  for (const Step& step : kSteps) {
    if (auto done = step.run(world_, passage); !done) {
      if (accepted_meanwhile(world_, passage)) break;
      plan.error = std::move(done).error();
      passage.explain.set("stopped", step.name);
      break;
    }
    if (passage.repeated) break;
  }
  if (passage.report) tell_report(passage.explain["map"], *passage.report);
  return plan;
}

void Intake::take(Arrival arrival, Done done) {
  failpoint("intake.read");
  auto counted = [&world = world_, from = source_of(arrival, *world_.config()), timed = shows_the_wait(arrival),
                  began = world_.clock.now(), done = std::move(done)](Judgement judged) mutable {
    world.tally->came(from, judged.fate == Fate::accepted || judged.fate == Fate::repeated);
    if (const Millis now = world.clock.now(); timed) world.courtesy->answered(now - began, now);
    done(std::move(judged));
  };
  const bool of_peer = arrival.local == nullptr && !arrival.staff;
  if (auto shut = world_.gate->shut(of_peer ? Gate::Who::peer : Gate::Who::local)) {
    Judgement judgement;
    judgement.error = *std::move(shut);
    return counted(std::move(judgement));
  }
  finish(plan(std::move(arrival)), std::move(counted));
}

void Intake::keep_broken(Arrival arrival, Error why, Done done) {
  Plan plan = begin(std::move(arrival));
  plan.error = std::move(why);
  keep(std::move(plan), std::move(done));
}

void Intake::finish(Plan plan, Done done) {
  Passage& passage = plan.passage;
  if (plan.error) return keep(std::move(plan), std::move(done));
  if (passage.repeated) {
    Judgement judgement = judgement_of(passage, Fate::repeated);
    judgement.answer = passage.repeated->answer;
    judgement.message = passage.repeated->message;
    observe::log(Level::info, "message.repeated", {{"door", passage.arrival.door}});
    if (passage.arrival.changes.empty()) return done(std::move(judgement));
    store::Commit parts;
    parts.changes = passage.arrival.changes;
    auto after = [judgement = std::move(judgement), done = std::move(done)](auto) mutable {
      done(std::move(judgement));
    };
    return world_.store.submit(std::move(parts), std::move(after));
  }
  passage.message().state = store::MessageState::accepted;
  passage.message().explain = passage.explain.dump();
  passage.message().answer = reader_for(passage.arrival).accept(world_, passage);
  passage.commit.remember = true;
  passage.commit.keys = keys_of(passage);
  passage.commit.rows = passage.arrival.rows;
  std::ranges::copy(passage.arrival.changes, std::back_inserter(passage.commit.changes));
  account(passage, "received",
          JsonTree::object({{"event", passage.message().event}, {"case", passage.message().correlation}}));
  failpoint("intake.before-commit");
  Judgement judgement = judgement_of(passage, Fate::accepted);
  judgement.answer = passage.message().answer;
  const std::string hash = passage.message().content_hash;
  auto after = [this, judgement = std::move(judgement), hash,
                done = std::move(done)](Result<store::Committed> stored) mutable {
    if (!stored) {
      judgement.fate = Fate::not_now;
      judgement.error = std::move(stored).error();
      // Another message moved the same case at this very moment: judged anew when it is sent again.
      if (judgement.error->code == "store.version") judgement.error->fault = Fault::unavailable;
    } else if (stored->duplicate) {  // two equal sends at once: the other one won
      const bool same = stored->duplicate->content_hash == hash;
      judgement.fate = same ? Fate::repeated : Fate::not_now;
      judgement.answer = stored->duplicate->answer;
      if (!same)
        judgement.error = Error{Fault::unavailable, "dedup.race", "", "another message with this id is being accepted"};
    } else {
      judgement.message = stored->message;
      failpoint("intake.committed");
      wake_();
    }
    done(std::move(judgement));
  };
  world_.store.submit(std::move(passage.commit), std::move(after));
}

namespace {

// A sender that repeats what was refused gets the same answer, and the operator's list keeps one line for it.
std::optional<store::Id> held_already(const World& world, const store::Message& message) {
  if (message.control_id.empty() || message.state != store::MessageState::held) return std::nullopt;
  store::Query query;
  query.state = store::MessageState::held;
  query.business_id = message.business_ids.empty() ? message.control_id : message.business_ids.front();
  query.sender = message.sender;
  const auto held = world.store.messages(query);
  if (!held) return std::nullopt;
  for (const auto& one : *held) {
    if (one.content_hash == message.content_hash && one.reason_code == message.reason_code) return one.id;
  }
  return std::nullopt;
}

// A planted mistake: the negative answer enters de-duplication and is repeated for ever.
void remember_refusal(const World& world, Passage& passage, store::Message& message) {
  if (passage.arrival.local == nullptr || message.control_id.empty()) return;
  message.answer = join_frames(hl7_answer(world, *passage.config, *passage.arrival.local,
                                          hl7::read_header(passage.text), hl7::Verdict::content_error, {}));
  passage.commit.remember = true;
}

}  // namespace

// What cannot be accepted: kept as held (or refused) with its reason, then answered.
void Intake::keep(Plan plan, Done done) {
  Passage& passage = plan.passage;
  Judgement judgement = judgement_of(passage, fate_of(*plan.error));
  judgement.error = plan.error;
  if (judgement.fate == Fate::not_now) return done(std::move(judgement));

  const bool refused = judgement.fate == Fate::refused;
  auto keys = keys_of(passage);
  store::Message message = std::move(passage.message());
  message.state = refused ? store::MessageState::refused : store::MessageState::held;
  message.reason_code = plan.error->code;
  message.reason = fhir::to_string(*plan.error);
  message.explain = passage.explain.dump();
  const bool alone = passage.arrival.rows_if_held.empty() && passage.arrival.changes.empty();
  const auto known = alone ? held_already(world_, message) : std::nullopt;
  if (known) {
    judgement.message = *known;
    return done(std::move(judgement));
  }
  auto unmapped = std::move(passage.commit.unmapped);  // what it may be held for: whoever keeps the tables must know
  passage.commit = {};  // nothing half-made: only the bytes, the reason, what it is found by and the audit entry
  passage.commit.unmapped = std::move(unmapped);
  if (observe::planted("replayed-refusal")) remember_refusal(world_, passage, message);
  passage.commit.message = std::move(message);
  passage.commit.keys = std::move(keys);
  passage.commit.rows = passage.arrival.rows_if_held;
  passage.commit.changes = passage.arrival.changes;
  account(passage, refused ? "refused" : "held",
          JsonTree::object({{"code", plan.error->code}, {"where", plan.error->where}}));
  const bool alarm = refused || plan.error->fault == Fault::conflict || plan.error->code == "charset.utf8-tripwire";
  observe::log(alarm ? Level::alarm : Level::warning, refused ? "message.refused" : "message.held",
               {{"door", passage.arrival.door},
                {"actor", passage.arrival.actor},
                {"code", plan.error->code},
                {"where", plan.error->where}});
  world_.store.submit(std::move(passage.commit), [judgement = std::move(judgement),
                                                  done = std::move(done)](Result<store::Committed> stored) mutable {
    if (!stored) {
      judgement.fate = Fate::not_now;
      judgement.error = std::move(stored).error();
    } else {
      judgement.message = stored->message;
    }
    done(std::move(judgement));
  });
}

}  // namespace gateway::exchange
