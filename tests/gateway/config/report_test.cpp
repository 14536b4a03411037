// `causeway check` and `causeway init`, without the command line around them; and docs/CONFIG.md.
#include "gateway/config/report.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "gateway/config/codes.h"
#include "gateway/config/reference.h"
#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::SiteCopy;
namespace fs = std::filesystem;

namespace {

std::string slurp(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

}  // namespace

TEST_CASE("a clean folder is one line, also before its certificates are made", "[config]") {
  SiteCopy copy("hainan");
  for (const bool certificates : {true, false}) {
    if (!certificates) fs::remove_all(copy.pki());
    const auto result = check(copy.folder(), copy.options());
    CHECK(result.clean(true));
    const std::string text = render(copy.folder(), result);
    CHECK(std::ranges::count(text, '\n') == 1);
    CHECK(text.find(": ok, site hainan: 5 doors, 3 systems, 4 peers, 2 partners, 10 routes") != std::string::npos);
    CHECK((text.find("files of certificates and pins not there yet") == std::string::npos) == certificates);
  }
}

TEST_CASE("faults are counted, warnings only when they are denied", "[config]") {
  SiteCopy copy("beijing");
  copy.edit("routes.yaml", "to: local:archive", "to: hold");
  const auto warned = check(copy.folder(), copy.options());
  CHECK(warned.clean(false));
  CHECK_FALSE(warned.clean(true));
  copy.edit("routes.yaml", "to: hold", "to: nowhere");
  const auto failed = check(copy.folder(), copy.options());
  CHECK_FALSE(failed.clean(false));
  CHECK(render(copy.folder(), failed).ends_with(": 1 error, 1 warning\n"));
}

TEST_CASE("faults as JSON say the same", "[config]") {
  SiteCopy copy("hainan");
  copy.edit("peers.yaml", "- name: hongkong", "- name: tianjin");
  const auto tree = to_json(copy.folder(), check(copy.folder(), copy.options()));
  const auto& faults = tree.find("faults")->children();
  const auto twice =
      std::ranges::find_if(faults, [](const auto& item) { return item.second.text_of("code") == "E0321"; });
  REQUIRE(twice != faults.end());
  CHECK(twice->second.text_of("line") == "15");
  CHECK(twice->second.find("related")->text_of("say") == "first given here");
}

TEST_CASE("every code is explained, and none twice", "[config]") {
  std::set<std::string_view> seen;
  for (const CodeText& code : codes()) {
    CHECK(seen.insert(code.code).second);
    CHECK(explain_code(code.code).starts_with(code.code));
  }
  CHECK(explain_code("E9999").empty());
}

TEST_CASE("docs/CONFIG.md is what the program prints", "[config]") {
  CHECK(slurp(fs::path(CAUSEWAY_SOURCE_DIR) / "docs/CONFIG.md") == reference());
}

TEST_CASE("a new site's folder is clean, and is never written over another", "[config]") {
  const fs::path folder = fs::temp_directory_path() / "causeway-init-test";
  fs::remove_all(folder);
  REQUIRE(write_starter(folder, "north").has_value());
  const auto result = check(folder, {});
  INFO(render(folder, result));
  CHECK(result.clean(true));
  REQUIRE(result.config != nullptr);
  CHECK(result.config->site == "north");
  const auto again = write_starter(folder, "north");
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().code == "init.exists");
  CHECK(write_starter(folder / "x", "No Name").error().code == "init.name");
  CHECK_FALSE(fs::exists(folder / "x"));
  fs::remove_all(folder);
}

TEST_CASE("what a new site's folder has in comments is right too", "[config]") {
  const fs::path folder = fs::temp_directory_path() / "causeway-init-comments-test";
  fs::remove_all(folder);
  REQUIRE(write_starter(folder, "north").has_value());
  for (const auto* name : {"routes.yaml", "peers.yaml", "partners.yaml"}) {
    std::string text = slurp(folder / name);
    for (std::size_t at = text.find("\n#  "); at != std::string::npos; at = text.find("\n#  ", at + 1))
      text.replace(at + 1, 1, "");
    for (const auto* empty : {"peers: []", "partners: []"})
      if (const auto at = text.find(empty); at != std::string::npos) text.erase(at + std::string(empty).find(' '), 3);
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  std::vector<FileFault> faults;
  load(folder, faults);
  std::erase_if(faults, [](const FileFault& fault) { return fault.code == "W0331"; });
  REQUIRE(faults.size() == 2);  // the one system the comments route to is still a comment, and a pin stands twice
  CHECK(faults[0].code == "E0334");
  CHECK(faults[1].code == "E0322");
  fs::remove_all(folder);
}
