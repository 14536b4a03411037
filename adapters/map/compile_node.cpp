#include "adapters/map/compile_node.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace adapters::map {
namespace {

constexpr std::array<std::string_view, 25> kWords = {
    "all",    "as",    "back", "column",   "const",    "default", "each", "else",   "first",
    "from",   "id",    "if",   "measure",  "on_error", "read",    "ref",  "refuse", "required",
    "switch", "table", "then", "unmapped", "use",      "when",    "whole"};

constexpr std::size_t kMostSubMaps = 5'000;

bool is_one_of(std::string_view word, std::initializer_list<std::string_view> words) {
  return std::ranges::find(words, word) != words.end();
}

/// `use`, `id` and `default` are also names of FHIR elements: with a map or list behind them they mean those.
bool is_word(const YamlEntry& entry) {
  if (std::ranges::find(kWords, std::string_view(entry.key)) == kWords.end()) return false;
  if (is_one_of(entry.key, {"use", "id"})) return entry.value.is_scalar();
  return true;
}

/// One letter too many, too few, or two that changed places.
bool is_slip_of(std::string_view typed, std::string_view word) {
  if (typed.size() < 4) return false;
  if (typed.size() == word.size()) {
    const auto [left, right] = std::ranges::mismatch(typed, word);
    const auto at = static_cast<std::size_t>(left - typed.begin());
    return at + 1 < typed.size() && typed[at] == word[at + 1] && typed[at + 1] == word[at] &&
           typed.substr(at + 2) == word.substr(at + 2);
  }
  const auto [shorter, longer] = typed.size() < word.size() ? std::pair(typed, word) : std::pair(word, typed);
  if (longer.size() != shorter.size() + 1) return false;
  const auto at = static_cast<std::size_t>(std::ranges::mismatch(shorter, longer).in1 - shorter.begin());
  return shorter.substr(at) == longer.substr(at + 1);
}

YamlEntry nested(std::string key, Mark mark, std::string rest, const Yaml& value) {
  Yaml inner = make_yaml(Yaml::Kind::map, mark);
  inner.entries.push_back({std::move(rest), shifted(mark, key + "."), value});
  return {std::move(key), mark, std::move(inner)};
}

/// What `makes:` says of a sub-map that fits here.
std::string_view makes_of(const Slot& slot) {
  if (slot.format == Format::hl7v2) return "field";
  if (slot.format == Format::json) return "object";
  return slot.choice ? std::string_view("choice") : slot.type;
}

/// A type that stands on its own; nullptr for the others.
const fhir::TypeDefinition* resource_type(std::string_view name) {
  const auto* type = fhir::find_type(name);
  return type != nullptr && type->kind == fhir::TypeKind::resource && !type->abstract ? type : nullptr;
}

/// Writes a member into a sub-map's body: where that has one of this name, else at its end. Extensions are added to
/// those it has.
void put_in_place(Yaml& body, YamlEntry own) {
  if (own.key == "extension" && own.value.is_list())
    if (const Yaml* theirs = body.find("extension"); theirs != nullptr && theirs->is_list())
      own.value.items.insert(own.value.items.begin(), theirs->items.begin(), theirs->items.end());
  const auto same = [&](const YamlEntry& entry) {
    return entry.key == own.key || entry.key.starts_with(own.key + ".");
  };
  const auto at = std::ranges::find_if(body.entries, same);
  const auto index = at - body.entries.begin();
  std::erase_if(body.entries, same);
  if (is_word(own)) own.key.insert(0, ".");
  body.entries.insert(body.entries.begin() + std::min(index, std::ssize(body.entries)), std::move(own));
}

std::vector<std::string> labels_of(std::string_view key) {
  std::vector<std::string> labels;
  for (std::size_t start = 0; start <= key.size();) {
    const auto end = std::min(key.find(',', start), key.size());
    labels.emplace_back(trim(key.substr(start, end - start)));
    start = end + 1;
  }
  return labels;
}

bool may_be_required(const Node& node) { return node.required || node.may_lack; }

/// What one of them lacks, the object around all of them lacks.
void hold(Node& node, Sequence sequence) {
  node.may_lack = node.may_lack || std::ranges::any_of(sequence.nodes, &Node::may_lack);
  node.what = std::move(sequence);
}

}  // namespace

