// The durable heart of a site. Everything that must happen together is one Commit, handed to one writer thread, which
// groups waiting commits into one transaction and answers only after the disk has them (SQLite WAL, synchronous=FULL).
// Queue, resources and audit are views on the same store. Reads are snapshots, from any thread.
//
// Times are Unix milliseconds, given by the caller: the store has no clock. Ids are the store's own, ascending, never
// used twice. Every struct here owns its bytes; nothing returned refers to the store.
//
// What an error means: `unavailable` (disk full, queue full, shutting down): not stored, not acknowledged, try later.
// `conflict`: contradicts what is stored (a stale version, a state that has moved on), nothing stored. `invalid`: the
// caller's mistake. `broken` (a failed write or fsync, a damaged file): never acknowledge anything any more, end the
// process; failed() says so from then on.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/result.h"

namespace gateway::store {

using fhir::Error;
using fhir::Result;
using Millis = std::int64_t;
using Id = std::int64_t;  // 0: none

enum class MessageState : std::uint8_t { accepted, held, refused, released, discarded };

/// One message that reached this site, by whichever door.
struct Message {
  Id id = 0;
  Millis at = 0;
  std::string door;                       // "mllp:lis", "http:platform", "fhir"
  std::string sender;                     // de-duplication scope: the peer's organisation, or endpoint + MSH-3/MSH-4
  std::string control_id;                 // MSH-10, msgId or MessageHeader.id
  std::string transmission;               // Bundle.id, or empty
  std::string content_hash;               // hex; leaves out what may differ between resends (contract.md §1.3)
  std::string event;                      // "report", "referral-request", ...; empty when it could not be read
  std::string correlation;                // the case: X-Correlation-ID
  std::vector<std::string> business_ids;  // report no., referral no., MSH-10, Bundle.id ...: what `trace` looks up
  MessageState state = MessageState::accepted;
  std::string reason_code, reason;  // held, refused: why
  std::string raw;                  // bytes exactly as received
  std::string bundle;               // FHIR as mapped, empty when it never got so far
  std::string answer;               // the positive answer, replayed byte for byte to a repeat; empty: none
  std::string explain;              // JSON: the rules that matched, by rule id and config hash; policy; map report
};

/// What a message is about, for people who look it up by it. `value` is an identifier's, of whatever system.
/// `message`: the id its sender gave it (MSH-10, msgId, MessageHeader.id); `bundle`: Bundle.id.
enum class KeyKind : std::uint8_t { patient = 1, report, referral, prescription, accession, message, bundle };
struct Key {
  KeyKind kind = KeyKind::patient;
  std::string value;
  auto operator<=>(const Key&) const = default;
};

enum class DeliveryState : std::uint8_t { waiting, claimed, delivered, dead, held, cancelled };

/// One message on its way to one destination. The bytes never change: a retry sends them as stored.
struct Delivery {
  Id id = 0, message = 0;
  std::string destination;  // "peer:hongkong", "local:his"
  std::string lane_key;     // the business object; only deliveries of the same destination and key wait for each other;
                            // empty: waits for nobody
  std::string content_type;  // of `bytes`
  std::string bytes;
  std::string control_id;  // what its acknowledgement must name (MSH-10, MessageHeader.id)
  std::string request_id;  // X-Request-ID, the same on every retry
  std::string correlation, event;
  DeliveryState state = DeliveryState::waiting;
  std::string reason;  // dead, held: why
  int attempts = 0;
  Millis next_at = 0;  // waiting: not before; 0: at once
  Millis expires_at = 0, settled_at = 0;
  std::string answer;       // last answer of the other side (an acknowledgement), kept for the trace
  int replays = 0;          // how often a person sent it again; set by the store
  bool urgent = false;      // claimed before everything else of its destination, with what waits before it in its lane
  bool holds_lane = false;  // when it is dead its lane waits until a person decides about it
};

/// One current resource, for pull and workflow. A new version replaces the current one and keeps the old.
struct StoredResource {
  std::string type, id;
  std::int64_t version = 0;      // set by the store: 1, 2, 3 ...
  std::int64_t replaces = kAny;  // the version that must be current (If-Match), 0: none yet; otherwise `conflict`
  Id message = 0;
  Millis at = 0;
  std::vector<std::pair<std::string, std::string>> identifiers;  // (system, value)
  std::string owner;  // organisation it came from: what partners' rules narrow by
  std::string event, correlation;
  std::string json;

