#include "gateway/trust/roster.h"

#include <catch2/catch.hpp>
#include <thread>

#include "gateway/net/tls_certificate.h"
#include "mini_ca.h"

using namespace gateway::trust;
using gateway::net::PeerCertificate;
namespace config = gateway::config;

namespace {

PeerCertificate certificate(std::string dns, std::string pin) {
  PeerCertificate result;
  result.fingerprint = "f00d";
  result.key_pin = std::move(pin);
  result.issuer = "CN=ca";
  result.serial = "01";
  result.dns_names = {std::move(dns)};
  result.not_before = 1000;
  result.not_after = 2000;
  return result;
}

config::Config example() {
  config::Config site;
  site.organization.id = "site";
  config::Peer hub;
  hub.name = "hub";
  hub.organization.id = "hub-org";
  hub.san = "hub.example";
  hub.keys = {"pin-1", "pin-2"};
  hub.speaks_for = {"clinic-1", "clinic-2"};
  config::Peer a;
  a.name = "a";
  a.organization.id = "a-org";
  a.san = "spiffe://network/a";
  a.keys = {"pin-a"};
  site.peers = {hub, a};
  config::Partner desk, reader;
  desk.name = "desk";
  desk.san = "desk.example";
  desk.keys = {"pin-desk"};
  desk.writes = {"Task"};
  reader.name = "reader";
  reader.san = "reader.example";
  reader.keys = {"pin-reader"};
  site.partners = {desk, reader};
  return site;
}

struct Fixture {
  std::int64_t now = 1500;
  config::Config site = example();
  Roster roster{std::make_shared<config::Config>(site), {}, [this] { return now; }};

  std::string rule(const PeerCertificate& shown) const {
    const auto party = roster.identify(shown);
    return party ? party->name : party.error().code;
  }
};

}  // namespace

TEST_CASE("a party is known when its name and one of its keys meet in one entry", "[trust]") {
  const Fixture f;
  CHECK(f.rule(certificate("hub.example", "pin-1")) == "hub");
  CHECK(f.rule(certificate("HUB.example", "pin-2")) == "hub");
  CHECK(f.rule(certificate("hub.example", "pin-a")) == "trust.unknown-key");
  CHECK(f.rule(certificate("hub.example", "")) == "trust.unknown-key");
  CHECK(f.rule(certificate("hub.example.evil.org", "pin-1")) == "trust.wrong-san");
  CHECK(f.rule(certificate("", "pin-1")) == "trust.wrong-san");
  CHECK(f.rule(certificate("nobody.example", "pin-9")) == "trust.unknown-name");
  CHECK(f.rule(PeerCertificate{}) == "trust.no-certificate");
  PeerCertificate by_uri = certificate("other.example", "pin-a");
  by_uri.uris = {"spiffe://network/a"};
  CHECK(f.rule(by_uri) == "a");
  by_uri.uris = {"SPIFFE://network/A"};
  CHECK(f.rule(by_uri) == "trust.wrong-san");
}

TEST_CASE("a certificate that carries two known names is the one whose key it has", "[trust]") {
  const Fixture f;
  PeerCertificate both = certificate("hub.example", "pin-desk");
  both.dns_names.emplace_back("desk.example");
  CHECK(f.rule(both) == "desk");
}

TEST_CASE("dates count by the wall clock, at every question", "[trust]") {
  Fixture f;
  const auto shown = certificate("hub.example", "pin-1");
  f.now = 999;
  CHECK(f.rule(shown) == "trust.not-yet-valid");
  f.now = 1000;
  CHECK(f.rule(shown) == "hub");
  f.now = 2000;
  CHECK(f.rule(shown) == "hub");
  f.now = 2001;
  CHECK(f.rule(shown) == "trust.expired");
}