const Yaml* NodeCompiler::Parts::word(std::string_view name) const {
  const auto found = std::ranges::find_if(words, [&](const YamlEntry* entry) { return entry->key == name; });
  return found == words.end() ? nullptr : &(*found)->value;
}

NodeCompiler::Parts NodeCompiler::split(const Yaml& map) const {
  Parts parts;
  for (const auto& entry : map.entries) {
    if (is_word(entry)) {
      parts.words.push_back(&entry);
    } else {
      parts.members.push_back(entry);
      auto& key = parts.members.back().key;
      if (key.starts_with('.') && key.size() > 1) key.erase(0, 1);
    }
  }
  return parts;
}

/// `type.coding.code: X` and `type: {text: Y}` are one member `type` with two.
std::vector<YamlEntry> NodeCompiler::undot(const std::vector<YamlEntry>& members) {
  std::vector<YamlEntry> out;
  for (const auto& entry : members) {
    const auto dot = entry.key.find('.');
    const bool dotted = dot != std::string::npos && dot > 0 && dot + 1 < entry.key.size();
    YamlEntry one =
        dotted ? nested(entry.key.substr(0, dot), entry.mark, entry.key.substr(dot + 1), entry.value) : entry;
    const auto known = std::ranges::find(out, one.key, &YamlEntry::key);
    if (known == out.end()) {
      out.push_back(std::move(one));
    } else if (known->value.is_map() && one.value.is_map()) {
      for (auto& inner : one.value.entries) known->value.entries.push_back(std::move(inner));
    } else {
      faults_.error(entry.mark, "E0211", fmt::format("'{}' is written twice", one.key));
    }
  }
  return out;
}

NodeCompiler::Shape NodeCompiler::shape_of(const Parts& parts, const Slot& slot) const {
  if (parts.word("refuse") != nullptr) return Shape::refusal;
  if (parts.word("switch") != nullptr) return Shape::select;
  if (parts.word("if") != nullptr) return Shape::branch;
  if (parts.word("first") != nullptr) return Shape::first;
  if (parts.word("ref") != nullptr) return Shape::reference;
  if (parts.word("use") != nullptr) return Shape::use;
  if (!parts.members.empty() || parts.word("measure") != nullptr) return Shape::object;
  return slot.structured() && parts.word("const") == nullptr ? Shape::object : Shape::leaf;
}

bool NodeCompiler::check_words(const Parts& parts, Shape shape) {
  bool good = true;
  for (const auto* entry : parts.words) {
    const std::string_view word = entry->key;
    bool fits = is_one_of(word, {"each", "when", "id", "required"});
    switch (shape) {
      case Shape::leaf:
        fits |= is_one_of(word, {"from", "const", "default", "table", "column", "unmapped", "read", "whole", "on_error",
                                 "back", "as"});
        break;
      case Shape::object: fits |= is_one_of(word, {"from", "measure"}); break;
      case Shape::use: fits |= is_one_of(word, {"use", "from", "measure", "back"}); break;
      case Shape::reference: fits |= is_one_of(word, {"ref", "all"}); break;
      case Shape::branch: fits |= is_one_of(word, {"if", "then", "else"}); break;
      case Shape::select: fits |= is_one_of(word, {"switch", "else"}); break;
      case Shape::first: fits |= is_one_of(word, {"first"}); break;
      case Shape::refusal: fits |= is_one_of(word, {"refuse"}); break;
    }
    if (fits) continue;
    good = false;
    faults_.error(entry->mark, "E0205", fmt::format("'{}' has no meaning here", word),
                  fmt::format("to set an element of that name write '.{}'", word));
  }
  return good;
}

