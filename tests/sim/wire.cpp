#include "tests/sim/wire.h"

#include <fmt/format.h>

namespace gateway::sim {

struct Wire::Call {
  Caller from;
  net::Address to;
  net::HttpRequest request;
  Done done;  // empty: the sender has its result
  Millis within = 0;
  std::string server;  // the machine that serves it
  bool lost_answer = false, silent = false;
};

/// What a handler holds to answer by. Forgotten: 500 over HTTP, a closed connection over MLLP, as the real Net does.
struct Answering {
  Answering(Wire& on, Wire::Held held, Owner by, bool mllp)
      : wire(on), call(std::move(held)), owner(by), frames(mllp) {}
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;
  ~Answering() {
    if (used || !wire.scheduler_.alive(owner)) return;
    wire.serving_[owner].erase(call);
    frames ? wire.fail(call, wire.way(), Fault::in_doubt, "sim.closed")
           : wire.end(call, wire.way(), net::HttpResponse{500, {}, ""});
  }
  void answer(net::HttpResponse response) {
    used = true;
    if (!wire.scheduler_.alive(owner)) return;
    wire.serving_[owner].erase(call);
    wire.answered(call, std::move(response));
  }

  Wire& wire;
  Wire::Held call;
  Owner owner;
  bool frames, used = false;
};

std::string to_string(const net::Address& address) { return fmt::format("{}:{}", address.host, address.port); }

bool Wire::listen(const net::Address& at, Ear ear) { return ears_.emplace(to_string(at), std::move(ear)).second; }

void Wire::leave(const net::Address& at, Owner owner) {
  const auto found = ears_.find(to_string(at));
  if (found != ears_.end() && found->second.owner == owner) ears_.erase(found);
}

void Wire::vanish(Owner owner, bool told) {
  std::erase_if(ears_, [&](const auto& one) { return one.second.owner == owner; });
  for (const Held& call : std::exchange(serving_[owner], {})) {
    if (told) fail(call, way(), Fault::in_doubt, "sim.reset");
  }
}

void Wire::carry(Caller from, const net::Address& to, net::HttpRequest request, Millis within, Done done) {
  if (on_sent) on_sent(from, to_string(to), request);
  auto call = std::make_shared<Call>();
  call->from = std::move(from);
  call->to = to;
  call->request = std::move(request);
  call->done = std::move(done);
  call->within = within;
  scheduler_.after(within, call->from.owner, [this, call] { fail(call, 0, Fault::in_doubt, "sim.timeout"); });
  if (chance_.chance(weather.refused)) return fail(call, way(), Fault::unavailable, "sim.refused");
  if (chance_.chance(weather.lost)) return;
  call->lost_answer = chance_.chance(weather.cut);
  call->silent = chance_.chance(weather.silent);
  const Millis late = chance_.chance(weather.late) ? chance_.between(0, 2 * within) : 0;
  scheduler_.after(way() + late, 0, [this, call] { arrive(call); });
}

void Wire::arrive(const Held& call) {
  const auto found = ears_.find(to_string(call->to));
  if (found == ears_.end()) return fail(call, way(), Fault::unavailable, "sim.nobody");
  const Ear ear = found->second;
  if (!reaches(call->from.machine, ear.machine)) return;  // until the deadline
  const bool asks = call->from.gatekeeper != nullptr && scheduler_.alive(call->from.owner);
  if (asks && !call->from.gatekeeper->admit(ear.certificate)) {
    return fail(call, way(), Fault::forbidden, "sim.server-certificate");
  }
  if (ear.gatekeeper != nullptr) {
    const auto admitted = ear.gatekeeper->admit(call->from.certificate);
    if (!admitted) {
      ear.gatekeeper->refused({call->from.machine, call->from.certificate, admitted.error()});
      return fail(call, way(), Fault::forbidden, "sim.client-certificate");
    }
  }
  serve(call, ear);
}

void Wire::serve(const Held& call, const Ear& ear) {
  call->server = ear.machine;
  serving_[ear.owner].insert(call);
  auto answering = std::make_shared<Answering>(*this, call, ear.owner, ear.mllp != nullptr);
  const std::string remote = call->from.machine + ":1";
  const std::int64_t mark = on_arrived ? on_arrived(ear, call->request) : 0;
  if (ear.mllp != nullptr) {
    ear.mllp->handle({call->request.body, call->from.certificate, remote},
                     [this, ear, call, answering, mark](std::vector<std::string> frames) {
                       if (frames.empty()) return;  // closes
                       net::HttpResponse response{200, {}, std::move(frames.front())};
                       if (on_answer && scheduler_.alive(ear.owner)) on_answer(ear, call->request, response, mark);
                       answering->answer(std::move(response));
                     });
    return;
  }
  net::HttpRequest request = call->request;
  request.certificate = call->from.certificate;
  request.remote = remote;
  ear.http->handle(std::move(request), [this, ear, call, answering, mark](net::HttpResponse response) {
    if (on_answer && scheduler_.alive(ear.owner)) on_answer(ear, call->request, response, mark);
    answering->answer(std::move(response));
  });
}

void Wire::answered(const Held& call, net::HttpResponse response) {
  if (call->silent || !reaches(call->server, call->from.machine)) return;
  if (call->lost_answer) return fail(call, way(), Fault::in_doubt, "sim.cut");
  end(call, way(), std::move(response));
}

void Wire::end(const Held& call, Millis delay, Result<net::HttpResponse> result) {
  scheduler_.after(delay, call->from.owner, [this, call, result = std::move(result)]() mutable {
    if (!call->done) return;
    if (on_ended) on_ended(call->from, to_string(call->to), call->request);
    auto done = std::exchange(call->done, nullptr);
    done(std::move(result));
  });
}

void Wire::fail(const Held& call, Millis delay, Fault fault, std::string code) {
  end(call, delay, fhir::fail(fault, std::move(code), "", "the network of the simulation"));
}

// ---- one process's view

namespace {

class Ears final : public net::Listener {
 public:
  Ears(Wire& wire, net::Address at, Owner owner) : wire_(wire), at_(std::move(at)), owner_(owner) {}
  ~Ears() override { wire_.leave(at_, owner_); }
  std::uint16_t port() const override { return at_.port; }

