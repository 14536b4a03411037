// Every charset, in one place: bytes as a hospital sends them to UTF-8 and back (charset.cpp alone knows ICU here).
//
// The charset of an endpoint is configuration and is never guessed: Big5 decodes as GB18030 without an error, and
// everything decodes as Latin-1. What cannot be decoded is an error that names the byte, never a replacement character.
// Decode before splitting: second bytes of GBK, Big5 and Shift_JIS hit `|`, `^`, `~` and `\`.
//
// Private use: tables before GB18030-2022 put 24 characters of that standard into Unicode's private-use area, where the
// next system shows a blank. Decoding maps them to their real characters, whichever edition wrote them. What is written
// for them depends on the edition that the receiver's tables have (`gb18030_2000`, `_2005`, `_2022`); plain `gb18030`
// writes the two bytes at which every edition of the standard prints the character, so that what was read at those two
// bytes is written as it came. The same goes for 36 characters of Big5-HKSCS that ICU has in private use. All other
// private-use characters are kept as they are in both directions, and `doubts` reports them.
//
// Stateless; any thread. Nothing here throws.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/result.h"

namespace adapters {

using fhir::Result;

enum class Charset : std::uint8_t {
  ascii,
  latin1,
  windows_1252,
  utf8,
  gbk,
  gb18030,       // of any edition, see below
  gb18030_2000,  // the same to read; writes what tables of that edition read as the character
  gb18030_2005,
  gb18030_2022,
  big5_hkscs,
  shift_jis,
  iso_2022_jp
};

/// By its usual names and those of HL7 table 0211, in any case: "GB 18030-2000", "gbk", "BIG-5", "UNICODE UTF-8",
/// "8859/1", "ISO IR87". Nothing for a name we do not know.
std::optional<Charset> charset_named(std::string_view name);
/// The name for people and configuration: "GB18030", "Big5-HKSCS".
std::string_view to_string(Charset charset);
/// The name for MSH-18 (HL7 table 0211); empty where the table has none.
std::string_view hl7_name(Charset charset);

/// What a message says about its own charset (MSH-18, repetitions included) beside what the endpoint is configured to.
enum class Declared : std::uint8_t { nothing, confirms, contradicts };
Declared declared_charset(std::string_view msh_18, Charset configured);

/// To UTF-8 (of Unicode scalar values). Errors, with "byte N" (from 0) as the place:
///   charset.undecodable    bytes that mean nothing in this charset
///   charset.utf8-tripwire  (needs_person) a GB or Big5 endpoint whose non-ASCII bytes all are valid UTF-8, two
///   characters
///                          or more: the sender changed its charset, and UTF-8 Chinese decodes cleanly as wrong GB18030
Result<std::string> decode(std::string_view bytes, Charset charset);

/// The same for a piece of a text whose charset is certain already: without the tripwire, which a few characters alone
/// may look like.
Result<std::string> decode_piece(std::string_view bytes, Charset charset);

/// From UTF-8. charset.unencodable with "character N" (from 0) when the charset has no such character;
/// charset.undecodable when `utf8` is none.
Result<std::string> encode(std::string_view utf8, Charset charset);

/// A character that lost its meaning on the way here.
struct Doubt {
  enum class Kind : std::uint8_t {
    private_use,    // U+E000-F8FF and planes 15, 16: a glyph only its maker's font knows
    replacement,    // U+FFFD: some system before us could not decode it
    question_mark,  // '?' right beside a Han character: a database before us could not store it
  };
  Kind kind;
  std::size_t offset;  // in bytes of the UTF-8 text
};
/// Meant for names: a report's text may well ask a question, so callers choose which kinds count where.
std::vector<Doubt> doubts(std::string_view utf8);

bool is_valid_utf8(std::string_view text);

}  // namespace adapters
