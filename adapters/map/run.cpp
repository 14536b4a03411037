#include "adapters/map/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "adapters/files/csv.h"
#include "adapters/hl7v2/source.h"
#include "adapters/http/json_source.h"
#include "adapters/map/fhir_source.h"
#include "adapters/map/ledger.h"
#include "adapters/map/maker.h"
#include "adapters/map/write_v2.h"
#include "adapters/xml/xml_source.h"
#include "fhir/message/message.h"

namespace adapters::map {
namespace {

using fhir::Fault;
using fhir::JsonTree;

/// The space of all ids that maps give (RFC 9562 §5.5): random once, never to change.
constexpr std::string_view kIdentitySpace = "7b1f4c52-90a6-4d0e-8a39-5f2f6f1e2c77";

/// A record from a local system, on its way to a message Bundle.
class ToFhir final : public Maker::Resources {
 public:
  ToFhir(const Plan& plan, const Source& source, const Site& site, Trace* trace)
      : plan_(plan),
        source_(source),
        site_(site),
        ledger_(source, plan),
        maker_(plan, source, site, ledger_, *this, trace) {}

  Result<Outcome> run();

  std::vector<std::string> references(std::size_t rule, bool all) const override;
  fhir::path::Collection content(std::size_t rule) const override;
  std::string put(std::string_view type, std::string_view identity, JsonTree body) override;
  std::size_t inlined() const override { return inlined_.size(); }
  void drop_inlined(std::size_t from) override;

 private:
  using Chain = std::map<std::size_t, Spot>;  // context -> its spot
  struct Place {
    Spot spot;
    Chain chain;
  };
  struct Instance {
    Place place;
    std::string id;
    JsonTree tree;
    bool built = false;
    mutable std::unique_ptr<fhir::Json> parsed;  // for %name in formulas; made when one asks

    const fhir::Json* read() const;
  };

  /// A resource made where it is referred to.
  struct Inlined {
    std::string name, id, type;
    JsonTree body;
  };

  std::string named(std::string_view type) const;
  const std::vector<Place>& places(std::optional<std::size_t> context);
  bool find_instances(const ResourceRule& rule);
  std::optional<std::string> identity(const ResourceRule& rule, const Place& place);
  void refuse_identity(const ResourceRule& rule, const Place& place);
  bool build(const ResourceRule& rule, Instance& instance);
  void keep_paths(const std::vector<SourcePath>& paths, Instance& instance);
  JsonTree take_bundle();
  bool belongs(const Instance& instance) const;

