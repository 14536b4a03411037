#include "gateway/operate/backup.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <system_error>

#include "gateway/exchange/ports.h"
#include "gateway/trust/digest.h"

namespace gateway::operate {
namespace {

namespace fs = std::filesystem;
using fhir::Fault;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kFormat = "causeway-backup/1";
constexpr std::string_view kStore = "causeway.db", kKey = "pseudonym.key", kManifest = "manifest.json",
                           kSums = "SHA256SUMS";
constexpr std::size_t kPiece = 1u << 20;

std::unexpected<fhir::Error> bad(const fs::path& where, std::string code, std::string say) {
  return fhir::fail(Fault::needs_person, std::move(code), where.string(), std::move(say));
}

std::unexpected<fhir::Error> system_fault(const fs::path& where) {
  return bad(where, "backup.file", std::generic_category().message(errno));
}

std::unexpected<fhir::Error> stopped() { return fhir::fail(Fault::unavailable, "backup.stopped", "", "was stopped"); }

class File {
 public:
  File(const fs::path& name, int flags) : number_(::open(name.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, 0600)) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }

 private:
  int number_;
};

bool write_all(const File& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto written = ::write(file.number(), bytes.data(), bytes.size());
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<void> write_file(const fs::path& name, std::string_view bytes) {
  const File file(name, O_WRONLY | O_CREAT | O_EXCL);
  if (!file || !write_all(file, bytes) || ::fsync(file.number()) != 0) return system_fault(name);
  return {};
}

Result<void> make_folder(const fs::path& name) {
  if (::mkdir(name.c_str(), 0700) != 0) return system_fault(name);
  return {};
}

// Folders between `root` and the file, private like everything here.
Result<void> make_folders(const fs::path& root, const fs::path& relative) {
  fs::path folder = root;
  for (const auto& part : relative.parent_path()) {
    folder /= part;
    if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return system_fault(folder);
  }
  return {};
}

Result<void> sync_folder(const fs::path& name) {
  const File folder(name, O_RDONLY | O_DIRECTORY);
  if (!folder || ::fsync(folder.number()) != 0) return system_fault(name);
  return {};
}

/// Goes through a file piece by piece; `take` false: stop. What was read is summed.
template <class Take>
Result<BackupFile> read_through(const fs::path& name, Take take) {
  const File file(name, O_RDONLY);
  if (!file) return system_fault(name);
  BackupFile found;
  trust::Sha256 sum;
  std::string piece(kPiece, '\0');
  for (;;) {
    const auto got = ::read(file.number(), piece.data(), piece.size());
    if (got < 0) return system_fault(name);
    if (got == 0) break;
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(got));
    sum.add(bytes);
    found.bytes += bytes.size();
    if (auto taken = take(bytes); !taken) return fhir::pass(taken);
  }
  found.sha256 = sum.hex();
  return found;
}

std::uint64_t size_of(const fs::path& name) {
  std::error_code failed;
  const auto size = fs::file_size(name, failed);
  return failed ? 0 : size;
}

/// Tells a watcher of bytes that add up over several files.
class Meter {
 public:
  Meter(const Watcher& watcher, std::string_view what, std::uint64_t of) : watcher_(watcher), step_{what, 0, of} {}
  Result<void> add(std::uint64_t bytes) {
    step_.done += bytes;
    if (watcher_ && !watcher_(step_)) return stopped();
    return {};
  }

