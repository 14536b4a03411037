#include "fhir/validate/reference.h"

#include <algorithm>
#include <string>

#include "fhir/definitions/definitions.h"
#include "fhir/primitives.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

constexpr std::string_view kHistory = "/_history/";

bool is_resource(std::string_view type) {
  const TypeDefinition* definition = find_type(type);
  return definition != nullptr && definition->kind == TypeKind::resource && !definition->abstract;
}

/// [base/]Type/id[/_history/version], or nothing.
std::optional<Reference> parse_path(std::string_view text) {
  std::string_view path = text;
  if (const auto history = path.find("/_history/"); history != path.npos) {
    if (!is_id(path.substr(history + kHistory.size()))) return std::nullopt;
    path = path.substr(0, history);
  }
  const auto slash = path.rfind('/');
  if (slash == path.npos || !is_id(path.substr(slash + 1))) return std::nullopt;
  const std::string_view before = path.substr(0, slash);
  const auto type_at = before.rfind('/') + 1;  // 0 when there is no slash
  if (!is_resource(before.substr(type_at))) return std::nullopt;
  return Reference{type_at == 0 ? Reference::Form::relative : Reference::Form::absolute, before.substr(type_at),
                   path.substr(slash + 1), before.substr(0, type_at)};
}

std::optional<Reference> parse_conditional(std::string_view text) {
  const auto query = text.find('?');
  if (query == text.npos || query + 1 == text.size() || !is_resource(text.substr(0, query))) return std::nullopt;
  return Reference{Reference::Form::conditional, text.substr(0, query), {}, {}};
}

/// "Patient" of "http://hl7.org/fhir/StructureDefinition/Patient" and of "Patient".
std::string_view url_tail(std::string_view type) { return type.substr(type.rfind('/') + 1); }

/// What a relative reference in the entry of that fullUrl is relative to.
std::string base_of(std::string_view full_url) {
  for (const std::string_view urn : {"urn:uuid:", "urn:oid:"})
    if (full_url.starts_with(urn)) return std::string(urn);
  std::size_t end = full_url.rfind('/');
  if (end != full_url.npos && end > 0) end = full_url.rfind('/', end - 1);
  return std::string(end == full_url.npos ? std::string_view() : full_url.substr(0, end + 1));
}

}  // namespace

std::optional<Reference> parse_reference(std::string_view text) {
  if (text.starts_with('#')) {
    const std::string_view id = text.substr(1);
    if (!id.empty() && !is_id(id)) return std::nullopt;
    return Reference{Reference::Form::contained, {}, id, {}};
  }
  if (text.starts_with("urn:uuid:") || text.starts_with("urn:oid:")) {
    if (!is_urn_uuid(text) && !is_urn_oid(text)) return std::nullopt;
    return Reference{Reference::Form::urn, {}, {}, {}};
  }
  const bool absolute = is_absolute_uri(text);
  if (const auto path = parse_path(text); path && (absolute || path->form == Reference::Form::relative)) return path;
  if (absolute) return Reference{Reference::Form::absolute, {}, {}, {}};
  return parse_conditional(text);
}

BundleIndex::BundleIndex(JsonView bundle) {
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const std::size_t place = index++;
    const JsonView resource = entry["resource"];
    if (!resource.is_object()) continue;
    by_url_.emplace(entry["fullUrl"].text(), Entry{entry, place});
    by_id_.try_emplace({resource["resourceType"].text(), resource["id"].text()}, resource);
  }
}

JsonView BundleIndex::resolve(std::string_view reference, std::string_view full_url) const {
  const auto by_url = [this](std::string_view url) {
    const auto found = by_url_.lower_bound(url);
    return found == by_url_.end() || found->first != url ? JsonView() : found->second.entry["resource"];
  };
  const std::string_view unversioned = reference.substr(0, reference.find(kHistory));
  if (const JsonView found = by_url(unversioned)) return found;
  const auto to = parse_reference(reference), from = parse_reference(full_url);
  if (!to || to->form != Reference::Form::relative) return {};
  if (from && !from->base.empty())
    if (const JsonView found = by_url(std::string(from->base) + std::string(unversioned))) return found;
  const auto found = by_id_.find({to->type, to->id});
  return found == by_id_.end() ? JsonView() : found->second;
}

