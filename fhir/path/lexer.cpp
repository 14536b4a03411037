#include "fhir/path/lexer.h"

#include <algorithm>
#include <array>
#include <utility>

#include "fhir/path/utf8.h"

namespace fhir::path {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_word_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_word_part(char c) { return is_word_start(c) || is_digit(c); }

// What is no letter outside ASCII: controls, spaces, punctuation, arrows and symbols, private use, non-characters.
// Blocks instead of a Unicode table: names come from column headings and segment ids, and a stranger fits in backticks.
bool is_letter(std::uint32_t c) {
  constexpr std::array<std::pair<std::uint32_t, std::uint32_t>, 23> kOther = {
      {{0, 0xa9},        {0xab, 0xb4},     {0xb6, 0xb9},     {0xbb, 0xbf},     {0xd7, 0xd7},       {0xf7, 0xf7},
       {0x61c, 0x61c},   {0x1680, 0x1680}, {0x180e, 0x180e}, {0x2000, 0x206f}, {0x20a0, 0x20cf},   {0x2190, 0x2bff},
       {0x2e00, 0x2e7f}, {0x3000, 0x3004}, {0x3008, 0x3020}, {0x3030, 0x3030}, {0xe000, 0xf8ff},   {0xfe00, 0xfe6f},
       {0xff00, 0xff0f}, {0xff1a, 0xff20}, {0xff3b, 0xff65}, {0xffe0, 0xffff}, {0xe0000, 0x10ffff}}};
  return std::ranges::none_of(kOther, [c](const auto& range) { return c >= range.first && c <= range.second; });
}

/// The ASCII character that a full-width one was meant to be, '\0' for any other: the commonest slip of an input
/// method.
char narrow(std::uint32_t c) {
  constexpr std::array<std::pair<std::uint32_t, char>, 6> kQuotes = {
      {{0x2018, '\''}, {0x2019, '\''}, {0x3000, ' '}, {0x3002, '.'}, {0x3010, '['}, {0x3011, ']'}}};
  if (c > 0xff00 && c < 0xff5f) return static_cast<char>(c - 0xff00 + 0x20);
  const auto* found = std::ranges::find(kQuotes, c, &std::pair<std::uint32_t, char>::first);
  return found == kQuotes.end() ? '\0' : found->second;
}

std::string unexpected_character(Character c) {
  if (c.length == 0) return "the expression is not valid UTF-8";
  if (const char meant = narrow(c.value)) return std::string("a full-width character; write '") + meant + "'";
  if (c.value > 0x20 && c.value < 0x7f) return std::string("unexpected '") + static_cast<char>(c.value) + "'";
  return "unexpected character";
}

}  // namespace

Token Lexer::make(Token::Kind kind, std::size_t begin) const {
  return {kind, begin, std::string(text_.substr(begin, at_ - begin))};
}

Token Lexer::error(std::size_t offset, std::string say) const { return {Token::Kind::error, offset, std::move(say)}; }

Token Lexer::next() {
  if (!skip_space_and_comments()) return error(at_, "a comment that begins here has no end");
  if (at_ == text_.size()) return {Token::Kind::end, at_, {}};
  const char c = peek();
  if (is_digit(c)) return number();
  if (c == '\'') return quoted('\'', Token::Kind::string);
  if (c == '`') return quoted('`', Token::Kind::delimited);
  if (c == '@') return moment();
  if (c == '$') return special();
  if (is_word_start(c) || is_letter(decode_character(text_.substr(at_)).value)) return word();
  return symbol();
}

// On failure at_ stays at the comment's first character, so that the caller can point there.
bool Lexer::skip_space_and_comments() {
  while (at_ < text_.size()) {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
      ++at_;
    } else if (c == '/' && peek(1) == '/') {
      at_ = std::min(text_.find_first_of("\r\n", at_), text_.size());
    } else if (c == '/' && peek(1) == '*') {
      const std::size_t close = text_.find("*/", at_ + 2);
      if (close == std::string_view::npos) return false;
      at_ = close + 2;
    } else {
      break;
    }
  }
  return true;
}

Token Lexer::word() {
  const std::size_t begin = at_;
  while (at_ < text_.size()) {
    if (is_word_part(peek())) {
      ++at_;
      continue;
    }
    const Character c = decode_character(text_.substr(at_));
    if (c.length < 2 || !is_letter(c.value)) break;
    at_ += c.length;
  }
  return make(Token::Kind::identifier, begin);
}

Token Lexer::special() {
  const std::size_t begin = at_++;
  while (is_word_part(peek())) ++at_;
  Token token = make(Token::Kind::special, begin);
  const bool known = token.value == "$this" || token.value == "$index" || token.value == "$total";
  return known ? token : error(begin, "expected $this, $index or $total");
}

Token Lexer::number() {
  const std::size_t begin = at_;
  while (is_digit(peek())) ++at_;
  if (peek() != '.' || !is_digit(peek(1))) return make(Token::Kind::integer, begin);
  ++at_;
  while (is_digit(peek())) ++at_;
  return make(Token::Kind::decimal, begin);
}

