// Finding values in other people's texts.
#include "gateway/policy/search.h"

#include <catch2/catch.hpp>

#include "gateway/policy/personal.h"
#include "gateway/policy/secrets.h"

using namespace gateway::policy;

namespace {

std::string scrubbed(std::string_view text, std::string_view number = "13800000001") {
  Secrets secrets;
  secrets.learn_number(number);
  return secrets.scrub(text, false).value_or("clean");
}

}  // namespace

TEST_CASE("a number is found however it is written", "[policy]") {
  const auto [text, clean] = GENERATE(table<std::string, std::string>({
      {"call 13800000001 now", "call REDACTED now"},
      {"138-0000-0001", "REDACTED"},
      {"138 0000 0001", "REDACTED"},
      {"+86 (138) 0000.0001", "+86 (REDACTED"},
      {"电话１３８０００００００１。", "电话REDACTED。"},
      {"138\xe2\x80\x8b"
       "00000001",
       "REDACTED"},
      {"x13800000001y", "xREDACTEDy"},
      {"<div>138<b>0000</b>0001</div>", "<div>REDACTED<b>REDACTED</b>REDACTED</div>"},
      {"&#49;3800000001", "REDACTED"},
      {"&#x31;&#x33;800000001;", "REDACTED;"},
      {"tel:%3138000000%301", "tel:REDACTED"},
      {"<a href=\"tel:13800000001\">call</a>", "<a href=\"tel:REDACTED\">call</a>"},
      {"1380000000113800000001", "REDACTED"},
  }));
  CHECK(scrubbed(text) == clean);
}

TEST_CASE("other numbers are left alone", "[policy]") {
  for (const char* text : {"13800000002", "1380000001", "", "1", "138", "<b>1380000000</b>"})
    CHECK(scrubbed(text) == "clean");
}

TEST_CASE("a short number is found only where it stands alone, a very short one never", "[policy]") {
  CHECK(scrubbed("MRN 51234.", "51234") == "MRN REDACTED.");
  CHECK(scrubbed("151234", "51234") == "clean");
  CHECK(scrubbed("A51234", "51234") == "clean");
  CHECK(scrubbed("7 ng/mL", "7") == "clean");
}

TEST_CASE("an HKID is found with and without its brackets, in either case", "[policy]") {
  for (const char* text : {"U073219(A)", "u073219a", "Ｕ０７３２１９（Ａ）"})
    CHECK(scrubbed(text, "U073219(A)") == "REDACTED");
}

TEST_CASE("an unclosed tag or entity is text", "[policy]") {
  CHECK(scrubbed("a < 13800000001 & b") == "a < REDACTED & b");
  CHECK(scrubbed("<13800000001") == "<REDACTED");
  CHECK(scrubbed("&#9999999999;13800000001") == "&#9999999999;REDACTED");
  CHECK(scrubbed("%zz13800000001%") == "%zzREDACTED%");
}

TEST_CASE("anybody's resident id is found in a text, a DICOM UID is none", "[policy]") {
  CHECK(find_resident_ids("id 120199195908120035.").size() == 1);
  CHECK(find_resident_ids("201146110110199198207250066").size() == 1);  // inside a qualification number
  CHECK(find_resident_ids("urn:oid:1.2.120199195908120035.7").empty());
  CHECK(find_resident_ids("1201991959081200351").empty());
  CHECK(find_mobile_numbers("打13900000022，或+8613900000023").size() == 2);
  CHECK(find_mobile_numbers("JY13900000022 139000000221 12900000022").empty());
}

TEST_CASE("one mark stands for what overlaps or touches", "[policy]") {
  CHECK(replace("abcdef", {{1, 3}, {2, 4}, {4, 5}}, "X") == "aXf");
  CHECK(replace("abcdef", {{4, 5}, {0, 1}}, "X") == "XbcdXf");
  CHECK(replace("abc", {}, "X") == "abc");
}
