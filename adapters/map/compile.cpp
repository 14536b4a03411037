#include "adapters/map/compile.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/hl7v2/source.h"
#include "adapters/hl7v2/standard.h"
#include "adapters/http/json_source.h"
#include "adapters/map/binder.h"
#include "adapters/map/compile_node.h"
#include "adapters/map/extend.h"
#include "adapters/map/fhir_source.h"
#include "adapters/map/library.h"
#include "adapters/map/needs.h"
#include "adapters/map/slot.h"
#include "adapters/map/yaml.h"
#include "adapters/xml/xml_source.h"
#include "adapters/xml/xml_writable.h"

namespace adapters::map {
namespace {

constexpr std::size_t kMostExtended = 64;

constexpr std::array<std::string_view, 13> kSections = {"about",    "back",   "datatypes", "extends", "ignored",
                                                        "json",     "keep",   "let",       "map",     "resources",
                                                        "segments", "source", "target"};
constexpr std::ptrdiff_t kDeepestTable = 3;  // dots in MS_CF02.YK_TYPK
constexpr std::array<std::string_view, 5> kResourceWords = {"resource", "each", "when", "identity", "keep"};

class Compiler {
 public:
  Compiler(const std::filesystem::path& file, Faults& faults, const Files& files, const fhir::JsonTree& sample)
      : library_(file, faults, files), faults_(faults), sample_(sample) {}

  std::shared_ptr<const Plan> run(const Yaml& yaml);

 private:
  std::optional<Yaml> extended(const Yaml& yaml, int depth);
  bool may_extend(Mark mark);
  const Yaml* text_of(const Yaml& map, std::string_view key, bool mandatory);
  std::vector<std::string> texts(const Yaml& list);
  void check_keys(const Yaml& map, std::span<const std::string_view> known);

  void read_head(const Yaml& yaml);
  void read_source(const Yaml& source);
  void read_shape(const Yaml& source);
  void read_skeleton(const Yaml& source);
  void read_columns(const Yaml& source);
  void read_tables(const Yaml& tables);
  void read_empty(const Yaml& empty);
  void read_target(const Yaml& target);
  void read_names(const Yaml& yaml);
  void read_lets(const Yaml& lets);
  void read_resources(const Yaml& resources);
  void read_resource(const YamlEntry& entry);
  void read_context(ResourceRule& rule, const Yaml& each);
  void read_identity(ResourceRule& rule, const Yaml* identity);
  void read_body(ResourceRule& rule, const Yaml& yaml);
  void find_header(const Yaml& resources);
  std::vector<SegmentRule> read_segments(const Yaml& list, const BoundPath* within);
  std::optional<SegmentRule> read_segment(const Yaml& item, const BoundPath* within);
  void read_json(const Yaml& json);
  std::vector<SourcePath> read_paths(const Yaml& list, const BoundPath* within);
  void read_ignored(const Yaml& ignored);
  void read_back(const Yaml& back);
  std::optional<Completion> read_completion(const YamlEntry& entry);
  const BoundPath* within(const ResourceRule& rule) const;

