#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/json_tape.h"
#include "fhir/primitives.h"
#include "fhir/xhtml.h"
#include "fhir/xml.h"

namespace fhir {
namespace {

constexpr std::string_view kSchemaSpace = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::uint32_t kNone = 0xffff'ffff;

/// A piece of JsonTape::decoded.
struct Slice {
  std::uint32_t offset = 0, length = 0;
  bool given = false;
};

struct Element {
  Slice name, value, id, url;
  std::uint32_t parent = kNone, first = kNone, last = kNone, next = kNone;  // the tree, by index
  std::uint32_t offset = 0;
  bool narrative = false;
};

struct Stray {
  std::uint32_t element = 0;
  std::size_t offset = 0;
};

/// The document as elements, before it is known what they are.
class ElementReader final : public XmlHandler {
 public:
  explicit ElementReader(std::string& pool) : pool_(pool) {}

  std::vector<Element> elements;
  std::vector<Stray> stray_text;

  Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t offset) override {
    if (xhtml_.depth() > 0 || (name.space == kXhtmlSpace && open_ != kNone)) {
      if (xhtml_.depth() == 0) begin_narrative(name, offset);
      xhtml_.start(name, attributes);
      return {};
    }
    if (name.space != kFhirSpace) {
      return fail(Fault::invalid, "xml.namespace", "",
                  "an element of a resource is in the namespace http://hl7.org/fhir");
    }
    add(name.local, offset);
    return read_attributes(attributes);
  }

  Result<void> end(XmlName, std::size_t) override {
    if (xhtml_.depth() > 0) {
      xhtml_.end();
      if (xhtml_.depth() > 0) return {};
      elements[open_].value = keep(xhtml_.take());
    }
    open_ = elements[open_].parent;
    return {};
  }

  Result<void> text(std::string_view part, std::size_t offset) override {
    if (xhtml_.depth() > 0) {
      xhtml_.text(part);
    } else if (part.find_first_not_of(" \t\r\n") != std::string_view::npos) {
      if (stray_text.empty() || stray_text.back().element != open_) stray_text.push_back({open_, offset});
    }
    return {};
  }

 private:
  Slice keep(std::string_view text) {
    const Slice slice{static_cast<std::uint32_t>(pool_.size()), static_cast<std::uint32_t>(text.size()), true};
    pool_ += text;
    return slice;
  }

  void add(std::string_view name, std::size_t offset) {
    const auto index = static_cast<std::uint32_t>(elements.size());
    Element element;
    element.name = keep(name);
    element.parent = open_;
    element.offset = static_cast<std::uint32_t>(offset);
    elements.push_back(element);
    if (open_ != kNone) {
      Element& parent = elements[open_];
      (parent.first == kNone ? parent.first : elements[parent.last].next) = index;
      parent.last = index;
    }
    open_ = index;
  }

  void begin_narrative(XmlName name, std::size_t offset) {
    add(name.local, offset);
    elements[open_].narrative = true;
  }

  Result<void> read_attributes(std::span<const XmlAttribute> attributes) {
    Element& element = elements[open_];
    for (const XmlAttribute& attribute : attributes) {
      if (attribute.name.space == kSchemaSpace) continue;  // xsi:schemaLocation: a hint for tools (xml.html)
      if (!attribute.name.space.empty()) return unknown_attribute();
      if (attribute.name.local == "value") {
        element.value = keep(attribute.value);
      } else if (attribute.name.local == "id") {
        element.id = keep(attribute.value);
      } else if (attribute.name.local == "url") {
        element.url = keep(attribute.value);
      } else {
        return unknown_attribute();
      }
    }
    return {};
  }

  static Result<void> unknown_attribute() {
    return fail(Fault::invalid, "xml.attribute", "",
                "an element of FHIR has the attributes value, id and url, no others");
  }

  std::string& pool_;
  XhtmlWriter xhtml_;
  std::uint32_t open_ = kNone;
};

/// The elements of one name below one parent.
struct Group {
  std::uint32_t first = kNone;
  std::uint32_t count = 0;
  std::size_t order = 0;  // place in the type's definition; what it does not know comes last, as it came
  const ElementDefinition* definition = nullptr;
  std::string_view type;
  Slice attribute;  // id and url of an element stand in attributes
};

/// Lays the elements on the tape as JSON would have them, by what the definitions say of them.
class TapeWriter {
 public:
  TapeWriter(JsonTape& tape, const std::vector<Element>& elements) : tape_(tape), elements_(elements) {}

  Issues issues;

  void resource(std::uint32_t index) {
    const Element& element = elements_[index];
    const std::uint32_t object = open(JsonKind::object, element);
    key("resourceType", element);
    scalar(element.name, JsonKind::string, element);
    close(object, 1 + members(index, find_type(text(element.name))));
  }

  void issue(std::uint32_t index, std::size_t offset, std::string detail_code, std::string say) {
    issues.push_back({Severity::error, "structure", path(index), std::move(say), place_in(tape_.source, offset),
                      std::move(detail_code)});
  }

 private:
  std::string_view text(Slice slice) const { return {tape_.decoded.data() + slice.offset, slice.length}; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(tape_.nodes.size()); }

