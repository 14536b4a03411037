#include "gateway/operate/peer_test.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <future>
#include <optional>

namespace gateway::operate {
namespace {

using namespace std::chrono_literals;
using fhir::Error;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using Verdict = Stage::Verdict;

constexpr std::array<const char*, 5> kStages{"dns", "tcp", "tls", "identity", "fhir"};
constexpr int kConnectMillis = 5000;
constexpr auto kAsk = 10s;      // one question over HTTP
constexpr auto kAskBack = 25s;  // the peer's own test

// ---- name and port

struct Found {
  addrinfo* list = nullptr;
  ~Found() {
    if (list != nullptr) ::freeaddrinfo(list);
  }
};

Stage failed(const char* name, std::string say, std::string advice) {
  return {name, Verdict::failed, std::move(say), std::move(advice)};
}
Stage passed(const char* name, std::string say) { return {name, Verdict::passed, std::move(say), {}}; }

Stage look_up(const net::Address& at, Found& found) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int code = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &found.list);
  if (code != 0)
    return failed("dns", fmt::format("the name {} is not known here: {}", at.host, ::gai_strerror(code)),
                  "check `address` in peers.yaml, and this machine's DNS: getent hosts " + at.host);
  std::size_t count = 0;
  for (const addrinfo* one = found.list; one != nullptr; one = one->ai_next) ++count;
  return passed("dns", fmt::format("{}: {} address{}", at.host, count, count == 1 ? "" : "es"));
}

/// 0 when the port answers; else the reason.
int connect_to(const addrinfo& place) {
  const int fd = ::socket(place.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  int why = ::connect(fd, place.ai_addr, place.ai_addrlen) == 0 ? 0 : errno;
  if (why == EINPROGRESS) {
    pollfd writable{fd, POLLOUT, 0};
    socklen_t size = sizeof why;
    if (::poll(&writable, 1, kConnectMillis) <= 0)
      why = ETIMEDOUT;
    else
      ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size);
  }
  ::close(fd);
  return why;
}

Stage knock(const net::Address& at, const Found& found) {
  int why = EADDRNOTAVAIL;
  for (const addrinfo* one = found.list; one != nullptr && why != 0; one = one->ai_next) why = connect_to(*one);
  const std::string place = fmt::format("{}:{}", at.host, at.port);
  if (why == 0) return passed("tcp", place + " answers");
  return failed("tcp", fmt::format("{}: {}", place, ::strerrordesc_np(why)),
                why == ECONNREFUSED ? "nothing listens there: does their gateway run, on this port?"
                                    : "no way there: check routing and firewalls of both sides for this port");
}

// ---- what a call said about TLS and certificates

/// Which stage an error of a call belongs to, and what to do about it.
struct Meaning {
  std::string_view code;
  const char* stage;
  std::string_view advice;
};

constexpr Meaning kMeanings[] = {
    {"tls.plaintext", "tls", "no TLS is spoken there: is `address` their gateway, or something in front of it?"},
    {"tls.version", "tls", "they do not offer TLS 1.3"},
    {"tls.protocol", "tls", "they do not speak HTTP over TLS there: is it another service's port?"},
    {"tls.handshake", "tls", "something between us breaks TLS: a proxy that looks into it, or another service"},
    {"tls.no-certificate", "identity", "they show no certificate"},
    {"tls.expired", "identity", "their certificate has expired: they must renew it"},
    {"tls.not-yet-valid", "identity", "their certificate is not valid yet: compare both clocks"},
    {"tls.revoked", "identity", "their certificate is revoked: they must get a new one"},
    {"tls.no-crl", "identity", "our revocation list does not cover their authority: fetch the current one"},
    {"tls.crl-expired", "identity", "our revocation list is out of date: fetch the current one"},
    {"tls.unknown-ca", "identity", "our `tls.trust` does not hold the authority that issued their certificate"},
    {"tls.self-signed", "identity", "they show a certificate that no authority issued"},
    {"tls.refused-by-peer", "identity",
     "they refuse our certificate: has it expired, does their `tls.trust` hold our authority?"},
    {"trust.unknown-key", "identity", "their key changed: get their new pin by another way than this line, add it"},
    {"trust.wrong-san", "identity", "their certificate does not carry the `san` we expect"},
    {"trust.unknown-name", "identity", "this is somebody we do not know: is `address` right?"},
    {"trust.other-party", "identity", "another of our peers answers there: is `address` right?"},
    {"trust.disabled", "identity", "the peer is switched off in our peers.yaml"},
    {"trust.expired", "identity", "their certificate has expired: they must renew it"},
    {"trust.revoked", "identity", "their certificate is revoked: they must get a new one"},
    {"trust.crl-expired", "identity", "our revocation list is out of date: fetch the current one"},
};

