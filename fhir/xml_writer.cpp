#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "fhir/definitions/definitions.h"
#include "fhir/primitives.h"
#include "fhir/xhtml.h"
#include "fhir/xml.h"

namespace fhir {
namespace {

/// What JSON says of one element: its value, and the `_name` beside it with a primitive's id and extensions.
struct Found {
  std::string_view name, type;
  JsonView value, twin;
};

bool is_attribute(const TypeDefinition& type, std::string_view element) {
  return (element == "id" && type.kind != TypeKind::resource) || (element == "url" && type.name == "Extension");
}

/// Writes resources; the first fault ends the writing. One per document.
class Writer {
 public:
  explicit Writer(XmlStyle style) : style_(style) {}

  Result<std::string> run(JsonView view) {
    out_ = R"(<?xml version="1.0" encoding="UTF-8"?>)";
    line();
    resource(view, R"( xmlns="http://hl7.org/fhir")");
    if (style_.pretty) out_ += '\n';
    if (error_) return std::unexpected(*std::move(error_));
    return std::move(out_);
  }

 private:
  void refuse(std::string say) {
    if (!error_) error_ = Error{Fault::invalid, "xml.cannot-write", path_, std::move(say)};
  }

  void line() {
    if (!style_.pretty) return;
    out_ += '\n';
    out_.append(depth_ * 2, ' ');
  }

  void attribute(std::string_view name, std::string_view value) {
    out_ += ' ';
    out_ += name;
    out_ += "=\"";
    append_xml_attribute(out_, value);
    out_ += '"';
  }

  void resource(JsonView view, std::string_view space = {}) {
    const std::string_view name = view["resourceType"].text();
    const TypeDefinition* type = find_type(name);
    if (type == nullptr || type->kind != TypeKind::resource) return refuse("R4 has no resource of this type");
    const std::size_t length = path_.size();
    if (path_.empty()) path_ = name;
    out_ += '<';
    out_ += name;
    out_ += space;
    out_ += '>';
    members(view, *type);
    line();
    out_ += fmt::format("</{}>", name);
    path_.resize(length);
  }

  std::vector<Found> sorted(JsonView view, const TypeDefinition& type) {
    std::vector<Found> found(type.elements.size());
    for (auto it = view.begin(); it != view.end() && !error_; ++it) {
      std::string_view name = it.key();
      if (name == "resourceType" && type.kind == TypeKind::resource) continue;
      const bool is_twin = name.starts_with('_');
      if (is_twin) name.remove_prefix(1);
      std::string_view chosen;
      const ElementDefinition* definition = type.element(name, &chosen);
      if (definition == nullptr || (is_twin && !primitive_of(chosen))) {
        refuse(fmt::format("{} has no such element, so XML has no place for it", type.name));
        break;
      }
      Found& slot = found[static_cast<std::size_t>(definition - type.elements.data())];
      if (!slot.name.empty() && slot.name != name) refuse("only one type of a choice can be given");
      slot.name = name;
      slot.type = chosen;
      (is_twin ? slot.twin : slot.value) = *it;
    }
    return found;
  }

  void members(JsonView view, const TypeDefinition& type) { elements(sorted(view, type), type); }

  void elements(const std::vector<Found>& found, const TypeDefinition& type) {
    ++depth_;
    for (std::size_t i = 0; i < found.size() && !error_; ++i) {
      if (!found[i].name.empty() && !is_attribute(type, type.elements[i].name)) member(type.elements[i], found[i]);
    }
    --depth_;
  }

  void member(const ElementDefinition& definition, const Found& found) {
    const std::size_t length = path_.size();
    path_ += fmt::format(".{}", definition.name);
    if (!found.value.is_array() && !found.twin.is_array()) {
      item(found);
    } else {
      items(found);
    }
    path_.resize(length);
  }

  void items(const Found& found) {
    const std::size_t count = std::max(found.value.size(), found.twin.size());
    auto value = found.value.begin(), twin = found.twin.begin();
    for (std::size_t i = 0; i < count && !error_; ++i) {
      Found one{found.name, found.type, {}, {}};
      if (i < found.value.size()) one.value = *value++;
      if (i < found.twin.size()) one.twin = *twin++;
      const std::size_t length = path_.size();
      path_ += fmt::format("[{}]", i);
      item(one);
      path_.resize(length);
    }
  }

  void item(const Found& found) {
    line();
    if (primitive_of(found.type)) return primitive(found);
    if (!found.value.is_object()) return refuse("an object is expected here");
    if (found.type != "Resource") return complex(found);
    out_ += fmt::format("<{}>", found.name);
    ++depth_;
    line();
    resource(found.value);
    --depth_;
    line();
    out_ += fmt::format("</{}>", found.name);
  }

  void primitive(const Found& found) {
    const bool has_value = found.value && found.value.kind() != JsonKind::null;
    if (has_value && (found.value.is_object() || found.value.is_array()))
      return refuse("a plain value is expected here");
    if (found.type == "xhtml") return narrative(found.value.text());
    const bool has_twin = found.twin.is_object();
    if (!has_value && !has_twin) return refuse("null stands for nothing here; leave it out");
    static const TypeDefinition& id_and_extensions = *find_type("Element");
    out_ += fmt::format("<{}", found.name);
    if (has_twin && found.twin["id"]) attribute("id", found.twin["id"].text());
    if (has_value) attribute("value", found.value.text());
    if (!has_twin || !found.twin["extension"]) {
      out_ += "/>";
      return;
    }
    out_ += '>';
    members(found.twin, id_and_extensions);
    line();
    out_ += fmt::format("</{}>", found.name);
  }

  void complex(const Found& found) {
    const TypeDefinition& type = *find_type(found.type);
    const auto inner = sorted(found.value, type);
    bool empty = true;
    out_ += fmt::format("<{}", found.name);
    for (std::size_t i = 0; i < inner.size(); ++i) {
      if (inner[i].name.empty()) continue;
      if (!is_attribute(type, type.elements[i].name)) {
        empty = false;
      } else if (inner[i].value.is_string()) {
        attribute(type.elements[i].name, inner[i].value.text());
      } else {
        return refuse("a string is expected in this attribute");
      }
    }
    if (empty) {
      out_ += "/>";
      return;
    }
    out_ += '>';
    elements(inner, type);
    line();
    out_ += fmt::format("</{}>", found.name);
  }

  void narrative(std::string_view div) {
    auto tidy = tidy_xhtml(div);
    if (tidy) {
      out_ += *tidy;
    } else if (!error_) {
      error_ = Error{Fault::invalid, "xml.xhtml", path_, "the narrative is not well-formed XHTML"};
    }
  }

  XmlStyle style_;
  std::string out_, path_;
  std::size_t depth_ = 0;
  std::optional<Error> error_;
};

}  // namespace

Result<std::string> to_xml(JsonView resource, XmlStyle style) { return Writer(style).run(resource); }

}  // namespace fhir
