// Several messages in one piece: batches (HL7 v2 chapter 2, §2.10.3) and messages that go on in the next one (§2.10.2).
//
// Everything is cut as bytes, before decoding: the names of segments are ASCII at the start of a line, and no charset
// has a line end within a character. So each message stays byte for byte what was sent. Stateless; any thread.
#pragma once
#include <cstddef>
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
  /// an end that is missing. The messages are whole all the same; but some may never have come.
  std::vector<fhir::Error> faults;
};

/// Does it begin with FHS or BHS?
bool is_batch(std::string_view bytes);

/// [FHS] { [BHS] { MSH ... } [BTS] } [FTS]: a single message, or several without any envelope, are a batch, too.
/// hl7v2.batch with "line N" for a segment outside of a message, and when there is no message at all.
Result<Batch> split_batch(std::string_view bytes);

/// Whom to tell about a batch that could not be split: as a message's header, its control id that of the batch.
Header batch_header(const Batch& batch, Charset charset);
/// The same, of a batch that could not be split: from its first line.
Header batch_header(std::string_view bytes, Charset charset);

/// The acknowledgements of a batch's messages as a batch of their own (original mode: one MSH, MSA for each message).
/// They come in this charset, and so does the answer. BHS-12 and FHS-12 name the batch that is answered; BTS-2 tells
/// the first fault.
std::string write_batch_answer(const Batch& batch, Charset charset, const std::vector<std::string>& acknowledgements,
                               const Stamp& stamp);

/// DSC-1 of a message whose rest comes in another message; empty for a whole one, and for the answer to a query (DSC-2
/// I), whose rest must be asked for.
std::string_view continued_by(std::string_view message);
/// MSH-14: the DSC-1 whose message this one goes on with; empty for most.
std::string_view continues(std::string_view message);

/// Both of one message, read in its charset: a header may hold trail bytes that look like separators.
struct Continuation {
  std::string of, by;  // MSH-14, DSC-1
  bool divided() const { return !of.empty() || !by.empty(); }
};
Continuation continuation(std::string_view message, Charset charset);

struct JoinedMessage {
  std::size_t first = 0;  // which of those that were joined it begins with, from 0
  std::string bytes;
};
/// Messages in the order they came, those that go on in a later one joined with it under the header of the first. An
/// ADD segment is the rest of the segment before it, also within one message. hl7v2.continued with "message N" (from 1)
/// when the rest of one, or what one is the rest of, is not among them.
Result<std::vector<JoinedMessage>> join_continued(const std::vector<std::string_view>& messages);

/// Parts that are known to be one message, in their order, under the header of the first.
std::string join_parts(const std::vector<std::string>& parts);

/// An acknowledgement that names another message in MSA-2: that of the part it answers.
std::string naming(std::string acknowledgement, std::string_view control_id);

/// One message with its ADD segments put where they belong.
std::string join_addenda(std::string message);

}  // namespace adapters::hl7v2
