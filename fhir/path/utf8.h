// Characters of UTF-8 text: what length(), substring() and indexOf() count. Pure; those that take text (not bytes) rely
// on its being valid.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fhir::path {

inline bool begins_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0u) != 0x80u; }

inline std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

/// Bytes before the n-th character; the size of the text when it has fewer.
inline std::size_t offset_of_character(std::string_view text, std::size_t n) {
  std::size_t at = 0;
  for (; at < text.size(); ++at) {
    if (begins_character(text[at]) && n-- == 0) return at;
  }
  return at;
}

/// Bytes of the character that begins here.
inline std::size_t character_length(std::string_view text) {
  std::size_t n = 1;
  while (n < text.size() && !begins_character(text[n])) ++n;
  return std::min(n, text.size());
}

struct Character {
  std::uint32_t value = 0;
  std::size_t length = 0;  // bytes; 0: no valid UTF-8 here
};

/// The first character of any bytes.
Character decode_character(std::string_view text);
/// False (and nothing appended) when it is no character: a surrogate, or past U+10FFFF.
bool append_character(std::string& out, std::uint32_t character);
bool is_utf8(std::string_view bytes);

}  // namespace fhir::path
