// The victim of store_crash_test: a process that stores numbered messages and delivers them, and tells on standard
// output what it does, until it is killed. Each line is one write to a pipe, so it is there whole or not at all.
//
//   store_writer FILE FIRST < numbers to send again
//
//   S n       sends message n now               A n       message n was acknowledged
//   D d lane  delivers delivery d (the effect)  T d       the delivery is settled and durable
//
// Senders first repeat the numbers from standard input (those whose acknowledgement never came), then go on with FIRST,
// and now and then repeat one that was acknowledged, as senders do. Two couriers claim and settle.
#include <sys/prctl.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <future>
#include <iostream>
#include <thread>

#include "gateway/store/store.h"

namespace {

using namespace gateway::store;

constexpr int kSenders = 6, kCouriers = 2, kLanes = 7;

void tell(char what, std::int64_t number, std::string_view more = {}) {
  std::string line(1, what);
  line.append(" ").append(std::to_string(number)).append(more.empty() ? "" : " ").append(more).append("\n");
  if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) _exit(3);
}

Millis now() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count();
}

Commit message_commit(std::int64_t number) {
  const std::string id = std::to_string(number);
  Commit commit;
  commit.message.emplace();
  commit.message->at = now();
  commit.message->sender = "tmucih";
  commit.message->control_id = id;
  commit.message->event = "report";
  commit.message->business_ids = {"R-" + id};
  commit.message->raw = "MSH|^~\\&|LIS|" + std::string(1000, 'x') + id;
  commit.message->answer = "MSA|CA|" + id;
  commit.deliveries.emplace_back();
  commit.deliveries[0].destination = "peer:hainan";
  commit.deliveries[0].lane_key = "lane" + std::to_string(number % kLanes);
  commit.deliveries[0].bytes = R"({"resourceType":"Bundle","id":")" + id + "\"}";
  commit.resources.emplace_back();
  commit.resources[0].type = "DiagnosticReport";
  commit.resources[0].id = "dr" + id;
  commit.resources[0].json = R"({"resourceType":"DiagnosticReport"})";
  commit.audit.push_back({0, now(), "received", "tmucih", "{}", ""});
  commit.remember = true;
  return commit;
}

void send(Store& store, std::int64_t number) {
  tell('S', number);
  std::promise<void> done;
  store.submit(message_commit(number), [&done, number](const Result<Committed>& result) {
    if (result) tell('A', number);
    done.set_value();
  });
  done.get_future().wait();
}

void send_all(Store& store, std::atomic<std::int64_t>& next, const std::vector<std::int64_t>& again,
              std::atomic<std::size_t>& repeated) {
  for (auto i = repeated++; i < again.size(); i = repeated++) send(store, again[i]);
  while (true) {
    const auto number = next++;
    send(store, number);
    if (number % 5 == 0) send(store, number);
  }
}

std::vector<Claim> claim(Store& store) {
  std::promise<std::vector<Claim>> promise;
  store.claim(now(), now() + 60'000, 8, {}, [&promise](Result<std::vector<Claim>> claims) {
    promise.set_value(claims ? std::move(*claims) : std::vector<Claim>{});
  });
  return promise.get_future().get();
}

void deliver(Store& store, const Claim& claim) {
  const Id id = claim.delivery.id;
  tell('D', id, claim.delivery.lane_key);
  Commit commit;
  commit.settlements.emplace_back();
  commit.settlements[0].delivery = id;
  commit.settlements[0].at = now();
  commit.settlements[0].lease = claim.lease;
  commit.audit.push_back({0, now(), "delivered", "gateway", "{}", ""});
  const auto settled = store.commit(std::move(commit));
  if (settled && !settled->lease_lost) tell('T', id);
}

void deliver_all(Store& store) {
  while (true) {
    const auto claims = claim(store);
    for (const Claim& each : claims) deliver(store, each);
    if (claims.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

std::int64_t number_of(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

int main(int count, char** arguments) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(60);
  if (count != 3) return 2;
  std::vector<std::int64_t> again;
  for (std::string line; std::getline(std::cin, line);) again.push_back(number_of(line));
  StoreOptions options;
  options.file = arguments[1];
  auto opened = open_sqlite(options);
  if (!opened) {
    std::cerr << fhir::to_string(opened.error()) << "\n";
    return 1;
  }
  Store& store = **opened;
  std::atomic<std::int64_t> next{number_of(arguments[2])};
  std::atomic<std::size_t> repeated{0};
  std::vector<std::jthread> threads;
  for (int i = 0; i < kSenders; ++i) threads.emplace_back([&] { send_all(store, next, again, repeated); });
  for (int i = 0; i < kCouriers; ++i) threads.emplace_back([&] { deliver_all(store); });
  threads.clear();  // never: this process ends by SIGKILL
}