  static constexpr std::int64_t kAny = -1;
};

/// What a resource is called: Type/id.
struct ResourceName {
  std::string_view type, id;
};

struct AuditEntry {
  Id id = 0;
  Millis at = 0;
  std::string event;   // "received", "disclosed", "delivered", "refused", "held", "released", "config", "alarm"
  std::string actor;   // organisation, partner, user or "gateway"
  std::string detail;  // JSON; no clinical values
  std::string hash;    // SHA-256(previous hash, this entry), hex; set by the store
};

/// (recipient, pseudonym) -> patient, so an answer finds its way back. A later link replaces the earlier one. Stays
/// here.
struct PseudonymLink {
  std::string recipient, pseudonym, patient_json;  // patient_json: the Patient as we know it
};

/// What this site remembers of itself by name: a generation of its configuration, a pause, an alert that was raised.
/// A later one of the same kind and key replaces it.
struct Fact {
  std::string kind, key;
  Millis at = 0;
  std::string value;  // JSON, or bytes of a file
  bool gone = false;  // in a Commit: forget it
};

/// A change of a delivery's state: by the courier that claimed it (`lease`), or by a person (`lease` 0), who may change
/// what is waiting, held or dead, but not what is in flight, delivered or cancelled (`conflict`).
/// A dead (unless Delivery::holds_lane), held, delivered or cancelled delivery no longer holds its lane; one set back
/// to waiting queues by its own id.
struct Settlement {
  Id delivery = 0;
  DeliveryState state = DeliveryState::delivered;  // anything but `claimed`
  std::string reason, answer;
  int attempts = 0;
  Millis at = 0;           // now: becomes settled_at
  Millis next_at = 0;      // waiting: when to try again
  Id lease = 0;            // the claim it settles; a lost lease settles nothing
  std::string actor = {};  // the person who decided; empty: the gateway
  Millis expires_at = 0;   // from now on; 0: as it was
  bool replay = false;     // a person sends it again: counted in Delivery::replays
};

/// A person's decision about a message: held -> released, discarded. `conflict` when it is no longer in state `from`.
struct MessageChange {
  Id message = 0;
  MessageState from = MessageState::held, to = MessageState::released;
  std::string reason;
  std::string answer;  // not empty: from now on the positive answer to a repeat (see Commit::remember)
};

enum class RowState : std::uint8_t {
  taken,     // became a message
  waiting,   // not complete, or not checked yet
  rejected,  // checked and refused: never leaves
  gone,      // deleted or vanished; a withdrawal went out if it had been taken
};

/// A row of a staging database as it was last seen (gateway/rows), stored with the message it became.
struct RowMark {
  std::string door, key;  // key: JSON array of the values of its key columns
  std::string hash;       // of the row and what belongs to it
  RowState state = RowState::taken;
  std::string reason;        // code: why it waits, was rejected, is gone
  std::int64_t version = 0;  // how many states of it became messages
  bool live = false;         // the last of them says that the row stands: if it goes, that must be withdrawn
  Millis at = 0;             // since when it is in this state
  Id message = 0;            // the last message it became; 0 in a commit: the message of this commit, or as it was
};

/// How far a door has read a table that tells of changes.
struct RowBookmark {
  std::string door, stream;  // stream: the table
  std::string changed, key;  // the last change: value of the change column, and the row
};

struct RowCount {
  std::string door;
  RowState state = RowState::taken;
  std::int64_t count = 0;
  Millis oldest = 0;  // the longest in this state
};

/// A code that a table of a map had no answer to (`causeway map unmapped`): what somebody has to add to the table. Kept
/// once for each table and code, counted; no more than kMostUnmapped of them.
struct UnmappedCode {
  std::string table, code, map;
  std::string display;         // the sender's word for it, as last seen with one
  std::string place;           // where it stood in a record: OBX[3]-8
  std::int64_t count = 1;      // in a commit: how often it stood there
  Millis first = 0, last = 0;  // seen; in a commit: now
};
inline constexpr std::size_t kMostUnmapped = 5'000;

/// One unit of durability: all of it or nothing.
struct Commit {
  std::optional<Message> message;
  std::vector<Key> keys;  // what `message` can be found by
  std::vector<StoredResource> resources;
  std::vector<Delivery> deliveries;  // `message` 0: the message of this commit
  std::vector<AuditEntry> audit;
  std::vector<PseudonymLink> links;
  std::vector<Settlement> settlements;
  std::vector<MessageChange> changes;
  std::vector<Fact> facts;
  std::vector<RowMark> rows;
  std::vector<RowBookmark> bookmarks;
  std::vector<UnmappedCode> unmapped;
  bool remember = false;  // enter (sender, control_id) of `message`, or without one of the messages in `changes`, into
                          // de-duplication: only for what was accepted or released
  bool once = false;      // with `remember`: (sender, transmission) of `message`, too, stands for this message only
  std::vector<Id> outdated;  // accepted so long ago that their ids may come again: no duplicates of these
};

/// What the de-duplication row said, checked inside the transaction itself, so two equal sends at once cannot both win.
struct Seen {
  Id message = 0;
  std::string content_hash, answer;
  Millis at = 0;  // when that message arrived
};

struct Committed {
  Id message = 0;                      // of Commit::message
  std::vector<std::int64_t> versions;  // of Commit::resources, in their order
  std::optional<Seen> duplicate;       // nothing was stored: this (sender, control_id), or with Commit::once this
                                       // (sender, transmission), had been accepted before
  bool lease_lost = false;             // a settlement named a lease that is no longer held; nothing was stored
};

struct Claim {
  Id lease = 0;
  Delivery delivery;
};

/// How many deliveries of one destination may be claimed; 0: none, it is paused. Destinations not told of have no limit
/// of their own.
struct Room {
  std::string destination;
  std::size_t count = 0;
};

/// For lists; empty fields do not narrow.
struct Query {
  std::optional<MessageState> state;
  std::string business_id, correlation, event, sender;
  Millis since = 0;
  std::size_t limit = 100;
};

/// What find() looks for; empty fields do not narrow. Newest first, page by page.
struct Find {
  std::vector<Key> keys = {};  // all of them, eight at most
  std::string event = {}, sender = {};
  std::optional<MessageState> state = {};
  Millis since = 0;
  Id before = 0;  // goes on after this one, the last of the page before; 0: from the newest
  std::size_t limit = 50;
};

/// A line of a list of messages: enough to choose one, nothing of its content.
struct Found {
  Id id = 0;
  Millis at = 0;
  std::string door, sender, control_id, event, correlation;
  MessageState state = MessageState::accepted;
  std::string reason_code;
  std::array<std::int64_t, 6> deliveries{};  // how many are in each DeliveryState
};

/// A try that did not deliver, or a person's decision. Of each delivery the newest 20 are kept.
struct Attempt {
  int number = 0;
  Millis at = 0;
  std::string actor;                             // empty: the gateway
  DeliveryState state = DeliveryState::waiting;  // afterwards
  std::string reason;
};

/// Dead deliveries that have destination and reason in common.
struct DeadCause {
  std::string destination, reason;
  std::int64_t count = 0;
  Millis first = 0, last = 0;  // when they were given up
  Id sample = 0;               // one of them
};

/// What one destination has before it.
struct Backlog {
  std::string destination;
  std::int64_t waiting = 0, claimed = 0, dead = 0, held = 0;
  Millis oldest = 0;  // when the message of the oldest waiting one came; 0: none waits
};

/// What a store holds, counted: for the manifest of a copy, and to compare a restored one with it.
struct Census {
  int schema = 0;
  std::int64_t messages = 0, deliveries = 0, open = 0, resources = 0, facts = 0;  // open: waiting or in flight
  std::int64_t audit = 0;                                                         // entries, and
  std::string audit_head;                                                         // the hash of the last
  bool operator==(const Census&) const = default;
};

/// Called between the steps of something long, on its thread; false: stop.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t of)>;

/// What of old messages goes, each layer by itself. The line of the message, its deliveries' lines and the audit stay.
enum class Layer : std::uint8_t {
  duplicates,  // what de-duplication knows of it
  sent,        // the bytes as they were sent, and the tries
  raw,         // the bytes as they were received
  content,     // everything: bytes, Bundle, explain record, answers, what it was found by, the resources it left behind
};

/// Which messages to look at, oldest first. Never found: what is held, and what has a delivery that is waiting, in
/// flight, dead or held: somebody still has to do with it.
struct Expiry {
  Layer layer = Layer::content;
  std::string event;
  bool refused = false;  // those that were refused or discarded; false: accepted and released ones
  Millis before = 0;     // came before this
  Id after = 0;          // goes on after this one, the last of the page before
  std::size_t limit = 100;
};

/// A stretch of time, walked oldest first.
struct Stretch {
  Millis from = 0, until = 0;  // until: not included
  std::string sender = {};     // empty: of any
  Id after = 0;                // goes on after this message, the last of the page before
  std::size_t limit = 500;     // messages
};

/// Thread-safe. The destructor writes and answers what was handed over before it, then closes; no call may overlap it.
class Store {
 public:
  virtual ~Store() = default;

