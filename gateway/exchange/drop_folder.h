// A door that is a folder: whatever is dropped there goes to the intake, record by record, and ends in done/ or in
// failed/ with a text beside it that says why.
//
//   cases/x.csv            dropped, and left alone until its size and time have stood still for a while
//   cases/work/x.csv       claimed, by one rename; what is found here at the start is what a crash left, and is taken
//                          first: records that were accepted before get their first answer again, nothing is doubled
//   cases/done/x.csv       every record was accepted
//   cases/failed/x.csv     at least one was not: x.csv.error.txt tells which, at which line, and why; the others were
//
// A record that is not accepted is kept as held like one from any other door, so `causeway held` shows it and can
// release it. While the store cannot take records the file stays in work/. Names that begin with a dot, or end in .tmp,
// .part, .filepart or .crdownload are somebody's still unfinished file; links and folders are not touched.
//
// Its own thread does all of this; start() and stop() belong to one other. Names of files never get into a log: they
// often name a patient.
#pragma once
#include <atomic>
#include <condition_variable>
#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "gateway/exchange/intake.h"

namespace gateway::exchange {

class DropFolder {
 public:
  /// `name` is the door's, looked up in the configuration in force each time. Both must outlive this.
  DropFolder(const World& world, Intake& intake, std::string name)
      : world_(world), intake_(intake), name_(std::move(name)) {}
  ~DropFolder() { stop(); }

  void start();
  /// The file in hand is finished first.
  void stop();
  /// One look, on the caller's thread: what is in work/, then what has settled. Returns how many files ended.
  std::size_t look();

 private:
  struct Seen {
    std::uintmax_t size = 0;
    std::filesystem::file_time_type time;
    Millis since = 0;
  };
  struct Outcome;

  std::vector<std::filesystem::path> settled(const config::Door& door);
  bool end_file(const std::shared_ptr<const config::Config>& config, const config::Door& door,
                const std::filesystem::path& file);
  std::vector<Outcome> take_all(const std::shared_ptr<const config::Config>& config, const config::Door& door,
                                const std::string& bytes);
  void complain(bool usable);

  const World& world_;
  Intake& intake_;
  std::string name_;
  std::map<std::string, Seen> seen_;
  bool usable_ = true;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::jthread thread_;
};

}  // namespace gateway::exchange
