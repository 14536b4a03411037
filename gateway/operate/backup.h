// A backup: a folder of plain files, complete or not there at all.
//
//   manifest.json   what is in it: site, time, counts, audit head, and SHA-256 of every other file
//   SHA256SUMS      the same sums, for `sha256sum -c` on a machine without Causeway
//   causeway.db     the store as it was at one moment
//   pseudonym.key   the secret that pseudonyms are made with
//   config/...      the configuration in force, below the folder its files have in common
//
// It holds patients' records and a secret: folder 0700, files 0600, and nobody encrypts it here. Private keys of TLS
// are not in it: they are renewed, not restored. Free functions, for any thread; errors name the file.
#pragma once
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"

namespace gateway::operate {

struct BackupFile {
  std::string name;  // below the backup's folder
  std::uint64_t bytes = 0;
  std::string sha256;
  std::string from;  // of the configuration: where it stood
};

struct Manifest {
  std::string site, organization, version, config;  // version: of Causeway; config: the configuration's hash
  store::Millis at = 0;
  store::Census census;
  std::string config_folder;  // the site's, below the backup's folder
  std::vector<BackupFile> files;
};

/// What is being done, and how far it is.
struct Step {
  std::string_view what;  // copying, summing, checking
  std::uint64_t done = 0, of = 0;
};
using Watcher = std::function<bool(const Step&)>;  // false: stop

struct BackupOrder {
  const store::Store& store;
  const config::Config& config;
  std::filesystem::path folder;  // absolute; must not be there yet
  store::Millis at = 0;
};

struct Backup {
  Manifest manifest;
  std::string sha256;  // of manifest.json: who notes it down elsewhere can tell whether anything was exchanged
  std::uint64_t bytes = 0;
};

/// Makes `folder`, or leaves nothing behind.
fhir::Result<Backup> make_backup(const BackupOrder& order, const Watcher& watcher);

/// Every sum, the pages and references of the store, its audit chain, and the counts of the manifest. Changes nothing.
fhir::Result<Backup> verify_backup(const std::filesystem::path& folder, const Watcher& watcher);

struct RestoreOrder {
  std::filesystem::path backup, into;  // into: absent or empty; becomes the data folder
  std::string who;                     // for the audit of the restored site
  store::Millis at = 0;
};
/// verify_backup() on what was written, not on what was read; then the store is fit for use (store::begin_anew_sqlite).
/// On a fault `into` is emptied again: nothing that was not verified can be started by mistake.
fhir::Result<Backup> restore_backup(const RestoreOrder& order, const Watcher& watcher);

fhir::JsonTree to_json(const Backup& backup);

}  // namespace gateway::operate
