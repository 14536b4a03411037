// The durable heart of a site. Everything that must happen together is one Commit, handed to one writer thread, which
// groups waiting commits into one transaction and answers only after the disk has them (SQLite WAL, synchronous=FULL).
// Queue, resources and audit are views on the same store. Reads are snapshots, from any thread.
//
// Times are Unix milliseconds. Ids are the store's own, ascending. An `unavailable` answer means: not stored, not
// acknowledged. After a failed fsync the process must end (`broken`).
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
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
  std::string door;         // "mllp:lis", "http:platform", "fhir"
  std::string sender;       // de-duplication scope: the peer's organisation, or endpoint + MSH-3/MSH-4
  std::string control_id;   // MSH-10, msgId or MessageHeader.id
  std::string transmission; // Bundle.id, or empty
  std::string content_hash; // hex; leaves out what may differ between resends (contract.md §1.3)
  std::string event;        // "report", "referral-request", ...; empty when it could not be read
  std::string correlation;  // the case: X-Correlation-ID
  std::vector<std::string> business_ids;  // report no., referral no., MSH-10, Bundle.id ...: what `trace` looks up
  MessageState state = MessageState::accepted;
  std::string reason_code, reason;  // held, refused: why
  std::string raw;          // bytes exactly as received
  std::string bundle;       // FHIR as mapped, empty when it never got so far
  std::string answer;       // the positive answer, replayed byte for byte to a repeat; empty: none
  std::string explain;      // JSON: the rules that matched, by rule id and config hash; policy; map report
};

enum class DeliveryState : std::uint8_t { waiting, claimed, delivered, dead, held, cancelled };

/// One message on its way to one destination. The bytes never change: a retry sends them as stored.
struct Delivery {
  Id id = 0, message = 0;
  std::string destination;   // "peer:hongkong", "local:his"
  std::string lane_key;      // the business object; only deliveries of the same destination and key wait for each other
  std::string content_type;  // of `bytes`
  std::string bytes;
  std::string control_id;    // what its acknowledgement must name (MSH-10, MessageHeader.id)
  std::string request_id;    // X-Request-ID, the same on every retry
  std::string correlation, event;
  DeliveryState state = DeliveryState::waiting;
  std::string reason;        // dead, held: why
  int attempts = 0;
  Millis next_at = 0, expires_at = 0, settled_at = 0;
  std::string answer;        // last answer of the other side (an acknowledgement), kept for the trace
};

/// One current resource, for pull and workflow. A new version replaces the current one and keeps the old.
struct StoredResource {
  std::string type, id;
  std::int64_t version = 0;  // set by the store
  Id message = 0;
  Millis at = 0;
  std::vector<std::pair<std::string, std::string>> identifiers;  // (system, value)
  std::string owner;         // organisation it came from: what partners' rules narrow by
  std::string event, correlation;
  std::string json;
};

struct AuditEntry {
  Id id = 0;
  Millis at = 0;
  std::string event;   // "received", "disclosed", "delivered", "refused", "held", "released", "config", "alarm"
  std::string actor;   // organisation, partner, user or "gateway"
  std::string detail;  // JSON; no clinical values
  std::string hash;    // SHA-256(previous hash, this entry), hex; set by the store
};

/// (recipient, patient key) -> pseudonym, so an answer finds its way back to the real patient. Stays at this site.
struct PseudonymLink {
  std::string recipient, pseudonym, patient_json;  // patient_json: the Patient as we know it
};

/// A change of a delivery's state, settled by the courier.
struct Settlement {
  Id delivery = 0;
  DeliveryState state = DeliveryState::delivered;
  std::string reason, answer;
  int attempts = 0;
  Millis next_at = 0;  // waiting: when to try again
  Id lease = 0;        // the claim it settles; a lost lease settles nothing
};

struct MessageChange {  // held -> released, discarded
  Id message = 0;
  MessageState from = MessageState::held, to = MessageState::released;
  std::string reason;
};

/// One unit of durability: all of it or nothing.
struct Commit {
  std::optional<Message> message;
  std::vector<StoredResource> resources;
  std::vector<Delivery> deliveries;   // `message` 0: the message of this commit
  std::vector<AuditEntry> audit;
  std::vector<PseudonymLink> links;
  std::vector<Settlement> settlements;
  std::vector<MessageChange> changes;
  bool remember = false;              // enter (sender, control_id) into de-duplication: only for accepted messages
};

/// What the de-duplication row said, checked inside the transaction itself, so two equal sends at once cannot both win.
struct Seen {
  Id message = 0;
  std::string content_hash, answer;
};

struct Committed {
  Id message = 0;
  std::optional<Seen> duplicate;  // nothing was stored, because this (sender, control_id) had been accepted before
  bool lease_lost = false;        // a settlement named a lease that is no longer held; nothing was stored
};

struct Claim {
  Id lease = 0;
  Delivery delivery;
};

struct Query {  // for lists; empty fields do not narrow
  std::optional<MessageState> state;
  std::string business_id, correlation, event, sender;
  Millis since = 0;
  std::size_t limit = 100;
};

class Store {
 public:
  virtual ~Store() = default;

  /// Hands over; `done` is called once, on the writer thread, after the transaction is on disk (or was not made).
  virtual void submit(Commit commit, std::move_only_function<void(Result<Committed>)> done) = 0;
  /// The same, waiting. Never from the writer thread.
  Result<Committed> commit(Commit commit);

  /// Claims up to `count` deliveries that are due, at most one for each lane (destination, lane_key), oldest first, and
  /// none of a destination in `paused`; a claim not settled by `lease_until` is due again. `done` as in submit().
  virtual void claim(Millis now, Millis lease_until, std::size_t count, std::vector<std::string> paused,
                     std::move_only_function<void(Result<std::vector<Claim>>)> done) = 0;

  virtual Result<std::optional<Seen>> seen(std::string_view sender, std::string_view control_id) const = 0;
  virtual Result<std::optional<Message>> message(Id id) const = 0;
  virtual Result<std::vector<Message>> messages(const Query& query) const = 0;  // newest first, without raw and bundle
  virtual Result<std::vector<Delivery>> deliveries(Id message) const = 0;       // without bytes
  virtual Result<std::optional<Delivery>> delivery(Id id) const = 0;            // with bytes
  virtual Result<std::vector<AuditEntry>> audit(Id after, std::size_t limit) const = 0;
  virtual Result<std::optional<StoredResource>> resource(std::string_view type, std::string_view id) const = 0;
  virtual Result<std::vector<StoredResource>> resources(std::string_view type, std::string_view system,
                                                        std::string_view value, std::size_t limit) const = 0;
  virtual Result<std::optional<PseudonymLink>> link(std::string_view recipient, std::string_view pseudonym) const = 0;
  virtual Result<std::vector<StoredResource>> resources_of(std::string_view correlation, std::string_view type) const = 0;

  struct Counts {
    std::int64_t waiting = 0, claimed = 0, dead = 0, held = 0;
    Millis oldest_waiting = 0, oldest_held = 0;
  };
  virtual Result<Counts> counts() const = 0;
  /// Walks the audit chain; an error names the first entry that does not fit.
  virtual Result<std::int64_t> verify_audit() const = 0;
};

struct StoreOptions {
  std::string file;
  std::size_t group = 256;  // commits in one transaction at most
};

Result<std::unique_ptr<Store>> open_sqlite(const StoreOptions& options);

}  // namespace gateway::store