  std::uint32_t open(JsonKind kind, const Element& element) {
    tape_.nodes.push_back({0, 0, element.offset, kind});
    return size() - 1;
  }
  void close(std::uint32_t container, std::uint32_t children) {
    tape_.nodes[container].a = children;
    tape_.nodes[container].b = size();
  }
  void scalar(Slice value, JsonKind kind, const Element& element) {
    tape_.nodes.push_back({value.offset, value.length, element.offset, kind, true});
  }
  void null(const Element& element) { tape_.nodes.push_back({0, 0, element.offset, JsonKind::null}); }
  void key(std::string_view name, const Element& element) { scalar(keep(name), JsonKind::string, element); }
  void key(Slice name, const Element& element) { scalar(name, JsonKind::string, element); }
  Slice keep(std::string_view name) {
    const Slice slice{static_cast<std::uint32_t>(tape_.decoded.size()), static_cast<std::uint32_t>(name.size()), true};
    tape_.decoded += name;
    return slice;
  }

  std::string path(std::uint32_t index) const {
    if (index == kNone) return {};
    const std::string above = path(elements_[index].parent);
    const std::string name(text(elements_[index].name));
    return above.empty() ? name : above + "." + name;
  }

  // ------------------------------------------------------------------------------------------------------- members

  void add_attribute(std::vector<Group>& groups, Slice attribute, std::string_view name, const TypeDefinition* type) {
    if (!attribute.given) return;
    Group group;
    group.definition = type == nullptr ? nullptr : type->element(name, &group.type);
    group.order = group.definition == nullptr ? 0 : static_cast<std::size_t>(group.definition - type->elements.data());
    group.attribute = attribute;
    groups.push_back(group);
  }

  std::vector<Group> grouped(std::uint32_t index, const TypeDefinition* type) {
    std::vector<Group> groups;
    std::size_t furthest = 0;
    std::uint32_t before = kNone;
    for (std::uint32_t at = elements_[index].first; at != kNone; before = at, at = elements_[at].next) {
      const std::string_view name = text(elements_[at].name);
      const bool again = before != kNone && text(elements_[before].name) == name;
      auto group =
          std::ranges::find_if(groups, [&](const Group& other) { return text(elements_[other.first].name) == name; });
      if (group == groups.end()) {
        groups.push_back({at, 0, type == nullptr ? 0 : type->elements.size(), nullptr, {}, {}});
        group = groups.end() - 1;
        if (type != nullptr) group->definition = type->element(name, &group->type);
        if (group->definition != nullptr) {
          group->order = static_cast<std::size_t>(group->definition - type->elements.data());
        }
      }
      ++group->count;
      if (group->order < furthest || (group->count > 1 && !again)) {
        issue(at, elements_[at].offset, "xml-order", "this element stands out of the order of the standard");
      }
      if (group->definition != nullptr) furthest = std::max(furthest, group->order);
    }
    return groups;
  }

  std::uint32_t members(std::uint32_t index, const TypeDefinition* type) {
    const auto [id, url] = attributes(index, type);
    std::vector<Group> groups = grouped(index, type);
    std::erase_if(groups, [&](const Group& group) { return is_impossible(group, type, id.given, url.given); });
    add_attribute(groups, url, "url", type);
    add_attribute(groups, id, "id", type);
    std::ranges::sort(groups, {}, [](const Group& group) { return std::pair(group.order, group.first); });
    std::uint32_t count = 0;
    for (const Group& group : groups) count += member(index, group);
    return count;
  }

  /// The id and url of an element, where it may have them (xml.html: what is an attribute).
  std::pair<Slice, Slice> attributes(std::uint32_t index, const TypeDefinition* type) {
    const Element& element = elements_[index];
    const bool may_id = type == nullptr || type->kind != TypeKind::resource;
    const bool may_url = type == nullptr || type->name == "Extension";
    if ((element.id.given && !may_id) || (element.url.given && !may_url))
      issue(index, element.offset, "xml-attribute",
            "this element has no such attribute: an id has every element but a resource, a url an extension");
    if (element.value.given && !element.narrative && type != nullptr && !type->name.empty() && type->name != "Element")
      issue(index, element.offset, "xml-value", "this element is none that has a value");
    return {may_id ? element.id : Slice{}, may_url ? element.url : Slice{}};
  }

  /// What would be the member of another name in JSON.
  bool is_impossible(const Group& group, const TypeDefinition* type, bool has_id, bool has_url) {
    const std::string_view name = text(elements_[group.first].name);
    const bool resource = type != nullptr && type->kind == TypeKind::resource;
    const bool attribute = (name == "id" && type != nullptr && !resource) ||
                           (name == "url" && type != nullptr && type->name == "Extension");
    if (attribute)
      issue(group.first, elements_[group.first].offset, "xml-attribute-as-element",
            "this is an attribute, not an element");
    if ((name == "id" && has_id) || (name == "url" && has_url)) return true;
    if (!name.starts_with('_') && !(name == "resourceType" && resource)) return false;
    issue(group.first, elements_[group.first].offset, "xml-element", "FHIR has no element of this name");
    return true;
  }

