#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "gateway/doctor/checks.h"
#include "gateway/exchange/ports.h"

namespace gateway::doctor {
namespace {

using Clock = std::chrono::steady_clock;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

std::int64_t millis_of(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

constexpr double kMega = 1024.0 * 1024.0;

}  // namespace

std::filesystem::path ground_of(const config::Config& config) {
  std::error_code ignored;
  auto ground = config.data;
  while (!std::filesystem::exists(ground, ignored) && ground.has_parent_path() && ground != ground.parent_path()) {
    ground = ground.parent_path();
  }
  return ground;
}

Findings clock(const config::Config&) {
  timex state{};
  const int status = ::adjtimex(&state);
  const auto now = std::chrono::system_clock::now();
  const std::string told = fmt::format("the clock says {}", exchange::instant(millis_of(now)));
  if (now < std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}) {
    return {{Verdict::fail, "clock", told + ": that is before this program was written",
             "set the clock: certificates, transfer bases and the audit depend on it"}};
  }
  if (status == TIME_ERROR || (state.status & STA_UNSYNC) != 0) {
    return {{Verdict::warn, "clock", told + ", but nothing keeps it right",
             "run an NTP client (chrony, systemd-timesyncd); in a container, see that the host does"}};
  }
  return {{Verdict::ok, "clock", told + ", synchronised", ""}};
}

Findings disk(const config::Config& config) {
  struct statvfs volume{};
  const auto ground = ground_of(config);
  if (::statvfs(ground.c_str(), &volume) != 0)
    return {{Verdict::fail, "disk", fmt::format("{} cannot be asked", ground.string()), "see that it is mounted"}};
  const double free = static_cast<double>(volume.f_bavail) * static_cast<double>(volume.f_frsize) / kMega;
  const double all = static_cast<double>(volume.f_blocks) * static_cast<double>(volume.f_frsize) / kMega;
  const std::string say = fmt::format("{:.0f} MiB free of {:.0f} at {}", free, all, ground.string());
  const bool no_inodes = volume.f_files != 0 && volume.f_favail * 100 < volume.f_files;
  const char* fix = "make room or move `data`; when it is full nothing more is accepted";
  if (free < 200 || no_inodes) return {{Verdict::fail, "disk", no_inodes ? say + ", hardly any inodes" : say, fix}};
  if (free < 2048 || free * 20 < all) return {{Verdict::warn, "disk", say, fix}};
  return {{Verdict::ok, "disk", say, ""}};
}

// Twenty small writes, each followed by fsync, as a commit of the store is.
Findings fsync_speed(const config::Config& config) {
  constexpr int kTries = 20;
  std::string name = (ground_of(config) / ".causeway-doctor-XXXXXX").string();
  const Descriptor file(::mkstemp(name.data()));
  if (file.number() < 0)
    return {{Verdict::fail, "fsync", fmt::format("{} cannot be written to", ground_of(config).string()),
             "run as the gateway's user, or give that user the folder"}};
  ::unlink(name.c_str());
  std::array<char, 4096> page{};
  std::vector<double> times;
  for (int i = 0; i < kTries; ++i) {
    const auto began = Clock::now();
    if (::write(file.number(), page.data(), page.size()) < 0 || ::fsync(file.number()) != 0)
      return {{Verdict::fail, "fsync", "the disk refuses to write", "look at the kernel's log (dmesg)"}};
    times.push_back(std::chrono::duration<double, std::milli>(Clock::now() - began).count());
  }
  std::ranges::sort(times);
  const double median = times[kTries / 2];
  const std::string say = fmt::format("{:.2f} ms median, {:.2f} ms worst of {}", median, times.back(), kTries);
  const char* fix = "every acknowledgement waits for one: use a disk with power-loss protection, not a network share";
  if (median > 100) return {{Verdict::fail, "fsync", say, fix}};
  if (median > 20) return {{Verdict::warn, "fsync", say, fix}};
  return {{Verdict::ok, "fsync", say, ""}};
}

Findings descriptors(const config::Config& config) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  constexpr rlim_t kOwn = 256;  // files of the store, listeners, outgoing connections
  const rlim_t wanted = config.limits.connections + kOwn;
  const std::string say = fmt::format("{} file descriptors, {} wanted for {} connections", limit.rlim_cur, wanted,
                                      config.limits.connections);
  if (limit.rlim_cur >= wanted) return {{Verdict::ok, "descriptors", say, ""}};
  return {{Verdict::warn, "descriptors", say, "raise the limit (systemd: LimitNOFILE=), or lower the connections"}};
}

namespace {

// Is the gateway of this site there?
bool runs(const config::Config& config) {
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  if (config.control_socket.size() >= sizeof at.sun_path) return false;
  std::ranges::copy(config.control_socket, at.sun_path);
  const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

// A name is looked up when the gateway starts; here only numbers are tried, which is what listeners are given.
std::optional<sockaddr_in> numeric(const net::Address& address) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(address.port);
  const std::string host = address.host == "localhost" ? "127.0.0.1" : address.host;
  return ::inet_pton(AF_INET, host.c_str(), &at.sin_addr) == 1 ? std::optional(at) : std::nullopt;
}

Finding port(const std::string& name, const net::Address& address, bool running) {
  const std::string where = fmt::format("{} {}:{}", name, address.host, address.port);
  const auto at = numeric(address);
  if (!at) return {Verdict::ok, "port", where + ": not an IPv4 number, not tried", ""};
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const auto* plain = reinterpret_cast<const sockaddr*>(&*at);
  if (running) {
    if (::connect(socket.number(), plain, sizeof *at) == 0) return {Verdict::ok, "port", where + ": answers", ""};
    return {Verdict::fail, "port", where + ": the gateway runs, but nothing answers",
            "look into its log; a listener that was added needs a restart"};
  }
  const int on = 1;
  ::setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket.number(), plain, sizeof *at) == 0) return {Verdict::ok, "port", where + ": free", ""};
  return {Verdict::fail, "port", fmt::format("{}: cannot be listened on: {}", where, strerrordesc_np(errno)),
          "`ss -ltnp` shows who has it; ports below 1024 need CAP_NET_BIND_SERVICE"};
}

Finding drop_folder(const config::Door& door) {
  const std::string where = fmt::format("door {} {}", door.name, door.folder.string());
  if (::access(door.folder.c_str(), R_OK | W_OK | X_OK) == 0)
    return {Verdict::ok, "folder", where + ": ours to use", ""};
  return {Verdict::fail, "folder", fmt::format("{}: {}", where, strerrordesc_np(errno)),
          "make it, and give the gateway's user the right to read and to move files in it"};
}

}  // namespace

Findings ports(const config::Config& config) {
  const bool running = runs(config);
  Findings found;
  found.push_back({Verdict::ok, "gateway", running ? "runs, and answers on its control socket" : "does not run", ""});
  found.push_back(port("FHIR", config.fhir_listen, running));
  found.push_back(port("admin", config.admin_listen, running));
  for (const auto& door : config.doors) {
    found.push_back(door.folder.empty() ? port("door " + door.name, door.listen, running) : drop_folder(door));
  }
  return found;
}

}  // namespace gateway::doctor
