#include "gateway/policy/search.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace gateway::policy {
namespace {

struct Read {
  char32_t point = 0;
  std::size_t size = 1;   // bytes of the source
  bool raw_byte = false;  // `point` is one byte of a longer UTF-8 sequence
};

std::optional<unsigned> number(std::string_view digits, int base) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, base);
  if (error != std::errc{} || end != digits.data() + digits.size() || digits.empty()) return {};
  return value;
}

// &#49; &#x31; and the five of XML, with &nbsp;
std::optional<Read> read_entity(std::string_view text) {
  const auto end = text.substr(0, 12).find(';');
  if (!text.starts_with('&') || end == std::string_view::npos) return {};
  const std::string_view name = text.substr(1, end - 1);
  if (name.starts_with('#')) {
    const bool hex = name.size() > 1 && (name[1] == 'x' || name[1] == 'X');
    const auto value = hex ? number(name.substr(2), 16) : number(name.substr(1), 10);
    if (!value || *value > 0x10ffff) return {};
    return Read{*value, end + 1};
  }
  static constexpr std::array<std::pair<std::string_view, char32_t>, 6> kNames = {
      {{"amp", U'&'}, {"lt", U'<'}, {"gt", U'>'}, {"quot", U'"'}, {"apos", U'\''}, {"nbsp", 0xa0}}};
  for (const auto& [known, point] : kNames) {
    if (name == known) return Read{point, end + 1};
  }
  return {};
}

std::optional<Read> read_percent(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return {};
  const auto value = number(text.substr(1, 2), 16);
  if (!value) return {};
  return Read{*value, 3, *value >= 0x80};
}

// The JSON reader has let only valid UTF-8 in; a stray byte would stand for itself.
Read read_point(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (lead < 0x80) return {lead, 1};
  if (lead < 0xc0 || size > text.size()) return {lead, 1, true};
  char32_t point = lead & (0x7fu >> size);
  for (std::size_t i = 1; i < size; ++i) point = (point << 6) | (byte(i) & 0x3fu);
  return {point, size};
}

bool is_invisible(char32_t c) {
  return c == 0xad || (c >= 0x200b && c <= 0x200f) || (c >= 0x202a && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069) ||
         c == 0xfeff || (c >= 0xfe00 && c <= 0xfe0f);
}

char32_t narrow(char32_t c) {
  if (c >= 0xff01 && c <= 0xff5e) return c - 0xfee0;  // full-width forms
  if (c == 0x3000 || c == 0xa0) return U' ';
  if (c >= 0x660 && c <= 0x669) return c - 0x660 + U'0';  // Arabic-Indic digits
  if (c >= 0x6f0 && c <= 0x6f9) return c - 0x6f0 + U'0';
  if (c >= 0x1d7ce && c <= 0x1d7ff) return (c - 0x1d7ce) % 10 + U'0';  // mathematical digits
  if (c >= 0x2010 && c <= 0x2015) return U'-';
  return c;
}

bool is_separator(char32_t c) { return c < 0x80 && !is_ascii_alnum(static_cast<char>(c)); }

