// A door of kind `rows`: polls a staging database and gives what changed to the intake, as if it had been sent.
//
// How nothing is lost and nothing doubled: each row has a mark in our store (the hash of its last state), written in
// the same transaction as the message it became; a row whose hash is known is left out. The bookmark, how far a change
// column was read, moves only after everything up to it is stored. So a kill at any moment costs reading again, never a
// row and never a second message. Changes that become visible late are found by reading the overlap again, changes that
// no change time tells of, and rows that vanished, by walking over the table now and then.
//
// One thread of its own, never one of the Net. A database that goes away is one alarm, growing pauses, one line when it
// is back. stop() waits for the question that is being asked, at most.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <thread>

#include "adapters/rows/reader.h"
#include "gateway/exchange/intake.h"
#include "gateway/rows/verdict.h"

namespace gateway::rows {

class Poller {
 public:
  /// `door` is one of the configuration's with `rows`; how it polls is fixed until the next start, its maps are not.
  /// `away` is told when the database cannot be read, and, with nullptr, after each look that could; it is short.
  using Away = std::function<void(const fhir::Error* why)>;
  Poller(exchange::World world, exchange::Intake& intake, const config::Door& door, Away away = {});
  ~Poller();
  void start();
  void stop();

  /// One look at everything that is due. For tests without the thread; `unavailable`: look again later.
  fhir::Result<void> look();

 private:
  using Key = adapters::rows::Key;
  using Change = adapters::rows::Change;
  struct Batch;

  void run();
  bool stopping() const { return stopping_.stop_requested(); }
  void pause(std::chrono::milliseconds length);
  void tell_failure(const fhir::Error& error);
  void tell_success();
  fhir::Result<void> connect();
  fhir::Result<void> follow(const std::string& stream, bool again);
  fhir::Result<void> walk(const std::string& stream, const std::string& from, std::optional<Change> last,
                          const std::optional<Change>& until);
  fhir::Result<void> look_at_waiting();
  fhir::Result<void> sweep();
  fhir::Result<void> sweep_marks(std::vector<Key>& vanished);
  fhir::Result<void> sweep_table();
  fhir::Result<void> withdraw(std::span<const Key> vanished);

  /// Reads these rows again and acts on each. Rows that are not there are put into `absent`, or, without it, judged.
  fhir::Result<void> process(std::span<const Key> keys, std::vector<Key>* absent);
  void judge_one(const adapters::rows::Record* record, const Key& key, Batch& batch);
  fhir::Result<void> hand_over(Batch& batch);
  std::string record_json(const Key& key, const fhir::JsonTree& row, const RowMark& mark, std::string_view why) const;
  fhir::JsonTree last_row(const Key& key, const RowMark& mark) const;
  void keep_rate(std::size_t records);
  fhir::Result<void> save_bookmark(const std::string& stream, std::span<const Change> page);

  exchange::World world_;
  exchange::Intake& intake_;
  const std::string name_, label_;
  const config::Polling polling_;
  const Away away_;
  std::unique_ptr<adapters::rows::Database> database_;
  std::optional<adapters::rows::Reader> reader_;
  std::map<std::string, Change> bookmarks_;
  Millis next_overlap_ = 0, next_sweep_ = 0;
  Millis window_ = 0;          // the rate: of this second ...
  std::size_t in_window_ = 0;  // ... so many were taken
  int failures_ = 0;
  bool emptied_ = false;  // too many rows vanished; told once
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::stop_source stopping_;
  std::thread thread_;
};

/// A key as marks and bookmarks hold it, and back: a JSON array of its values.
std::string key_text(const adapters::rows::Key& key);
adapters::rows::Key key_of(std::string_view text);

/// A change value that far back: a time in the form it was written in, a number by 1000; "" (all) when it is neither.
std::string moved_back(std::string_view changed, std::chrono::milliseconds by);

}  // namespace gateway::rows
