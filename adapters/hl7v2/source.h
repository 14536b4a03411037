// HL7 v2 behind the map engine's view (adapters/source.h).
//
// Paths. `PID-5.1`, `PID-3[2].4.1`, `OBX-5[*]`, `NTE-3`, `MSH-9.2`; groups as the standard names them, for `each:` and
// to be precise: `PATIENT_RESULT.ORDER_OBSERVATION.OBSERVATION`, `OBSERVATION.OBX-5`; a segment alone, for `each:`:
// `DG1`.
//
// - A segment without [n]: every one of that name in reach. With [n]: the n-th of those. `Z*`: every Z segment.
// - A field alone (`PID-3`): each of its repetitions. With a component (`PID-5.1`): of the first repetition, unless
//   [n] or [*] says otherwise.
// - Inside an `each:` over fields (`PID-3`, `OBX-8`): `.1`, `.4.1` are parts of the present repetition; `.` is itself.
//
// Reach. At top level, the whole message. Inside an `each:` over a group, the segments of this instance (OBX-5 is this
// OBSERVATION's OBX); a segment that the structure defines further out is the enclosing one's (OBR-3 is this order's,
// PID-3 this patient's), also when it is absent there. Segments that the structure does not know (Z segments, or out of
// place) are looked up from the inside out. NTE and PRT, which may follow anything, are those of this very group: a
// missing comment is never borrowed from the order around, nor taken from the results within (`OBSERVATION.NTE-3`).
// Inside an `each:` over segments, the segment's own name means that very segment.
//
// Places. The 3 in OBX[3]-5.1 counts the OBX of the whole message; a repetition is told from the second on, a component
// when there are several. Leaves are subcomponents that are not empty, MSH-1 and MSH-2 apart; the explicit null `""` is
// one, and its text is "".
#pragma once
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "adapters/hl7v2/message.h"
#include "adapters/source.h"

namespace adapters::hl7v2 {

/// For a map that accepts these kinds ("ORU^R01"). An unknown kind gets a structure without groups.
std::unique_ptr<Dialect> make_dialect(std::span<const std::string> kinds);
/// Takes the message over. Only paths bound by make_dialect may be used with it.
std::unique_ptr<Source> make_source(Message message);

}  // namespace adapters::hl7v2
