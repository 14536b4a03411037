// libFuzzer: decoding gives UTF-8 or an error, and what can be encoded comes back. The first byte picks the charset.
#include <cstdint>
#include <cstdlib>

#include "adapters/charset.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_round_trip(const std::string& text, adapters::Charset charset) {
  for (const adapters::Doubt& doubt : adapters::doubts(text)) {
    if (doubt.kind == adapters::Doubt::Kind::private_use) return;  // comes back as its real character
  }
  const auto bytes = adapters::encode(text, charset);
  if (!bytes) return;
  const auto again = adapters::decode(*bytes, charset);
  demand(again ? *again == text : again.error().code == "charset.utf8-tripwire");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto charset = static_cast<adapters::Charset>(data[0] % 9);
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)adapters::charset_named(bytes);
  (void)adapters::declared_charset(bytes, charset);
  (void)adapters::doubts(bytes);
  if (const auto text = adapters::decode(bytes, charset)) {
    demand(adapters::is_valid_utf8(*text));
    check_round_trip(*text, charset);
  }
  if (adapters::is_valid_utf8(bytes)) check_round_trip(bytes, charset);
  return 0;
}
