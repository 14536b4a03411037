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

void check_full_url(JsonView entry, bool advise, Findings& findings) {
  const JsonView full_url = entry["fullUrl"];
  if (!full_url.is_string()) return;
  const Findings::Step step(findings, "fullUrl");
  const auto url = parse_reference(full_url.text());
  if (!url || !is_absolute_uri(full_url.text())) return findings.add("bundle-url", full_url);
  if (full_url.text().contains("/_history/")) return findings.add("bundle-url-version", full_url);
  if (!in_keeping(*url, entry["resource"]))
    findings.add(advise ? Severity::warning : Severity::error, "bundle-id", full_url);
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
      findings.add("bundle-url-again", entry["fullUrl"]);
  }
}

void check_message(JsonView bundle, Findings& findings) {
  const JsonView first = bundle["entry"].at(0);
  if (!first) return findings.add("bundle-header-none", bundle);
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const bool header = entry["resource"]["resourceType"].text() == "MessageHeader";
    const Findings::Step step(findings, "entry", index);
    if (index == 0 && !header) findings.add("bundle-header", entry);
    if (index > 0 && header) findings.add("bundle-header-again", entry);
    ++index;
  }
}

}  // namespace

void check_bundle(JsonView bundle, bool thorough, Findings& findings) {
  const bool advise = thorough && bundle["type"].text() == "message";
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(findings, "entry", index++);
    check_full_url(entry, advise, findings);
  }
  check_unique(bundle, findings);
  if (bundle["type"].text() == "message") check_message(bundle, findings);
}

}  // namespace fhir::validate
