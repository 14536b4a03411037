// Any bytes as a row record and as a row to write. Promises under attack: no crash, no endless loop; what is refused
// says why; every leaf of what is accepted has a place and can be read.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "adapters/rows/row_source.h"
#include "adapters/rows/upsert.h"

namespace {

using namespace adapters::rows;

void require(bool promise) {
  if (!promise) std::abort();
}

const Shape& shape() {
  static const Shape made{
      "T", {{"", {"a", "b"}}, {"U", {"c", "d"}}, {"U.V", {"e"}}}, {{"*", {"", "-"}}, {"U.c", {"0", "0.0000"}}}};
  return made;
}

void read(const std::string& text) {
  auto json = fhir::Json::parse(text);
  if (!json) return;
  const auto source = make_source(std::move(*json), shape());
  if (!source) return require(!source.error().say.empty());
  for (const auto leaf : (*source)->leaves((*source)->root())) {
    require(!(*source)->place(leaf).empty());
    require(!(*source)->text(leaf).empty());
  }
  static const auto dialect = make_dialect(shape());
  static const auto each = dialect->bind("U.V", nullptr);
  static const auto column = dialect->bind("e", each->get());
  for (const auto row : (*source)->find(**each, (*source)->root()))
    for (const auto value : (*source)->find(**column, row)) (void)(*source)->whole(value);
}

void write(const std::string& text) {
  const auto upsert = parse_upsert(text);
  require(upsert ? !upsert->key.empty() && !upsert->table.empty() : !upsert.error().say.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  read(text);
  write(text);
  return 0;
}
