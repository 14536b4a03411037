// HL7 v2 messages in ER7 ("pipes and hats"), versions 2.1 to 2.9, after decoding to UTF-8 (chapter 2 of the standard).
//
// `Message` is what was received: it owns the text and keeps it byte for byte; everything it returns is a view into it
// and lives as long as the message (also after a move). Immutable: safe to read from many threads.
// `Builder` makes or changes a message. `Path` is how people write a place: `PID-3[2].4.1`, `OBX[3]-5`.
//
// Reading is tolerant where the standard's intent is plain, and every tolerance is a stated rule:
// - Segments end with CR. A CR LF is one end. If the text holds no CR, LF ends segments. A single LF in a message whose
//   segments end with CR is text (a line break in a report); if a segment seems to start after it, the message is
//   refused as mixed, because swallowing a segment would be silent loss.
// - A byte order mark and line ends before MSH, and blank lines, are skipped.
// - MSH-2 may name a truncation character. `^~\\&`, an escape doubled by a template, is read as `^~\&`.
// - Malformed and unknown escape sequences stay in the text as they are.
// Refused: no MSH or a second one, text that is no UTF-8, separators that are no printable ASCII symbols, a line that
// is no segment, control characters other than tab and line ends, anything past the limits.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/charset.h"
#include "fhir/result.h"

namespace adapters::hl7v2 {

using fhir::Result;

/// MSH-1 and MSH-2. Only the truncation character (2.7) may be missing: '\0'.
struct Separators {
  char field = '|', component = '^', repetition = '~', escape = '\\', subcomponent = '&', truncation = '\0';
  bool operator==(const Separators&) const = default;
};

/// From a line that begins with MSH; hl7v2.separators.
Result<Separators> read_separators(std::string_view msh);

struct Limits {
  std::size_t bytes = 16u << 20;
  std::size_t segments = 100'000;
  std::size_t fields = 1'000;        // of a segment
  std::size_t repetitions = 60'000;  // of a field
  std::size_t components = 500;      // of a repetition, and subcomponents of a component
};
/// Limits above these count as these: they keep every place within 64 bits.
inline constexpr Limits kCeilings{1u << 30, (1u << 20) - 2, 1'000, 65'535, 511};

/// A place within a segment, counted from 1; 0: not said.
struct Position {
  std::uint32_t field = 0, repetition = 0, component = 0, subcomponent = 0;
  bool operator==(const Position&) const = default;
};

/// `PID-3[2].4.1`: segment, its occurrence in the message, and the place in it. What is not said is 0.
struct Path {
  std::string segment;
  std::uint32_t occurrence = 0;
  Position at;

  /// hl7v2.path for anything else than SEG[n]-F[n].C.S and its beginnings.
  static Result<Path> parse(std::string_view text);
  std::string to_string() const;
  bool operator==(const Path&) const = default;
};

/// One segment of a Message.
class Segment {
 public:
  std::string_view name() const { return line_.substr(0, 3); }
  /// As received, without its end.
  std::string_view line() const { return line_; }
  /// The number of the last field that is there (also when empty). MSH counts its separator as field 1.
  std::size_t fields() const { return ends_.size(); }
  /// Field `n` from 1, as received: with repetitions and escapes. Empty when it is not there.
  std::string_view field(std::size_t n) const;

 private:
  friend class Message;
  Segment(std::string_view line, std::span<const std::uint32_t> ends) : line_(line), ends_(ends) {}
  std::string_view line_;
  std::span<const std::uint32_t> ends_;  // where each field ends, counted from the start of the line
};

class Message {
 public:
  static Result<Message> parse(std::string utf8, const Limits& limits = {});
  Message(Message&&) noexcept = default;
  Message& operator=(Message&&) noexcept = default;

  const Separators& separators() const { return separators_; }
  std::size_t size() const { return lines_.size(); }
  Segment segment(std::size_t index) const {
    const Line& line = lines_[index];
    return {std::string_view(*text_).substr(line.begin, line.end - line.begin),
            std::span(ends_).subspan(line.first_end, line.fields)};
  }
  /// Which one of its name it is in the message, from 1: the 3 in OBX[3].
  std::size_t occurrence(std::size_t index) const { return lines_[index].occurrence; }
  /// The index of the n-th (from 1) segment of that name.
  std::optional<std::size_t> find(std::string_view name, std::size_t n = 1) const;

