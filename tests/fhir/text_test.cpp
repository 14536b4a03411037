#include "fhir/text.h"

#include <catch2/catch.hpp>
#include <utility>

using namespace fhir;

TEST_CASE("text is folded so that it is found however it is written", "[text]") {
  const std::pair<const char*, const char*> rows[] = {
      {"O'Brien-Ünlü  Jr.", "obrienunlu jr"},
      {"孫逸仙", "孙逸仙"},
      {"鍾 麗", "钟 丽"},
      {"  \t Two\n words ", "two words"},
      {"STRASSE", "strasse"},
      {"Straße", "strasse"},
      {"ﬁnger", "finger"},
      {"ＡＢＣ１２３", "abc123"},
      {"Σίσυφος", "σισυφοσ"},
      {"İstanbul", "istanbul"},
      {"北京協和醫院（東院）", "北京协和医院东院"},
      {"a\u3000b\u00a0c", "a b c"},
      {"-—!?", ""},
      {"", ""},
      {"a\u200bb", "ab"},
      {"5 €", "5"},
      {"\U0001F600 smile", "smile"},
  };
  for (const auto& [text, folded] : rows) CHECK(fold(text) == folded);
}
