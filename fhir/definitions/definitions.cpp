#include "fhir/definitions/definitions.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <vector>

#include "fhir/definitions/pack.h"

// CAUSEWAY_PACK is the file that compiler/ wrote. It goes into read-only data as it is: no compile time, no
// relocations, pages shared between processes and read only when touched.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    ".globl causeway_pack_begin\n"
    "causeway_pack_begin:\n"
    ".incbin \"" CAUSEWAY_PACK
    "\"\n"
    ".globl causeway_pack_end\n"
    "causeway_pack_end:\n"
    ".popsection\n");
extern "C" const std::byte causeway_pack_begin[], causeway_pack_end[];  // NOLINT: named by the assembler

namespace fhir {
namespace {

/// A pack in place. The one that is linked in was written by our own build: anything wrong with it is a broken program,
/// which ends here.
class Pack {
 public:
  explicit Pack(std::span<const std::byte> bytes) : bytes_(bytes) {
    const bool whole = bytes.size() >= sizeof(pack::Header) && header().magic == pack::kMagic &&
                       header().version == pack::kVersion && header().size == bytes.size();
    if (!whole) std::abort();
    texts_ = {reinterpret_cast<const char*>(section<std::byte>(header().texts).data()), header().texts.count};
  }

  const pack::Header& header() const { return *reinterpret_cast<const pack::Header*>(bytes_.data()); }

  template <class T>
  std::span<const T> section(const pack::Section& where) const {
    if (where.offset > bytes_.size() || where.count > (bytes_.size() - where.offset) / sizeof(T)) std::abort();
    return {reinterpret_cast<const T*>(bytes_.data() + where.offset), where.count};
  }

  std::string_view text(pack::Text where) const {
    if (where.offset > texts_.size() || where.length > texts_.size() - where.offset) std::abort();
    return {texts_.data() + where.offset, where.length};
  }

 private:
  std::span<const std::byte> bytes_;
  std::string_view texts_;
};

template <class T>
std::span<const T> part(std::span<const T> all, pack::Range range) {
  if (range.first > all.size() || range.count > all.size() - range.first) std::abort();
  return all.subspan(range.first, range.count);
}

/// The pack with the header's structures over it. They hold views and spans, which a file cannot, so they are laid
/// once, at the first question: about a millisecond. Value sets are searched in the pack itself.
class Definitions {
 public:
  static const Definitions& get() {
    static const Definitions definitions;
    return definitions;
  }

  std::span<const TypeDefinition* const> all() const { return sorted_; }
  std::span<const Constraint> constraints() const { return constraints_; }

  const TypeDefinition* find(std::string_view name) const {
    const auto it = std::ranges::lower_bound(types_, name, {}, &TypeDefinition::name);
    return it != types_.end() && it->name == name ? &*it : nullptr;
  }

  std::optional<bool> in_value_set(std::string_view url, std::string_view code, std::string_view system) const {
    const auto sets = pack_.section<pack::ValueSet>(pack_.header().value_sets);
    const auto text = [this](pack::Text t) { return pack_.text(t); };
    const auto set = std::ranges::lower_bound(sets, url, {}, [&](const pack::ValueSet& s) { return text(s.url); });
    if (set == sets.end() || text(set->url) != url) return std::nullopt;
    const auto codes = part(pack_.section<pack::Code>(pack_.header().codes), set->codes);
    const auto same = std::ranges::equal_range(codes, code, {}, [&](const pack::Code& c) { return text(c.code); });
    return std::ranges::any_of(same, [&](const pack::Code& c) { return system.empty() || text(c.system) == system; });
  }

