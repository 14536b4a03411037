// References: what form they have, what they name, whether it is there. R4 references.html, bundle.html#references.
// Views into the text that was given; pure functions.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "fhir/definitions/definitions.h"
#include "fhir/json.h"
#include "fhir/validate/findings.h"

namespace fhir::validate {

struct Reference {
  enum class Form : std::uint8_t {
    contained,    // #id
    relative,     // Patient/1, Patient/1/_history/2
    absolute,     // http://example.org/fhir/Patient/1, or any other URL
    urn,          // urn:uuid:..., urn:oid:...
    conditional,  // Patient?identifier=..., in transactions
  };
  Form form = Form::absolute;
  std::string_view type;  // resource type, when it can be told
  std::string_view id;    // logical id, when it can be told; of a contained one what follows '#' (may be empty: itself)
  std::string_view base;  // absolute: what stands before Type/id, with its slash
};

/// Nothing when the text has none of these forms.
std::optional<Reference> parse_reference(std::string_view text);

/// The entries of one Bundle. Valid as long as the Bundle's document. (Trees, not hash tables: whoever sends the Bundle
/// chooses the keys.)
class BundleIndex {
 public:
  explicit BundleIndex(JsonView bundle);
  /// The resource that a reference found in the entry of `full_url` leads to, or absent: by fullUrl, else relative to
  /// the base of `full_url`, else the entry whose resource has that type and id.
  JsonView resolve(std::string_view reference, std::string_view full_url) const;

  /// The same as bundle.html#references has it word for word: by fullUrl alone.
  struct Matches {
    std::size_t count = 0;
    JsonView entry;         // the first
    std::size_t index = 0;  // its place in the Bundle
    bool alike = false;     // none, but a resource of that type and id is there under another fullUrl
    JsonView resource() const { return entry["resource"]; }
  };
  Matches matches(std::string_view reference, std::string_view full_url) const;

 private:
  struct Entry {
    JsonView entry;
    std::size_t index;
  };
  std::multimap<std::string_view, Entry> by_url_;
  std::map<std::pair<std::string_view, std::string_view>, JsonView> by_id_;
};

/// Resources contained in one, by id.
using ContainedIndex = std::map<std::string_view, JsonView>;

/// Where a reference stands.
struct Scope {
  JsonView container;  // the resource whose contained ones '#' means
  const ContainedIndex* contained = nullptr;
  const BundleIndex* bundle = nullptr;
  std::string_view bundle_type, full_url;  // of that Bundle, and of the entry
  bool thorough = false;
};

/// The resource that a reference at that place leads to, or absent.
JsonView resolve(const Scope& scope, std::string_view reference);

/// The Reference `value` of an element: its form, the type it leads to, and that what must be at hand is: contained
/// resources always; in messages, documents and transactions what a URN names. In a message what is named relatively
/// should be (a warning).
void check_reference(const ElementDefinition& definition, JsonView value, const Scope& scope, Findings& findings);

}  // namespace fhir::validate
