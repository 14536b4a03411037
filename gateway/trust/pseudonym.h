// The name under which one recipient knows a patient. The same patient has the same pseudonym at the same recipient,
// another one at every other; without this site's key nobody can go back from it, nor try candidates (HMAC-SM3).
// The way back is the gateway's own table; see policy.
//
// Threads: immutable, safe for all.
#pragma once
#include <array>
#include <filesystem>
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace gateway::trust {

using fhir::Result;

class Pseudonyms {
 public:
  /// Reads the site's key; makes one (32 random bytes, mode 0600) when there is none. Losing the file means that every
  /// patient gets a new pseudonym everywhere: back it up. Errors: pseudonym.key (unreadable, wrong size),
  /// pseudonym.key-mode (group or others may read it).
  static Result<Pseudonyms> open(const std::filesystem::path& key_file);
  ~Pseudonyms();

  /// "P-" and 20 characters of base32 (100 bits).
  std::string of(std::string_view recipient, std::string_view patient) const;

 private:
  using Key = std::array<unsigned char, 32>;
  explicit Pseudonyms(const Key& key) : key_(key) {}
  Key key_;
};

}  // namespace gateway::trust
