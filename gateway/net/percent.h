// Percent-encoding (RFC 3986 §2.1), for links and for what is asked over HTTP.
#pragma once
#include <string>
#include <string_view>

namespace gateway::net {

/// Everything outside the unreserved characters escaped.
std::string percent_encoded(std::string_view text);

}  // namespace gateway::net
