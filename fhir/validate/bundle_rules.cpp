// Bundles, type by type: their links, which entries they must have, and what leads where in documents and messages.
// R4 bundle.html, documents.html, messaging.html, search.html.
#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "fhir/primitives.h"
#include "fhir/validate/rules.h"

namespace fhir::validate {
namespace {

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

// ----------------------------------------------------------------------------------------------------------- links

bool is_paging(std::string_view relation) { return is_one_of(relation, {"first", "previous", "next", "last"}); }

void check_links(JsonView bundle, std::string_view type, const Context& context) {
  Findings& findings = context.findings;
  const bool pages = type == "searchset" || type == "history";
  std::set<std::string_view> seen;
  std::size_t index = 0;
  for (const JsonView link : bundle["link"]) {
    const Findings::Step step(findings, "link", index++);
    const std::string_view relation = link["relation"].text();
    if (is_paging(relation) && !pages) findings.add("bundle-link-paging", link);
    const bool once = relation == "self" || (pages && is_paging(relation));
    if (!seen.insert(relation).second && once) findings.add("bundle-link-again", link);
    const JsonView url = link["url"];
    const bool style = type == "document" && relation == "stylesheet" && url.is_string();
    if (style && !is_absolute_uri(url.text()) && !context.scope.bundle->matches(url.text(), "").alike) {
      const Findings::Step at(findings, "url");
      findings.add("bundle-link-style", url);
    }
  }
}

// --------------------------------------------------------------------------------------------------------- entries

/// http://server/base/Patient/1 is the address of a resource on a server, which has that id.
bool is_server_url(std::string_view url) {
  const auto reference = parse_reference(url);
  return reference && reference->form == Reference::Form::absolute && !reference->type.empty() &&
         (url.starts_with("http://") || url.starts_with("https://"));
}

void check_entries(JsonView bundle, std::string_view type, Findings& findings) {
  const bool url_optional = is_one_of(type, {"transaction", "transaction-response", "batch", "batch-response"});
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(findings, "entry", index++);
    const JsonView url = entry["fullUrl"], resource = entry["resource"];
    const bool outcome = entry["search"]["mode"].text() == "outcome";
    if (!url && !url_optional && !outcome) findings.add("bundle-url-none", entry);
    if (url && resource && !resource["id"] && is_server_url(url.text())) findings.add("bundle-id-none", url);
  }
}

// ------------------------------------------------------------------------------------------------------ searchsets

JsonView self_link(JsonView bundle) {
  for (const JsonView link : bundle["link"])
    if (link["relation"].text() == "self") return link["url"];
  return {};
}

/// The resource types that a search URL asks for: its path's last part, or _type.
std::vector<std::string_view> searched_types(std::string_view url) {
  std::vector<std::string_view> types;
  const auto query = std::min(url.find('?'), url.size());
  const std::string_view path = url.substr(0, query);
  const std::string_view last = path.substr(path.rfind('/') + 1);
  if (is_a(last, "Resource")) return {last};
  const auto at = url.find("_type=", query);
  if (at == url.npos) return types;
  std::string_view list = url.substr(at + 6, url.find('&', at) - at - 6);
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    types.push_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return types;
}

void check_search_entry(JsonView entry, const std::vector<std::string_view>& types, bool modes, Findings& findings) {
  const JsonView resource = entry["resource"];
  if (!resource) return findings.add("search-resource", entry);
  const std::string_view mode = entry["search"]["mode"].text(), type = resource["resourceType"].text();
  const bool searched = types.empty() || std::ranges::find(types, type) != types.end();
  const bool outcome = type == "OperationOutcome";
  const Findings::Step step(findings, "resource");
  if ((mode == "match" || mode == "include") && !resource["id"]) findings.add("search-id", resource);
  if (mode == "match" && !searched) findings.add("search-type", resource);
  if (mode == "outcome" && !outcome) findings.add("search-outcome", resource);
  if (!modes && !searched && !outcome) findings.add(Severity::warning, "search-type", resource);
  if (modes && mode.empty()) findings.add("search-mode", entry);
}

void check_searchset(JsonView bundle, Findings& findings) {
  const JsonView self = self_link(bundle);
  if (!self) findings.add("search-self", bundle);
  const auto types = searched_types(self.text());
  const bool modes = std::ranges::any_of(bundle["entry"], [](JsonView entry) { return !!entry["search"]["mode"]; });
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(findings, "entry", index++);
    check_search_entry(entry, types, modes, findings);
  }
}

// ------------------------------------------------------------------------------------------- documents and messages

void check_leads_into(JsonView reference, JsonView entry, const Context& context) {
  const JsonView text = reference["reference"];
  if (!text.is_string() || text.text().starts_with('#')) return;
  const BundleIndex::Matches matches = context.scope.bundle->matches(text.text(), entry["fullUrl"].text());
  if (matches.count == 0)
    context.findings.add(matches.alike ? Message("bundle-lacks-base") : Message("bundle-lacks"), text);
  if (matches.count > 1) context.findings.add("bundle-has-several", text);
}

void each_leads_into(JsonView owner, std::string_view name, JsonView entry, const Context& context) {
  const JsonView value = owner[name];
  if (value.is_object()) {
    const Findings::Step step(context.findings, name);
    return check_leads_into(value, entry, context);
  }
  std::size_t index = 0;
  for (const JsonView one : value) {
    const Findings::Step step(context.findings, name, index++);
    check_leads_into(one, entry, context);
  }
}

