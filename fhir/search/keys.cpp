#include "fhir/search/keys.h"

#include <algorithm>
#include <unordered_set>

#include "fhir/definitions/definitions.h"
#include "fhir/search/extract.h"
#include "fhir/search/plan.h"

namespace fhir::search {

/// A parameter that was added, with the texts it refers to.
struct Parameters::Own {
  explicit Own(Json json) : document(std::move(json)) {}
  Json document;
  std::vector<std::string_view> base, targets;
  std::vector<SearchComponent> components;
  SearchParameter parameter;
};

namespace {

std::vector<std::string_view> texts(JsonView list) {
  std::vector<std::string_view> result;
  for (const JsonView item : list) result.push_back(item.text());
  return result;
}

std::unexpected<Error> unusable(std::string where, std::string say) {
  return fail(Fault::invalid, "search.parameter", std::move(where), std::move(say));
}

/// A document whose member of the name of a type is a resource of it, for expressions that ask what resolve() is.
JsonView specimen(std::string_view type) {
  static const Json all = [] {
    JsonTree types = JsonTree::object();
    for (const TypeDefinition* each : all_types())
      if (each->kind == TypeKind::resource) types.set(each->name, JsonTree::object({{"resourceType", each->name}}));
    return *Json::parse(types.dump());
  }();
  return all.root()[type];
}

/// Nothing is fetched for an index: a reference tells the type of what it leads to, and that is all there is.
JsonView resolve(std::string_view reference) {
  const std::string_view target = type_and_id(reference);
  return specimen(target.substr(0, target.find('/')));
}

/// Runs the parameters of a plan over one resource.
class Run {
 public:
  Run(JsonView resource, const Options& options, Keys& keys)
      : resource_(resource),
        source_{.resource = resource, .zone = options.zone, .computed = keys.computed},
        keys_(keys) {
    environment_.resolve = resolve;
    environment_.resource = resource;
    environment_.as_filters = true;
  }

  Result<void> parameter(const PlannedParameter& parameter) {
    const std::size_t first = keys_.all.size();
    for (const Branch& branch : parameter.branches) {
      const auto elements = branch.expression.evaluate(resource_, environment_, workspace_);
      if (!elements) return at(parameter, elements.error());
      for (const path::ItemView& element : *elements) {
        if (!branch.target.empty() && !leads_to(branch.target, element.node, resource_)) continue;
        if (auto done = append(parameter, element); !done) return done;
      }
    }
    drop_repeated(first);
    return {};
  }

 private:
  Result<void> append(const PlannedParameter& parameter, const path::ItemView& element) {
    std::vector<Value> values;
    if (parameter.components.empty()) {
      append_values(parameter.type, {element, {}}, source_, values);
    } else if (auto done = append_composites(parameter, element, values); !done) {
      return done;
    }
    if (keys_.all.size() + values.size() > kMostKeys) return too_many(parameter);
    for (Value& value : values) keys_.all.push_back({parameter.code, std::move(value)});
    return {};
  }

  /// Each combination of the components' values; one without any makes none.
  Result<void> append_composites(const PlannedParameter& parameter, const path::ItemView& element,
                                 std::vector<Value>& out) {
    const path::Collection focus{copy_of(element)};
    std::vector<Composite> combinations(1);
    for (const PlannedComponent& component : parameter.components) {
      const auto found = component.expression.evaluate(focus, environment_);
      if (!found) return at(parameter, found.error());
      std::vector<Value> values;
      for (const path::Item& each : *found) append_values(component.type, view_of(each), source_, values);
      if (combinations.size() * values.size() > kMostKeys) return too_many(parameter);
      std::vector<Composite> longer;
      for (const Composite& begun : combinations) {
        for (const Value& value : values) {
          longer.push_back(begun);
          longer.back().parts.push_back(value);
        }
      }
      combinations = std::move(longer);
    }
    for (Composite& combination : combinations) out.emplace_back(std::move(combination));
    return {};
  }

  /// The same key once. A few are compared with one another, many by what they are written as.
  void drop_repeated(std::size_t first) {
    constexpr std::size_t kFew = 16;
    std::vector<Key>& all = keys_.all;
    const auto begin = all.begin() + static_cast<std::ptrdiff_t>(first);
    auto end = begin;
    std::unordered_set<std::string> written;
    const bool few = all.size() - first <= kFew;
    for (auto it = begin; it != all.end(); ++it) {
      const bool fresh = few ? std::find(begin, end, *it) == end : written.insert(to_json(*it)).second;
      if (!fresh) continue;
      if (end != it) *end = std::move(*it);
      ++end;
    }
    all.erase(end, all.end());
  }

