// The certificate matrix: who is let in and who is not, and which rule is named. `gateway_test "[matrix]" -s` prints
// it.
#include <fmt/format.h>

#include <catch2/catch.hpp>

#include "../net/support.h"
#include "gateway/net/tls_certificate.h"
#include "gateway/trust/roster.h"
#include "mini_ca.h"

using namespace net_test;
using namespace mini_ca;
using fhir::Fault;
using gateway::trust::Party;
using gateway::trust::Roster;
namespace config = gateway::config;
namespace tls = gateway::net::tls;

namespace {

const std::string kGet = "GET /who HTTP/1.1\r\nHost: h\r\n\r\n";

std::string pin_of(const Identity& identity) { return tls::describe(identity.certificate.get()).key_pin; }

config::Peer peer(std::string name, std::string san, std::vector<std::string> keys) {
  config::Peer result;
  result.name = name;
  result.organization.id = std::move(name);
  result.san = std::move(san);
  result.keys = std::move(keys);
  return result;
}

/// One certificate authority, one gateway, its peers a, b, c and the hub; a place for files.
struct World {
  explicit World(std::string ca_name = "ca") : ca(make(ca_order(std::move(ca_name)), nullptr)) {
    files.certificate = folder.write("own.pem", pem(own.certificate));
    files.key = folder.write("own.key", pem(own.key));
    files.trust = folder.write("trust.pem", pem(ca.certificate));
    files.crl = folder.write("crl.pem", crl(ca, {}) + crl(branch, {}));
    site.tls = files;
    site.organization.id = "site";
    site.peers = {peer("a", "a.example", {pin_of(a)}), peer("b", "b.example", {pin_of(b)}),
                  peer("off", "off.example", {pin_of(off)}), peer("own", "own.example", {pin_of(own)})};
    site.peers[2].enabled = false;
    site.peers.push_back(peer("hub", "hub.example", {pin_of(hub)}));
    site.peers.back().speaks_for = {"a"};
  }

  std::shared_ptr<const config::Config> shared() const { return std::make_shared<config::Config>(site); }

  Identity ca;
  Identity other_ca = make(ca_order("other ca"), nullptr);
  Identity branch = make(ca_order("branch"), &ca);
  Identity own = make({.name = "own", .alternative = "DNS:own.example,DNS:localhost,IP:127.0.0.1"}, &ca);
  Identity a = make({}, &ca);
  Identity b = make({.name = "b", .alternative = "DNS:b.example"}, &ca);
  Identity off = make({.name = "off", .alternative = "DNS:off.example"}, &ca);
  Identity hub = make({.name = "hub", .alternative = "DNS:hub.example"}, &ca);
  Folder folder;
  TlsFiles files;
  config::Config site;
};

/// A gateway that answers with the name of the party it identified.
struct Gateway {
  explicit Gateway(const World& world, const Limits& limits = {})
      : roster(world.shared(), [this](const Refusal& refusal) { refusals.add(refusal.why.code); }),
        net(make_net(1, notes.watch())) {
    handler.first = [this](const HttpRequest& request) -> std::optional<HttpResponse> {
      const auto party = roster.identify(request.certificate);
      return HttpResponse{200, {}, party ? "party " + party->name : "nobody"};
    };
    listener = net->listen_http({"127.0.0.1", 0}, &world.files, &roster, handler, limits).value();
  }
  ~Gateway() { net->stop(); }

  Log refusals, notes;
  Roster roster;
  EchoHandler handler;
  std::unique_ptr<Net> net;
  std::unique_ptr<Listener> listener;
};

struct Row {
  std::string what, seen, expected;
};

std::string table(const std::vector<Row>& rows) {
  std::string text = fmt::format("\n{:<52} {:<24}\n{:-<76}\n", "certificate", "outcome", "");
  for (const Row& row : rows) {
    text += fmt::format("{:<52} {:<24}{}\n", row.what, row.seen,
                        row.seen == row.expected ? "" : "EXPECTED " + row.expected);
  }
  return text + fmt::format("{} rows\n", rows.size());
}

void check(const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(row.seen == row.expected);
  }
  SUCCEED(table(rows));
}