Token Lexer::quoted(char quote, Token::Kind kind) {
  const std::size_t begin = at_++;
  std::string value;
  while (at_ < text_.size() && peek() != quote) {
    const std::size_t here = at_;
    if (peek() == '\\') {
      if (!escape(value)) return error(here, R"(unknown escape; known are \' \" \` \\ \/ \f \n \r \t \uXXXX)");
      continue;
    }
    const Character c = decode_character(text_.substr(at_));
    if (c.length == 0) return error(here, "the expression is not valid UTF-8");
    value += text_.substr(at_, c.length);
    at_ += c.length;
  }
  if (at_ == text_.size()) return error(begin, "a quote that opens here is never closed");
  ++at_;
  return {kind, begin, std::move(value)};
}

bool Lexer::hex4(std::uint32_t& out) {
  out = 0;
  for (int n = 0; n < 4; ++n, ++at_) {
    const char c = peek();
    const int digit = is_digit(c)            ? c - '0'
                      : c >= 'a' && c <= 'f' ? c - 'a' + 10
                      : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                             : -1;
    if (digit < 0) return false;
    out = out * 16 + static_cast<std::uint32_t>(digit);
  }
  return true;
}

bool Lexer::escape(std::string& out) {
  constexpr std::string_view kFrom = "'\"`\\/fnrt";
  constexpr std::string_view kTo = "'\"`\\/\f\n\r\t";
  ++at_;
  const char c = peek();
  ++at_;
  if (c != 'u') {
    const std::size_t found = c == '\0' ? std::string_view::npos : kFrom.find(c);
    if (found != std::string_view::npos) out.push_back(kTo[found]);
    return found != std::string_view::npos;
  }
  std::uint32_t value = 0;
  if (!hex4(value)) return false;
  if (value >= 0xd800 && value < 0xdc00) {  // the first half of a pair
    std::uint32_t low = 0;
    if (peek() != '\\' || peek(1) != 'u') return false;
    at_ += 2;
    if (!hex4(low) || low < 0xdc00 || low > 0xdfff) return false;
    value = 0x10000 + ((value - 0xd800) << 10) + (low - 0xdc00);
  }
  return append_character(out, value);
}

/// Takes `lead` and so many digits, when all of them are there. '\0' stands for no lead.
bool Lexer::part(char lead, std::size_t digits) {
  const std::size_t first = lead == '\0' ? 0 : 1;
  if (first == 1 && peek() != lead) return false;
  for (std::size_t n = 0; n < digits; ++n)
    if (!is_digit(peek(first + n))) return false;
  at_ += first + digits;
  return true;
}

void Lexer::clock() {
  if (!part('\0', 2) || !part(':', 2) || !part(':', 2) || peek() != '.' || !is_digit(peek(1))) return;
  ++at_;
  while (is_digit(peek())) ++at_;
}

/// False when a zone begins and does not end. "-1" after a time is none: it is subtracted.
bool Lexer::zone() {
  if (peek() == 'Z') return ++at_, true;
  const bool begins = (peek() == '+' || peek() == '-') && is_digit(peek(1)) && is_digit(peek(2)) && peek(3) == ':';
  return !begins || (part(peek(), 2) && part(':', 2));
}

// @2015-02-04T14:34:28.123+10:00, cut off anywhere; @2015T is a dateTime of a year; @T14:34 is a time, without zone.
Token Lexer::moment() {
  const std::size_t begin = at_++;
  const auto taken = [&](Token::Kind kind, std::size_t mark) {
    return Token{kind, begin, std::string(text_.substr(begin + mark, at_ - begin - mark))};
  };
  if (peek() == 'T') {
    ++at_;
    if (!is_digit(peek())) return error(begin, "expected a time, as @T14:30");
    clock();
    return taken(Token::Kind::time, 2);
  }
  if (!part('\0', 4)) return error(begin, "expected a date, as @2015-02-04, or a time, as @T14:30");
  if (part('-', 2)) part('-', 2);
  if (peek() != 'T') return taken(Token::Kind::date, 1);
  ++at_;
  clock();
  if (!zone()) return error(begin, "expected a time zone, as +08:00");
  return taken(Token::Kind::datetime, 1);
}

Token Lexer::symbol() {
  constexpr std::array<std::string_view, 4> kDouble = {"<=", ">=", "!=", "!~"};
  constexpr std::string_view kSingle = ".,()[]{}+-*/&|<>=~%";
  const std::size_t begin = at_;
  for (const std::string_view two : kDouble) {
    if (text_.substr(at_, 2) != two) continue;
    at_ += 2;
    return make(Token::Kind::symbol, begin);
  }
  if (peek() == '\0' || kSingle.find(peek()) == std::string_view::npos) {
    return error(begin, unexpected_character(decode_character(text_.substr(at_))));
  }
  ++at_;
  return make(Token::Kind::symbol, begin);
}

std::string place_of(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t column = 1;
  for (std::size_t n = 0; n < offset && n < text.size(); ++n) {
    if (text[n] == '\n') {
      ++line, column = 1;
    } else if ((static_cast<unsigned char>(text[n]) & 0xc0u) != 0x80u) {
      ++column;
    }
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

}  // namespace fhir::path
