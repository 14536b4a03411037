// What of the configuration's text may be shown: on terminals, in logs, over the control socket.
#pragma once
#include <string>
#include <string_view>

namespace gateway::config {

/// A value of this key as it may be shown: `***` when the key sounds like a secret, without user:password@, without
/// characters that move a terminal's cursor.
std::string masked(std::string_view key, std::string_view value);

}  // namespace gateway::config
