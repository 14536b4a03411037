// Several messages in one piece: batches (HL7 v2 chapter 2, §2.10.3) and messages that go on in the next one (§2.10.2).
//
// Lines are cut as bytes, before decoding: the names of segments are ASCII at the start of a line, and no charset has a
// line end within a character. So each message stays byte for byte what was sent. Fields are cut after decoding: a
// trail byte may look like a separator. Stateless; any thread.
#pragma once
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "fhir/result.h"

namespace adapters::hl7v2 {

/// Views into what was split.
struct BatchedMessage {
  std::size_t line = 0;  // of its MSH, from 1
  std::string_view bytes;
};

struct Batch {
  std::string_view file_header, header;  // the FHS and the first BHS, without line end; empty when there is none
  std::vector<BatchedMessage> messages;  // in order; of all batches of the file
  /// What the envelope says and the messages do not bear out, each "line N": a count that is not theirs (BTS-1, FTS-1),
  /// an end that is missing. The messages are whole all the same; but some may never have come. The first few.
  std::vector<fhir::Error> faults;
  std::size_t unlisted = 0;  // faults that there are besides
};

/// Does it begin with FHS or BHS?
bool is_batch(std::string_view bytes);

struct Splitting {
  std::size_t first_line = 1;  // the number of the first line: of a capture of a connection, the frame's
  std::size_t most = 100'000;  // messages
};

/// [FHS] { [BHS] { MSH ... } [BTS] } [FTS]: a single message, or several without any envelope, are a batch, too.
/// hl7v2.batch with "line N" for a segment outside of a message, when there is no message at all, and (too_large) when
/// there are too many.
Result<Batch> split_batch(std::string_view bytes, const Splitting& how = {});

/// All that is wrong with an envelope as one error: at the place of the first, which `faults` must have.
fhir::Error envelope_fault(std::span<const fhir::Error> faults, std::size_t unlisted);
/// The lines FHS, BHS, BTS and FTS, each with CR: what is worth keeping of a damaged envelope.
std::string envelope_of(std::string_view bytes);

/// Whom to tell about a batch that could not be split: as a message's header, its control id that of the batch.
Header batch_header(const Batch& batch, Charset charset);
/// The same, of a batch that could not be split: from its first line.
Header batch_header(std::string_view bytes, Charset charset);

/// The acknowledgements of a batch's messages as a batch of their own (original mode: one MSH, MSA for each message).
/// They come in this charset, and so does the answer. BHS-12 and FHS-12 name the batch that is answered; BTS-2 tells
/// the first fault.
std::string write_batch_answer(const Batch& batch, Charset charset, const std::vector<std::string>& acknowledgements,
                               const Stamp& stamp);

/// How one message is divided: it goes on with the rest of another, or another holds its rest.
struct Continuation {
  std::string of;  // MSH-14: the DSC-1 whose message this one goes on with; empty for most
  std::string by;  // DSC-1; empty for a whole one, and for an answer to a query (DSC-2 I), whose rest must be asked for
  bool divided() const { return !of.empty() || !by.empty(); }
};
Continuation continuation(std::string_view message, Charset charset);

struct JoinedMessage {
  std::size_t line = 0;                // of the MSH it begins with
  std::string bytes;                   // as it came, unless it was divided
  std::optional<fhir::Error> fault{};  // it is not whole; then `bytes` are the parts that are here, as they came
};
/// The messages of a batch in the order they begin, those that go on in a later one joined with it under the header of
/// the first: pointer, sending application and facility and type must agree. An ADD segment is the rest of the segment
/// before it. A message is hl7v2.continued when its rest, or what it is the rest of, is not there, and when two
/// messages wait under one pointer at once: no rest can then be told to be of one of them. The others are not touched
/// by that.
std::vector<JoinedMessage> join_continued(const Batch& batch, Charset charset);

/// Parts that are known to be one message, in their order, under the header of the first.
std::string join_parts(const std::vector<std::string>& parts);

/// An acknowledgement in this charset that names another message in MSA-2: that of the part it answers.
std::string naming(std::string acknowledgement, std::string_view control_id, Charset charset);

/// One message with its ADD segments put where they belong.
std::string join_addenda(std::string message);

}  // namespace adapters::hl7v2
