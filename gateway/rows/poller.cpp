// Long because it is one round of looking, from the first question to the last mark.
#include "gateway/rows/poller.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <latch>
#include <unordered_map>

#include "fhir/message/message.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"

namespace gateway::rows {
namespace {

using namespace std::chrono_literals;
using adapters::rows::Record;
using exchange::Fate;
using fhir::Error;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::Result;
using observe::Level;
using std::chrono::milliseconds;

constexpr milliseconds kFirstPause = 500ms, kLongestPause = 60s;
constexpr std::size_t kWaitingAtOnce = 2000;  // the longest waiting are looked at again in every round
constexpr std::int64_t kVersionsBack = 1000;
constexpr std::chrono::seconds kFuture = 36h;  // whatever the zone, and a day

const config::Door* find_door(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.doors, name, &config::Door::name);
  return found == config.doors.end() || !found->rows ? nullptr : &*found;
}

std::vector<adapters::rows::Shape> shapes_of(const config::Door& door) {
  std::vector<adapters::rows::Shape> shapes;
  for (const auto& map : door.maps) {
    if (map->shape() != nullptr) shapes.push_back(*map->shape());
  }
  return shapes;
}

std::vector<std::string> key_texts(std::span<const adapters::rows::Key> keys) {
  std::vector<std::string> texts;
  for (const auto& key : keys) texts.push_back(key_text(key));
  return texts;
}

template <class T>
bool read_number(std::string_view& rest, std::size_t digits, T& value) {
  if (rest.size() < digits) return false;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + digits, value);
  if (error != std::errc{} || end != rest.data() + digits) return false;
  rest.remove_prefix(digits);
  return true;
}

bool take(std::string_view& rest, std::string_view any_of) {
  if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos) return false;
  rest.remove_prefix(1);
  return true;
}

/// "2026-03-11 10:26:11.003": Unix seconds as if it were UTC; the fraction is left out, which is further back.
std::optional<std::int64_t> seconds_of(std::string_view text) {
  int year = 0, hour = 0, minute = 0, second = 0;
  unsigned month = 0, day = 0;
  if (!read_number(text, 4, year) || !take(text, "-/") || !read_number(text, 2, month) || !take(text, "-/") ||
      !read_number(text, 2, day))
    return std::nullopt;
  if (take(text, " T") && (!read_number(text, 2, hour) || !take(text, ":") || !read_number(text, 2, minute)))
    return std::nullopt;
  if (take(text, ":") && !read_number(text, 2, second)) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::seconds(days).count() + hour * 3600 + minute * 60 + second;
}

}  // namespace

std::string key_text(const adapters::rows::Key& key) {
  JsonTree list = JsonTree::array();
  for (const auto& value : key) list.push(value);
  return list.dump();
}

adapters::rows::Key key_of(std::string_view text) {
  adapters::rows::Key key;
  const auto json = Json::parse(std::string(text));
  if (!json) return key;
  for (const fhir::JsonView value : json->root()) key.emplace_back(value.text());
  return key;
}

std::string moved_back(std::string_view changed, milliseconds by) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(changed.data(), changed.data() + changed.size(), version);
  if (!changed.empty() && error == std::errc{} && end == changed.data() + changed.size())
    return std::to_string(version - kVersionsBack);
  const auto seconds = seconds_of(changed);
  if (!seconds) return {};
  const char dash = changed[4], between = changed.size() > 10 ? changed[10] : ' ';
  std::string text = exchange::instant((*seconds - std::chrono::ceil<std::chrono::seconds>(by).count()) * 1000);
  text.resize(19);  // to the second
  text[4] = text[7] = dash;
  text[10] = between;
  return text;
}

// ---- the thread

Poller::Poller(exchange::World world, exchange::Intake& intake, const config::Door& door, Away away)
    : world_(std::move(world)),
      intake_(intake),
      name_(door.name),
      label_(door.label()),
      polling_(*door.rows),
      away_(std::move(away)) {}

Poller::~Poller() { stop(); }

void Poller::start() {
  thread_ = std::thread([this] { run(); });
}

void Poller::stop() {
  stopping_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Poller::run() {
  while (!stopping()) {
    const auto looked = look();
    looked ? tell_success() : tell_failure(looked.error());
    const auto backoff = std::min<milliseconds>(kLongestPause, kFirstPause * (1 << std::min(failures_, 10)));
    pause(looked ? polling_.every : backoff);
  }
}

void Poller::pause(milliseconds length) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stopping_.get_token(), length, [] { return false; });
}

