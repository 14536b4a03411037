// A configuration as others see it: typed values, defaults, environment, hash; and the faults that need more than a
// row.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::has_fault;
using gateway::config::test::SiteCopy;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

TEST_CASE("the shipped configuration of Hainan is read as it is written", "[config]") {
  SiteCopy copy("hainan");
  copy.environment["CAUSEWAY_HAINAN_HIS"] = "9999";
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->site == "hainan");
  CHECK(config->organization.id == "hnump");
  CHECK(config->organization.name == "海南互联网医院");
  CHECK(config->fhir_listen.port == 7410);
  CHECK(config->fhir_base == "/fhir");
  CHECK(config->fhir_url == "https://127.0.0.1:7410/fhir");
  CHECK(fs::path(config->data).is_absolute());
  CHECK(config->control_socket == (config->data / "control.sock").string());
  CHECK(config->tls.certificate == (copy.pki() / "hainan.pem").string());
  REQUIRE(config->doors.size() == 5);
  CHECK_FALSE(config->doors[0].mllp);
  CHECK(config->doors[0].format == Format::json);
  CHECK(config->doors[0].path == "/consult");
  CHECK(config->doors[0].maps.size() == 1);
  REQUIRE(config->system("his") != nullptr);
  CHECK(config->system("his")->address.port == 9999);
  CHECK(config->system("his")->format == Format::hl7v2);
  CHECK(config->system("his")->timeout == 30s);
  CHECK(config->system("his")->retry_on == std::vector<std::string>{"AR", "CR"});
  CHECK(config->system("nobody") == nullptr);
  REQUIRE(config->peer("hongkong") != nullptr);
  const Peer& hongkong = *config->peer("hongkong");
  CHECK(hongkong.keys.size() == 1);
  CHECK(hongkong.profile == "P2");
  CHECK(config->peer("tianjin")->profile == "P1");
  REQUIRE(hongkong.transfer.has_value());
  CHECK(hongkong.transfer->type == "SCC");
  CHECK_FALSE(hongkong.transfer->genomics_permit);
  CHECK(config->peer_of_organization("hkaur") == &hongkong);
  CHECK(config->peer_of_organization("nobody") == nullptr);
  CHECK(config->partners.size() == 2);
  CHECK(config->partners[0].reads[0].types == std::vector<std::string>{"DiagnosticReport", "Bundle"});
  CHECK(config->routes.size() == 10);
  CHECK(config->doors[1].folder.filename() == "cases");
  CHECK(config->doors[1].format == Format::csv);
  CHECK(config->doors[1].settle == 1s);
  CHECK(config->doors[1].label() == "folder:cases");
  CHECK(config->routes[1].from == std::vector<std::string>{"local"});
  CHECK(config->routes[1].file.ends_with("routes.yaml"));
  CHECK(config->routes[1].line == 14);
  CHECK(config->hash.size() == 64);
}

TEST_CASE("what is left out has its default", "[config]") {
  SiteCopy copy("beijing");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->retry.first == 1s);
  CHECK(config->retry.longest == 10min);
  CHECK(config->retry.horizon == 240h);
  CHECK(config->held_alarm == 1h);
  CHECK(config->limits.body == 32u << 20);
  CHECK(config->limits.connections == 2000u);
  CHECK(config->peers[0].enabled);
  CHECK(config->peers[0].timeout == 30s);
  CHECK(config->routes[0].purpose == "TREAT");
  CHECK(config->systems[0].format == Format::fhir);
}

TEST_CASE("a list in the file replaces the default, and one value is a list of one", "[config]") {
  SiteCopy copy("hainan");
  CHECK(copy.load()->doors[0].volatile_paths == std::vector<std::string>{"timestamp", "sign"});
  copy.edit("causeway.yaml", "/consult\n", "/consult\n    volatile: head.time\n    message_id: head.id\n");
  copy.edit("causeway.yaml", "timeout: 30s", "retry_on: [AE, AR]");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->doors[0].volatile_paths == std::vector<std::string>{"head.time"});
  CHECK(config->doors[0].id_path == "head.id");
  CHECK(config->doors[0].kind_path == "serviceCode");
  CHECK(config->systems[0].retry_on == std::vector<std::string>{"AE", "AR"});
}

TEST_CASE("routes speak of this site as local, grants as its organisation", "[config]") {
  SiteCopy copy("hainan");
  copy.edit("routes.yaml", "from: local", "from: hnump");
  copy.edit("partners.yaml", "from: tmucih", "from: [local, tmucih]");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->routes[1].from == std::vector<std::string>{"local"});
  CHECK(config->partners[0].reads[0].from == std::vector<std::string>{"hnump", "tmucih"});
}

