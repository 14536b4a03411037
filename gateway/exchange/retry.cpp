#include "gateway/exchange/retry.h"

#include <charconv>

namespace gateway::exchange {

std::string_view remedy(std::string_view reason) {
  constexpr std::string_view kHttpWord = "HTTP ";
  for (const Remedy& one : kRemedies) {
    if (reason.starts_with(one.begins)) return one.fix;
  }
  int status = 0;
  if (reason.starts_with(kHttpWord)) {
    std::from_chars(reason.data() + kHttpWord.size(), reason.data() + reason.size(), status);
  }
  const auto* found = std::ranges::find(kHttp, status, &HttpRow::status);
  if (found != kHttp.end() && !found->fix.empty()) return found->fix;
  return "`causeway msg show` of its message has the whole story; when the cause is gone, replay";
}

}  // namespace gateway::exchange