  Library library_;
  Faults& faults_;
  std::size_t extended_ = 0;
  const fhir::JsonTree& sample_;
  std::shared_ptr<Plan> plan_ = std::make_shared<Plan>();
  std::vector<Declared> declared_;
  std::optional<Binder> binder_;
  std::optional<NodeCompiler> nodes_;
};

/// Lists of lists of maps: a few short files could name millions.
bool Compiler::may_extend(Mark mark) {
  if (++extended_ <= kMostExtended) return true;
  faults_.error(mark, "E0221",
                fmt::format("more than {} maps and parts are extended, all levels together", kMostExtended));
  return false;
}

/// Base maps and parts are laid under the map, one over the other and however deep, before anything is looked at.
std::optional<Yaml> Compiler::extended(const Yaml& yaml, int depth) {
  const Yaml* base_name = yaml.find("extends");
  if (base_name == nullptr) return yaml;
  if (depth > 4) {
    faults_.error(base_name->mark, "E0221", "maps extend each other in a circle, or deeper than 4 levels");
    return std::nullopt;
  }
  Yaml whole = make_yaml(Yaml::Kind::map, yaml.mark);
  for (const Yaml& name : base_name->is_list() ? base_name->items : std::vector{*base_name}) {
    if (!may_extend(name.mark)) return std::nullopt;
    const auto base = library_.map_file(name.text, name.mark);
    if (!base) return std::nullopt;
    if (!base->is_map()) {
      faults_.error(base->mark, "E0204", "a map file is a map");
      return std::nullopt;
    }
    auto under = extended(*base, depth + 1);
    if (!under) return std::nullopt;
    whole = laid_over(std::move(whole), *under);
  }
  std::erase_if(whole.entries, [](const YamlEntry& entry) { return entry.key == "extends"; });
  whole.mark = yaml.mark;
  return laid_over(std::move(whole), yaml);
}

const Yaml* Compiler::text_of(const Yaml& map, std::string_view key, bool mandatory) {
  const Yaml* value = map.find(key);
  if (value == nullptr) {
    if (mandatory) faults_.error(map.mark, "E0206", fmt::format("`{}:` is missing", key));
    return nullptr;
  }
  if (value->is_scalar()) return value;
  faults_.error(value->mark, "E0204", fmt::format("`{}:` is text, not {}", key, name_of(value->kind)));
  return nullptr;
}

std::vector<std::string> Compiler::texts(const Yaml& list) {
  std::vector<std::string> out;
  if (list.is_scalar()) return {list.text};
  if (!list.is_list()) faults_.error(list.mark, "E0204", fmt::format("a list of texts, not {}", name_of(list.kind)));
  for (const auto& item : list.items) {
    if (!item.is_scalar()) faults_.error(item.mark, "E0204", fmt::format("text, not {}", name_of(item.kind)));
    out.push_back(item.text);
  }
  return out;
}

void Compiler::check_keys(const Yaml& map, std::span<const std::string_view> known) {
  for (const auto& entry : map.entries)
    if (std::ranges::find(known, std::string_view(entry.key)) == known.end())
      faults_.error(entry.mark, "E0205", fmt::format("unknown key '{}'", entry.key), did_you_mean(entry.key, known));
}

std::shared_ptr<const Plan> Compiler::run(const Yaml& yaml) {
  if (!yaml.is_map()) {
    faults_.error(yaml.mark, "E0204", "a map file is a map: `map:`, `source:`, ...");
    return nullptr;
  }
  const auto whole = extended(yaml, 0);
  if (!whole) return nullptr;
  read_head(*whole);
  if (faults_.failed()) return nullptr;  // without the formats nothing below can be understood
  read_names(*whole);
  if (const Yaml* lets = whole->find("let")) read_lets(*lets);
  if (const Yaml* resources = whole->find("resources")) read_resources(*resources);
  if (const Yaml* segments = whole->find("segments")) plan_->segments = read_segments(*segments, nullptr);
  if (const Yaml* json = whole->find("json")) read_json(*json);
  if (const Yaml* keep = whole->find("keep")) plan_->keep = read_paths(*keep, nullptr);
  if (const Yaml* ignored = whole->find("ignored")) read_ignored(*ignored);
  if (const Yaml* back = whole->find("back")) read_back(*back);
  plan_->files = faults_.files();
  plan_->tables = library_.tables();
  if (faults_.failed()) return nullptr;
  find_needs(*plan_);
  return plan_;
}

void Compiler::read_head(const Yaml& yaml) {
  check_keys(yaml, kSections);
  if (const Yaml* name = text_of(yaml, "map", true)) plan_->name = name->text;
  const Yaml* source = yaml.find("source");
  if (source == nullptr || !source->is_map()) {
    faults_.error(source != nullptr ? source->mark : yaml.mark, "E0206", "`source:` says what the records are",
                  "source: {format: hl7v2, accept: [ORU^R01]}");
    return;
  }
  read_source(*source);
  plan_->target = Format::fhir;
  if (const Yaml* target = yaml.find("target")) read_target(*target);
  if (plan_->source != Format::fhir && plan_->target != Format::fhir)
    faults_.error(source->mark, "E0206", "one side of a map is FHIR: it leads there, or from there",
                  "target: {format: fhir}");
  const std::string_view body = plan_->target == Format::fhir    ? "resources"
                                : plan_->target == Format::hl7v2 ? "segments"
                                                                 : "json";
  for (const std::string_view key : {"resources", "segments", "json"}) {
    const auto* entry = yaml.entry(key);
    if (key == body && entry == nullptr) faults_.error(yaml.mark, "E0206", fmt::format("`{}:` is missing", key));
    if (key != body && entry != nullptr)
      faults_.error(entry->mark, "E0205", fmt::format("`{}:` has no meaning for this target", key));
  }
  if (const auto* lets = yaml.entry("let"); lets != nullptr && plan_->source != Format::fhir)
    faults_.error(lets->mark, "E0205", "`let:` is for maps from FHIR");
}

void Compiler::read_source(const Yaml& source) {
  check_keys(source,
             std::array<std::string_view, 7>{"format", "accept", "charset", "tables", "columns", "empty", "skeleton"});
  if (const Yaml* format = text_of(source, "format", true)) {
    const auto known = format_named(format->text);
    if (!known)
      faults_.error(format->mark, "E0206", fmt::format("there is no format '{}'", format->text),
                    "hl7v2, json, xml, row, csv, fhir");
    plan_->source = known.value_or(Format::hl7v2);
  }
  if (const Yaml* accept = source.find("accept")) {
    plan_->accept = texts(*accept);
  } else {
    faults_.error(source.mark, "E0206", "`accept:` is missing: which kinds of record?", "accept: [ORU^R01]");
  }
  if (const Yaml* charset = text_of(source, "charset", false)) plan_->charset = charset->text;
  read_shape(source);
}

/// `tables:` of row records or `columns:` of CSV, and `empty:`: what columns there are, and which texts in them mean
/// nothing.
void Compiler::read_shape(const Yaml& source) {
  const auto *tables = source.entry("tables"), *empty = source.entry("empty");
  const bool row = plan_->source == Format::row, csv = plan_->source == Format::csv;
  const auto only_for = [&](std::string_view key, bool holds, std::string_view formats) {
    const auto* entry = source.entry(key);
    if (entry != nullptr && !holds)
      faults_.error(entry->mark, "E0205", fmt::format("`{}:` is for format {}", key, formats));
  };
  only_for("tables", row, "row");
  only_for("columns", csv, "csv");
  only_for("empty", row || csv, "row and csv");
  only_for("skeleton", plan_->source == Format::xml, "xml");
  if (plan_->source == Format::xml) read_skeleton(source);
  if (csv) read_columns(source);
  if (csv && empty != nullptr) read_empty(empty->value);
  if (!row) return;
  if (tables == nullptr || !tables->value.is_map() || tables->value.entries.empty()) {
    faults_.error(source.mark, "E0206", "`tables:` is missing: which columns do the records have?",
                  "tables: {MS_CF01: [CFSB, KFRQ], MS_CF02: [SBXH, YPXH]}");
    return;
  }
  read_tables(tables->value);
  if (empty != nullptr) read_empty(empty->value);
}

/// The document whose frame the way back fills.
void Compiler::read_skeleton(const Yaml& source) {
  const Yaml* name = text_of(source, "skeleton", false);
  const auto text = name != nullptr ? library_.skeleton(name->text, name->mark) : std::nullopt;
  if (!text) return;
  auto skeleton = xml::read_skeleton(*text);
  if (!skeleton)
    return faults_.error(
        name->mark, "E0206",
        fmt::format("{}.skeleton.xml:{}: {}", name->text, skeleton.error().where, skeleton.error().say));
  plan_->skeleton = *std::move(skeleton);
}

/// A CSV is one table, and has no name: the name of its first column says what kind of record it is.
void Compiler::read_columns(const Yaml& source) {
  const Yaml* columns = source.find("columns");
  if (columns == nullptr || !columns->is_list() || columns->items.empty()) {
    faults_.error(source.mark, "E0206", "`columns:` is missing: which columns do the files have?",
                  "columns: [case_no, name, icd10]");
    return;
  }
  rows::Shape& shape = plan_->shape;
  shape.tables.push_back({"", texts(*columns)});
  shape.table = shape.tables.front().columns.empty() ? std::string() : shape.tables.front().columns.front();
  if (plan_->accept != std::vector{shape.table})
    faults_.error(
        columns->mark, "E0206",
        fmt::format("the first column, '{}', says what kind of record it is, and `accept:` names it", shape.table),
        fmt::format("accept: [{}]", shape.table));
}

/// The first table is the record's own, and its name is the kind of record; `MS_CF02.YK_TYPK` belongs to rows of
/// MS_CF02.
void Compiler::read_tables(const Yaml& tables) {
  rows::Shape& shape = plan_->shape;
  shape.table = tables.entries.front().key;
  if (plan_->accept != std::vector{shape.table})
    faults_.error(tables.entries.front().mark, "E0206",
                  fmt::format("the first table, '{}', is the record's own, and `accept:` names it", shape.table),
                  fmt::format("accept: [{}]", shape.table));
  for (const auto& [name, mark, columns] : tables.entries) {
    const std::string path = shape.tables.empty() ? std::string() : name;
    const std::string around = path.substr(0, path.find('.') == std::string::npos ? 0 : path.rfind('.'));
    if (!columns.is_list()) faults_.error(columns.mark, "E0204", "the columns of a table are a list");
    if (!path.empty() && std::ranges::find(shape.tables, around, &rows::Shape::Table::path) == shape.tables.end()) {
      faults_.error(mark, "E0206", fmt::format("'{}' belongs to a table that is not declared above it", name));
    } else if (std::ranges::count(path, '.') > kDeepestTable) {
      faults_.error(mark, "E0206", fmt::format("'{}': tables are nested too deep", name));
    } else {
      shape.tables.push_back({path, texts(columns)});
    }
  }
}

void Compiler::read_empty(const Yaml& empty) {
  if (!empty.is_map()) {
    faults_.error(empty.mark, "E0204", "empty: {COLUMN: [texts that mean nothing]}");
    return;
  }
  const auto sample = rows::make_dialect(plan_->shape);
  for (const auto& [column, mark, list] : empty.entries) {
    if (column != "*")
      if (const auto known = sample->bind(column, nullptr); !known) faults_.error(mark, "E0212", known.error().say);
    plan_->shape.empty.push_back({column, texts(list)});
  }
}

void Compiler::read_target(const Yaml& target) {
  if (!target.is_map()) {
    faults_.error(target.mark, "E0204", "target: {format: fhir|hl7v2|json}");
    return;
  }
  check_keys(target, std::array<std::string_view, 1>{"format"});
  if (const Yaml* format = text_of(target, "format", true)) {
    const auto known = format_named(format->text);
    if (!known || *known == Format::row || *known == Format::csv || *known == Format::xml)
      faults_.error(format->mark, "E0206", fmt::format("there is no target format '{}'", format->text),
                    "fhir, hl7v2, json");
    plan_->target = known.value_or(Format::fhir);
  }
}

/// Everything that others may name is known before anything is compiled.
void Compiler::read_names(const Yaml& yaml) {
  std::vector<std::string> names(std::begin(kBuiltins), std::end(kBuiltins));
  names.emplace_back("index");
  if (const Yaml* lets = yaml.find("let"))
    for (const auto& entry : lets->entries) names.push_back(entry.key);
  plan_->dialect = make_dialect(*plan_, names, sample_);
  if (const Yaml* resources = yaml.find("resources")) {
    for (const auto& [name, mark, body] : resources->entries) {
      const Yaml* type = body.find("resource");
      declared_.push_back({name, type != nullptr ? type->text : std::string()});
    }
  }
  if (const Yaml* datatypes = yaml.find("datatypes")) {
    if (!datatypes->is_map()) faults_.error(datatypes->mark, "E0204", "datatypes: {NAME: {makes: TYPE, ...}}");
    library_.add_sub_maps(*datatypes, plan_->source);
  }
  binder_.emplace(plan_->source, *plan_->dialect, faults_);
  nodes_.emplace(plan_->source, library_, *binder_, faults_, declared_);
}

void Compiler::read_lets(const Yaml& lets) {
  if (!lets.is_map()) faults_.error(lets.mark, "E0204", "let: {name: FHIRPath}");
  for (const auto& [name, mark, value] : lets.entries)
    if (auto path = binder_->path(value, nullptr)) plan_->lets.push_back({name, std::move(*path)});
}

void Compiler::read_resources(const Yaml& resources) {
  if (!resources.is_map()) {
    faults_.error(resources.mark, "E0204", "resources: {name: {resource: TYPE, ...}}");
    return;
  }
  for (const auto& entry : resources.entries) read_resource(entry);
  find_header(resources);
}

void Compiler::read_resource(const YamlEntry& entry) {
  const auto& [name, mark, yaml] = entry;
  ResourceRule rule{
      .name = name, .type = {}, .mark = mark, .when = {}, .context = {}, .identity = {}, .body = {}, .keep = {}};
  if (!yaml.is_map()) {
    faults_.error(yaml.mark, "E0204", fmt::format("'{}' is a map: resource: TYPE and its elements", name));
  } else {
    if (const Yaml* type = text_of(yaml, "resource", true)) rule.type = type->text;
    if (const Yaml* each = text_of(yaml, "each", false)) read_context(rule, *each);
    if (const Yaml* when = yaml.find("when")) rule.when = binder_->condition(*when, within(rule));
    read_identity(rule, yaml.find("identity"));
    if (const Yaml* keep = yaml.find("keep")) rule.keep = read_paths(*keep, within(rule));
    if (!rule.type.empty()) read_body(rule, yaml);
  }
  binder_->know_resource(name, plan_->resources.size());
  plan_->resources.push_back(std::move(rule));  // also when faulty: indexes must stay those of the file
}

const BoundPath* Compiler::within(const ResourceRule& rule) const {
  return rule.context ? plan_->contexts[*rule.context].each.bound.get() : nullptr;
}

/// `each: PATH`, `each: PATH as name`, `each: name`, `each: name.PATH`
void Compiler::read_context(ResourceRule& rule, const Yaml& each) {
  std::string_view path = each.text;
  Context context;
  if (const auto as = path.find(" as "); as != std::string_view::npos) {
    context.name = trim(path.substr(as + 4));
    path = trim(path.substr(0, as));
  }
  Mark mark = text_mark(each);
  const auto known = [&](std::string_view name) {
    const auto found = std::ranges::find(plan_->contexts, name, &Context::name);
    return found == plan_->contexts.end() || name.empty()
               ? std::nullopt
               : std::optional(static_cast<std::size_t>(found - plan_->contexts.begin()));
  };
  if (const auto same = known(path)) {
    rule.context = same;
    return;
  }
  const auto head = path.substr(0, path.find('.'));
  context.around = known(head);
  if (context.around) {
    mark = shifted(mark, path.substr(0, head.size() + 1));
    path.remove_prefix(std::min(path.size(), head.size() + 1));
  }
  if (!context.name.empty() && known(context.name))
    faults_.error(each.mark, "E0232", fmt::format("'{}' already names another each:", context.name));
  const auto* outer = context.around ? plan_->contexts[*context.around].each.bound.get() : nullptr;
  auto bound = binder_->path(path, mark, outer);
  if (!bound) return;
  context.each = std::move(*bound);
  rule.context = plan_->contexts.size();
  plan_->contexts.push_back(std::move(context));
}

void Compiler::read_identity(ResourceRule& rule, const Yaml* identity) {
  if (identity == nullptr) {
    faults_.error(rule.mark, "E0224", fmt::format("'{}' has no identity: what makes two of them the same?", rule.name),
                  "identity: [OBR-3]");
    return;
  }
  const auto add = [&](const Yaml& part) {
    if (const Yaml* ref = part.find("ref"); ref != nullptr) {
      const auto index = nodes_->resource(*ref);
      if (index && *index >= plan_->resources.size())
        faults_.error(ref->mark, "E0222",
                      fmt::format("'{}' is declared further down: its identity is not known yet", ref->text));
      if (index) rule.identity.push_back({.resource = index, .constant = false, .value = {}});
    } else if (auto value = nodes_->node(part, text_slot(rule.name + ".identity"), within(rule))) {
      const bool constant = part.find("const") != nullptr;
      rule.identity.push_back({.resource = {}, .constant = constant, .value = std::move(*value)});
    }
  };
  if (!identity->is_list()) {
    add(*identity);
  } else {
    for (const auto& part : identity->items) add(part);
    if (identity->items.empty()) faults_.error(identity->mark, "E0224", "an identity of nothing");
  }
}

void Compiler::read_body(ResourceRule& rule, const Yaml& yaml) {
  const Slot slot = resource_slot(rule.name, rule.type);
  if (slot.definition == nullptr) {
    std::vector<std::string_view> known;
    for (const auto* type : fhir::all_types())
      if (type->kind == fhir::TypeKind::resource && !type->abstract) known.push_back(type->name);
    faults_.error(yaml.find("resource")->mark, "E0223", fmt::format("R4 has no resource '{}'", rule.type),
                  did_you_mean(rule.type, known));
    return;
  }
  std::vector<YamlEntry> elements;
  for (const auto& entry : yaml.entries)
    if (std::ranges::find(kResourceWords, std::string_view(entry.key)) == kResourceWords.end())
      elements.push_back(entry);
  if (elements.empty()) {
    faults_.error(rule.mark, "E0228", fmt::format("'{}' has no elements", rule.name));
    return;
  }
  auto object = nodes_->object(elements, slot, within(rule), rule.mark);
  if (!object) return;
  rule.body.mark = rule.mark;
  rule.body.id = rule.name;
  rule.body.what = std::move(*object);
}

void Compiler::find_header(const Yaml& resources) {
  const auto is_header = [](const ResourceRule& rule) { return rule.type == "MessageHeader"; };
  const auto found = std::ranges::find_if(plan_->resources, is_header);
  if (std::ranges::count_if(plan_->resources, is_header) != 1 || found->context) {
    faults_.error(resources.mark, "E0206", "a message has one MessageHeader, made once for the record",
                  "header: {resource: MessageHeader, eventCoding: ..., source: ...}");
    return;
  }
  plan_->header = static_cast<std::size_t>(found - plan_->resources.begin());
}

std::vector<SegmentRule> Compiler::read_segments(const Yaml& list, const BoundPath* within) {
  std::vector<SegmentRule> rules;
  if (!list.is_list() || list.items.empty())
    faults_.error(list.mark, "E0204", "segments: a list of segments in their order");
  for (const auto& item : list.items)
    if (auto rule = read_segment(item, within)) rules.push_back(std::move(*rule));
  return rules;
}

/// `- PID: {...}`, `- {each: PATH, OBX: {...}}`, `- {each: PATH, segments: [...]}`; each may have an `id:`
std::optional<SegmentRule> Compiler::read_segment(const Yaml& item, const BoundPath* within) {
  SegmentRule rule{.each = {}, .segment = {}, .fields = {}, .segments = {}};
  rule.each.mark = item.mark;
  if (!item.is_map()) {
    faults_.error(item.mark, "E0204", "a segment is written `- PID: {3: ..., 5: ...}`");
    return std::nullopt;
  }
  if (const Yaml* each = item.find("each")) {
    rule.each.enter = binder_->path(*each, within);
    rule.each.each = true;
    if (!rule.each.enter) return std::nullopt;
    within = rule.each.enter->bound.get();
  }
  if (const Yaml* when = item.find("when")) rule.each.when = binder_->condition(*when, within);
  for (const auto& [key, mark, value] : item.entries) {
    if (key == "each" || key == "when" || key == "id") continue;  // `id:` is for `extends`
    if (!rule.segment.empty() || !rule.segments.empty()) {
      faults_.error(mark, "E0205", "one segment an item: begin the next with `-`");
    } else if (key == "segments") {
      rule.segments = read_segments(value, within);
    } else if (key.size() != 3 ||
               !std::ranges::all_of(key, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); })) {
      faults_.error(mark, "E0207", fmt::format("'{}' is no segment", key));
    } else if (!key.starts_with('Z') && !hl7v2::is_standard_segment(key)) {
      const auto nearest = hl7v2::nearest_segment(key);
      faults_.error(mark, "E0207",
                    fmt::format("HL7 v2 has no segment '{}', and segments of one's own begin with Z", key),
                    nearest.empty() ? std::string() : fmt::format("did you mean '{}'?", nearest));
    } else if (!value.is_map()) {
      faults_.error(value.mark, "E0204", "a segment is written `- PID: {3: ..., 5: ...}`");
    } else {
      rule.segment = key;
      rule.fields.mark = mark;
      rule.fields.id = key;
      auto object = nodes_->object(value.entries, segment_slot(key), within, mark);
      if (object) rule.fields.what = std::move(*object);
    }
  }
  return rule;
}