void Poller::tell_failure(const Error& error) {
  database_.reset();
  reader_.reset();
  if (failures_++ != 0) return;
  if (away_) away_(&error);
  observe::log(Level::alarm, "rows.away",
               {{"door", label_}, {"code", error.code}, {"where", error.where}, {"say", error.say}});
}

void Poller::tell_success() {
  if (away_) away_(nullptr);
  if (std::exchange(failures_, 0) != 0) observe::log(Level::info, "rows.back", {{"door", label_}});
}

// ---- one look

Result<void> Poller::look() {
  if (auto connected = connect(); !connected) return connected;
  const Millis now = world_.clock.now();
  if (now >= next_sweep_) {
    if (auto swept = sweep(); !swept) return swept;
    next_sweep_ = world_.clock.now() + polling_.sweep.count();
  }
  const bool again = now >= next_overlap_;
  for (const auto& stream : reader_->streams()) {
    if (auto followed = follow(stream, again); !followed) return followed;
  }
  if (again) next_overlap_ = now + std::max<Millis>(polling_.overlap.count() / 2, 1);
  return look_at_waiting();
}

Result<void> Poller::connect() {
  if (reader_) return {};
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr)
    return fhir::fail(Fault::unavailable, "door.unknown", label_, "this door was taken out of the configuration");
  auto opened = adapters::rows::Database::open(polling_.place, adapters::rows::Database::Use::read, polling_.charset);
  if (!opened) return fhir::pass(opened);
  adapters::rows::Reader reader(**opened, polling_);
  if (auto learnt = reader.learn(shapes_of(*door)); !learnt) return learnt;
  for (const auto& stream : reader.streams()) {
    const auto bookmark = world_.store.row_bookmark(label_, stream);
    if (!bookmark) return std::unexpected(bookmark.error());
    if (*bookmark) bookmarks_[stream] = {(*bookmark)->changed, key_of((*bookmark)->key)};
  }
  // A walk over the whole table at every start would be one too many, unless there is nothing else to go by.
  if (next_sweep_ == 0 && !reader.streams().empty()) next_sweep_ = world_.clock.now() + polling_.sweep.count();
  database_ = *std::move(opened);
  reader_.emplace(std::move(reader));
  next_overlap_ = 0;  // what became visible while nobody looked
  return {};
}

// `again`: what stands before the bookmark, twice the overlap back, because between two such looks the bookmark moves
// on by half of it. Then what is behind it, and the bookmark moves on page by page.
Result<void> Poller::follow(const std::string& stream, bool again) {
  const auto known = bookmarks_.find(stream);
  if (known == bookmarks_.end()) return walk(stream, "", std::nullopt, std::nullopt);
  const Change bookmark = known->second;
  if (again) {
    const std::string from = moved_back(bookmark.changed, polling_.overlap * 2);
    if (auto done = walk(stream, from, std::nullopt, bookmark); !done) return done;
  }
  return walk(stream, "", bookmark, std::nullopt);
}

/// Page by page; `until`: to the bookmark, which then stays where it is.
Result<void> Poller::walk(const std::string& stream, const std::string& from, std::optional<Change> last,
                          const std::optional<Change>& until) {
  while (!stopping()) {
    auto changes = reader_->changes(stream, from, last, polling_.batch, until);
    if (!changes) return fhir::pass(changes);
    if (changes->empty()) break;
    std::vector<Key> keys, absent;
    for (const Change& change : *changes) keys.push_back(change.key);
    if (auto done = process(keys, &absent); !done) return done;
    last = changes->back();
    if (until) continue;
    if (auto saved = save_bookmark(stream, *changes); !saved) return saved;
    if (changes->size() < polling_.batch) break;
  }
  return {};
}

/// A row from the future (a clock that is wrong, 9999-12-31) is read, but the bookmark does not go there: everything
/// that comes after would be behind it.
Result<void> Poller::save_bookmark(const std::string& stream, std::span<const Change> page) {
  const std::int64_t latest = world_.clock.now() / 1000 + kFuture.count();
  const auto last = std::find_if(page.rbegin(), page.rend(), [&](const Change& change) {
    return seconds_of(change.changed).value_or(latest) <= latest;
  });
  if (last == page.rend()) return {};
  Change& known = bookmarks_[stream];
  if (known == *last) return {};
  store::Commit commit;
  commit.bookmarks.push_back({label_, stream, last->changed, key_text(last->key)});
  if (auto stored = world_.store.commit(std::move(commit)); !stored) return fhir::pass(stored);
  known = *last;
  observe::failpoint("rows.bookmarked");
  return {};
}

