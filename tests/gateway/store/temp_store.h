// A store in a folder of its own that goes away with the test, and short ways to say what a test stores.
#pragma once
#include <sqlite3.h>
#include <stdlib.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "gateway/store/store.h"

namespace gateway::store {

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "causeway-store-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  ~TempFolder() { std::filesystem::remove_all(path_); }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

template <class T>
T must(Result<T> result) {
  if (!result) FAIL(fhir::to_string(result.error()));
  return std::move(*result);
}

class TempStore {
 public:
  explicit TempStore(StoreOptions options = {}) : options_(std::move(options)) {
    options_.file = (folder_.path() / "store.db").string();
    open();
  }

  Store& operator*() { return *store_; }
  Store* operator->() { return store_.get(); }
  const StoreOptions& options() const { return options_; }
  const std::string& file() const { return options_.file; }

  void close() { store_.reset(); }
  void open() { store_ = must(open_sqlite(options_)); }
  void reopen() {
    close();
    open();
  }

  std::vector<Claim> claim(Millis now, std::size_t count = 100, Millis lease = 1000,
                           std::vector<std::string> paused = {}) {
    std::vector<Room> rooms;
    for (auto& destination : paused) rooms.push_back({std::move(destination), 0});
    return claim_within(now, count, lease, std::move(rooms));
  }

  std::vector<Claim> claim_within(Millis now, std::size_t count, Millis lease, std::vector<Room> rooms) {
    std::promise<Result<std::vector<Claim>>> promise;
    store_->claim(now, now + lease, count, std::move(rooms),
                  [&](Result<std::vector<Claim>> claims) { promise.set_value(std::move(claims)); });
    return must(promise.get_future().get());
  }

  Committed commit(Commit what) { return must(store_->commit(std::move(what))); }

  Committed settle(const Claim& claim, DeliveryState state, Millis at = 0, Millis next_at = 0) {
    Commit commit;
    commit.settlements.push_back({.delivery = claim.delivery.id,
                                  .state = state,
                                  .reason = {},
                                  .answer = {},
                                  .attempts = claim.delivery.attempts + 1,
                                  .at = at,
                                  .next_at = next_at,
                                  .lease = claim.lease});
    return this->commit(std::move(commit));
  }

 private:
  TempFolder folder_;
  StoreOptions options_;
  std::unique_ptr<Store> store_;
};

inline Message sample_message(std::string control_id, Millis at = 1'700'000'000'000) {
  Message m;
  m.at = at;
  m.door = "mllp:lis";
  m.sender = "tmucih";
  m.control_id = control_id;
  m.content_hash = "c0ffee";
  m.event = "report";
  m.correlation = "case-" + control_id;
  m.business_ids = {"R-" + control_id, control_id};
  m.raw = "MSH|^~\\&|LIS|" + control_id + "\rPID|1\r";
  m.bundle = R"({"resourceType":"Bundle","id":")" + control_id + "\"}";
  m.answer = "MSA|CA|" + control_id;
  m.explain = R"({"route":"reports"})";
  return m;
}

inline Delivery sample_delivery(std::string destination, std::string lane) {
  Delivery d;
  d.destination = std::move(destination);
  d.lane_key = std::move(lane);
  d.content_type = "application/fhir+json";
  d.bytes = R"({"resourceType":"Bundle"})";
  d.control_id = "out-1";
  d.request_id = "4bf9";
  d.event = "report";
  return d;
}

inline StoredResource sample_resource(std::string type, std::string id) {
  StoredResource r;
  r.type = std::move(type);
  r.id = std::move(id);
  r.at = 1'700'000'000'000;
  r.owner = "tmucih";
  r.event = "report";
  r.correlation = "case-1";
  r.identifiers = {{"urn:reports", "R-" + r.id}};
  r.json = R"({"resourceType":")" + r.type + "\"}";
  return r;
}

inline AuditEntry sample_audit(std::string event, Millis at = 1'700'000'000'000) {
  return {0, at, std::move(event), "gateway", R"({"door":"mllp:lis"})", ""};
}

/// A message with one delivery, as most tests need it; remembered.
inline Commit sample_commit(std::string control_id, std::string destination = "peer:hongkong", std::string lane = "") {
  Commit commit;
  commit.message = sample_message(std::move(control_id));
  commit.deliveries.push_back(sample_delivery(std::move(destination), std::move(lane)));
  commit.audit.push_back(sample_audit("received"));
  commit.remember = true;
  return commit;
}

/// A second, raw connection, as somebody with the sqlite3 shell would have it.
class RawDatabase {
 public:
  explicit RawDatabase(const std::string& file) { REQUIRE(sqlite3_open(file.c_str(), &handle_) == SQLITE_OK); }
  RawDatabase(const RawDatabase&) = delete;
  RawDatabase& operator=(const RawDatabase&) = delete;
  ~RawDatabase() { sqlite3_close(handle_); }

  void run(const std::string& sql) {
    INFO(sql);
    REQUIRE(sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
  }

  /// Every row as its columns joined with '|'.
  std::vector<std::string> rows(const std::string& sql) {
    std::vector<std::string> found;
    const auto add = [](void* into, int count, char** values, char**) {
      std::string row;
      for (int i = 0; i < count; ++i) {
        row.append(i == 0 ? "" : "|").append(values[i] == nullptr ? "NULL" : values[i]);
      }
      static_cast<std::vector<std::string>*>(into)->push_back(row);
      return 0;
    };
    INFO(sql);
    REQUIRE(sqlite3_exec(handle_, sql.c_str(), add, &found, nullptr) == SQLITE_OK);
    return found;
  }

  std::int64_t number(const std::string& sql) { return std::stoll(rows(sql).at(0)); }

 private:
  sqlite3* handle_ = nullptr;
};

}  // namespace gateway::store
