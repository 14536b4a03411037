// MLLP over mutual TLS: who is served, and which versions are spoken.
#include <catch2/catch.hpp>

#include "../trust/mini_ca.h"
#include "adapters/hl7v2/mllp.h"
#include "support.h"

using namespace net_test;
using namespace mini_ca;
using adapters::hl7v2::frame;

namespace {

class Acknowledger final : public MllpHandler {
 public:
  std::string pin;  // whose certificate came with the last message
  void handle(MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) override {
    pin = request.certificate.key_pin;
    reply({"ACK " + request.bytes});
  }
};

/// One authority, a server, a client, and a door that listens.
struct Door {
  explicit Door(bool from_1_2 = false) : net(make_net(1, notes.watch())) {
    files.from_1_2 = from_1_2;
    listener = net->listen_mllp({"127.0.0.1", 0}, &files, nullptr, handler, {}, {}).value();
  }
  ~Door() { net->stop(); }

  TlsFiles of(const std::string& name, const Identity& identity) const {
    return {folder.write(name + ".pem", pem(identity.certificate)), folder.write(name + ".key", pem(identity.key)),
            folder.write("trust.pem", pem(ca.certificate)), ""};
  }
  Target target(const TlsFiles& with) const { return {{"127.0.0.1", listener->port()}, &with}; }
  /// What a client with this certificate hears, over this version at most.
  std::string heard_by(const Identity* identity, int version = TLS1_3_VERSION) const {
    Wire wire(listener->port());
    RawTls client(wire.fd(), false, {identity, version});
    if (!client.handshake() || !client.send(frame("MSH|"))) return "refused";
    const std::string answer = client.read();
    return answer.empty() ? "refused" : answer;
  }

  Folder folder;
  Identity ca = make(ca_order("ca"), nullptr), other_ca = make(ca_order("other"), nullptr);
  Identity own = make({.name = "own", .alternative = "DNS:localhost,IP:127.0.0.1"}, &ca);
  Identity his = make({.name = "his", .alternative = "DNS:his.example"}, &ca);
  Identity stranger = make({.name = "stranger", .alternative = "DNS:his.example"}, &other_ca);
  TlsFiles files = of("own", own);
  Log notes;
  Acknowledger handler;
  std::unique_ptr<Net> net;
  std::unique_ptr<Listener> listener;
};

}  // namespace

TEST_CASE("over mllps both sides show a certificate, and the handler learns whose", "[net][mllp][tls]") {
  Door door;
  const TlsFiles his = door.of("his", door.his);
  const auto answer = call_mllp(*door.net, door.target(his), "MSH|");
  REQUIRE(answer);
  CHECK(*answer == "ACK MSH|");
  CHECK_FALSE(door.handler.pin.empty());
}

TEST_CASE("over mllps nobody is served without a certificate of a trusted authority", "[net][mllp][tls]") {
  Door door;
  CHECK(door.heard_by(&door.his) == frame("ACK MSH|"));
  CHECK(door.heard_by(nullptr) == "refused");
  CHECK(door.heard_by(&door.stranger) == "refused");
  Wire plain(door.listener->port());
  plain.send(frame("MSH|"));
  CHECK_FALSE(plain.read_to_end().contains("ACK"));
}

TEST_CASE("over mllps our messages go only to the server that carries the name we called", "[net][mllp][tls]") {
  Door door;
  door.files = door.of("elsewhere", make({.name = "own", .alternative = "DNS:elsewhere.example"}, &door.ca));
  door.listener = door.net->listen_mllp({"127.0.0.1", 0}, &door.files, nullptr, door.handler, {}, {}).value();
  const TlsFiles his = door.of("his", door.his);
  const auto answer = call_mllp(*door.net, door.target(his), "MSH|");
  REQUIRE_FALSE(answer);
  CHECK(answer.error().fault == fhir::Fault::forbidden);
}

TEST_CASE("TLS 1.2 is spoken only where it is allowed by name, and nothing older anywhere", "[net][mllp][tls]") {
  Door modern, old(true);
  CHECK(modern.heard_by(&modern.his, TLS1_2_VERSION) == "refused");
  CHECK(old.heard_by(&old.his, TLS1_2_VERSION) == frame("ACK MSH|"));
  CHECK(old.heard_by(nullptr, TLS1_2_VERSION) == "refused");
  CHECK(old.heard_by(&old.stranger, TLS1_2_VERSION) == "refused");
  CHECK(old.heard_by(&old.his) == frame("ACK MSH|"));
  CHECK(old.heard_by(&old.his, TLS1_1_VERSION) == "refused");
}

TEST_CASE("a system that has nothing newer than TLS 1.2 is reached only when its setting says so", "[net][mllp][tls]") {
  const Door door;
  ScriptedServer server([&](Wire& wire, int) {
    RawTls tls(wire.fd(), true, {&door.own, TLS1_2_VERSION});
    if (tls.handshake() && !tls.read().empty()) tls.send(frame("AA"));
    tls.read();
  });
  TlsFiles his = door.of("his", door.his);
  const auto net = make_net(1);
  const Target target{{"127.0.0.1", server.port()}, &his};
  CHECK_FALSE(call_mllp(*net, target, "MSH|"));
  his.from_1_2 = true;
  CHECK(call_mllp(*net, target, "MSH|").value_or("none") == "AA");
}
