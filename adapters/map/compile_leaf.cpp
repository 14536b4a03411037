// The part of NodeCompiler that makes single values: where they come from, how they are read, which table they go
// through, and what happens when they do not fit.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/map/compile_node.h"
#include "fhir/primitives.h"

namespace adapters::map {
namespace {

constexpr std::array<std::string_view, 3> kPolicies = {"error", "keep", "omit"};
constexpr std::array<std::string_view, 2> kOnError = {"drop", "reject"};

bool* back_word(Back& back, std::string_view word) {
  if (word == "never") return &back.never;
  if (word == "first") return &back.first;
  if (word == "last") return &back.last;
  return word == "text" ? &back.plain : nullptr;
}

bool has_required_codes(const Slot& slot) {
  return slot.element != nullptr && slot.type == "code" && slot.element->binding_strength == "required";
}

}  // namespace

Leaf NodeCompiler::typed_leaf(const Slot& slot) const {
  Leaf leaf;
  if (slot.format != Format::fhir) return leaf;
  leaf.type = fhir::primitive_of(slot.type) ? slot.type : std::string_view("string");
  leaf.primitive = fhir::primitive_of(leaf.type);
  leaf.reject = slot.guarded;
  if (has_required_codes(slot)) leaf.value_set = slot.element->binding_value_set;
  return leaf;
}

bool NodeCompiler::check_code(const Slot& slot, std::string_view code, Mark mark) {
  const Leaf leaf = typed_leaf(slot);
  if (!leaf.type.empty() && !to_primitive(leaf.type, code, "Z")) {
    const auto primitive = fhir::primitive_of(leaf.type);
    faults_.error(mark, "E0230", fmt::format("'{}' is no {}", code, leaf.type),
                  primitive ? fmt::format("for example {}", fhir::example(*primitive)) : std::string());
    return false;
  }
  if (!leaf.value_set.empty() && fhir::in_value_set(leaf.value_set, code) == false) {
    faults_.error(mark, "E0230",
                  fmt::format("'{}' is no code of {}, which R4 requires for {}", code, leaf.value_set, slot.path));
    return false;
  }
  return true;
}

std::optional<Leaf> NodeCompiler::short_leaf(const Yaml& scalar, const Slot& slot, const BoundPath* within) {
  Leaf leaf = typed_leaf(slot);
  if (!leaf_source(leaf, scalar, within)) return std::nullopt;
  return leaf;
}

std::optional<Leaf> NodeCompiler::leaf(const Parts& parts, const Slot& slot, const BoundPath* within, bool iterated,
                                       Mark mark) {
  Leaf leaf = typed_leaf(slot);
  bool good = true;
  const Yaml* from = parts.word("from");
  const Yaml* constant = parts.word("const");
  if (from != nullptr && constant != nullptr) {
    faults_.error(constant->mark, "E0205", "a value has either `from:` or `const:`",
                  "`default:` fills in when there is none");
    good = false;
  } else if (from != nullptr) {
    good = leaf_source(leaf, *from, within);
  } else if (constant != nullptr) {
    good = leaf_constant(leaf, *constant, slot);
  } else if (!iterated) {
    faults_.error(mark, "E0228", fmt::format("nothing says where {} comes from", slot.path), "from: PATH");
    good = false;
  }
  good = leaf_lookup(leaf, parts, slot) && good;
  good = leaf_policy(leaf, parts, slot) && good;
  good = leaf_type(leaf, parts, slot) && good;
  if (const Yaml* back = parts.word("back")) {
    leaf.back = leaf_back(*back, within);
    good = leaf.back.has_value() && good;
  }
  if (!good) return std::nullopt;
  return leaf;
}

/// `back: never | first | last | text | "= FHIRPath" | PATH | [PATH, ...]`, or a map of `to:`, `value:` and `order:`.
std::optional<Back> NodeCompiler::leaf_back(const Yaml& yaml, const BoundPath* within) {
  Back back;
  if (source_ == Format::fhir) {
    faults_.error(yaml.mark, "E0205", "`back:` is for maps to FHIR: this one already is the way back");
    return std::nullopt;
  }
  bool good = true;
  const auto add = [&](const Yaml& path) {
    auto bound = binder_.path(path, within);
    good = good && bound;
    if (bound) back.to.push_back(std::move(*bound));
  };
  const auto add_all = [&](const Yaml& paths) {
    if (!paths.is_list()) return add(paths);
    for (const auto& path : paths.items) add(path);
  };
  if (yaml.is_map()) {
    for (const auto& [key, mark, value] : yaml.entries) {
      if (key == "to") {
        add_all(value);
      } else if (key == "value") {
        good = back_value(back, value) && good;
      } else if (key == "order" && (value.text == "first" || value.text == "last")) {
        (value.text == "first" ? back.first : back.last) = true;
      } else {
        faults_.error(mark, "E0205", fmt::format("'{}' has no meaning in `back:`", key),
                      "to, value, order: first|last");
        good = false;
      }
    }
  } else if (yaml.is_scalar() && formula_text(yaml)) {
    good = back_value(back, yaml);
  } else if (bool* word = yaml.is_scalar() && !yaml.quoted ? back_word(back, yaml.text) : nullptr; word != nullptr) {
    *word = true;
  } else {
    add_all(yaml);
  }
  return good ? std::optional(std::move(back)) : std::nullopt;
}

/// A formula over the element's value; it may name %site and its like, and no place of the record.
bool NodeCompiler::back_value(Back& back, const Yaml& value) {
  const auto text = value.is_scalar() ? formula_text(value) : std::nullopt;
  if (!text) {
    faults_.error(value.mark, "E0217", "what goes back is a formula over the value", "\"= 'HL7' & $this\"");
    return false;
  }
  auto expression = fhir::path::Expression::compile(text->text);
  if (!expression) {
    faults_.error(text->mark, "E0217", "FHIRPath: " + expression.error().say);
    return false;
  }
  for (const auto& name : expression->variables()) {
    if (std::ranges::find(kBuiltins, name) != std::end(kBuiltins)) continue;
    faults_.error(text->mark, "E0218", fmt::format("%{} is not known on the way back", name), "$this is the value");
    return false;
  }
  back.expression = std::move(*expression);
  return true;
}

bool NodeCompiler::leaf_source(Leaf& leaf, const Yaml& from, const BoundPath* within) {
  if (from.is_scalar() && source_ != Format::fhir) {
    if (const auto text = formula_text(from)) {
      leaf.formula = binder_.formula(text->text, text->mark, within);
      return leaf.formula.has_value();
    }
  }
  const auto add = [&](const Yaml& one) {
    auto path = binder_.path(one, within);
    if (path) leaf.from.push_back(std::move(*path));
    return path.has_value();
  };
  if (!from.is_list()) return add(from);
  bool good = !from.items.empty();
  if (!good) faults_.error(from.mark, "E0228", "`from:` names no path");
  for (const auto& item : from.items) good = add(item) && good;
  return good;
}

bool NodeCompiler::leaf_constant(Leaf& leaf, const Yaml& constant, const Slot& slot) {
  if (!constant.is_scalar()) {
    faults_.error(constant.mark, "E0204", fmt::format("{} is one value, not {}", slot.path, name_of(constant.kind)));
    return false;
  }
  if (!check_code(slot, constant.text, constant.mark)) return false;
  leaf.constant = constant.text;
  return true;
}

bool NodeCompiler::leaf_lookup(Leaf& leaf, const Parts& parts, const Slot& slot) {
  const Yaml* name = parts.word("table");
  const Yaml* column = parts.word("column");
  const Yaml* unmapped = parts.word("unmapped");
  if (name == nullptr) {
    for (const Yaml* orphan : {column, unmapped})
      if (orphan != nullptr) faults_.error(orphan->mark, "E0205", "this needs a `table:` beside it");
    return column == nullptr && unmapped == nullptr;
  }
  Lookup lookup;
  lookup.table = library_.table(name->text, name->mark);
  if (lookup.table == nullptr) return false;
  if (column != nullptr) {
    const auto index = lookup.table->column(column->text);
    if (!index) {
      const auto& known = lookup.table->columns();
      faults_.error(column->mark, "E0213", fmt::format("table {} has no column '{}'", name->text, column->text),
                    did_you_mean(column->text, std::vector<std::string_view>(known.begin(), known.end())));
      return false;
    }
    lookup.column = *index;
  }
  for (const auto value : lookup.table->values(lookup.column))
    if (!value.empty() && !check_code(slot, value, name->mark)) return false;
  if (unmapped == nullptr && !lookup.table->has_default()) {
    faults_.error(name->mark, "E0214", fmt::format("what happens to codes that {} does not have?", name->text),
                  "unmapped: error, keep, omit or a code");
    return false;
  }
  const std::string_view policy = unmapped == nullptr ? "error" : std::string_view(unmapped->text);
  if (policy == "keep") {
    lookup.unmapped = Lookup::Unmapped::keep;
    if (has_required_codes(slot)) {
      faults_.error(unmapped->mark, "E0216",
                    fmt::format("R4 allows only its own codes in {}: a foreign one cannot be kept", slot.path),
                    "unmapped: error, or a code");
      return false;
    }
  } else if (policy == "omit") {
    lookup.unmapped = Lookup::Unmapped::omit;
    if (slot.element != nullptr && slot.element->min > 0 && !slot.followed) {
      faults_.error(unmapped->mark, "E0216", fmt::format("{} is mandatory: it cannot be omitted", slot.path));
      return false;
    }
  } else if (const auto meant = did_you_mean(policy, kPolicies); policy != "error" && !meant.empty()) {
    faults_.error(unmapped->mark, "E0214", fmt::format("'{}' is no policy for unmapped codes", policy), meant);
    return false;
  } else if (policy != "error") {
    lookup.unmapped = Lookup::Unmapped::code;
    lookup.code = policy;
    if (!check_code(slot, policy, unmapped->mark)) return false;
  }
  leaf.lookup = std::move(lookup);
  return true;
}

/// `as: decimal` in a JSON target, whose members have no type of their own: without it a value is text.
bool NodeCompiler::leaf_type(Leaf& leaf, const Parts& parts, const Slot& slot) {
  const Yaml* as = parts.word("as");
  if (as == nullptr) return true;
  if (slot.format != Format::json) {
    faults_.error(as->mark, "E0205", fmt::format("`as:` is for JSON targets: {} has its own type", slot.path));
    return false;
  }
  leaf.primitive = fhir::primitive_of(as->text);
  if (!leaf.primitive) {
    faults_.error(as->mark, "E0209", fmt::format("there is no type '{}'", as->text),
                  "decimal, integer, boolean, dateTime");
    return false;
  }
  leaf.type = fhir::find_type(as->text)->name;
  leaf.reject = true;
  return true;
}

bool NodeCompiler::leaf_policy(Leaf& leaf, const Parts& parts, const Slot& slot) {
  bool good = true;
  if (const Yaml* read = parts.word("read")) {
    leaf.reader = find_reader(read->text);
    if (leaf.reader == nullptr) {
      faults_.error(read->mark, "E0227", fmt::format("there is no reading '{}'", read->text),
                    did_you_mean(read->text, reader_names()));
      good = false;
    }
  }
  if (const Yaml* whole = parts.word("whole")) {
    leaf.whole = whole->text == "true";
    if (!leaf.whole) faults_.error(whole->mark, "E0204", "`whole:` can only be true");
    good = good && leaf.whole;
  }
  if (const Yaml* fallback = parts.word("default")) {
    if (!fallback->is_scalar()) {
      faults_.error(fallback->mark, "E0204", "`default:` is one value");
      good = false;
    } else {
      good = check_code(slot, fallback->text, fallback->mark) && good;
      leaf.fallback = fallback->text;
    }
  }
  if (const Yaml* policy = parts.word("on_error")) {
    if (std::ranges::find(kOnError, std::string_view(policy->text)) == kOnError.end()) {
      faults_.error(policy->mark, "E0225", fmt::format("'{}' is no answer to an error", policy->text),
                    "drop (and report) or reject");
      good = false;
    } else if (policy->text == "drop" && slot.guarded) {
      faults_.error(policy->mark, "E0225",
                    fmt::format("{} is a value, unit, status, dose or allergy: it is never dropped", slot.path));
      good = false;
    } else {
      leaf.reject = policy->text == "reject";
    }
  }
  return good;
}

namespace {

fhir::JsonTree scalar_tree(std::string_view type, const Yaml& scalar) {
  if (is_number_type(type)) return fhir::JsonTree::number(scalar.text);
  if (type == "boolean") return fhir::JsonTree::boolean(scalar.text == "true");
  return scalar.text;
}

/// A constant in a vendor's JSON has the type that YAML shows: 1 and true are bare, "1" is text.
fhir::JsonTree bare_tree(const Yaml& scalar) {
  if (!scalar.quoted && (scalar.text == "true" || scalar.text == "false"))
    return fhir::JsonTree::boolean(scalar.text == "true");
  if (!scalar.quoted && fhir::is_well_formed(fhir::Primitive::decimal, scalar.text))
    return fhir::JsonTree::number(scalar.text);
  return scalar.text;
}

}  // namespace

/// `const:` with parts: literal YAML, checked like everything else.
std::optional<fhir::JsonTree> NodeCompiler::constant_tree(const Yaml& yaml, const Slot& slot) {
  if (yaml.is_null()) {
    faults_.error(yaml.mark, "E0204", fmt::format("nothing is written for {}", slot.path));
    return std::nullopt;
  }
  if (yaml.is_list()) {
    faults_.error(yaml.mark, "E0208", "a constant is one value: write a list of constants");
    return std::nullopt;
  }
  if (yaml.is_scalar()) {
    if (slot.format == Format::json) return bare_tree(yaml);
    if (!slot.single()) {
      faults_.error(yaml.mark, "E0226", fmt::format("{} is a {}: it has elements of its own", slot.path, slot.type));
      return std::nullopt;
    }
    if (!check_code(slot, yaml.text, yaml.mark)) return std::nullopt;
    return scalar_tree(slot.type, yaml);
  }
  if (slot.single()) {
    faults_.error(yaml.mark, "E0226", fmt::format("{} is a {}: it has no elements", slot.path, slot.type));
    return std::nullopt;
  }
  auto tree = fhir::JsonTree::object();
  std::set<std::string> written;
  bool good = true;
  for (const auto& entry : yaml.entries) {
    const auto inner = member_slot(slot, entry.key, entry.mark, faults_);
    if (!inner || inner->choice) {
      good = false;
      continue;
    }
    written.insert(std::string(inner->element != nullptr ? inner->element->name : std::string_view(entry.key)));
    const bool list = entry.value.is_list();
    auto items = fhir::JsonTree::array();
    const auto add = [&](const Yaml& value) {
      auto one = constant_tree(value, *inner);
      if (!one) return false;
      items.push(std::move(*one));
      return true;
    };
    if (list && !inner->repeats && inner->format == Format::fhir) {
      faults_.error(entry.value.mark, "E0208", fmt::format("{} holds one value, not a list", inner->path));
      good = false;
    } else if (list) {
      for (const auto& item : entry.value.items) good = add(item) && good;
    } else {
      good = add(entry.value) && good;
    }
    if (!good || items.size() == 0) continue;
    const bool array = inner->repeats || list;
    tree.set(entry.key, array ? std::move(items) : std::move(items.children().front().second));
  }
  Object mandatory;
  check_mandatory(mandatory, slot, written, yaml.mark);
  if (!good) return std::nullopt;
  return tree;
}

}  // namespace adapters::map
