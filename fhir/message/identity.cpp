// Hashes and ids; the only file of fhir/message that knows Poco (its digests).
#include <Poco/SHA1Engine.h>
#include <Poco/SHA2Engine.h>

#include <array>
#include <cstdint>

#include "fhir/message/canonical.h"
#include "fhir/message/message.h"

namespace fhir::message {
namespace {

constexpr std::size_t kChunk = 64u << 10;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

unsigned char nibble(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned char>(c - '0');
  return static_cast<unsigned char>((c | 0x20) - 'a' + 10);
}

std::string bytes_of(std::string_view uuid) {
  std::string bytes;
  bool high = true;
  for (const char c : uuid) {
    if (!is_hex(c)) continue;
    if (high)
      bytes += static_cast<char>(nibble(c) << 4);
    else
      bytes.back() = static_cast<char>(static_cast<unsigned char>(bytes.back()) | nibble(c));
    high = !high;
  }
  return bytes;
}

// The first 16 bytes of the hash, with version and variant written over them (RFC 9562 §5.5).
std::string format_uuid(Poco::DigestEngine::Digest bytes) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | 0x50);
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  bytes.resize(16);
  std::string text = Poco::DigestEngine::digestToHex(bytes);
  for (const std::size_t dash : {8u, 13u, 18u, 23u}) text.insert(dash, 1, '-');
  return text;
}

bool counts(std::size_t depth, std::string_view name) {
  return name != "meta" && !(depth == 0 && (name == "id" || name == "timestamp"));
}

}  // namespace

std::string content_hash(JsonView bundle) {
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  std::string buffer;
  const auto drain = [&engine](std::string& out) {
    engine.update(out.data(), out.size());
    out.clear();
  };
  Canonical{buffer, counts,
            [&drain](std::string& out) {
              if (out.size() > kChunk) drain(out);
            }}
      .write(bundle);
  drain(buffer);
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string sha256(std::string_view bytes) {
  Poco::SHA2Engine engine(Poco::SHA2Engine::SHA_256);
  engine.update(bytes.data(), bytes.size());
  return Poco::DigestEngine::digestToHex(engine.digest());
}

std::string uuid5(std::string_view space, std::string_view name) {
  Poco::SHA1Engine engine;
  engine.update(bytes_of(space));
  engine.update(name.data(), name.size());
  return format_uuid(engine.digest());
}

bool is_uuid(std::string_view text) {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

}  // namespace fhir::message
