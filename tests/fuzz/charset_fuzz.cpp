// libFuzzer: decoding gives UTF-8 or an error, and what can be encoded comes back. The first byte picks the charset.
#include <charconv>
#include <cstdint>
#include <cstdlib>

#include "adapters/charset.h"

namespace {

void demand(bool holds) {
  if (!holds) std::abort();
}

/// "byte 7" of bytes that have it.
void check_place(const fhir::Error& error, std::size_t size) {
  if (error.code != "charset.undecodable") return;
  std::size_t byte = size;
  demand(error.where.starts_with("byte "));
  std::from_chars(error.where.data() + 5, error.where.data() + error.where.size(), byte);
  demand(byte < size);
}

/// Both readings of a JIS code are written, one is read.
bool is_read_otherwise(std::string_view text, adapters::Charset charset) {
  if (charset != adapters::Charset::shift_jis && charset != adapters::Charset::iso_2022_jp) return false;
  for (const char* reading : {"〜", "‖", "−", "—", "¢", "£", "¬"}) {
    if (text.contains(reading)) return true;
  }
  return false;
}

void check_round_trip(const std::string& text, adapters::Charset charset) {
  for (const adapters::Doubt& doubt : adapters::doubts(text)) {
    if (doubt.kind == adapters::Doubt::Kind::private_use) return;  // comes back as its real character
  }
  const auto bytes = adapters::encode(text, charset);
  if (!bytes || is_read_otherwise(text, charset)) return;
  const auto again = adapters::decode(*bytes, charset);
  demand(again ? *again == text : again.error().code == "charset.utf8-tripwire");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto charset = static_cast<adapters::Charset>(data[0] % 12);
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  (void)adapters::charset_named(bytes);
  (void)adapters::declared_charset(bytes, charset);
  (void)adapters::doubts(bytes);
  const auto text = adapters::decode(bytes, charset);
  if (text) {
    demand(adapters::is_valid_utf8(*text));
    check_round_trip(*text, charset);
  } else {
    check_place(text.error(), bytes.size());
  }
  if (adapters::is_valid_utf8(bytes)) check_round_trip(bytes, charset);
  return 0;
}
