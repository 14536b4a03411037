// One site's configuration, typed. Loaded from a folder of text files that an administrator edits:
// causeway.yaml (the site), routes.yaml, peers.yaml, partners.yaml (docs/CONFIG.md lists every key). Every fault of
// every file is reported at once with file:line:column, excerpt, caret and did-you-mean; an unknown key is a fault;
// nothing is loaded unless all is clean. ${NAME} and ${NAME:-default} in a value are taken from the environment.
// Relative paths count from the file they stand in. A loaded configuration is immutable and shared by all threads.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/map.h"
#include "adapters/rows/selection.h"
#include "fhir/path/fhirpath.h"
#include "gateway/net/net.h"
#include "gateway/trust/signature.h"

namespace gateway::config {

using adapters::map::FileFault;
using std::chrono::milliseconds;

struct Organization {
  std::string id;  // short and stable: "tmucih"; part of identifier systems
  std::string name;
  std::string code;          // registered code (USCC for mainland hospitals); may be empty
  std::string jurisdiction;  // ISO 3166: CN, HK, US, JP
  std::string city;          // place of registration: some transfer bases depend on it
};

enum class AckMode : std::uint8_t { automatic, original, enhanced, commit };  // `ack: auto|original|enhanced|commit`
enum class ControlIds : std::uint8_t { unique, daily, unreliable };           // `control_id:`
enum class Format : std::uint8_t { hl7v2, json, fhir, csv, row, xml };
/// What the data of a site is, in the words of MSH-11: P, T, D. Test data never gets into production, and production
/// data never into a test.
enum class Processing : std::uint8_t { production, training, debug };

/// Which rows may leave: all rows of one column say so (a pharmacist's check), else the record waits or is rejected.
struct Readiness {
  std::string column;             // "SFJG", "MS_CF02.SFJG"
  std::vector<std::string> pass;  // checked, good
  std::vector<std::string> wait;  // not checked yet; NULL and '' are that anyway. Any other text: rejected
  bool operator==(const Readiness&) const = default;
};

/// A flag that a vendor sets where others would delete the row.
struct DeleteFlag {
  std::string column;
  std::vector<std::string> when;  // the texts that mean deleted
  bool operator==(const DeleteFlag&) const = default;
};

/// A staging database that is polled. Settled when the door's `rows:` is read; the charset is the door's.
struct Polling : adapters::rows::Selection {
  milliseconds every{2'000};        // between two looks
  milliseconds overlap{60'000};     // how late a change may become visible after its change time
  milliseconds sweep{600'000};      // between two walks over the whole table
  milliseconds late_for{600'000};   // how long a record may lack rows that belong to it
  std::size_t batch = 200;          // records read together
  std::size_t rate = 500;           // records a second at most
  bool withdraw_vanished = true;    // rows that are no longer there
  std::size_t most_vanished = 100;  // more of them in one sweep: somebody emptied the table; an alarm, no withdrawal
  std::optional<DeleteFlag> deleted;
  std::optional<Readiness> ready;
  bool operator==(const Polling&) const = default;
};

/// A staging database that is written to: only these tables.
struct Writing {
  adapters::rows::Place place;
  std::vector<std::string> tables;
};

/// How long the ids of accepted messages count as seen, by default (contract.md §1.3).
inline constexpr std::chrono::hours kDedupWindow{24 * 7};

/// `service:` of an HTTP endpoint: a WebService (SOAP) with one method that takes the record as text, as integration
/// platforms have it. The answer is text, too: at a door we write it, of a system we read it.
struct WebService {
  std::string method, space;        // "HIPMessageServer", "http://goodwillcis.com"
  std::string payload = "message";  // the parameter that holds the record
  std::string action;               // the one that says what kind of record it is; empty: the record says it itself
  std::string result;               // the element that holds the answer; empty: METHODResult
  std::string answer;               // door: with {code}, {desc}, {id}, {reference}; empty: as the format has it
  std::string success = "0";        // door: what {code} is when a record is accepted
  std::string say = "{event}";      // system: what the action parameter says
  bool newer = false;               // system: SOAP 1.2
  bool qualified = true;            // system: the parameters stand in the namespace, too
  std::string soap_action;          // system: the header of SOAP 1.1; empty: namespace/method
  std::string code;                 // system: where in its answer the code stands; empty: any answer is success
  std::vector<std::string> accepted{"0"};  // system: codes that mean success
  std::vector<std::string> again;          // system: codes that mean "not now"
  bool operator==(const WebService&) const = default;
  std::string result_element() const { return result.empty() ? method + "Result" : result; }
};

/// `signature:` of an HTTP endpoint that speaks JSON: what it puts into its envelope
/// (gateway/exchange/signed_record.h).
struct Signature {
  trust::SignatureKind kind = trust::SignatureKind::sm2_sm3;
  std::string file;                                // door: what verifies; system: what signs
  std::string id = "1234567812345678";             // SM2: the signer's; this one unless two sides agree on another
  std::string field = "sign", time = "timestamp";  // members of the envelope
  std::string prefix;                              // before the signature: "SM2:"
  bool hex = false;                                // else base64
  milliseconds skew{300'000};                      // door: how far `time` may be from now
  std::shared_ptr<const trust::SignatureKey> key;  // null: the files were not looked at
};

/// A local system that sends to this gateway. One key says how and where: `listen: mllp://127.0.0.1:7401`,
/// `listen: http://127.0.0.1:7403/consult`; mllps:// and https:// are the same over TLS;
/// `folder:PATH` is a drop folder. Or a database: `rows:`.
struct Door {
  std::string name;             // "lis"
  std::optional<Polling> rows;  // a staging database; then nothing below down to `tls` means anything
  bool mllp = true;             // else HTTP POST, or a folder
  net::Address listen;
  std::string path;                    // HTTP: the path it posts to
  std::optional<WebService> service;   // HTTP: a SOAP service instead of a plain post
  std::optional<Signature> signature;  // JSON over HTTP: every record must carry one
  std::filesystem::path folder;        // a drop folder (gateway/exchange/drop_folder.h); empty: a socket
  milliseconds settle{2'000};          // drop folder: how long a file must have stood still
  std::optional<net::TlsFiles> tls;    // absent: plaintext, allowed on loopback only
  bool tls_from_1_2 = false;           // of `tls`
  Format format = Format::hl7v2;
  std::string charset = "UTF-8";  // the one truth about the bytes; MSH-18 may only confirm it
  AckMode ack = AckMode::automatic;
  ControlIds control_ids = ControlIds::unique;
  std::chrono::hours dedup_window = kDedupWindow;               // after this an id may come again
  std::vector<std::shared_ptr<const adapters::map::Map>> maps;  // tried in order: the first that accepts
  std::size_t limit = 16u << 20;                                // bytes of one message
  milliseconds idle{3'600'000};                                 // a connection without a message stays open so long
  milliseconds continuation{600'000};                           // the rest of a divided message (DSC) must follow in it
  net::MllpRelease release = net::MllpRelease::one;             // MLLP, and how strictly its frames are read
  net::Framing framing = net::Framing::lenient;
  // JSON: where the vendor's envelope says these things (dotted paths; keys `message_id`, `message_kind`, `volatile`)
  std::string id_path = "msgId";                                 // the message's id
  std::string kind_path = "serviceCode";                         // what the maps' `accept` is compared with
  std::vector<std::string> volatile_paths{"timestamp", "sign"};  // may differ between two sends of the same message
  std::optional<Processing> processing;                          // what it takes; absent: what the site does

  /// How the store and the audit call it: "mllp:lis", "http:platform", "folder:cases", "rows:his".
  std::string label() const { return (rows ? "rows:" : !folder.empty() ? "folder:" : mllp ? "mllp:" : "http:") + name; }
};

/// A local system that this gateway delivers to: `address: mllp://127.0.0.1:2575`, `http://127.0.0.1:7405/callback`.
struct System {
  std::string name;             // "his"
  std::optional<Writing> rows;  // a staging database; then nothing below down to `tls` means anything
  bool mllp = true;
  net::Address address;
  std::string path;                    // HTTP
  std::optional<WebService> service;   // HTTP: called instead of posted to
  std::optional<Signature> signature;  // JSON over HTTP: every record gets one
  std::optional<net::TlsFiles> tls;    // absent: plaintext, allowed on loopback only
  bool tls_from_1_2 = false;           // of `tls`
  Format format = Format::hl7v2;
  std::string charset = "UTF-8";
  std::vector<std::shared_ptr<const adapters::map::Map>> maps;  // from FHIR; format fhir needs none
  milliseconds timeout{30'000};
  net::Mllp manner;                   // MLLP
  std::vector<std::string> retry_on;  // MSA-1 codes that mean "not now" at this system (contract.md §2.2); AR, CR
  std::size_t in_flight = 16;         // deliveries at once
};

/// Why a record may leave the jurisdiction (domain.md §5: security assessment, standard contract, certification ...).
struct TransferBasis {
  std::string type;                   // SCC, GBA-SCC, ASSESSMENT, CERT, MODEL-CLAUSES
  std::string filing;                 // filing number
  std::string valid_from, valid_to;   // dates, inclusive
  std::vector<std::string> purposes;  // TREAT, ...
  bool genomics_permit = false;       // `genomics_permit: NUMBER` given
  std::string genomics_permit_no;
};

/// Where what goes to a peer waits until it is fetched, when one of the two opens no port (gateway/exchange/mailbox.h).
enum class Mailbox : std::uint8_t {
  none,   // each calls the other
  here,   // the peer collects what is for it from us; we never call it
  there,  // we collect what is for us from the peer, which never calls us; ours we post as ever
};

struct Peer {
  std::string name;  // "hongkong"
  Organization organization;
  Mailbox mailbox = Mailbox::none;
  net::Address address;                 // from `address: https://127.0.0.1:7430/fhir`; none when the mailbox is here
  std::string base;                     // path of its FHIR base: "/fhir"
  std::string san;                      // DNS or URI name its certificate must carry
  std::vector<std::string> keys;        // pins of `keys` and `keys_file`: base64 SHA-256 of SubjectPublicKeyInfo
  std::vector<std::string> speaks_for;  // further organisation ids (hubs)
  bool enabled = true;
  std::optional<TransferBasis> transfer;
  std::string profile;  // minimisation P0, P1, P2; never empty: P1 within a jurisdiction, P2 across, unless set
  milliseconds timeout{30'000};
  std::optional<Processing> processing;            // what it is; absent: as this site
  std::size_t in_flight = 64;                      // deliveries at once
  std::chrono::hours dedup_window = kDedupWindow;  // after this an id of theirs may come again
};

struct Grant {
  std::vector<std::string> types;   // resource types it may read
  std::vector<std::string> events;  // of exchanges with these events; empty: any
  std::vector<std::string> from;    // organisations the records came from; empty: any
};

/// A platform or desk that calls our FHIR API with its own certificate.
struct Partner {
  std::string name;
  std::string san;
  std::vector<std::string> keys;
  bool enabled = true;
  std::vector<Grant> reads;
  std::vector<std::string> writes;  // resource types it may PUT as local staff of this site ("Task")
  std::vector<std::string> sends;   // message events it may post to $process-message as local staff
  std::string purpose;              // purpose of use in the audit
};

/// One referral asked of every peer of its route at once.
struct FanOut {
  std::size_t quorum = 1;    // so many opinions answer it
  milliseconds deadline{0};  // then it ends with what is there
  bool operator==(const FanOut&) const = default;
};

/// What is urgent on a route besides critical values (危急值), which always are, and who must have read it by when.
struct Urgent {
  std::optional<fhir::path::Expression> condition;  // on the message Bundle; absent: critical values only
  milliseconds read_within{0};                      // after acceptance; 0: nobody is asked for a receipt
  std::vector<std::string> escalate_to;             // gets it, too, when nobody has read it in time
};

/// Routes are asked in order; the first that matches decides. Conditions of one route must all hold; an empty list is
/// no condition.
struct Route {
  std::string id;
  std::vector<std::string> events;
  std::vector<std::string> from;                    // organisation ids; "local" is this site
  std::vector<std::string> recipients;              // organisation the message itself names (Task.owner, PRD-RT)
  std::vector<std::string> specialties;             // codes of ServiceRequest.code / performerType
  std::optional<fhir::path::Expression> condition;  // on the message Bundle
  std::vector<std::string> to;                      // "peer:NAME", "local:NAME"; "hold" alone holds for a person
  std::string purpose = "TREAT";
  milliseconds answer_within{0};  // of a referral: then people are told; 0: never
  milliseconds deadline{0};       // of a referral: then it has expired; 0: never
  std::optional<FanOut> fan_out;
  std::optional<Urgent> urgent;
  bool dead_holds = false;  // `after_dead: hold`: a dead delivery stops those of the same key until a person decides
  std::string file;         // where it stands, for explain
  std::size_t line = 0;
};

struct Retry {
  milliseconds first{1'000}, longest{600'000};
  std::chrono::hours horizon{240};
  std::size_t open_after = 5;  // failures in a row until a destination is left alone for a while
};

/// What one caller of the FHIR listener, peer or partner, may take of it; more is answered 429.
struct Quota {
  std::size_t rate = 2'000;       // requests a second
  std::size_t bytes = 64u << 20;  // of bodies, a second
  std::size_t at_once = 256;      // requests being worked on
};

/// When nothing more is taken in (503 with Retry-After, AR or CR), and when again: high and low water.
struct Pressure {
  std::size_t queue_high = 200'000, queue_low = 150'000;  // deliveries that wait or are in flight
  std::size_t disk_stop = 256u << 20;                     // less is free where the store is: stop
  std::size_t disk_resume = 512u << 20;                   // and take messages again when so much is free
  std::size_t ballast = 64u << 20;                        // set aside for a full disk; 0: nothing
  milliseconds patience{10'000};                          // an MLLP sender is left waiting so long before it is refused
  std::chrono::seconds retry_after{30};                   // what HTTP senders are told
};

/// How long messages with these events are kept, where that differs from `records` and `process`.
struct Keeping {
  std::vector<std::string> events;
  std::chrono::hours period{0};
};

/// What is kept how long (store::Layer); swept at night. The audit, and a line for each message, are kept for good.
struct Retention {
  bool sweep = true;
  std::string at = "02:30";          // local time
  std::chrono::hours records{0};     // messages with clinical content
  std::chrono::hours process{0};     // those that only move a process on, and what was refused
  std::chrono::hours raw{0};         // bytes as received
  std::chrono::hours sent{0};        // bytes as sent, and tries
  std::chrono::hours duplicates{0};  // what de-duplication knows
  std::vector<Keeping> keep;
  std::size_t batch = 50;  // messages in one transaction
  std::size_t rate = 500;  // messages a second at most

  /// Of a message with this event; the longest when several entries name it.
  std::chrono::hours period_of(std::string_view event, bool refused) const;
};

/// The nightly comparison of what was sent with what the peers have.
struct Reconciliation {
  bool nightly = true;
  std::string at = "03:30";          // local time; the day before is compared
  std::chrono::hours keep{24 * 90};  // reports
};

/// Where alerts are posted as JSON: `webhook: https://pager.example/hook`.
struct Webhook {
  net::Address address;
  std::string path;
  bool secure = false;
};

/// When a state is bad enough to tell people.
struct Alerts {
  milliseconds peer_down{120'000};          // a destination fails for so long
  milliseconds queue_age{900'000};          // the oldest delivery waits for so long
  std::chrono::hours certificate{24 * 30};  // before a certificate ends
  std::size_t disk_free = 1u << 30;         // less than that is left where the store is
  std::optional<Webhook> webhook;
  std::optional<net::TlsFiles> tls;  // for an https webhook; absent: the site's
  milliseconds timeout{5'000};       // of one try
};

/// A file that the configuration rests on, as it was when it was read.
struct Stamp {
  std::filesystem::path file;
  std::int64_t modified_ns = 0;  // 0: it was not there
  std::uint64_t size = 0, inode = 0;
  bool operator==(const Stamp&) const = default;
};

/// And what stood in it: kept so that this very configuration can be compared, and taken again.
struct SourceFile {
  std::filesystem::path file;  // absolute
  std::string bytes;
};

struct Config {
  std::filesystem::path folder;
  std::string site;
  Organization organization;
  std::string identifier_base;  // "https://gw.example/sid/"
  std::string zone;             // "+08:00"
  Processing processing = Processing::production;
  std::filesystem::path data;  // folder of the store, the control socket, the pseudonym key; absolute
  net::TlsFiles tls;           // this site's own certificate: towards peers, partners, and local systems over TLS
  net::Address fhir_listen;
  std::string fhir_base;       // "/fhir"
  std::string fhir_url;        // how others reach it, without trailing slash: links, fullUrl, MessageHeader.source
  net::Limits limits;          // of the FHIR listener
  Quota quota;                 // of each of its callers
  net::Address admin_listen;   // plain HTTP, loopback only
  std::string control_socket;  // absolute
  std::vector<Door> doors;
  std::vector<System> systems;
  std::vector<Peer> peers;
  std::vector<Partner> partners;
  std::vector<Route> routes;
  Retry retry;
  milliseconds held_alarm{3'600'000};
  Alerts alerts;
  Pressure pressure;
  Retention retention;
  Reconciliation reconciliation;
  bool watch = true;                // edits are taken by themselves, not only by `causeway reload`
  std::vector<Stamp> files;         // all that were read, also by maps: for Reloader
  std::vector<SourceFile> sources;  // the same, without certificates and keys
  std::string
      hash;  // SHA-256 over those files and the variables used, hex: names this configuration in audit and explain

  /// The pointers live as long as this Config; nullptr: no such name. Disabled peers are found too.
  const Peer* peer(std::string_view name) const;
  const Peer* peer_of_organization(std::string_view organization_id) const;  // also through speaks_for
  const System* system(std::string_view name) const;
  Processing processing_of(const Peer& peer) const { return peer.processing.value_or(processing); }
  Processing processing_of(const Door& door) const { return door.processing.value_or(processing); }
};

/// How much must be there. `semantic` needs the text files and the maps only; a certificate, key or pin file that is
/// not there yet is a warning (W0331). `files` is what `run` demands: they must be there and their modes safe.
enum class Level : std::uint8_t { semantic, files };

using MapLoader =
    std::function<std::shared_ptr<const adapters::map::Map>(const std::filesystem::path&, std::vector<FileFault>&)>;

struct Options {
  Level level = Level::semantic;
  std::function<std::optional<std::string>(const std::string& name)> environment;  // empty: the process's own
  std::string today;   // YYYY-MM-DD, for "this transfer basis has expired"; empty: the system clock's
  MapLoader load_map;  // empty: adapters::map::Map::load
  std::shared_ptr<const adapters::map::Files> files;  // empty: the disk
};

/// Loads a folder. Faults (also warnings) are appended; nullptr when there is at least one error.
std::shared_ptr<const Config> load(const std::filesystem::path& folder, std::vector<FileFault>& faults,
                                   const Options& options = {});

/// The faults as a person reads them: place, code, sentence, source excerpt with caret, hints, the related place.
/// What looks like a secret in an excerpt is masked.
std::string render(const std::vector<FileFault>& faults);

/// The control socket of a site whose other settings may be faulty: `causeway reload` must reach the gateway all the
/// same. Empty when `data` itself cannot be read.
std::string control_socket_of(const std::filesystem::path& folder, const Options& options = {});

/// Keys that differ and that only a restart applies: what is opened once, when the gateway starts.
std::vector<std::string> needs_restart(const Config& running, const Config& next);

/// Notices edits of the files while the gateway runs, so that a switched-off peer is off within seconds. Not
/// thread-safe: one timer owns it and hands the new Config to the others.
class Reloader {
 public:
  Reloader(std::shared_ptr<const Config> running, Options options);

  struct Attempt {
    std::shared_ptr<const Config> config;  // nullptr: faulty, the running one stays
    std::vector<FileFault> faults;
    std::vector<std::string> after_restart;  // needs_restart()
  };
  /// nullopt when no file changed since the last attempt (one stat per file; call it every few seconds), or when one
  /// changed within the last second: it may be half written.
  std::optional<Attempt> poll();
  /// Reads the files now, whatever their times say. `dry`: the next poll() finds what it would have found without.
  Attempt read(bool dry);
  /// Another configuration is in force than the one last read; the files are watched on as before.
  void adopt(std::shared_ptr<const Config> running) { running_ = std::move(running); }

 private:
  std::shared_ptr<const Config> running_;
  Options options_;
  std::vector<Stamp> seen_;
};

}  // namespace gateway::config
