// The narrative: its XHTML (txt-1, txt-2; fhir/xhtml.h), its namespace, and that links and images inside it lead to
// something in the resource. R4 narrative.html.
#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "fhir/validate/general.h"
#include "fhir/validate/rules.h"
#include "fhir/xhtml.h"

namespace fhir::validate {
namespace {

/// Links whose targets are looked for in the other narratives of a resource: each costs a walk through all of it.
constexpr int kMostSearches = 20;

/// Gathers what a narrative links to and what can be linked to in it.
class Links final : public XmlHandler {
 public:
  Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t) override {
    if (root_) in_space_ = name.space == kXhtmlSpace;
    root_ = false;
    for (const XmlAttribute& attribute : attributes) take(name.local, attribute);
    return {};
  }
  Result<void> end(XmlName, std::size_t) override { return {}; }
  Result<void> text(std::string_view, std::size_t) override { return {}; }

  bool in_space() const { return in_space_; }
  bool id_again() const { return id_again_; }
  const std::vector<std::string>& links() const { return links_; }
  const std::vector<std::string>& images() const { return images_; }
  const std::set<std::string>& ids() const { return ids_; }

 private:
  void take(std::string_view element, const XmlAttribute& attribute) {
    const std::string_view name = attribute.name.local, value = attribute.value;
    if (name == "id") id_again_ = !ids_.emplace(value).second || id_again_;
    if (element == "a" && name == "name") ids_.emplace(value);
    const bool link = element == "a" && name == "href", image = element == "img" && name == "src";
    if ((!link && !image) || value.size() < 2 || value.front() != '#') return;
    (link ? links_ : images_).emplace_back(value.substr(1));
  }

  bool root_ = true, in_space_ = false, id_again_ = false;
  std::vector<std::string> links_, images_;
  std::set<std::string> ids_;
};

/// The ids in the resource: of contained ones, and of any element.
void gather_ids(JsonView value, std::set<std::string_view>& ids) {
  if (value.is_object()) ids.insert(value["id"].text());
  for (const JsonView child : value)
    if (child.is_object() || child.is_array()) gather_ids(child, ids);
}

bool has_anchor(JsonView value, const std::string& id) {
  if (value.is_string())
    return value.text().starts_with('<') &&
           (value.text().contains("id=\"" + id + "\"") || value.text().contains("name=\"" + id + "\""));
  return std::ranges::any_of(value, [&](JsonView child) { return has_anchor(child, id); });
}

void check_links(const Links& links, JsonView div, const Context& context) {
  if (!links.in_space()) context.findings.add("narrative-space", div);
  if (links.id_again()) context.findings.add("narrative-id", div);
  if (links.links().empty() && links.images().empty()) return;
  std::set<std::string_view> ids;
  gather_ids(context.root_resource, ids);
  int searches = kMostSearches;
  const auto lost = [&](const std::string& id) {
    return !links.ids().contains(id) && !ids.contains(id) && --searches >= 0 && !has_anchor(context.root_resource, id);
  };
  const bool definition = has_canonical_url(*find_type(context.root_resource["resourceType"].text()));
  if (std::ranges::any_of(links.links(), lost))
    context.findings.add(definition ? Severity::warning : Severity::error, "narrative-link", div);
  if (std::ranges::any_of(links.images(), lost)) context.findings.add("narrative-image", div);
}

}  // namespace

void check_narrative(JsonView narrative, const Context& context) {
  const JsonView div = narrative["div"];
  if (!div.is_string()) return;
  const Findings::Step step(context.findings, "div");
  for (const XhtmlFinding& finding : check_xhtml(div.text()))
    context.findings.add(finding.invariant == "txt-2" ? Message("txt-2") : Message("txt-1"), div);
  Links links;
  if (read_narrative(div.text(), links)) check_links(links, div, context);
}

}  // namespace fhir::validate