  /// Hands over and returns at once; `done` is called exactly once, on the writer thread, after the transaction is on
  /// disk (or was not made), in the order of the submits. It must be short, must not throw, and may submit again.
  virtual void submit(Commit commit, std::move_only_function<void(Result<Committed>)> done) = 0;
  /// The same, waiting. Never from a `done`: it would wait for itself.
  Result<Committed> commit(Commit commit);

  /// Claims up to `count` deliveries that are due at `now`, with their bytes: at most one in flight for each lane
  /// (destination, lane_key), in id order inside a lane, the urgent ones first, then those due longest, destinations
  /// taking turns, and no more of a destination than its `rooms` say. A head waiting for its next_at holds only its own
  /// lane. A claim not settled by `lease_until` is due again; opening the store voids all claims. A delivery whose
  /// stored bytes are damaged becomes dead with an `alarm` in the audit, and the others go on. `done` as in submit().
  virtual void claim(Millis now, Millis lease_until, std::size_t count, std::vector<Room> rooms,
                     std::move_only_function<void(Result<std::vector<Claim>>)> done) = 0;

  virtual Result<std::optional<Seen>> seen(std::string_view sender, std::string_view control_id) const = 0;
  /// By Bundle.id, of those accepted with Commit::once.
  virtual Result<std::optional<Seen>> seen_transmission(std::string_view sender, std::string_view id) const = 0;
  virtual Result<std::optional<Message>> message(Id id) const = 0;
  virtual Result<std::vector<Message>> messages(const Query& query) const = 0;  // newest first, without raw and bundle
  virtual Result<std::vector<Delivery>> deliveries(Id message) const = 0;       // without bytes
  /// The operator's list: waiting, claimed, dead or held ones (`unsupported` for the others), oldest first, without
  /// bytes.
  virtual Result<std::vector<Delivery>> deliveries_in(DeliveryState state, Id after, std::size_t limit) const = 0;
  virtual Result<std::optional<Delivery>> delivery(Id id) const = 0;  // with bytes
  virtual Result<std::vector<Found>> find(const Find& what) const = 0;
  virtual Result<std::vector<Attempt>> attempts(Id delivery) const = 0;  // oldest first
  virtual Result<std::vector<DeadCause>> dead_causes() const = 0;        // most frequent first
  virtual Result<std::vector<Backlog>> backlogs() const = 0;             // by name
  virtual Result<std::vector<AuditEntry>> audit(Id after, std::size_t limit) const = 0;
  virtual Result<std::optional<StoredResource>> resource(std::string_view type, std::string_view id) const = 0;
  /// Of each the organisation its current version came from, in their order; empty: there is none of that name.
  virtual Result<std::vector<std::string>> owners(std::span<const ResourceName> names) const = 0;
  /// Current ones with this identifier, newest first; `system` empty: of any system.
  virtual Result<std::vector<StoredResource>> resources(std::string_view type, std::string_view system,
                                                        std::string_view value, std::size_t limit) const = 0;
  virtual Result<std::optional<PseudonymLink>> link(std::string_view recipient, std::string_view pseudonym) const = 0;
  /// Current ones of a case, oldest first; `type` empty: of every type.
  virtual Result<std::vector<StoredResource>> resources_of(std::string_view correlation,
                                                           std::string_view type) const = 0;

