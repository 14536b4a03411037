// New ids across a border. The ids of a Bundle are made from local numbers (uuid5 of an MRN): whoever knows the rule
// can try all numbers until one fits. So resources get ids that only this site's secret can make, always the same for
// the same recipient, and every reference follows, also one that leads out of the Bundle.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/policy/editor.h"
#include "gateway/policy/policy.h"

namespace gateway::policy {

/// Old name -> new name; names are fullUrls and Type/id.
using Names = std::map<std::string, std::string, std::less<>>;

struct Renaming {
  std::string recipient;
  std::string pseudonym;  // becomes the Patient's id
  const PseudonymMaker& maker;
  std::function<bool(std::string_view)> is_secret;  // a business resource keeps its id unless this says so
};

/// Gives new ids and rewrites all references. Returns every name of the Bundle, those that stayed as well.
Names rename(Editor& editor, const Renaming& renaming);

/// Task, ServiceRequest, organisations and staff keep their ids: both sides speak of them by these.
bool keeps_id(std::string_view type);

/// "urn:uuid:" and the id, or a uuid made from it.
std::string urn_of(std::string_view id);

/// `reference` with its name replaced, the rest (/_history/2, #part) kept; empty: the name is not in `names`.
std::string follow(const Names& names, std::string_view reference);

}  // namespace gateway::policy
