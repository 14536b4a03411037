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
  /// `program`, and behind it in the same block of memory a copy of all but the drafts.
  std::shared_ptr<const Program> pack(Program&& program) const;
};

}  // namespace fhir::path