std::optional<Node> NodeCompiler::node(const Yaml& yaml, const Slot& slot, const BoundPath* within) {
  if (yaml.is_map()) return from_map(yaml, slot, within);
  if (yaml.is_list()) return sequence(yaml, slot, within);
  if (yaml.is_null()) {
    faults_.error(yaml.mark, "E0204", fmt::format("nothing is written for {}", slot.path));
    return std::nullopt;
  }
  if (slot.choice || slot.structured()) {
    faults_.error(yaml.mark, "E0226",
                  slot.choice ? fmt::format("{} has several types: name the one to make", slot.path)
                              : fmt::format("{} is a {}: it has elements of its own", slot.path, slot.type),
                  slot.choice ? "value: {Quantity: ..., string: ...}" : "write its elements, or `use:` a sub-map");
    return std::nullopt;
  }
  auto value = short_leaf(yaml, slot, within);
  if (!value) return std::nullopt;
  return Node{.mark = yaml.mark, .id = slot.path, .when = {}, .enter = {}, .what = std::move(*value)};
}

std::optional<Node> NodeCompiler::sequence(const Yaml& list, const Slot& slot, const BoundPath* within) {
  if (!slot.repeats && slot.format != Format::json) {
    faults_.error(list.mark, "E0208", fmt::format("{} holds one value, not a list", slot.path),
                  "for the first value that is present write `from: [...]`");
    return std::nullopt;
  }
  Sequence sequence;
  bool good = !list.items.empty();
  if (!good) faults_.error(list.mark, "E0228", fmt::format("the list for {} is empty", slot.path));
  for (const auto& item : list.items) {
    if (item.is_list()) {
      faults_.error(item.mark, "E0204", "a list in a list");
      good = false;
      continue;
    }
    auto made = node(item, slot, within);
    if (made) sequence.nodes.push_back(std::move(*made));
    good = good && made;
  }
  if (!good) return std::nullopt;
  Node made{.mark = list.mark, .id = slot.path, .when = {}, .enter = {}, .what = {}};
  hold(made, std::move(sequence));
  return made;
}

std::optional<Node> NodeCompiler::from_map(const Yaml& yaml, const Slot& slot, const BoundPath* within) {
  const Parts parts = split(yaml);
  const Shape shape = shape_of(parts, slot);
  if (slot.format == Format::json && shape == Shape::object) warn_of_slips(yaml);
  Node node{.mark = yaml.mark, .id = slot.path, .when = {}, .enter = {}, .what = {}};
  bool good = check_words(parts, shape);
  good = wrap(node, parts, within) && good;
  good = fill(node, parts, shape, yaml, slot, within) && good;
  if (!good) return std::nullopt;
  return node;
}

/// A vendor's document may have any member, so a misspelt word of the language would become one.
void NodeCompiler::warn_of_slips(const Yaml& map) {
  for (const auto& entry : map.entries) {
    if (entry.key.starts_with('.') || is_word(entry)) continue;
    for (const auto word : kWords)
      if (is_slip_of(entry.key, word))
        faults_.warn(entry.mark, "E0235", fmt::format("'{}' becomes a member of the document", entry.key),
                     fmt::format("did you mean '{}'?\nif the member is meant write '.{}'", word, entry.key));
  }
}

/// `each:`, `when:`, `id:`, `required:` around whatever is made.
bool NodeCompiler::wrap(Node& node, const Parts& parts, const BoundPath*& within) {
  bool good = true;
  if (const Yaml* each = parts.word("each")) {
    node.enter = binder_.path(*each, within);
    node.each = true;
    good = node.enter.has_value();
    if (good) within = node.enter->bound.get();
  }
  if (const Yaml* when = parts.word("when")) {
    node.when = binder_.condition(*when, within);
    good = node.when.has_value() && good;
  }
  if (const Yaml* id = parts.word("id")) {
    node.id = id->text;
    if (using_.empty() && !ids_.insert(id->text).second) {
      faults_.error(id->mark, "E0232", fmt::format("two rules have the id '{}'", id->text));
      good = false;
    }
  }
  if (const Yaml* required = parts.word("required")) {
    node.required = required->text == "true";
    if (!node.required) {
      faults_.error(required->mark, "E0204", "`required:` can only be true");
      good = false;
    }
  }
  return good;
}