Result<void> Poller::look_at_waiting() {
  const auto waiting = world_.store.row_marks_in(label_, RowState::waiting, kWaitingAtOnce);
  if (!waiting) return std::unexpected(waiting.error());
  std::vector<Key> keys, absent;
  for (const RowMark& mark : *waiting) keys.push_back(key_of(mark.key));
  for (std::size_t start = 0; start < keys.size(); start += polling_.batch) {
    const auto some = std::span(keys).subspan(start, std::min(polling_.batch, keys.size() - start));
    if (auto done = process(some, &absent); !done) return done;
  }
  return {};
}

// ---- walks over the whole table

Result<void> Poller::sweep() {
  std::vector<Key> vanished;
  if (auto done = sweep_marks(vanished); !done) return done;
  if (auto done = sweep_table(); !done) return done;
  return withdraw(vanished);
}

/// The rows we know: changed without a new change time, or gone.
Result<void> Poller::sweep_marks(std::vector<Key>& vanished) {
  std::string after;
  while (!stopping()) {
    const auto marks = world_.store.row_marks_after(label_, after, polling_.batch);
    if (!marks) return std::unexpected(marks.error());
    if (marks->empty()) break;
    after = marks->back().key;
    std::vector<Key> keys;
    for (const RowMark& mark : *marks) {
      if (mark.state != RowState::gone) keys.push_back(key_of(mark.key));
    }
    if (auto done = process(keys, &vanished); !done) return done;
  }
  return {};
}

/// The rows we do not know: inserted with an old change time, or before the bookmark.
Result<void> Poller::sweep_table() {
  std::optional<Key> last;
  while (!stopping()) {
    auto keys = reader_->keys(last, polling_.batch);
    if (!keys) return fhir::pass(keys);
    if (keys->empty()) break;
    last = keys->back();
    const auto marks = world_.store.row_marks(label_, key_texts(*keys));
    if (!marks) return std::unexpected(marks.error());
    // Rows that came back after they were gone are among the strangers.
    std::erase_if(*keys, [&](const Key& key) {
      const auto known = std::ranges::find(*marks, key_text(key), &RowMark::key);
      return known != marks->end() && known->state != RowState::gone;
    });
    std::vector<Key> absent;
    if (auto done = process(*keys, &absent); !done) return done;
  }
  return {};
}

Result<void> Poller::withdraw(std::span<const Key> vanished) {
  if (!polling_.withdraw_vanished || stopping()) return {};
  const bool emptied = vanished.size() > polling_.most_vanished;
  if (emptied && !emptied_)
    observe::log(Level::alarm, "rows.too-many-vanished", {{"door", label_}, {"rows", std::to_string(vanished.size())}});
  emptied_ = emptied;
  if (emptied) return {};
  return process(vanished, nullptr);
}

// ---- rows

struct Poller::Batch {
  std::unordered_map<std::string, RowMark> known;  // by key
  std::vector<RowMark> notes;                      // stored without a message
  struct Handed {
    exchange::Arrival arrival;
    std::optional<Error> trouble;  // held instead of taken
  };
  std::vector<Handed> handed;
  std::shared_ptr<const config::Config> config;
  const config::Door* door = nullptr;
  Millis now = 0;
};

Result<void> Poller::process(std::span<const Key> keys, std::vector<Key>* absent) {
  if (keys.empty()) return {};
  Batch batch;
  batch.config = world_.config();
  batch.door = find_door(*batch.config, name_);
  batch.now = world_.clock.now();
  if (batch.door == nullptr)
    return fhir::fail(Fault::unavailable, "door.unknown", label_, "this door was taken out of the configuration");
  // Marks first: a row that is read after its mark cannot be older than it.
  const auto marks = world_.store.row_marks(label_, key_texts(keys));
  if (!marks) return std::unexpected(marks.error());
  for (const RowMark& mark : *marks) batch.known[mark.key] = mark;
  const auto records = reader_->read(keys);
  if (!records) return std::unexpected(records.error());
  std::unordered_map<std::string, const Record*> found;
  for (const Record& record : *records) found[key_text(record.key)] = &record;
  for (const Key& key : keys) {
    const auto record = found.find(key_text(key));
    if (record != found.end()) {
      if (record->second == nullptr) continue;  // the same row twice among the keys
      judge_one(record->second, key, batch);
      record->second = nullptr;
    } else if (absent != nullptr) {
      absent->push_back(key);
    } else {
      judge_one(nullptr, key, batch);
    }
  }
  return hand_over(batch);
}

