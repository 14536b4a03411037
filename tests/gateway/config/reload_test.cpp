#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::SiteCopy;
namespace fs = std::filesystem;

TEST_CASE("an edit is taken at the next poll, and only once", "[config]") {
  SiteCopy copy("hainan");
  Reloader reloader(copy.load(), copy.options());
  CHECK_FALSE(reloader.poll().has_value());
  copy.edit("peers.yaml", "profile: P2", "enabled: false\n    profile: P2");
  const auto attempt = reloader.poll();
  REQUIRE(attempt.has_value());
  REQUIRE(attempt->config != nullptr);
  CHECK_FALSE(attempt->config->peer("hongkong")->enabled);
  CHECK(attempt->after_restart.empty());
  CHECK_FALSE(reloader.poll().has_value());
}

TEST_CASE("a faulty edit is reported once and leaves the running configuration; the cure is taken", "[config]") {
  SiteCopy copy("hainan");
  Reloader reloader(copy.load(), copy.options());
  copy.edit("routes.yaml", "to: local:his", "to: local:hsi");
  const auto faulty = reloader.poll();
  REQUIRE(faulty.has_value());
  CHECK(faulty->config == nullptr);
  CHECK(faulty->faults.size() == 1);
  CHECK_FALSE(reloader.poll().has_value());
  copy.edit("routes.yaml", "to: local:hsi", "to: local:his");
  const auto cured = reloader.poll();
  REQUIRE(cured.has_value());
  CHECK(cured->config != nullptr);
}

TEST_CASE("a file that was missing is noticed when it appears", "[config]") {
  SiteCopy copy("hainan");
  Reloader reloader(copy.load(), copy.options());
  copy.edit("causeway.yaml", "his_mdm_t02.map.yaml", "his_mdm_t03.map.yaml");
  CHECK(reloader.poll()->config == nullptr);
  copy.write("../../mappings/hainan/his_mdm_t03.map.yaml", "from");
  const auto cured = reloader.poll();
  REQUIRE(cured.has_value());
  CHECK(cured->config != nullptr);
}

TEST_CASE("pins are watched too, and a file just written waits for the next poll", "[config]") {
  SiteCopy copy("hainan");
  Reloader reloader(copy.load(), copy.options());
  const fs::path pins = copy.pki() / "tianjin.pins";
  std::ofstream(pins, std::ios::app) << std::string(43, 'Z') << "=\n";
  CHECK_FALSE(reloader.poll().has_value());
  fs::last_write_time(pins, fs::file_time_type::clock::now() - std::chrono::seconds(5));
  const auto attempt = reloader.poll();
  REQUIRE(attempt.has_value());
  CHECK(attempt->config->peer("tianjin")->keys.size() == 2);
}

TEST_CASE("an edited or new expectation beside a map is looked at again", "[config]") {
  SiteCopy copy("hainan");
  const fs::path mappings = copy.folder() / "../../mappings";
  fs::copy(CAUSEWAY_SOURCE_DIR "/mappings", mappings,
           fs::copy_options::recursive | fs::copy_options::overwrite_existing);
  Options options = copy.options();
  options.load_map = nullptr;
  std::vector<FileFault> faults;
  const auto running = load(copy.folder(), faults, options);
  REQUIRE(running);
  Reloader reloader(running, options);
  CHECK_FALSE(reloader.poll());
  const std::string tests = "../../mappings/hainan/consult_apply.tests/";
  copy.write(tests + "99.expect.yaml", "counts: {Patient: 7}\ninput: 01_second_opinion.json\n");
  fs::last_write_time(mappings / "hainan/consult_apply.tests",
                      fs::file_time_type::clock::now() - std::chrono::seconds(5));
  const auto failing = reloader.poll();
  REQUIRE(failing);
  CHECK(failing->config == nullptr);
  CHECK(failing->faults.at(0).code == "E0234");
  CHECK_FALSE(reloader.poll());
  copy.write(tests + "99.expect.yaml", "counts: {Patient: 1}\ninput: 01_second_opinion.json\n");
  const auto cured = reloader.poll();
  REQUIRE(cured);
  for (const auto& fault : cured->faults) UNSCOPED_INFO(fault.file << ":" << fault.line << " " << fault.say);
  REQUIRE(cured->config);
  CHECK(cured->config->hash == running->hash);  // tests are no part of the configuration
}

TEST_CASE("what only a restart applies is named", "[config]") {
  SiteCopy copy("tianjin");
  Reloader reloader(copy.load(), copy.options());
  copy.edit("causeway.yaml", "TIANJIN_FHIR:-7420}", "TIANJIN_FHIR:-7427}");
  copy.edit("causeway.yaml", "charset: GB18030", "charset: GBK");
  copy.edit("causeway.yaml", "LIS:-7422}", "LIS:-7423}");
  const auto attempt = reloader.poll();
  REQUIRE(attempt.has_value());
  CHECK(attempt->after_restart == std::vector<std::string>{"fhir.listen", "doors"});
  CHECK(attempt->config->doors[0].charset == "GBK");
}