  std::uint32_t member(std::uint32_t parent, const Group& group) {
    if (group.attribute.given) {
      const Element& element = elements_[parent];
      key(group.attribute.offset == element.id.offset ? "id" : "url", element);
      scalar(group.attribute, JsonKind::string, element);
      return 1;
    }
    if (group.definition != nullptr && primitive_of(group.type)) return primitive_member(group);
    const bool array = group.count > 1 || (group.definition != nullptr && group.definition->repeats());
    key(elements_[group.first].name, elements_[group.first]);
    if (!array) {
      value(group.first, group);
      return 1;
    }
    const std::uint32_t items = open(JsonKind::array, elements_[group.first]);
    each(group, [&](std::uint32_t at) { value(at, group); });
    close(items, group.count);
    return 1;
  }

  /// The elements of a group: those below the same parent that have its name.
  template <class Function>
  void each(const Group& group, Function function) {
    for (std::uint32_t at = group.first; at != kNone; at = elements_[at].next) {
      if (text(elements_[at].name) == text(elements_[group.first].name)) function(at);  // which may move the pool
    }
  }

  void value(std::uint32_t index, const Group& group) {
    const Element& element = elements_[index];
    if (group.type == "Resource") return contained(index);
    if (element.value.given && element.first == kNone) return scalar(element.value, JsonKind::string, element);
    const std::uint32_t object = open(JsonKind::object, element);
    close(object, members(index, group.definition == nullptr ? nullptr : find_type(group.type)));
  }

  void contained(std::uint32_t index) {
    const std::uint32_t inner = elements_[index].first;
    if (inner == kNone || elements_[inner].next != kNone) {
      issue(index, elements_[index].offset, "xml-one-resource", "exactly one resource stands in this element");
    }
    if (inner == kNone) return null(elements_[index]);
    resource(inner);
  }

  // ---------------------------------------------------------------------------------------------------- primitives

  bool has_twin(const Element& element) const { return element.id.given || element.first != kNone; }

  std::uint32_t primitive_member(const Group& group) {
    const Element& first = elements_[group.first];
    bool values = false, twins = false;
    each(group, [&](std::uint32_t at) {
      const Element& element = elements_[at];
      values = values || element.value.given;
      twins = twins || has_twin(element);
      if (!element.value.given && !has_twin(element)) {
        issue(at, element.offset, "xml-empty", "an element has a value, an id or something in it");
      }
      if (element.url.given && !has_twin(element))
        issue(at, element.offset, "xml-url", "only an extension has the attribute url");
    });
    const bool array = group.count > 1 || group.definition->repeats();
    const JsonKind kind = json_kind(*primitive_of(group.type));
    if (values) {
      key(first.name, first);
      list(group, array, [&](std::uint32_t at) { primitive(elements_[at], kind); });
    }
    if (twins) {
      const std::string name = "_" + std::string(text(first.name));
      key(name, first);
      list(group, array, [&](std::uint32_t at) { twin(at); });
    }
    return (values ? 1u : 0u) + (twins ? 1u : 0u);
  }

  template <class Function>
  void list(const Group& group, bool array, Function function) {
    if (!array) return function(group.first);
    const std::uint32_t items = open(JsonKind::array, elements_[group.first]);
    each(group, function);
    close(items, group.count);
  }

  /// What cannot be written as the type's kind of JSON stays a string: the validator says what is wrong with it.
  void primitive(const Element& element, JsonKind kind) {
    if (!element.value.given) return null(element);
    const std::string_view value = text(element.value);
    const bool fits = kind == JsonKind::number    ? is_well_formed(Primitive::decimal, value)
                      : kind == JsonKind::boolean ? value == "true" || value == "false"
                                                  : true;
    scalar(element.value, fits ? kind : JsonKind::string, element);
  }

  void twin(std::uint32_t index) {
    const Element& element = elements_[index];
    if (!has_twin(element)) return null(element);
    const std::uint32_t object = open(JsonKind::object, element);
    close(object, members(index, find_type("Element")));
  }

  JsonTape& tape_;
  const std::vector<Element>& elements_;
};

}  // namespace

Result<XmlResource> from_xml(std::string text, const XmlLimits& limits) {
  auto tape = std::make_unique<JsonTape>();
  tape->source = std::move(text);
  ElementReader reader(tape->decoded);
  if (auto read = read_xml(tape->source, limits, reader); !read) return pass(read);
  if (reader.elements.empty() || reader.elements.front().narrative) {
    return fail(Fault::invalid, "xml.resource", "1:1", "the document holds no resource");
  }
  TapeWriter writer(*tape, reader.elements);
  for (const Stray& stray : reader.stray_text) {
    writer.issue(stray.element, stray.offset, "xml-text", "text cannot stand between elements");
  }
  writer.resource(0);
  Issues issues = std::move(writer.issues);
  return XmlResource{JsonTape::document(std::move(tape)), std::move(issues)};
}

bool looks_like_xml(std::string_view text) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t at = text.find_first_not_of(" \t\r\n");
  return at != std::string_view::npos && text[at] == '<';
}

}  // namespace fhir
