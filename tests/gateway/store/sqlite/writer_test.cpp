// Group commit, and what is said when the disk is full, fails, or lies.
#include "gateway/store/sqlite/writer.h"

#include <sqlite3.h>
#include <sys/stat.h>

#include <latch>
#include <set>
#include <thread>

#include "tests/gateway/store/faulty_vfs.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

using Operation = FaultyVfs::Operation;

StoreOptions on_faulty_disk() {
  FaultyVfs::instance().heal();
  StoreOptions options;
  options.vfs = FaultyVfs::kName;
  return options;
}

Commit with_raw(std::string control_id, std::size_t size) {
  Commit commit = sample_commit(std::move(control_id));
  commit.message->raw.resize(size);
  std::uint32_t noise = 1;
  for (char& c : commit.message->raw) c = static_cast<char>((noise = noise * 1664525 + 1013904223) >> 24);
  return commit;
}

// Catch's assertions belong to one thread.
template <class T>
T or_nothing(Result<T> result) {
  return result ? std::move(*result) : T{};
}

bool stored(TempStore& store, const std::string& control_id) {
  return must(store->seen("tmucih", control_id)).has_value();
}

}  // namespace

TEST_CASE("an answer is given after the commit: what was answered is visible to every reader", "[store][writer]") {
  TempStore store;
  std::atomic<int> unseen{0};
  std::latch done(200);
  for (int i = 0; i < 200; ++i) {
    const std::string id = "A" + std::to_string(i);
    store->submit(sample_commit(id), [&, id](Result<Committed> result) {
      if (!result || !stored(store, id)) ++unseen;
      done.count_down();
    });
  }
  done.wait();
  CHECK(unseen == 0);
}

TEST_CASE("readers on many threads see a commit whole or not at all, while the writer goes on", "[store][writer]") {
  TempStore store;
  std::atomic<bool> writing{true};
  std::atomic<int> halves{0}, reads{0};
  {
    std::vector<std::jthread> readers;
    for (int i = 0; i < 8; ++i) {
      readers.emplace_back([&] {
        while (writing) {
          const auto messages = or_nothing(store->messages(
              {.state = {}, .business_id = {}, .correlation = {}, .event = {}, .sender = {}, .limit = 1}));
          for (const auto& m : messages) {
            ++reads;
            halves += or_nothing(store->deliveries(m.id)).size() != 2;
            halves += or_nothing(store->resources_of(m.correlation, "")).size() != 2;
          }
        }
      });
    }
    for (int i = 0; i < 200; ++i) {
      Commit commit = sample_commit("A" + std::to_string(i));
      commit.deliveries.push_back(sample_delivery("local:his", ""));
      for (const char* type : {"Patient", "DiagnosticReport"}) {
        commit.resources.push_back(sample_resource(type, std::to_string(i)));
        commit.resources.back().correlation = commit.message->correlation;
      }
      store.commit(std::move(commit));
    }
    writing = false;
  }
  CHECK(halves == 0);
  CHECK(reads > 0);
}

TEST_CASE("answers come in the order of the submits", "[store][writer]") {
  TempStore store;
  std::vector<int> order;
  std::latch done(500);
  for (int i = 0; i < 500; ++i) {
    store->submit(sample_commit("A" + std::to_string(i)), [&, i](const Result<Committed>&) {
      order.push_back(i);
      done.count_down();
    });
  }
  done.wait();
  CHECK(std::ranges::is_sorted(order));
  CHECK(order.size() == 500);
}

TEST_CASE("one commit that cannot be stored does not fail its neighbours in the transaction", "[store][writer]") {
  TempStore store;
  std::atomic<int> good{0}, bad{0};
  std::latch done(300);
  for (int i = 0; i < 300; ++i) {
    Commit commit = sample_commit("A" + std::to_string(i));
    if (i % 3 == 0) commit.deliveries.at(0).message = 99'999;
    store->submit(std::move(commit), [&](Result<Committed> result) {
      (result ? good : bad)++;
      done.count_down();
    });
  }
  done.wait();
  CHECK(good == 200);
  CHECK(bad == 100);
  CHECK(must(store->counts()).waiting == 200);
  CHECK(must(store->verify_audit()) == 200);
}

TEST_CASE("a handler may submit again", "[store][writer]") {
  TempStore store;
  std::promise<bool> done;
  store->submit(sample_commit("A1"), [&](const Result<Committed>&) {
    store->submit(sample_commit("A2"), [&](Result<Committed> second) { done.set_value(second.has_value()); });
  });
  CHECK(done.get_future().get());
}

TEST_CASE("what was submitted before closing is stored and answered", "[store][writer]") {
  TempStore store;
  std::atomic<int> answered{0};
  for (int i = 0; i < 300; ++i) {
    store->submit(sample_commit("A" + std::to_string(i)), [&](Result<Committed> r) { answered += r.has_value(); });
  }
  store.close();
  CHECK(answered == 300);
  store.open();
  CHECK(must(store->counts()).waiting == 300);
}

