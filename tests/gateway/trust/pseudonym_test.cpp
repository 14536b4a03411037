#include "gateway/trust/pseudonym.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "mini_ca.h"

using gateway::trust::Pseudonyms;
using mini_ca::Folder;

namespace {

std::string counting_key() {
  std::string key;
  for (char c = 0; c < 32; ++c) key += c;
  return key;
}

}  // namespace

TEST_CASE("a pseudonym is HMAC-SM3 over recipient and patient, in base32", "[trust][pseudonym]") {
  const Folder folder;
  const auto names = Pseudonyms::open(folder.write("key", counting_key()));
  REQUIRE(names);
  // printf '8:hongkong11:patient-001' | openssl dgst -sm3 -mac HMAC -macopt hexkey:000102...1f
  CHECK(names->of("hongkong", "patient-001") == "P-RDFNBAMQUAXBK6CHUZHR");
}

TEST_CASE("pseudonyms stay the same for one recipient and tell nothing across recipients", "[trust][pseudonym]") {
  const Folder folder;
  const auto file = folder.path() / "key";
  const auto names = Pseudonyms::open(file);
  REQUIRE(names);
  std::set<std::string> all;
  for (int i = 0; i < 1000; ++i) all.insert(names->of("hongkong", "patient " + std::to_string(i)));
  CHECK(all.size() == 1000);
  CHECK(names->of("hongkong", "p") != names->of("beijing", "p"));
  CHECK(names->of("ab", "c") != names->of("a", "bc"));
  CHECK(Pseudonyms::open(file)->of("hongkong", "p") == names->of("hongkong", "p"));
  const Folder other;
  CHECK(Pseudonyms::open(other.path() / "key")->of("hongkong", "p") != names->of("hongkong", "p"));
}

TEST_CASE("the key is made once, for its owner only, and refused when others may read it", "[trust][pseudonym]") {
  const Folder folder;
  const auto file = folder.path() / "key";
  REQUIRE(Pseudonyms::open(file));
  struct stat info{};
  REQUIRE(::stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  CHECK(info.st_size == 32);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);  // no draft is left behind
  ::chmod(file.c_str(), 0640);
  CHECK(Pseudonyms::open(file).error().code == "pseudonym.key-mode");
  CHECK(Pseudonyms::open(folder.write("short", "not 32 bytes")).error().code == "pseudonym.key");
  CHECK(Pseudonyms::open(folder.path() / "no such folder" / "key").error().code == "pseudonym.key");
}
