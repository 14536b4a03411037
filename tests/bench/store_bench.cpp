// Durable messages per second of the store, beside what the disk itself can sync, and what synchronous=NORMAL would
// give (it loses acknowledged messages at a power cut, so it is never shipped).
//
//   store_bench [FOLDER [SECONDS [CALLERS]]]      FOLDER: where the database goes, default the system's temporary
//   folder;
//                                                 CALLERS: only so many commits waiting at once, and nothing else
//   store_bench FOLDER grow MESSAGES               as a receiver stores them, with resources under random ids: how the
//                                                 rate, the CPU and the bytes written change while the store grows
#include <fcntl.h>
#include <fmt/format.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <iostream>
#include <mutex>
#include <random>
#include <semaphore>
#include <thread>
#include <vector>

#include "gateway/store/store.h"

namespace {

using namespace gateway::store;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

struct Bench {
  std::filesystem::path folder;
  Seconds time{2};
  int callers = 0;  // 0: each in turn, and the queue
};

std::unique_ptr<Store> open(const Bench& bench, bool normal, const std::string& folder) {
  StoreOptions options;
  options.file = (bench.folder / folder / "store.db").string();
  options.unsafe_synchronous_normal = normal;
  auto store = open_sqlite(options);
  if (!store) {
    std::cerr << fhir::to_string(store.error()) << "\n";
    std::exit(1);
  }
  return std::move(*store);
}

std::unique_ptr<Store> open(const Bench& bench, bool normal) { return open(bench, normal, normal ? "normal" : "full"); }

// 2 KB of HL7 that compresses about as messages do.
std::string two_kilobytes(std::int64_t number) {
  std::string text = fmt::format("MSH|^~\\&|LIS|TMUCIH|||20240101||ORU^R01|{}|P|2.4\r", number);
  for (std::int64_t i = 0; text.size() < 2048; ++i) {
    text += fmt::format("OBX|{}|NM|CA{}-9^carbohydrate antigen||{}.{}|U/mL|0-37|H|||F\r", i, i, number * 7919 % 10007,
                        i * i);
  }
  return text;
}

// Made before anything is measured: writing them is the sender's work.
const std::string& text_of(std::int64_t number) {
  static const auto texts = [] {
    std::vector<std::string> made;
    for (std::int64_t i = 0; i < 1024; ++i) made.push_back(two_kilobytes(i));
    return made;
  }();
  return texts[static_cast<std::size_t>(number) % texts.size()];
}

Commit message(std::int64_t number) {
  Commit commit;
  commit.message.emplace();
  Message& m = *commit.message;
  m.at = number;
  m.door = "mllp:lis";
  m.sender = "tmucih";
  m.control_id = std::to_string(number);
  m.event = "report";
  m.correlation = m.control_id;
  m.business_ids = {"R" + m.control_id};
  m.raw = text_of(number);
  m.answer = "MSA|CA|" + m.control_id;
  commit.deliveries.emplace_back();
  commit.deliveries[0].destination = number % 2 == 0 ? "peer:hainan" : "peer:beijing";
  commit.deliveries[0].lane_key = "R" + m.control_id;
  commit.deliveries[0].bytes = m.raw;
  commit.audit.push_back({0, number, "received", "tmucih", R"({"door":"mllp:lis"})", ""});
  commit.remember = true;
  return commit;
}

std::atomic<std::int64_t> next_number{1};

// `callers` commits are always waiting: each answer lets a thread of the load submit the next, as the gateway's own
// threads do; the store's thread only stores.
class Load {
 public:
  Load(Store& store, int callers, Seconds time)
      : store_(store), end_(Clock::now() + std::chrono::duration_cast<Clock::duration>(time)), free_(callers) {
    const auto start = Clock::now();
    submit_until_end();
    std::unique_lock lock(mutex_);
    answered_.wait(lock, [&] { return free_ == callers; });
    rate_ = static_cast<double>(stored_) / Seconds(Clock::now() - start).count();
  }
  double rate() const { return rate_; }
  double percentile(double share) {
    std::ranges::sort(waits_);
    return waits_.empty() ? 0 : waits_[static_cast<std::size_t>(share * static_cast<double>(waits_.size() - 1))] * 1000;
  }

 private:
  void submit_until_end() {
    while (Clock::now() < end_) {
      Commit next = message(next_number++);
      {
        std::unique_lock lock(mutex_);
        answered_.wait(lock, [&] { return free_ > 0; });
        --free_;
      }
      store_.submit(std::move(next), [this, start = Clock::now()](const Result<Committed>& result) {
        const std::lock_guard lock(mutex_);
        stored_ += result.has_value();
        waits_.push_back(Seconds(Clock::now() - start).count());
        ++free_;
        answered_.notify_one();
      });
    }
  }

