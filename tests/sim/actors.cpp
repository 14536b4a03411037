#include "tests/sim/actors.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "fhir/json.h"

namespace gateway::sim {

std::string Stage::fresh(const char* prefix) { return fmt::format("{}{:06}", prefix, ++words); }

void Stage::later(Millis most, std::function<void()> task) {
  ++open;
  scheduler.after(chance.between(0, most), 0, [this, task = std::move(task)] {
    --open;
    task();
  });
}

// ---- who speaks

namespace {

struct Talk {
  Stage& stage;
  std::string from;
  net::Address to;
  std::string bytes;
  std::function<void(bool)> done;  // empty: it has ended
};

void attempt(const std::shared_ptr<Talk>& talk);

void heard(const std::shared_ptr<Talk>& talk, const Result<net::HttpResponse>& response) {
  if (!talk->done) return;
  const std::string_view answer = response ? std::string_view(response->body) : std::string_view{};
  const auto code = field(answer, "MSA", 1);
  const bool ours = field(answer, "MSA", 2) == field(talk->bytes, "MSH", 10);
  const bool yes = ours && (code == "AA" || code == "CA"), no = ours && (code == "AE" || code == "CE");
  if (!yes && !no) {
    talk->stage.scheduler.after(talk->stage.chance.between(100, 900), 0, [talk] { attempt(talk); });
    return;
  }
  --talk->stage.open;
  std::exchange(talk->done, nullptr)(yes);
}

void attempt(const std::shared_ptr<Talk>& talk) {
  if (!talk->done) return;
  const int times = !talk->stage.calm && talk->stage.chance.chance(0.08) ? 2 : 1;
  for (int i = 0; i < times; ++i) {
    net::HttpRequest request;
    request.body = talk->bytes;
    talk->stage.wire.carry({talk->from, 0, nullptr, {}}, talk->to, std::move(request), 2500,
                           [talk, first = i == 0](const Result<net::HttpResponse>& response) {
                             if (response || first) heard(talk, response);
                           });
  }
}

}  // namespace

void say(Stage& stage, const std::string& from, const net::Address& to, std::string bytes,
         std::function<void(bool accepted)> done) {
  ++stage.open;
  attempt(std::make_shared<Talk>(Talk{stage, from, to, std::move(bytes), std::move(done)}));
}

void Laboratory::write(Millis within, int versions) {
  stage_.later(within, [this, number = stage_.fresh("SIMR"), versions] { tell(number, 1, versions); });
}

void Laboratory::tell(std::string number, int version, int versions) {
  const std::string word = stage_.fresh("SIMT");
  std::string bytes = report("L" + word, number, word, stage_.scheduler.now());
  const bool again = stage_.chance.chance(0.25);
  const auto after = [this, number, version, versions, bytes, again](bool accepted) {
    if (!accepted) return stage_.oracle.violation("a report was refused: " + number);
    if (again) say(stage_, "lis", door_, bytes, [](bool) {});
    if (version < versions) {
      stage_.later(400, [this, number, version, versions] { tell(number, version + 1, versions); });
    }
  };
  say(stage_, "lis", door_, std::move(bytes), after);
}

void Prescriber::write(Millis within, bool withdrawn, bool careless) {
  stage_.later(within, [this, withdrawn, careless] {
    const std::string number = stage_.fresh("SIMP0"), id = stage_.fresh("R");
    say(stage_, "prescriber", door_, prescription(id, number, "NW", stage_.scheduler.now()),
        [this, number, id, withdrawn, careless](bool accepted) {
          if (!accepted) return stage_.oracle.violation("a prescription was refused: " + number);
          if (!withdrawn) return;
          stage_.later(1500,
                       [this, number, id, careless] { withdraw(number, careless ? id : stage_.fresh("R"), careless); });
        });
  });
}

// Refused under a number that was used before, it is told again under a fresh one. Refused because a pharmacy holds the
// order: then that is how it is.
void Prescriber::withdraw(const std::string& number, const std::string& id, bool careless) {
  say(stage_, "prescriber", door_, prescription(id, number, "CA", stage_.scheduler.now()),
      [this, number, careless](bool accepted) {
        if (!accepted && careless) withdraw(number, stage_.fresh("R"), false);
      });
}

// ---- who takes

Records::Records(Stage& stage, std::string name, const net::Address& at, bool mllp)
    : stage_(stage), name_(std::move(name)) {
  Wire::Ear ear;
  ear.machine = name_;
  (mllp ? void(ear.mllp = this) : void(ear.http = this));
  stage_.wire.listen(at, std::move(ear));
}

bool Records::take(const std::string& message, const std::string& id) {
  const std::string report = find_word(message, "SIMR"), order = find_word(message, "SIMP");
  const std::string word = find_word(message, "SIMT");
  if (!report.empty() && word.empty()) {
    stage_.oracle.violation("a report lost its result on the way to " + name_);
  } else if (!report.empty()) {
    stage_.oracle.took(name_, report, word, id, std::stoi(word.substr(4)));
  } else {
    const std::string control(field(message, "ORC", 1));
    stage_.oracle.took(name_, order, order + " " + control, id, control == "NW" ? 1 : 2);
  }
  return known_.insert(id).second;
}

void Records::handle(net::MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) {
  const bool odd = !stage_.calm && stage_.chance.chance(moody);
  const auto mood = odd ? stage_.chance.below(4) : 4;
  const std::string message = std::move(request.bytes);
  if (mood == 0) return reply({acknowledgement(message, "AR")});
  const bool first = take(message, std::string(field(message, "MSH", 10)));
  if (first && on_first) on_first(message);
  if (mood == 1) return reply({acknowledgement(message, "AA", "ANOTHER")});  // taken, but who would know
  const Millis pause = mood == 2 ? stage_.chance.between(500, 4000) : stage_.chance.between(0, 20);
  stage_.scheduler.after(pause, 0, [answer = acknowledgement(message, "AA"), reply = std::move(reply)]() mutable {
    reply({std::move(answer)});
  });
}

void Records::handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) {
  const bool odd = !stage_.calm && stage_.chance.chance(moody);
  const auto mood = odd ? stage_.chance.below(4) : 4;
  if (mood == 0) return reply({503, {{"retry-after", "1"}}, ""});
  const bool first = take(request.body, std::string(net::header(request.headers, "x-request-id")));
  if (first && on_first) on_first(request.body);
  if (mood == 1) return reply({500, {}, "<html>taken, but the proxy broke</html>"});
  const Millis pause = mood == 2 ? stage_.chance.between(500, 4000) : stage_.chance.between(0, 20);
  stage_.scheduler.after(pause, 0, [reply = std::move(reply)]() mutable { reply({200, {}, "{}"}); });
}