  virtual Result<std::optional<Fact>> fact(std::string_view kind, std::string_view key) const = 0;
  virtual Result<std::vector<Fact>> facts(std::string_view kind) const = 0;  // in the order of their keys
  /// Most frequent first.
  virtual Result<std::vector<UnmappedCode>> unmapped_codes() const { return std::vector<UnmappedCode>{}; }
  /// Those of `keys` that are known.
  virtual Result<std::vector<RowMark>> row_marks(std::string_view door, std::span<const std::string> keys) const = 0;
  virtual Result<std::vector<RowMark>> row_marks_after(std::string_view door, std::string_view key,
                                                       std::size_t limit) const = 0;
  /// The operator's list: longest in this state first.
  virtual Result<std::vector<RowMark>> row_marks_in(std::string_view door, RowState state, std::size_t limit) const = 0;
  virtual Result<std::optional<RowBookmark>> row_bookmark(std::string_view door, std::string_view stream) const = 0;
  virtual Result<std::vector<RowCount>> row_counts() const = 0;

  struct Counts {
    std::int64_t waiting = 0, claimed = 0, dead = 0;  // deliveries
    std::int64_t held = 0;                            // messages and deliveries that wait for a person
    Millis oldest_waiting = 0, oldest_held = 0;       // when their message came; 0: none
  };
  virtual Result<Counts> counts() const = 0;
  /// Messages that came in a stretch of time, with their business ids, without bodies.
  virtual Result<std::vector<Message>> came(const Stretch& stretch) const = 0;
  /// What was made of them for this destination, without bytes; in the order of the messages.
  virtual Result<std::vector<Delivery>> went(const Stretch& stretch, std::string_view destination) const = 0;
  /// The events of stored messages, each once.
  virtual Result<std::vector<std::string>> events() const = 0;