  const Plan& plan_;
  const Source& source_;
  const Site& site_;
  Ledger ledger_;
  Maker maker_;
  std::vector<Place> everywhere_{{source_.root(), {}}};
  std::map<std::size_t, std::vector<Place>> places_;  // by context
  std::vector<std::vector<Instance>> instances_;      // by rule
  std::set<std::string> names_;                       // identities given in this run
  std::map<std::string, int> repeated_;               // of those that came again: the last number given
  std::vector<Inlined> inlined_;
  std::map<std::string, std::size_t, std::less<>> inlined_by_name_;
  const Chain* current_ = nullptr;  // of the instance being made
  std::optional<fhir::Error> error_;
};

/// Found once: a source may give the same node another Spot when it is asked again, and who shares one belongs
/// together.
const std::vector<ToFhir::Place>& ToFhir::places(std::optional<std::size_t> context) {
  if (!context) return everywhere_;
  const auto [known, is_new] = places_.try_emplace(*context);
  std::vector<Place>& out = known->second;
  if (!is_new) return out;
  const Context& rule = plan_.contexts[*context];
  for (const auto& outer : places(rule.around)) {
    for (const Spot spot : source_.find(*rule.each.bound, outer.spot)) {
      out.push_back({spot, outer.chain});
      out.back().chain[*context] = spot;
    }
  }
  return out;
}

/// Do the instance and the one being made stand in the same order, the same observation ...?
bool ToFhir::belongs(const Instance& instance) const {
  return std::ranges::all_of(instance.place.chain, [&](const auto& link) {
    const auto known = current_->find(link.first);
    return known == current_->end() || known->second == link.second;
  });
}

std::vector<std::string> ToFhir::references(std::size_t rule, bool all) const {
  std::vector<std::string> out;
  for (const auto& instance : instances_[rule]) {
    if (!belongs(instance)) continue;
    out.push_back("urn:uuid:" + instance.id);
    if (!all) break;
  }
  return out;
}

const fhir::Json* ToFhir::Instance::read() const {
  if (!parsed && built) {
    if (auto json = fhir::Json::parse(tree.dump())) parsed = std::make_unique<fhir::Json>(std::move(*json));
  }
  return parsed.get();
}

fhir::path::Collection ToFhir::content(std::size_t rule) const {
  fhir::path::Collection out;
  for (const auto& instance : instances_[rule]) {
    const fhir::Json* json = belongs(instance) ? instance.read() : nullptr;
    if (json == nullptr) continue;
    fhir::path::Item item;
    item.kind = fhir::path::Item::Kind::node;
    item.node = json->root();
    item.type = plan_.resources[rule].type;
    out.push_back(std::move(item));
  }
  return out;
}

std::string ToFhir::put(std::string_view type, std::string_view identity, JsonTree body) {
  const std::string first = named(type).append(identity);
  std::string name = first;
  for (int n = 2;; ++n, name = fmt::format("{}\x1f#{}", first, n)) {
    const auto known = inlined_by_name_.find(name);
    if (known == inlined_by_name_.end() && !names_.contains(name)) break;
    if (known == inlined_by_name_.end()) continue;
    if (inlined_[known->second].body == body) return "urn:uuid:" + inlined_[known->second].id;
  }
  std::string id = fhir::message::uuid5(kIdentitySpace, name);
  inlined_by_name_.emplace(name, inlined_.size());
  inlined_.push_back({std::move(name), id, std::string(type), std::move(body)});
  return "urn:uuid:" + id;
}

void ToFhir::drop_inlined(std::size_t from) {
  while (inlined_.size() > from) {
    inlined_by_name_.erase(inlined_.back().name);
    inlined_.pop_back();
  }
}

/// How the name behind an id begins: who says so, and what it is.
std::string ToFhir::named(std::string_view type) const {
  return fmt::format("{}{}\x1f{}", site_.identifier_base, site_.id, type);
}

/// The name behind an id: who says so, what it is, and what makes it the same. Parts are separated by a control
/// character, and one that holds it makes nothing known.
std::optional<std::string> ToFhir::identity(const ResourceRule& rule, const Place& place) {
  std::string name = named(rule.type);
  bool known = false;
  for (const auto& part : rule.identity) {
    name += '\x1f';
    if (part.resource) {
      const auto targets = references(*part.resource, false);
      if (!targets.empty()) name += targets.front();
    } else if (const auto text = maker_.text(part.value, place.spot)) {
      if (text->contains('\x1f')) return std::nullopt;
      known = known || !part.constant;
      name += *text;
    }
  }
  const bool only_names =
      std::ranges::all_of(rule.identity, [](const auto& part) { return part.resource || part.constant; });
  if (known || only_names) return name;
  return std::nullopt;
}

void ToFhir::refuse_identity(const ResourceRule& rule, const Place& place) {
  const auto& file = plan_.files[rule.mark.file];
  error_ = fhir::Error{Fault::invalid, "map.identity",
                       fmt::format("{}, {} ({}:{})", source_.place(place.spot), rule.name,
                                   file.substr(file.find_last_of('/') + 1), rule.mark.line),
                       fmt::format("this {} has nothing to be known by", rule.type)};
}

bool ToFhir::find_instances(const ResourceRule& rule) {
  auto& made = instances_.emplace_back();
  for (const auto& place : places(rule.context)) {
    current_ = &place.chain;
    if (rule.when && !maker_.holds(*rule.when, place.spot)) continue;
    auto name = identity(rule, place);
    if (maker_.refusal()) return false;
    if (!name) {
      refuse_identity(rule, place);
      return false;
    }
    const std::string first = *name;
    if (!names_.insert(first).second) {
      int& n = repeated_.try_emplace(first, 1).first->second;  // a record may have the same thousands of times
      do *name = fmt::format("{}\x1f#{}", first, ++n);
      while (!names_.insert(*name).second);
    }
    if (*name != first)
      ledger_.remark({.fate = Note::Fate::carried,
                      .source = source_.place(place.spot),
                      .rule = rule.name,
                      .code = "identity-repeated",
                      .say = "the record has this twice: told apart by their order"});
    made.push_back({.place = place, .id = fhir::message::uuid5(kIdentitySpace, *name), .tree = {}, .parsed = {}});
  }
  return true;
}

bool ToFhir::build(const ResourceRule& rule, Instance& instance) {
  current_ = &instance.place.chain;
  instance.tree = JsonTree::object({{"resourceType", rule.type}, {"id", instance.id}});
  const auto* object = std::get_if<Object>(&rule.body.what);
  bool made = true;
  auto body = JsonTree::object();
  if (object == nullptr || !maker_.make_object(*object, rule.body, instance.place.spot, body, made)) return false;
  for (auto& [name, value] : body.children()) instance.tree.set(name, std::move(value));
  instance.built = true;
  return true;
}

void ToFhir::keep_paths(const std::vector<SourcePath>& paths, Instance& instance) {
  for (const auto& path : paths) {
    for (const Spot spot : source_.find(*path.bound, instance.place.spot)) {
      for (const Spot leaf : source_.leaves(spot)) {
        if (ledger_.is_carried(leaf) || source_.text(leaf).empty()) continue;
        auto parts = JsonTree::array();
        parts.push(JsonTree::object({{"url", "path"}, {"valueString", source_.place(leaf)}}));
        parts.push(JsonTree::object({{"url", "value"}, {"valueString", source_.text(leaf)}}));
        instance.tree["extension"].push(
            JsonTree::object({{"url", kSourceValueExtension}, {"extension", std::move(parts)}}));
        ledger_.keep(leaf);
      }
    }
  }
}

/// The resources move into it: they are the bulk of a message.
JsonTree ToFhir::take_bundle() {
  auto entries = JsonTree::array();
  const auto add = [&](std::vector<Instance>& instances) {
    for (auto& instance : instances) {
      JsonTree& entry = entries.push(JsonTree::object({{"fullUrl", "urn:uuid:" + instance.id}}));
      entry.set("resource", std::move(instance.tree));
    }
  };
  add(instances_[plan_.header]);
  for (std::size_t i = 0; i < instances_.size(); ++i)
    if (i != plan_.header) add(instances_[i]);
  for (auto& made : inlined_) {
    JsonTree tree = JsonTree::object({{"resourceType", made.type}, {"id", made.id}});
    for (auto& [name, value] : made.body.children()) tree.set(name, std::move(value));
    JsonTree& entry = entries.push(JsonTree::object({{"fullUrl", "urn:uuid:" + made.id}}));
    entry.set("resource", std::move(tree));
  }
  const auto& header = instances_[plan_.header].front();
  auto bundle =
      JsonTree::object({{"resourceType", "Bundle"},
                        {"id", fhir::message::uuid5(kIdentitySpace, "bundle\x1f" + header.id + "\x1f" + site_.now)},
                        {"type", "message"},
                        {"timestamp", site_.now}});
  bundle.set("entry", std::move(entries));
  return bundle;
}

Result<Outcome> ToFhir::run() {
  const auto refused = [&] { return std::unexpected(error_ ? *error_ : *maker_.refusal()); };
  for (const auto& rule : plan_.resources)
    if (!find_instances(rule)) return refused();
  if (instances_[plan_.header].empty())
    return fhir::fail(Fault::invalid, "map.refused", plan_.resources[plan_.header].name,
                      "the record makes no MessageHeader");
  for (std::size_t i = 0; i < instances_.size(); ++i)
    for (auto& instance : instances_[i])
      if (!build(plan_.resources[i], instance)) return refused();
  for (std::size_t i = 0; i < instances_.size(); ++i)
    for (auto& instance : instances_[i]) keep_paths(plan_.resources[i].keep, instance);
  keep_paths(plan_.keep, instances_[plan_.header].front());
  return Outcome{.bundle = take_bundle(), .local = {}, .report = ledger_.settle(source_)};
}

/// A map to a local form makes no resources, so nothing refers to any.
struct NoResources final : Maker::Resources {
  std::vector<std::string> references(std::size_t, bool) const override { return {}; }
  fhir::path::Collection content(std::size_t) const override { return {}; }
  std::string put(std::string_view, std::string_view, JsonTree) override { return {}; }
  std::size_t inlined() const override { return 0; }
  void drop_inlined(std::size_t) override {}
};

/// What FHIRPath of this map may name.
void define_names(FhirSource& source, const Plan& plan, const Site& site) {
  source.define("site", site.identifier_base + site.id);
  source.define("base", site.identifier_base);
  source.define("organization", site.id);
  source.define("now", site.now);
  source.define("index", "1");
  for (const auto& let : plan.lets) source.define(let.name, *let.path.bound);
}

class FromFhir {
 public:
  FromFhir(const Plan& plan, FhirSource& source, const Site& site, Trace* trace)
      : plan_(plan), source_(source), ledger_(source, plan), maker_(plan, source, site, ledger_, resources_, trace) {}

