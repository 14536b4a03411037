#include "gateway/cli/output.h"

#include <array>
#include <cstdio>
#include <fstream>

namespace gateway::cli {

void fail(Context& context, const fhir::Error& error, int exit_code) {
  context.exit_code = exit_code;
  const std::string text =
      context.json ? fhir::JsonTree::object({{"error", error.code}, {"where", error.where}, {"say", error.say}}).dump()
                   : "causeway: " + fhir::to_string(error);
  std::fprintf(stderr, "%s\n", text.c_str());
}

void print_json(const fhir::JsonTree& tree) { std::printf("%s\n", tree.dump(2).c_str()); }

fhir::Result<std::string> read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return fhir::fail(fhir::Fault::not_found, "file.unreadable", path, "cannot be read");
  constexpr std::size_t kMost = std::size_t{256} << 20;  // more is no message or resource, perhaps not even a file
  std::string text;
  std::array<char, 1u << 16> piece;
  while (file.read(piece.data(), piece.size()), file.gcount() > 0) {
    text.append(piece.data(), static_cast<std::size_t>(file.gcount()));
    if (text.size() > kMost) return fhir::fail(fhir::Fault::too_large, "file.size", path, "is larger than 256 MiB");
  }
  if (file.bad()) return fhir::fail(fhir::Fault::not_found, "file.unreadable", path, "cannot be read");
  return text;
}

}  // namespace gateway::cli
