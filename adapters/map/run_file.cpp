#include "adapters/map/run_file.h"

#include <algorithm>

#include "adapters/hl7v2/message.h"
#include "adapters/map/record_file.h"

namespace adapters::map {

namespace fs = std::filesystem;

MapsToRun::MapsToRun(const fs::path& map_or_folder, std::vector<FileFault>& faults)
    : folder_(fs::is_directory(map_or_folder)) {
  const auto files = folder_ ? disk().list(map_or_folder, ".map.yaml") : std::vector{map_or_folder};
  for (const auto& file : files) {
    auto map = Map::load(file, faults);
    if (map != nullptr && (!folder_ || map->to_fhir())) maps_.push_back(std::move(map));
  }
  if (std::ranges::any_of(faults, [](const FileFault& fault) { return !fault.warning; })) maps_.clear();
}

Result<Outcome> MapsToRun::run(const fs::path& file, std::string_view charset, const Site& site) const {
  const auto& first = *maps_.front();
  auto record = read_record(file, charset.empty() && !folder_ ? std::string_view(first.charset()) : charset);
  if (!record) return fhir::pass(record);
  if (!folder_) return first.run(*record, site);
  auto message = hl7v2::Message::parse(*record);
  if (!message) return fhir::pass(message);
  const auto takes = [&](const auto& map) { return map->accepts(message->type()); };
  const auto map = std::ranges::find_if(maps_, takes);
  if (map != maps_.end()) return (*map)->run(*record, site);
  return fhir::fail(fhir::Fault::unsupported, "map.none", message->type(), "no map of this folder takes this kind");
}

Result<Outcome> MapsToRun::run_back(const fs::path& file, const Site& site) const {
  auto bundle = read_record(file, {});
  if (!bundle) return fhir::pass(bundle);
  if (!folder_) return maps_.front()->run_back(*bundle, site);
  std::string kind;
  for (const auto& map : maps_) {
    kind = map->back_kind(*bundle, site);
    if (map->accepts(kind)) return map->run_back(*bundle, site);
  }
  return fhir::fail(fhir::Fault::unsupported, "map.none", kind, "no map of this folder makes this kind");
}

}  // namespace adapters::map
