// Memory of one evaluation: bump allocation with mark and rewind, so a filter over ten thousand items reuses the same
// kilobytes. Everything placed here is trivially destructible. One evaluation at a time, one thread. The evaluator
// looks at `held()` at each step and stops past its budget, so no caller checks for null (a single string is bounded by
// the step budget before it is built).
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <type_traits>
#include <vector>

namespace fhir::path {

class Arena {
 public:
  static constexpr std::size_t kFirst = 8 * 1024;  // inside the object: the common evaluation never calls malloc
  static constexpr std::size_t kBlock = 64 * 1024;

  struct Mark {
    std::size_t block = 0;
    std::size_t used = 0;
  };

  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <class T>
  T* make(const T& value) {
    static_assert(std::is_trivially_destructible_v<T>);
    return new (take(sizeof(T), alignof(T))) T(value);
  }

  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    return reinterpret_cast<T*>(take(sizeof(T) * count, alignof(T)));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* place = array<char>(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  Mark mark() const { return {block_, used_}; }
  /// Empties it for the next evaluation; keeps what most of them need.
  void reset() {
    constexpr std::size_t kKept = 1u << 20;
    rewind({});
    if (held_ <= kKept) return;
    blocks_.clear();
    held_ = 0;
  }
  void rewind(Mark mark) { block_ = mark.block, used_ = mark.used; }
  std::size_t held() const { return held_; }  // bytes, beyond the first block

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  std::byte* take(std::size_t size, std::size_t alignment) {
    const std::size_t at = (used_ + alignment - 1) & ~(alignment - 1);
    if (at + size > room()) return take_from_next(size);
    used_ = at + size;
    return base() + at;
  }

  // Block 0 is `first_`; block n is blocks_[n - 1].
  std::size_t room() const { return block_ == 0 ? kFirst : blocks_[block_ - 1].size; }
  std::byte* base() { return block_ == 0 ? first_.data() : blocks_[block_ - 1].bytes.get(); }

  std::byte* take_from_next(std::size_t size) {
    while (block_ < blocks_.size() && blocks_[block_].size < size) ++block_;
    if (block_ == blocks_.size()) {
      const std::size_t fresh = size > kBlock ? size : kBlock;
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(fresh), fresh});
      held_ += fresh;
    }
    ++block_;
    used_ = size;
    return base();
  }

  alignas(std::max_align_t) std::array<std::byte, kFirst> first_;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
  std::size_t held_ = 0;
};

}  // namespace fhir::path
