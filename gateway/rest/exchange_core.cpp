#include "gateway/rest/exchange_core.h"

#include "fhir/message/message.h"
#include "gateway/exchange/trace.h"
#include "gateway/exchange/workflow.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"
#include "gateway/rest/answer.h"

namespace gateway::rest {
namespace {

using exchange::Arrival;
using exchange::Fate;
using exchange::Judgement;
using fhir::Error;
using fhir::Fault;

std::unexpected<Failure> fail(Error error) { return std::unexpected(Failure{std::move(error), {}}); }

// A partner speaks as this site's own staff, a peer for the organisations of its certificate.
Arrival arrival_of(const Caller& caller, std::string raw) {
  Arrival arrival;
  arrival.config = caller.config;
  arrival.door = "fhir";
  arrival.staff = caller.party.kind == trust::Party::Kind::partner;
  arrival.caller = arrival.staff ? caller.config->organization.id : caller.party.organization;
  if (!arrival.staff) arrival.speaks_for = caller.party.speaks_for;
  arrival.actor = caller.party.name;
  arrival.raw = std::move(raw);
  return arrival;
}

// What cannot be read is for the intake, which keeps it as held.
bool is_forbidden_event(const PostedMessage& message) {
  const auto json = fhir::Json::parse(message.body);
  if (!json) return false;
  const auto envelope = fhir::message::read_envelope(json->root());
  return envelope && !may_send(message.caller, envelope->event);
}

bool is_taken(const Judgement& judged) { return judged.fate == Fate::accepted || judged.fate == Fate::repeated; }

Failure refusal(Judgement judged) {
  Error unknown{Fault::broken, "intake.no-reason", "", "the message was not accepted"};
  return {std::move(judged.error).value_or(std::move(unknown)), std::move(judged.issues)};
}

}  // namespace

void ExchangeCore::process_message(PostedMessage message, Answered answered) {
  if (is_forbidden_event(message)) {
    return answered(fail({Fault::forbidden, "rest.event", "MessageHeader.eventCoding",
                          "this partner may not post messages of this event"}));
  }
  intake_.take(arrival_of(message.caller, std::move(message.body)),
               [answered = std::move(answered)](Judgement judged) mutable {
                 observe::failpoint("fhir.judged");
                 if (!is_taken(judged)) return answered(std::unexpected(refusal(std::move(judged))));
                 answered(Answer{std::move(judged.answer)});
               });
}

void ExchangeCore::collect(const Caller& caller, exchange::CollectCall call, Answered answered) {
  mailbox_.collect(caller.party.name, std::move(call.answers), call.wait,
                   [answered = std::move(answered)](std::vector<exchange::Letter> letters) mutable {
                     answered(Answer{exchange::write_letters(letters)});
                   });
}

// A step of a referral is a message to the other side: the same way in, the same transaction.
void ExchangeCore::put_task(TaskUpdate update, Answered answered) {
  auto step = exchange::task_step(world_, *update.caller.config, update.task.root(), update.expected.value_or(0));
  if (!step) return answered(fail(std::move(step).error()));
  Arrival arrival = arrival_of(update.caller, std::move(step->bundle));
  arrival.untold = step->event.empty();
  intake_.take(std::move(arrival),
               [this, id = std::move(update.id), answered = std::move(answered)](Judgement judged) mutable {
                 if (!is_taken(judged)) return answered(std::unexpected(refusal(std::move(judged))));
                 const auto stored = world_.store.resource("Task", id);
                 if (!stored) return answered(fail(stored.error()));
                 if (!*stored)
                   return answered(fail({Fault::broken, "task.lost", "Task", "the Task is not where it was put"}));
                 auto shown = with_meta(**stored);
                 if (!shown) return answered(fail(std::move(shown).error()));
                 answered(Answer{shown->dump(), (*stored)->version, (*stored)->at});
               });
}

void ExchangeCore::trace(TraceQuestion question, Answered answered) {
  const Caller& caller = question.caller;
  auto found = exchange::trace(world_.store, *caller.config, question.id, caller.party.organization);
  if (!found) return answered(fail(std::move(found).error()));
  answered(Answer{found->timeline.dump(), 0, 0, "application/json"});
}

void ExchangeCore::test_back(const Caller& caller, Answered answered) {
  observe::log(observe::Level::info, "peer.test-back", {{"peer", caller.party.name}});
  probe_(caller.party.name, [site = caller.config->site, answered = std::move(answered)](operate::Probe probe) mutable {
    fhir::JsonTree told = probe.told();
    told.set("site", site);
    answered(Answer{told.dump(), 0, 0, "application/json"});
  });
}

}  // namespace gateway::rest