TEST_CASE("a peer in the same file may be a hub that speaks for others", "[config]") {
  SiteCopy copy("beijing");
  copy.edit("peers.yaml",
            "    address:", "    speaks_for: [coalition-1, coalition-2]\n    enabled: false\n    address:");
  copy.edit("routes.yaml", "from: tmucih", "from: [tmucih, coalition-2]");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->peer_of_organization("coalition-2")->name == "tianjin");
  CHECK_FALSE(config->peers[0].enabled);
}

TEST_CASE("pins of a file and pins in the text are joined", "[config]") {
  SiteCopy copy("beijing");
  copy.edit("peers.yaml", "    address:", "    keys: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n    address:");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->peers[0].keys.size() == 2);
}

TEST_CASE("a broken pin is reported in the file of the pins", "[config]") {
  SiteCopy copy("beijing");
  std::ofstream(copy.pki() / "tianjin.pins") << "# comment\n\nnot a pin\n";
  CHECK(copy.load() == nullptr);
  CHECK(copy.faults.size() == 2);
  CHECK(std::ranges::any_of(
      copy.faults, [](const FileFault& fault) { return fault.file.ends_with("tianjin.pins") && fault.line == 3; }));
}

TEST_CASE("a site's own TLS files stand for those of a door over TLS", "[config]") {
  SiteCopy copy("tianjin");
  copy.edit("causeway.yaml", "mllp://127.0.0.1", "mllps://0.0.0.0");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  REQUIRE(config->doors[0].tls.has_value());
  CHECK(*config->doors[0].tls == config->tls);
}

TEST_CASE("faults of all four files are reported at once", "[config]") {
  SiteCopy copy("hainan");
  copy.edit("causeway.yaml", "timeout: 30s", "timeout: soon");
  copy.edit("routes.yaml", "event: report", "event: reprot");
  copy.edit("peers.yaml", "valid_to: 2028-01-16", "valid_to: never");
  copy.edit("partners.yaml", "purpose: COC", "purpose: FUN");
  CHECK(copy.load() == nullptr);
  for (const auto* file : {"causeway.yaml", "routes.yaml", "peers.yaml", "partners.yaml"})
    CHECK(has_fault(copy.faults, file, 0, ""));
  CHECK(copy.faults.size() == 4);
}

TEST_CASE("a file that cannot be parsed does not make its names unknown", "[config]") {
  SiteCopy copy("hainan");
  copy.edit("peers.yaml", "peers:", "peers: [");
  CHECK(copy.load() == nullptr);
  CHECK(copy.faults.size() == 1);
}

TEST_CASE("a folder or a file that is not there is one fault", "[config]") {
  std::vector<FileFault> faults;
  CHECK(load("/nowhere/at/all", faults) == nullptr);
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].code == "E0301");
  SiteCopy copy("hainan");
  fs::rename(copy.folder() / "partners.yaml", copy.folder() / "partner.yaml");
  CHECK(copy.load() == nullptr);
  REQUIRE(copy.faults.size() == 1);
  CHECK(copy.faults[0].hint == "did you mean 'partner.yaml'?");
}

TEST_CASE("faults of a map are reported with the configuration's", "[config]") {
  SiteCopy copy("tianjin");
  std::ofstream(copy.folder() / "../../mappings/tianjin/oru_r01.map.yaml") << "broken";
  CHECK(copy.load() == nullptr);
  REQUIRE(copy.faults.size() == 1);
  CHECK(copy.faults[0].code == "E0201");
}

TEST_CASE("an event that no map of the system takes is found before the first record", "[config]") {
  SiteCopy copy("hainan");
  for (const auto* name : {"his_oru_r01", "his_mdm_t02"})
    std::ofstream(copy.folder() / "../../mappings/hainan" / (std::string(name) + ".map.yaml"))
        << "from, refuses report";
  CHECK(copy.load() == nullptr);
  REQUIRE(copy.faults.size() == 1);
  CHECK(has_fault(copy.faults, "routes.yaml", 8, "E0328"));
  CHECK(copy.faults[0].related.file == "causeway.yaml");
}

