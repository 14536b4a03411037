// What was taken out of one Bundle, so that it can be found wherever else it stands: as it was written, in other case,
// width or spacing, inside markup, inside numbers. Resident ids and, in free text, mobile numbers are found by their
// shape as well, whoever's they are. Fill it first; then it may be asked from any thread.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "fhir/json.h"
#include "gateway/policy/personal.h"
#include "gateway/policy/search.h"

namespace gateway::policy {

class Secrets {
 public:
  /// An identifier, a phone, a mail address. Fewer than five letters and digits are not searched for in texts, only
  /// known as a whole; fewer than eight are found only where they stand alone.
  void learn_number(std::string_view value);
  /// `value` of an Identifier or ContactPoint, or of each in a list; nullptr: nothing.
  void learn_numbers(const fhir::JsonTree* holder);
  /// Lines and texts of addresses, unless they say no more than city, state or country.
  void learn_addresses(const fhir::JsonTree* addresses, const fhir::JsonTree& patient);
  /// Patient.contact: names, numbers and addresses. A name that is part of the patient's own is not searched for.
  void learn_people(const fhir::JsonTree* contacts, const fhir::JsonTree& patient);
  void learn_person(const fhir::JsonTree& person, const fhir::JsonTree& patient);
  /// The source-value extension of a map: numbers in it.
  void learn_source_value(const fhir::JsonTree& extension);
  /// The uuid in an old fullUrl or Type/id: it may be made from a personal number.
  void learn_id(std::string_view name);

  bool is_in(std::string_view text) const { return scrub(text, false).has_value(); }
  /// Is this, as a whole, one of the numbers that were learned? However short it is.
  bool is_number(std::string_view value) const;
  /// The text with kRedacted in place of what was found; nothing when it is clean.
  std::optional<std::string> scrub(std::string_view text, bool free_text) const;

 private:
  void learn_text(std::string_view value);
  void learn_name(const fhir::JsonTree* name, const fhir::JsonTree& patient);
  void search(std::string_view text, bool free_text, bool skip_tags, std::vector<Span>& found) const;

  Needles exact_, compact_;
  std::set<std::string> whole_;
};

/// Members whose strings are codes, links or times: no free text.
bool is_structural(std::string_view member);

}  // namespace gateway::policy