 private:
  const Watcher& watcher_;
  Step step_;
};

Result<BackupFile> summed(const fs::path& folder, std::string name, Meter& meter) {
  auto found = read_through(folder / name, [&](std::string_view bytes) { return meter.add(bytes.size()); });
  if (found) found->name = std::move(name);
  return found;
}

// ---- the manifest

JsonTree number(std::uint64_t n) { return JsonTree::number(std::to_string(n)); }
JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

JsonTree to_json(const store::Census& census) {
  return JsonTree::object({{"schema", number(std::int64_t{census.schema})},
                           {"messages", number(census.messages)},
                           {"deliveries", number(census.deliveries)},
                           {"open", number(census.open)},
                           {"resources", number(census.resources)},
                           {"facts", number(census.facts)},
                           {"audit", number(census.audit)},
                           {"audit_head", census.audit_head}});
}

JsonTree to_json(const Manifest& manifest) {
  JsonTree files = JsonTree::array();
  for (const auto& file : manifest.files) {
    JsonTree one = JsonTree::object({{"name", file.name}, {"bytes", number(file.bytes)}, {"sha256", file.sha256}});
    if (!file.from.empty()) one.set("from", file.from);
    files.push(std::move(one));
  }
  JsonTree told = JsonTree::object({{"format", kFormat},
                                    {"site", manifest.site},
                                    {"organization", manifest.organization},
                                    {"made", exchange::instant(manifest.at)},
                                    {"made_ms", number(manifest.at)},
                                    {"version", manifest.version},
                                    {"config", manifest.config},
                                    {"config_folder", manifest.config_folder}});
  told.set("census", to_json(manifest.census));
  told.set("files", std::move(files));
  return told;
}

template <class N>
N number_in(JsonView value) {
  N number = 0;
  const std::string_view text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// A name of the manifest is followed on this disk: it must stay below the backup.
bool stays_below(const fs::path& name) {
  return !name.empty() && name.is_relative() &&
         std::ranges::none_of(name, [](const fs::path& part) { return part == ".." || part == "." || part.empty(); });
}

store::Census census_in(JsonView told) {
  store::Census census;
  census.schema = number_in<int>(told["schema"]);
  census.messages = number_in<std::int64_t>(told["messages"]);
  census.deliveries = number_in<std::int64_t>(told["deliveries"]);
  census.open = number_in<std::int64_t>(told["open"]);
  census.resources = number_in<std::int64_t>(told["resources"]);
  census.facts = number_in<std::int64_t>(told["facts"]);
  census.audit = number_in<std::int64_t>(told["audit"]);
  census.audit_head = told["audit_head"].text();
  return census;
}

Result<Manifest> manifest_in(const fs::path& place, JsonView told) {
  if (told["format"].text() != kFormat) return bad(place, "backup.format", "is no backup that this version knows");
  Manifest manifest;
  manifest.site = told["site"].text();
  manifest.organization = told["organization"].text();
  manifest.version = told["version"].text();
  manifest.config = told["config"].text();
  manifest.config_folder = told["config_folder"].text();
  manifest.at = number_in<store::Millis>(told["made_ms"]);
  manifest.census = census_in(told["census"]);
  for (const JsonView file : told["files"]) {
    BackupFile one{std::string(file["name"].text()), number_in<std::uint64_t>(file["bytes"]),
                   std::string(file["sha256"].text()), std::string(file["from"].text())};
    if (!stays_below(one.name)) return bad(place, "backup.name", "names a file outside of the backup");
    manifest.files.push_back(std::move(one));
  }
  if (!stays_below(manifest.config_folder)) return bad(place, "backup.name", "names a folder outside of the backup");
  return manifest;
}

Result<Backup> read_manifest(const fs::path& folder) {
  const fs::path place = folder / kManifest;
  std::string bytes;
  auto read = read_through(place, [&](std::string_view piece) -> Result<void> {
    bytes += piece;
    if (bytes.size() > 64 * kPiece) return bad(place, "backup.format", "is far too long");
    return {};
  });
  if (!read) return fhir::pass(read);
  const auto json = fhir::Json::parse(bytes);
  if (!json) return bad(place, "backup.format", "is no JSON: " + json.error().say);
  auto manifest = manifest_in(place, json->root());
  if (!manifest) return fhir::pass(manifest);
  Backup backup{*std::move(manifest), read->sha256, read->bytes};
  for (const auto& file : backup.manifest.files) backup.bytes += file.bytes;
  return backup;
}

// ---- making one

/// The folder that all files of the configuration lie below, or one of its parents.
fs::path common_folder(const config::Config& config) {
  fs::path common = config.folder;
  for (const auto& source : config.sources) {
    const auto inside = [&] {
      const auto relative = source.file.lexically_relative(common);
      return !relative.empty() && *relative.begin() != "..";
    };
    while (common.has_relative_path() && !inside()) common = common.parent_path();
  }
  return common;
}

Result<void> write_configuration(const BackupOrder& order, const fs::path& folder, Manifest& manifest) {
  const fs::path root = common_folder(order.config);
  manifest.config_folder = ("config" / order.config.folder.lexically_relative(root)).lexically_normal().string();
  for (const auto& source : order.config.sources) {
    const fs::path name = "config" / source.file.lexically_relative(root);
    if (auto made = make_folders(folder, name); !made) return made;
    if (auto written = write_file(folder / name, source.bytes); !written) return written;
    manifest.files.push_back(
        {name.string(), source.bytes.size(), trust::sha256_hex(source.bytes), source.file.string()});
  }
  return {};
}

Result<void> copy_key(const BackupOrder& order, const fs::path& folder, Manifest& manifest) {
  const fs::path from = order.config.data / kKey;
  std::string bytes;
  auto read = read_through(from, [&](std::string_view piece) -> Result<void> {
    bytes += piece;
    return {};
  });
  if (!read) return fhir::pass(read);
  if (auto written = write_file(folder / kKey, bytes); !written) return written;
  read->name = kKey;
  manifest.files.push_back(*std::move(read));
  return {};
}

// What there is now, with its log, and a little: the copy is compared with nothing smaller.
Result<void> is_there_room(const BackupOrder& order, const fs::path& parent) {
  const auto needed =
      size_of(order.config.data / kStore) + size_of(order.config.data / "causeway.db-wal") + 64 * kPiece;
  std::error_code failed;
  const auto space = fs::space(parent, failed);
  if (failed) return bad(parent, "backup.folder", failed.message());
  struct stat there{}, here{};
  const bool same_disk = ::stat(parent.c_str(), &there) == 0 && ::stat(order.config.data.c_str(), &here) == 0 &&
                         there.st_dev == here.st_dev;
  const auto left_over = same_disk ? order.config.pressure.disk_resume : 0;
  if (space.available >= needed + left_over) return {};
  return bad(parent, "backup.room",
             fmt::format("has {} MiB free and needs {}", space.available >> 20u, (needed + left_over) >> 20u));
}

Result<void> copy_store(const BackupOrder& order, const fs::path& folder, Manifest& manifest, const Watcher& watcher) {
  auto census = order.store.copy_to((folder / kStore).string(), [&](std::uint64_t done, std::uint64_t of) {
    constexpr std::uint64_t kPage = 8192;
    return !watcher || watcher({"copying", done * kPage, of * kPage});
  });
  if (!census) return fhir::pass(census);
  manifest.census = *census;
  Meter meter(watcher, "summing", size_of(folder / kStore));
  auto sum = summed(folder, std::string(kStore), meter);
  if (!sum) return fhir::pass(sum);
  manifest.files.push_back(*std::move(sum));
  return {};
}

std::string sums_of(const Manifest& manifest) {
  std::string sums;
  for (const auto& file : manifest.files) sums += fmt::format("{}  {}\n", file.sha256, file.name);
  return sums;
}

Result<Backup> fill(const BackupOrder& order, const fs::path& folder, const Watcher& watcher) {
  Manifest manifest{
      order.config.site, order.config.organization.id, CAUSEWAY_VERSION, order.config.hash, order.at, {}, {}, {}};
  if (auto copied = copy_store(order, folder, manifest, watcher); !copied) return fhir::pass(copied);
  if (auto copied = copy_key(order, folder, manifest); !copied) return fhir::pass(copied);
  if (auto written = write_configuration(order, folder, manifest); !written) return fhir::pass(written);
  const std::string text = to_json(manifest).dump() + "\n";
  if (auto written = write_file(folder / kSums, sums_of(manifest)); !written) return fhir::pass(written);
  if (auto written = write_file(folder / kManifest, text); !written) return fhir::pass(written);
  if (auto synced = sync_folder(folder); !synced) return fhir::pass(synced);
  return read_manifest(folder);
}

}  // namespace

Result<Backup> make_backup(const BackupOrder& order, const Watcher& watcher) {
  const fs::path parent = order.folder.parent_path();
  if (auto room = is_there_room(order, parent); !room) return fhir::pass(room);
  struct stat found{};
  if (::lstat(order.folder.c_str(), &found) == 0)
    return bad(order.folder, "backup.exists", "is there already; a backup never replaces anything");
  const fs::path draft = order.folder.string() + ".part";
  if (auto made = make_folder(draft); !made) return fhir::pass(made);
  auto backup = fill(order, draft, watcher);
  if (backup && ::rename(draft.c_str(), order.folder.c_str()) != 0) backup = system_fault(order.folder);
  if (backup) {
    if (auto synced = sync_folder(parent); !synced) return fhir::pass(synced);
    return backup;
  }
  std::error_code ignored;
  fs::remove_all(draft, ignored);
  return backup;
}

// ---- looking at one, and taking it back

namespace {

Result<void> check_sums(const fs::path& folder, const Backup& backup, const Watcher& watcher) {
  Meter meter(watcher, "summing", backup.bytes);
  for (const auto& file : backup.manifest.files) {
    auto found = summed(folder, file.name, meter);
    if (!found) return fhir::pass(found);
    if (found->sha256 != file.sha256 || found->bytes != file.bytes)
      return bad(folder / file.name, "backup.sum", "is not what was backed up: its SHA-256 differs");
  }
  return {};
}

Result<void> check_store(const fs::path& folder, const Manifest& manifest, const Watcher& watcher) {
  if (watcher && !watcher({"checking", 0, 0})) return stopped();
  auto census = store::examine_sqlite((folder / kStore).string());
  if (!census) return fhir::pass(census);
  if (*census == manifest.census) return {};
  return bad(folder / kStore, "backup.census",
             fmt::format("holds {} messages and {} audit entries, the manifest says {} and {}", census->messages,
                         census->audit, manifest.census.messages, manifest.census.audit));
}

bool is_empty_or_absent(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(fs::symlink_status(folder, failed))) return true;
  return fs::is_directory(fs::symlink_status(folder, failed)) && fs::is_empty(folder, failed) && !failed;
}

Result<void> copy_file(const fs::path& from, const fs::path& to, const BackupFile& file, Meter& meter) {
  const File target(to / file.name, O_WRONLY | O_CREAT | O_EXCL);
  if (!target) return system_fault(to / file.name);
  auto read = read_through(from / file.name, [&](std::string_view piece) -> Result<void> {
    if (!write_all(target, piece)) return system_fault(to / file.name);
    return meter.add(piece.size());
  });
  if (!read) return fhir::pass(read);
  if (::fsync(target.number()) != 0) return system_fault(to / file.name);
  return {};
}

Result<void> copy_all(const RestoreOrder& order, const Backup& backup, const Watcher& watcher) {
  Meter meter(watcher, "copying", backup.bytes);
  for (const auto& file : backup.manifest.files) {
    if (auto made = make_folders(order.into, file.name); !made) return made;
    if (auto copied = copy_file(order.backup, order.into, file, meter); !copied) return copied;
  }
  return sync_folder(order.into);
}

Result<void> begin_anew(const RestoreOrder& order, const Backup& backup) {
  const JsonTree detail = JsonTree::object({{"made", exchange::instant(backup.manifest.at)},
                                            {"manifest", backup.sha256},
                                            {"messages", number(backup.manifest.census.messages)},
                                            {"audit_head", backup.manifest.census.audit_head}});
  store::StoreOptions options;
  options.file = (order.into / kStore).string();
  return store::begin_anew_sqlite(options, {0, order.at, "restored", order.who, detail.dump(), ""},
                                  {"restored", fmt::format("{:013}", order.at), order.at, detail.dump()});
}

Result<void> restore_verified(const RestoreOrder& order, const Backup& backup, const Watcher& watcher) {
  if (auto copied = copy_all(order, backup, watcher); !copied) return copied;
  if (auto summed = check_sums(order.into, backup, watcher); !summed) return summed;
  if (auto whole = check_store(order.into, backup.manifest, watcher); !whole) return whole;
  return begin_anew(order, backup);
}

}  // namespace

