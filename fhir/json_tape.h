// How a parsed document lies in memory: private to json*.cpp, to xml_reader.cpp, which makes one of XML, and to
// path/trail.cpp, which goes through one as fast as can be.
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
  bool mark = false;  // text: written with escapes, lies in JsonTape::decoded;  object: no primitive has a twin
  std::uint16_t digest =
      0;  // of a member's name: key_digest();  of an object: names_bit() of every name.  0: not known
};
static_assert(sizeof(JsonNode) == 16);

/// `a == b`, without a call for the few bytes that names have: words that overlap.
inline bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto same = [&]<class Word>(Word, std::size_t at) {
    Word left = 0, right = 0;
    std::memcpy(&left, a.data() + at, sizeof(Word));
    std::memcpy(&right, b.data() + at, sizeof(Word));
    return left == right;
  };
  if (a.size() > 16 || a.empty()) return a == b;
  if (a.size() >= 8) return same(std::uint64_t{}, 0) && same(std::uint64_t{}, a.size() - 8);
  if (a.size() >= 4) return same(std::uint32_t{}, 0) && same(std::uint32_t{}, a.size() - 4);
  return a.front() == b.front() && a.back() == b.back() && a[a.size() / 2] == b[a.size() / 2];
}

/// What most names differ in, so that looking for one reads the nodes and not the text behind them. Never 0.
inline std::uint16_t key_digest(std::string_view key) {
  if (key.empty()) return 1;
  const auto byte = [&](std::size_t n) { return static_cast<unsigned>(static_cast<unsigned char>(key[n])); };
  const unsigned ends = byte(0) * 31u + byte(key.size() - 1);
  const unsigned mixed = ends * 131u + byte(key.size() / 2) * 7u + static_cast<unsigned>(key.size()) * 4099u;
  return static_cast<std::uint16_t>(mixed | 1u);
}

/// One of the bits that tell for most names that an object has none such, without a look at its members.
inline std::uint16_t names_bit(std::uint16_t digest) {
  return static_cast<std::uint16_t>(1u << ((digest >> 1u) & 15u));
}

inline bool is_container(JsonKind kind) { return kind == JsonKind::object || kind == JsonKind::array; }

/// The nodes in document order: a container, then its children; in objects a string node with the name before each
/// value.
struct JsonTape {
  std::string source;   // as received
  std::string decoded;  // the strings that were written with escapes
  std::vector<JsonNode> nodes;

  std::string_view text(const JsonNode& node) const { return {(node.mark ? decoded : source).data() + node.a, node.b}; }
  bool is_named(const JsonNode& name, std::string_view key, std::uint16_t digest) const {
    return (name.digest == digest || name.digest == 0) && same_text(text(name), key);
  }
  /// False: the object has no member whose name has that bit.
  static bool may_have(const JsonNode& object, std::uint16_t bit) {
    return (object.digest & bit) != 0 || object.digest == 0;
  }
  std::uint32_t after(std::uint32_t index) const {
    const JsonNode& node = nodes[index];
    return is_container(node.kind) ? node.b : index + 1;
  }
  /// The member's value in the object at `index`, or kNone.
  std::uint32_t find(std::uint32_t index, const JsonKey& key) const {
    const JsonNode& object = nodes[index];
    if (!may_have(object, key.bit_)) return kNone;
    for (std::uint32_t name = index + 1; name < object.b; name = after(name + 1))
      if (is_named(nodes[name], key.text(), key.digest_)) return name + 1;
    return kNone;
  }

  static constexpr std::uint32_t kNone = 0;  // the root is nobody's member
  JsonView view(std::uint32_t index) const { return {this, index}; }
  JsonView view_of_found(std::uint32_t index) const { return index == kNone ? JsonView() : view(index); }
  /// Of a found one: kNone is absent.
  JsonKind kind_of_found(std::uint32_t index) const { return index == kNone ? JsonKind::absent : nodes[index].kind; }
  static const JsonTape* of(JsonView view) { return view.tape_; }
  static std::uint32_t index_of(JsonView view) { return view.node_; }
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