bool NodeCompiler::fill(Node& node, const Parts& parts, Shape shape, const Yaml& yaml, const Slot& slot,
                        const BoundPath* within) {
  switch (shape) {
    case Shape::leaf: return fill_leaf(node, parts, yaml, slot, within);
    case Shape::object: return fill_object(node, parts, yaml, slot, within);
    case Shape::use: return fill_use(node, parts, slot, within);
    case Shape::reference: return fill_reference(node, parts, yaml, slot, within);
    case Shape::branch: return fill_branch(node, parts, slot, within);
    case Shape::select: return fill_switch(node, parts, yaml, slot, within);
    case Shape::first: return fill_first(node, parts, slot, within);
    case Shape::refusal: return fill_refusal(node, parts);
  }
  return false;
}

bool NodeCompiler::fill_leaf(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot,
                             const BoundPath* within) {
  const Yaml* constant = parts.word("const");
  if (constant != nullptr && !slot.choice && (!slot.single() || slot.format == Format::json)) {
    if (slot.format != Format::hl7v2 || !constant->is_scalar()) {
      auto tree = constant_tree(*constant, slot);
      if (!tree) return false;
      node.what = std::move(*tree);
      return true;
    }
  }
  if (slot.choice) {
    faults_.error(yaml.mark, "E0226", fmt::format("{} has several types: name the one to make", slot.path),
                  "value: {Quantity: ..., string: ...}");
    return false;
  }
  auto value = leaf(parts, slot, within, node.each, yaml.mark);
  if (!value) return false;
  node.what = std::move(*value);
  return true;
}

bool NodeCompiler::fill_object(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot,
                               const BoundPath* within) {
  if (slot.single()) {
    const auto& first = parts.members.empty() ? YamlEntry{"measure", yaml.mark, {}} : parts.members.front();
    faults_.error(
        first.mark, "E0226",
        fmt::format("{} is a {}: it has no '{}'", slot.path, slot.type.empty() ? "single value" : slot.type, first.key),
        did_you_mean(first.key, kWords));
    return false;
  }
  const auto body = [&](const BoundPath* inside) -> std::optional<Node> {
    Node inner{.mark = yaml.mark, .id = slot.path, .when = {}, .enter = {}, .what = {}};
    if (slot.choice) {
      auto first = choice(parts.members, slot, inside);
      if (!first) return std::nullopt;
      inner.what = std::move(*first);
      return inner;
    }
    auto made = object(parts.members, slot, inside, yaml.mark);
    if (!made) return std::nullopt;
    if (const Yaml* measure = parts.word("measure")) {
      if (slot.type != "Quantity") {
        faults_.error(measure->mark, "E0226",
                      fmt::format("`measure:` makes a Quantity, and {} is a {}", slot.path, slot.type));
        return std::nullopt;
      }
      auto from = binder_.path(*measure, inside);
      if (!from) return std::nullopt;
      made->measure = MeasureRule{std::move(*from)};
    }
    if (made->members.empty() && !made->measure) {
      faults_.error(yaml.mark, "E0228", fmt::format("nothing is written for {}", slot.path));
      return std::nullopt;
    }
    inner.what = std::move(*made);
    return inner;
  };
  if (const Yaml* from = parts.word("from")) return entered(node, *from, within, body);
  auto inner = body(within);
  if (!inner) return false;
  node.what = std::move(inner->what);
  return true;
}

