#include "fhir/path/trail.h"

#include "fhir/path/navigate.h"

namespace fhir::path {
namespace {

constexpr std::size_t kWide = 64;
const JsonKey kResourceType("resourceType");

}  // namespace

void Trail::follow(const Value& from) {
  if (from.kind != Kind::node || from.type == nullptr || names_.size() > kMarked) return by_names(from, 0);
  tape_ = JsonTape::of(from.node);
  start_ = from.place;
  descend(JsonTape::index_of(from.node), from.type, 0);
}

void Trail::descend(Index object, const Shape* type, std::size_t n) {
  const Name& name = names_[n];
  const bool expected = type == name.owner;
  const Member* member = expected ? name.expected : type->member(name.symbol);
  if (member == nullptr) return;
  const JsonNode& node = tape_->nodes[object];
  work_ += node.a / kWide;
  const Form form = expected ? name.form : member->form;
  if (form == Form::choice) {
    if (node.mark && !JsonTape::may_have(node, member->key_bits)) return;
    const Place* place = n == 0 ? start_ : place_at(n - 1);
    return by_names({.kind = Kind::node, .type = type, .node = tape_->view(object), .place = place}, n);
  }
  const Index value = tape_->find(object, name.key);
  const bool plain = node.mark || form != Form::primitive;
  const Index twin = plain ? JsonTape::kNone : tape_->find(object, name.twin());
  if (value == JsonTape::kNone && twin == JsonTape::kNone) return;
  stops_[n].member = member;
  stops_[n].form = form;
  const Shape* declared = expected && n + 1 < names_.size() ? names_[n + 1].owner : member->type;
  const bool many = tape_->kind_of_found(value) == JsonKind::array || tape_->kind_of_found(twin) == JsonKind::array;
  many ? array(value, twin, declared, n) : arrive(value, twin, Place::kNoIndex, declared, n);
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
    arrive(at < nodes ? next : JsonTape::kNone, at < twins ? next_twin : JsonTape::kNone, at, type, n);
    if (at < nodes) next = tape_->after(next);
    if (at < twins) next_twin = tape_->after(next_twin);
  }
}

void Trail::arrive(Index node, Index twin, std::uint32_t index, const Shape* type, std::size_t n) {
  const JsonKind kind = tape_->kind_of_found(node);
  if (kind == JsonKind::null && tape_->kind_of_found(twin) != JsonKind::object) return;
  ++work_;
  Stop& stop = stops_[n];
  stop.place = nullptr, stop.node = node, stop.index = index, stop.resource = false;
  const bool last = n + 1 == names_.size();
  if (last && out_ == nullptr) {
    found_ = true;
    return;
  }
  const bool says_itself = kind == JsonKind::object && (stop.form == Form::resource || type == nullptr);
  const Shape* real = says_itself ? type_of(node, type, n) : type;
  if (last) return take(node, twin, real, n);
  if (kind == JsonKind::object && real != nullptr) return descend(node, real, n + 1);
  by_names(element(tape_->view_of_found(node), tape_->view_of_found(twin), type, place_at(n)), n + 1);
}

void Trail::take(Index node, Index twin, const Shape* type, std::size_t n) {
  found_ = true;
  const Place* place = place_at(n);
  out_->push_made(arena_, [&] {
    const JsonView view = tape_->view_of_found(node);
    const JsonView other = tape_->view_of_found(twin);
    return view.is_object() ? Value{.kind = Kind::node, .type = type, .node = view, .twin = other, .place = place}
                            : element(view, other, type, place);
  });
}

/// A resource says itself what it is.
const Shape* Trail::type_of(Index object, const Shape* declared, std::size_t n) {
  const JsonView named = tape_->view(object)[kResourceType];
  stops_[n].resource = named.is_string();
  return named.text().empty() ? declared : find_shape(named.text());
}

const Place* Trail::place_at(std::size_t n) {
  Stop& stop = stops_[n];
  if (stop.place != nullptr) return stop.place;
  const Place* above = n == 0 ? start_ : place_at(n - 1);
  const JsonView around = above == nullptr ? JsonView() : above->resource;
  stop.place =
      arena_.make(Place{above, stop.member->name, stop.index, stop.resource ? tape_->view(stop.node) : around});
  return stop.place;
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
