#include "gateway/operate/views.h"

#include <algorithm>

namespace gateway::operate {

namespace fs = std::filesystem;

namespace {

/// The way from `folder` down to `file`; empty when it does not lie below.
fs::path below(const fs::path& file, const fs::path& folder) {
  const fs::path way = file.lexically_normal().lexically_relative(folder);
  return way.empty() || *way.begin() == ".." || way == "." ? fs::path() : way;
}

}  // namespace

Snapshot::Snapshot(const std::vector<config::SourceFile>& files) {
  for (const auto& [file, bytes] : files) files_.emplace(file, bytes);
}

std::optional<std::string> Snapshot::read(const fs::path& file, std::size_t most) const {
  const auto found = files_.find(fs::absolute(file).lexically_normal());
  if (found == files_.end() || found->second.size() > most) return std::nullopt;
  return found->second;
}

// A folder of which nothing was read may still say where the mappings begin.
bool Snapshot::is_folder(const fs::path& folder) const {
  return adapters::map::disk().is_folder(folder) ||
         std::ranges::any_of(files_, [&](const auto& entry) { return !below(entry.first, folder).empty(); });
}

std::vector<fs::path> Snapshot::list(const fs::path& folder, std::string_view ending) const {
  std::vector<fs::path> found;
  for (const auto& [file, bytes] : files_)
    if (file.parent_path() == folder && file.filename().string().ends_with(ending)) found.push_back(file);
  return found;
}

fs::path Relocated::real(const fs::path& seen) const {
  const fs::path way = below(fs::absolute(seen), folder_);
  return way.empty() ? seen : stands_in_ / way;
}

std::optional<std::string> Relocated::read(const fs::path& file, std::size_t most) const {
  return adapters::map::disk().read(real(file), most);
}

bool Relocated::is_file(const fs::path& file) const { return adapters::map::disk().is_file(real(file)); }

bool Relocated::is_folder(const fs::path& folder) const { return adapters::map::disk().is_folder(real(folder)); }

std::vector<fs::path> Relocated::list(const fs::path& folder, std::string_view ending) const {
  auto found = adapters::map::disk().list(real(folder), ending);
  for (auto& file : found) file = folder / file.filename();
  return found;
}

}  // namespace gateway::operate