/// `from:` of something with parts: the parts are read at the first of these places where anything is.
bool NodeCompiler::entered(Node& node, const Yaml& from, const BoundPath* within,
                           const std::function<std::optional<Node>(const BoundPath*)>& body) {
  First first{.nodes = {}, .same_value = true};
  const auto add = [&](const Yaml& path) {
    auto enter = binder_.path(path, within);
    if (!enter) return false;
    auto inner = body(enter->bound.get());
    if (!inner) return false;
    inner->enter = std::move(*enter);
    first.nodes.push_back(std::move(*inner));
    return true;
  };
  bool good = true;
  if (from.is_list()) {
    for (const auto& path : from.items) good = add(path) && good;
  } else {
    good = add(from);
  }
  if (!good || first.nodes.empty()) return false;
  node.what = std::move(first);
  return true;
}

std::optional<Object> NodeCompiler::object(const std::vector<YamlEntry>& members, const Slot& slot,
                                           const BoundPath* within, Mark mark) {
  Object object;
  std::set<std::string> written;
  bool good = true;
  for (const auto& entry : undot(members)) {
    auto one = member(entry, slot, within, written);
    if (one) object.members.push_back(std::move(*one));
    good = good && one;
  }
  check_mandatory(object, slot, written, mark);
  object.extension = slot.type == "Extension";
  if (!good) return std::nullopt;
  return object;
}

std::optional<Member> NodeCompiler::member(const YamlEntry& entry, const Slot& parent, const BoundPath* within,
                                           std::set<std::string>& written) {
  const auto slot = member_slot(parent, entry.key, entry.mark, faults_);
  if (!slot) return std::nullopt;
  const bool twin = entry.key.starts_with('_');
  const std::string element(slot->element != nullptr && !twin ? slot->element->name : std::string_view(entry.key));
  if (!written.insert(element).second) {
    faults_.error(entry.mark, "E0211", fmt::format("a second rule for {}.{}", parent.path, element),
                  slot->element != nullptr && slot->element->choice
                      ? fmt::format("{}: {{TYPE: ..., TYPE: ...}} tries one "
                                    "type after the other",
                                    element)
                      : "");
    return std::nullopt;
  }
  auto made = node(entry.value, *slot, within);
  if (!made) return std::nullopt;
  const bool array = slot->format == Format::json ? entry.value.is_list() : slot->repeats;
  return Member{entry.key, array, slot->choice, std::make_unique<Node>(std::move(*made))};
}

void NodeCompiler::check_mandatory(Object& object, const Slot& slot, const std::set<std::string>& written, Mark mark) {
  if (slot.definition == nullptr) return;
  for (const auto& element : slot.definition->elements) {
    if (element.min == 0) continue;
    object.mandatory.push_back({element.name, element.choice});
    if (!written.contains(std::string(element.name)))
      faults_.error(mark, "E0210", fmt::format("{} is mandatory in R4 and no rule sets it", element.path));
  }
}

/// Types under a choice element, tried in the order written.
std::optional<First> NodeCompiler::choice(const std::vector<YamlEntry>& members, const Slot& slot,
                                          const BoundPath* within) {
  First first;
  bool good = true;
  for (const auto& entry : members) {
    const auto typed = choice_slot(slot, entry.key, entry.mark, faults_);
    auto made = typed ? node(entry.value, *typed, within) : std::nullopt;
    good = good && made;
    if (!made) continue;
    Object object;
    object.members.push_back(
        Member{choice_name(slot.element->name, entry.key), false, false, std::make_unique<Node>(std::move(*made))});
    first.nodes.push_back(
        Node{.mark = entry.mark, .id = typed->path, .when = {}, .enter = {}, .what = std::move(object)});
  }
  if (!good) return std::nullopt;
  return first;
}