void Compiler::read_json(const Yaml& json) {
  if (!json.is_map()) {
    faults_.error(json.mark, "E0204", "json: the document to make");
    return;
  }
  plan_->json = nodes_->node(json, json_slot(), nullptr);
}

std::vector<SourcePath> Compiler::read_paths(const Yaml& list, const BoundPath* within) {
  std::vector<SourcePath> paths;
  if (!list.is_list()) faults_.error(list.mark, "E0204", "a list of source paths");
  for (const auto& item : list.items)
    if (auto path = binder_->path(item, within)) paths.push_back(std::move(*path));
  return paths;
}

void Compiler::read_ignored(const Yaml& ignored) {
  if (!ignored.is_map()) faults_.error(ignored.mark, "E0204", "ignored: {PATH: why it is not carried}");
  for (const auto& [path, mark, reason] : ignored.entries) {
    auto bound = binder_->path(path, mark, nullptr);
    if (!reason.is_scalar() || reason.text.empty()) {
      faults_.error(mark, "E0204", "say why this is not carried");
    } else if (bound) {
      plan_->ignored.push_back({std::move(*bound), reason.text, mark});
    }
  }
}

void Compiler::read_back(const Yaml& back) {
  if (!back.is_map() || plan_->source == Format::fhir)
    faults_.error(back.mark, "E0204", "back: {PATH: number, PATH: PATH, PATH: \"= FHIRPath\"}, of a map to FHIR");
  for (const auto& entry : back.entries)
    if (auto rule = read_completion(entry)) plan_->back.push_back(std::move(*rule));
}

