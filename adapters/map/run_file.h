// What `causeway map run MAP|DIR FILE...` does: files of one record each through maps, outside any gateway.
#pragma once
#include <filesystem>
#include <memory>
#include <string_view>
#include <vector>

#include "adapters/map/map.h"

namespace adapters::map {

/// One map, or the maps of a folder that make FHIR, of which a record's kind picks one. Immutable; any thread.
class MapsToRun {
 public:
  /// Faults (also warnings) are appended; with an error among them there is nothing to run. A folder's maps in the
  /// order of their names: the first that accepts a kind takes it.
  MapsToRun(const std::filesystem::path& map_or_folder, std::vector<FileFault>& faults);

  bool empty() const { return maps_.empty(); }
  /// Decodes the file by `charset` (empty: the map's own `source.charset`, else UTF-8), takes MLLP framing off where
  /// there is any, and runs. Never sniffs a charset. map.none: a folder has no map for an HL7 v2 message of this kind.
  Result<Outcome> run(const std::filesystem::path& file, std::string_view charset, const Site& site) const;
  /// The other way: the file is a Bundle in JSON, UTF-8, and the local record is made of it. map.none: a folder has no
  /// map for the kind of record that the Bundle's header names.
  Result<Outcome> run_back(const std::filesystem::path& file, const Site& site) const;

 private:
  std::vector<std::shared_ptr<const Map>> maps_;
  bool folder_ = false;
};

}  // namespace adapters::map
