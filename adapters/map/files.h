// Where configuration files, maps and code tables are read from: the disk, or another view of it (a snapshot taken
// earlier, one folder standing for another). Implementations are safe for all threads.
#pragma once
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace adapters::map {

class Files {
 public:
  virtual ~Files() = default;
  /// The bytes of a regular file; nothing for everything else (not there, a folder, a pipe, a device, unreadable) and
  /// for what is larger than `most`. Never waits for a writer.
  virtual std::optional<std::string> read(const std::filesystem::path& file, std::size_t most) const = 0;
  virtual bool is_file(const std::filesystem::path& file) const = 0;  // a regular one, perhaps through links
  virtual bool is_folder(const std::filesystem::path& folder) const = 0;
  /// The files in a folder whose names end so, sorted.
  virtual std::vector<std::filesystem::path> list(const std::filesystem::path& folder,
                                                  std::string_view ending) const = 0;
};

/// The disk as it is.
const Files& disk();

}  // namespace adapters::map
