// MLLP framing (HL7 v2 transport specifications, MLLP release 1 and 2): <VT> message <FS> <CR>. A codec without
// sockets. The bytes 0B, 1C and 0D are never part of a character in any charset here, so framing works before decoding.
//
// Release 2 adds that whoever got a message says that it is stored, or that it is not, before anything else: a frame
// that holds nothing but ACK (06) or NAK (15). An HL7 acknowledgement is a message like others there.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace adapters::hl7v2 {

using fhir::Result;

/// One message as a frame.
std::string frame(std::string_view message);

/// Release 2: is the message stored? What the frame holds that says so.
inline constexpr std::string_view kStored = "\x06", kNotStored = "\x15";
/// Is this what a frame of a message cannot hold: the word of release 2?
inline bool is_commit(std::string_view content) { return content == kStored || content == kNotStored; }

/// Cuts a stream into messages. One per connection and direction; not thread-safe. Feed bytes as they come in pieces of
/// any size, then take messages until there is none. After an error the stream cannot be trusted: close the connection.
class Deframer {
 public:
  enum class Mode : std::uint8_t {
    strict,   // anything but <VT>..<FS><CR> is an error, and so is LF within a frame: segments end with CR
    lenient,  // a missing CR after FS, bytes between frames and a frame begun anew are survived and counted
  };
  struct Oddities {
    std::size_t stray_bytes = 0;       // outside frames (line ends between frames do not count)
    std::size_t abandoned_frames = 0;  // a VT inside an unfinished frame: what came before it was thrown away
    std::size_t missing_ends = 0;      // FS without CR
    bool operator==(const Oddities&) const = default;
  };

  explicit Deframer(std::size_t limit = 16u << 20, Mode mode = Mode::lenient) : limit_(limit), mode_(mode) {}

  /// After an error nothing more is taken in.
  void feed(std::string_view bytes);
  /// The next whole message without its frame; nothing when more bytes are needed. mllp.too-large, mllp.frame, with
  /// "byte N" (of all that was fed, from 0) as the place; after an error the same error again.
  Result<std::optional<std::string>> take();
  /// Is a frame begun and not finished? (for deadlines: a half-sent message)
  bool unfinished() const { return in_frame_; }
  /// Where the last message that was taken began, in bytes of all that was fed.
  std::size_t began() const { return began_; }
  /// What was fed and not yet taken, also after an error: of a frame that will never be whole, all there is to keep.
  std::string_view pending() const { return std::string_view(buffer_).substr(begin_); }
  /// What was survived since the last call.
  Oddities take_oddities();

 private:
  Result<void> find_start();
  Result<std::optional<std::string>> end_frame();
  /// `at`: where in the buffer.
  std::unexpected<fhir::Error> break_off(std::size_t at, fhir::Fault fault, std::string code, std::string say);
  std::unexpected<fhir::Error> no_frame(std::size_t at, std::string say);

  std::size_t limit_;
  Mode mode_;
  std::string buffer_;
  std::size_t dropped_ = 0;  // bytes that were fed and are no longer in the buffer
  std::size_t began_ = 0;    // of the last message, in all that was fed
  std::size_t begin_ = 0;    // of buffer_: before it everything was taken; in a frame, where its message begins
  std::size_t seen_ = 0;     // of buffer_: searched up to here
  bool in_frame_ = false;
  bool expect_return_ = false;  // the last byte taken was 1C
  Oddities oddities_;
  std::optional<fhir::Error> error_;
};

}  // namespace adapters::hl7v2