const Meaning* meaning_of(std::string_view code) {
  const auto found = std::ranges::find(kMeanings, code, &Meaning::code);
  return found == std::end(kMeanings) ? nullptr : &*found;
}

bool speaks_fhir(const net::HttpResponse& response) {
  const auto body = Json::parse(response.body);
  return response.status == 200 && body && body->root()["resourceType"].text() == "CapabilityStatement" &&
         body->root()["fhirVersion"].text() == "4.0.1";
}

std::string issue_code(const net::HttpResponse& response) {
  const auto body = Json::parse(response.body);
  return body ? std::string(body->root()["issue"].at(0)["details"]["coding"].at(0)["code"].text()) : std::string();
}

}  // namespace

bool Probe::passed() const {
  return std::ranges::all_of(stages, [](const Stage& stage) { return stage.verdict == Verdict::passed; });
}

JsonTree Probe::told() const {
  constexpr std::string_view kVerdicts[] = {"passed", "failed", "skipped"};
  JsonTree list = JsonTree::array();
  for (const Stage& stage : stages) {
    JsonTree told = JsonTree::object(
        {{"stage", stage.name}, {"verdict", kVerdicts[static_cast<std::size_t>(stage.verdict)]}, {"say", stage.say}});
    if (!stage.advice.empty()) told.set("advice", stage.advice);
    list.push(std::move(told));
  }
  JsonTree told = JsonTree::object({{"passed", JsonTree::boolean(passed())}});
  told.set("stages", std::move(list));
  return told;
}

/// Judges a peer's certificate as the couriers' gatekeeper does, and remembers that it was shown: so a test knows how
/// far its handshake came. One for each peer, kept, because connections refer to it.
class PeerTests::Witness final : public net::Gatekeeper {
 public:
  explicit Witness(net::Gatekeeper& judge) : judge_(judge) {}
  Result<void> admit(const net::PeerCertificate& certificate) override {
    auto verdict = judge_.admit(certificate);
    admitted_ = verdict.has_value();
    return verdict;
  }
  void refused(const net::Refusal& refusal) override { judge_.refused(refusal); }

  void forget() { admitted_ = false; }
  bool admitted() const { return admitted_; }

 private:
  net::Gatekeeper& judge_;
  std::atomic<bool> admitted_{false};
};

PeerTests::PeerTests(net::Net& net, exchange::Expectation expect, InForce config)
    : net_(net), expect_(std::move(expect)), config_(std::move(config)) {}

PeerTests::~PeerTests() { stop(); }

PeerTests::Witness& PeerTests::witness(const std::string& peer) {
  const std::scoped_lock lock(mutex_);
  auto& known = witnesses_[peer];
  if (!known) known = std::make_unique<Witness>(*expect_(peer));
  return *known;
}

