#include "adapters/map/record_file.h"

#include <fmt/format.h>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"
#include "adapters/hl7v2/mllp.h"

namespace adapters::map {
namespace {

namespace fs = std::filesystem;
using fhir::Fault;

constexpr std::size_t kLargest = 64u << 20;

fhir::Result<std::string> read_bytes(const fs::path& file, const Files& files) {
  if (!files.is_file(file)) return fhir::fail(Fault::not_found, "map.file", file.string(), "this file cannot be read");
  auto bytes = files.read(file, kLargest);
  if (!bytes)
    return fhir::fail(Fault::too_large, "map.file", file.string(), "this file is larger than 64 MB or cannot be read");
  return std::move(*bytes);
}

/// A capture of a connection has its frame; a saved message has none.
fhir::Result<std::string> unframed(std::string bytes) {
  if (!bytes.starts_with('\x0b')) return bytes;
  hl7v2::Deframer frames(kLargest);
  frames.feed(bytes);
  auto message = frames.take();
  if (!message) return fhir::pass(message);
  if (!*message) return fhir::fail(Fault::invalid, "map.file", "", "the MLLP frame in this file does not end");
  return std::move(**message);
}

}  // namespace

fhir::Result<std::string> read_record(const fs::path& file, std::string_view charset, const Files& files) {
  const std::string_view name = charset.empty() ? "UTF-8" : charset;
  const auto known = charset_named(name);
  if (!known) return fhir::fail(Fault::invalid, "map.charset", "", fmt::format("there is no charset '{}'", name));
  auto bytes = read_bytes(file, files);
  auto record = bytes ? unframed(std::move(*bytes)) : std::move(bytes);
  if (!record) return record;
  auto text = decode(*record, *known);
  if (text && text->starts_with("MSH")) return hl7v2::hex_to_utf8(*std::move(text), *known);
  return text;
}

}  // namespace adapters::map
