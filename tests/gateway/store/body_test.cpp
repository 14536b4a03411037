#include "gateway/store/body.h"

#include <catch2/catch.hpp>
#include <random>

using gateway::store::pack_body;
using gateway::store::unpack_body;

TEST_CASE("a body comes back byte for byte", "[store][body]") {
  std::mt19937 random(1);
  std::string noise(300'000, '\0');
  for (char& c : noise) c = static_cast<char>(random());
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string(3, '\0'), std::string(1'000'000, 'a'), noise}) {
    const auto frame = pack_body(bytes);
    REQUIRE(frame);
    CHECK(unpack_body(*frame) == bytes);
  }
}

TEST_CASE("a damaged body is found, wherever the bit flipped or the end was lost", "[store][body]") {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "OBX|" + std::to_string(i) + "|NM|CA19-9||" + std::to_string(i * 7919) + "\r";
  const std::string frame = *pack_body(text);
  for (std::size_t i = 0; i < frame.size(); ++i) {
    for (const int bit : {1, 16, 128}) {
      std::string flipped = frame;
      flipped[i] = static_cast<char>(flipped[i] ^ bit);
      const auto bytes = unpack_body(flipped);
      if (bytes) CHECK(*bytes == text);  // bits of the frame header that nothing depends on
    }
  }
  for (std::size_t size = 1; size < frame.size(); ++size)
    CHECK_FALSE(unpack_body(std::string_view(frame).substr(0, size)));
  CHECK_FALSE(unpack_body(frame + "x"));
  CHECK_FALSE(unpack_body("not a frame"));
  CHECK(unpack_body("not a frame").error().fault == fhir::Fault::needs_person);
}

TEST_CASE("a frame that promises gigabytes is damaged and not believed", "[store][body]") {
  // magic, descriptor (8-byte size, single segment), size 2^40
  const std::string frame("\x28\xb5\x2f\xfd\xe0\0\0\0\0\0\1\0\0", 13);
  CHECK_FALSE(unpack_body(frame));
}
