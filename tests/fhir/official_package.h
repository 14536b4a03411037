// The official R4 package as npm installed it: thousands of real resources of every type, definitions among them.
#pragma once
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace test {

/// Its resources up to that many bytes a file; none when the package is not installed.
inline std::vector<std::filesystem::path> official_resources(std::uintmax_t largest) {
  const auto package = std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "node_modules/hl7.fhir.r4.examples";
  std::vector<std::filesystem::path> files;
  if (!std::filesystem::exists(package)) return files;
  for (const auto& file : std::filesystem::directory_iterator(package)) {
    const std::string name = file.path().filename().string();
    const bool description = name == "package.json" || name.starts_with('.');
    if (name.ends_with(".json") && !description && file.file_size() < largest) files.push_back(file.path());
  }
  return files;
}

inline std::string read_file(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace test
