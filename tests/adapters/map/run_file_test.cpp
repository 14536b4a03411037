#include "adapters/map/run_file.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <string>

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

struct Folder {
  fs::path path = fs::temp_directory_path() / ("causeway-run-file-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path / "base"); }
  ~Folder() { fs::remove_all(path); }
  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name, std::ios::binary) << text;
    return path / name;
  }
  fs::path map(const std::string& name, const std::string& kind, const std::string& event) const {
    return write("base/" + name + ".map.yaml", "map: base/" + name + "\nsource: {format: hl7v2, accept: [" + kind +
                                                   "]}\nresources:\n  header:\n    resource: MessageHeader\n"
                                                   "    identity: MSH-10\n    event: {Coding: {code: {const: " +
                                                   event + "}}}\n    source: {endpoint: \"= %site\"}\n");
  }
  fs::path message(const std::string& kind) const {
    return write(kind.substr(0, 3) + ".hl7", "MSH|^~\\&|A|B|||20260310||" + kind + "|7|P|2.5.1\r");
  }
};

const Site kSite{.id = "north",
                 .identifier_base = "https://gw.example/sid/",
                 .zone_offset = "+08:00",
                 .now = "2026-03-10T09:30:20+08:00"};

std::string event_of(const adapters::Result<Outcome>& outcome) {
  REQUIRE(outcome);
  const auto* header = outcome->bundle.find("entry")->children().front().second.find("resource");
  return std::string(header->find("eventCoding")->text_of("code"));
}

}  // namespace

TEST_CASE("of a folder, the message's type picks the map", "[map]") {
  const Folder folder;
  folder.map("a", "ADT^A01", "admission");
  folder.map("b", "ORU^R01", "result");
  folder.map("c", "ORU^R01", "another");
  std::vector<FileFault> faults;
  const MapsToRun maps(folder.path / "base", faults);
  REQUIRE(faults.empty());
  REQUIRE_FALSE(maps.empty());
  CHECK(event_of(maps.run(folder.message("ADT^A01^ADT_A01"), "", kSite)) == "admission");
  CHECK(event_of(maps.run(folder.message("ORU^R01"), "", kSite)) == "result");  // the first by name
  const auto none = maps.run(folder.message("SIU^S12"), "", kSite);
  REQUIRE_FALSE(none);
  CHECK(none.error().code == "map.none");
  CHECK(none.error().where == "SIU^S12");
}

TEST_CASE("a single map takes every record that it is given", "[map]") {
  const Folder folder;
  std::vector<FileFault> faults;
  const MapsToRun maps(folder.map("a", "ADT^A01", "admission"), faults);
  CHECK(event_of(maps.run(folder.message("ORU^R01"), "", kSite)) == "admission");
}

TEST_CASE("with a faulty map in it a folder runs nothing", "[map]") {
  const Folder folder;
  folder.map("a", "ADT^A01", "admission");
  folder.write("base/b.map.yaml", "map: base/b\n");
  std::vector<FileFault> faults;
  const MapsToRun maps(folder.path / "base", faults);
  CHECK(maps.empty());
  REQUIRE_FALSE(faults.empty());
  CHECK(faults.front().file.ends_with("b.map.yaml"));
}
