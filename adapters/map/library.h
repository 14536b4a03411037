// What a map file draws on: code tables, sub-maps and the maps it extends. The mapping folder is the nearest folder
// above the map that holds `base/`. One Library serves one load: it reads every file once.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/map/files.h"
#include "adapters/map/plan.h"
#include "adapters/map/yaml.h"

namespace adapters::map {

class Library {
 public:
  /// `files` outlives it.
  Library(std::filesystem::path map_file, Faults& faults, const Files& files = disk());

  /// The text of a file of at most 1 MB; nothing after reporting E0200 at `mark`.
  std::optional<std::string> read(const std::filesystem::path& file, Mark mark);
  /// NAME.skeleton.xml of the mapping folder ("base/cda_lab_report"), without one beside the map; nothing after
  /// reporting.
  std::optional<std::string> skeleton(const std::string& name, Mark mark);
  /// `codes/NAME.csv` beside the map, else in a folder above, up to the mapping folder's own.
  std::shared_ptr<const Table> table(const std::string& name, Mark mark);
  /// The sub-map of that name for this source format, with the marks of its own file; nullptr when there is none.
  /// `base/*.datatypes.yaml` hold them; a map's own `datatypes:` come first (add_sub_maps).
  const Yaml* sub_map(std::string_view name, Format source);
  std::vector<std::string_view> sub_map_names(Format source);
  /// False when a file of sub-maps is faulty: then a name that is not found may well stand in it.
  bool complete() const { return complete_; }
  void add_sub_maps(const Yaml& datatypes, Format source);
  /// Those that were asked for.
  const std::map<std::string, std::shared_ptr<const Table>>& tables() const { return tables_; }
  /// The map (or the part of one, NAME.part.yaml) that `extends: base/oru_r01` names, or nothing after reporting.
  std::optional<Yaml> map_file(const std::string& name, Mark mark);

 private:
  void load_base();
  void load_datatypes(const std::filesystem::path& file);
  std::optional<std::filesystem::path> find_table(const std::string& name) const;
  std::vector<std::string> table_names() const;

  struct SubMap {
    Format source;
    Yaml body;
  };
  std::filesystem::path folder_, root_;  // root_ is empty when there is no mapping folder
  Faults& faults_;
  const Files& files_;
  bool base_loaded_ = false, complete_ = true;
  std::multimap<std::string, SubMap, std::less<>> sub_maps_;
  std::map<std::string, std::shared_ptr<const Table>> tables_;
};

/// "hl7v2", "json", "row", "fhir"
std::optional<Format> format_named(std::string_view name);

}  // namespace adapters::map
