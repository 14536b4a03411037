// A Bundle in pieces and the same Bundle at once: entry by entry the same resources, the same verdict where they agree
// on what a Bundle is; never a crash, and an end.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "fhir/bundle_reader.h"
#include "fhir/resource.h"

namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

struct Streamed {
  std::vector<std::string> entries;
  bool complete = false;
};

Streamed stream(std::string_view text, std::size_t size) {
  fhir::BundleReader reader([&](std::span<char> into) -> fhir::Result<std::size_t> {
    const std::size_t count = std::min(size, text.size());
    std::copy_n(text.begin(), count, into.begin());
    text.remove_prefix(count);
    return count;
  });
  Streamed all;
  while (true) {
    auto entry = reader.next();
    if (!entry) return require(!entry.error().code.empty()), all;
    if (!*entry) break;
    all.entries.push_back((*entry)->entry.dump());
  }
  all.complete = true;
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0] % 64;
  const std::string text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Streamed streamed = stream(text, piece);
  require(streamed.entries == stream(text, 1000).entries);
  if (!streamed.complete) return 0;
  const auto whole = fhir::read_resource(text);
  if (!whole) return 0;  // deeper than the limit as a whole, though not entry by entry
  std::size_t index = 0;
  for (const fhir::JsonView entry : whole->resource.root()["entry"]) {
    require(index < streamed.entries.size() && streamed.entries[index] == entry.dump());
    ++index;
  }
  require(index == streamed.entries.size());
  return 0;
}
