#include "gateway/exchange/trace.h"

#include <fmt/format.h>

#include "gateway/control/commands.h"
#include "gateway/net/percent.h"

namespace gateway::control {
namespace {

using fhir::JsonTree;

// Collects the answers of the peers; the last one to arrive sends the whole.
struct Gathering {
  std::mutex mutex;
  JsonTree told;
  std::size_t missing = 0;
  Reply reply;

  void add(JsonTree view) {
    const std::scoped_lock lock(mutex);
    told["peers"].push(std::move(view));
    if (--missing == 0) reply(json(200, told));
  }
};

void ask_peer(const Desk& desk, const config::Config& config, const std::string& name, const std::string& correlation,
              std::shared_ptr<Gathering> gathering) {
  const config::Peer* peer = config.peer(name);
  if (peer->mailbox == config::Mailbox::here)
    return gathering->add(JsonTree::object({{"site", name}, {"unreachable", "it opens no port: trace it there"}}));
  net::HttpRequest request;
  request.method = "GET";
  request.target = peer->base + "/$trace?id=" + net::percent_encoded(correlation);
  request.headers = {{"accept", "application/json"}};
  auto add = [gathering = std::move(gathering), name](fhir::Result<net::HttpResponse> response) {
    if (response && response->status == 200) return gathering->add(parsed(response->body));
    const std::string why = response ? fmt::format("HTTP {}", response->status) : fhir::to_string(response.error());
    gathering->add(JsonTree::object({{"site", name}, {"unreachable", why}}));
  };
  desk.net.send_http(peer->address, &config.tls, desk.expect(name), std::move(request), std::chrono::seconds(5),
                     std::move(add));
}

}  // namespace

void trace(const Desk& desk, Asked asked, Reply reply) {
  const auto config = desk.world.config();
  auto found = exchange::trace(desk.world.store, *config, asked.parameter("id"), "");
  if (!found) return reply(failed(found.error()));
  if (found->peers.empty() || found->cases.empty() || found->cases.front().empty())
    return reply(json(200, found->timeline));

  auto gathering = std::make_shared<Gathering>();
  gathering->told = std::move(found->timeline);
  gathering->missing = found->peers.size();
  gathering->reply = std::move(reply);
  for (const auto& name : found->peers) ask_peer(desk, *config, name, found->cases.front(), gathering);
}

}  // namespace gateway::control
