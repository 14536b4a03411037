// Codes: the code systems, value sets and concept maps of R4's own package, from the pack (definitions.h), and the code
// systems that are a grammar or a register of their own (standards.h). Of a system that the package does not hold
// (SNOMED CT, LOINC) it knows the codes that R4's value sets mention. Immutable, safe from any thread; views live as
// long as the program.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/definitions/definitions.h"

namespace fhir {

enum class CodeSystemContent : std::uint8_t {
  complete,
  example,
  fragment,
  supplement,
  not_present,
  mentioned,  // R4's value sets name codes of it, the package has no CodeSystem for it
  standard,   // decided by standards.h
};

/// What is known of a code system; nullopt: nothing, it was never heard of.
std::optional<CodeSystemContent> find_code_system(std::string_view system);
/// True: the system has this code. False: it has not. nullopt: that cannot be told here.
std::optional<bool> has_code(std::string_view system, std::string_view code);
/// The text its system gives the code; empty when unknown.
std::string_view display_of(std::string_view system, std::string_view code);
/// True for a code that only groups others and is not meant to be used (notSelectable).
bool is_abstract(std::string_view system, std::string_view code);
/// True when `code` is `ancestor` or below it in the system's own hierarchy; nullopt when either is unknown.
std::optional<bool> subsumes(std::string_view system, std::string_view ancestor, std::string_view code);

/// True when R4 defines a value set with that canonical (without version), also one whose members cannot be told here.
bool is_value_set(std::string_view url);

/// The system from which a value set draws all its codes; empty when there are several, or it is not R4's.
std::string_view only_system(std::string_view value_set);

struct Translation {
  std::string_view system, code;
  std::string_view equivalence;  // "equivalent", "wider", ...
};

/// What a concept map makes of a code; empty when it says nothing, or is not R4's.
std::vector<Translation> translate(std::string_view concept_map, std::string_view system, std::string_view code);

}  // namespace fhir
