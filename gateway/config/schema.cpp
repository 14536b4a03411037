#include "gateway/config/schema.h"

#include <algorithm>

namespace gateway::config {

Yaml written(std::string_view fallback, Mark mark) {
  Yaml node;
  node.mark = mark;
  if (fallback == "{}") {
    node.kind = Yaml::Kind::map;
  } else if (fallback.starts_with('[')) {
    node.kind = Yaml::Kind::list;
    for (std::string_view rest = fallback.substr(1, fallback.size() - 2); !rest.empty();) {
      const std::size_t comma = std::min(rest.find(", "), rest.size());
      node.items.push_back(written(rest.substr(0, comma), mark));
      rest.remove_prefix(std::min(comma + 2, rest.size()));
    }
  } else {
    node.kind = Yaml::Kind::scalar;
    node.text = fallback;
  }
  return node;
}

}  // namespace gateway::config
