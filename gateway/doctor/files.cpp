#include <fmt/format.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <set>

#include "gateway/doctor/checks.h"
#include "gateway/net/tls.h"
#include "gateway/net/tls_certificate.h"
#include "gateway/store/store.h"

namespace gateway::doctor {
namespace {

constexpr std::int64_t kDay = 86'400;

std::int64_t now_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// Every set of TLS files in use, each once.
std::set<net::TlsFiles> all_tls(const config::Config& config) {
  std::set<net::TlsFiles> found;
  if (!config.tls.certificate.empty()) found.insert(config.tls);
  for (const auto& door : config.doors) {
    if (door.tls) found.insert(*door.tls);
  }
  for (const auto& system : config.systems) {
    if (system.tls) found.insert(*system.tls);
  }
  return found;
}

void look_at_mode(Findings& found, const std::filesystem::path& file, const char* what) {
  struct stat info{};
  if (::stat(file.c_str(), &info) != 0) return;
  const bool ours = info.st_uid == ::geteuid() || ::geteuid() == 0;
  if ((info.st_mode & 077) != 0) {
    found.push_back(
        {Verdict::fail, "permissions",
         fmt::format("{} {} may be used by others (mode {:04o})", what, file.string(), info.st_mode & 07777u),
         fmt::format("chmod go= {}", file.string())});
  } else if (!ours) {
    found.push_back({Verdict::warn, "permissions", fmt::format("{} {} belongs to another user", what, file.string()),
                     "run this as the gateway's user, or give it the file"});
  }
}

}  // namespace

Findings permissions(const config::Config& config) {
  Findings found;
  look_at_mode(found, config.data, "folder");
  for (const char* name : {"causeway.db", "pseudonym.key", "control.sock"})
    look_at_mode(found, config.data / name, "file");
  for (const auto& files : all_tls(config)) look_at_mode(found, files.key, "key");
  if (found.empty()) found.push_back({Verdict::ok, "permissions", "store and keys are the gateway's alone", ""});
  return found;
}

// A store in a scratch folder beside the real one: opening it proves that the settings durability rests on are in force
// here, on this file system.
Findings scratch_store(const config::Config& config) {
  std::string folder = (ground_of(config) / ".causeway-doctor-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr)
    return {{Verdict::fail, "store", "no scratch store can be made beside the real one", "see fsync and permissions"}};
  store::StoreOptions options;
  options.file = folder + "/scratch.db";
  auto opened = store::open_sqlite(options);
  Findings found;
  if (!opened)
    found.push_back({Verdict::fail, "store", opened.error().say, "see permissions; WAL needs a local file system"});
  else
    found.push_back({Verdict::ok, "store", "WAL, synchronous=FULL and the other settings are in force", ""});
  if (opened) opened->reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder, ignored);
  found.push_back({Verdict::ok, "sqlite", fmt::format("version {}", store::sqlite_version()), ""});
  return found;
}

Finding expiry(const std::string& what, const std::string& name, std::int64_t not_before, std::int64_t not_after,
               std::int64_t now) {
  const auto days = (not_after - now) / kDay;
  if (now < not_before) return {Verdict::fail, what, name + " is not valid yet", "set the clock, or wait"};
  if (now >= not_after)
    return {Verdict::fail, what, fmt::format("{} ended {} days ago", name, -days), "renew it now: peers refuse it"};
  const std::string say = fmt::format("{} is valid for {} more days", name, days);
  if (days < 7) return {Verdict::fail, what, say, "renew it now"};
  if (days < 30) return {Verdict::warn, what, say, "renew it; a new file is taken without a restart"};
  return {Verdict::ok, what, say, ""};
}

Findings certificates(const config::Config& config) {
  Findings found;
  for (const auto& files : all_tls(config)) {
    const auto loaded = net::tls::Context::load(files, net::tls::Role::server, net::tls::Speaks::http);
    if (!loaded)
      found.push_back({Verdict::fail, "certificate", fhir::to_string(loaded.error()), "mend the file it names"});
    for (const auto* path : {&files.certificate, &files.trust}) {
      const auto read = net::tls::read_certificate(*path);
      if (read) found.push_back(expiry("certificate", *path, read->not_before, read->not_after, now_seconds()));
    }
  }
  return found;
}

Findings revocations(const config::Config& config) {
  Findings found;
  for (const auto& files : all_tls(config)) {
    if (files.crl.empty()) {
      found.push_back({Verdict::warn, "crl", "no revocation list is configured for " + files.certificate,
                       "set `crl`: without it a stolen key is trusted until its certificate ends"});
      continue;
    }
    const auto lists = net::tls::read_revocations(files.crl);
    if (!lists) {
      found.push_back({Verdict::fail, "crl", fhir::to_string(lists.error()), "fetch it again"});
      continue;
    }
    const auto left = lists->next_update - now_seconds();
    const std::string say =
        fmt::format("{} names {} certificates, next update {} {} hours", files.crl, lists->revoked.size(),
                    left < 0 ? "was due since" : "due in", std::abs(left) / 3600);
    const Verdict verdict = left < 0 ? Verdict::fail : left < kDay ? Verdict::warn : Verdict::ok;
    found.push_back({verdict, "crl", say, verdict == Verdict::ok ? "" : "fetch the new list: an old one fails closed"});
  }
  return found;
}

}  // namespace gateway::doctor
