// libFuzzer: a hex view shows every byte once and in order, whatever the charset makes of them.
#include <cstdint>
#include <cstdlib>

#include "adapters/hexview.h"

namespace {

// The bytes that a view shows, read back from its middle column.
std::string read_back(const std::string& view) {
  const auto digit = [](char c) { return c >= 'a' ? c - 'a' + 10 : c - '0'; };
  std::string bytes;
  for (std::size_t line = 0; line < view.size(); line = view.find('\n', line) + 1) {
    for (std::size_t at = line + 10; at + 3 < line + 74 && view[at + 1] != ' '; at += 4) {
      bytes += static_cast<char>(digit(view[at + 1]) * 16 + digit(view[at + 2]));
    }
  }
  return bytes;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto charset = static_cast<adapters::Charset>(data[0] % 9);
  const auto shape = (data[0] & 0x80) != 0 ? adapters::HexShape::hl7v2 : adapters::HexShape::plain;
  const std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read_back(adapters::hex_view(bytes, charset, shape)) != bytes) std::abort();
  return 0;
}
