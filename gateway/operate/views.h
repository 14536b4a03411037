// Other views of the disk, to load a configuration that does not lie where it would: one that was in force earlier, or
// a folder that stands for the one in use. Immutable, so safe for all threads.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "gateway/config/config.h"

namespace gateway::operate {

/// The files of a configuration as they were when it was read, at their places; no other file is there. (Folders are
/// also those of the disk.)
class Snapshot final : public adapters::map::Files {
 public:
  explicit Snapshot(const std::vector<config::SourceFile>& files);

  std::optional<std::string> read(const std::filesystem::path& file, std::size_t most) const override;
  bool is_file(const std::filesystem::path& file) const override { return files_.contains(file); }
  bool is_folder(const std::filesystem::path& folder) const override;
  std::vector<std::filesystem::path> list(const std::filesystem::path& folder, std::string_view ending) const override;

 private:
  std::map<std::filesystem::path, std::string> files_;
};

/// The disk, where `stands_in` is seen at the place of `folder`: what would be read if its files were copied there.
class Relocated final : public adapters::map::Files {
 public:
  Relocated(std::filesystem::path stands_in, std::filesystem::path folder)
      : stands_in_(std::move(stands_in)), folder_(std::move(folder)) {}

  std::optional<std::string> read(const std::filesystem::path& file, std::size_t most) const override;
  bool is_file(const std::filesystem::path& file) const override;
  bool is_folder(const std::filesystem::path& folder) const override;
  std::vector<std::filesystem::path> list(const std::filesystem::path& folder, std::string_view ending) const override;

  /// Where a file seen here really lies.
  std::filesystem::path real(const std::filesystem::path& seen) const;

 private:
  std::filesystem::path stands_in_, folder_;  // absolute, normal
};

}  // namespace gateway::operate