BundleIndex::Matches BundleIndex::matches(std::string_view reference, std::string_view full_url) const {
  const auto history = reference.find(kHistory);
  const std::string_view version =
      history == reference.npos ? std::string_view() : reference.substr(history + kHistory.size());
  const auto to = parse_reference(reference);
  const bool relative = to && to->form == Reference::Form::relative;
  std::string url(reference.substr(0, history));
  if (relative) url = base_of(full_url) + (full_url.starts_with("urn:") ? std::string(to->id) : url);
  Matches matches;
  const auto [first, last] = by_url_.equal_range(url);
  for (auto at = first; at != last; ++at) {
    const Entry& found = at->second;
    const bool same = version.empty() || found.entry["resource"]["meta"]["versionId"].text() == version;
    if (!same || ++matches.count != 1) continue;
    matches.entry = found.entry;
    matches.index = found.index;
  }
  matches.alike = matches.count == 0 && relative && by_id_.contains({to->type, to->id});
  return matches;
}

namespace {

std::string_view type_led_to(const Reference& reference, JsonView target) {
  return target ? target["resourceType"].text() : reference.type;
}

bool is_allowed(const ElementDefinition& definition, std::string_view type) {
  const auto targets = definition.reference_targets;
  return type.empty() || targets.empty() ||
         std::ranges::any_of(targets, [&](std::string_view target) { return is_a(type, target); });
}

JsonView contained_target(const Scope& scope, std::string_view id) {
  if (id.empty()) return scope.container;
  if (scope.contained == nullptr) return {};
  const auto found = scope.contained->find(id);
  return found == scope.contained->end() ? JsonView() : found->second;
}

JsonView find_target(const Reference& reference, std::string_view text, const Scope& scope) {
  if (reference.form == Reference::Form::contained) return contained_target(scope, reference.id);
  return scope.bundle == nullptr ? JsonView() : scope.bundle->resolve(text, scope.full_url);
}

void report_unresolved(const Reference& reference, JsonView at, const Scope& scope, Findings& findings) {
  const bool self_contained = scope.bundle_type == "message" || scope.bundle_type == "document";
  if (reference.form == Reference::Form::contained)
    findings.add("unresolved-contained", at);
  else if (reference.form == Reference::Form::urn && (self_contained || scope.bundle_type == "transaction"))
    findings.add("unresolved", at);
  else if (reference.form == Reference::Form::relative && self_contained)
    findings.add(Severity::warning, "unresolved", at);
}

/// A URN that is none names nothing: it does harm where something must be named.
void report_malformed(JsonView text, const Scope& scope, Findings& findings) {
  const bool urn = text.text().starts_with("urn:") && scope.bundle_type != "message" &&
                   scope.bundle_type != "document" && scope.bundle_type != "transaction";
  findings.add(urn ? Severity::warning : Severity::error, "reference", text);
}

}  // namespace

JsonView resolve(const Scope& scope, std::string_view text) {
  const auto reference = parse_reference(text);
  return reference ? find_target(*reference, text, scope) : JsonView();
}

void check_reference(const ElementDefinition& definition, JsonView value, const Scope& scope, Findings& findings) {
  const JsonView text = value["reference"];
  if (!text.is_string() || text.text().empty()) return;
  const Findings::Step step(findings, "reference");
  const auto reference = parse_reference(text.text());
  if (!reference) return report_malformed(text, scope, findings);
  const JsonView target = find_target(*reference, text.text(), scope);
  if (!target) report_unresolved(*reference, text, scope, findings);
  const std::string_view type = type_led_to(*reference, target);
  if (is_allowed(definition, type)) return;
  const bool guessed = scope.thorough && !target;  // only the text says the type; R4's own examples are not strict
  findings.add(guessed ? Severity::warning : Severity::error, "reference-target", text, {definition.path, type});
}

void check_reference_closely(JsonView value, const Context& context) {
  const JsonView text = value["reference"];
  const auto reference = parse_reference(text.text());
  if (!reference) return;
  const JsonView type = value["type"];
  if (type.is_string() && !reference->type.empty() && url_tail(type.text()) != reference->type)
    context.findings.add("reference-type", type);
  const Scope& scope = context.scope;
  if (scope.bundle == nullptr || reference->form == Reference::Form::contained) return;
  const BundleIndex::Matches matches = scope.bundle->matches(text.text(), scope.full_url);
  const Findings::Step step(context.findings, "reference");
  if (matches.count > 1) context.findings.add("reference-twice", text);
  if (matches.count > 0 && !reference->type.empty() && matches.resource()["resourceType"].text() != reference->type)
    context.findings.add("reference-other", text, {reference->type});
}

}  // namespace fhir::validate
