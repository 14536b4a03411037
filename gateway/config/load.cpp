#include "gateway/config/load.h"

#include <algorithm>
#include <tuple>

#include "fhir/message/message.h"
#include "gateway/config/checks.h"
#include "gateway/config/codes.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

/// Reads one file by its table; nothing when it is no YAML.
std::optional<Yaml> read_file(Reader& reader, std::string_view name, const Section<Config>& table, Config& config) {
  auto document = reader.open(name);
  if (document) read_section(reader, *document, table, config);
  return document;
}

bool by_place(const FileFault& a, const FileFault& b) {
  return std::tie(a.file, a.line, a.column, a.code, a.say) < std::tie(b.file, b.line, b.column, b.code, b.say);
}

}  // namespace

std::shared_ptr<const Config> load(const std::filesystem::path& folder, std::vector<FileFault>& faults,
                                   const Options& options) {
  std::vector<Stamp> files;
  return load_noting(folder, faults, options, files);
}

std::shared_ptr<const Config> load_noting(const std::filesystem::path& folder, std::vector<FileFault>& faults,
                                          const Options& options, std::vector<Stamp>& files) {
  std::vector<FileFault> found;
  std::error_code problem;
  if (!std::filesystem::is_directory(folder, problem)) {
    faults.push_back({folder.string(), 0, 0, false, std::string(code::kFile), "there is no such folder",
                      "name the folder that holds causeway.yaml"});
    return nullptr;
  }
  auto config = std::make_shared<Config>();
  config->folder = folder;
  Reader reader(folder, found, options);
  Documents documents;
  documents.site = read_file(reader, "causeway.yaml", site_table(), *config);
  documents.routes = read_file(reader, "routes.yaml", routes_table(), *config);
  documents.peers = read_file(reader, "peers.yaml", peers_table(), *config);
  documents.partners = read_file(reader, "partners.yaml", partners_table(), *config);
  check_all({reader, documents, *config});
  config->files = files = reader.stamps;
  config->sources = std::move(reader.sources);
  config->hash = fhir::message::sha256(reader.digest_input);
  std::ranges::sort(found, by_place);
  const bool failed = std::ranges::any_of(found, [](const FileFault& fault) { return !fault.warning; });
  faults.insert(faults.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  return failed ? nullptr : config;
}

}  // namespace gateway::config
