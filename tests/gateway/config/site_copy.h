// A copy of the shipped configuration in a temporary folder, to be edited and loaded: with stand-ins for the maps and
// for the certificates, and an environment of its own. Removed at the end.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/config/config.h"

namespace gateway::config::test {

class SiteCopy {
 public:
  explicit SiteCopy(std::string site = "hainan");
  ~SiteCopy();
  SiteCopy(const SiteCopy&) = delete;
  SiteCopy& operator=(const SiteCopy&) = delete;

  std::filesystem::path folder() const { return root_ / "conf" / site_; }
  std::filesystem::path pki() const { return root_ / "pki"; }
  std::string read(std::string_view file) const;
  /// Writes a file (with a modification time in the past, so that a Reloader takes it at once).
  void write(std::string_view file, std::string_view text);
  /// Replaces the only (or `nth`, from 1) occurrence of `from`.
  void edit(std::string_view file, std::string_view from, std::string_view to, std::size_t nth = 1);

  Options options(Level level = Level::semantic) const;
  /// Loads; `faults` name files relative to the folder.
  std::shared_ptr<const Config> load(Level level = Level::semantic);

  /// The last load's faults as a person reads them, free of temporary paths.
  std::string rendered() const;

  std::map<std::string, std::string> environment;
  std::vector<FileFault> faults;

 private:
  void make_maps();
  void make_pki();

  std::filesystem::path root_;
  std::string site_;
  std::string rendered_;
  std::size_t age_ = 3600;
};

/// The number of the line of `text` that `needle` begins on, from 1; 0: nowhere.
std::size_t line_of(std::string_view text, std::string_view needle);
/// True when a fault of this code stands in this file on this line (0: anywhere in it).
bool has_fault(const std::vector<FileFault>& faults, std::string_view file, std::size_t line, std::string_view code);

}  // namespace gateway::config::test
