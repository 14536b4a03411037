#include "adapters/map/extend.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "adapters/map/compile.h"

using namespace adapters::map;
namespace fs = std::filesystem;

namespace {

Yaml parse(const std::string& text) {
  std::vector<FileFault> found;
  Faults faults(found);
  auto yaml = parse_yaml(text, faults.add_file("t"), faults);
  REQUIRE(yaml);
  return *yaml;
}

std::string show(const Yaml& yaml) {
  std::string out;
  if (yaml.is_map()) {
    for (const auto& entry : yaml.entries) out += (out.empty() ? "{" : " ") + entry.key + ":" + show(entry.value);
    return out + "}";
  }
  if (yaml.is_list()) {
    for (const auto& item : yaml.items) out += (out.empty() ? "[" : " ") + show(item);
    return out + "]";
  }
  return yaml.text;
}

struct Folder {
  fs::path path = fs::temp_directory_path() / ("causeway-extend-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path / "base"), fs::create_directories(path / "site"); }
  ~Folder() { fs::remove_all(path); }
  void write(const std::string& name, const std::string& text) const { std::ofstream(path / name) << text; }
};

constexpr const char* kBase = R"(map: base/a
source: {format: hl7v2, accept: [ADT^A01]}
resources:
  header:
    resource: MessageHeader
    identity: MSH-10
    event: {Coding: {code: {const: admission}}}
    source: {endpoint: "= %site"}
  patient:
    resource: Patient
    identity: PID-3.1
    birthDate: PID-7
    name: [{id: legal, text: PID-5}]
)";

}  // namespace

TEST_CASE("a site's map is laid over its base by key, by id, and by taking away", "[map]") {
  const auto base = parse("a: 1\nb: {c: 2, d: 3}\ne: [{id: x, v: 1}, {id: y, v: 2}]\nf: 9\n");
  const auto over = parse("b: {d: 4}\ne: [{id: y, v: 5}, {v: 6}]\nf: ~\ng: 7\n");
  CHECK(show(laid_over(base, over)) == "{a:1 b:{c:2 d:4} e:[{id:x v:1} {id:y v:5} {v:6}] g:7}");
}

TEST_CASE("faults in an extended map stay in the file they were written in", "[map]") {
  const Folder folder;
  folder.write("base/a.map.yaml", kBase);
  const auto load = [&](const std::string& text) {
    std::vector<FileFault> found;
    Faults faults(found);
    const auto plan = compile(text, folder.path / "site/b.map.yaml", faults);
    std::string told;
    for (const auto& fault : found)
      told += fs::path(fault.file).filename().string() + ":" + std::to_string(fault.line) + " " + fault.code + "\n";
    return plan ? plan->name + " " + std::to_string(plan->resources.size()) : told;
  };
  CHECK(load("map: site/b\nextends: base/a\nresources: {patient: {name: [{id: legal, text: PID-5.1}], active: {const: "
             "true}}}\n") == "site/b 2");
  CHECK(load("map: site/b\nextends: base/a\nresources: {patient: {nmae: [{text: PID-5.1}]}}\n") ==
        "b.map.yaml:3 E0207\n");
  CHECK(load("map: site/b\nextends: base/nothing\n") == "b.map.yaml:2 E0200\n");
  CHECK(load("map: site/b\nextends: ../../etc/passwd\n") == "b.map.yaml:2 E0231\n");
  folder.write("base/a.map.yaml", std::string(kBase) + "extends: base/a\n");
  CHECK(load("map: site/b\nextends: base/a\n") == "a.map.yaml:14 E0221\n");
}

TEST_CASE("a map may extend several parts, the later laid over the earlier", "[map]") {
  const Folder folder;
  folder.write("base/a.map.yaml", kBase);
  folder.write("base/names.part.yaml", "resources: {patient: {name: [{id: legal, family: PID-5.1}]}}\n");
  const auto faults_of = [&](const std::string& text) {
    std::vector<FileFault> found;
    Faults faults(found);
    const auto plan = compile(text, folder.path / "site/x.map.yaml", faults);
    if (plan != nullptr) CHECK(plan->resources.size() == 2);
    return found;
  };
  CHECK(faults_of("map: site/x\nextends: [base/a, base/names]\n").empty());
  const auto missing = faults_of("map: site/x\nextends: [base/a, base/nmes]\n");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].code == "E0200");
  CHECK(missing[0].line == 2);
  CHECK(missing[0].column == 19);
}

TEST_CASE("maps that extend lists of maps that extend lists have a limit", "[map]") {
  const Folder folder;
  folder.write("base/a.map.yaml", kBase);
  std::string ten;
  for (int n = 0; n < 10; ++n) ten += n == 0 ? "base/b" : ", base/b";
  folder.write("base/b.part.yaml", "extends: [base/a]\n");
  const auto faults_of = [&](const std::string& text) {
    std::vector<FileFault> found;
    Faults faults(found);
    compile(text, folder.path / "site/x.map.yaml", faults);
    return found;
  };
  CHECK(faults_of("map: site/x\nextends: [" + ten + "]\n").empty());
  folder.write("base/c.part.yaml", "extends: [" + ten + "]\n");
  const auto wide = faults_of("map: site/x\nextends: [base/c, base/c, base/c, base/c]\n");
  REQUIRE(wide.size() == 1);
  CHECK(wide[0].code == "E0221");
  CHECK(wide[0].say == "more than 64 maps and parts are extended, all levels together");
}
