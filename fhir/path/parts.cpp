#include "fhir/path/parts.h"

#include <cstdint>
#include <memory>
#include <type_traits>

namespace fhir::path {
namespace {

/// Arrays of several types one after the other in one block.
class Packer {
 public:
  template <class T>
  void reserve(const std::vector<T>& items) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= 8);
    size_ += items.size() * sizeof(T) + alignof(T);
  }
  std::unique_ptr<std::byte[]> allocate() {
    auto block = std::make_unique_for_overwrite<std::byte[]>(size_);
    at_ = block.get();
    return block;
  }
  template <class T>
  std::span<const T> place(const std::vector<T>& items) {
    const auto address = reinterpret_cast<std::uintptr_t>(at_);
    at_ += (alignof(T) - address % alignof(T)) % alignof(T);
    T* first = reinterpret_cast<T*>(at_);
    std::uninitialized_copy(items.begin(), items.end(), first);
    at_ += items.size() * sizeof(T);
    return {first, items.size()};
  }

 private:
  std::size_t size_ = 0;
  std::byte* at_ = nullptr;
};

}  // namespace

void Parts::clear() {
  constexpr std::size_t kWorthKeeping = 1024;
  if (steps.capacity() > kWorthKeeping || constants.capacity() > kWorthKeeping) *this = {};
  steps.clear(), drafts.clear(), arguments.clear(), constants.clear(), names.clear(), types.clear();
}

void Parts::pack(Program& program) const {
  Packer packer;
  packer.reserve(steps);
  packer.reserve(arguments);
  packer.reserve(constants);
  packer.reserve(names);
  packer.reserve(types);
  program.block = packer.allocate();
  program.steps = packer.place(steps);
  program.names = packer.place(names);
  program.arguments = packer.place(arguments);
  program.constants = packer.place(constants);
  program.types = packer.place(types);
}

}  // namespace fhir::path