  /// Messages whose `layer` is there and old enough.
  virtual Result<std::vector<Id>> expired(const Expiry& what) const = 0;
  /// Takes the layer of these messages away, all in one transaction with the entry that `account` makes of those that
  /// went (on the writer thread, perhaps more than once); those that meanwhile may not go any more are left. Answers
  /// how many went. `done` as in submit().
  using Account = std::function<AuditEntry(std::span<const Id> gone)>;
  virtual void sweep(Layer layer, std::vector<Id> messages, Account account,
                     std::move_only_function<void(Result<std::int64_t>)> done) = 0;

  /// Copies everything as it is now into a new file (0600), page by page, on the caller's thread, while the writer goes
  /// on: the copy is one snapshot, and so is the census. Until it ends, the write-ahead log grows. The copy is on disk
  /// when this returns; without success there is no file. `unavailable` when `progress` stopped it.
  virtual Result<Census> copy_to(const std::string& file, const Progress& progress) const = 0;

  /// True once the disk was full: the ballast was given up so that what is already here can be settled, delivered and
  /// swept, and no new message is stored (`unavailable`) until refill() succeeds.
  virtual bool full() const = 0;
  /// Lays the ballast again if it is gone; true: it is there, and messages are stored.
  virtual bool refill() = 0;

  /// Walks the audit chain and returns its length; a `broken` error names the first entry that does not fit.
  virtual Result<std::int64_t> verify_audit() const = 0;

  /// True after a failed write or fsync: nothing is stored any more, readiness is off, the process should end.
  virtual bool failed() const = 0;
};

/// "accepted", "held" ...; "waiting", "claimed" ...
std::string_view to_string(MessageState state);
std::string_view to_string(DeliveryState state);

struct StoreOptions {
  std::string file;                  // its folder is made (0700) if absent, and refused if others may enter it
  std::size_t group = 256;           // commits in one transaction at most
  std::size_t readers = 4;           // snapshot connections at most; made when first needed
  std::uint64_t quota = 0;           // bytes the database file may grow to, 0: the disk decides; over it: `unavailable`
  std::uint64_t ballast = 0;         // bytes set aside beside the database (FILE.ballast), for when the disk is full
  std::size_t backlog = 256u << 20;  // bytes handed over and not yet written at most; over it: `unavailable`
  std::function<void(const Error&)> on_broken;  // once, on the writer thread, after those waiting were answered
  bool unsafe_synchronous_normal = false;       // loses acknowledged messages at a power cut: for measurements only
  std::string vfs;  // SQLite's name of the file layer; empty: the operating system. For fault tests
  /// Runs the writer's work in place of its own thread: each step that is handed over later and on the thread that uses
  /// the store, or never once the store is closed. Then commit() must not be used. For a simulation on one thread.
  std::function<void(std::move_only_function<void()>)> executor;
};

/// Opens or makes the database, brings its schema up to date and checks that the settings durability rests on are in
/// force. Refused with one clear sentence: another process has it open, an open folder, a damaged or foreign file, a
/// file of a newer version.
Result<std::unique_ptr<Store>> open_sqlite(const StoreOptions& options);

/// Examines a store that nobody has open, without changing it: is it ours, whole (every page, every reference), and is
/// its audit chain unbroken?
Result<Census> examine_sqlite(const std::string& file);
/// Makes the store of a restored copy fit for use: brings its schema up to date, enters `entry` and `fact`, and lets
/// the numbers of messages and deliveries go on kRestoredGap higher, so that a number somebody noted after the copy was
/// made never means another message.
Result<void> begin_anew_sqlite(const StoreOptions& options, AuditEntry entry, Fact fact);
inline constexpr Id kRestoredGap = 1'000'000'000;

/// Of the library in use: "3.40.1".
std::string_view sqlite_version();

}  // namespace gateway::store