/// What a client with this endpoint gets: the party it was taken for, or the rule that refused it.
std::string knock(Gateway& gateway, const Endpoint& endpoint) {
  const std::size_t before = gateway.refusals.size();
  Wire wire(gateway.listener->port());
  RawTls tls(wire.fd(), false, endpoint);
  std::string answer;
  if (tls.handshake() && tls.send(kGet)) answer = tls.read();
  if (const auto at = answer.find("\nparty "); at != std::string::npos) return answer.substr(at + 1);
  if (!eventually([&] { return gateway.refusals.size() > before; }, 2s)) return "no refusal reported";
  const std::string code = gateway.refusals.last();
  // Who gets past TLS is told the rule; TLS itself has its alerts.
  if (code.starts_with("trust.") && answer.find(code) == std::string::npos) return "rule not told: " + code;
  return code;
}

}  // namespace

TEST_CASE("certificate matrix: who may knock", "[trust][net][matrix]") {
  World world;
  const Identity former = world.a;
  const Identity a_next = make({}, &world.ca);
  world.site.peers[0].keys.push_back(pin_of(a_next));
  const Identity revoked = make({.key = world.a.key}, &world.ca);
  const Identity weak_rsa = make({.key = rsa_key(1024)}, &world.ca);
  const Identity strong_rsa = make({.key = rsa_key(2048)}, &world.ca);
  world.site.peers[0].keys.push_back(pin_of(strong_rsa));
  Identity by_branch = make({.key = world.a.key}, &world.branch);
  const Identity without_branch = by_branch;
  by_branch.chain = {world.branch.certificate};
  Identity by_leaf = make({.key = world.a.key}, &world.b);
  by_leaf.chain = {world.b.certificate};
  Identity narrow = make(
      [] {
        Order order = ca_order("narrow");
        order.constraints = "permitted;DNS:.b.example";
        return order;
      }(),
      &world.ca);
  Identity outside = make({.key = world.a.key}, &narrow);
  outside.chain = {narrow.certificate};
  Identity deep = world.ca;
  std::vector<Certificate> chain;
  for (int i = 0; i < 8; ++i) {
    deep = make(ca_order("level " + std::to_string(i)), &deep);
    chain.insert(chain.begin(), deep.certificate);
  }
  Identity far = make({.key = world.a.key}, &deep);
  far.chain = chain;
  Order old = ca_order("old ca");
  old.key = rsa_key(2048);
  const Identity old_ca = make(old, nullptr);
  world.folder.write("trust.pem", pem(world.ca.certificate) + pem(old_ca.certificate));
  const Identity mallory_ca = make(ca_order("ca"), nullptr);  // the same name, another key
  world.folder.write("crl.pem", crl(world.ca, {revoked.certificate}) + crl(world.branch, {}) + crl(world.b, {}) +
                                    crl(narrow, {}) + crl(old_ca, {}));

  Gateway gateway(world);
  std::vector<Row> rows;
  const auto row = [&](std::string what, const Identity& identity, std::string expected) {
    rows.push_back({std::move(what), knock(gateway, {.identity = &identity}), std::move(expected)});
  };
  const auto order_row = [&](std::string what, Order order, const Identity* issuer, std::string expected) {
    row(std::move(what), make(std::move(order), issuer), std::move(expected));
  };

  row("right certificate, pinned key", world.a, "party a");
  row("rotated key, pinned beside the former", a_next, "party a");
  row("former key, still pinned", former, "party a");
  row("renewed certificate for the same key", make({.key = world.a.key}, &world.ca), "party a");
  row("RSA 2048, pinned", strong_rsa, "party a");
  row("by an intermediate that is shown", by_branch, "party a");
  order_row("SAN in upper case", {.alternative = "DNS:A.EXAMPLE", .key = world.a.key}, &world.ca, "party a");
  row("of another peer: taken for that one", world.b, "party b");

  order_row("unknown CA", {.key = world.a.key}, &world.other_ca, "tls.unknown-ca");
  order_row("CA of the same name with another key", {.key = world.a.key}, &mallory_ca, "tls.signature");
  order_row("self-signed", {.key = world.a.key}, nullptr, "tls.self-signed");
  order_row("expired", {.from = -7200, .until = -60, .key = world.a.key}, &world.ca, "tls.expired");
  order_row("not yet valid", {.from = 3600, .key = world.a.key}, &world.ca, "tls.not-yet-valid");
  row("revoked", revoked, "tls.revoked");
  order_row("for servers only (EKU)", {.purpose = "serverAuth", .key = world.a.key}, &world.ca, "tls.wrong-purpose");
  order_row("for e-mail only (EKU)", {.purpose = "emailProtection", .key = world.a.key}, &world.ca,
            "tls.wrong-purpose");
  row("RSA 1024", weak_rsa, "tls.weak-key");
  order_row("signed with SHA-1", {.digest = EVP_sha1(), .key = world.a.key}, &world.ca, "tls.weak-signature");
  order_row("signed with MD5", {.digest = EVP_md5(), .key = world.a.key}, &old_ca, "tls.weak-signature");
  row("intermediate not shown", without_branch, "tls.unknown-ca");
  row("issuer is not a CA", by_leaf, "tls.issuer-not-ca");
  row("outside the issuer's name constraints", outside, "tls.name-constraint");
  row("chain of nine", far, "tls.chain-too-long");

  order_row("key pinned, SAN of nobody", {.alternative = "DNS:c.example", .key = world.a.key}, &world.ca,
            "trust.wrong-san");
  order_row("key pinned, no SAN, name in CN only", {.name = "a.example", .alternative = "", .key = world.a.key},
            &world.ca, "trust.wrong-san");
  order_row("key pinned, wildcard SAN", {.alternative = "DNS:*.example", .key = world.a.key}, &world.ca,
            "trust.wrong-san");
  order_row("key pinned, right name as e-mail", {.alternative = "email:x@a.example", .key = world.a.key}, &world.ca,
            "trust.wrong-san");
  order_row("right SAN, key not pinned", {}, &world.ca, "trust.unknown-key");
  order_row("key of A, SAN of B", {.alternative = "DNS:b.example", .key = world.a.key}, &world.ca, "trust.unknown-key");
  order_row("neither name nor key known", {.alternative = "DNS:c.example"}, &world.ca, "trust.unknown-name");
  row("right key, peer switched off", world.off, "trust.disabled");

  rows.push_back({"no client certificate", knock(gateway, {}), "tls.no-certificate"});
  rows.push_back({"TLS 1.2 with the right certificate",
                  knock(gateway, {.identity = &world.a, .max_version = TLS1_2_VERSION}), "tls.version"});
  rows.push_back({"asks for HTTP/2 (ALPN)", knock(gateway, {.identity = &world.a, .alpn = "\x02h2"}), "tls.protocol"});
  rows.push_back(
      {"asks for HTTP/1.1 (ALPN)", knock(gateway, {.identity = &world.a, .alpn = "\x08http/1.1"}), "party a"});
  {
    const std::size_t before = gateway.refusals.size();
    Wire plain(gateway.listener->port());
    plain.send(kGet);
    eventually([&] { return gateway.refusals.size() > before; });
    rows.push_back({"plaintext HTTP", gateway.refusals.last(), "tls.plaintext"});
  }
  rows.push_back({"after all that, the right one", knock(gateway, {.identity = &world.a}), "party a"});
  check(rows);
  CHECK(rows.size() >= 36);
}

