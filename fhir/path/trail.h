// A trail of names, `name.given`: from an element straight to what lies at its end. What lies between becomes no Value,
// and a question (exists(), empty()) ends at the first answer. Where R4's definitions do not tell the way - a choice, a
// primitive's inside, a document R4 does not know - it goes on name by name (navigate.h).
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "fhir/json_tape.h"
#include "fhir/path/value.h"

namespace fhir::path {

class Trail {
 public:
  static constexpr std::size_t kMost = 8;  // names; longer ones are followed name by name

  /// `out` nullptr: asked only whether there is something. All outlive it.
  Trail(Arena& arena, std::span<const Name> names, Values* out) : arena_(arena), names_(names), out_(out) {}

  void follow(const Value& from);
  /// From a document's root of that type; its Place is made only when something is found.
  void follow_root(JsonView root, const Shape& type);
  bool found() const { return found_; }
  /// What it cost, to be charged: the elements passed, and the width of those wider than any of R4's.
  std::uint64_t work() const { return work_; }

 private:
  using Index = std::uint32_t;  // into the tape

  /// The element taken at a name. Most trails lead nowhere, so its Place is made when something is found.
  struct Stop {
    const Place* place;
    const Member* member;
    Index node;
    std::uint32_t index;
    Form form;
    bool resource;  // and the element is one
  };

  /// The object in which the next name is looked for; kNone when there is none, or it was gone through already.
  struct Onward {
    Index object = JsonTape::kNone;
    const Shape* type = nullptr;
  };

  void descend(Index object, const Shape* type, std::size_t n);
  [[gnu::noinline]] void choice(Index object, const Shape* type, const Member& member, std::size_t n);
  [[gnu::noinline]] void array(Index node, Index twin, const Shape* type, std::size_t n);
  [[gnu::always_inline]] Onward arrive(Index node, Index twin, std::uint32_t index, const Shape* type, std::size_t n);
  [[gnu::always_inline]] void take(Index node, Index twin, const Shape* type, std::size_t n);
  void by_names(const Value& from, std::size_t n);
  const Shape* type_of(Index object, const Shape* declared, std::size_t n);
  [[gnu::noinline]] Index find_twin(Index object, const Name& name) const;
  [[gnu::always_inline]] const Place* place_at(std::size_t n);
  const Place* place_above(std::size_t n);
  const Place* start();
  const Place* make_place(std::size_t n, const Place* above);
  bool answered() const { return found_ && out_ == nullptr; }

  Arena& arena_;
  std::span<const Name> names_;
  Values* out_;
  const JsonTape* tape_ = nullptr;
  const Place* start_ = nullptr;
  const Shape* root_type_ = nullptr;  // of the document's root, when the trail begins there
  Index root_ = 0;
  std::uint64_t work_ = 0;
  bool found_ = false;
  std::array<Stop, kMost> stops_;
};

}  // namespace fhir::path
