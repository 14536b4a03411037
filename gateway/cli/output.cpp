#include "gateway/cli/output.h"

#include <cstdio>
#include <fstream>
#include <sstream>

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
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}

}  // namespace gateway::cli
