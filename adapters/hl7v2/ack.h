// HL7 v2 acknowledgements (chapter 2, §2.9 and §2.13): which ones a sender wants, how they are written, and what one
// that came back means. The caller gives control ids and times; nothing here has a clock. Any thread.
//
// The meaning used throughout: AE/CE = wrong in content, sending it again is pointless; AR/CR = not now, later maybe.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"
#include "fhir/result.h"

namespace adapters::hl7v2 {

/// What an answer needs of the message it answers. Read from the first segment alone and from whatever is readable
/// there, so MSA-2 names the message even when the rest of it, or its charset, is broken.
struct Header {
  Separators separators;
  std::string sending_application, sending_facility, receiving_application, receiving_facility;  // raw ER7
  std::string control_id;                                                                        // MSH-10, raw
  std::string type, event;                                                                       // MSH-9.1, MSH-9.2
  std::string processing_id, version;                                                            // MSH-11 raw, MSH-12.1
  std::string accept_ack, application_ack;  // MSH-15, MSH-16: AL, NE, ER, SU or empty
  std::string charset;                      // MSH-18, raw with repetitions
};
/// Of a decoded message. Never fails: what cannot be read is empty; bytes that are no UTF-8 become '?'.
Header read_header(std::string_view message);
/// Of a message as it was received: its first segment is decoded if that can be, else read byte by byte as it is.
Header read_header(std::string_view message, Charset charset);

/// `ack: auto|original|enhanced|commit` of an endpoint. Many laboratories fill MSH-15/16 and still expect AA. `commit`:
/// the application answers later, by a message of its own (a REF^I12 by an RRI^I12), so no AA goes out before it.
enum class AckMode : std::uint8_t { automatic, original, enhanced, commit };

enum class Verdict : std::uint8_t { accepted, content_error, not_now };

/// One ERR segment: no data values, they would end in the sender's log.
struct Problem {
  std::string location;  // "OBX[3]-5.1"; may be empty
  std::string code;      // HL7 table 0357: "101"; empty: "207"
  char severity = 'E';   // E, W, I
  std::string text;
};
/// The ERR of an error of ours.
Problem to_problem(const fhir::Error& error);

/// Ours: MSH-10 and MSH-7 of an answer.
struct Stamp {
  std::string control_id, time;
};

/// The acknowledgements to send for a message, in order; none if the sender wants none.
/// original: one AA, AE or AR. enhanced: CA, CE or CR if MSH-15 asks for it, then AA if MSH-16 asks for it; a refusal
/// is told once, by the first of the two that asks. Empty MSH-15/16 mean AL/NE then. automatic: enhanced if either is
/// valued. commit: as enhanced, but never AA. `stamps` are used in order: give two.
std::vector<std::string> acknowledge(const Header& header, AckMode mode, Verdict verdict,
                                     const std::vector<Problem>& problems, const std::vector<Stamp>& stamps);

/// One ACK message in UTF-8 with this MSA-1. ERR as the version has it: fields 2, 3, 4, 8 from 2.5 on, ERR-1 before.
std::string write_ack(const Header& header, std::string_view code, const std::vector<Problem>& problems,
                      const Stamp& stamp);

/// How a receiver means its refusals: real systems disagree, so it is a setting per endpoint.
struct AckReading {
  Verdict on_error = Verdict::content_error;  // AE, CE
  Verdict on_reject = Verdict::not_now;       // AR, CR
};

struct Acknowledgement {
  std::string code;        // MSA-1
  std::string control_id;  // MSA-2: must be the MSH-10 that was sent
  Verdict verdict = Verdict::content_error;
  bool application = false;  // AA, AE, AR; else a commit acknowledgement
  std::string text;          // MSA-3 or the first ERR's text: may hold data values, so store it, do not log it
  std::vector<Problem> problems;
};
/// hl7v2.ack for what is no acknowledgement (no MSA, an unknown code).
Result<Acknowledgement> read_acknowledgement(const Message& message, const AckReading& reading = {});

}  // namespace adapters::hl7v2
