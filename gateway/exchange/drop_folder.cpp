#include "gateway/exchange/drop_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <fstream>
#include <future>

#include "adapters/charset.h"
#include "adapters/files/csv.h"
#include "adapters/hl7v2/batch.h"
#include "adapters/hl7v2/mllp.h"
#include "gateway/exchange/readers.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {

/// What became of one record of a file.
struct DropFolder::Outcome {
  std::size_t line = 1;  // where the record begins
  Judgement judged;
};

namespace {

namespace fs = std::filesystem;
namespace hl7 = adapters::hl7v2;
using fhir::Error;
using fhir::Fault;
using fhir::Result;
using observe::Level;

constexpr auto kLook = std::chrono::milliseconds(500);
constexpr std::size_t kAtOnce = 64;  // records handed to the intake before the first answer is waited for

struct Record {
  std::size_t line = 1;  // of the file, where it begins
  std::string bytes;
  std::optional<Error> broken{};  // it cannot be taken: it is kept with that
};

const config::Door* find_door(const config::Config& config, std::string_view name) {
  const auto door = std::ranges::find(config.doors, name, &config::Door::name);
  return door == config.doors.end() ? nullptr : &*door;
}

bool is_unfinished(const std::string& name) {
  return name.starts_with('.') ||
         std::ranges::any_of(std::initializer_list<std::string_view>{".tmp", ".part", ".filepart", ".crdownload"},
                             [&](std::string_view end) { return name.ends_with(end); });
}

/// Plain files, by name: the order in which they are taken. Nothing when the folder cannot be read.
std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code failed;
  for (fs::directory_iterator entry(folder, failed), end; !failed && entry != end; entry.increment(failed)) {
    if (fs::is_regular_file(entry->symlink_status(failed)) && !is_unfinished(entry->path().filename().string()))
      files.push_back(entry->path());
  }
  std::ranges::sort(files);
  return files;
}

/// What was taken is ours alone; who may drop files is for the administrator to say on the folder itself.
bool make_folders(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  for (const auto* part : {"work", "done", "failed"}) {
    if (!failed && fs::create_directory(folder / part, failed))
      fs::permissions(folder / part, fs::perms::owner_all, failed);
  }
  return !failed;
}

/// x.csv, or x.2.csv when there is one already: nothing that was kept is written over.
fs::path free_name(const fs::path& folder, const fs::path& name) {
  std::error_code failed;
  fs::path candidate = folder / name;
  for (int n = 2; fs::exists(candidate, failed); ++n)
    candidate = folder / fmt::format("{}.{}{}", name.stem().string(), n, name.extension().string());
  return candidate;
}

Result<std::string> read_file(const fs::path& file, std::size_t limit) {
  std::error_code failed;
  const auto size = fs::file_size(file, failed);
  std::ifstream stream(file, std::ios::binary);
  if (failed || !stream) return fhir::fail(Fault::unavailable, "folder.read", "", "the file cannot be read");
  if (size > limit)
    return fhir::fail(Fault::too_large, "door.too-large", "", fmt::format("a file may have at most {} bytes", limit));
  std::string bytes(size, '\0');
  stream.read(bytes.data(), static_cast<std::streamsize>(size));
  if (static_cast<std::uintmax_t>(stream.gcount()) != size)
    return fhir::fail(Fault::unavailable, "folder.read", "", "the file cannot be read to its end");
  return bytes;
}

/// The messages of a file, with or without batches around them, parts of divided ones joined; and for all that is wrong
/// with the envelopes one record that has nothing but their lines.
class Messages {
 public:
  explicit Messages(adapters::Charset charset) : charset_(charset) {}

  /// The file, or a frame of it that begins in this line. What is no message at all is one record: its reader says what
  /// is wrong with it.
  void add(const std::string& bytes, std::size_t line) {
    auto batch = hl7::split_batch(bytes, {.first_line = line});
    if (!batch) return add_whole(bytes, line, std::move(batch).error());
    for (auto& message : hl7::join_continued(*batch, charset_))
      records_.push_back({message.line, std::move(message.bytes), std::move(message.fault)});
    if (batch->faults.empty()) return;
    unlisted_ += batch->unlisted;
    for (Error& fault : batch->faults) {
      if (faults_.size() < kMostFaults)
        faults_.push_back(std::move(fault));
      else
        ++unlisted_;
    }
    envelope_ += hl7::envelope_of(bytes);
  }

  void add_broken(std::string bytes, std::size_t line, Error why) {
    records_.push_back({line, std::move(bytes), std::move(why)});
  }

  std::vector<Record> records() {
    if (!faults_.empty()) records_.push_back({1, std::move(envelope_), hl7::envelope_fault(faults_, unlisted_)});
    return std::move(records_);
  }