  Result<Outcome> run() {
    Outcome outcome;
    const bool good = plan_.json ? write_json(outcome) : write_segments(outcome);
    if (source_.failure()) return std::unexpected(*source_.failure());
    if (!good && maker_.refusal()) return std::unexpected(*maker_.refusal());
    outcome.report = ledger_.settle(source_);
    return outcome;
  }

 private:
  bool write_json(Outcome& outcome) {
    std::vector<JsonTree> made;
    if (!maker_.make(*plan_.json, source_.root(), false, made)) return false;
    outcome.local = made.empty() ? "{}" : made.front().dump();
    return true;
  }

  bool write_segments(Outcome& outcome) {
    std::vector<V2Segment> segments;
    if (!make_segments(plan_.segments, source_.root(), segments)) return false;
    outcome.local = write_v2(segments);
    return true;
  }

  bool make_segments(const std::vector<SegmentRule>& rules, Spot spot, std::vector<V2Segment>& out) {
    return std::ranges::all_of(rules, [&](const SegmentRule& rule) { return make_segment(rule, spot, out); });
  }

  /// At every spot of its `each:`, counted for %index; without one, where the group around it stands.
  bool make_segment(const SegmentRule& rule, Spot spot, std::vector<V2Segment>& out) {
    const std::size_t outer = index_;
    std::size_t n = 0;
    for (const Spot at : maker_.spots(rule.each, spot)) {
      if (rule.each.each) index_ = ++n;
      source_.define("index", std::to_string(index_));
      if (rule.each.when && !maker_.holds(*rule.each.when, at)) continue;
      if (!(rule.segment.empty() ? make_segments(rule.segments, at, out) : make_fields(rule, at, out))) return false;
    }
    index_ = outer;
    source_.define("index", std::to_string(index_));
    return true;
  }