TEST_CASE("nobody speaks for somebody else, except a hub for those it is listed for", "[trust]") {
  const Fixture f;
  const Party hub = *f.roster.identify(certificate("hub.example", "pin-1"));
  CHECK(may_speak_for(hub, "hub-org"));
  CHECK(may_speak_for(hub, "clinic-2"));
  CHECK_FALSE(may_speak_for(hub, "a-org"));
  CHECK_FALSE(may_speak_for(hub, "site"));
  CHECK_FALSE(may_speak_for(hub, ""));
  const Party desk = *f.roster.identify(certificate("desk.example", "pin-desk"));
  CHECK(desk.kind == Party::Kind::partner);
  CHECK(may_speak_for(desk, "site"));
  CHECK_FALSE(may_speak_for(desk, "hub-org"));
  const Party reader = *f.roster.identify(certificate("reader.example", "pin-reader"));
  CHECK_FALSE(may_speak_for(reader, "site"));
  CHECK_FALSE(may_speak_for(reader, ""));
}

TEST_CASE("who is expected must come, not merely somebody known", "[trust]") {
  Fixture f;
  auto& expected = f.roster.expecting("hub");
  CHECK(expected.admit(certificate("hub.example", "pin-1")));
  CHECK(expected.admit(certificate("desk.example", "pin-desk")).error().code == "trust.other-party");
  CHECK(expected.admit(certificate("hub.example", "pin-9")).error().code == "trust.unknown-key");
  CHECK(&f.roster.expecting("hub") == &expected);
  CHECK_FALSE(f.roster.expecting("nobody").admit(certificate("hub.example", "pin-1")));
}

TEST_CASE("a new configuration counts from the next question on", "[trust]") {
  Fixture f;
  const auto shown = certificate("hub.example", "pin-1");
  f.site.peers[0].enabled = false;
  f.roster.update(std::make_shared<config::Config>(f.site));
  CHECK(f.rule(shown) == "trust.disabled");
  f.site.peers.erase(f.site.peers.begin());
  f.roster.update(std::make_shared<config::Config>(f.site));
  CHECK(f.rule(shown) == "trust.unknown-name");
}

TEST_CASE("a revocation list that cannot be read lets nobody in, one that breaks later stays in force",
          "[trust][slow]") {
  using namespace mini_ca;
  const Folder folder;
  const Identity ca = make(ca_order("ca"), nullptr), good = make({}, &ca), bad = make({}, &ca);
  const auto shown = [](const Identity& identity) { return gateway::net::tls::describe(identity.certificate.get()); };
  config::Config site = example();
  site.peers[0].san = "a.example";
  site.peers[0].keys = {shown(good).key_pin, shown(bad).key_pin};
  site.tls.crl = (folder.path() / "crl.pem").string();
  Roster roster(std::make_shared<config::Config>(site));
  const auto rule = [&](const Identity& who) {
    const auto party = roster.identify(shown(who));
    return party ? party->name : party.error().code;
  };
  const auto next_look = [] { std::this_thread::sleep_for(std::chrono::milliseconds(1100)); };

  CHECK(rule(good) == "trust.no-crl");
  folder.write("crl.pem", crl(ca, {bad.certificate}));
  next_look();
  CHECK(rule(good) == "hub");
  CHECK(rule(bad) == "trust.revoked");
  folder.write("crl.pem", crl(ca, {bad.certificate}).substr(0, 200));
  next_look();
  CHECK(rule(good) == "hub");
  CHECK(rule(bad) == "trust.revoked");
  folder.write("crl.pem", crl(ca, {}, -10, -7200));
  next_look();
  CHECK(rule(good) == "trust.crl-expired");
}

TEST_CASE("questions and new configurations may come at the same time", "[trust]") {
  Fixture f;
  const auto shown = certificate("hub.example", "pin-1");
  std::thread writer([&] {
    for (int i = 0; i < 200; ++i) f.roster.update(std::make_shared<config::Config>(f.site));
  });
  for (int i = 0; i < 2000; ++i) REQUIRE(f.roster.admit(shown));
  writer.join();
}