  static path::Item copy_of(const path::ItemView& item) {
    return {item.kind, item.node, item.twin, item.type, std::string(item.text), std::string(item.unit), item.path()};
  }

  static Element view_of(const path::Item& item) {
    return {{item.kind, item.node, item.twin, item.type, item.text, item.unit, nullptr}, item.path};
  }

  static std::unexpected<Error> at(const PlannedParameter& parameter, Error error) {
    error.where = std::string(parameter.code);
    return std::unexpected(std::move(error));
  }

  static std::unexpected<Error> too_many(const PlannedParameter& parameter) {
    return fail(Fault::too_large, "search.size", std::string(parameter.code), "has more keys than an index takes");
  }

  static constexpr std::size_t kMostKeys = 200'000;  // a few hundred bytes each

  JsonView resource_;
  Source source_;
  Keys& keys_;
  path::Environment environment_;
  path::Workspace workspace_;
};

}  // namespace

Parameters::Parameters() = default;
Parameters::~Parameters() = default;

Result<void> Parameters::add(JsonView resource) {
  auto document = Json::parse(resource.dump());
  if (!document) return pass(document);
  auto own = std::make_unique<Own>(*std::move(document));
  const JsonView root = own->document.root();
  if (root["resourceType"].text() != "SearchParameter") return unusable("resourceType", "is no SearchParameter");
  const auto type = search_type_of(root["type"].text());
  if (!type) return unusable("type", "is no type of search parameter");
  if (root["code"].text().empty()) return unusable("code", "is missing: it is the name in a search");
  own->base = texts(root["base"]);
  own->targets = texts(root["target"]);
  for (const std::string_view base : own->base)
    if (!is_a(base, "Resource")) return unusable("base", "names a type that is no resource of R4");
  if (own->base.empty()) return unusable("base", "is missing: to which resources it applies");
  for (const JsonView component : root["component"])
    own->components.push_back({component["definition"].text(), component["expression"].text()});
  own->parameter = {root["url"].text(), root["code"].text(), root["expression"].text(), *type, own->base,
                    own->targets,       own->components};
  for (const std::string_view base : own->base) {  // so that a fault is found now
    const SearchParameter* only = &own->parameter;
    if (auto plan = Plan::make(base, {&only, 1}, [this](std::string_view url) { return find(url); }); !plan)
      return pass(plan);
  }
  const std::lock_guard lock(mutex_);
  std::erase_if(own_, [&](const auto& each) { return each->parameter.url == own->parameter.url; });
  own_.push_back(std::move(own));
  plans_.clear();
  return {};
}

const SearchParameter* Parameters::find(std::string_view url) const {
  const auto own = std::ranges::find_if(own_, [&](const auto& each) { return each->parameter.url == url; });
  return own != own_.end() ? &(*own)->parameter : find_search_parameter(url);
}

Result<const Plan*> Parameters::plan_of(std::string_view type) const {
  const std::lock_guard lock(mutex_);
  const auto known = plans_.find(type);
  if (known != plans_.end()) return known->second.get();
  std::vector<const SearchParameter*> all;
  for (const SearchParameter& each : all_search_parameters())
    if (find(each.url) == &each) all.push_back(&each);
  for (const auto& own : own_) all.push_back(&own->parameter);
  auto plan = Plan::make(type, all, [this](std::string_view url) { return find(url); });
  if (!plan) return pass(plan);
  const std::string_view name = find_type(type)->name;  // lives on
  return plans_.emplace(name, std::make_unique<const Plan>(*std::move(plan))).first->second.get();
}

Result<Keys> Parameters::keys(JsonView resource, const Options& options) const {
  const TypeDefinition* type = find_type(resource["resourceType"].text());
  if (type == nullptr || type->kind != TypeKind::resource || type->abstract)
    return fail(Fault::invalid, "search.resource", "resourceType", "is no resource type of R4");
  const Result<const Plan*> plan = plan_of(type->name);
  if (!plan) return std::unexpected(plan.error());
  Keys keys;
  Run run(resource, options, keys);
  for (const PlannedParameter& parameter : (*plan)->parameters())
    if (auto done = run.parameter(parameter); !done) return std::unexpected(done.error());
  return keys;
}

}  // namespace fhir::search