  bool make_fields(const SegmentRule& rule, Spot spot, std::vector<V2Segment>& out) {
    std::vector<JsonTree> made;
    if (!maker_.make(rule.fields, spot, false, made)) return false;
    for (auto& fields : made) out.push_back({rule.segment, std::move(fields)});
    return true;
  }

  const Plan& plan_;
  FhirSource& source_;
  NoResources resources_;
  Ledger ledger_;
  Maker maker_;
  std::size_t index_ = 1;
};

}  // namespace

Result<std::unique_ptr<Source>> open_source(const Plan& plan, std::string_view record) {
  if (plan.source == Format::hl7v2) {
    auto message = hl7v2::Message::parse(std::string(record));
    if (!message) return fhir::pass(message);
    return hl7v2::make_source(std::move(*message));
  }
  if (plan.source == Format::xml) return xml::make_source(std::string(record));
  auto json = plan.source == Format::csv ? files::read_csv(record) : fhir::Json::parse(std::string(record));
  if (!json) return fhir::pass(json);
  if (plan.source == Format::row || plan.source == Format::csv) return rows::make_source(std::move(*json), plan.shape);
  return http::make_source(std::move(*json));
}

Result<Outcome> run_plan(const Plan& plan, std::string_view record, const Site& site, Trace* trace) {
  if (plan.source == Format::fhir) {
    auto bundle = fhir::Json::parse(std::string(record));
    if (!bundle) return fhir::pass(bundle);
    FhirSource source(std::move(*bundle), site.now);
    define_names(source, plan, site);
    if (plan.target != Format::fhir) return FromFhir(plan, source, site, trace).run();
    auto outcome = ToFhir(plan, source, site, trace).run();
    return source.failure() ? std::unexpected(*source.failure()) : std::move(outcome);
  }
  const auto source = open_source(plan, record);
  if (!source) return std::unexpected(source.error());
  return ToFhir(plan, **source, site, trace).run();
}

}  // namespace adapters::map
