#include "fhir/path/parts.h"

#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include "fhir/path/shortcut.h"

namespace fhir::path {
namespace {

constexpr std::size_t kAligned = 16;

template <class T>
std::size_t room_for(const std::vector<T>& items) {
  static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= kAligned);
  return (items.size() * sizeof(T) + kAligned - 1) & ~(kAligned - 1);
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
  ::operator delete(const_cast<Program*>(program), std::align_val_t(Program::kLine));  // NOLINT: made by pack()
}

}  // namespace

void Parts::clear() {
  constexpr std::size_t kWorthKeeping = 1024;
  if (steps.capacity() > kWorthKeeping || constants.capacity() > kWorthKeeping) *this = {};
  steps.clear(), drafts.clear(), arguments.clear(), constants.clear(), names.clear(), types.clear();
}

std::shared_ptr<const Program> Parts::pack(Program&& program) const {
  const std::size_t size =
      room_for(steps) + room_for(names) + room_for(arguments) + room_for(constants) + room_for(types);
  auto* block = static_cast<std::byte*>(::operator new(sizeof(Program) + size, std::align_val_t(Program::kLine)));
  auto* packed = new (block) Program(std::move(program));
  Packer packer(block + sizeof(Program));
  packed->names = packer.place(names);
  packed->steps = packer.place(steps);
  packed->arguments = packer.place(arguments);
  packed->constants = packer.place(constants);
  packed->types = packer.place(types);
  const std::span<const Name> trail = whole_trail(*packed);
  packed->trail = trail.data();
  packed->trail_names = static_cast<std::uint8_t>(trail.size());
  packed->asked = steps[packed->main.first].asked;
  return {packed, free_block};
}

}  // namespace fhir::path
