// causeway_definitions PACKAGE_FOLDER PACK: compiles the definition Bundles of the official R4 package into a pack.
// Runs in the build, never in the product.
#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <iterator>

#include "fhir/definitions/compiler/source.h"

namespace fhir::pack {

Result<Json> read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), {});
  if (!in) return fail(Fault::not_found, "definitions.file", file.string(), "cannot be read; run ./dev setup");
  auto json = Json::parse(std::move(text), {std::size_t{1} << 30, 200});
  if (!json) json.error().where = file.string() + ":" + json.error().where;
  return json;
}

}  // namespace fhir::pack

int main(int count, char** arguments) {
  if (count != 3) {
    fmt::print(stderr, "usage: causeway_definitions PACKAGE_FOLDER PACK\n");
    return 2;
  }
  fhir::pack::Writer writer;
  for (const auto compile : {fhir::pack::compile_structures, fhir::pack::compile_terminology,
                             fhir::pack::compile_extensions, fhir::pack::compile_searches}) {
    if (const auto done = compile(arguments[1], writer); !done) {
      fmt::print(stderr, "{}\n", to_string(done.error()));
      return 1;
    }
  }
  std::ofstream out(arguments[2], std::ios::binary);
  out << writer.finish() << std::flush;
  if (!out) fmt::print(stderr, "{}: cannot be written\n", arguments[2]);
  return out ? 0 : 1;
}
