// Which rules of a map to FHIR run backwards, as the compiled plan says: the reversibility report of
// `causeway map check --reversible` (docs/MAPS.md, "Backwards").
#pragma once
#include <string>
#include <vector>

#include "adapters/map/plan.h"

namespace adapters::map {

struct Reversibility {
  enum class Way : std::uint8_t {
    both,     // runs both ways by itself, or says with `back:` how
    to_fhir,  // what it makes cannot be read back
    to_local  // only the way back writes it (top level `back:`)
  };
  Way way = Way::both;
  Mark mark;
  std::string id;   // the rule
  std::string why;  // of to_fhir: what stops it. Of both: what is not told apart, as in "table T: other <- O, A, N"
};

/// Of every rule that writes a value, once at the place where it stands; constants, which carry nothing, are left out.
std::vector<Reversibility> reversibility_of(const Plan& plan);

}  // namespace adapters::map