TEST_CASE("keys and files that others may touch are refused when the gateway starts", "[config]") {
  SiteCopy copy("hainan");
  const fs::path key = copy.pki() / "hainan.key";
  fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
  CHECK(copy.load(Level::semantic) != nullptr);
  CHECK(copy.load(Level::files) == nullptr);
  CHECK(has_fault(copy.faults, "causeway.yaml", 20, "E0332"));

  fs::permissions(key, fs::perms::others_read, fs::perm_options::remove);
  fs::rename(key, copy.pki() / "real.key");
  fs::create_symlink("real.key", key);
  CHECK(copy.load(Level::files) == nullptr);
  CHECK(has_fault(copy.faults, "causeway.yaml", 20, "E0332"));

  SiteCopy open("beijing");
  fs::permissions(open.folder() / "peers.yaml", fs::perms::others_write, fs::perm_options::add);
  CHECK(open.load(Level::files) == nullptr);
  CHECK(has_fault(open.faults, "peers.yaml", 0, "E0332"));
}

TEST_CASE("the hash follows every file and every variable", "[config]") {
  SiteCopy copy("hainan");
  const std::string first = copy.load()->hash;
  CHECK(copy.load()->hash == first);
  copy.environment["CAUSEWAY_HAINAN_FHIR"] = "7499";
  const std::string other_port = copy.load()->hash;
  CHECK(other_port != first);
  copy.environment.erase("CAUSEWAY_HAINAN_FHIR");
  std::ofstream(copy.pki() / "other.pins", std::ios::app) << "# a comment\n";
  const std::string other_pins = copy.load()->hash;
  CHECK(other_pins != first);
  copy.edit("routes.yaml", "# How the case stands", "# How it stands");
  CHECK(copy.load()->hash != other_pins);
}

TEST_CASE("a transfer basis with a permit says so", "[config]") {
  SiteCopy copy("hainan");
  copy.edit("peers.yaml", "# genomics_permit: NUMBER", "genomics_permit: HGR-2026-7 #");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->peer("hongkong")->transfer->genomics_permit);
  CHECK(config->peer("hongkong")->transfer->genomics_permit_no == "HGR-2026-7");
}

TEST_CASE("without a transfer basis the consequence is named", "[config]") {
  SiteCopy copy("hainan");
  const std::string text = copy.read("peers.yaml");
  copy.write("peers.yaml",
             text.substr(0, text.find("    # The legal basis")) + text.substr(text.find("\n  # Its gateway")));
  CHECK(copy.load() != nullptr);
  REQUIRE(copy.faults.size() == 1);
  CHECK(copy.faults[0].code == "W0341");
  CHECK(copy.faults[0].say.find("held") != std::string::npos);
  CHECK(copy.faults[0].related.file == "routes.yaml");
}

TEST_CASE("a system no route leads to is a warning", "[config]") {
  SiteCopy copy("beijing");
  copy.edit("routes.yaml", "to: local:archive", "to: hold");
  CHECK(copy.load() != nullptr);
  REQUIRE(copy.faults.size() == 1);
  CHECK(copy.faults[0].code == "W0343");
}

TEST_CASE("$${ is a plain ${, and conditions are not filled in", "[config]") {
  SiteCopy copy("tianjin");
  copy.edit("causeway.yaml", "name: 天津肿瘤医院", "name: \"a $${NAME} b\"");
  copy.edit("routes.yaml", "    from: local", "    from: local\n    when: Bundle.id = '${X}'");
  const auto config = copy.load();
  REQUIRE(config != nullptr);
  CHECK(config->organization.name == "a ${NAME} b");
  CHECK(config->routes[0].condition->text() == "Bundle.id = '${X}'");
}

TEST_CASE("the shipped sites load with their own maps, without a fault", "[config]") {
  const auto nothing_set = [](const std::string&) { return std::optional<std::string>(); };
  for (const std::string site : {"hainan", "tianjin", "beijing", "hongkong"}) {
    std::vector<FileFault> faults;
    Options options;
    options.environment = nothing_set;
    CHECK(load(fs::path(CAUSEWAY_SOURCE_DIR) / "conf" / site, faults, options) != nullptr);
    std::erase_if(faults, [](const FileFault& fault) { return fault.code == "W0331"; });
    CHECK(render(faults) == "");
  }
}

TEST_CASE("a route with long lists does not keep the search for shadows busy", "[config]") {
  SiteCopy copy("hainan");
  std::string list, codes;
  for (int i = 0; i < 400; ++i) {
    list += (i == 0 ? "" : ", ") + std::string("org") + std::to_string(i);
    codes += (i == 0 ? "" : ", ") + std::string("s") + std::to_string(i);
  }
  const std::string route = "    event: [report, referral-request]\n    from: [" + list + "]\n    recipient: [" + list +
                            "]\n    specialty: [" + codes + "]\n    to: hold\n";
  copy.write("routes.yaml", "routes:\n  - id: first\n" + route + "  - id: second\n" + route);
  const auto began = std::chrono::steady_clock::now();
  copy.load();
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(5));
  CHECK_FALSE(copy.faults.empty());
}