void sections_lead_into(JsonView owner, JsonView entry, const Context& context) {
  std::size_t index = 0;
  for (const JsonView section : owner["section"]) {
    const Findings::Step step(context.findings, "section", index++);
    for (const std::string_view name : {"author", "focus", "entry"}) each_leads_into(section, name, entry, context);
    sections_lead_into(section, entry, context);
  }
}

/// documents.html#content: what the Composition refers to itself is in the document.
void composition_leads_into(JsonView entry, const Context& context) {
  const Findings::Step at_entry(context.findings, "entry", 0);
  const Findings::Step at_resource(context.findings, "resource");
  const JsonView composition = entry["resource"];
  for (const std::string_view name : {"subject", "encounter", "author", "custodian"})
    each_leads_into(composition, name, entry, context);
  constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kInner = {
      {{"attester", "party"}, {"event", "detail"}}};
  for (const auto& [outer, inner] : kInner) {
    std::size_t index = 0;
    for (const JsonView one : composition[outer]) {
      const Findings::Step step(context.findings, outer, index++);
      each_leads_into(one, inner, entry, context);
    }
  }
  sections_lead_into(composition, entry, context);
}

/// What of a Bundle hangs together: from the first entry and the stylesheets, along references in either direction.
class Reach {
 public:
  Reach(JsonView bundle, const BundleIndex& index) : index_(index) {
    for (const JsonView entry : bundle["entry"]) {
      by_id_.emplace(IdKey(entry["resource"]["resourceType"].text(), entry["resource"]["id"].text()), entries_.size());
      entries_.push_back(entry);
    }
    neighbours_.resize(entries_.size());
    reached_.resize(entries_.size());
    for (std::size_t i = 0; i < entries_.size(); ++i) gather(entries_[i]["resource"], i);
    if (!entries_.empty()) visit(0);
    for (const JsonView link : bundle["link"])
      if (link["relation"].text() == "stylesheet") visit_named(link["url"].text());
  }

  bool reached(std::size_t entry) const { return reached_[entry]; }

 private:
  using IdKey = std::pair<std::string_view, std::string_view>;  // type, id

  void gather(JsonView value, std::size_t from) {
    if (value.is_string()) return add(value.text(), from);
    for (const JsonView child : value) gather(child, from);
  }

  /// Any text that is the way to an entry counts: it can be a reference, a URI or a URL.
  void add(std::string_view text, std::size_t from) {
    if (text.empty() || text.size() > 2000 || text.starts_with('#')) return;
    if (text.find_first_of(":/") == text.npos) return;
    const BundleIndex::Matches matches = index_.matches(text, entries_[from]["fullUrl"].text());
    if (matches.count == 0) return;
    neighbours_[from].push_back(matches.index);
    neighbours_[matches.index].push_back(from);
  }

  void visit_named(std::string_view url) {
    const auto slash = std::min(url.find('/'), url.size());
    const IdKey key(url.substr(0, slash), url.substr(std::min(slash + 1, url.size())));
    const auto [first, last] = by_id_.equal_range(key);
    for (auto at = first; at != last; ++at) visit(at->second);
  }

  void visit(std::size_t first) {
    std::vector<std::size_t> open = {first};
    while (!open.empty()) {
      const std::size_t at = open.back();
      open.pop_back();
      if (reached_[at]) continue;
      reached_[at] = true;
      open.insert(open.end(), neighbours_[at].begin(), neighbours_[at].end());
    }
  }

  const BundleIndex& index_;
  std::vector<JsonView> entries_;
  std::multimap<IdKey, std::size_t> by_id_;
  std::vector<std::vector<std::size_t>> neighbours_;
  std::vector<bool> reached_;
};

void check_reach(JsonView bundle, bool document, const Context& context) {
  const Reach reach(bundle, *context.scope.bundle);
  std::size_t index = 0;
  for (const JsonView entry : bundle["entry"]) {
    const Findings::Step step(context.findings, "entry", index);
    if (!reach.reached(index++) && entry["resource"])
      context.findings.add(document ? Severity::error : Severity::warning, "bundle-orphan", entry);
  }
}

void check_document_bundle(JsonView bundle, const Context& context) {
  const JsonView first = bundle["entry"].at(0);
  if (!first) return context.findings.add("bundle-composition", bundle);
  if (first["resource"]["resourceType"].text() == "Composition")
    composition_leads_into(first, context);
  else
    context.findings.add("bundle-composition", first);
  check_reach(bundle, true, context);
}

void check_message_bundle(JsonView bundle, const Context& context) {
  const JsonView first = bundle["entry"].at(0);
  if (first["resource"]["resourceType"].text() != "MessageHeader") return;  // bundle.cpp has said so
  check_reach(bundle, false, context);
}

}  // namespace

void check_bundle_rules(JsonView bundle, const Context& context) {
  const std::string_view type = bundle["type"].text();
  check_links(bundle, type, context);
  check_entries(bundle, type, context.findings);
  if (type == "document") check_document_bundle(bundle, context);
  if (type == "message") check_message_bundle(bundle, context);
  if (type == "searchset") check_searchset(bundle, context.findings);
}

}  // namespace fhir::validate
