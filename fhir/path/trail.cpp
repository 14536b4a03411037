#include "fhir/path/trail.h"

#include "fhir/path/navigate.h"

namespace fhir::path {
namespace {

constexpr std::size_t kWide = 64;
const JsonKey kResourceType("resourceType");

bool is_written_as_text(Kind kind) { return kind >= Kind::string && kind <= Kind::time; }

}  // namespace

void Trail::follow(const Value& from) {
  if (from.kind != Kind::node || from.type == nullptr || names_.size() > kMost) return by_names(from, 0);
  tape_ = JsonTape::of(from.node);
  start_ = from.place;
  descend(JsonTape::index_of(from.node), from.type, 0);
}

void Trail::follow_root(JsonView root, const Shape& type) {
  tape_ = JsonTape::of(root);
  root_type_ = &type;
  root_ = JsonTape::index_of(root);
  descend(root_, &type, 0);
}

const Place* Trail::start() {
  if (start_ == nullptr && root_type_ != nullptr) {
    start_ = arena_.make(Place{nullptr, root_type_->name(), Place::kNoIndex, tape_->view(root_)});
  }
  return start_;
}

inline const Place* Trail::place_at(std::size_t n) {
  const Place* made = stops_[n].place;
  return made != nullptr ? made : make_place(n, n == 0 ? start() : place_above(n - 1));
}

const Place* Trail::place_above(std::size_t n) { return place_at(n); }

inline const Place* Trail::make_place(std::size_t n, const Place* above) {
  Stop& stop = stops_[n];
  const JsonView around = above == nullptr ? JsonView() : above->resource;
  return stop.place =
             arena_.make(Place{above, stop.member->name, stop.index, stop.resource ? tape_->view(stop.node) : around});
}

/// A resource says itself what it is.
const Shape* Trail::type_of(Index object, const Shape* declared, std::size_t n) {
  const JsonView named = tape_->view(object)[kResourceType];
  stops_[n].resource = named.is_string();
  return named.text().empty() ? declared : find_shape(named.text());
}

inline void Trail::take(Index node, Index twin, const Shape* type, std::size_t n) {
  found_ = true;
  const Place* place = place_at(n);
  out_->push_made(arena_, [&]() -> Value {
    const JsonView view = tape_->view_of_found(node);
    const JsonView other = tape_->view_of_found(twin);
    const JsonKind kind = tape_->kind_of_found(node);
    if (kind == JsonKind::object)
      return {.kind = Kind::node, .type = type, .node = view, .twin = other, .place = place};
    if (kind != JsonKind::string || type == nullptr || !is_written_as_text(type->kind)) {
      return element(view, other, type, place);
    }
    const std::string_view text = tape_->text(tape_->nodes[node]);
    return {.kind = type->kind, .type = type, .node = view, .twin = other, .text = text, .place = place};
  });
}

inline Trail::Onward Trail::arrive(Index node, Index twin, std::uint32_t index, const Shape* type, std::size_t n) {
  const JsonKind kind = tape_->kind_of_found(node);
  if (kind == JsonKind::null && tape_->kind_of_found(twin) != JsonKind::object) return {};
  ++work_;
  const bool last = n + 1 == names_.size();
  if (last && out_ == nullptr) {
    found_ = true;
    return {};
  }
  Stop& stop = stops_[n];
  stop.place = nullptr, stop.node = node, stop.index = index, stop.resource = false;
  const bool says_itself = kind == JsonKind::object && (stop.form == Form::resource || type == nullptr);
  const Shape* real = says_itself ? type_of(node, type, n) : type;
  if (last) return take(node, twin, real, n), Onward{};
  if (kind == JsonKind::object && real != nullptr) return {node, real};
  by_names(element(tape_->view_of_found(node), tape_->view_of_found(twin), type, place_at(n)), n + 1);
  return {};
}

void Trail::descend(Index object, const Shape* type, std::size_t n) {
  for (;; ++n) {
    const Name& name = names_[n];
    const bool expected = type == name.owner;
    const Member* member = expected ? name.expected : type->member(name.symbol);
    if (member == nullptr) return;
    const JsonNode& node = tape_->nodes[object];
    work_ += node.a / kWide;
    const Form form = expected ? name.form : member->form;
    if (form == Form::choice) return choice(object, type, *member, n);
    const Index value = tape_->find(object, name.key);
    const bool plain = node.mark || form != Form::primitive;
    const Index twin = plain ? JsonTape::kNone : find_twin(object, name);
    if (value == JsonTape::kNone && twin == JsonTape::kNone) return;
    stops_[n].member = member;
    stops_[n].form = form;
    const Shape* declared = expected && n + 1 < names_.size() ? names_[n + 1].owner : member->type;
    const bool many = tape_->kind_of_found(value) == JsonKind::array || tape_->kind_of_found(twin) == JsonKind::array;
    if (many) return array(value, twin, declared, n);
    const Onward next = arrive(value, twin, Place::kNoIndex, declared, n);
    if (next.object == JsonTape::kNone) return;
    object = next.object, type = next.type;
  }
}

Trail::Index Trail::find_twin(Index object, const Name& name) const { return tape_->find(object, name.twin()); }

void Trail::choice(Index object, const Shape* type, const Member& member, std::size_t n) {
  const JsonNode& node = tape_->nodes[object];
  if (node.mark && !JsonTape::may_have(node, member.key_bits)) return;
  const Place* place = n == 0 ? start() : place_at(n - 1);
  by_names({.kind = Kind::node, .type = type, .node = tape_->view(object), .place = place}, n);
}

void Trail::array(Index node, Index twin, const Shape* type, std::size_t n) {
  const auto items = [&](Index array) {
    return tape_->kind_of_found(array) == JsonKind::array ? tape_->nodes[array].a : 0;
  };
  const std::uint32_t nodes = items(node);
  const std::uint32_t twins = items(twin);
  Index next = node + 1;
  Index next_twin = twin + 1;
  for (std::uint32_t at = 0; (at < nodes || at < twins) && !answered(); ++at) {
    const Onward onward =
        arrive(at < nodes ? next : JsonTape::kNone, at < twins ? next_twin : JsonTape::kNone, at, type, n);
    if (onward.object != JsonTape::kNone) descend(onward.object, onward.type, n + 1);
    if (at < nodes) next = tape_->after(next);
    if (at < twins) next_twin = tape_->after(next_twin);
  }
}

void Trail::by_names(const Value& from, std::size_t n) {
  Values values;
  append_members(arena_, from, names_[n], values);
  work_ += values.size() + from.node.size() / kWide;
  for (const Value& value : values) {
    if (n + 1 < names_.size()) {
      by_names(value, n + 1);
    } else {
      found_ = true;
      if (out_ != nullptr) out_->push(arena_, value);
    }
    if (answered()) return;
  }
}

}  // namespace fhir::path