// ---- Beijing

void BeijingHis::write(Millis within) {
  stage_.later(within, [this] {
    const std::string number = stage_.fresh("SIMP5");
    ++stage_.open;
    hand_over(number, prescription_record(number, stage_.scheduler.now()));
  });
}

void BeijingHis::hand_over(const std::string& number, const std::string& record) {
  if (accepted_.contains(number)) {
    --stage_.open;
    return;
  }
  stage_.scheduler.after(1500, 0, [this, number, record] { hand_over(number, record); });
  if (!site_.running()) return;
  exchange::Arrival arrival;
  arrival.config = site_.config();
  arrival.local = &*std::ranges::find(arrival.config->doors, "his", &config::Door::name);
  arrival.door = arrival.actor = arrival.local->label();
  arrival.caller = arrival.config->organization.id;
  arrival.raw = record;
  site_.intake().take(std::move(arrival), [this, number, owner = site_.owner()](const exchange::Judgement& judged) {
    const bool in = judged.fate == exchange::Fate::accepted || judged.fate == exchange::Fate::repeated;
    if (in && stage_.scheduler.alive(owner)) accepted_.insert(number);
    if (judged.fate == exchange::Fate::held) stage_.oracle.violation("a prescription of Beijing was held: " + number);
  });
}

// An upsert: again is as good as once. It may be done and the connection lost before anybody knows.
void BeijingHis::put_row(exchange::RowTask task, Owner owner) {
  const Millis pause = stage_.chance.between(0, 30);
  const bool fails = !stage_.calm && stage_.chance.chance(0.1), unknown = fails && stage_.chance.chance(0.5);
  stage_.scheduler.after(pause, 0, [this, task = std::move(task), owner, fails, unknown]() mutable {
    const auto row = fhir::Json::parse(task.bytes);
    if (row && (!fails || unknown)) {
      const std::string number(row->root()["key"]["YWHM"].text()), state(row->root()["values"]["ZT"].text());
      stage_.oracle.note("staging " + number + " " + state);
      rows_[number] = state;
    }
    if (!stage_.scheduler.alive(owner)) return;
    if (fails) return task.done(fhir::fail(Fault::unavailable, "sim.rows", "", "the database went away"));
    task.done({});
  });
}