Result<Backup> verify_backup(const fs::path& folder, const Watcher& watcher) {
  auto backup = read_manifest(folder);
  if (!backup) return backup;
  if (auto summed = check_sums(folder, *backup, watcher); !summed) return fhir::pass(summed);
  if (auto whole = check_store(folder, backup->manifest, watcher); !whole) return fhir::pass(whole);
  return backup;
}

Result<Backup> restore_backup(const RestoreOrder& order, const Watcher& watcher) {
  auto backup = read_manifest(order.backup);
  if (!backup) return backup;
  if (!is_empty_or_absent(order.into))
    return bad(order.into, "restore.not-empty", "is not an empty folder; nothing is ever restored over something else");
  if (::mkdir(order.into.c_str(), 0700) != 0 && errno != EEXIST) return system_fault(order.into);
  if (::chmod(order.into.c_str(), 0700) != 0) return system_fault(order.into);
  auto restored = restore_verified(order, *backup, watcher);
  if (restored) return backup;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(order.into, ignored)) fs::remove_all(entry.path(), ignored);
  return fhir::pass(restored);
}

JsonTree to_json(const Backup& backup) {
  JsonTree told = to_json(backup.manifest);
  told.set("manifest_sha256", backup.sha256);
  told.set("bytes", number(backup.bytes));
  return told;
}

}  // namespace gateway::operate
