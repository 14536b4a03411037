// The layout of a definition pack: what the compiler writes and the reader maps. Plain structures in the byte order of
// the machine that built it, everything addressed by offset, nothing to parse. kVersion changes with any of them.
#pragma once
#include <array>
#include <cstdint>

namespace fhir::pack {

inline constexpr std::array<char, 8> kMagic = {'C', 'W', 'D', 'E', 'F', 'S', '\r', '\n'};
inline constexpr std::uint32_t kVersion = 2;
inline constexpr std::size_t kAlignment = 16;

struct Text {  // bytes of the text section
  std::uint32_t offset = 0, length = 0;
  bool operator==(const Text&) const = default;
};

struct Range {  // items of another section
  std::uint32_t first = 0, count = 0;
};

struct Section {  // in bytes from the start of the pack; `count` items
  std::uint32_t offset = 0, count = 0;
};

struct Type {  // sorted by name
  Text name, base;
  Range elements, constraints;
  std::uint8_t kind = 0, abstract = 0;
  std::uint16_t unused = 0;
};

enum ElementFlag : std::uint8_t { kChoice = 1, kSummary = 2, kModifier = 4 };

struct Element {
  Text name, path;
  Range types, targets;  // of lists
  Range constraints;
  Text binding_strength, binding_value_set;
  std::uint16_t min = 0, max = 0;
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 3> unused = {};
};

struct Constraint {
  Text key, human, expression;
  std::uint8_t error = 0;
  std::array<std::uint8_t, 3> unused = {};
};

struct ValueSet {  // sorted by url
  Text url;
  Range codes;
};

struct Code {  // sorted by code, then system, within its value set
  Text code, system;
};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion, size = 0;  // size of the whole pack in bytes
  Section types, elements, constraints, lists, value_sets, codes, texts;
};

}  // namespace fhir::pack
