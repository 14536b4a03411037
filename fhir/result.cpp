#include "fhir/result.h"

namespace fhir {

std::string to_string(const Error& error) {
  std::string text;
  if (!error.where.empty()) text += error.where + ": ";
  text += error.say;
  if (!error.code.empty()) text += " [" + error.code + "]";
  return text;
}

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::invalid: return "invalid";
    case Fault::unsupported: return "unsupported";
    case Fault::too_large: return "too-large";
    case Fault::not_found: return "not-found";
    case Fault::conflict: return "conflict";
    case Fault::forbidden: return "forbidden";
    case Fault::unavailable: return "unavailable";
    case Fault::in_doubt: return "in-doubt";
    case Fault::needs_person: return "needs-person";
    case Fault::broken: return "broken";
  }
  return "broken";
}

}  // namespace fhir
