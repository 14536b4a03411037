// Kills a process that stores and delivers (store_writer) with SIGKILL, at random and at each failpoint of the store,
// again and again on the same file, and holds what it told against what is found: acknowledged means there, once;
// settled means never delivered again; order inside a lane; an unbroken audit with an entry for each event.
//
// And shows that this test can see: with a mistake planted on purpose the same ledger must not come out clean.
// CAUSEWAY_CRASH_SECONDS: how long to kill at random (default 5).
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "tests/gateway/store/temp_store.h"

namespace {

using namespace gateway::store;
using std::chrono::milliseconds;

// What the processes told before they died, over all their lives.
struct Ledger {
  std::set<std::int64_t> sent, acknowledged, settled;
  std::set<std::int64_t> effects_of_life;  // deliveries made since the last start
  std::map<std::string, std::int64_t> last_in_lane;
  int lives = 0, effects = 0, redelivered = 0;  // redelivered: after a kill, before it was settled; allowed
  int delivered_twice = 0, out_of_order = 0;    // never allowed

  void effect(std::int64_t delivery, const std::string& lane) {
    ++effects;
    // Two couriers at once, or a delivery that was settled before: either way the effect happened twice.
    if (!effects_of_life.insert(delivery).second || settled.contains(delivery)) ++delivered_twice;
    auto& last = last_in_lane[lane];
    if (delivery < last) ++out_of_order;
    if (delivery == last) ++redelivered;
    last = delivery;
  }

  void line(std::string_view text) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data() + 2, text.data() + text.size(), number);
    REQUIRE(error == std::errc());
    if (text[0] == 'S') sent.insert(number);
    if (text[0] == 'A') acknowledged.insert(number);
    if (text[0] == 'D') effect(number, std::string(end + 1, text.data() + text.size()));
    if (text[0] == 'T') settled.insert(number);
  }
};

// What the store holds after all of it.
struct Findings {
  std::size_t messages = 0;
  int lost = 0, doubled = 0, audit_gaps = 0;
  std::string audit;
};

class Victim {
 public:
  /// `failpoint` "" : only killed from outside. `plant` "": no mistake.
  Victim(const std::string& file, std::int64_t first, const std::string& failpoint, const std::string& plant) {
    std::array<int, 2> in{}, out{};
    REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    const std::string from = std::to_string(first);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      if (!failpoint.empty()) ::setenv("CAUSEWAY_FAILPOINT", failpoint.c_str(), 1);
      if (!plant.empty()) ::setenv("CAUSEWAY_PLANT", plant.c_str(), 1);
      ::execl(CAUSEWAY_STORE_WRITER, CAUSEWAY_STORE_WRITER, file.c_str(), from.c_str(), nullptr);
      ::_exit(127);
    }
    REQUIRE(process_ > 0);
    ::close(in[0]);
    ::close(out[1]);
    input_ = in[1];
    output_ = out[0];
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() { ::close(output_); }

  void give(const std::string& numbers) {
    for (std::size_t done = 0; done < numbers.size();) {
      const auto wrote = ::write(input_, numbers.data() + done, numbers.size() - done);
      if (wrote <= 0) break;  // it is dead already
      done += static_cast<std::size_t>(wrote);
    }
    ::close(input_);
  }

  /// Reads what it tells until it is dead; kills it `after` its first word, or after its start: while it opens.
  void watch(Ledger& ledger, milliseconds after, bool from_start) {
    std::string text;
    std::array<char, 65536> buffer{};
    std::jthread killer;
    if (from_start) killer = std::jthread([this, after] { kill_after(after); });
    for (auto got = ::read(output_, buffer.data(), buffer.size()); got > 0;
         got = ::read(output_, buffer.data(), buffer.size())) {
      if (!killer.joinable()) killer = std::jthread([this, after] { kill_after(after); });
      text.append(buffer.data(), static_cast<std::size_t>(got));
      for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
        ledger.line(std::string_view(text).substr(0, end));
        text.erase(0, end + 1);
      }
    }
    dead_ = true;
    if (killer.joinable()) killer.join();
    int status = 0;
    ::waitpid(process_, &status, 0);
    INFO("exit status " << status);
    CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
  }

 private:
  void kill_after(milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    while (!dead_ && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(milliseconds(1));
    if (!dead_) ::kill(process_, SIGKILL);
  }

  pid_t process_ = -1;
  int input_ = -1, output_ = -1;
  std::atomic<bool> dead_{false};
};

class Crashes {
 public:
  explicit Crashes(unsigned seed) : random_(seed) { std::signal(SIGPIPE, SIG_IGN); }

  void live(const std::string& failpoint, milliseconds at_most, bool from_start, const std::string& plant) {
    std::string again;
    for (const auto number : ledger.sent) {
      if (!ledger.acknowledged.contains(number)) again += std::to_string(number) + "\n";
    }
    ++ledger.lives;
    ledger.effects_of_life.clear();
    Victim victim(file_, ledger.sent.empty() ? 1 : *ledger.sent.rbegin() + 1, failpoint, plant);
    victim.give(again);
    victim.watch(ledger, at_most, from_start);
  }

