#include "fhir/validate/bundle.h"

#include <set>

#include "fhir/primitives.h"
#include "fhir/validate/reference.h"

namespace fhir::validate {
namespace {

/// The resource an entry's URL names, if it names one, is the one it carries.
bool in_keeping(const Reference& url, JsonView resource) {
  if (url.type.empty() || !resource.is_object()) return true;
  const std::string_view id = resource["id"].text();
  return resource["resourceType"].text() == url.type && (id.empty() || id == url.id);
}

void check_full_url(JsonView entry, Findings& findings) {
  const JsonView full_url = entry["fullUrl"];
  if (!full_url.is_string()) return;
  const Findings::Step step(findings, "fullUrl");
  const auto url = parse_reference(full_url.text());
  if (!url || !is_absolute_uri(full_url.text()))
    return findings.error("value", "bundle-url", full_url, "a fullUrl is an absolute URL or a URN in its proper form");
  if (full_url.text().contains("/_history/"))
    return findings.error("invariant", "bundle-url", full_url, "a fullUrl names no version");
  if (!in_keeping(*url, entry["resource"]))
    findings.error("invariant", "bundle-id", full_url, "the fullUrl names another resource than the entry holds");
}

/// bdl-7: the same fullUrl twice only with different versions.
void check_unique(JsonView bundle, Findings& findings) {
  if (bundle["type"].text() == "history") return;
  std::set<std::pair<std::string_view, std::string_view>> seen;
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(findings, "entry", index++);
    const std::string_view url = entry["fullUrl"].text();
    if (!url.empty() && !seen.emplace(url, entry["resource"]["meta"]["versionId"].text()).second)
      findings.error("invariant", "bundle-url", entry["fullUrl"], "the fullUrl of an earlier entry is used again");
  }
}

void check_message(JsonView bundle, Findings& findings) {
  const JsonView first = bundle["entry"].at(0);
  if (!first)
    return findings.error("required", "bundle-header", bundle, "a message has a MessageHeader as first entry");
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const bool header = entry["resource"]["resourceType"].text() == "MessageHeader";
    const Findings::Step step(findings, "entry", index);
    if (index == 0 && !header)
      findings.error("invariant", "bundle-header", entry, "the first entry of a message is its MessageHeader");
    if (index > 0 && header)
      findings.error("invariant", "bundle-header", entry, "a message has one MessageHeader, the first entry");
    ++index;
  }
}

}  // namespace

void check_bundle(JsonView bundle, Findings& findings) {
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(findings, "entry", index++);
    check_full_url(entry, findings);
  }
  check_unique(bundle, findings);
  if (bundle["type"].text() == "message") check_message(bundle, findings);
}

}  // namespace fhir::validate
