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
  /// `out` nullptr: asked only whether there is something. All outlive it.
  Trail(Arena& arena, std::span<const Name> names, Values* out) : arena_(arena), names_(names), out_(out) {}

  void follow(const Value& from);
  bool found() const { return found_; }
  /// What it cost, to be charged: the elements passed, and the width of those wider than any of R4's.
  std::uint64_t work() const { return work_; }

 private:
  using Index = std::uint32_t;  // into the tape
  static constexpr std::size_t kMarked = 8;

  /// The element taken at a name. Most trails lead nowhere, so its Place is made when something is found.
  struct Stop {
    const Place* place;
    const Member* member;
    Index node;
    std::uint32_t index;
    Form form;
    bool resource;  // and the element is one
  };

  void descend(Index object, const Shape* type, std::size_t n);
  void array(Index node, Index twin, const Shape* type, std::size_t n);
  void arrive(Index node, Index twin, std::uint32_t index, const Shape* type, std::size_t n);
  void take(Index node, Index twin, const Shape* type, std::size_t n);
  void by_names(const Value& from, std::size_t n);
  const Shape* type_of(Index object, const Shape* declared, std::size_t n);
  const Place* place_at(std::size_t n);
  bool answered() const { return found_ && out_ == nullptr; }

  Arena& arena_;
  std::span<const Name> names_;
  Values* out_;
  const JsonTape* tape_ = nullptr;
  const Place* start_ = nullptr;
  std::uint64_t work_ = 0;
  bool found_ = false;
  std::array<Stop, kMarked> stops_;
};

}  // namespace fhir::path
