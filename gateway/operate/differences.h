// Two configurations compared as they are written: what was added, removed, changed or moved, with the place. Compared
// as text by the names of keys, so a new setting is compared without a line here. What sounds like a secret is masked.
#pragma once
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/config/config.h"

namespace gateway::operate {

struct KeyChange {
  std::string key;            // "to", "organization.city"; empty: the whole file
  std::string before, after;  // as written, shortened; empty: absent
  std::string place;          // file:line, in the new configuration when it is there
};

struct Change {
  enum class Kind : std::uint8_t { added, removed, changed, moved };
  Kind kind = Kind::changed;
  std::string section;  // "route", "peer", "partner", "door", "system"; "setting"; "file"
  std::string name;     // its id or name; the file
  std::string place;    // file:line
  std::vector<KeyChange> keys;
  std::string say;  // of a moved route: what it is now asked after
};

std::vector<Change> differences(const config::Config& before, const config::Config& after);

/// One paragraph a change, for people; empty when there is none.
std::string in_words(const std::vector<Change>& changes);
fhir::JsonTree to_json(const std::vector<Change>& changes);

}  // namespace gateway::operate
