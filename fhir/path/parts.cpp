#include "fhir/path/parts.h"

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace fhir::path {
namespace {

constexpr std::size_t kLine = 16;

template <class T>
std::size_t room_for(const std::vector<T>& items) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kLine);
  return (items.size() * sizeof(T) + kLine - 1) & ~(kLine - 1);
}

/// Copies arrays of several types one after the other.
class Packer {
 public:
  explicit Packer(std::byte* at) : at_(at) {}
  template <class T>
  std::span<const T> place(const std::vector<T>& items) {
    T* first = reinterpret_cast<T*>(at_);
    std::uninitialized_copy(items.begin(), items.end(), first);
    at_ += room_for(items);
    return {first, items.size()};
  }

 private:
  std::byte* at_;
};

void free_block(const Program* program) {
  program->~Program();
  ::operator delete(const_cast<Program*>(program));  // NOLINT: made by pack()
}

}  // namespace

void Parts::clear() {
  constexpr std::size_t kWorthKeeping = 1024;
  if (steps.capacity() > kWorthKeeping || constants.capacity() > kWorthKeeping) *this = {};
  steps.clear(), drafts.clear(), arguments.clear(), constants.clear(), names.clear(), types.clear();
}

std::shared_ptr<const Program> Parts::pack(Program&& program) const {
  constexpr std::size_t kHead = (sizeof(Program) + kLine - 1) & ~(kLine - 1);
  const std::size_t size =
      room_for(steps) + room_for(names) + room_for(arguments) + room_for(constants) + room_for(types);
  auto* block = static_cast<std::byte*>(::operator new(kHead + size));
  auto* packed = new (block) Program(std::move(program));
  Packer packer(block + kHead);
  packed->steps = packer.place(steps);
  packed->names = packer.place(names);
  packed->arguments = packer.place(arguments);
  packed->constants = packer.place(constants);
  packed->types = packer.place(types);
  return {packed, free_block};
}

}  // namespace fhir::path