/// `OBX-1: number`, `EVN-1: MSH-9.2`, `MSH-18: {const: UNICODE UTF-8}`, `PV1-1: "= ..."`
std::optional<Completion> Compiler::read_completion(const YamlEntry& entry) {
  const auto& [path, mark, value] = entry;
  Completion rule;
  rule.mark = mark;
  const BoundPath* within = nullptr;
  const auto dash = path.find('-');
  if (plan_->source == Format::hl7v2 && dash != std::string::npos) {
    rule.each = binder_->path(path.substr(0, dash), mark, nullptr);
    if (!rule.each) return std::nullopt;
    within = rule.each->bound.get();
  }
  auto to = binder_->path(path, mark, within);
  if (!to) return std::nullopt;
  rule.to = std::move(*to);
  const Yaml* constant = value.is_map() ? value.find("const") : nullptr;
  if (constant != nullptr && constant->is_scalar() && value.entries.size() == 1) {
    rule.what = Completion::What::constant;
    rule.constant = constant->text;
    return rule;
  }
  if (!value.is_scalar()) {
    faults_.error(value.mark, "E0204", "number, a path, \"= FHIRPath\" or {const: TEXT}");
    return std::nullopt;
  }
  if (const auto text = formula_text(value)) {
    rule.what = Completion::What::formula;
    rule.formula = binder_->formula(text->text, text->mark, within);
    return rule.formula ? std::optional(std::move(rule)) : std::nullopt;
  }
  if (value.text == "number" && !value.quoted) return rule;
  rule.what = Completion::What::copy;
  auto from = binder_->path(value, within);
  if (!from) return std::nullopt;
  rule.from = std::move(*from);
  return rule;
}

}  // namespace

