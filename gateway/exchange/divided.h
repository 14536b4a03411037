// Messages that come in parts over MLLP, each a message of its own (HL7 v2 chapter 2, §2.10.2): DSC-1 of a part names
// the one that follows, whose MSH-14 says the same.
//
// Each part is stored before it is acknowledged, as held with the reason that it is one (`hl7v2.part`), so a part whose
// rest never comes stands in the list of what is held, and a restart between two parts loses nothing. The last part
// takes the others from the store again. Parts belong together when pointer, door, sending application and facility and
// the message's type are equal, and each came within the door's `continuation` after the one before it; of several the
// newest counts, for there are senders that use the same pointer every time.
//
// Reads the store on the caller's thread. Any thread.
#pragma once
#include <string>
#include <vector>

#include "adapters/hl7v2/ack.h"
#include "adapters/hl7v2/batch.h"
#include "gateway/exchange/intake.h"

namespace gateway::exchange {

/// A part that arrived, and whom it is from.
struct Part {
  const config::Door& door;
  const adapters::hl7v2::Header& header;
  adapters::hl7v2::Continuation place;
  const std::string& bytes;
};

/// What stands before a part, from the first on; empty for a first part. hl7v2.continued (invalid): it is not there, or
/// the whole would be over the door's limit.
fhir::Result<std::vector<store::Message>> parts_before(const World& world, const Part& part);

/// Is this very part in the store, because its acknowledgement was lost?
bool is_here(const World& world, const Part& part);

/// By what a part that goes on is found again.
std::string part_key(const Part& part, std::string_view pointer);

/// Why a part is held.
fhir::Error part_waits();

/// The whole as one arrival; the parts that were held are released with it.
Arrival join(std::shared_ptr<const config::Config> config, const Part& last, const std::vector<store::Message>& before);

}  // namespace gateway::exchange
