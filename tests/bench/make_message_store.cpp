// Fills a store with messages through the store's own API, for measurements on a big one (`./dev bench msg`).
//   make_message_store FILE COUNT
// Deterministic: patient P-7 of every run has the same messages. A tenth of the patients have most of the messages, as
// in a hospital; each message has the keys, the delivery, the resources and the audit entry an accepted report has.
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <random>
#include <semaphore>

#include "gateway/store/store.h"

namespace {

using namespace gateway::store;

constexpr std::ptrdiff_t kAtOnce = 2048;  // commits handed over and not answered yet

class Maker {
 public:
  explicit Maker(std::int64_t count) : patients_(count / 20 + 10) {}

  Commit next(std::int64_t i) {
    const std::string id = fmt::format("MSG{:09}", i), report = fmt::format("R{:09}", i);
    const std::string patient = fmt::format("P-{}", some_patient());
    Commit commit;
    commit.message = message(i, id, report, patient);
    commit.keys = {
        {KeyKind::patient, patient},
        {KeyKind::patient, fmt::format("12019919{:010}", std::hash<std::string>{}(patient) % 10'000'000'000)},
        {KeyKind::report, report},
        {KeyKind::message, id},
        {KeyKind::bundle, commit.message->transmission}};
    commit.resources.push_back(resource(i, report));
    commit.deliveries.push_back(delivery(i, report));
    commit.audit.push_back({0, commit.message->at, "received", "lis", R"({"door":"mllp:lis","event":"report"})", ""});
    commit.remember = true;
    return commit;
  }

 private:
  std::int64_t some_patient() {
    const bool often = random_() % 4 != 0;
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(often ? patients_ / 10 + 1 : patients_));
  }

  Message message(std::int64_t i, const std::string& id, const std::string& report, const std::string& patient) {
    Message m;
    m.at = 1'700'000'000'000 + i * 250;
    m.door = "mllp:lis";
    m.sender = "mllp:lis|LIS|TMUCIH";
    m.control_id = id;
    m.transmission = fmt::format("{:08x}-{:04x}-4000-8000-{:012x}", random_() & 0xffffffff, random_() & 0xffff, i);
    m.content_hash = fmt::format("{:016x}{:016x}", random_(), random_());
    m.event = i % 10 == 0 ? "referral-request" : "report";
    m.correlation = report;
    m.business_ids = {id, report, m.transmission};
    m.raw = fmt::format("MSH|^~\\&|LIS|TMUCIH|GW|GW|20260310||ORU^R01|{}|P|2.4\rPID|1||{}^^^TMUCIH^MR\rOBR|1|{}\r", id,
                        patient, report);
    m.bundle = fmt::format(R"({{"resourceType":"Bundle","id":"{}","type":"message"}})", m.transmission);
    m.answer = "MSA|CA|" + id;
    m.explain = R"({"route":{"id":"reports","tried":[{"id":"reports","matched":true}]}})";
    return m;
  }

  static StoredResource resource(std::int64_t i, const std::string& report) {
    StoredResource r;
    r.type = "DiagnosticReport";
    r.id = fmt::format("r-{}", i);
    r.at = 1'700'000'000'000 + i * 250;
    r.identifiers = {{"https://causeway.example/sid/tmucih/report", report}};
    r.owner = "tmucih";
    r.event = "report";
    r.correlation = report;
    r.json = R"({"resourceType":"DiagnosticReport","status":"final"})";
    return r;
  }

  static Delivery delivery(std::int64_t i, const std::string& report) {
    Delivery d;
    d.destination = i % 2 == 0 ? "peer:hainan" : "peer:beijing";
    d.lane_key = report;
    d.content_type = "application/fhir+json";
    d.bytes = R"({"resourceType":"Bundle","type":"message"})";
    d.control_id = d.request_id = fmt::format("out-{}", i);
    d.correlation = report;
    d.event = "report";
    d.state = DeliveryState::delivered;
    d.settled_at = 1'700'000'000'400 + i * 250;
    return d;
  }

  std::mt19937_64 random_{20260310};
  std::int64_t patients_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return fmt::print(stderr, "usage: make_message_store FILE COUNT\n"), 2;
  const std::int64_t count = std::strtoll(argv[2], nullptr, 10);
  StoreOptions options;
  options.file = argv[1];
  auto store = open_sqlite(options);
  if (!store) return fmt::print(stderr, "{}\n", fhir::to_string(store.error())), 1;
  const auto began = std::chrono::steady_clock::now();
  std::counting_semaphore<kAtOnce> room{kAtOnce};
  std::atomic<std::int64_t> failed{0};
  Maker maker(count);
  for (std::int64_t i = 0; i < count; ++i) {
    room.acquire();
    (*store)->submit(maker.next(i), [&](Result<Committed> done) {
      if (!done) ++failed;
      room.release();
    });
  }
  for (std::ptrdiff_t i = 0; i < kAtOnce; ++i) room.acquire();
  store->reset();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  fmt::print("{} messages stored in {:.0f} s ({:.0f} a second, each durable), {} failed\n", count, took.count(),
             static_cast<double>(count) / took.count(), failed.load());
  return failed == 0 ? 0 : 1;
}