 private:
  static constexpr std::size_t kMostFaults = 10;

  void add_whole(const std::string& bytes, std::size_t line, Error why) {
    const bool said = hl7::is_batch(bytes) || why.fault == Fault::too_large;
    records_.push_back({line, bytes, said ? std::optional(std::move(why)) : std::nullopt});
  }

  const adapters::Charset charset_;
  std::vector<Record> records_;
  std::vector<Error> faults_;
  std::size_t unlisted_ = 0;
  std::string envelope_;
};

/// A capture of a connection: frame after frame. One that does not end is kept, and the others are taken.
Result<void> add_frames(const std::string& bytes, Messages& messages) {
  hl7::Deframer deframer(bytes.size());
  deframer.feed(bytes);
  const char end = bytes.contains('\r') ? '\r' : '\n';
  std::size_t line = 1, counted = 0;
  const auto line_at = [&](std::size_t at) {
    line += static_cast<std::size_t>(std::ranges::count(std::string_view(bytes).substr(counted, at - counted), end));
    counted = at;
    return line;
  };
  while (true) {
    const auto frame = deframer.take();
    if (!frame) return std::unexpected(frame.error());
    if (!*frame) break;
    messages.add(**frame, line_at(deframer.began()));
  }
  if (!deframer.unfinished()) return {};
  const std::string half(deframer.pending());
  messages.add_broken(half, line_at(bytes.size() - half.size()),
                      {Fault::invalid, "mllp.half-frame", "", "the last frame of the file does not end"});
  return {};
}

Result<std::vector<Record>> messages_of(const std::string& bytes, adapters::Charset charset) {
  Messages messages(charset);
  if (!bytes.starts_with('\x0b')) {
    messages.add(bytes, 1);
  } else if (auto added = add_frames(bytes, messages); !added) {
    return fhir::pass(added);
  }
  return messages.records();
}

/// A CSV is cut into its rows, each in the bytes of the door's charset, a file of HL7 v2 into its messages; every other
/// file is one record.
Result<std::vector<Record>> records_of(const config::Door& door, const std::string& bytes) {
  const auto charset = adapters::charset_named(door.charset).value_or(adapters::Charset::utf8);
  if (door.format == config::Format::hl7v2) return messages_of(bytes, charset);
  std::vector<Record> records;
  if (door.format != config::Format::csv) {
    records.push_back({1, bytes});
    return records;
  }
  const auto text = adapters::decode(bytes, charset);
  if (!text) return std::unexpected(text.error());
  auto rows = adapters::files::split_csv(*text);
  if (!rows) return fhir::pass(rows);
  for (auto& row : *rows) {
    auto encoded = adapters::encode(row.text, charset);
    if (encoded)
      records.push_back({row.line, *std::move(encoded)});
    else
      records.push_back({row.line, row.text, std::move(encoded).error()});
  }
  return records;
}

using Pending = std::future<Judgement>;

Pending answer_of(auto&& ask) {
  auto promise = std::make_shared<std::promise<Judgement>>();
  auto answer = promise->get_future();
  ask([promise](Judgement judged) { promise->set_value(std::move(judged)); });
  return answer;
}

bool is_taken(const Judgement& judged) { return judged.fate == Fate::accepted || judged.fate == Fate::repeated; }

/// The place in the file: a CSV record counts its header as line 1 and its row from line 2.
std::string place_in_file(const Error& error, std::size_t line) {
  const auto colon = error.where.find(':');
  std::size_t inside = 0;
  const auto [end, bad] = std::from_chars(error.where.data(), error.where.data() + error.where.size(), inside);
  const bool counted = error.code.starts_with("csv.") && bad == std::errc{} && colon != std::string::npos &&
                       end == error.where.data() + colon && inside >= 2;
  return counted ? fmt::format("{}{}", line + inside - 2, error.where.substr(colon)) : error.where;
}

std::string told(const Judgement& judged, std::size_t line) {
  const Error error =
      judged.error.value_or(Error{Fault::broken, "intake.no-reason", "", "the record was not accepted"});
  const std::string kept = judged.message == 0 ? std::string("not kept") : fmt::format("kept as {}", judged.message);
  const std::string place = place_in_file(error, line);
  return fmt::format("line {}: {}, {}: {}{}{}\n", line, kept, error.code, place, place.empty() ? "" : ": ", error.say);
}

}  // namespace

void DropFolder::start() {
  thread_ = std::jthread([this](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      look();
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, stop, kLook, [] { return false; });
    }
  });
}

void DropFolder::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  thread_.request_stop();
  thread_.join();
}

