#include "fhir/definitions/standards.h"

#include <catch2/catch.hpp>
#include <string>

using namespace fhir;

TEST_CASE("MIME types have a registered top-level type, a subtype and parameters", "[standards]") {
  for (const char* good : {"text/plain", "application/fhir+json", "TEXT/PLAIN", "text/plain; charset=UTF-8",
                           "application/fhir+xml;fhirVersion=4.0", "multipart/related; boundary=\"a \\\" b\"",
                           "application/vnd.oasis.opendocument.text", "image/svg+xml",
                           "application/dicom; variant=DICOM WADO-RS", "json", "xml", "ttl"}) {
    INFO(good);
    CHECK(is_mime_type(good));
  }
  for (const char* bad :
       {"", "text", "text/", "/plain", "text/pl ain", "texts/plain", "text/plain;", "text/plain; charset",
        "text/plain; charset=", "text/plain; a=\"open", "text/plain charset=x", "html", "text//plain"}) {
    INFO(bad);
    CHECK_FALSE(is_mime_type(bad));
  }
}

TEST_CASE("language tags are made as BCP 47 says, of registered subtags", "[standards]") {
  for (const char* good :
       {"zh", "zh-CN", "zh-Hant-HK", "zh-cmn-Hans-CN", "en-US-x-twain", "sl-rozaj-biske", "de-CH-1996", "es-419",
        "x-local", "i-klingon", "yue", "EN-gb", "de-DE-u-co-phonebk", "qaa-Qaaa-QM"}) {
    INFO(good);
    CHECK(is_language_tag(good));
  }
  for (const char* bad : {"", "-", "e", "chinese", "en_US", "en-", "zz", "en-XYZW", "en-US-", "xqz", "en-a", "x",
                          "en-US-US", "12", "en-ABCDEFGHI"}) {
    INFO(bad);
    CHECK_FALSE(is_language_tag(bad));
  }
}

TEST_CASE("currencies, countries and time zones are those of their registers", "[standards]") {
  CHECK(is_currency("CNY"));
  CHECK(is_currency("AED"));
  CHECK(is_currency("ZWL"));
  CHECK_FALSE(is_currency("cny"));
  CHECK_FALSE(is_currency("RMB"));
  CHECK(is_country("CN"));
  CHECK(is_country("CHN"));
  CHECK(is_country("156"));
  CHECK_FALSE(is_country("XX"));
  CHECK_FALSE(is_country(""));
  CHECK(is_time_zone("Asia/Shanghai"));
  CHECK(is_time_zone("Africa/Abidjan"));
  CHECK(is_time_zone("Zulu"));
  CHECK_FALSE(is_time_zone("Asia"));
  CHECK_FALSE(is_time_zone("Asia/Shanghai Asia/Singapore"));
  CHECK_FALSE(is_time_zone(""));
}

TEST_CASE("each standard answers under its system", "[standards]") {
  CHECK(standard_has_code("urn:ietf:bcp:47", "zh") == true);
  CHECK(standard_has_code("urn:iso:std:iso:3166:-2", "CN-46") == std::nullopt);
  CHECK(standard_has_code("urn:iso:std:iso:3166:-2", "XX-46") == false);
  CHECK(standard_has_code("http://unitsofmeasure.org", "mg/dL") == true);
  CHECK(standard_has_code("http://example.org", "zh") == std::nullopt);
  CHECK(is_standard_system("urn:iso:std:iso:4217"));
}
