#include "tests/sim/oracle.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>

#include "fhir/json.h"
#include "fhir/message/message.h"
#include "tests/sim/actors.h"
#include "tests/sim/messages.h"

namespace gateway::sim {
namespace {

bool is_http(const Wire::Ear& ear) { return ear.http != nullptr; }

// Who said what under which id, to whom.
std::string id_of(const Wire::Ear& ear, const net::HttpRequest& request) {
  const std::string_view body = request.body;
  if (is_http(ear)) return fmt::format("{} {}", ear.machine, net::header(request.headers, "x-request-id"));
  return fmt::format("{} {} {} {}", ear.machine, field(body, "MSH", 3), field(body, "MSH", 4), field(body, "MSH", 10));
}

bool is_positive(const Wire::Ear& ear, const net::HttpResponse& response) {
  if (is_http(ear)) return response.status == 200;
  const auto code = field(response.body, "MSA", 1);
  return code == "AA" || code == "CA";
}

// "Not now" is no refusal: the same bytes may be taken a moment later.
bool is_refusal(const Wire::Ear& ear, const net::HttpResponse& response) {
  if (is_http(ear)) return response.status == 400 || response.status == 409 || response.status == 422;
  const auto code = field(response.body, "MSA", 1);
  return code == "AE" || code == "CE";
}

std::string lane_of(const net::HttpRequest& request) {
  const auto correlation = net::header(request.headers, "x-correlation-id");
  if (!correlation.empty()) return std::string(correlation);
  const auto number = find_word(request.body, "SIMR");
  return number.empty() ? find_word(request.body, "SIMP") : number;
}

int number_of(std::string_view text) {
  int value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

void Oracle::note(const std::string& line) {
  const std::string whole = fmt::format("{:>9} {}\n", scheduler_.now() - 1'773'106'215'000, line);
  for (const char c : whole) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  if (trace_) std::fputs(whole.c_str(), stdout);
}

void Oracle::violation(const std::string& what) {
  note("VIOLATION " + what);
  violations_.push_back(what);
}

void Oracle::sent(const Wire::Caller& from, const std::string& to, const net::HttpRequest& request) {
  const std::string lane = lane_of(request);
  note(fmt::format("{} -> {} {} {}", from.machine, to, request.target, lane));
  if (from.owner == 0 || lane.empty()) return;
  if (++in_flight_[fmt::format("{} {} {}", from.owner, to, lane)] > 1) {
    violation(fmt::format("I4: {} has two deliveries of lane {} in flight to {}", from.machine, lane, to));
  }
}

void Oracle::ended(const Wire::Caller& from, const std::string& to, const net::HttpRequest& request) {
  if (from.owner != 0) --in_flight_[fmt::format("{} {} {}", from.owner, to, lane_of(request))];
}

std::int64_t Oracle::arrived(const Wire::Ear& ear, const net::HttpRequest& request) {
  if (ear.owner == 0) return 0;
  said_[id_of(ear, request)].arrived_at.insert(rerouted && rerouted(ear.machine));
  if (judge_act(request, false)) unanswered_[id_of(ear, request)] = request;
  return allowed(request) ? 1 : 0;
}

// The machine of docs/PRESCRIPTION.md as a pharmacy's counter sees it. Nothing: no act of a prescription.
std::optional<bool> Oracle::judge_act(const net::HttpRequest& request, bool apply) {
  const std::string_view text = request.body, kind = field(text, "MSH", 9), control = field(text, "ORC", 1);
  if (!kind.starts_with("RDE") && !kind.starts_with("RRE") && !kind.starts_with("RDS")) return std::nullopt;
  const std::string number = find_word(text, "SIMP"), who(field(text, "MSH", 4));
  RxModel rx = prescriptions[number];
  if (rx.prescribed == 0 && number >= "SIMP5") rx.prescribed = 2;  // Beijing's are issued elsewhere
  bool may = false;
  if (kind.starts_with("RDE")) {
    const bool issue = control == "NW";
    may = issue ? rx.prescribed == 0 : rx.prescribed != 0 && rx.holder.empty() && !rx.completed() && !rx.cancelled;
    issue ? void(rx.prescribed = 84) : void(rx.cancelled = true);
  } else if (kind.starts_with("RRE")) {
    const bool claim = control == "OK";
    const bool again = claim && rx.holder == who;  // by its holder, who has not heard the first answer
    may = !rx.cancelled && !rx.completed() && (again || rx.holder == (claim ? std::string() : who));
    rx.holder = claim ? who : "";
  } else {
    const int amount = number_of(field(text, "RXD", 4));
    may = !rx.cancelled && rx.holder == who && rx.supplied + amount <= rx.prescribed;
    rx.supplied += amount;
  }
  if (apply) prescriptions[number] = rx;
  return may;
}

bool Oracle::allowed(const net::HttpRequest& request) { return judge_act(request, false).value_or(false); }

void Oracle::answered(const Wire::Ear& ear, const net::HttpRequest& request, const net::HttpResponse& response,
                      std::int64_t mark) {
  if (ear.owner == 0) return;
  Said& said = said_[id_of(ear, request)];
  unanswered_.erase(id_of(ear, request));
  const bool positive = is_positive(ear, response), refusal = is_refusal(ear, response);
  note(fmt::format("{} answers {} {}", ear.machine,
                   positive  ? "yes"
                   : refusal ? "no"
                             : "not now",
                   id_of(ear, request)));
  if (positive) return accepted(said, ear, request, response);
  if (refusal) refused(said, request, mark);
}

void Oracle::accepted(Said& said, const Wire::Ear& ear, const net::HttpRequest& request,
                      const net::HttpResponse& response) {
  const std::string id = id_of(ear, request);
  if (!said.answer.empty()) {
    ++counts.repeats;
    if (said.bytes != request.body) violation("contract 1.3: other content was acknowledged under the id " + id);
    if (said.answer != response.body) violation("contract 1.3: a repeat got another positive answer: " + id);
    return;
  }
  ++counts.acknowledged;
  said.bytes = request.body;
  said.answer = response.body;
  if (!is_http(ear)) {
    said.lane = find_word(request.body, "SIMR");
    said.word = find_word(request.body, "SIMT");
  }
  if (is_http(ear) || said.applied || !judge_act(request, false)) return;
  said.applied = true;
  if (!*judge_act(request, true)) violation("I6: accepted what the prescription's state does not allow: " + id);
}

void Oracle::restarted(const Site& site) {
  if (site.name() != "hainan") return;  // the others have no counters
  std::map<store::Id, std::pair<std::string, net::HttpRequest>> committed;
  for (const auto& [id, request] : std::exchange(unanswered_, {})) {
    const std::string_view application = field(request.body, "MSH", 3);
    const std::string sender = fmt::format("mllp:{}|{}|{}", application == "PHARM" ? "pharmacy" : "prescribing",
                                           application, field(request.body, "MSH", 4));
    const auto seen = site.store().seen(sender, field(request.body, "MSH", 10));
    if (seen && *seen) committed[(*seen)->message] = {id, request};
  }
  for (const auto& [message, act] : committed) {
    Said& said = said_[act.first];
    if (std::exchange(said.applied, true)) continue;
    note("was committed: " + act.first);
    if (!*judge_act(act.second, true)) violation("I6: committed what the state does not allow: " + act.first);
  }
}

void Oracle::refused(const Said& said, const net::HttpRequest& request, std::int64_t mark) {
  ++counts.refusals;
  if (said.answer.empty()) {
    if (mark == 1 && allowed(request)) violation("contract 1.3: refused what the prescription's state allows");
  } else if (said.bytes == request.body) {
    violation("contract 1.3: refused what it had accepted");
  }
}

void Oracle::took(const std::string& sink, const std::string& lane, const std::string& word, const std::string& id,
                  int place) {
  const auto [found, first] = taken_.emplace(std::pair(sink, word), id);
  note(fmt::format("{} takes {} {}{}", sink, word, id, first ? "" : " again"));
  if (!first && found->second != id) violation(fmt::format("I2: {} took {} twice, under two ids", sink, word));
  if (!first) return;
  ++counts.effects;
  if (place == 0) return;
  int& last = last_[{sink, lane}];
  if (place < last) violation(fmt::format("I4: {} took {} after a later one of its lane", sink, word));
  last = place;
}

// ---- the stores

void Oracle::look_at_audit(const Site& site) {
  const auto length = site.store().verify_audit();
  if (!length) return violation("I5: " + site.name() + ": " + fhir::to_string(length.error()));
  std::map<std::string, std::int64_t, std::less<>> told;
  const auto entries = site.store().audit(0, 100'000);
  if (!entries) return violation("I5: the audit of " + site.name() + " cannot be read");
  for (const auto& entry : *entries) ++told[entry.event];
  store::Query all;
  all.limit = 100'000;
  const auto messages = site.store().messages(all);
  if (!messages) return violation("the messages of " + site.name() + " cannot be read");
  std::map<std::string, std::int64_t, std::less<>> found;
  for (const auto& message : *messages) {
    using enum store::MessageState;
    ++found[message.state == accepted ? "received" : std::string(store::to_string(message.state))];
    const auto deliveries = site.store().deliveries(message.id);
    for (const auto& one : deliveries ? *deliveries : std::vector<store::Delivery>{}) {
      if (one.state == store::DeliveryState::delivered) ++found["delivered"];
      if (one.state == store::DeliveryState::dead) ++found["dead"];
    }
  }
  for (const char* event : {"received", "held", "refused", "delivered", "dead"}) {
    if (found[event] == told[event]) continue;
    violation(
        fmt::format("I5: {} has {} {}, and its audit tells of {}", site.name(), found[event], event, told[event]));
  }
}

void Oracle::look_at_queues(const Site& site) {
  const auto counts_now = site.store().counts();
  if (!counts_now) return violation("the queue of " + site.name() + " cannot be read");
  if (counts_now->waiting + counts_now->claimed != 0) {
    violation(fmt::format("I3: {} still has {} deliveries waiting and {} in flight", site.name(), counts_now->waiting,
                          counts_now->claimed));
  }
  const auto dead = site.store().deliveries_in(store::DeliveryState::dead, 0, 10);
  for (const auto& one : dead ? *dead : std::vector<store::Delivery>{}) {
    violation(fmt::format("I1: {} gave up {} to {}: {}", site.name(), one.event, one.destination, one.reason));
  }
}

// A newer version also goes to whoever had an earlier one, whatever today's routes say.
void Oracle::look_at_reports() {
  std::map<std::string, std::map<std::string, const Said*>> lanes;
  for (const auto& [id, said] : said_) {
    if (!said.answer.empty() && !said.word.empty()) lanes[said.lane][said.word] = &said;
  }
  for (const auto& [lane, versions] : lanes) {
    bool must = false, may = false;  // reach the HIS
    for (const auto& [word, said] : versions) {
      const bool certain = said->arrived_at.size() == 1;  // by which routes it was accepted
      must = must || (certain && !*said->arrived_at.begin());
      may = may || must || !certain;
      if (!has("archive", word)) violation("I1: acknowledged and lost on the way to the archive: " + word);
      if (must && !has("his", word)) violation("I1: acknowledged and lost on the way to the HIS: " + word);
      if (!may && has("his", word)) violation("contract 1.8: delivered by a route of before: " + word);
    }
  }
}

void Oracle::look_at_prescriptions(const Site& site) {
  for (const auto& [number, rx] : prescriptions) {
    const bool beijing = number >= "SIMP5";
    if (rx.prescribed == 0 || (!beijing && site.name() != "hainan") || site.name() == "tianjin") continue;
    const std::string correlation = (beijing ? "bjch/" : "hnump/") + number;
    const auto dispenses = site.store().resources_of(correlation, "MedicationDispense");
    int amount = 0;
    for (const auto& one : dispenses ? *dispenses : std::vector<store::StoredResource>{}) {
      const auto json = fhir::Json::parse(one.json);
      if (json) amount += number_of(json->root()["quantity"]["value"].text());
    }
    const auto tasks = site.store().resources_of(correlation, "Task");
    if (!tasks || tasks->size() != 1) {
      violation(fmt::format("I6: {} has no Task of {}", site.name(), number));
      continue;
    }
    const auto task = fhir::Json::parse(tasks->front().json);
    const std::string status(task ? task->root()["status"].text() : "");
    const std::string expected = rx.cancelled        ? "cancelled"
                                 : rx.completed()    ? "completed"
                                 : rx.holder.empty() ? "requested"
                                 : rx.supplied > 0   ? "in-progress"
                                                     : "accepted";
    if (status == expected && amount == rx.supplied) continue;
    violation(fmt::format("I6: {} at {} is {} with {} supplied; outside it is {} with {}", number, site.name(), status,
                          amount, expected, rx.supplied));
  }
}

void Oracle::look_at_staging(const BeijingHis& beijing) {
  for (const auto& [number, rx] : prescriptions) {
    if (number < "SIMP5") continue;
    const std::string state = beijing.state_of(number);
    const std::string expected = rx.completed()      ? "completed"
                                 : rx.holder.empty() ? "open"
                                 : rx.supplied > 0   ? "dispensing"
                                                     : "claimed";
    const bool untold = state.empty() && rx.holder.empty();
    if (state == expected || untold) continue;
    violation(fmt::format("I6: Beijing reads that {} is {}; it is {}", number, state, expected));
  }
}

void Oracle::look_at_end(const std::map<std::string, std::unique_ptr<Site>>& sites, const BeijingHis& beijing) {
  for (const auto& [name, site] : sites) {
    look_at_audit(*site);
    look_at_queues(*site);
    look_at_prescriptions(*site);
  }
  look_at_reports();
  look_at_staging(beijing);
}

}  // namespace gateway::sim