/// The sub-map's body with the site's own members in place of its.
std::optional<Yaml> NodeCompiler::merged_sub_map(const Parts& parts, const Slot& slot) {
  const Yaml& name = *parts.word("use");
  const Yaml* body = library_.sub_map(name.text, source_);
  if (body == nullptr) {
    if (library_.complete())
      faults_.error(name.mark, "E0219", fmt::format("there is no sub-map '{}'", name.text),
                    did_you_mean(name.text, library_.sub_map_names(source_)));
    return std::nullopt;
  }
  const Yaml& makes = *body->find("makes");
  if (slot.type == "Reference" && resource_type(makes.text) != nullptr) {
    if (!may_refer(slot, makes.text, name.mark)) return std::nullopt;
  } else if (const auto wanted = makes_of(slot); makes.text != wanted) {
    faults_.error(name.mark, "E0220",
                  fmt::format("sub-map '{}' makes a {}, and {} is a {}", name.text, makes.text, slot.path, wanted));
    return std::nullopt;
  }
  Yaml merged = *body;
  const bool plain =
      merged.find("switch") == nullptr && merged.find("if") == nullptr && merged.find("first") == nullptr;
  for (const auto& own : undot(parts.members)) {
    if (!plain) {
      faults_.error(
          own.mark, "E0220",
          fmt::format("sub-map '{}' decides by switch, if or first: nothing can be set beside it", name.text));
      return std::nullopt;
    }
    put_in_place(merged, own);
  }
  for (const auto* word : parts.words)
    if (word->key == "measure") merged.entries.push_back(*word);
  return merged;
}

/// A sub-map that makes a resource, in a Reference: the resource is made, and the reference leads to it.
std::optional<Node> NodeCompiler::made_there(const Parts& parts, const Yaml& body, const Slot& slot,
                                             const BoundPath* within) {
  const std::string& name = parts.word("use")->text;
  const std::string_view type = resource_type(body.find("makes")->text)->name;
  Node node{.mark = body.mark, .id = slot.path, .when = {}, .enter = {}, .what = {}};
  // Paths of HL7 v2 mean the same wherever they are bound, so one plan serves all places that change nothing.
  const bool shared = parts.members.empty() && source_ == Format::hl7v2;
  const auto known = shared ? inlines_.find(name) : inlines_.end();
  auto made = known != inlines_.end() ? known->second : inline_resource(name, type, body, within);
  if (!made) return std::nullopt;
  if (shared) inlines_.emplace(name, made);
  node.what = std::move(made);
  return node;
}

std::shared_ptr<const Inline> NodeCompiler::inline_resource(const std::string& name, std::string_view type,
                                                            const Yaml& body, const BoundPath* within) {
  auto made = std::make_shared<Inline>();
  made->type = type;
  Node node{.mark = body.mark, .id = name, .when = {}, .enter = {}, .what = {}};
  std::vector<YamlEntry> elements;
  bool good = true;
  for (const auto& entry : body.entries) {
    if (entry.key == "makes") continue;
    if (entry.key == "when") {
      node.when = binder_.condition(entry.value, within);
      good = node.when && good;
    } else if (entry.key == "identity") {
      for (const Yaml& part : entry.value.is_list() ? entry.value.items : std::vector{entry.value}) {
        auto value = this->node(part, text_slot(name + ".identity"), within);
        good = value && good;
        if (value) made->identity.push_back(std::move(*value));
      }
    } else {
      elements.push_back(entry);
    }
  }
  auto content = object(elements, resource_slot(name, type), within, body.mark);
  if (!good || !content) return nullptr;
  node.what = std::move(*content);
  made->body = std::make_unique<Node>(std::move(node));
  return made;
}