  /// As received, escapes and all. Of what is not said, the first; an unsaid component or subcomponent: the whole above
  /// it.
  std::string_view raw(std::size_t segment, const Position& at) const;
  /// Text with escapes resolved, of the first subcomponent there. Empty when nothing is there, and for the explicit
  /// null.
  std::string text(std::size_t segment, const Position& at) const;
  /// The same by path: `get("PID-5.1")`; empty for a malformed path.
  std::string get(std::string_view path) const;

  /// "ORU^R01" of MSH-9, "2.5.1" of MSH-12.
  std::string type() const;
  std::string version() const { return get("MSH-12.1"); }

  /// As received but for line ends: every segment ends with CR; blank lines and byte order mark are gone.
  std::string encode() const;
  /// What decides whether two messages say the same: `encode()` without MSH-7 (time of sending) and MSH-13 (sequence).
  std::string content() const;

 private:
  struct Line {
    std::uint32_t begin = 0, end = 0;         // in text_
    std::uint32_t first_end = 0, fields = 0;  // in ends_
    std::uint32_t occurrence = 0;
  };
  class Reader;
  Message() = default;

  std::unique_ptr<const std::string> text_;  // behind a pointer: views must survive a move
  Separators separators_;
  std::vector<Line> lines_;
  std::vector<std::uint32_t> ends_;
};

/// The explicit null: the sender asks to delete what is stored.
inline bool is_null(std::string_view raw) { return raw == "\"\""; }

/// The n-th part (from 1) of `raw` between separators; empty past the end.
std::string_view part(std::string_view raw, char separator, std::size_t n);
/// How many parts there are: at least 1.
std::size_t parts(std::string_view raw, char separator);
/// What stands at a place of a whole field (`at.field` is not looked at); what is not said as in Message::raw.
std::string_view inside(std::string_view field, const Position& at, const Separators& by);

/// Resolves \F\ \S\ \T\ \R\ \E\ \P\; \X..\ when it gives printable UTF-8 text or line ends; \.br\ \.ce\ (a line break),
/// \.sp3\ (three), \.sk3\ (three blanks). \H\ \N\ \.in..\ \.ti..\ \.fi\ \.nf\ are layout and vanish. \C..\ \M..\: what
/// follows is read in that Japanese set (\M2442\ JIS X 0208, \C2842\ ASCII again). Those of other sets and \Z..\ stay
/// as they are, and so does a lone or unknown escape: there the escape character itself is text.
std::string unescape(std::string_view raw, const Separators& separators);
/// A decoded message in which \X..\ that stand for characters do so in UTF-8, as everything else: they were written as
/// bytes of the sender's charset, and a character's may be spread over several that follow each other. What means
/// nothing in this charset stays as it is; so does a message whose separators cannot be read.
std::string hex_to_utf8(std::string message, Charset charset);
/// The reverse for plain text: CR LF, CR and LF become \.br\, other control characters but tab \X..\.
std::string escape(std::string_view text, const Separators& separators);

/// A message being made. Segments are addressed by their index, fields as in Message.
class Builder {
 public:
  explicit Builder(const Separators& separators = {}) : separators_(separators) {}
  static Builder from(const Message& message);

  const Separators& separators() const { return separators_; }
  std::size_t size() const { return segments_.size(); }
  std::string_view name(std::size_t segment) const { return segments_[segment].name; }

  /// Appends a segment and returns its index. MSH gets its separators at once.
  std::size_t add(std::string_view name);
  /// Puts a segment before the one at `index`.
  void insert(std::size_t index, std::string_view name);
  void erase(std::size_t index);

  /// Sets the text at a place, escaped; places before it come into being empty. An unsaid repetition, component or
  /// subcomponent is the first one if more is said below it, else the whole is replaced. MSH-1 and MSH-2 are fixed.
  void set(std::size_t segment, const Position& at, std::string_view text);
  /// The same with ER7 as it is: separators in `raw` separate, `""` is the explicit null.
  void set_raw(std::size_t segment, const Position& at, std::string_view raw);
  /// The same by path. A segment that is not there yet is appended if it is the next of its name. hl7v2.path when it is
  /// not, and for a malformed path.
  Result<void> set(std::string_view path, std::string_view text);

  std::string_view raw(std::size_t segment, const Position& at) const;
  /// Every segment ends with CR; empty fields at a segment's end are left out.
  std::string encode() const;

 private:
  struct Made {
    std::string name;
    std::vector<std::string> fields;  // [0] is field 1
  };
  Separators separators_;
  std::vector<Made> segments_;
};

}  // namespace adapters::hl7v2
