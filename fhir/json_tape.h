// How a parsed document lies in memory: private to json*.cpp, to xml_reader.cpp, which makes one of XML, and to
// path/trail.cpp, path/shortcut.cpp and path/navigate.cpp, which go through one as fast as can be.
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

/// Up to eight bytes as a number; they overlap, or repeat, where there are fewer.
inline std::uint64_t word_of(const char* text, std::size_t size) {
  if (size >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text, 8);
    return word;
  }
  const auto byte = [&](std::size_t n) { return std::uint64_t{static_cast<unsigned char>(text[n])}; };
  if (size >= 4) {
    std::uint32_t head = 0, tail = 0;
    std::memcpy(&head, text, 4);
    std::memcpy(&tail, text + size - 4, 4);
    return head | std::uint64_t{tail} << 32u;
  }
  return size == 0 ? 0 : byte(0) | byte(size / 2) << 8u | byte(size - 1) << 16u;
}

/// The last bytes of a text, up to eight.
inline std::uint64_t last_word_of(const char* text, std::size_t size) {
  return size > 8 ? word_of(text + size - 8, 8) : 0;
}

/// `a == b`, without a call for the few bytes that names have.
inline bool same_text(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  if (a.size() > 16) return a == b;
  return word_of(a.data(), a.size()) == word_of(b.data(), b.size()) &&
         last_word_of(a.data(), a.size()) == last_word_of(b.data(), b.size());
}

/// What most names differ in, so that looking for one reads the nodes and not the text behind them. Never 0.
inline std::uint16_t key_digest(std::string_view key) {
  if (key.empty()) return 1;
  const auto byte = [&](std::size_t n) { return static_cast<unsigned>(static_cast<unsigned char>(key[n])); };
  const unsigned ends = byte(0) * 31u + byte(key.size() - 1);
  const unsigned mixed = ends * 131u + byte(key.size() / 2) * 7u + static_cast<unsigned>(key.size()) * 4099u;
  return static_cast<std::uint16_t>(mixed | 1u);
}

/// One of the bits that tell for most names that an object has none such, without a look at its members. The factor
/// sets apart what stands together in R4's objects better than most (measured over the official examples).
inline std::uint16_t names_bit(std::uint16_t digest) {
  return static_cast<std::uint16_t>(1u << (((digest * 3405u) >> 12u) & 15u));
}

/// Of two texts of more than 16 bytes: what lies between the first eight and the last.
inline bool same_middle(const char* a, const char* b, std::size_t size) {
  if (size > 32) return std::memcmp(a + 8, b + 8, size - 16) == 0;
  return word_of(a + 8, 8) == word_of(b + 8, 8) && word_of(a + size - 16, 8) == word_of(b + size - 16, 8);
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
  /// The member's value in the object at `index`, or kNone. Inlined where it is called from: it runs a few dozen
  /// instructions at most, and to call it would cost as many again.
  [[gnu::always_inline]] std::uint32_t find(std::uint32_t index, const JsonKey& key) const {
    const JsonNode* const first = nodes.data();
    const JsonNode& object = first[index];
    if (!may_have(object, key.bit_)) return kNone;
    const std::uint16_t known = object.digest == 0 ? 0 : key.digest_;  // what the names' digests are, if any
    const JsonNode* const end = first + object.b;
    for (const JsonNode* name = first + index + 1; name < end;) {
      if (name->digest == known && is(*name, key)) return static_cast<std::uint32_t>(name - first) + 1;
      const JsonNode& value = name[1];
      name = is_container(value.kind) ? first + value.b : name + 2;
    }
    return kNone;
  }
  bool is(const JsonNode& name, const JsonKey& key) const {
    if (name.b != key.size_) return false;
    const char* word = text(name).data();
    if (key.size_ > 16 && !same_middle(word, key.text_, key.size_)) return false;
    return word_of(word, key.size_) == key.head_ && last_word_of(word, key.size_) == key.tail_;
  }

  static constexpr std::uint32_t kNone = 0;  // the root is nobody's member
  JsonView view(std::uint32_t index) const { return {this, index}; }
  JsonView view_of_found(std::uint32_t index) const { return index == kNone ? JsonView() : view(index); }
  /// Of a found one: kNone is absent.
  JsonKind kind_of_found(std::uint32_t index) const { return index == kNone ? JsonKind::absent : nodes[index].kind; }
  /// True for an object whose first member is that resourceType, as resources nearly always are written.
  static bool begins_as(JsonView view, const JsonKey& type) {
    const JsonTape* tape = view.tape_;
    if (tape == nullptr) return false;
    const JsonNode* const object = tape->nodes.data() + view.node_;
    if (object->kind != JsonKind::object || object->a == 0) return false;
    const JsonNode& name = object[1];
    const JsonNode& value = object[2];
    return tape->text(name) == "resourceType" && value.kind == JsonKind::string && tape->is(value, type);
  }
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
