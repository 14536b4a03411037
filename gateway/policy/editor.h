// A Bundle being cut down. What is dropped leaves an absent value in its place until finish(), so that every path in
// the list of removals counts as in the Bundle that came in. One thread at a time.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "gateway/policy/policy.h"

namespace gateway::policy {

struct Entry {
  std::size_t index = 0;  // in Bundle.entry
  std::string type, id, full_url;
  std::string label;  // "Patient", or "Observation[2]" where there are several
};

class Editor {
 public:
  explicit Editor(fhir::JsonView bundle);

  const std::vector<Entry>& entries() const { return entries_; }
  fhir::JsonTree& bundle() { return bundle_; }
  fhir::JsonTree& resource(const Entry& entry);
  /// False once the resource was dropped.
  bool is_there(const Entry& entry);

  /// Forgets a value (an element, an item, a whole entry) and writes it down.
  void drop(fhir::JsonTree& value, std::string path, std::string_view rule);
  /// Writes down that a value was changed.
  void note(std::string path, std::string_view rule);

  const std::vector<Removal>& removed() const { return removed_; }
  std::vector<Removal> take_removed() { return std::move(removed_); }
  /// The Bundle without what was dropped and without what became empty by that.
  fhir::JsonTree finish();

 private:
  fhir::JsonTree bundle_;
  std::vector<Entry> entries_;
  std::vector<Removal> removed_;
};

/// Path of a member. A name that cannot be one of FHIR is not repeated.
std::string member_path(const std::string& path, std::string_view name);
std::string item_path(const std::string& path, std::size_t index);

/// Calls `visit(value, name, path)` for `value` and everything in it, outer before inner, in order; absent values are
/// passed over. `name`: of the member, also for the items of an array that is one. False from `visit`: not further in.
using Visit = std::function<bool(fhir::JsonTree& value, std::string_view name, const std::string& path)>;
void visit(fhir::JsonTree& value, std::string_view name, const std::string& path, const Visit& visitor);

/// The same over all resources of the Bundle, with the entries' labels as paths.
void visit_resources(Editor& editor, const Visit& visitor);

}  // namespace gateway::policy
