// Regular expressions for matches(), matchesFull() and replaceMatches(): RE2, so the time is linear in the text
// whatever the expression. Only pattern.cpp knows RE2. FHIRPath's flavour: case-sensitive, '.' matches line ends too;
// flags are "i" (ignore case) and "m" (^ and $ at every line). Look-around and back-references do not exist in linear
// time and are refused. Immutable; safe from any thread.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace fhir::path {

class Pattern {
 public:
  static Result<std::shared_ptr<const Pattern>> compile(std::string_view expression, std::string_view flags);
  ~Pattern();

  bool found_in(std::string_view text) const;
  bool matches_whole(std::string_view text) const;
  /// Every match replaced; $1 and ${name} in `replacement` stand for groups. Nothing when the replacement names a group
  /// that is not there, or the result would pass `limit` bytes.
  std::optional<std::string> replace(std::string_view text, std::string_view replacement, std::size_t limit) const;

 private:
  struct Impl;
  explicit Pattern(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace fhir::path