namespace {

std::unique_ptr<Dialect> json_dialect(const fhir::JsonTree& sample) {
  auto json = sample ? fhir::Json::parse(sample.dump()) : fhir::Json::parse("");
  if (!json) return http::make_dialect();
  return http::make_dialect(std::move(*json), {"the records of its tests", "data.diag[*].code or $.msgId"});
}

std::unique_ptr<Dialect> xml_dialect(const fhir::JsonTree& sample) {
  std::vector<std::string> documents;
  const auto json = sample ? fhir::Json::parse(sample.dump()) : fhir::Json::parse("[]");
  if (json)
    for (const fhir::JsonView document : json->root()) documents.emplace_back(document.text());
  return xml::make_dialect(std::move(documents));
}

}  // namespace

std::unique_ptr<Dialect> make_dialect(const Plan& plan, const std::vector<std::string>& names,
                                      const fhir::JsonTree& sample) {
  switch (plan.source) {
    case Format::hl7v2: return hl7v2::make_dialect(plan.accept);
    case Format::row:
    case Format::csv: return rows::make_dialect(plan.shape);
    case Format::json: return json_dialect(sample);
    case Format::xml: return xml_dialect(sample);
    case Format::fhir: return std::make_unique<FhirDialect>(names);
  }
  return nullptr;
}