 private:
  Definitions() : pack_({causeway_pack_begin, causeway_pack_end}) {
    const pack::Header& header = pack_.header();
    for (const pack::Text& text : pack_.section<pack::Text>(header.lists)) lists_.push_back(pack_.text(text));
    const auto constraints = pack_.section<pack::Constraint>(header.constraints);
    constraints_.reserve(constraints.size());
    for (const pack::Constraint& c : constraints) {
      constraints_.push_back({pack_.text(c.key), pack_.text(c.human), pack_.text(c.expression), c.error != 0});
    }
    const auto elements = pack_.section<pack::Element>(header.elements);
    elements_.reserve(elements.size());
    for (const pack::Element& element : elements) elements_.push_back(lay(element));
    const auto types = pack_.section<pack::Type>(header.types);
    types_.reserve(types.size());
    for (const pack::Type& type : types) types_.push_back(lay(type));
    for (const TypeDefinition& type : types_) sorted_.push_back(&type);
  }

  std::span<const std::string_view> list(pack::Range range) const {
    return part(std::span<const std::string_view>(lists_), range);
  }

  ElementDefinition lay(const pack::Element& e) const {
    ElementDefinition element;
    element.name = pack_.text(e.name);
    element.path = pack_.text(e.path);
    element.min = e.min;
    element.max = e.max;
    element.choice = (e.flags & pack::kChoice) != 0;
    element.summary = (e.flags & pack::kSummary) != 0;
    element.modifier = (e.flags & pack::kModifier) != 0;
    element.types = list(e.types);
    element.reference_targets = list(e.targets);
    element.constraints = part(constraints(), e.constraints);
    element.binding_strength = pack_.text(e.binding_strength);
    element.binding_value_set = pack_.text(e.binding_value_set);
    return element;
  }

  TypeDefinition lay(const pack::Type& t) const {
    TypeDefinition type;
    type.name = pack_.text(t.name);
    type.base = pack_.text(t.base);
    type.kind = static_cast<TypeKind>(t.kind);
    type.abstract = t.abstract != 0;
    type.elements = part(std::span<const ElementDefinition>(elements_), t.elements);
    type.constraints = part(constraints(), t.constraints);
    return type;
  }

  Pack pack_;
  std::vector<std::string_view> lists_;
  std::vector<Constraint> constraints_;
  std::vector<ElementDefinition> elements_;
  std::vector<TypeDefinition> types_;
  std::vector<const TypeDefinition*> sorted_;
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

/// The type among those of a choice that `suffix` spells with a capital ("DateTime" is dateTime).
const std::string_view* choice_type(const ElementDefinition& element, std::string_view suffix) {
  const auto spelled = [&](std::string_view type) {
    return type.size() == suffix.size() && upper(type.front()) == suffix.front() && type.substr(1) == suffix.substr(1);
  };
  const auto it = std::ranges::find_if(element.types, spelled);
  return suffix.empty() || it == element.types.end() ? nullptr : &*it;
}

}  // namespace

const ElementDefinition* TypeDefinition::element(std::string_view json_name, std::string_view* type) const {
  if (json_name.empty()) return nullptr;
  for (const ElementDefinition& element : elements) {
    const bool same_start = element.name.front() == json_name.front() && json_name.starts_with(element.name);
    if (!same_start) continue;
    const std::string_view suffix = json_name.substr(element.name.size());
    const std::string_view* found = element.choice   ? choice_type(element, suffix)
                                    : suffix.empty() ? &element.types.front()
                                                     : nullptr;
    if (found == nullptr) continue;
    if (type != nullptr) *type = *found;
    return &element;
  }
  return nullptr;
}

const TypeDefinition* find_type(std::string_view name) { return Definitions::get().find(name); }

bool is_a(std::string_view name, std::string_view ancestor) {
  for (const TypeDefinition* type = find_type(name); type != nullptr; type = find_type(type->base))
    if (type->name == ancestor) return true;
  return false;
}

std::optional<bool> in_value_set(std::string_view value_set, std::string_view code, std::string_view system) {
  return Definitions::get().in_value_set(value_set, code, system);
}

std::span<const Constraint> all_constraints() { return Definitions::get().constraints(); }

std::span<const TypeDefinition* const> all_types() { return Definitions::get().all(); }

}  // namespace fhir