  void live_at(const std::string& failpoint, const std::string& plant = "") {
    live(failpoint + ":kill:" + std::to_string(up_to(25)), milliseconds(20'000), false, plant);
  }
  void live_a_while() { live("", milliseconds(up_to(150)), up_to(3) == 1, ""); }

  Findings look() {
    StoreOptions options;
    options.file = file_;
    const auto store = must(open_sqlite(options));
    Findings found;
    std::map<std::string, int> times;
    Query all;
    all.limit = 10'000'000;
    for (const auto& message : must(store->messages(all))) {
      ++found.messages;
      if (++times[message.control_id] == 2) ++found.doubled;
    }
    for (const auto number : ledger.acknowledged) found.lost += !times.contains(std::to_string(number));
    const auto chain = store->verify_audit();
    found.audit = chain ? "whole" : fhir::to_string(chain.error());
    const auto counts = must(store->counts());
    const auto open = counts.waiting + counts.claimed;
    const auto delivered = static_cast<std::int64_t>(found.messages) - open;
    if (chain && *chain != static_cast<std::int64_t>(found.messages) + delivered) ++found.audit_gaps;
    if (counts.dead + counts.held != 0) ++found.audit_gaps;
    return found;
  }

  void print(const std::string& what, const Findings& found) const {
    std::cout << what << ": kills " << ledger.lives << ", sent " << ledger.sent.size() << ", acknowledged "
              << ledger.acknowledged.size() << ", found " << found.messages << ", lost " << found.lost << ", doubled "
              << found.doubled << "; delivered " << ledger.effects << ", settled " << ledger.settled.size()
              << ", redelivered after a kill " << ledger.redelivered << ", delivered twice " << ledger.delivered_twice
              << ", out of order " << ledger.out_of_order << "; audit " << found.audit << std::endl;
  }

  Ledger ledger;

 private:
  int up_to(int most) { return std::uniform_int_distribution(1, most)(random_); }

  TempFolder folder_;
  const std::string file_ = (folder_.path() / "data" / "store.db").string();
  std::mt19937 random_;
};

unsigned seed() {
  static const unsigned chosen = [] {
    const char* given = std::getenv("CAUSEWAY_SEED");
    const auto value =
        given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
    std::cout << "CAUSEWAY_SEED=" << value << std::endl;
    return value;
  }();
  return chosen;
}

void expect_clean(const Crashes& crashes, const Findings& found) {
  CHECK(found.lost == 0);
  CHECK(found.doubled == 0);
  CHECK(found.audit == "whole");
  CHECK(found.audit_gaps == 0);
  CHECK(found.messages >= crashes.ledger.acknowledged.size());
  CHECK(crashes.ledger.delivered_twice == 0);
  CHECK(crashes.ledger.out_of_order == 0);
  CHECK(crashes.ledger.acknowledged.size() > 20);
  CHECK(crashes.ledger.settled.size() > 5);
}

}  // namespace

TEST_CASE("killed at random: acknowledged means stored, once, and settled means never again", "[crash]") {
  const char* given = std::getenv("CAUSEWAY_CRASH_SECONDS");
  const std::chrono::seconds time(given != nullptr ? std::atoi(given) : 5);
  Crashes crashes(seed());
  const auto end = std::chrono::steady_clock::now() + time;
  while (std::chrono::steady_clock::now() < end) crashes.live_a_while();
  const Findings found = crashes.look();
  crashes.print("at random", found);
  expect_clean(crashes, found);
}

TEST_CASE("killed at each step of a transaction: the same", "[crash]") {
  const std::string failpoint = GENERATE("store.before-commit", "store.committed", "store.claimed", "store.settling");
  Crashes crashes(seed());
  for (int i = 0; i < 4; ++i) crashes.live_at(failpoint);
  const Findings found = crashes.look();
  crashes.print(failpoint, found);
  expect_clean(crashes, found);
}

namespace {

// Lives with the mistake until the ledger shows it.
void expect_caught(const std::string& plant, const std::string& failpoint, auto caught) {
  Crashes crashes(seed());
  Findings found;
  for (int i = 0; i < 20 && !caught(crashes, found); ++i) {
    crashes.live_at(failpoint, plant);
    found = crashes.look();
  }
  crashes.print("planted " + plant, found);
  CHECK(caught(crashes, found));
}

}  // namespace

TEST_CASE("an acknowledgement before the commit is caught", "[crash][planted]") {
  expect_caught("ack-before-commit", "store.before-commit",
                [](const Crashes&, const Findings& f) { return f.lost > 0; });
}

TEST_CASE("a forgotten row of de-duplication is caught", "[crash][planted]") {
  expect_caught("forgotten-duplicate-row", "store.committed",
                [](const Crashes&, const Findings& f) { return f.doubled > 0; });
}

TEST_CASE("a lost lease is caught", "[crash][planted]") {
  expect_caught("lost-lease", "store.settling",
                [](const Crashes& c, const Findings&) { return c.ledger.delivered_twice > 0; });
}
