#include "gateway/store/sqlite/ballast.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace gateway::store::sqlite {
namespace {

class File {
 public:
  explicit File(const std::string& name)
      : number_(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }
  /// Bytes that really lie on the disk.
  std::uint64_t allocated() const {
    struct stat found{};
    return number_ < 0 || ::fstat(number_, &found) != 0 ? 0 : static_cast<std::uint64_t>(found.st_blocks) * 512;
  }

 private:
  int number_;
};

bool empty(const File& file) { return ::ftruncate(file.number(), 0) == 0; }

}  // namespace

bool Ballast::lay() {
  if (bytes_ == 0) return true;
  const std::lock_guard lock(mutex_);
  const File file(file_);
  if (file.number() < 0) return false;
  if (file.allocated() >= bytes_) return true;
  if (::posix_fallocate(file.number(), 0, static_cast<off_t>(bytes_)) == 0) return true;
  empty(file);  // half of it would only take from what is left
  return false;
}

bool Ballast::drop() {
  if (bytes_ == 0) return false;
  const std::lock_guard lock(mutex_);
  const File file(file_);
  return file.allocated() != 0 && empty(file);
}

}  // namespace gateway::store::sqlite
