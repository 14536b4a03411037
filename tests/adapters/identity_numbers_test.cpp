#include "adapters/identity_numbers.h"

#include <catch2/catch.hpp>

using namespace adapters;

TEST_CASE("a resident id has a province, a birth date and its check character", "[identity]") {
  for (const char* valid :
       {"11010519491231002X", "469099196803140027", "120199195908120035", "513499197506200121", "110199198207250066",
        "11019919820725004X", "510199194903110039", "810000196111020038", "469099199109300055", "469099202106010022"}) {
    INFO(valid);
    CHECK(resident_id(valid) == valid);
    CHECK(is_resident_id(valid));
  }
  for (const char* invalid :
       {"110105194912310021", "469099196803140028", "999099196803140027", "469099196813140027", "46909919680314002",
        "4690991968031400277", "46909919680314002A", "110105196802300025", "", "X", "11010519491231002XX"}) {
    INFO(invalid);
    CHECK_FALSE(resident_id(invalid));
    CHECK_FALSE(is_resident_id(invalid));
  }
}

TEST_CASE("a resident id is read as people write it: small x, full width, spaces", "[identity]") {
  CHECK(is_resident_id("11010519491231002x"));
  CHECK(resident_id("11010519491231002x") == "11010519491231002X");
  CHECK(resident_id(" 110105 19491231 002X ") == "11010519491231002X");
  CHECK(resident_id("１１０１０５１９４９１２３１００２Ｘ") == "11010519491231002X");
}

TEST_CASE("a resident id of fifteen digits gets its century and its check character", "[identity]") {
  CHECK(resident_id("110105491231002") == "11010519491231002X");
  CHECK(resident_id("469099680314002") == "469099196803140027");
  CHECK_FALSE(resident_id("469099681314002"));  // no such month
  CHECK_FALSE(resident_id("990099680314002"));  // no such province
  CHECK_FALSE(resident_id("46909968031400X"));
  CHECK_FALSE(is_resident_id("110105491231002"));
}

TEST_CASE("a Hong Kong identity card number loses its brackets and keeps its check", "[identity]") {
  CHECK(hkid("A123456(3)") == "A1234563");
  CHECK(hkid("AB987654(3)") == "AB9876543");
  CHECK(hkid("U073219(A)") == "U073219A");
  CHECK(hkid("Ｕ０７３２１９（Ａ）") == "U073219A");
  CHECK(hkid("u073219（a）") == "U073219A");
  CHECK(hkid("UQ100208(8)") == "UQ1002088");
  CHECK(hkid("PZ8073571") == "PZ8073571");
  CHECK(hkid("J406082A") == "J406082A");
  for (const char* invalid : {"A123456(4)", "Q123456(0)", "A123456", "A123456(3", "A123456)3(", "ABC123456(3)",
                              "1234567(3)", "(3)", "()", ")", "", "A12345六(3)"}) {
    INFO(invalid);
    CHECK_FALSE(hkid(invalid));
  }
}

TEST_CASE("a unified social credit code has its check character", "[identity]") {
  for (const char* valid : {"91350100M000100Y43", "12510199YY00000369", "12513499YY0000044Q", "12120199YY0000028P",
                            "12110199YY000001XK", "91469099MA9YYY010E"}) {
    INFO(valid);
    CHECK(uscc(valid) == valid);
    CHECK(is_uscc(valid));
  }
  CHECK(uscc("91469099ma9yyy010e") == "91469099MA9YYY010E");
  for (const char* invalid : {"12510199YY00000368", "", "91469099MA9YYY010F", "91469099MA9YYY01E0", "91469099MA9YYY010",
                              "9146909IMA9YYY010E"}) {
    INFO(invalid);
    CHECK_FALSE(uscc(invalid));
  }
}

TEST_CASE("a home return permit keeps its renewal, and its first nine characters are for life", "[identity]") {
  CHECK(home_return_permit("h0732195800") == "H0732195800");
  CHECK(home_return_permit("H07321958") == "H07321958");
  CHECK(home_return_permit_for_life("H0732195801") == "H07321958");
  CHECK(home_return_permit_for_life("M12345678") == "M12345678");
  for (const char* invalid : {"H0732195", "H073219580", "A07321958", "H0732195X", "", "H"})
    CHECK_FALSE(home_return_permit_for_life(invalid));
}