TEST_CASE("certificate matrix: revocation lists fail closed", "[trust][net][matrix]") {
  World world;
  std::vector<Row> rows;
  const auto with_list = [&](std::string what, const std::string& list, std::string expected) {
    world.folder.write("crl.pem", list);
    Gateway gateway(world);
    rows.push_back({std::move(what), knock(gateway, {.identity = &world.a}), std::move(expected)});
  };
  const auto without_start = [&](std::string what, const TlsFiles& files, std::string expected) {
    EchoHandler handler;
    const auto listener = make_net(1)->listen_http({"127.0.0.1", 0}, &files, nullptr, handler, {});
    rows.push_back({std::move(what), listener ? "started" : listener.error().code, std::move(expected)});
  };
  with_list("list is current and empty", crl(world.ca, {}), "party a");
  with_list("list expired a minute ago", crl(world.ca, {}, -60, -7200), "tls.crl-expired");
  with_list("list of another CA only", crl(world.other_ca, {}), "tls.no-crl");
  with_list("list signed with a wrong key", crl({world.b.key, world.ca.certificate, {}}, {}), "tls.crl-signature");

  TlsFiles files = world.files;
  std::filesystem::remove(files.crl);
  without_start("list is missing: does not start", files, "tls.files");
  files.crl = world.folder.write("crl.pem", "");
  without_start("list is empty: does not start", files, "tls.files");
  files.crl.clear();
  files.key = world.folder.write("open.key", pem(world.own.key), 0640);
  without_start("own key readable by group: does not start", files, "tls.key-mode");
  files.key = world.folder.write("open.key", pem(world.own.key), 0604);
  without_start("own key readable by others: does not start", files, "tls.key-mode");
  files.key = world.folder.write("b.key", pem(world.b.key));
  without_start("own key of another certificate: does not start", files, "tls.key-mismatch");
  files.key = world.folder.write("half.key", pem(world.own.key).substr(0, 100));
  without_start("own key half written: does not start", files, "tls.files");
  check(rows);
}