std::string BeijingHis::state_of(const std::string& number) const {
  const auto found = rows_.find(number);
  return found == rows_.end() ? "" : found->second;
}

// ---- the pharmacies

struct Pharmacies::Visit {
  std::string pharmacy;
  Order order;
  std::deque<std::string> acts;  // "claim", "release", "supply N", "again", "twins N"
  std::string hasty;             // what was refused because nobody held it yet
  int claims = 0;
};

void Pharmacies::see(const std::string& rde) {
  const auto order = read_order(rde);
  if (!order || field(rde, "ORC", 1) != "NW") return;
  const int all = order->beijing ? 2 : 84, half = all / 2;
  const std::deque<std::string> habits[] = {
      {"claim", fmt::format("supply {}", half), fmt::format("supply {}", all - half)},
      {fmt::format("hasty {}", half), "claim", "again", fmt::format("supply {}", all - half)},
      {"claim", "release", "claim", fmt::format("supply {}", all)},
      {"claim", fmt::format("twins {}", half + 1)},
      {"claim", fmt::format("twins {}", std::max(1, all / 4))},
      {"claim", fmt::format("supply {}", all), "supply 1"},
  };
  for (const char* pharmacy : {"YF01", "YF02"}) {
    if (!stage_.chance.chance(0.75)) continue;
    auto visit = std::make_shared<Visit>(Visit{pharmacy, *order, habits[stage_.chance.below(6)], {}, 0});
    stage_.later(1500, [this, visit] { next(visit); });
  }
}

void Pharmacies::next(const Held& visit) {
  if (visit->acts.empty()) return;
  const std::string act_now = visit->acts.front();
  const Millis now = stage_.scheduler.now();
  const auto space = act_now.find(' ');
  const int amount = space == std::string::npos ? 0 : std::stoi(act_now.substr(space + 1));
  if (act_now == "claim")
    return act(visit, pharmacy_answer(stage_.fresh("C"), visit->pharmacy, "OK", visit->order, now));
  if (act_now == "release")
    return act(visit, pharmacy_answer(stage_.fresh("C"), visit->pharmacy, "UA", visit->order, now));
  if (act_now == "again") return act(visit, visit->hasty);
  if (act_now.starts_with("twins")) return twins(visit, amount);
  act(visit, supplied(stage_.fresh("D"), visit->pharmacy, amount, visit->order, now));
}

void Pharmacies::act(const Held& visit, std::string bytes) {
  if (bytes.empty()) return;
  auto copy = bytes;
  say(stage_, visit->pharmacy, door_, std::move(bytes),
      [this, visit, bytes = std::move(copy)](bool accepted) { answered(visit, bytes, accepted); });
}

// A claim that was refused is tried a few times more; everything else goes on as planned.
void Pharmacies::answered(const Held& visit, const std::string& bytes, bool accepted) {
  const std::string done = visit->acts.front();
  if (done.starts_with("hasty") && !accepted) visit->hasty = bytes;
  if (done == "claim" && !accepted) {
    if (++visit->claims > 2) return;
  } else {
    visit->acts.pop_front();
  }
  stage_.later(600, [this, visit] { next(visit); });
}

// Two counters of one pharmacy at the same moment: together perhaps more than was prescribed.
void Pharmacies::twins(const Held& visit, int each) {
  visit->acts.pop_front();
  for (int i = 0; i < 2; ++i) {
    say(stage_, visit->pharmacy, door_,
        supplied(stage_.fresh("D"), visit->pharmacy, each, visit->order, stage_.scheduler.now()), [](bool) {});
  }
}

}  // namespace gateway::sim
