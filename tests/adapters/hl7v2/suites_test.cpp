// All public HL7 v2 messages of the shared suites: read, written back, and rebuilt leaf by leaf.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

#include "adapters/charset.h"
#include "adapters/hl7v2/message.h"
#include "fhir/json.h"

using namespace adapters;
using namespace adapters::hl7v2;

namespace {

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  REQUIRE(in);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// The normalisation that reading states: no byte order mark, no blank lines, every segment ends with CR.
std::string normalised(std::string_view bytes) {
  if (bytes.starts_with("\xEF\xBB\xBF")) bytes.remove_prefix(3);
  std::string text;
  for (char c : bytes) {
    if (c == '\n') c = '\r';
    if (c != '\r' || (!text.empty() && text.back() != '\r')) text += c;
  }
  if (!text.ends_with('\r')) text += '\r';
  return text;
}

/// Every subcomponent taken as text and set into a new message.
Builder rebuilt(const Message& message) {
  const Separators& by = message.separators();
  Builder out(by);
  for (std::size_t s = 0; s < message.size(); ++s) {
    out.add(message.segment(s).name());
    for (std::uint32_t f = 1; f <= message.segment(s).fields(); ++f) {
      const auto field = message.segment(s).field(f);
      for (std::uint32_t r = 1; r <= parts(field, by.repetition); ++r) {
        const auto repetition = part(field, by.repetition, r);
        for (std::uint32_t c = 1; c <= parts(repetition, by.component); ++c) {
          const auto component = part(repetition, by.component, c);
          for (std::uint32_t sub = 1; sub <= parts(component, by.subcomponent); ++sub) {
            const Position at{f, r, c, sub};
            if (is_null(message.raw(s, at))) {
              out.set_raw(s, at, "\"\"");
            } else {
              out.set(s, at, message.text(s, at));
            }
          }
        }
      }
    }
  }
  return out;
}

/// Segments that came back otherwise than they were, apart from empty fields at their end.
std::size_t different_segments(const Message& message, const Builder& again) {
  std::size_t different = 0;
  const Builder as_it_was = Builder::from(message);
  for (std::size_t s = 0; s < message.size(); ++s) {
    for (std::uint32_t f = 1; f <= message.segment(s).fields(); ++f) {
      if (s == 0 && f == 2) continue;
      if (as_it_was.raw(s, {f}) != again.raw(s, {f})) {
        ++different;
        break;
      }
    }
  }
  return different;
}

}  // namespace

TEST_CASE("every public HL7 v2 message is read, and written back the same", "[hl7v2][suites]") {
  const char* suites = std::getenv("CAUSEWAY_SUITES");
  if (!suites) {
    WARN("skipped: CAUSEWAY_SUITES is not set");
    return;
  }
  const auto folder = std::filesystem::path(suites) / "hl7v2";
  const auto index = fhir::Json::parse(read(folder / "index.json"));
  REQUIRE(index);
  std::size_t count = 0, segments = 0, same = 0, rewritten = 0;
  for (const auto& entry : index->root()) {
    const std::string name(entry["file"].text());
    INFO(name);
    auto text = decode(read(folder / name), Charset::utf8);
    REQUIRE(text);
    const std::string expected = normalised(*text);
    auto message = Message::parse(std::move(*text));
    INFO((message ? "" : fhir::to_string(message.error())));
    REQUIRE(message);
    CHECK(message->encode() == expected);
    ++count;
    segments += message->size();
    same += message->encode() == expected;
    const std::size_t different = different_segments(*message, rebuilt(*message));
    rewritten += different;
    if (different > 0) std::cout << "  " << name << ": " << different << " segments rewritten\n";
  }
  std::cout << "HL7 v2: " << count << " messages, " << segments << " segments; " << same
            << " byte-identical after normalising line ends; " << rewritten
            << " segments differ when rebuilt leaf by leaf\n";
  CHECK(count >= 200);
}
