// The FHIR interface towards peers and partners: an HttpHandler over the table of table.h. The way of a request: its
// trail (X-Request-ID) -> who is it -> is it within its quota -> what does it ask -> a row of the table -> Accept ->
// parameters -> the row's function. What a partner may not see is answered like what is not there, and nothing is
// disclosed before the audit entry that says so is on disk.
//
// Threads: handle() from any thread, several at once; reads of the store happen on it. Replies come from that thread,
// from the store's writer or from the exchange core. Everything in Services must outlive the last reply.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "gateway/config/config.h"
#include "gateway/net/net.h"
#include "gateway/rest/core.h"
#include "gateway/rest/quota.h"
#include "gateway/store/store.h"
#include "gateway/trust/roster.h"

namespace gateway::rest {

struct Services {
  store::Store& store;
  Core& core;
  std::function<std::shared_ptr<const config::Config>()> config;  // the running one, at this moment
  std::function<fhir::Result<trust::Party>(const net::PeerCertificate&)> identify;
  std::function<store::Millis()> now;
  std::function<std::string()> fresh_id;  // a uuid, for a request that brings no X-Request-ID
  /// Runs a task after a while (Net::after); empty: at once.
  std::function<void(std::chrono::milliseconds, std::move_only_function<void()>)> later = {};
};

class Server final : public net::HttpHandler {
 public:
  using Reply = std::move_only_function<void(net::HttpResponse)>;

  explicit Server(Services services);
  void handle(net::HttpRequest request, Reply reply) override;
  /// A message that we collected from that peer: handled as if the peer had posted it to $process-message.
  void take(const config::Peer& peer, exchange::Letter letter, Reply reply);

 private:
  struct Call;
  void serve(Call call, trust::Party party);
  void run(Call call);
  void metadata(Call call);
  void read(Call call);
  void search(Call call);
  void put_task(Call call);
  void process_message(Call call);
  void collect(Call call);
  void trace(Call call);
  void reconcile(Call call);
  void test_back(Call call);
  bool may_test(const std::string& peer);
  void throttle(Call call, std::chrono::milliseconds delay, std::chrono::seconds retry_after);

  void disclose(Call call, net::HttpResponse response, std::string detail,
                const std::vector<store::StoredResource>& resources);
  Answered pass_on(Call call);

  Services services_;
  Quotas quotas_;
  std::string started_;                          // an instant: CapabilityStatement.date
  std::mutex mutex_;                             // of tested_
  std::map<std::string, store::Millis> tested_;  // when each peer last asked for a test
};

}  // namespace gateway::rest
