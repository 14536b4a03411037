// What one I/O thread of a gateway serves over loopback: requests per second of its CPU time with and without mutual
// TLS, handshakes, and what an idle connection holds. The server is a process of its own, so that its CPU time and
// memory are its own; the client is the product's too.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/net/net.h"
#include "gateway/trust/demo_ca.h"

namespace {

using namespace gateway::net;
using namespace std::chrono_literals;

constexpr std::size_t kConcurrent = 32, kRequests = 60'000, kIdle = 1024;

class Everybody final : public Gatekeeper {
 public:
  Result<void> admit(const PeerCertificate&) override { return {}; }
  void refused(const Refusal&) override {}
};

/// Answers 2 KB; "/slow" after three seconds, so that many connections stand open at once.
class Answerer final : public HttpHandler {
 public:
  explicit Answerer(Net& net) : net_(net) {}
  void handle(HttpRequest request, std::move_only_function<void(HttpResponse)> reply) override {
    auto answer = [reply = std::move(reply)]() mutable {
      reply({200, {{"content-type", "application/fhir+json"}}, std::string(2048, 'x')});
    };
    request.target == "/slow" ? net_.after(3s, std::move(answer)) : answer();
  }

 private:
  Net& net_;
};

/// The server process: writes its two ports to `out` and serves until it is killed.
[[noreturn]] void serve(int out, const TlsFiles& tls) {
  const auto net = make_net(1);
  Answerer handler(*net);
  Everybody everybody;
  const auto plain = net->listen_http({"127.0.0.1", 0}, nullptr, nullptr, handler, {}).value();
  const auto secure = net->listen_http({"127.0.0.1", 0}, &tls, &everybody, handler, {}).value();
  const std::uint16_t ports[] = {plain->port(), secure->port()};
  if (::write(out, ports, sizeof ports) != sizeof ports) ::_exit(1);
  for (;;) ::pause();
}

double cpu_seconds(pid_t process) {
  double total = 0;
  for (const auto& task : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process))) {
    std::ifstream schedstat(task.path() / "schedstat");
    double nanoseconds = 0;
    schedstat >> nanoseconds;
    total += nanoseconds / 1e9;
  }
  return total;
}

double resident_kib(pid_t process) {
  std::ifstream file(fmt::format("/proc/{}/statm", process));
  double all = 0, resident = 0;
  file >> all >> resident;
  return resident * 4;
}

struct Load {
  Net& net;
  Address to;
  const TlsFiles* tls = nullptr;
  std::vector<std::unique_ptr<Everybody>> gatekeepers;  // each has a pool of its own
  std::atomic<std::size_t> started{0}, answered{0}, failed{0};

  void one(const std::string& target, std::size_t gatekeeper, std::size_t total) {
    if (started++ >= total) return;
    net.send_http(to, tls, tls == nullptr ? nullptr : gatekeepers[gatekeeper].get(), {"GET", target, {}, "", {}, ""},
                  60s, [this, target, gatekeeper, total](Result<HttpResponse> answer) {
                    ++(answer ? answered : failed);
                    one(target, gatekeeper, total);
                  });
  }
  void wait(std::size_t total) const {
    while (answered + failed < total) std::this_thread::sleep_for(1ms);
  }
};

void requests(const char* name, pid_t server, std::uint16_t port, const TlsFiles* tls) {
  const auto net = make_net(1);
  Load load{*net, {"127.0.0.1", port}, tls, {}};
  load.gatekeepers.push_back(std::make_unique<Everybody>());
  const double cpu = cpu_seconds(server);
  const auto began = Clock::now();
  for (std::size_t i = 0; i < kConcurrent; ++i) load.one("/", 0, kRequests);
  load.wait(kRequests);
  const std::chrono::duration<double> took = Clock::now() - began;
  std::cout << fmt::format("{:<28} {:>8.0f} per second, {:>8.0f} per CPU second of the server, {} failed\n", name,
                           kRequests / took.count(), kRequests / (cpu_seconds(server) - cpu), load.failed.load());
  net->stop();
}

void idle(pid_t server, std::uint16_t port, const TlsFiles& tls) {
  const auto net = make_net(1);
  Load load{*net, {"127.0.0.1", port}, &tls, {}};
  for (std::size_t i = 0; i < kIdle / kConcurrent; ++i) load.gatekeepers.push_back(std::make_unique<Everybody>());
  const double before = resident_kib(server), cpu = cpu_seconds(server);
  for (std::size_t i = 0; i < kIdle; ++i) load.one("/slow", i / kConcurrent, kIdle);
  load.wait(kIdle);
  const double spent = cpu_seconds(server) - cpu;
  std::cout << fmt::format("{:<28} {:>8.1f} KiB each, {} open, {} failed\n", "idle mutual TLS connection",
                           (resident_kib(server) - before) / kIdle, net->counters().connected, load.failed.load());
  std::cout << fmt::format("{:<28} {:>8.0f} per CPU second of the server (with one request each)\n",
                           "mutual handshakes", kIdle / spent);
  net->stop();
}

}  // namespace

int main() {
  std::string folder = (std::filesystem::temp_directory_path() / "causeway-net-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  if (!gateway::trust::make_demo_pki(folder, {{"one", "one.example"}})) return 1;
  const TlsFiles tls{folder + "/one.pem", folder + "/one.key", folder + "/ca.pem", folder + "/crl.pem"};
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  const pid_t server = ::fork();
  if (server == 0) serve(ends[1], tls);
  std::uint16_t ports[2] = {};
  if (::read(ends[0], ports, sizeof ports) != sizeof ports) return 1;
  for (int round = 0; round < 3; ++round) {
    requests("plain HTTP", server, ports[0], nullptr);
    requests("mutual TLS", server, ports[1], &tls);
  }
  idle(server, ports[1], tls);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  std::filesystem::remove_all(folder);
}