TEST_CASE("over the backlog a commit is refused as not now, and nothing of it is kept", "[store][writer]") {
  StoreOptions options;
  options.backlog = 100'000;
  TempStore store(options);
  std::promise<void> go, begun;
  auto gate = go.get_future().share();
  store->submit(sample_commit("A0"), [&begun, gate](const Result<Committed>&) {
    begun.set_value();
    gate.wait();
  });
  begun.get_future().wait();  // the writer has taken its group and takes no other before the gate opens
  std::vector<std::string> codes;
  for (int i = 0; i < 5; ++i) {
    store->submit(with_raw("B" + std::to_string(i), 40'000),
                  [&](Result<Committed> r) { codes.push_back(r ? "stored" : r.error().code); });
  }
  go.set_value();
  CHECK(store->commit(sample_commit("A1")));
  REQUIRE(codes.size() == 5);
  CHECK(codes[0] == "stored");
  CHECK(codes[4] == "store.backlog");
  CHECK_FALSE(stored(store, "B4"));
}

TEST_CASE("at its quota the store says not now, stores nothing by halves, and goes on with more room",
          "[store][writer][faults]") {
  StoreOptions options;
  options.quota = 600'000;
  TempStore store(options);
  int kept = 0;
  Error error;
  for (int i = 0; i < 100 && error.code.empty(); ++i) {
    const auto result = store->commit(with_raw("A" + std::to_string(i), 20'000));
    if (result) {
      ++kept;
    } else {
      error = result.error();
    }
  }
  CHECK(kept > 5);
  CHECK(error.fault == fhir::Fault::unavailable);
  CHECK(error.code == "store.full");
  CHECK_FALSE(store->failed());
  CHECK(must(store->counts()).waiting == kept);
  CHECK(must(store->verify_audit()) == kept);
  CHECK_FALSE(stored(store, "A" + std::to_string(kept)));
  store.close();
  StoreOptions more = store.options();
  more.quota = 0;
  const auto reopened = must(open_sqlite(more));
  CHECK(reopened->commit(with_raw("A" + std::to_string(kept), 20'000)));
}

TEST_CASE("a full disk is not now; when there is room again the store goes on", "[store][writer][faults]") {
  TempStore store(on_faulty_disk());
  must(store->commit(sample_commit("A1")));
  FaultyVfs::instance().fail(Operation::write, 1, SQLITE_FULL, true);
  const auto full = store->commit(sample_commit("A2"));
  REQUIRE_FALSE(full);
  CHECK(full.error().fault == fhir::Fault::unavailable);
  CHECK_FALSE(store->failed());
  CHECK(stored(store, "A1"));
  FaultyVfs::instance().heal();
  CHECK(store->commit(sample_commit("A2")));
  CHECK(must(store->verify_audit()) == 2);
}

TEST_CASE("after a failed fsync nothing is acknowledged any more, and it is made known once",
          "[store][writer][faults]") {
  StoreOptions options = on_faulty_disk();
  std::atomic<int> told{0};
  options.on_broken = [&](const Error& error) {  // on the writer's thread
    if (error.fault == fhir::Fault::broken) ++told;
  };
  TempStore store(options);
  must(store->commit(sample_commit("A1")));
  FaultyVfs::instance().fail(Operation::sync, 1, SQLITE_IOERR_FSYNC);  // once only: the next would "work"
  const auto failed = store->commit(sample_commit("A2"));
  REQUIRE_FALSE(failed);
  CHECK(failed.error().fault == fhir::Fault::broken);
  CHECK(failed.error().code == "store.disk");
  CHECK(store->failed());
  const auto after = store->commit(sample_commit("A3"));
  REQUIRE_FALSE(after);
  CHECK(after.error().fault == fhir::Fault::broken);
  CHECK(after.error().code == "store.failed");
  CHECK(told == 1);
  CHECK(stored(store, "A1"));
  store.reopen();
  CHECK(stored(store, "A1"));
  CHECK_FALSE(stored(store, "A3"));
  CHECK(store->commit(sample_commit("A3")));
  CHECK(must(store->verify_audit()) >= 2);
}

// The same work is done again and again while the first, second, third ... write or sync fails, until none does.
TEST_CASE("whichever write or sync fails, what was acknowledged is there and nothing is there twice",
          "[store][writer][faults]") {
  const auto [operation, code] =
      GENERATE(std::pair(Operation::write, SQLITE_FULL), std::pair(Operation::write, SQLITE_IOERR_WRITE),
               std::pair(Operation::sync, SQLITE_IOERR_FSYNC));
  int broken_steps = 0;
  for (int step = 1;; ++step) {
    INFO("step " << step);
    TempStore store(on_faulty_disk());
    FaultyVfs::instance().fail(operation, step, code);
    std::set<std::string> acknowledged;
    for (int i = 0; i < 2; ++i) {
      Commit commit = with_raw("A" + std::to_string(i), 9000);
      commit.resources.push_back(sample_resource("Task", "t"));
      if (store->commit(std::move(commit))) acknowledged.insert("A" + std::to_string(i));
    }
    const bool struck = FaultyVfs::instance().struck();
    FaultyVfs::instance().heal();
    store.reopen();
    for (const auto& id : acknowledged) CHECK(stored(store, id));
    const auto messages = must(store->messages({}));
    std::set<std::string> distinct;
    for (const auto& m : messages) distinct.insert(m.control_id);
    CHECK(distinct.size() == messages.size());
    CHECK(must(store->counts()).waiting == static_cast<std::int64_t>(messages.size()));
    CHECK(must(store->verify_audit()) == static_cast<std::int64_t>(messages.size()));
    if (!struck) break;
    ++broken_steps;
  }
  CHECK(broken_steps >= 2);
}

TEST_CASE("the log is moved into the database while the writer goes on, and has a longest length", "[store][writer]") {
  TempStore store;
  for (int i = 0; i < 80; ++i) store.commit(with_raw("A" + std::to_string(i), 5'000'000));
  struct stat log{};
  REQUIRE(::stat((store.file() + "-wal").c_str(), &log) == 0);
  CHECK(log.st_size < 300'000'000);  // of 400 MB written
  CHECK(must(store->verify_audit()) == 80);
}

}  // namespace gateway::store
