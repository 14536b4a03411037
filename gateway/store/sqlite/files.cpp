#include "gateway/store/sqlite/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace gateway::store::sqlite {
namespace {

using fhir::Fault;
using fhir::Result;
using std::filesystem::path;

std::string system_text(int number) { return std::generic_category().message(number); }

std::unexpected<fhir::Error> refuse(std::string code, const path& where, std::string say) {
  return fhir::fail(Fault::needs_person, std::move(code), where.string(), std::move(say));
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

// A new name is durable only when its folder is.
Result<void> sync_folder(const path& folder) {
  const Descriptor open{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (open.number() < 0 || ::fsync(open.number()) != 0) {
    return refuse("store.folder", folder, "cannot be written to disk: " + system_text(errno));
  }
  return {};
}

Result<void> refuse_others(const path& name, mode_t mode) {
  if ((mode & 077) == 0) return {};
  return refuse(
      "store.access", name,
      fmt::format("others on this machine have access to it (mode {:04o}): chmod go= {}", mode & 07777, name.string()));
}

Result<void> prepare_folder(const path& folder) {
  std::error_code failure;
  std::filesystem::create_directories(folder.parent_path(), failure);
  if (::mkdir(folder.c_str(), 0700) == 0) return sync_folder(folder.parent_path().empty() ? "." : folder.parent_path());
  if (errno != EEXIST) return refuse("store.folder", folder, "cannot be made: " + system_text(errno));
  struct stat found{};
  if (::stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode))
    return refuse("store.folder", folder, "is no folder");
  return refuse_others(folder, found.st_mode);
}

Result<void> prepare_database(const path& file) {
  const Descriptor made{::open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (made.number() >= 0) return sync_folder(file.parent_path());
  if (errno != EEXIST) return refuse("store.file", file, "cannot be made: " + system_text(errno));
  struct stat found{};
  if (::lstat(file.c_str(), &found) != 0 || !S_ISREG(found.st_mode))
    return refuse("store.file", file, "is no plain file");
  return refuse_others(file, found.st_mode);
}

std::string holder_of(int descriptor) {
  char text[32] = {};
  const auto size = ::pread(descriptor, text, sizeof text - 1, 0);
  const std::string pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  const bool digits = !pid.empty() && pid.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "process " + pid : "another process";
}

}  // namespace

Result<void> prepare_file(const std::string& file) {
  const path absolute = std::filesystem::absolute(file);
  auto folder = prepare_folder(absolute.parent_path());
  if (!folder) return folder;
  return prepare_database(absolute);
}

Result<FileLock> FileLock::take(const std::string& file) {
  const std::string name = file + ".lock";
  FileLock lock(::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (lock.descriptor_ < 0) return refuse("store.lock", name, "cannot be opened: " + system_text(errno));
  if (::flock(lock.descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return refuse("store.lock", name, "cannot be locked: " + system_text(errno));
    return fhir::fail(Fault::unavailable, "store.locked", file,
                      "is open in " + holder_of(lock.descriptor_) + "; a store belongs to one process at a time");
  }
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(lock.descriptor_, 0) != 0 || ::pwrite(lock.descriptor_, pid.data(), pid.size(), 0) < 0) {
    return refuse("store.lock", name, "cannot be written: " + system_text(errno));
  }
  return lock;
}

FileLock::FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock::~FileLock() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace gateway::store::sqlite
