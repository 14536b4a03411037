#include <signal.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "gateway/net/client.h"
#include "gateway/net/http1.h"
#include "gateway/net/net.h"
#include "gateway/net/server.h"

namespace gateway::net {
namespace {

using fhir::Fault;

constexpr std::chrono::seconds kDrain{5};

class AsioNet final : public Net {
 public:
  AsioNet(unsigned threads, Watch watch) : shared_(std::make_shared<Shared>()) {
    ::signal(SIGPIPE, SIG_IGN);  // SSL_write raises it on a connection that was reset
    shared_->watch = std::move(watch);
    for (unsigned i = 0; i < std::max(threads, 1u); ++i) add_loop();
    loops_.front()->on_tick = [this, tick = loops_.front()->on_tick](Deadline now, bool recheck) {
      if (recheck) refresh_files(false);
      tick(now, recheck);
    };
    for (const auto& loop : loops_) loop->start();
  }

  ~AsioNet() override { stop(); }

  Result<std::unique_ptr<Listener>> listen_http(const Address& at, const TlsFiles* tls, Gatekeeper* gatekeeper,
                                                HttpHandler& handler, const Limits& limits) override {
    auto service = std::make_shared<Service>();
    service->http = &handler;
    return listen(at, tls, gatekeeper, tls::Speaks::http, limits, std::move(service));
  }

  Result<std::unique_ptr<Listener>> listen_mllp(const Address& at, const TlsFiles* tls, Gatekeeper* gatekeeper,
                                                MllpHandler& handler, const Limits& limits,
                                                const Mllp& manner) override {
    auto service = std::make_shared<Service>();
    service->mllp = &handler;
    service->manner = manner;
    return listen(at, tls, gatekeeper, tls::Speaks::mllp, limits, std::move(service));
  }

  Result<std::unique_ptr<Listener>> listen_unix(const std::string& path, HttpHandler& handler,
                                                const Limits& limits) override {
    auto service = std::make_shared<Service>();
    service->http = &handler;
    service->limits = limits;
    auto socket = listen_path(path);
    if (!socket) return fhir::pass(socket);
    return serve(loops_, std::move(service), *socket, path);
  }

  void send_http(const Address& to, const TlsFiles* tls, Gatekeeper* gatekeeper, HttpRequest request,
                 std::chrono::milliseconds within, std::move_only_function<void(Result<HttpResponse>)> done) override {
    auto bytes = render(request, to);
    auto call = make_http_call(bytes ? *std::move(bytes) : "", request.method == "HEAD", Clock::now() + within,
                               std::move(done));
    if (!bytes) return refuse(call, bytes.error());
    send(key_of(to, tls, gatekeeper, tls::Speaks::http), call);
  }

  void send_mllp(const Address& to, const TlsFiles* tls, Gatekeeper* gatekeeper, std::string message,
                 const Mllp& manner, std::chrono::milliseconds within,
                 std::move_only_function<void(Result<std::string>)> done) override {
    send(key_of(to, tls, gatekeeper, tls::Speaks::mllp),
         make_mllp_call(message, manner, Clock::now() + within, std::move(done)));
  }

  void after(std::chrono::milliseconds delay, std::move_only_function<void()> task) override {
    const auto& loop = least_busy();
    loop->post([&loop = *loop, delay, task = std::move(task)]() mutable { loop.after(delay, std::move(task)); });
  }

  void reload_tls() override { refresh_files(true); }

  Counters counters() const override {
    return {shared_->accepted,   shared_->open,    shared_->connected, shared_->requests,
            shared_->handshakes, shared_->resumed, shared_->refused};
  }

  void stop() override {
    const std::lock_guard lock(shared_->control);
    if (std::exchange(shared_->stopped, true)) return;
    shared_->stopping = true;
    for (const auto& [listener, stop_accepting] : shared_->stop_accepting) stop_accepting();
    for (const auto& loop : loops_) {
      loop->run_and_wait([&] {
        for (Connection* connection : loop->connections()) connection->leave();
      });
    }
    shared_->wait_for_work(kDrain);
    for (const auto& loop : loops_) loop->stop();
  }

 private:
  struct Place {
    std::shared_ptr<Pool> pool;
    std::shared_ptr<Loop> loop;
    Client* client;
  };

