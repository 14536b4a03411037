#include "gateway/trust/demo_ca.h"

#include <sys/stat.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <fstream>

#include "../net/support.h"
#include "gateway/net/tls_certificate.h"
#include "gateway/trust/roster.h"
#include "mini_ca.h"

using namespace net_test;
using namespace gateway::trust;
using mini_ca::Folder;
namespace fs = std::filesystem;

namespace {

TlsFiles files_of(const fs::path& pki, const std::string& name) {
  return {pki / (name + ".pem"), pki / (name + ".key"), pki / "ca.pem", pki / "crl.pem"};
}

std::vector<std::string> pins(const fs::path& file) {
  std::ifstream in(file);
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::shared_ptr<gateway::config::Config> site(const fs::path& pki, const std::string& peer) {
  auto config = std::make_shared<gateway::config::Config>();
  config->peers.emplace_back();
  config->peers[0].name = peer;
  config->peers[0].san = peer + ".example";
  config->peers[0].keys = pins(pki / (peer + ".pins"));
  config->tls.crl = pki / "crl.pem";
  return config;
}

}  // namespace

TEST_CASE("two gateways of the demonstration talk to each other", "[trust][demo]") {
  const Folder folder;
  const fs::path& pki = folder.path();
  REQUIRE(make_demo_pki(pki, {{"tianjin", "tianjin.example"}, {"hainan", "hainan.example"}}));
  for (const char* key : {"ca.key", "tianjin.key", "hainan.key"}) {
    struct stat info{};
    REQUIRE(::stat((pki / key).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
  const TlsFiles tianjin = files_of(pki, "tianjin"), hainan = files_of(pki, "hainan");
  Log refusals;
  Roster at_hainan(site(pki, "tianjin"), [&](const Refusal& refusal) { refusals.add(refusal.why.code); });
  Roster at_tianjin(site(pki, "hainan"));
  EchoHandler handler;
  const auto net = make_net(1);
  const auto listener = net->listen_http({"127.0.0.1", 0}, &hainan, &at_hainan, handler, {});
  REQUIRE(listener);
  const Target target{{"127.0.0.1", (*listener)->port()}, &tianjin, &at_tianjin.expecting("hainan")};
  const auto answer = call(*net, target, post_request("a report"));
  REQUIRE(answer);
  CHECK(answer->body == "a report");

  REQUIRE(revoke_demo_certificate(pki, "tianjin"));
  net->reload_tls();
  REQUIRE(eventually([&] { return !refusals.last().empty(); }, 8s));
  const auto refused = call(*net, target, post_request("a report"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().fault == fhir::Fault::forbidden);
  CHECK(refused.error().code == "tls.refused-by-peer");
  net->stop();
}

TEST_CASE("what is there is kept, what is missing is made, a rotated key is pinned beside the old one",
          "[trust][demo]") {
  const Folder folder;
  const fs::path& pki = folder.path();
  REQUIRE(make_demo_pki(pki, {{"a", "a.example"}}));
  const auto first = gateway::net::tls::read_certificate(pki / "a.pem");
  REQUIRE(first);
  CHECK(first->dns_names == std::vector<std::string>{"a.example"});
  REQUIRE(make_demo_pki(pki, {{"a", "a.example"}, {"b", "spiffe://network/b"}}));
  CHECK(gateway::net::tls::read_certificate(pki / "a.pem")->fingerprint == first->fingerprint);
  CHECK(gateway::net::tls::read_certificate(pki / "b.pem")->uris == std::vector<std::string>{"spiffe://network/b"});
  CHECK(pins(pki / "a.pins") == std::vector<std::string>{first->key_pin});

  REQUIRE(rotate_demo_key(pki, {"a", "a.example"}));
  const auto second = gateway::net::tls::read_certificate(pki / "a.pem");
  CHECK(second->key_pin != first->key_pin);
  CHECK(pins(pki / "a.pins") == std::vector<std::string>{first->key_pin, second->key_pin});

  REQUIRE(revoke_demo_certificate(pki, "a"));
  REQUIRE(revoke_demo_certificate(pki, "b"));
  const auto list = gateway::net::tls::read_revocations(pki / "crl.pem");
  REQUIRE(list);
  CHECK(list->revoked.size() == 2);
  CHECK(list->revoked.contains({second->issuer, second->serial}));
  CHECK_FALSE(list->revoked.contains({first->issuer, first->serial}));
}

TEST_CASE("what cannot be written or read is named", "[trust][demo]") {
  const Folder folder;
  const auto made = make_demo_pki(folder.write("a file", "x") + "/pki", {});
  REQUIRE_FALSE(made);
  CHECK(made.error().code == "demo.write");
  REQUIRE(make_demo_pki(folder.path() / "pki", {}));
  std::ofstream(folder.path() / "pki" / "ca.pem") << "broken";
  const auto again = make_demo_pki(folder.path() / "pki", {{"a", "a.example"}});
  REQUIRE_FALSE(again);
  CHECK(again.error().code == "demo.read");
  CHECK(again.error().where.ends_with("ca.pem"));
}
