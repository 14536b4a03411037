#include "gateway/observe/failpoint.h"

#ifdef CAUSEWAY_FAILPOINTS
#include <signal.h>

#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string>

namespace gateway::observe {
namespace {

struct Order {
  std::string name;
  int passage = 1;
};

// "name:kill" or "name:kill:3"
Order read_order() {
  const char* text = std::getenv("CAUSEWAY_FAILPOINT");
  if (text == nullptr) return {};
  const std::string_view order = text;
  const auto kill = order.find(":kill");
  Order result{std::string(order.substr(0, kill)), 1};
  if (kill != std::string_view::npos && order.size() > kill + 6) {
    std::from_chars(order.data() + kill + 6, order.data() + order.size(), result.passage);
  }
  return result;
}

}  // namespace

void failpoint(std::string_view name) {
  static const Order order = read_order();
  static std::atomic<int> passed{0};
  if (order.name != name) return;
  if (++passed == order.passage) raise(SIGKILL);
}

bool planted(std::string_view fault) {
  static const char* text = std::getenv("CAUSEWAY_PLANT");
  return text != nullptr && fault == text;
}

}  // namespace gateway::observe
#endif