  void add_loop() {
    auto loop = std::make_shared<Loop>(shared_);
    auto client = std::make_unique<Client>(*loop);
    loop->on_tick = [client = client.get()](Deadline now, bool recheck) { client->tick(now, recheck); };
    loop->on_stop = [client = client.get()] { client->stop(); };
    clients_.emplace(loop.get(), std::move(client));
    loops_.push_back(std::move(loop));
  }

  const std::shared_ptr<Loop>& least_busy() const {
    return *std::ranges::min_element(loops_, {}, [](const auto& loop) { return loop->load.load(); });
  }

  Result<std::unique_ptr<Listener>> listen(const Address& at, const TlsFiles* tls, Gatekeeper* gatekeeper,
                                           tls::Speaks speaks, const Limits& limits, std::shared_ptr<Service> service) {
    service->limits = limits;
    service->guard.gatekeeper = gatekeeper;
    if (tls != nullptr) {
      auto credentials = tls::Credentials::open(*tls, tls::Role::server, speaks);
      if (!credentials) return fhir::pass(credentials);
      service->guard.credentials = *credentials;
      const std::lock_guard lock(mutex_);
      credentials_.push_back(*std::move(credentials));
    }
    auto socket = listen_tcp(at);
    if (!socket) return fhir::pass(socket);
    return serve(loops_, std::move(service), *socket, "");
  }

  static Pool::Key key_of(const Address& to, const TlsFiles* tls, Gatekeeper* gatekeeper, tls::Speaks speaks) {
    Pool::Key key{to.host, to.port, speaks, std::nullopt, gatekeeper};
    if (tls != nullptr) key.tls = *tls;
    return key;
  }

  void send(const Pool::Key& key, std::shared_ptr<Call> call) {
    auto place = place_of(key);
    if (!place) return refuse(std::move(call), place.error());
    const bool taken = place->loop->post([place = *place, call] { place.client->start(place.pool, call); });
    if (!taken) call->fail({Fault::unavailable, "net.stopped", "", "the gateway has stopped"});
  }

  /// `done` is promised to run on an I/O thread, also when it is clear at once that nothing can be sent.
  void refuse(std::shared_ptr<Call> call, Error why) {
    if (!loops_.front()->post([call, why] { call->fail(why); })) call->fail(std::move(why));
  }

  Result<Place> place_of(const Pool::Key& key) {
    const std::lock_guard lock(mutex_);
    if (const auto found = places_.find(key); found != places_.end()) return found->second;
    auto pool = std::make_shared<Pool>();
    pool->key = key;
    pool->guard.gatekeeper = key.gatekeeper;
    if (key.tls) {
      auto credentials = tls::Credentials::open(*key.tls, tls::Role::client, key.speaks);
      if (!credentials) return fhir::pass(credentials);
      pool->guard.credentials = *credentials;
      credentials_.push_back(*std::move(credentials));
    }
    const auto& loop = loops_[places_.size() % loops_.size()];
    return places_.emplace(key, Place{std::move(pool), loop, clients_.at(loop.get()).get()}).first->second;
  }

  void refresh_files(bool anyway) {
    std::vector<std::shared_ptr<tls::Credentials>> all;
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(credentials_, [](const auto& credentials) { return credentials.expired(); });
      for (const auto& credentials : credentials_) all.push_back(credentials.lock());
    }
    bool changed = false;
    for (const auto& credentials : all) {
      auto fresh = credentials->refresh(anyway);
      if (!fresh) shared_->note("", fresh.error());
      changed = changed || (fresh && *fresh);
    }
    if (changed) recheck_everybody();
  }

  void recheck_everybody() {
    for (const auto& loop : loops_) {
      loop->post([&loop = *loop] {
        for (Connection* connection : loop.connections()) connection->recheck();
      });
    }
  }

  std::shared_ptr<Shared> shared_;
  Loops loops_;
  std::map<const Loop*, std::unique_ptr<Client>> clients_;
  std::mutex mutex_;
  std::map<Pool::Key, Place> places_;
  std::vector<std::weak_ptr<tls::Credentials>> credentials_;
};

}  // namespace

std::unique_ptr<Net> make_net(unsigned threads, Watch watch) {
  return std::make_unique<AsioNet>(threads, std::move(watch));
}

}  // namespace gateway::net