 private:
  Wire& wire_;
  const net::Address at_;
  const Owner owner_;
};

}  // namespace

Result<std::unique_ptr<net::Listener>> ProcessNet::listen(const net::Address& at, Wire::Ear ear) {
  ear.machine = machine_;
  ear.owner = owner_;
  ear.certificate = certificate_;
  if (!wire_.listen(at, std::move(ear))) return fhir::fail(Fault::unavailable, "sim.in-use", to_string(at), "in use");
  return std::make_unique<Ears>(wire_, at, owner_);
}

Result<std::unique_ptr<net::Listener>> ProcessNet::listen_http(const net::Address& at, const net::TlsFiles*,
                                                               net::Gatekeeper* gatekeeper, net::HttpHandler& handler,
                                                               const net::Limits&) {
  return listen(at, {{}, 0, &handler, nullptr, gatekeeper, {}});
}

Result<std::unique_ptr<net::Listener>> ProcessNet::listen_mllp(const net::Address& at, const net::TlsFiles*,
                                                               net::Gatekeeper* gatekeeper, net::MllpHandler& handler,
                                                               const net::Limits&, const net::Mllp&) {
  return listen(at, {{}, 0, nullptr, &handler, gatekeeper, {}});
}

Result<std::unique_ptr<net::Listener>> ProcessNet::listen_unix(const std::string& path, net::HttpHandler& handler,
                                                               const net::Limits&) {
  return listen({path, 0}, {{}, 0, &handler, nullptr, nullptr, {}});
}

Wire::Caller ProcessNet::caller(const net::TlsFiles* tls, net::Gatekeeper* gatekeeper) const {
  return {machine_, owner_, gatekeeper, tls == nullptr ? net::PeerCertificate{} : certificate_};
}

void ProcessNet::send_http(const net::Address& to, const net::TlsFiles* tls, net::Gatekeeper* gatekeeper,
                           net::HttpRequest request, std::chrono::milliseconds within,
                           std::move_only_function<void(Result<net::HttpResponse>)> done) {
  if (stopped_) return done(fhir::fail(Fault::unavailable, "sim.stopped", "", "stopping"));
  wire_.carry(caller(tls, gatekeeper), to, std::move(request), within.count(), std::move(done));
}

void ProcessNet::send_mllp(const net::Address& to, const net::TlsFiles* tls, net::Gatekeeper* gatekeeper,
                           std::string bytes, const net::Mllp&, std::chrono::milliseconds within,
                           std::move_only_function<void(Result<std::string>)> done) {
  if (stopped_) return done(fhir::fail(Fault::unavailable, "sim.stopped", "", "stopping"));
  net::HttpRequest request;
  request.body = std::move(bytes);
  wire_.carry(caller(tls, gatekeeper), to, std::move(request), within.count(),
              [done = std::move(done)](Result<net::HttpResponse> response) mutable {
                if (!response) return done(fhir::pass(response));
                done(std::move(response->body));
              });
}

void ProcessNet::after(std::chrono::milliseconds delay, std::move_only_function<void()> task) {
  if (!stopped_) scheduler_.after(delay.count(), owner_, std::move(task));
}

}  // namespace gateway::sim
