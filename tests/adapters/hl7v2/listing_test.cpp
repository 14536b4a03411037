#include "adapters/hl7v2/listing.h"

#include <catch2/catch.hpp>
#include <chrono>

#include "adapters/hl7v2/field_names.h"

using namespace adapters::hl7v2;

namespace {

Message message(const std::string& text) {
  auto parsed = Message::parse(text);
  REQUIRE(parsed);
  return std::move(*parsed);
}

const std::string kHead = "MSH|^~\\&|LIS|A|||20260310||ORU^R01|77|P|2.4\r";

}  // namespace

TEST_CASE("every value stands with a place that leads back to it", "[hl7v2][listing]") {
  const auto sent = message(kHead + "PID|1||1^^^A&1.2&ISO^MR~2^^^B^NI||ZHAO\\T\\Q^SHEN\rOBX|1|ST|x||\"\"\r");
  const auto values = listing(sent);
  const auto text_at = [&](std::string_view place) {
    for (const auto& one : values)
      if (one.place == place) return one.text;
    return std::string("(none)");
  };
  CHECK(text_at("PID[1]-3.4.2") == "1.2");
  CHECK(text_at("PID[1]-3[2].5") == "NI");
  CHECK(text_at("PID[1]-5.1") == "ZHAO&Q");
  CHECK(text_at("OBX[1]-5") == "\"\"");
  CHECK(text_at("MSH[1]-2") == "^~\\&");
  for (const auto& one : values)
    if (!one.place.starts_with("MSH[1]-1") && one.text != "\"\"") {
      INFO(one.place);
      const auto path = Path::parse(one.place);
      REQUIRE(path);
      CHECK(sent.get(one.place) == one.text);
    }
}

TEST_CASE("a difference is told by its place; time and number of a message are expected ones", "[hl7v2][listing]") {
  const auto left = message(kHead + "PID|1||7||A^B\r");
  CHECK(compare(left, message(kHead + "PID|1||7||A^B\r")).empty());
  const auto found = compare(left, message("MSH|^~\\&|LIS|A|||20260311||ORU^R01|78|P|2.4\rPID|1||7||A^C^D\r"));
  REQUIRE(found.size() == 4);
  CHECK(found[0].place == "MSH[1]-7");
  CHECK(found[0].expected);
  CHECK(found[1].place == "MSH[1]-10");
  CHECK(found[1].expected);
  CHECK(found[2].place == "PID[1]-5.2");
  CHECK(found[2].right == "C");
  CHECK_FALSE(found[2].expected);
  CHECK(found[3].left.empty());
}

TEST_CASE("fields have the standard's names where they are known", "[hl7v2][listing]") {
  CHECK(field_name("PID", 5) == "Patient Name");
  CHECK(field_name("OBX", 3) == "Observation Identifier");
  CHECK(field_name("RF1", 25) == "Action Code");
  CHECK(field_name("GT1", 16) == "Guarantor Employer Name");
  CHECK(field_name("FT1", 25) == "Procedure Code");
  CHECK(field_name("IN2", 61) == "Patient Member Number");
  CHECK(field_name("PDA", 5) == "Death Certified By");
  CHECK(field_name("DB1", 4) == "Disability Indicator");
  CHECK(field_name("ACC", 5) == "Accident Job Related Indicator");
  CHECK(field_name("RXC", 2) == "Component Code");
  CHECK(field_name("RXD", 18) == "Substance Lot Number");
  CHECK(field_name("RF1", 6) == "Originating Referral Identifier");
  CHECK(field_name("PID", 0).empty());
  CHECK(field_name("ZZZ", 1).empty());
}

TEST_CASE("a message is written again without what is empty at any end", "[hl7v2][listing]") {
  const auto sent = message(kHead + "PID|1||1^^^A&1.2&^^~2^^~^~||ZHAO\\T\\Q^^\"\"||\rZZZ|||\r");
  CHECK(written_again(sent) == kHead + "PID|1||1^^^A&1.2~2||ZHAO\\T\\Q^^\"\"\rZZZ\r");
}

TEST_CASE("what a terminal would obey is shown as its number", "[hl7v2][listing]") {
  CHECK(shown("a\nb\tc\x7F") == "a\\nb\\u{9}c\\u{7F}");
  CHECK(shown("\xC2\x9B"
              "31m") == "\\u{9B}31m");  // CSI in one character
  CHECK(shown("7.5 \xE2\x80\xAE"
              "5.7") == "7.5 \\u{202E}5.7");  // the rest would be read from the right
  CHECK(shown("\xE2\x81\xA6\xE2\x80\xA8\xEF\xBB\xBF") == "\\u{2066}\\u{2028}\\u{FEFF}");
  CHECK(shown("赵珅 é 𠮷") == "赵珅 é 𠮷");
}

TEST_CASE("a field of very many values is listed and written again in one pass", "[hl7v2][listing]") {
  std::string field = "a^b";
  for (int n = 1; n < 60'000; ++n) field += "~a^b";
  const auto sent = message(kHead + "ZZZ|" + field + "\r");
  const auto began = std::chrono::steady_clock::now();
  CHECK(listing(sent).size() > 120'000);
  CHECK(written_again(sent) == kHead + "ZZZ|" + field + "\r");
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(20));  // looked up one by one: minutes
}