  Store& store_;
  const Clock::time_point end_;
  double rate_ = 0;
  std::mutex mutex_;  // of those below
  std::condition_variable answered_;
  int free_;
  std::int64_t stored_ = 0;
  std::vector<double> waits_;
};

// As many threads, each waiting for its answer: what a caller with blocking calls gets.
double blocking(Store& store, int callers, Seconds time) {
  std::atomic<std::int64_t> stored{0};
  const auto start = Clock::now(), end = start + std::chrono::duration_cast<Clock::duration>(time);
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < callers; ++i) {
      threads.emplace_back([&] {
        while (Clock::now() < end) stored += store.commit(message(next_number++)).has_value();
      });
    }
  }
  return static_cast<double>(stored) / Seconds(Clock::now() - start).count();
}

std::vector<Claim> claim(Store& store, std::size_t count) {
  std::promise<std::vector<Claim>> promise;
  store.claim(next_number, next_number + 1'000'000'000, count, {}, [&](Result<std::vector<Claim>> claims) {
    promise.set_value(claims ? std::move(*claims) : std::vector<Claim>{});
  });
  return promise.get_future().get();
}

// Claims `batch`, settles each in a commit of its own with its audit entry, until the time is over.
double drain(Store& store, std::size_t batch, Seconds time) {
  const auto start = Clock::now();
  std::int64_t settled = 0;
  while (Seconds(Clock::now() - start) < time) {
    const auto claims = claim(store, batch);
    if (claims.empty()) break;
    std::atomic<std::size_t> open{claims.size()};
    std::promise<void> done;
    for (const Claim& each : claims) {
      Commit commit;
      commit.settlements.emplace_back();
      commit.settlements[0].delivery = each.delivery.id;
      commit.settlements[0].lease = each.lease;
      commit.settlements[0].answer = "MSA|CA";
      commit.audit.push_back({0, 1, "delivered", "gateway", "{}", ""});
      store.submit(std::move(commit), [&](const Result<Committed>&) {
        if (--open == 0) done.set_value();
      });
    }
    done.get_future().wait();
    settled += static_cast<std::int64_t>(claims.size());
  }
  return static_cast<double>(settled) / Seconds(Clock::now() - start).count();
}

// The floor under everything: one 4 KiB append and its fdatasync.
double syncs(const Bench& bench) {
  const auto name = bench.folder / "sync";
  const int file = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const std::string block(4096, 'x');
  const auto start = Clock::now();
  int count = 0;
  for (; Seconds(Clock::now() - start) < bench.time; ++count) {
    if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) break;
  }
  ::close(file);
  return count / Seconds(Clock::now() - start).count();
}

