// The grammars of single values: rows of good ones, rows of bad ones.
#include "gateway/config/values.h"

#include <catch2/catch.hpp>

using namespace gateway::config;
using namespace std::chrono_literals;

TEST_CASE("a duration is a whole number and a unit", "[config]") {
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("10s") == 10s);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  CHECK(parse_duration("10d") == 240h);
  for (const auto* text :
       {"", "10", "s", "10 s", "-1s", "1.5s", "10sec", "10S", "1h30m", "99999999999999999999s", "9223372036854775807d"})
    CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("a size is a whole number of bytes, KiB, MiB or GiB", "[config]") {
  CHECK(parse_bytes("4096") == 4096u);
  CHECK(parse_bytes("64KiB") == 65536u);
  CHECK(parse_bytes("1GiB") == 1u << 30);
  for (const auto* text : {"", "KiB", "1MB", "1mib", "-1", "0x10", "99999999999999999GiB"})
    CHECK_FALSE(parse_bytes(text).has_value());
}

TEST_CASE("a flag is true or false and nothing else", "[config]") {
  CHECK(parse_flag("true") == true);
  CHECK(parse_flag("false") == false);
  for (const auto* text : {"yes", "no", "on", "True", "1", ""}) CHECK_FALSE(parse_flag(text).has_value());
}

TEST_CASE("an address has a scheme, a host, a port and a path", "[config]") {
  const auto full = parse_url("https://gw.hospital.example:7410/fhir/");
  REQUIRE(full.has_value());
  CHECK(full->scheme == "https");
  CHECK(full->address.host == "gw.hospital.example");
  CHECK(full->address.port == 7410);
  CHECK(full->path == "/fhir");
  const auto bare = parse_url("mllp://[::1]");
  REQUIRE(bare.has_value());
  CHECK(bare->address.host == "::1");
  CHECK_FALSE(bare->has_port);
  CHECK(bare->path.empty());
}

TEST_CASE("an address that is not plain is refused", "[config]") {
  for (const auto* text : {"",
                           "127.0.0.1:80",
                           "://x:1",
                           "http://",
                           "http://:80",
                           "http://host:",
                           "http://host:http",
                           "http://host:65536",
                           "http://host:-1",
                           "http://user@host:80",
                           "http://user:pw@host:80/x",
                           "http://host:80/x?y=1",
                           "http://host:80/#x",
                           "http://256.1.1.1:80",
                           "http://1.2.3:80",
                           "http://01.2.3.4:80",
                           "http://[::1:80",
                           "http://[zz::1]:80",
                           "http://[:::1]:80",
                           "http://ho st:80",
                           "http://host:80/a b",
                           "http://host:80//a",
                           "http://host:80/../etc",
                           "http://[::1]x:80",
                           "http://宿主:80"})
    CHECK_FALSE(parse_url(text).has_value());
}

TEST_CASE("a port beyond 65535 is out of range, not badly written", "[config]") {
  CHECK(parse_url("http://h:70000").error().range);
  CHECK_FALSE(parse_url("http://h:x").error().range);
}

TEST_CASE("loopback is what never leaves the machine", "[config]") {
  for (const auto* host : {"127.0.0.1", "127.9.9.9", "::1", "localhost"}) CHECK(is_loopback(host));
  for (const auto* host :
       {"0.0.0.0", "10.0.0.1", "127.0.0.1.evil.example", "127.evil.example", "::", "localhost.example"})
    CHECK_FALSE(is_loopback(host));
}

TEST_CASE("IP addresses are told from names", "[config]") {
  for (const auto* host : {"10.0.0.1", "0.0.0.0", "::", "::1", "fe80::1", "2001:db8:0:0:0:0:0:1"})
    CHECK(is_ip_address(host));
  for (const auto* host : {"", "10.0.0", "10.0.0.256", "host", "1:2", ":1:2:3:4:5:6:7", "1::2::3", "1:2:3:4:5:6:7:8:9"})
    CHECK_FALSE(is_ip_address(host));
}

TEST_CASE("names are lower-case letters, digits and hyphens", "[config]") {
  CHECK(parse_name("case-desk2") == "case-desk2");
  for (const auto* text : {"", "Case", "-x", "a_b", "a.b", "名", "a b", "abcdefghijklmnopqrstuvwxyz-1234567"})
    CHECK_FALSE(parse_name(text).has_value());
  CHECK(parse_organization_id("hk.aur-1") == "hk.aur-1");
  CHECK_FALSE(parse_organization_id(".x").has_value());
}

TEST_CASE("jurisdictions, zones and dates have one form", "[config]") {
  CHECK(parse_jurisdiction("HK") == "HK");
  for (const auto* text : {"hk", "CHN", "H", ""}) CHECK_FALSE(parse_jurisdiction(text).has_value());
  CHECK(parse_zone("+08:00") == "+08:00");
  for (const auto* text : {"08:00", "+8:00", "+15:00", "+08:60", "Asia/Shanghai", "Z"})
    CHECK_FALSE(parse_zone(text).has_value());
  CHECK(parse_date("2028-02-29") == "2028-02-29");
  for (const auto* text : {"2027-02-29", "2028-13-01", "2028-1-1", "20280101", "2028-01-01T00:00"})
    CHECK_FALSE(parse_date(text).has_value());
}

TEST_CASE("a pin is base64 of 32 bytes", "[config]") {
  CHECK(parse_pin("47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=").has_value());
  for (const auto* text :
       {"", "47DEQpj8HBSa", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU",
        "47DEQpj8HBSa-_TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b"})
    CHECK_FALSE(parse_pin(text).has_value());
}