void append_utf8(std::string& out, char32_t c) {
  const auto push = [&out](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (c < 0x80) return push(c);
  if (c < 0x800) return push(0xc0 | (c >> 6)), push(0x80 | (c & 0x3f));
  if (c < 0x10000) return push(0xe0 | (c >> 12)), push(0x80 | ((c >> 6) & 0x3f)), push(0x80 | (c & 0x3f));
  push(0xf0 | (c >> 18)), push(0x80 | ((c >> 12) & 0x3f)), push(0x80 | ((c >> 6) & 0x3f)), push(0x80 | (c & 0x3f));
}

void add(Seen& seen, const Read& read, Span from, const Look& look) {
  const std::size_t before = seen.text.size();
  if (read.raw_byte) {
    seen.text += static_cast<char>(static_cast<unsigned char>(read.point));
  } else {
    char32_t c = narrow(read.point);
    if (is_invisible(c) || (look.compact && is_separator(c))) return;
    if (look.fold_case && c >= U'A' && c <= U'Z') c += U'a' - U'A';
    append_utf8(seen.text, c);
  }
  seen.from.resize(seen.from.size() + seen.text.size() - before, from);
}

bool ends_line(std::string_view tag) {
  static constexpr std::array<std::string_view, 14> kBlocks = {"p",     "div", "br", "li", "ul", "ol", "tr",
                                                               "table", "h1",  "h2", "h3", "h4", "h5", "h6"};
  tag = tag.substr(tag.starts_with('/') ? 1 : 0);
  const std::string_view name = tag.substr(0, tag.find_first_of(" \t\r\n/>"));
  return std::ranges::find(kBlocks, name) != kBlocks.end();
}

// The length of the tag or comment that begins here; 0 when it is none, or never ends.
std::size_t tag_size(std::string_view text) {
  const bool opens =
      text.size() > 1 && (is_ascii_letter(text[1]) || text[1] == '/' || text[1] == '!' || text[1] == '?');
  if (!text.starts_with('<') || !opens) return 0;
  const std::string_view closing = text.starts_with("<!--") ? "-->" : ">";
  const auto end = text.find(closing);
  return end == std::string_view::npos ? 0 : end + closing.size();
}

Read read(std::string_view text) {
  if (const auto entity = read_entity(text)) return *entity;
  if (const auto percent = read_percent(text)) return *percent;
  return read_point(text);
}

std::uint64_t start_key(std::string_view text) {
  std::uint64_t key = 0;
  for (std::size_t i = 0; i < Needles::kShortest; ++i) key = (key << 8) | static_cast<unsigned char>(text[i]);
  return key;
}

bool stands_alone(std::string_view text, std::size_t begin, std::size_t end) {
  const bool before = begin > 0 && is_ascii_alnum(text[begin - 1]);
  const bool after = end < text.size() && is_ascii_alnum(text[end]);
  return !before && !after;
}

}  // namespace

bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
bool is_ascii_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Seen look_at(std::string_view source, const Look& look) {
  Seen seen;
  seen.text.reserve(source.size());
  seen.from.reserve(source.size());
  for (std::size_t at = 0; at < source.size();) {
    const std::string_view rest = source.substr(at);
    if (const std::size_t tag = look.skip_tags ? tag_size(rest) : 0; tag > 0) {
      if (ends_line(rest.substr(1, tag - 1))) add(seen, {U'\n'}, {at, at}, look);
      at += tag;
      continue;
    }
    const Read next = read(rest);
    add(seen, next, {at, at + next.size}, look);
    at += next.size;
  }
  return seen;
}

std::vector<Span> Seen::source(std::size_t begin, std::size_t end, std::string_view source) const {
  std::vector<Span> pieces;
  for (std::size_t i = begin; i < end; ++i) {
    if (from[i].begin == from[i].end) continue;
    const bool joins =
        !pieces.empty() &&
        source.substr(pieces.back().end, from[i].begin - std::min(pieces.back().end, from[i].begin)).find('<') ==
            std::string_view::npos;
    if (joins)
      pieces.back().end = std::max(pieces.back().end, from[i].end);
    else
      pieces.push_back(from[i]);
  }
  return pieces;
}

std::string fold(std::string_view value, bool compact) { return look_at(value, {true, compact, false}).text; }

bool Needles::add(std::string folded, bool word) {
  if (folded.size() < kShortest) return false;
  const std::uint64_t key = start_key(folded);
  const auto [first, last] = by_start_.equal_range(key);
  const bool known = std::any_of(first, last, [&](const auto& entry) {
    return needles_[entry.second].text == folded && needles_[entry.second].word <= word;
  });
  if (known) return true;
  by_start_.emplace(key, needles_.size());
  needles_.push_back({std::move(folded), word});
  return true;
}

void Needles::find(std::string_view text, const std::function<void(std::size_t, std::size_t)>& found) const {
  if (needles_.empty()) return;
  for (std::size_t at = 0; at + kShortest <= text.size(); ++at) {
    const auto [first, last] = by_start_.equal_range(start_key(text.substr(at)));
    for (auto it = first; it != last; ++it) {
      const Needle& needle = needles_[it->second];
      if (!text.substr(at).starts_with(needle.text)) continue;
      if (!needle.word || stands_alone(text, at, at + needle.text.size())) found(at, at + needle.text.size());
    }
  }
}

std::string replace(std::string_view source, std::vector<Span> spans, std::string_view mark) {
  std::ranges::sort(spans, {}, &Span::begin);
  std::string out;
  std::size_t done = 0;
  bool marked = false;
  for (const Span& span : spans) {
    if (span.begin > done) marked = false;
    if (span.begin > done) out += source.substr(done, span.begin - done);
    if (!marked) out += mark;
    marked = true;
    done = std::max(done, span.end);
  }
  return out += source.substr(done);
}

}  // namespace gateway::policy
