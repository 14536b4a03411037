// What a program is made of while the parser reads, and how it becomes one block of memory.
#pragma once
#include <vector>

#include "fhir/path/program.h"

namespace fhir::path {

/// A thread keeps one, so that most expressions allocate their program only.
struct Parts {
  std::vector<Step> steps, drafts;
  std::vector<Block> arguments;
  std::vector<Value> constants;
  std::vector<Name> names;
  std::vector<TypeSpecifier> types;

  /// Empties it; gives back the room that a huge expression took.
  void clear();
  /// Copies all but the drafts into a block of the program's own.
  void pack(Program& program) const;
};

}  // namespace fhir::path
