#include <algorithm>
#include <tuple>

#include "gateway/config/load.h"
#include "gateway/config/reader.h"

namespace gateway::config {

namespace {

auto place(const net::Address& address) { return std::tie(address.host, address.port); }

bool same_door(const Door& a, const Door& b) {
  return a.name == b.name && a.mllp == b.mllp && place(a.listen) == place(b.listen) && a.path == b.path &&
         a.folder == b.folder && a.tls == b.tls && a.limit == b.limit && a.idle == b.idle && a.rows == b.rows &&
         a.release == b.release && a.framing == b.framing && a.service.has_value() == b.service.has_value();
}

bool same_limits(const net::Limits& a, const net::Limits& b) {
  return a.body == b.body && a.connections == b.connections && a.connections_each == b.connections_each;
}

/// Changed within the last second: perhaps half written, so the next poll takes it.
bool still_warm(const Stamp& stamp) {
  const auto now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return stamp.modified_ns <= now && now - stamp.modified_ns < 1'000'000'000;
}

}  // namespace

std::vector<std::string> needs_restart(const Config& a, const Config& b) {
  std::vector<std::string> keys;
  const auto note = [&](bool same, std::string_view key) {
    if (!same) keys.emplace_back(key);
  };
  note(a.site == b.site, "site");
  note(a.organization.id == b.organization.id, "organization.id");
  note(a.data == b.data, "data");
  note(a.control_socket == b.control_socket, "control");
  note(a.tls == b.tls, "tls");
  note(place(a.fhir_listen) == place(b.fhir_listen) && a.fhir_base == b.fhir_base, "fhir.listen");
  note(same_limits(a.limits, b.limits), "fhir.limits");
  note(place(a.admin_listen) == place(b.admin_listen), "admin.listen");
  note(a.pressure.ballast == b.pressure.ballast, "pressure.ballast");
  note(std::ranges::equal(a.doors, b.doors, same_door), "doors");
  return keys;
}

Reloader::Reloader(std::shared_ptr<const Config> running, Options options)
    : running_(std::move(running)), options_(std::move(options)), seen_(running_->files) {}

std::optional<Reloader::Attempt> Reloader::poll() {
  bool changed = false;
  for (const Stamp& stamp : seen_) {
    const Stamp now = stamp_of(stamp.file);
    if (now == stamp) continue;
    if (still_warm(now)) return std::nullopt;
    changed = true;
  }
  if (!changed) return std::nullopt;
  Attempt attempt = read(false);
  if (attempt.config != nullptr) running_ = attempt.config;
  return attempt;
}

Reloader::Attempt Reloader::read(bool dry) {
  Attempt attempt;
  std::vector<Stamp> files;
  attempt.config = load_noting(running_->folder, attempt.faults, options_, files);
  if (attempt.config != nullptr) attempt.after_restart = needs_restart(*running_, *attempt.config);
  if (!dry) seen_ = std::move(files);
  return attempt;
}

}  // namespace gateway::config
