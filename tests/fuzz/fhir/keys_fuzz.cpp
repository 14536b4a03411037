// Any document as a resource: it has keys or an error that names itself, each key is one line of JSON, in order and
// once. And any document as a search parameter of one's own: it is refused or it works.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>

#include "fhir/search/keys.h"

namespace {

using fhir::search::Parameters;

void require(bool promise) {
  if (!promise) std::abort();
}

void check_keys(const Parameters& parameters, fhir::JsonView resource) {
  const auto keys = parameters.keys(resource, {480});
  if (!keys) {
    require(!keys.error().code.empty() && !keys.error().where.empty());
    return;
  }
  require(std::ranges::is_sorted(keys->all, {}, &fhir::search::Key::parameter));
  std::set<std::string> lines;
  for (const fhir::search::Key& key : keys->all) {
    const std::string line = to_json(key);
    require(lines.insert(line).second && fhir::Json::parse(line).has_value());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Parameters standard;
  const auto json = fhir::Json::parse(std::string(reinterpret_cast<const char*>(data), size), {1u << 16, 64});
  if (!json) return 0;
  check_keys(standard, json->root());
  if (json->root()["resourceType"].text() != "SearchParameter") return 0;
  static const fhir::Json patient = *fhir::Json::parse(
      R"({"resourceType":"Patient","id":"p","name":[{"family":"Ünlü"}],"birthDate":"1974","gender":"female"})");
  Parameters own;
  if (own.add(json->root())) check_keys(own, patient.root());
  return 0;
}
