#include "adapters/map/library.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/map/plain_name.h"

namespace adapters::map {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kLargest = 1u << 20;

fs::path mapping_folder(const Files& files, const fs::path& start) {
  for (fs::path folder = start;; folder = folder.parent_path()) {
    if (files.is_folder(folder / "base")) return folder;
    if (folder == folder.parent_path()) return {};
  }
}

std::string hint_of(std::string_view word, const std::vector<std::string>& known) {
  return did_you_mean(word, std::vector<std::string_view>(known.begin(), known.end()));
}

}  // namespace

std::optional<Format> format_named(std::string_view name) {
  if (name == "fhir") return Format::fhir;
  if (name == "hl7v2") return Format::hl7v2;
  if (name == "json") return Format::json;
  if (name == "row") return Format::row;
  if (name == "csv") return Format::csv;
  if (name == "xml") return Format::xml;
  return std::nullopt;
}

Library::Library(fs::path map_file, Faults& faults, const Files& files) : faults_(faults), files_(files) {
  std::error_code error;
  folder_ = fs::absolute(map_file, error).lexically_normal().parent_path();
  root_ = mapping_folder(files_, folder_);
}

std::optional<std::string> Library::read(const fs::path& file, Mark mark) {
  auto text = files_.read(file, kLargest);
  if (!text)
    faults_.error(mark, "E0200",
                  fmt::format("cannot read {}: no such file, or none of at most 1 MB", file.filename().string()));
  return text;
}

std::optional<fs::path> Library::find_table(const std::string& name) const {
  for (fs::path folder = folder_;; folder = folder.parent_path()) {
    const auto file = folder / "codes" / (name + ".csv");
    if (files_.is_file(file)) return file;
    if (root_.empty() || folder == root_ || folder == folder.parent_path()) return std::nullopt;
  }
}

std::vector<std::string> Library::table_names() const {
  std::vector<std::string> names;
  for (fs::path folder = folder_;; folder = folder.parent_path()) {
    for (const auto& file : files_.list(folder / "codes", ".csv")) names.push_back(file.stem().string());
    if (root_.empty() || folder == root_ || folder == folder.parent_path()) return names;
  }
}

std::shared_ptr<const Table> Library::table(const std::string& name, Mark mark) {
  if (const auto known = tables_.find(name); known != tables_.end()) return known->second;
  const auto file = is_plain_name(name) ? find_table(name) : std::nullopt;
  if (!file) {
    faults_.error(mark, "E0213", fmt::format("there is no code table codes/{}.csv", name),
                  hint_of(name, table_names()));
    return nullptr;
  }
  const auto text = read(*file, mark);
  auto table = text ? Table::parse(name, *text, faults_.add_file(file->string()), faults_) : nullptr;
  tables_.emplace(name, table);
  return table;
}

void Library::add_sub_maps(const Yaml& datatypes, Format source) {
  for (const auto& [name, mark, body] : datatypes.entries) {
    if (!body.is_map() || body.find("makes") == nullptr) {
      faults_.error(mark, "E0219", fmt::format("sub-map '{}' does not say what it makes", name), "makes: HumanName");
      continue;
    }
    const auto [first, last] = sub_maps_.equal_range(name);
    const bool known = std::any_of(first, last, [&](const auto& entry) { return entry.second.source == source; });
    if (!known) sub_maps_.emplace(name, SubMap{source, body});
  }
}

void Library::load_datatypes(const fs::path& file) {
  const auto number = faults_.add_file(file.string());
  const Mark top{number, 1, 1};
  const auto text = read(file, top);
  const auto yaml = text ? parse_yaml(*text, number, faults_) : std::nullopt;
  if (!yaml) return;
  const Yaml* source = yaml->find("source");
  const auto format = source != nullptr ? format_named(source->text) : std::nullopt;
  const Yaml* datatypes = yaml->find("datatypes");
  if (!format || datatypes == nullptr || !datatypes->is_map()) {
    faults_.error(top, "E0206", "a file of sub-maps has `source: hl7v2|json|fhir` and `datatypes:`");
    return;
  }
  add_sub_maps(*datatypes, *format);
}

void Library::load_base() {
  if (std::exchange(base_loaded_, true) || root_.empty()) return;
  const auto before = faults_.errors();
  for (const auto& file : files_.list(root_ / "base", ".datatypes.yaml")) load_datatypes(file);
  complete_ = faults_.errors() == before;
}

const Yaml* Library::sub_map(std::string_view name, Format source) {
  load_base();
  const auto [first, last] = sub_maps_.equal_range(name);
  const auto found = std::find_if(first, last, [&](const auto& entry) { return entry.second.source == source; });
  return found == last ? nullptr : &found->second.body;
}

std::vector<std::string_view> Library::sub_map_names(Format source) {
  load_base();
  std::vector<std::string_view> names;
  for (const auto& [name, sub_map] : sub_maps_)
    if (sub_map.source == source) names.push_back(name);
  return names;
}

std::optional<std::string> Library::skeleton(const std::string& name, Mark mark) {
  if (is_plain_name(name)) return read((root_.empty() ? folder_ : root_) / (name + ".skeleton.xml"), mark);
  faults_.error(mark, "E0200", fmt::format("'{}' is no name in the mapping folder", name),
                "skeleton: base/cda_lab_report, for base/cda_lab_report.skeleton.xml");
  return std::nullopt;
}

std::optional<Yaml> Library::map_file(const std::string& name, Mark mark) {
  if (root_.empty() || !is_plain_name(name)) {
    faults_.error(mark, "E0231", fmt::format("there is no map '{}' in the mapping folder", name));
    return std::nullopt;
  }
  auto file = root_ / (name + ".map.yaml");
  if (const auto part = root_ / (name + ".part.yaml"); files_.is_file(part)) file = part;
  const auto text = read(file, mark);
  if (!text) return std::nullopt;
  return parse_yaml(*text, faults_.add_file(file.string()), faults_);
}

}  // namespace adapters::map
