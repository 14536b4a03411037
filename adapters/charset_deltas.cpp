#include "adapters/charset_deltas.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace adapters {

namespace {

/// A character that a table has in private use (or under another name), and what it really is.
struct Delta {
  char16_t table;
  char32_t real;
  char16_t mark = 0;  // a combining mark behind `real`
};

// GB 18030-2022, the 18 codes A6D9-A6DF, A6EC, A6ED, A6F3 and FE59, FE61, FE66, FE67, FE6D, FE7E, FE90, FEA0: private
// use before it, these characters since. The editions before it have the characters at four-byte codes.
constexpr std::array<Delta, 18> kGbSince2022{{
    {0xE78D, 0xFE10},
    {0xE78E, 0xFE12},
    {0xE78F, 0xFE11},
    {0xE790, 0xFE13},
    {0xE791, 0xFE14},
    {0xE792, 0xFE15},
    {0xE793, 0xFE16},
    {0xE794, 0xFE17},
    {0xE795, 0xFE18},
    {0xE796, 0xFE19},
    {0xE81E, 0x9FB4},
    {0xE826, 0x9FB5},
    {0xE82B, 0x9FB6},
    {0xE82C, 0x9FB7},
    {0xE832, 0x9FB8},
    {0xE843, 0x9FB9},
    {0xE854, 0x9FBA},
    {0xE864, 0x9FBB},
}};

// FE51, FE52, FE53, FE6C, FE76, FE91: every edition prints the glyph of these characters there, none maps them; as
// Unicode they have four-byte codes in all editions.
constexpr std::array<Delta, 6> kGbPrinted{{
    {0xE816, 0x20087},
    {0xE817, 0x20089},
    {0xE818, 0x200CC},
    {0xE831, 0x215D7},
    {0xE83B, 0x2298F},
    {0xE855, 0x241FE},
}};

// GB 18030-2005 exchanged the codes A8BC and 8135F437: the character stands at the shorter one since.
constexpr std::array<Delta, 1> kGbSince2005{{{0xE7C7, 0x1E3F}}};

// Big5-HKSCS: what came into Unicode after HKSCS-2001 (in Unicode 4.1, or as two characters) and is private use in ICU.
constexpr std::array<Delta, 36> kHkscs{{
    {0xF303, 0x31C0}, {0xF304, 0x31C1},       {0xF305, 0x31C2},       {0xF306, 0x31C3},       {0xF307, 0x31C4},
    {0xF309, 0x31C5}, {0xF30C, 0x31C6},       {0xF30D, 0x31C7},       {0xF310, 0x31C8},       {0xF312, 0x31C9},
    {0xF313, 0x31CA}, {0xF314, 0x31CB},       {0xF315, 0x31CC},       {0xF317, 0x31CD},       {0xF318, 0x31CE},
    {0xF7E5, 0x31CF}, {0xF325, 0xCA, 0x0304}, {0xF327, 0xCA, 0x030C}, {0xF344, 0xEA, 0x0304}, {0xF346, 0xEA, 0x030C},
    {0xF34A, 0x23DA}, {0xF34B, 0x23DB},       {0xF57A, 0x9FA6},       {0xF5A4, 0x9FA7},       {0xF5AB, 0x9FA8},
    {0xF5CC, 0x9FA9}, {0xF5CE, 0x9FAA},       {0xF5D0, 0x9FAB},       {0xF5D5, 0x9FAC},       {0xF5EC, 0x9FAD},
    {0xF5ED, 0x9FAE}, {0xF5EF, 0x9FAF},       {0xF7EB, 0x9FB0},       {0xF7ED, 0x9FB1},       {0xF602, 0x9FB2},
    {0xF61C, 0x9FB3},
}};

// JIS X 0208 and Microsoft read seven codes differently (8160 is WAVE DASH, or FULLWIDTH TILDE): decoding gives
// Microsoft's reading, and the code is written for either.
constexpr std::array<Delta, 7> kJisReadings{{
    {0xFF5E, 0x301C},
    {0x2225, 0x2016},
    {0xFF0D, 0x2212},
    {0x2015, 0x2014},
    {0xFFE0, 0xA2},
    {0xFFE1, 0xA3},
    {0xFFE2, 0xAC},
}};

bool is_lead(char16_t c) { return c >= 0xD800 && c <= 0xDBFF; }
bool is_trail(char16_t c) { return c >= 0xDC00 && c <= 0xDFFF; }

/// The character at `at`, which moves behind it.
char32_t next(std::u16string_view text, std::size_t& at) {
  const char16_t unit = text[at++];
  if (!is_lead(unit) || at == text.size() || !is_trail(text[at])) return unit;
  return 0x10000u + ((static_cast<char32_t>(unit) - 0xD800u) << 10) + (static_cast<char32_t>(text[at++]) - 0xDC00u);
}

void append(std::u16string& text, char32_t c) {
  if (c > 0xFFFF) {
    text += static_cast<char16_t>(0xD7C0u + (c >> 10));
    text += static_cast<char16_t>(0xDC00u + (c & 0x3FFu));
  } else {
    text += static_cast<char16_t>(c);
  }
}

template <std::size_t N>
std::u16string to_real(std::u16string text, const std::array<Delta, N>& deltas) {
  const auto known = [&](char16_t c) { return std::ranges::find(deltas, c, &Delta::table); };
  const auto is_private = [](char16_t c) { return c >= 0xE000 && c <= 0xF8FF; };
  if (std::ranges::none_of(text, is_private)) return text;
  std::u16string real;
  real.reserve(text.size() + 4);
  for (const char16_t c : text) {
    const auto* delta = is_private(c) ? known(c) : deltas.end();
    append(real, delta == deltas.end() ? c : delta->real);
    if (delta != deltas.end() && delta->mark != 0) real += delta->mark;
  }
  return real;
}

template <std::size_t N>
std::u16string to_table(const std::u16string& text, const std::array<Delta, N>& deltas) {
  const auto [lowest, highest] = std::ranges::minmax(deltas, {}, &Delta::real);
  std::u16string table;
  table.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const char32_t c = next(text, at);
    const char16_t mark = at < text.size() ? text[at] : u'\0';
    const auto means = [&](const Delta& one) { return one.real == c && (one.mark == 0 || one.mark == mark); };
    const bool near = c >= lowest.real && c <= highest.real;  // hardly any character is
    const auto* delta = near ? std::ranges::find_if(deltas, means) : deltas.end();
    append(table, delta == deltas.end() ? c : delta->table);
    if (delta != deltas.end() && delta->mark != 0) ++at;
  }
  return table;
}

}  // namespace

std::u16string made_real(std::u16string text, Charset charset) {
  using enum Charset;
  switch (charset) {
    case gbk:
    case gb18030:
    case gb18030_2000:
    case gb18030_2005:
    case gb18030_2022:
      text = to_real(std::move(text), kGbSince2022);
      text = to_real(std::move(text), kGbPrinted);
      return to_real(std::move(text), kGbSince2005);
    case big5_hkscs: return to_real(std::move(text), kHkscs);
    default: return text;
  }
}

std::u16string as_in_table(std::u16string text, Charset charset) {
  using enum Charset;
  switch (charset) {
    case gb18030: return to_table(to_table(text, kGbSince2022), kGbPrinted);
    case gb18030_2000: return to_table(text, kGbSince2005);
    case gb18030_2022: return to_table(text, kGbSince2022);
    case big5_hkscs: return to_table(text, kHkscs);
    case shift_jis:
    case iso_2022_jp: return to_table(text, kJisReadings);
    default: return text;
  }
}

}  // namespace adapters
