// Resources that help to validate others: the Questionnaire of a response, value sets, code systems, definitions of
// extensions. They are found by canonical URL. Filled once, then read from any thread.
#pragma once
#include <map>
#include <string_view>
#include <utility>

#include "fhir/json.h"

namespace fhir::validate {

class Library {
 public:
  /// A resource, and those in the entries of a Bundle. Its document outlives the library. Of two with the same URL the
  /// first counts.
  void add(JsonView resource);
  /// "http://e/ValueSet/v" or "...|1.0", whose version must then be that of the resource, if it says one; absent when
  /// there is none.
  JsonView find(std::string_view type, std::string_view canonical) const;
  bool empty() const { return by_url_.empty(); }

 private:
  std::map<std::pair<std::string_view, std::string_view>, JsonView> by_url_;
};

/// The URL of a canonical without version and fragment.
std::string_view url_of(std::string_view canonical);

}  // namespace fhir::validate