std::shared_ptr<const Plan> compile(const std::string& text, const std::filesystem::path& file, Faults& faults,
                                    const Files& files, const fhir::JsonTree& sample) {
  const auto number = faults.add_file(file.string());
  const auto yaml = parse_yaml(text, number, faults);
  return yaml ? Compiler(file, faults, files, sample).run(*yaml) : nullptr;
}

namespace {

/// A slot that a sub-map of this `makes:` fits; it has no type when there is none.
Slot made_slot(const std::string& name, const std::string& makes) {
  static const fhir::ElementDefinition anything{};
  Slot slot;
  slot.path = name;
  slot.repeats = true;
  slot.element = &anything;
  if (makes == "choice") {
    for (const auto& element : fhir::find_type("Observation")->elements)
      if (element.choice && element.name == "value") slot.element = &element;
    slot.choice = true;
    return slot;
  }
  const auto* type = fhir::find_type(makes);
  if (type == nullptr) return slot;
  if (type->kind == fhir::TypeKind::resource) type = fhir::find_type("Reference");  // that is where one is made
  slot.type = type->name;
  slot.definition = type->kind == fhir::TypeKind::primitive ? nullptr : type;
  return slot;
}

}  // namespace

void check_sub_maps(const std::filesystem::path& file, Faults& faults, const Files& files) {
  const auto number = faults.add_file(file.string());
  Library library(file, faults, files);
  const auto text = library.read(file, {number, 1, 1});
  const auto yaml = text ? parse_yaml(*text, number, faults) : std::nullopt;
  if (!yaml) return;
  const Yaml* source = yaml->find("source");
  const Yaml* datatypes = yaml->find("datatypes");
  const auto format = source != nullptr ? format_named(source->text) : std::nullopt;
  if (!format || datatypes == nullptr || !datatypes->is_map())
    return faults.error({number, 1, 1}, "E0206", "a file of sub-maps has `source: hl7v2|json|fhir` and `datatypes:`");
  library.add_sub_maps(*datatypes, *format);
  if (*format != Format::hl7v2) return;
  const auto dialect = hl7v2::make_dialect(std::vector<std::string>{});
  const auto field = dialect->bind("PID-3", nullptr);  // any: components have no names that could be wrong
  Binder binder(*format, *dialect, faults);
  const std::vector<Declared> none;
  for (const auto& [name, mark, body] : datatypes->entries) {
    const Yaml* makes = body.find("makes");
    if (makes == nullptr || !field) continue;
    const Slot slot = made_slot(name, makes->text);
    if (!slot.choice && slot.type.empty()) {
      faults.error(makes->mark, "E0220", fmt::format("'{}' is nothing that a sub-map makes", makes->text),
                   "a FHIR type as in HumanName, or choice");
      continue;
    }
    Yaml rule = make_yaml(Yaml::Kind::map, mark);
    rule.entries.push_back({"use", mark, make_yaml(Yaml::Kind::scalar, mark)});
    rule.entries.back().value.text = name;
    NodeCompiler(*format, library, binder, faults, none).node(rule, slot, field->get());
  }
}

}  // namespace adapters::map