bool NodeCompiler::fill_use(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within) {
  const Yaml& name = *parts.word("use");
  if (std::ranges::find(using_, name.text) != using_.end()) {
    faults_.error(name.mark, "E0221", fmt::format("sub-map '{}' uses itself", name.text));
    return false;
  }
  if (++expanded_ > kMostSubMaps) {
    if (expanded_ == kMostSubMaps + 1)
      faults_.error(name.mark, "E0221", fmt::format("more than {} uses of sub-maps", kMostSubMaps));
    return false;
  }
  auto merged = merged_sub_map(parts, slot);
  if (!merged) return false;
  using_.push_back(name.text);
  const bool resource = slot.type == "Reference" && merged->find("makes")->text != "Reference";
  if (!resource) std::erase_if(merged->entries, [](const YamlEntry& entry) { return entry.key == "makes"; });
  const auto body = [&](const BoundPath* inside) {
    return resource ? made_there(parts, *merged, slot, inside) : from_map(*merged, slot, inside);
  };
  bool good = false;
  if (const Yaml* from = parts.word("from")) {
    // The body may have an `each:` of its own, so it goes one level below the node that enters.
    good = entered(node, *from, within, [&](const BoundPath* inside) -> std::optional<Node> {
      auto inner = body(inside);
      if (!inner) return std::nullopt;
      Node outer{.mark = inner->mark, .id = slot.path, .when = {}, .enter = {}, .what = {}};
      Sequence one;
      one.nodes.push_back(std::move(*inner));
      hold(outer, std::move(one));
      return outer;
    });
    good = good && back_all(node, parts.word("back"));
  } else if (auto inner = body(within)) {
    Sequence one;
    one.nodes.push_back(std::move(*inner));
    hold(node, std::move(one));
    good = true;
  }
  using_.pop_back();
  return good;
}

/// `back: all` beside `use:` and several places.
bool NodeCompiler::back_all(Node& node, const Yaml* back) {
  if (back == nullptr) return true;
  auto* first = std::get_if<First>(&node.what);
  if (back->text != "all" || first == nullptr) {
    faults_.error(back->mark, "E0205", "beside `use:` only `back: all` has a meaning");
    return false;
  }
  first->back_all = true;
  return true;
}

std::optional<std::size_t> NodeCompiler::resource(const Yaml& name) {
  const auto found = std::ranges::find(resources_, name.text, &Declared::name);
  if (name.is_scalar() && found != resources_.end()) return static_cast<std::size_t>(found - resources_.begin());
  std::vector<std::string_view> known;
  for (const auto& declared : resources_) known.push_back(declared.name);
  faults_.error(name.mark, "E0222", fmt::format("no resource is declared as '{}'", name.text),
                did_you_mean(name.text, known));
  return std::nullopt;
}

bool NodeCompiler::may_refer(const Slot& slot, std::string_view type, Mark mark) {
  const auto& targets = slot.element->reference_targets;
  if (targets.empty() || std::ranges::any_of(targets, [&](auto target) { return fhir::is_a(type, target); }))
    return true;
  faults_.error(mark, "E0222", fmt::format("{} may not refer to a {}", slot.path, type));
  return false;
}

bool NodeCompiler::fill_reference(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot,
                                  const BoundPath* within) {
  const Yaml& name = *parts.word("ref");
  if (slot.type != "Reference") {
    faults_.error(name.mark, "E0226", fmt::format("{} is no Reference", slot.path));
    return false;
  }
  const auto index = resource(name);
  if (!index) return false;
  if (!may_refer(slot, resources_[*index].type, name.mark)) return false;
  Reference reference{.resource = *index, .all = false, .more = {}};
  if (const Yaml* all = parts.word("all")) {
    reference.all = all->text == "true";
    if (!reference.all) {
      faults_.error(all->mark, "E0204", "`all:` can only be true");
      return false;
    }
    if (!slot.repeats) {
      faults_.error(all->mark, "E0208", fmt::format("{} holds one reference, not all", slot.path));
      return false;
    }
  }
  auto more = object(parts.members, slot, within, yaml.mark);
  if (!more) return false;
  reference.more = std::move(*more);
  node.what = std::move(reference);
  return true;
}