TEST_CASE("certificate matrix: whom we call", "[trust][net][matrix]") {
  World world;
  Gateway us(world);
  std::vector<Row> rows;
  const auto call_server = [&](const Endpoint& endpoint, gateway::net::Gatekeeper* gatekeeper,
                               const std::string& host = "127.0.0.1") {
    ScriptedServer server([&](Wire& wire, int) {
      RawTls tls(wire.fd(), true, endpoint);
      if (!tls.handshake() || tls.read().empty()) return;
      tls.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      tls.finish();
    });
    const auto answer = call(*us.net, {{host, server.port()}, &world.files, gatekeeper}, post_request("an order"));
    if (answer) return "answer " + std::to_string(answer->status);
    return std::string(to_string(answer.error().fault)) + " " + answer.error().code;
  };
  const auto row = [&](std::string what, const Identity& identity, std::string expected) {
    rows.push_back(
        {std::move(what), call_server({.identity = &identity}, &us.roster.expecting("a")), std::move(expected)});
  };

  row("server: right certificate", world.a, "answer 200");
  row("server: another peer's certificate", world.b, "forbidden trust.other-party");
  row("server: unknown CA", make({.key = world.a.key}, &world.other_ca), "forbidden tls.unknown-ca");
  row("server: self-signed", make({.key = world.a.key}, nullptr), "forbidden tls.self-signed");
  row("server: expired", make({.from = -7200, .until = -60, .key = world.a.key}, &world.ca), "forbidden tls.expired");
  row("server: not yet valid", make({.from = 3600, .key = world.a.key}, &world.ca), "forbidden tls.not-yet-valid");
  row("server: for clients only (EKU)", make({.purpose = "clientAuth", .key = world.a.key}, &world.ca),
      "forbidden tls.wrong-purpose");
  row("server: key not pinned", make({}, &world.ca), "forbidden trust.unknown-key");
  row("server: wrong SAN", make({.alternative = "DNS:c.example", .key = world.a.key}, &world.ca),
      "forbidden trust.wrong-san");
  row("server: RSA 1024", make({.key = rsa_key(1024)}, &world.ca), "forbidden tls.weak-key");
  rows.push_back({"server: peer switched off", call_server({.identity = &world.off}, &us.roster.expecting("off")),
                  "forbidden trust.disabled"});
  rows.push_back({"server: TLS 1.2 only",
                  call_server({.identity = &world.a, .max_version = TLS1_2_VERSION}, &us.roster.expecting("a")),
                  "forbidden tls.refused-by-peer"});
  rows.push_back(
      {"local system: certificate names its address", call_server({.identity = &world.own}, nullptr), "answer 200"});
  rows.push_back({"local system: certificate names its host",
                  call_server({.identity = &world.own}, nullptr, "localhost"), "answer 200"});
  rows.push_back({"local system: certificate of another name", call_server({.identity = &world.a}, nullptr),
                  "forbidden tls.wrong-name"});
  {
    ScriptedServer plain([](Wire& wire, int) {
      wire.read();
      wire.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    const auto answer =
        call(*us.net, {{"127.0.0.1", plain.port()}, &world.files, &us.roster.expecting("a")}, post_request("x"));
    rows.push_back({"server: speaks plaintext", answer ? "answered" : answer.error().code, "tls.plaintext"});
  }
  {
    ScriptedServer closes([](Wire& wire, int) { wire.read(); });
    const auto answer =
        call(*us.net, {{"127.0.0.1", closes.port()}, &world.files, &us.roster.expecting("a")}, post_request("x"));
    rows.push_back({"server: hangs up during the handshake",
                    answer ? "answered" : std::string(to_string(answer.error().fault)), "unavailable"});
  }
  {
    World theirs("their ca");  // has never heard of our CA
    Gateway them(theirs);
    TlsFiles files = world.files;
    files.trust = world.folder.write("both.pem", pem(world.ca.certificate) + pem(theirs.ca.certificate));
    files.crl.clear();
    for (const std::size_t size : {std::size_t{10}, std::size_t{8} << 20}) {
      const auto answer =
          call(*us.net, {{"127.0.0.1", them.listener->port()}, &files, nullptr}, post_request(std::string(size, 'x')));
      rows.push_back({"server: refuses our certificate, " + std::to_string(size) + " bytes",
                      answer ? "answered" : std::string(to_string(answer.error().fault)) + " " + answer.error().code,
                      "forbidden tls.refused-by-peer"});
    }
  }
  check(rows);
  CHECK(us.refusals.has("trust.other-party"));
}

TEST_CASE("sessions are resumed, but never past a revocation or a switch", "[trust][net][matrix]") {
  World world;
  Gateway gateway(world);
  std::vector<Row> rows;
  std::shared_ptr<SSL_SESSION> session;
  const auto visit = [&](const Identity& who) {
    const std::size_t before = gateway.refusals.size();
    Wire wire(gateway.listener->port());
    RawTls tls(wire.fd(), false, {.identity = &who, .resume = session.get()});
    std::string answer;
    if (tls.handshake() && tls.send(kGet)) answer = tls.read();
    session = tls.session();
    tls.finish();  // a session that ends without a goodbye is not resumed
    if (answer.find("\nparty ") != std::string::npos) return std::string(tls.resumed() ? "resumed" : "full handshake");
    eventually([&] { return gateway.refusals.size() > before; });
    return std::string(tls.resumed() ? "resumed, " : "") + gateway.refusals.last();
  };
  rows.push_back({"first visit", visit(world.a), "full handshake"});
  rows.push_back({"second visit", visit(world.a), "resumed"});
  world.site.peers[0].enabled = false;
  gateway.roster.update(world.shared());
  rows.push_back({"third visit, switched off meanwhile", visit(world.a), "resumed, trust.disabled"});
  world.site.peers[0].enabled = true;
  gateway.roster.update(world.shared());
  session.reset();
  visit(world.a);
  rows.push_back({"visit with a session", visit(world.a), "resumed"});
  world.folder.write("crl.pem", crl(world.ca, {world.a.certificate}));
  std::this_thread::sleep_for(1100ms);  // the roster looks at the list once a second
  rows.push_back({"the same, revoked since: the roster refuses", visit(world.a), "resumed, trust.revoked"});
  gateway.net->reload_tls();
  rows.push_back({"the same, TLS has read the list too", visit(world.a), "tls.revoked"});
  check(rows);
  CHECK(gateway.net->counters().resumed == 4);
}

TEST_CASE("live connections are closed seconds after revocation, expiry, or the switch", "[trust][net][matrix][slow]") {
  World world;
  const Identity expiring = make({.alternative = "DNS:b.example", .until = 3, .key = world.b.key}, &world.ca);
  Gateway gateway(world);
  struct Visitor {
    Visitor(Gateway& to, const Identity& identity)
        : wire(to.listener->port()), tls(wire.fd(), false, {.identity = &identity}) {
      REQUIRE(tls.handshake());
      REQUIRE(works());
    }
    bool works() { return tls.send(kGet) && tls.read().find("200 OK") != std::string::npos; }
    std::string closed_after() {
      const auto start = Clock::now();
      wire.patience(15s);
      const bool closed = tls.read().empty() && !wire.quiet;
      return closed && Clock::now() - start < 12s ? "closed" : "still open";
    }
    Wire wire;
    RawTls tls;
  };
  Visitor revoked(gateway, world.a), expired(gateway, expiring), switched_off(gateway, world.hub),
      untouched(gateway, world.own);

  world.folder.write("crl.pem", crl(world.ca, {world.a.certificate}));
  for (auto& entry : world.site.peers) entry.enabled = entry.name != "hub";
  gateway.roster.update(world.shared());
  std::vector<Row> rows;
  const auto start = Clock::now();
  rows.push_back({"switched off while connected", switched_off.closed_after(), "closed"});
  rows.push_back({"revoked while connected, by the file alone", revoked.closed_after(), "closed"});
  rows.push_back({"expired while connected", expired.closed_after(), "closed"});
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start);
  rows.push_back({"untouched", untouched.works() ? "works" : "closed", "works"});
  check(rows);
  SUCCEED(fmt::format("all closed within {} ms", took.count()));
  CHECK(gateway.refusals.has("trust.disabled"));
  CHECK((gateway.refusals.has("trust.revoked") || gateway.refusals.has("tls.revoked")));
  CHECK((gateway.refusals.has("trust.expired") || gateway.refusals.has("tls.expired")));
}

TEST_CASE("a client that does not finish its handshake is closed by deadline", "[trust][net][slow]") {
  World world;
  Gateway gateway(world);
  Limits limits;
  limits.handshake_time = 300ms;
  const auto listener =
      gateway.net->listen_http({"127.0.0.1", 0}, &world.files, &gateway.roster, gateway.handler, limits).value();
  Wire silent(listener->port()), half(listener->port());
  half.send(std::string("\x16\x03\x01\x02\x00\x01\x00", 7));
  CHECK(silent.read_to_end().empty());
  CHECK(half.read_to_end().empty());
  CHECK((!silent.quiet && !half.quiet));
  CHECK(gateway.notes.has("net.timeout"));
}

TEST_CASE("a request in progress is finished when its peer is switched off meanwhile", "[trust][net]") {
  World world;
  Gateway gateway(world);
  HoldingHandler holding;
  const auto listener = gateway.net->listen_http({"127.0.0.1", 0}, &world.files, &gateway.roster, holding, {}).value();
  Wire wire(listener->port());
  RawTls tls(wire.fd(), false, {.identity = &world.a});
  REQUIRE(tls.handshake());
  REQUIRE(tls.send(kGet));
  REQUIRE(eventually([&] { return holding.held() == 1; }));
  world.site.peers[0].enabled = false;
  gateway.roster.update(world.shared());
  REQUIRE(eventually([&] { return gateway.refusals.has("trust.disabled"); }, 8s));
  holding.take()({200, {}, "finished"});
  CHECK(tls.read().find("finished") != std::string::npos);
  CHECK(tls.read().empty());
}

TEST_CASE("changed certificate files are used without a command, broken ones are noted and the old stay",
          "[trust][net][slow]") {
  World world;
  Gateway gateway(world);
  CHECK(knock(gateway, {.identity = &world.a}) == "party a");
  world.folder.write("own.key", pem(world.own.key).substr(0, 100));
  REQUIRE(eventually([&] { return gateway.notes.has("tls.files"); }, 8s));
  CHECK(knock(gateway, {.identity = &world.a}) == "party a");
  world.folder.write("own.key", pem(world.own.key));
  const Identity next = make({.key = world.a.key}, &world.other_ca);
  world.folder.write("trust.pem", pem(world.ca.certificate) + pem(world.other_ca.certificate));
  world.folder.write("crl.pem", crl(world.ca, {}) + crl(world.other_ca, {}));
  CHECK(eventually([&] { return knock(gateway, {.identity = &next}) == "party a"; }, 8s));
  CHECK(knock(gateway, {.identity = &world.a}) == "party a");  // both CAs, during the roll-over
}

TEST_CASE("one certificate has no more connections than it may, and takes none from the others", "[limits]") {
  World world;
  Limits limits;
  limits.connections_each = 2;
  Gateway gateway(world, limits);
  struct Line {
    Line(Gateway& to, const Identity& who) : wire(to.listener->port()), tls(wire.fd(), false, {&who}) {
      told = tls.handshake() && tls.send(kGet) ? tls.read() : "";
    }
    Wire wire;
    RawTls tls;
    std::string told;
  };
  auto first = std::make_unique<Line>(gateway, world.a);
  const Line second(gateway, world.a);
  CHECK(first->told.find("party a") != std::string::npos);
  CHECK(second.told.find("party a") != std::string::npos);
  const Line third(gateway, world.a);
  CHECK(third.told.starts_with("HTTP/1.1 429 "));
  CHECK(third.told.find("retry-after") != std::string::npos);
  CHECK(gateway.notes.has("net.connections-each"));
  CHECK(Line(gateway, world.b).told.find("party b") != std::string::npos);

  first.reset();
  CHECK(eventually([&] { return Line(gateway, world.a).told.find("party a") != std::string::npos; }));
}
