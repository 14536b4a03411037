// What an evaluation computes with. A Value is trivially copyable: text it refers to lives in the document, the
// program, the caller's Environment or the evaluation's Arena, all of which outlive it. Values is a collection: an
// array in the Arena, cheap to pass by value; a copy shares its items and must not grow afterwards.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/json.h"
#include "fhir/path/arena.h"
#include "fhir/path/fhirpath.h"
#include "fhir/path/shape.h"

namespace fhir::path {

using Kind = Item::Kind;

/// Where an element stands in its document: a chain towards the root.
struct Place {
  static constexpr std::uint32_t kNoIndex = 0xffffffff;
  const Place* parent = nullptr;
  std::string_view name{};
  std::uint32_t index = kNoIndex;
  JsonView resource{};  // the innermost resource around the element (or the element itself)
};

struct Value {
  Kind kind = Kind::string;
  bool valued = true;           // false: a primitive that has only extensions
  const Shape* type = nullptr;  // the FHIR type; nullptr: a System value
  JsonView node{};
  JsonView twin{};
  std::string_view text{};  // string, date, datetime, time; number of a decimal or quantity; namespace of a type_info
  std::string_view unit{};  // of a quantity; name of a type_info
  std::int64_t number = 0;  // boolean (0, 1) and integer
  const Place* place = nullptr;

  bool is_number() const { return kind == Kind::integer || kind == Kind::decimal; }
  bool is_moment() const { return kind == Kind::date || kind == Kind::datetime; }
};

/// False and true; they live as long as the program.
inline constexpr std::array<Value, 2> kTruths = {Value{.kind = Kind::boolean},
                                                 Value{.kind = Kind::boolean, .number = 1}};

inline Value boolean(bool value) { return {.kind = Kind::boolean, .number = value}; }
inline Value integer(std::int64_t value) { return {.kind = Kind::integer, .number = value}; }
inline Value string(std::string_view value) { return {.kind = Kind::string, .text = value}; }
inline Value scalar(Kind kind, std::string_view text) { return {.kind = kind, .text = text}; }
inline Value quantity(std::string_view number, std::string_view unit) {
  return {.kind = Kind::quantity, .text = number, .unit = unit};
}

class Values {
 public:
  Values() = default;
  Values(Arena& arena, const Value& only) : items_(arena.make(only)), size_(1), room_(1) {}
  /// Of items that lie elsewhere and outlive it.
  static Values view(std::span<const Value> items) {
    Values values;
    values.items_ = const_cast<Value*>(items.data());  // NOLINT: full, so the first push copies; nothing else writes
    values.size_ = values.room_ = static_cast<std::uint32_t>(items.size());
    return values;
  }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Value* begin() const { return items_; }
  const Value* end() const { return items_ + size_; }
  const Value& operator[](std::uint32_t n) const { return items_[n]; }
  const Value& front() const { return items_[0]; }
  std::span<const Value> span() const { return {items_, size_}; }

  void push(Arena& arena, const Value& value) {
    push_made(arena, [&]() -> const Value& { return value; });
  }
  /// Puts what `make` returns where it belongs. To copy a Value just made costs more than to make it: the processor
  /// waits until all its fields have reached memory.
  template <class Make>
  void push_made(Arena& arena, Make make) {
    if (size_ == room_) grow(arena, room_ == 0 ? 1 : room_ * 4);
    Value* place = items_ + size_++;
    new (place) Value(make());
  }
  void reserve(Arena& arena, std::uint32_t count) {
    if (room_ < count) grow(arena, count * 4);
  }
  void append(Arena& arena, std::span<const Value> more) {
    for (const Value& value : more) push(arena, value);
  }
  /// Items [from, from + count), sharing storage.
  Values slice(std::uint32_t from, std::uint32_t count) const {
    Values part;
    if (from >= size_) return part;
    part.items_ = items_ + from;
    part.size_ = part.room_ = count < size_ - from ? count : size_ - from;
    return part;
  }

 private:
  void grow(Arena& arena, std::uint32_t room) {
    Value* wider = arena.array<Value>(room);
    if (size_ != 0) std::memcpy(static_cast<void*>(wider), items_, size_ * sizeof(Value));
    items_ = wider;
    room_ = room;
  }

  Value* items_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint32_t room_ = 0;
};

/// "Patient.name[0].given[1]"
std::string path_of(const Place* place);
/// The name of a System type: "Boolean", "DateTime", ...
std::string_view system_name(Kind kind);
/// The System type of that name, or nothing.
std::optional<Kind> system_kind(std::string_view name);

}  // namespace fhir::path