void Poller::judge_one(const Record* record, const Key& key, Batch& batch) {
  const std::string text = key_text(key);
  const auto known = batch.known.find(text);
  const RowMark* old = known == batch.known.end() ? nullptr : &known->second;
  const std::string hash = record == nullptr ? "" : fhir::message::sha256(record->row.dump());
  const Verdict verdict = judge(polling_, record, hash, old, batch.now);
  if (verdict.act == Act::nothing) return;

  RowMark mark;
  if (old != nullptr) mark = *old;
  mark.door = label_;
  mark.key = text;
  mark.message = 0;  // as it was, or the one of the commit
  mark.hash = hash;
  if (mark.state != verdict.state || mark.reason != verdict.reason || old == nullptr) mark.at = batch.now;
  mark.state = verdict.state;
  mark.reason = verdict.reason;
  if (verdict.act == Act::note) return batch.notes.push_back(std::move(mark));

  Batch::Handed handed;
  handed.arrival.rows_if_held.push_back(mark);  // what is held has not left: version and live stay
  ++mark.version;
  mark.live = verdict.act == Act::take;
  if (verdict.act == Act::hold)
    handed.trouble = record != nullptr && record->trouble
                         ? *record->trouble
                         : Error{Fault::needs_person, verdict.reason, polling_.table,
                                 "rows that belong to this record have not come for too long"};
  const JsonTree row = record != nullptr ? record->row : last_row(key, *old);
  handed.arrival.raw = record_json(key, row, mark, verdict.why);
  handed.arrival.config = batch.config;
  handed.arrival.local = batch.door;
  handed.arrival.door = handed.arrival.actor = label_;
  handed.arrival.caller = batch.config->organization.id;
  handed.arrival.rows.push_back(std::move(mark));
  batch.handed.push_back(std::move(handed));
}

std::string Poller::record_json(const Key& key, const JsonTree& row, const RowMark& mark, std::string_view why) const {
  JsonTree record = JsonTree::object({{"table", polling_.table}});
  JsonTree& named = record["key"];
  for (std::size_t i = 0; i < key.size(); ++i) named.set(polling_.key[i], key[i]);
  record.set("version", JsonTree::number(std::to_string(mark.version)));
  record.set("deleted", JsonTree::boolean(!why.empty()));
  record.set("why", why);
  record.set("row", row);
  return record.dump();
}

/// Of a row that is no longer there: as the last message about it had it.
JsonTree Poller::last_row(const Key& key, const RowMark& mark) const {
  const auto message = world_.store.message(mark.message);
  const auto json = Json::parse(message && *message ? (*message)->raw : std::string("{}"));
  if (json && json->root()["row"].is_object()) return JsonTree::from(json->root()["row"]);
  JsonTree row = JsonTree::object();
  for (std::size_t i = 0; i < key.size(); ++i) row.set(polling_.key[i], key[i]);
  return row;
}

// Everything of a batch is durable, or the batch is looked at again.
Result<void> Poller::hand_over(Batch& batch) {
  keep_rate(batch.handed.size());
  std::latch stored(static_cast<std::ptrdiff_t>(batch.handed.size()));
  std::mutex mutex;
  std::optional<Error> failure;
  for (auto& [arrival, trouble] : batch.handed) {
    auto done = [&, mark = arrival.rows.front()](exchange::Judgement judged) {
      const std::scoped_lock lock(mutex);
      if (judged.fate == Fate::not_now) failure = judged.error;
      if (judged.fate == Fate::repeated) batch.notes.push_back(mark);  // the message was there, its mark was not
      stored.count_down();
    };
    trouble ? intake_.keep_broken(std::move(arrival), *trouble, std::move(done))
            : intake_.take(std::move(arrival), std::move(done));
  }
  stored.wait();
  const std::scoped_lock lock(mutex);
  if (failure) return std::unexpected(*failure);
  if (batch.notes.empty()) return {};
  std::size_t waiting = 0, rejected = 0;
  for (const RowMark& mark : batch.notes) {
    waiting += mark.state == RowState::waiting ? 1 : 0;
    rejected += mark.state == RowState::rejected ? 1 : 0;
  }
  store::Commit commit;
  commit.rows = std::move(batch.notes);
  if (auto noted = world_.store.commit(std::move(commit)); !noted) return fhir::pass(noted);
  if (waiting + rejected != 0)
    observe::log(Level::info, "rows.not-sent",
                 {{"door", label_}, {"waiting", std::to_string(waiting)}, {"rejected", std::to_string(rejected)}});
  return {};
}

void Poller::keep_rate(std::size_t records) {
  in_window_ += records;
  const Millis now = world_.clock.now();
  if (now - window_ < 1000 && in_window_ > polling_.rate) pause(milliseconds(1000 - (now - window_)));
  if (world_.clock.now() - window_ >= 1000) {
    window_ = world_.clock.now();
    in_window_ = records;
  }
}

}  // namespace gateway::rows
