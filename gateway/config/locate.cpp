#include "gateway/config/reader.h"

namespace gateway::config {

// Only the two keys that lead to the socket; what else is wrong is not for here.
std::string control_socket_of(const std::filesystem::path& folder, const Options& options) {
  std::vector<FileFault> ignored;
  Reader reader(folder, ignored, options);
  const auto document = reader.open("causeway.yaml");
  const Yaml* data = document ? document->find("data") : nullptr;
  const auto at = data != nullptr ? reader.path(*data) : std::nullopt;
  if (!at) return {};
  const Yaml* name = document->find("control");
  const auto file = name != nullptr ? reader.scalar(*name, "a file name") : std::optional<std::string>("control.sock");
  return file ? (*at / *file).string() : std::string();
}

}  // namespace gateway::config
