#include "adapters/map/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

namespace adapters::map {
namespace fs = std::filesystem;
namespace {

struct Descriptor {
  int fd = -1;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
};

bool fill(int fd, std::string& bytes) {
  for (std::size_t at = 0; at < bytes.size();) {
    const ssize_t got = ::read(fd, bytes.data() + at, bytes.size() - at);
    if (got <= 0) return false;  // cut short while we read: half a file is none
    at += static_cast<std::size_t>(got);
  }
  return true;
}

class Disk final : public Files {
 public:
  // O_NONBLOCK: opening a pipe without a writer would wait for one for ever.
  std::optional<std::string> read(const fs::path& file, std::size_t most) const override {
    const Descriptor opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)};
    struct stat info{};
    if (opened.fd < 0 || ::fstat(opened.fd, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
    if (info.st_size < 0 || static_cast<std::size_t>(info.st_size) > most) return std::nullopt;
    std::string bytes(static_cast<std::size_t>(info.st_size), '\0');
    if (!fill(opened.fd, bytes)) return std::nullopt;
    return bytes;
  }
  bool is_file(const fs::path& file) const override {
    std::error_code error;
    return fs::is_regular_file(file, error);
  }
  bool is_folder(const fs::path& folder) const override {
    std::error_code error;
    return fs::is_directory(folder, error);
  }
  std::vector<fs::path> list(const fs::path& folder, std::string_view ending) const override {
    std::vector<fs::path> files;
    std::error_code error;
    for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error))
      if (it->path().filename().string().ends_with(ending)) files.push_back(it->path());
    std::ranges::sort(files);
    return files;
  }
};

}  // namespace

const Files& disk() {
  static const Disk the_disk;
  return the_disk;
}

}  // namespace adapters::map
