// Escape sequences of ER7 (HL7 v2 chapter 2, §2.7).
#include <algorithm>
#include <charconv>
#include <iterator>
#include <utility>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"

namespace adapters::hl7v2 {

namespace {

constexpr std::string_view kHex = "0123456789ABCDEF";

std::optional<std::string> from_hex(std::string_view digits) {
  if (digits.empty() || digits.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < digits.size(); i += 2) {
    unsigned byte = 0;
    const auto [end, error] = std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    if (error != std::errc() || end != digits.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

/// Would FHIR, XML and a log carry it?
bool is_printable(std::string_view text) {
  for (char c : text) {
    if (c >= '\0' && c < ' ' && c != '\t' && c != '\r' && c != '\n') return false;
  }
  return is_valid_utf8(text);
}

std::optional<std::string> separator_for(char letter, const Separators& by) {
  switch (letter) {
    case 'F': return std::string(1, by.field);
    case 'S': return std::string(1, by.component);
    case 'T': return std::string(1, by.subcomponent);
    case 'R': return std::string(1, by.repetition);
    case 'E': return std::string(1, by.escape);
    case 'P': return by.truncation == '\0' ? std::nullopt : std::optional(std::string(1, by.truncation));
    case 'H':
    case 'N': return std::string();
    default: return std::nullopt;
  }
}

/// `.sp`, `.sp3`, `.sp+3`: how often; nothing when malformed or more than a person would type.
std::optional<std::size_t> count_of(std::string_view digits) {
  if (digits.empty()) return 1;
  if (digits.starts_with('+')) digits.remove_prefix(1);
  std::size_t count = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), count);
  if (error != std::errc() || end != digits.data() + digits.size() || count > 20) return std::nullopt;
  return count;
}

bool is_signed_number(std::string_view text) {
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

std::optional<std::string> layout(std::string_view command) {
  if (command == "br" || command == "ce") return "\n";
  if (command == "fi" || command == "nf") return "";
  if ((command.starts_with("in") || command.starts_with("ti")) && is_signed_number(command.substr(2))) return "";
  const bool lines = command.starts_with("sp");
  if (!lines && !command.starts_with("sk")) return std::nullopt;
  const auto count = count_of(command.substr(2));
  if (!count) return std::nullopt;
  return std::string(*count, lines ? '\n' : ' ');
}

/// What the sequence between two escape characters means; nothing if it is none.
std::optional<std::string> meaning(std::string_view sequence, const Separators& by) {
  if (sequence.size() == 1) return separator_for(sequence[0], by);
  if (sequence.starts_with('.')) return layout(sequence.substr(1));
  if (!sequence.starts_with('X')) return std::nullopt;
  auto bytes = from_hex(sequence.substr(1));
  return bytes && is_printable(*bytes) ? bytes : std::nullopt;
}

/// \C..\ and \M..\ name the set of the characters behind them by the bytes of its ISO 2022 escape sequence. Which ones
/// HL7 table 0211 knows: ASCII and JIS X 0201 of one byte, JIS X 0208 and 0212 of more.
std::optional<std::string> character_set(std::string_view sequence) {
  constexpr std::string_view kSingle[] = {"C2842", "C284A", "C2849"};
  constexpr std::string_view kMulti[] = {"M2440", "M2442", "M242844"};
  if (std::ranges::find(kSingle, sequence) == std::end(kSingle) &&
      std::ranges::find(kMulti, sequence) == std::end(kMulti)) {
    return std::nullopt;
  }
  return "\x1B" + from_hex(sequence.substr(1)).value_or("");
}

/// Text whose character set changes on the way. What cannot be read in its set stays as it stands, with its \M..\.
class Run {
 public:
  Run(std::string& text, std::string_view sequence, std::string set, const Separators& by)
      : text_(text), begin_(text.size()), set_(std::move(set)), as_it_was_(sequence.size() + 2, by.escape) {
    as_it_was_.replace(1, sequence.size(), sequence);
  }

  /// What was added to the text since the set was named is read in it.
  void end() const {
    const std::string_view raw = std::string_view(text_).substr(begin_);
    const auto read = decode(set_ + std::string(raw) + "\x1B(B", Charset::iso_2022_jp);
    if (read) {
      text_.replace(begin_, std::string::npos, *read);
    } else {
      text_.insert(begin_, as_it_was_);
    }
  }

 private:
  std::string& text_;
  std::size_t begin_;
  std::string set_, as_it_was_;
};

/// \C..\ and \M..\ of other sets, \Z..\, and \X..\ that is no text: well-formed, and not ours to resolve.
bool is_opaque(std::string_view sequence) {
  if (sequence.size() < 2) return false;
  if (sequence[0] == 'Z') return sequence.find_first_of(" :/") == std::string_view::npos;
  return (sequence[0] == 'X' || sequence[0] == 'C' || sequence[0] == 'M') && from_hex(sequence.substr(1)).has_value();
}

/// \X..\ sequences that follow each other: where they end, and their bytes. None when the first is none.
struct HexRun {
  std::size_t end = 0;
  std::string bytes;
};
HexRun hex_run(std::string_view text, std::size_t at, char escape) {
  HexRun run{at, {}};
  while (run.end + 1 < text.size() && text[run.end] == escape && text[run.end + 1] == 'X') {
    const std::size_t close = text.find_first_not_of("0123456789ABCDEFabcdef", run.end + 2);
    if (close == std::string_view::npos || text[close] != escape) break;
    const auto bytes = from_hex(text.substr(run.end + 2, close - run.end - 2));
    if (!bytes) break;
    run.bytes += *bytes;
    run.end = close + 1;
  }
  return run;
}

/// Those that are no ASCII, or shift to another set (ISO 2022).
bool stands_for_characters(std::string_view bytes) {
  return std::ranges::any_of(bytes, [](char c) { return c < 0 || c == '\x1B'; });
}

std::string to_hex(std::string_view bytes) {
  std::string digits;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (digits += kHex[byte >> 4]) += kHex[byte & 15];
  }
  return digits;
}

std::string sequence(const Separators& by, std::string_view body) { return by.escape + std::string(body) + by.escape; }

char letter_for(char c, const Separators& by) {
  if (c == by.field) return 'F';
  if (c == by.component) return 'S';
  if (c == by.subcomponent) return 'T';
  if (c == by.repetition) return 'R';
  if (c == by.escape) return 'E';
  return c == by.truncation ? 'P' : '\0';  // a control character never gets here
}

/// Behind the sequence that begins here; behind its first character when it is none.
std::size_t behind_escape(std::string_view text, std::size_t at, const Separators& by) {
  const std::size_t close = text.find(by.escape, at + 1);
  if (close == std::string_view::npos) return at + 1;
  const std::string_view body = text.substr(at + 1, close - at - 1);
  return meaning(body, by) || character_set(body) || is_opaque(body) ? close + 1 : at + 1;
}

}  // namespace

std::string unescape(std::string_view raw, const Separators& by) {
  if (!raw.contains(by.escape)) return std::string(raw);
  std::string text;
  std::optional<Run> run;
  while (!raw.empty()) {
    const std::size_t open = raw.find(by.escape);
    text += raw.substr(0, open);
    if (open == std::string_view::npos) break;
    raw.remove_prefix(open);
    const std::size_t close = raw.find(by.escape, 1);
    const std::string_view body = close == std::string_view::npos ? std::string_view{} : raw.substr(1, close - 1);
    if (auto resolved = meaning(body, by)) {
      text += *resolved;
      raw.remove_prefix(close + 1);
    } else if (auto set = character_set(body)) {
      if (run) run->end();
      run.emplace(text, body, *std::move(set), by);
      raw.remove_prefix(close + 1);
    } else {
      const std::size_t as_it_is = is_opaque(body) ? close + 1 : 1;
      text += raw.substr(0, as_it_is);
      raw.remove_prefix(as_it_is);
    }
  }
  if (run) run->end();
  return text;
}

std::string hex_to_utf8(std::string message, Charset charset) {
  const auto by = read_separators(message);
  if (!by) return message;
  std::string text;
  std::size_t from = 0, at = message.find(by->escape);
  for (; at != std::string::npos; at = message.find(by->escape, at)) {
    const HexRun run = hex_run(message, at, by->escape);
    const auto read = stands_for_characters(run.bytes) ? decode_piece(run.bytes, charset) : Result<std::string>("");
    if (read && !read->empty()) {
      text.append(message, from, at - from) += sequence(*by, "X" + to_hex(*read));
      from = run.end;
    }
    at = run.end > at ? run.end : behind_escape(message, at, *by);
  }
  if (from == 0) return message;
  return text.append(message, from);
}

std::string escape(std::string_view text, const Separators& by) {
  if (is_null(text)) return '"' + sequence(by, "X22");  // two quotes alone would delete
  std::string raw;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool control = (c >= '\0' && c < ' ' && c != '\t') || c == '\x7F';
    const char letter = control ? '\0' : letter_for(c, by);
    if (!control && letter == '\0') {
      raw += c;
    } else if (letter != '\0') {
      raw += sequence(by, std::string_view(&letter, 1));
    } else if (c == '\r' || c == '\n') {
      if (c == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
      raw += sequence(by, ".br");
    } else {
      raw += sequence(by, "X" + to_hex(std::string_view(&c, 1)));
    }
  }
  return raw;
}

}  // namespace adapters::hl7v2