std::size_t DropFolder::look() {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr || door->folder.empty()) return 0;
  const bool usable = make_folders(door->folder);
  complain(usable);
  if (!usable) return 0;
  std::size_t ended = 0;
  const auto work = door->folder / "work";
  for (const auto& file : files_in(work)) {
    if (stopping_) return ended;
    ended += end_file(config, *door, file) ? 1 : 0;
  }
  for (const auto& file : settled(*door)) {
    if (stopping_) return ended;
    const fs::path claimed = work / file.filename();
    std::error_code failed;
    if (fs::exists(claimed, failed)) continue;  // its namesake could not be ended yet
    fs::rename(file, claimed, failed);
    if (failed) continue;                                                     // somebody took it away again
    if (!fs::is_regular_file(fs::symlink_status(claimed, failed))) continue;  // somebody put a link in its place
    observe::failpoint("folder.claimed");
    ended += end_file(config, *door, claimed) ? 1 : 0;
  }
  return ended;
}

// A file that is still being written grows, or its time moves.
std::vector<fs::path> DropFolder::settled(const config::Door& door) {
  std::vector<fs::path> still;
  std::map<std::string, Seen> seen;
  const Millis now = world_.clock.now();
  for (const auto& file : files_in(door.folder)) {
    std::error_code failed;
    Seen one{fs::file_size(file, failed), fs::last_write_time(file, failed), now};
    if (failed) continue;
    const auto known = seen_.find(file.filename().string());
    if (known != seen_.end() && known->second.size == one.size && known->second.time == one.time)
      one.since = known->second.since;
    if (now - one.since >= door.settle.count() && known != seen_.end()) still.push_back(file);
    seen.emplace(file.filename().string(), one);
  }
  seen_ = std::move(seen);
  return still;
}

std::vector<DropFolder::Outcome> DropFolder::take_all(const std::shared_ptr<const config::Config>& config,
                                                      const config::Door& door, const std::string& bytes) {
  std::vector<Outcome> outcomes;
  auto records = records_of(door, bytes);
  if (!records) {
    auto answer = answer_of(
        [&](auto done) { intake_.keep_broken(arrival_at(config, door, bytes), records.error(), std::move(done)); });
    outcomes.push_back({1, answer.get()});
    return outcomes;
  }
  std::vector<std::pair<std::size_t, Pending>> waiting;
  const auto wait = [&] {
    for (auto& [line, answer] : waiting) outcomes.push_back({line, answer.get()});
    waiting.clear();
  };
  for (Record& record : *records) {
    waiting.emplace_back(record.line, answer_of([&](auto done) {
                           Arrival arrival = arrival_at(config, door, std::move(record.bytes));
                           if (!record.broken) return intake_.take(std::move(arrival), std::move(done));
                           intake_.keep_broken(std::move(arrival), *std::move(record.broken), std::move(done));
                         }));
    if (waiting.size() == kAtOnce) wait();
  }
  wait();
  return outcomes;
}

// True when it ended: then it is no longer in work/.
bool DropFolder::end_file(const std::shared_ptr<const config::Config>& config, const config::Door& door,
                          const fs::path& file) {
  std::vector<Outcome> outcomes;
  if (const auto bytes = read_file(file, door.limit)) {
    outcomes = take_all(config, door, *bytes);
  } else {
    Judgement judged;
    judged.fate = bytes.error().fault == Fault::unavailable ? Fate::not_now : Fate::refused;
    judged.error = bytes.error();
    outcomes.push_back({1, std::move(judged)});
  }
  observe::failpoint("folder.taken");
  if (std::ranges::any_of(outcomes, [](const Outcome& one) { return one.judged.fate == Fate::not_now; })) return false;

  std::string why;
  for (const Outcome& one : outcomes)
    if (!is_taken(one.judged)) why += told(one.judged, one.line);
  const auto taken = std::ranges::count_if(outcomes, [](const Outcome& one) { return is_taken(one.judged); });
  const fs::path target = free_name(door.folder / (why.empty() ? "done" : "failed"), file.filename());
  if (!why.empty()) {
    std::ofstream text(target.string() + ".error.txt", std::ios::binary);
    text << fmt::format("{} {} of {} records were taken. The others wait: causeway held ls\n",
                        instant(world_.clock.now()), taken, outcomes.size())
         << why;
  }
  std::error_code failed;
  fs::rename(file, target, failed);
  observe::log(
      why.empty() ? Level::info : Level::warning, why.empty() ? "folder.done" : "folder.failed",
      {{"door", door.label()}, {"records", std::to_string(outcomes.size())}, {"taken", std::to_string(taken)}});
  return !failed;
}

void DropFolder::complain(bool usable) {
  if (usable == usable_) return;
  usable_ = usable;
  observe::log(usable ? Level::info : Level::alarm, usable ? "folder.usable" : "folder.unusable", {{"door", name_}});
}

}  // namespace gateway::exchange
