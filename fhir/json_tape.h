// How a parsed document lies in memory: private to json*.cpp, and to xml_reader.cpp, which makes one of XML.
#pragma once
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"

namespace fhir {

struct JsonNode {
  std::uint32_t a = 0;       // text: offset of its first byte;  container: number of children
  std::uint32_t b = 0;       // text: length in bytes;           container: the node after its last descendant
  std::uint32_t source = 0;  // offset of the value's first character (a string's opening quote)
  JsonKind kind = JsonKind::absent;
  bool decoded = false;  // the text was written with escapes: it lies in JsonTape::decoded
};
static_assert(sizeof(JsonNode) == 16);

inline bool is_container(JsonKind kind) { return kind == JsonKind::object || kind == JsonKind::array; }

/// The nodes in document order: a container, then its children; in objects a string node with the name before each
/// value.
struct JsonTape {
  std::string source;   // as received
  std::string decoded;  // the strings that were written with escapes
  std::vector<JsonNode> nodes;

  std::string_view text(const JsonNode& node) const {
    return {(node.decoded ? decoded : source).data() + node.a, node.b};
  }
  std::uint32_t after(std::uint32_t index) const {
    const JsonNode& node = nodes[index];
    return is_container(node.kind) ? node.b : index + 1;
  }
  static Json document(std::unique_ptr<JsonTape> tape) { return Json(std::move(tape)); }
};

TextPlace place_in(std::string_view text, std::size_t offset);

/// How many bytes from the start need no escape in a JSON string: no control character, quote or backslash. Eight at a
/// time: subtracting sets the high bit of the bytes looked for, and perhaps of some behind the first, but never before.
inline std::size_t plain_prefix(const char* begin, const char* end) {
  static_assert(std::endian::native == std::endian::little);
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7;
  const auto zero_bytes = [](std::uint64_t w) { return (w - kOnes) & ~w; };
  const char* at = begin;
  for (; end - at >= 8; at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    const std::uint64_t control = (word - kOnes * 0x20) & ~word;
    const std::uint64_t found =
        (control | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'))) & kHigh;
    if (found != 0) return static_cast<std::size_t>(at - begin) + static_cast<std::size_t>(std::countr_zero(found)) / 8;
  }
  while (at < end && static_cast<unsigned char>(*at) >= 0x20 && *at != '"' && *at != '\\') ++at;
  return static_cast<std::size_t>(at - begin);
}

}  // namespace fhir
