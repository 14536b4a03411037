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
#include <utility>
#include <vector>

namespace fhir::path {

class Arena {
 public:
  static constexpr std::size_t kFirst = 8 * 1024;  // inside the object: the common evaluation never calls malloc
  static constexpr std::size_t kBlock = 64 * 1024;

  struct Mark {
    std::size_t block = 0;
    std::byte* at = nullptr;
  };

  Arena() : at_(first_.data()), end_(at_ + kFirst) {}
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  template <class T>
  T* make(const T& value) {
    static_assert(std::is_trivially_destructible_v<T> && alignof(T) <= kAlignment);
    return new (take(sizeof(T))) T(value);
  }

  template <class T>
  T* array(std::size_t count) {
    static_assert(std::is_trivially_destructible_v<T> && std::is_trivially_copyable_v<T>);
    static_assert(alignof(T) <= kAlignment);
    return reinterpret_cast<T*>(take(sizeof(T) * count));
  }

  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    char* place = array<char>(text.size());
    std::memcpy(place, text.data(), text.size());
    return {place, text.size()};
  }

  Mark mark() const { return {block_, at_}; }
  /// Empties it for the next evaluation; keeps what most of them need.
  void reset() {
    constexpr std::size_t kKept = 1u << 20;
    enter(0);
    if (held_ > kKept) [[unlikely]]
      give_back();
  }
  void rewind(Mark mark) {
    if (block_ != mark.block) enter(mark.block);
    at_ = mark.at;
  }
  std::size_t held() const { return held_; }  // bytes, beyond the first block

 private:
  struct Block {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t size = 0;
  };

  static constexpr std::size_t kAlignment = 8;

  std::byte* take(std::size_t size) {
    size = (size + kAlignment - 1) & ~(kAlignment - 1);
    if (size > static_cast<std::size_t>(end_ - at_)) enter_next(size);
    return std::exchange(at_, at_ + size);
  }

  [[gnu::noinline]] void give_back() {
    blocks_.clear();
    held_ = 0;
  }

  // Block 0 is `first_`; block n is blocks_[n - 1].
  void enter(std::size_t block) {
    block_ = block;
    at_ = block == 0 ? first_.data() : blocks_[block - 1].bytes.get();
    end_ = at_ + (block == 0 ? kFirst : blocks_[block - 1].size);
  }

  [[gnu::noinline]] void enter_next(std::size_t size) {
    std::size_t next = block_;
    while (next < blocks_.size() && blocks_[next].size < size) ++next;
    if (next == blocks_.size()) {
      const std::size_t fresh = size > kBlock ? size : kBlock;
      blocks_.push_back({std::make_unique_for_overwrite<std::byte[]>(fresh), fresh});
      held_ += fresh;
    }
    enter(next + 1);
  }

  alignas(std::max_align_t) std::array<std::byte, kFirst> first_;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;
  std::byte* at_;   // where the next goes, in that block
  std::byte* end_;  // of the block
  std::size_t held_ = 0;
};

}  // namespace fhir::path