// How long a claim takes with so many waiting, and how soon an urgent one among them is claimed.
void claim_beside(const Bench& bench, std::int64_t waiting) {
  const auto store = open(bench, true, fmt::format("beside-{}", waiting));
  std::promise<void> full;
  std::atomic<std::int64_t> left{waiting};
  for (std::int64_t i = 0; i < waiting; ++i) {
    store->submit(message(next_number++), [&](const Result<Committed>&) {
      if (--left == 0) full.set_value();
    });
    while (i - (waiting - left) > 10'000) std::this_thread::yield();  // bounded: the store refuses a backlog too large
  }
  full.get_future().wait();
  const auto timed = [&](std::size_t count) {
    const auto start = Clock::now();
    const auto claims = claim(*store, count);
    return std::pair(Seconds(Clock::now() - start).count() * 1000, claims);
  };
  std::vector<double> usual, urgent;
  std::size_t first = 0;
  for (int i = 0; i < 10; ++i) usual.push_back(timed(64).first);
  for (int i = 0; i < 10; ++i) {
    Commit now = message(next_number++);
    now.deliveries[0].urgent = true;
    static_cast<void>(store->commit(std::move(now)));
    const auto [took, claims] = timed(1);
    urgent.push_back(took);
    first += !claims.empty() && claims[0].delivery.urgent ? 1 : 0;
  }
  std::ranges::sort(usual);
  std::ranges::sort(urgent);
  fmt::print("{:>7} waiting: claim of 64 {:.2f} ms, of an urgent one {:.2f} ms (medians); urgent first {} of 10\n",
             waiting, usual[5], urgent[5], first);
}

int number_of(std::string_view text) {
  int whole = 0;
  std::from_chars(text.data(), text.data() + text.size(), whole);
  return whole;
}

// The commits alone, with the disk measured right before.
void run_one(const Bench& bench) {
  const double disk = syncs(bench);
  const auto full = open(bench, false);
  Load load(*full, bench.callers, bench.time);
  const double rate = load.rate();
  fmt::print(
      "disk {:.0f} fsync/s; {} callers {:.0f} messages/s, p50 {:.2f} ms, p99 {:.2f} ms: {:.1f} times the fsyncs\n",
      disk, bench.callers, rate, load.percentile(0.5), load.percentile(0.99), rate / disk);
}

void run(const Bench& bench) {
  const double disk = syncs(bench);
  fmt::print("disk: {:.0f} appends of 4 KiB with fdatasync a second\n", disk);
  fmt::print("{:<8} {:>10} {:>8} {:>8} {:>9} {:>12} {:>12}\n", "waiting", "FULL /s", "p50 ms", "p99 ms", "x fsync",
             "blocking /s", "NORMAL /s");
  const auto full = open(bench, false), normal = open(bench, true);
  for (const int callers : {1, 8, 64, 256}) {
    Load load(*full, callers, bench.time);
    const double rate = load.rate();
    const double loose_rate = Load(*normal, callers, bench.time).rate();
    fmt::print("{:<8} {:>10.0f} {:>8.2f} {:>8.2f} {:>9.1f} {:>12.0f} {:>12.0f}\n", callers, rate, load.percentile(0.5),
               load.percentile(0.99), rate / disk, blocking(*full, std::min(callers, 64), bench.time), loose_rate);
  }
  for (const std::size_t batch : {1u, 8u, 64u, 256u}) {
    fmt::print("claim {:>3} and settle each: {:>8.0f} /s with FULL, {:>8.0f} /s with NORMAL\n", batch,
               drain(*full, batch, bench.time), drain(*normal, batch, bench.time));
  }
  for (const std::int64_t waiting : {1'000, 100'000}) claim_beside(bench, waiting);
  const auto size = std::filesystem::file_size(bench.folder / "full" / "store.db");
  const auto counts = full->counts();
  fmt::print("database {:.0f} MB, {} deliveries still waiting\n", static_cast<double>(size) / 1e6,
             counts ? counts->waiting : -1);
}

// Fixed, so that two runs store the same.
std::string random_uuid() {
  static std::mt19937_64 random(1);
  const auto a = random(), b = random();
  return fmt::format("{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}", a >> 32, (a >> 16) & 0xffff, a & 0xfff, b >> 52,
                     b & 0xffffffffffff);
}

Commit received(std::int64_t number) {
  Commit commit = message(number);
  Message& m = *commit.message;
  m.control_id = m.transmission = random_uuid();
  m.correlation = random_uuid();
  m.bundle = m.raw;
  commit.deliveries.clear();
  commit.once = true;
  for (int i = 0; i < 12; ++i) {
    StoredResource one;
    one.type = i == 0 ? "Patient" : "Observation";
    one.id = random_uuid();
    one.at = number;
    one.owner = "tmucih";
    one.event = "report";
    one.correlation = m.correlation;
    one.identifiers.emplace_back("urn:oid:2.16.156.10011.2.1.1.9", random_uuid());
    one.json = m.raw.substr(0, 700);
    commit.resources.push_back(std::move(one));
  }
  return commit;
}

double cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3;
  };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

double written_mb() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  return static_cast<double>(used.ru_oublock) * 512 / 1e6;
}

// Eight at once, as a peer sends them.
void grow(const Bench& bench, std::int64_t messages) {
  const auto store = open(bench, false);
  const std::int64_t tenth = std::max<std::int64_t>(messages / 10, 1);
  for (int part = 1; part <= 10; ++part) {
    const auto start = Clock::now();
    const double cpu = cpu_ms(), written = written_mb();
    std::counting_semaphore<8> free(8);
    for (std::int64_t i = 0; i < tenth; ++i) {
      Commit next = received(next_number++);
      free.acquire();
      store->submit(std::move(next), [&](const Result<Committed>&) { free.release(); });
    }
    for (int i = 0; i < 8; ++i) free.acquire();
    const auto count = static_cast<double>(tenth);
    fmt::print("{:>8} stored: {:>6.0f} /s, CPU {:.2f} ms and {:.0f} KB written for each\n", part * tenth,
               count / Seconds(Clock::now() - start).count(), (cpu_ms() - cpu) / count,
               (written_mb() - written) * 1e3 / count);
  }
}

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path base = count > 1 ? arguments[1] : std::filesystem::temp_directory_path().string();
  std::string name = (base / "causeway-bench-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) return 1;
  const Bench bench{name, Seconds(number_of(count > 2 ? arguments[2] : "2")),
                    number_of(count > 3 ? arguments[3] : "0")};
  text_of(0);
  if (count == 4 && std::string_view(arguments[2]) == "grow") {
    grow(bench, number_of(arguments[3]));
  } else {
    bench.callers != 0 ? run_one(bench) : run(bench);
  }
  std::filesystem::remove_all(name);
}
