#include "gateway/observe/log.h"

#include <unistd.h>

#include <atomic>
#include <mutex>

#include "fhir/json.h"
#include "gateway/exchange/ports.h"

namespace gateway::observe {
namespace {

std::atomic<Level> lowest{Level::info};

std::mutex site_mutex;
std::string& site_name() {
  static std::string name;
  return name;
}

std::string_view name(Level level) {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
    case Level::alarm: return "alarm";
  }
  return "info";
}

void member(std::string& line, std::string_view key, std::string_view value) {
  line += line.size() == 1 ? "" : ",";
  fhir::append_json_string(line, key);
  line += ':';
  fhir::append_json_string(line, value);
}

}  // namespace

void set_log_level(Level level) { lowest = level; }

void set_log_site(std::string_view site) {
  const std::scoped_lock lock(site_mutex);
  site_name() = site;
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  if (level < lowest.load(std::memory_order_relaxed)) return;
  std::string line = "{";
  member(line, "at", exchange::instant(exchange::system_clock().now()));
  member(line, "level", name(level));
  {
    const std::scoped_lock lock(site_mutex);
    if (!site_name().empty()) member(line, "site", site_name());
  }
  member(line, "event", event);
  for (const auto& [key, value] : fields) member(line, key, value);
  line += "}\n";
  if (::write(STDERR_FILENO, line.data(), line.size()) < 0) return;  // nowhere left to say so
}

}  // namespace gateway::observe
