#include "gateway/net/net.h"

#include <algorithm>

namespace gateway::net {

std::string_view header(const Headers& headers, std::string_view lower_case_name) {
  const auto found = std::ranges::find(headers, lower_case_name, &Headers::value_type::first);
  return found == headers.end() ? std::string_view{} : std::string_view(found->second);
}

void MllpHandler::broken(MllpRequest, Error, std::move_only_function<void(std::vector<std::string>)> reply) {
  reply({});
}

}  // namespace gateway::net
