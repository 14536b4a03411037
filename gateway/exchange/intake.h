// The way in: one commented list of steps (kSteps in intake.cpp) from raw bytes to one durable Commit and its answer.
// Whatever fails on the way keeps the raw bytes as *held* with the reason, and is answered negatively in the mode of
// the door; nothing positive is said before the disk has it.
//
// Thread-safe. `done` is called once: on the store's writer thread, or at once on the caller's when nothing was stored.
#pragma once
#include <functional>
#include <optional>
#include <string>

#include "gateway/exchange/passage.h"

namespace gateway::exchange {

enum class Fate {
  accepted,  // durable and on its way
  repeated,  // was accepted before: `answer` is the first answer, byte for byte
  held,      // the content is wrong or a person must decide; the raw bytes are kept
  refused,   // identity or policy says no; audited
  not_now,   // nothing is stored: send again later
};

struct Judgement {
  Fate fate = Fate::not_now;
  std::string answer;                // accepted, repeated
  std::optional<fhir::Error> error;  // held, refused, not_now: why
  fhir::Issues issues;               // more about it, each with its place
  std::string control_id, correlation;
  std::string text;  // the decoded message, as far as it could be decoded (acknowledgements quote it)
  fhir::message::Envelope envelope;
  store::Id message = 0;
};

class Intake {
 public:
  using Done = std::move_only_function<void(Judgement)>;
  /// `wake` is called after deliveries were committed, on the writer thread.
  Intake(World world, std::function<void()> wake) : world_(std::move(world)), wake_(std::move(wake)) {}

  void take(Arrival arrival, Done done);
  /// Bytes that never became a whole message (a frame cut off, over the limit): kept as held with the reason.
  void keep_broken(Arrival arrival, fhir::Error why, Done done);
  /// A held message once more, from its raw bytes, under today's configuration and maps.
  void release(store::Id held, std::string actor, Done done);
  /// A held delivery once more: policy is asked again, and only a permit sends it.
  void release_delivery(store::Id held, std::string actor, std::move_only_function<void(fhir::Result<void>)> done);
  /// A dead delivery's message asks today's routes: it goes to those destinations it has not been to, under new ids; to
  /// the same destination again as it was, under its old ones. `conflict` when they lead nowhere new.
  void reroute(store::Id dead, std::string actor, std::move_only_function<void(fhir::Result<void>)> done);
  /// An accepted message to further destinations, each with what policy lets out, `facts` in the same transaction. The
  /// error is the first destination's that cannot have it; then nobody gets it.
  void also_to(store::Id message, const std::vector<std::string>& destinations, std::vector<store::Fact> facts,
               std::string actor, std::move_only_function<void(fhir::Result<void>)> done);
  /// Everything up to the commit, without it: what `causeway explain` shows. The error is what would be answered.
  struct Plan {
    Passage passage;
    std::optional<fhir::Error> error;
  };
  Plan plan(Arrival arrival) const;

 private:
  void finish(Plan plan, Done done);
  void keep(Plan plan, Done done);
  Plan begin(Arrival arrival) const;

  World world_;
  std::function<void()> wake_;
};

}  // namespace gateway::exchange
