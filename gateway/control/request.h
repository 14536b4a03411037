// A request on the control socket, taken apart.
#pragma once
#include <optional>

#include "gateway/control/desk.h"

namespace gateway::control {

/// The parts of `request` when its path has the shape of `pattern`, in which a star stands for one segment.
std::optional<Asked> match(std::string_view pattern, const net::HttpRequest& request);

}  // namespace gateway::control
