// The layout of a definition pack: what the compiler writes and the reader maps. Plain structures in the byte order of
// the machine that built it, everything addressed by offset, nothing to parse. kVersion changes with any of them.
#pragma once
#include <array>
#include <cstdint>

namespace fhir::pack {

inline constexpr std::array<char, 8> kMagic = {'C', 'W', 'D', 'E', 'F', 'S', '\r', '\n'};
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::size_t kAlignment = 16;

struct Text {  // bytes of the text section
  std::uint32_t offset = 0, length = 0;
  bool operator==(const Text&) const = default;
};

/// A text by its offset alone: its length stands in the two bytes before it. For the many short ones.
using Word = std::uint32_t;

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
  Text binding_strength, binding_value_set, binding_max_value_set;
  std::uint16_t min = 0, max = 0;
  std::uint8_t flags = 0;
  std::array<std::uint8_t, 3> unused = {};
};

struct Constraint {
  Text key, human, expression;
  std::uint8_t error = 0;
  std::array<std::uint8_t, 3> unused = {};
};

enum class Content : std::uint8_t { complete, example, fragment, supplement, not_present, mentioned };
enum class Case : std::uint8_t { unsaid, sensitive, insensitive };

struct CodeSystem {  // sorted by url
  Text url;
  Range concepts;
  std::uint8_t content = 0, letter_case = 0;
  std::uint16_t unused = 0;
};

enum ConceptFlag : std::uint8_t { kAbstract = 1 };

struct Concept {  // sorted by code within its system
  Word code = 0, display = 0;
  std::uint32_t first_parent = 0;  // of numbers, each a concept
  std::uint8_t parents = 0, flags = 0;
  std::uint16_t unused = 0;
};

enum class PartKind : std::uint8_t {
  listed,  // these concepts
  all,     // the whole system
  open,    // these, and others that the package does not list
};

struct Part {  // of a value set: what it takes from one system
  std::uint32_t system = 0;
  Range members;  // of numbers, each a concept, ascending
  std::uint32_t kind = 0;
};

struct ValueSet {  // sorted by url
  Text url;
  Range parts;
};

struct Mapping {
  Word code = 0, target = 0;
  std::uint32_t equivalence = 0;
};

struct MapGroup {
  Text source, target;
  Range mappings;
};

struct ConceptMap {  // sorted by url
  Text url, source, target;
  Range groups;
};

struct Extension {  // sorted by url
  Text url;
  Range contexts, context_invariants, types, targets;  // of lists
  Text binding_strength, binding_value_set;
  Range parts;  // of extension_parts
  std::uint16_t min = 0, max = 0, value_min = 0, value_max = 0;
  std::uint32_t modifier = 0;
};

struct SearchParameter {  // sorted by url
  Text url, code, expression;
  Range base, targets;  // of lists
  Range components;
  std::uint32_t type = 0;
};

struct Component {  // of a composite search parameter
  Text definition, expression;
};

struct CompartmentEntry {  // sorted by compartment, then type
  Text compartment, type;
  Range parameters;  // of lists
};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion, size = 0;  // size of the whole pack in bytes
  Section types, elements, constraints, lists;
  Section code_systems, concepts, numbers, value_sets, parts, concept_maps, map_groups, mappings;
  Section extensions, extension_parts, search_parameters, components, compartments;
  Section texts;
};

}  // namespace fhir::pack