bool NodeCompiler::fill_branch(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within) {
  const Yaml& condition = *parts.word("if");
  const Yaml* then = parts.word("then");
  if (then == nullptr) {
    faults_.error(condition.mark, "E0229", "`if:` without `then:`");
    return false;
  }
  if (!parts.members.empty()) {
    faults_.error(parts.members.front().mark, "E0229", "beside `if:` only then: and else: may stand");
    return false;
  }
  Branch branch;
  auto test = binder_.condition(condition, within);
  auto yes = this->node(*then, slot, within);
  const Yaml* other = parts.word("else");
  auto no = other != nullptr ? this->node(*other, slot, within) : std::nullopt;
  if (!test || !yes || (other != nullptr && !no)) return false;
  branch.condition = std::move(*test);
  branch.then = std::make_unique<Node>(std::move(*yes));
  if (no) branch.otherwise = std::make_unique<Node>(std::move(*no));
  node.may_lack = may_be_required(*branch.then) || (branch.otherwise && may_be_required(*branch.otherwise));
  node.what = std::move(branch);
  return true;
}

/// `refuse: why`: where this is reached the record is not carried.
bool NodeCompiler::fill_refusal(Node& node, const Parts& parts) {
  const Yaml& reason = *parts.word("refuse");
  if (!reason.is_scalar() || reason.text.empty() || !parts.members.empty()) {
    faults_.error(reason.mark, "E0229", "`refuse:` is the reason, and nothing is set beside it");
    return false;
  }
  Leaf leaf;
  leaf.refusal = reason.text;
  node.what = std::move(leaf);
  return true;
}

/// `first: [this, else that]`: all but the last may make nothing.
bool NodeCompiler::fill_first(Node& node, const Parts& parts, const Slot& slot, const BoundPath* within) {
  const Yaml& list = *parts.word("first");
  if (!list.is_list() || list.items.size() < 2 || !parts.members.empty()) {
    faults_.error(list.mark, "E0229", "`first:` is a list of at least two rules, and nothing is set beside it");
    return false;
  }
  First first;
  bool good = true;
  for (const Yaml& item : list.items) {
    Slot alternative = slot;
    alternative.followed = slot.followed || &item != &list.items.back();
    auto made = this->node(item, alternative, within);
    good = good && made;
    if (made) first.nodes.push_back(std::move(*made));
  }
  if (!good) return false;
  node.may_lack = std::ranges::any_of(first.nodes, may_be_required);
  node.what = std::move(first);
  return true;
}

bool NodeCompiler::fill_switch(Node& node, const Parts& parts, const Yaml& yaml, const Slot& slot,
                               const BoundPath* within) {
  Switch select;
  auto on = binder_.path(*parts.word("switch"), within);
  bool good = on.has_value();
  if (on) select.on = std::move(*on);
  std::set<std::string> seen;
  for (const auto& entry : parts.members) {
    auto labels = labels_of(entry.key);
    for (const auto& label : labels) {
      if (seen.insert(label).second) continue;
      faults_.error(entry.mark, "E0233",
                    fmt::format("'{}' already has a branch above: this one is never reached", label));
      good = false;
    }
    auto made = this->node(entry.value, slot, within);
    good = good && made;
    if (made) select.branches.push_back({std::move(labels), std::make_unique<Node>(std::move(*made))});
  }
  const Yaml* other = parts.word("else");
  if (other == nullptr) {
    const auto slip =
        std::ranges::find_if(parts.members, [](const YamlEntry& one) { return is_slip_of(one.key, "else"); });
    if (slip != parts.members.end())
      faults_.error(slip->mark, "E0229", fmt::format("'{}' is a label here", slip->key), "did you mean 'else'?");
    faults_.error(yaml.mark, "E0229", "`switch:` needs an `else:`: what happens to values that no branch names?");
    return false;
  }
  if (!other->is_null()) {  // `else: ~`: nothing is made, and the report says so
    auto otherwise = this->node(*other, slot, within);
    good = good && otherwise;
    if (otherwise) select.otherwise = std::make_unique<Node>(std::move(*otherwise));
  }
  if (!good) return false;
  node.may_lack = std::ranges::any_of(select.branches, [](const auto& one) { return may_be_required(*one.node); }) ||
                  (select.otherwise && may_be_required(*select.otherwise));
  node.what = std::move(select);
  return true;
}

}  // namespace adapters::map
