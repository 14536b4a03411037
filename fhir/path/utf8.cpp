#include "fhir/path/utf8.h"

#include <array>

namespace fhir::path {
namespace {

bool is_character(std::uint32_t c) { return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff); }

}  // namespace

Character decode_character(std::string_view text) {
  const auto byte = [&](std::size_t n) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[n])); };
  if (text.empty()) return {};
  const std::uint32_t lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {};
  std::uint32_t value = lead & (0x7fu >> length);
  for (std::size_t n = 1; n < length; ++n) {
    if ((byte(n) & 0xc0u) != 0x80u) return {};
    value = (value << 6) | (byte(n) & 0x3fu);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  return value < kSmallest[length] || !is_character(value) ? Character{} : Character{value, length};
}

bool append_character(std::string& out, std::uint32_t c) {
  if (!is_character(c)) return false;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  const auto rest = [&](unsigned shift) { put(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xc0 | (c >> 6)), rest(0);
  } else if (c < 0x10000) {
    put(0xe0 | (c >> 12)), rest(6), rest(0);
  } else {
    put(0xf0 | (c >> 18)), rest(12), rest(6), rest(0);
  }
  return true;
}

bool is_utf8(std::string_view bytes) {
  while (!bytes.empty()) {
    const std::size_t length = decode_character(bytes).length;
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace fhir::path