namespace {

void add_failed(Probe& probe, const Error& error, bool admitted) {
  const Meaning* meaning = meaning_of(error.code);
  const bool certificate = error.code.starts_with("tls.") || error.code.starts_with("trust.");
  const std::string stage = meaning != nullptr ? meaning->stage : !admitted && !certificate ? "tls" : "identity";
  const std::string advice(meaning != nullptr ? meaning->advice : "see the codes in both gateways' logs");
  const std::string say = fmt::format("{}: {}", error.code, error.say);
  if (stage == "identity") probe.stages.push_back(passed("tls", "TLS 1.3 is spoken"));
  probe.stages.push_back({stage, Verdict::failed, say, advice});
}

void add_answer(Probe& probe, const net::HttpResponse& response, const std::string& base) {
  probe.stages.push_back(passed("tls", "TLS 1.3 is spoken"));
  if (response.status == 403) {
    const std::string code = issue_code(response);
    return probe.stages.push_back(failed("identity", fmt::format("they know who we are and refuse us: {}", code),
                                         "their administrator must look at our entry in their peers.yaml: pin, san, "
                                         "enabled"));
  }
  probe.stages.push_back(passed("identity", "their certificate is the one we expect; ours is accepted"));
  if (speaks_fhir(response)) return probe.stages.push_back(passed("fhir", "a CapabilityStatement of FHIR 4.0.1"));
  probe.stages.push_back(failed(
      "fhir", fmt::format("{}/metadata answered HTTP {}, no CapabilityStatement of FHIR 4.0.1", base, response.status),
      "is the path in `address` their FHIR base?"));
}

Probe completed(Probe probe) {
  for (std::size_t i = probe.stages.size(); i < kStages.size(); ++i)
    probe.stages.push_back({kStages[i], Verdict::skipped, "not reached", {}});
  return probe;
}

/// True when the port answers.
bool reach(Probe& probe, const net::Address& at) {
  Found found;
  probe.stages.push_back(look_up(at, found));
  if (probe.stages.back().verdict != Verdict::passed) return false;
  probe.stages.push_back(knock(at, found));
  return probe.stages.back().verdict == Verdict::passed;
}

}  // namespace

void PeerTests::probe(const std::string& name, std::move_only_function<void(Probe)> done) {
  worker_.post([this, name, done = std::move(done)]() mutable {
    Probe probe;
    const auto config = config_();
    const config::Peer* peer = config->peer(name);
    if (peer != nullptr && peer->mailbox == config::Mailbox::here) {
      probe.stages.push_back(failed("dns", "it opens no port and is never called: it collects from its mailbox here",
                                    "test from its side; `causeway peer ls` shows whether it comes"));
      return done(completed(std::move(probe)));
    }
    if (peer == nullptr || !reach(probe, peer->address)) return done(completed(std::move(probe)));
    Witness& seen = witness(name);
    seen.forget();
    net::HttpRequest request;
    request.method = "GET";
    request.target = peer->base + "/metadata";
    request.headers = {{"accept", "application/fhir+json"}, {"connection", "close"}};  // a handshake of its own
    std::promise<Result<net::HttpResponse>> promise;
    auto answered = promise.get_future();
    net_.send_http(peer->address, &config->tls, &seen, std::move(request), kAsk,
                   [&promise](Result<net::HttpResponse> response) { promise.set_value(std::move(response)); });
    const auto answer = answered.get();
    if (answer)
      add_answer(probe, *answer, peer->base);
    else
      add_failed(probe, answer.error(), seen.admitted());
    done(completed(std::move(probe)));
  });
}

void PeerTests::test(const std::string& name, std::move_only_function<void(JsonTree)> done) {
  probe(name, [this, name, done = std::move(done)](Probe there) mutable {
    JsonTree told = JsonTree::object({{"peer", name}});
    told.set("there", there.told());
    if (there.passed()) return ask_back(name, std::move(told), std::move(done));
    told.set("back", JsonTree::object({{"say", "not asked: we do not reach them"}}));
    done(std::move(told));
  });
}

void PeerTests::ask_back(const std::string& name, JsonTree told, std::move_only_function<void(JsonTree)> done) {
  const auto config = config_();
  const config::Peer* peer = config->peer(name);
  if (peer == nullptr) return done(std::move(told));
  net::HttpRequest request;
  request.method = "POST";
  request.target = peer->base + "/$test-back";
  request.headers = {{"content-type", "application/fhir+json"}, {"accept", "application/fhir+json"}};
  request.body = "{}";
  net_.send_http(peer->address, &config->tls, expect_(name), std::move(request), kAskBack,
                 [told = std::move(told), done = std::move(done)](Result<net::HttpResponse> response) mutable {
                   const auto body = response && response->status == 200 ? Json::parse(response->body)
                                                                         : fhir::fail(fhir::Fault::invalid, "", "", "");
                   if (body) {
                     told.set("back", JsonTree::from(body->root()));
                   } else {
                     const std::string why = !response ? fhir::to_string(response.error())
                                             : response->status == 429
                                                 ? "they were asked a moment ago: try again in 10 s"
                                                 : fmt::format("HTTP {}", response->status);
                     told.set("back", JsonTree::object({{"say", "they gave no verdict: " + why}}));
                   }
                   done(std::move(told));
                 });
}

}  // namespace gateway::operate
