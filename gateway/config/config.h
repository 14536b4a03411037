// One site's configuration, typed. Loaded from a folder of text files that an administrator edits:
// causeway.yaml (the site), routes.yaml, peers.yaml, partners.yaml. Every fault of every file is reported at once with
// file:line:column, excerpt, caret and did-you-mean; an unknown key is a fault; nothing is loaded unless all is clean.
// ${NAME} and ${NAME:-default} in a value are taken from the environment. Relative paths count from the file they
// stand in, except where said. A loaded configuration is immutable and shared by all threads.
#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "adapters/map/map.h"
#include "fhir/path/fhirpath.h"
#include "gateway/net/net.h"

namespace gateway::config {

using adapters::map::FileFault;
using std::chrono::milliseconds;

struct Organization {
  std::string id;            // short and stable: "tmucih"; part of identifier systems
  std::string name;
  std::string code;          // registered code (USCC for mainland hospitals); may be empty
  std::string jurisdiction;  // ISO 3166: CN, HK, US, JP
  std::string city;          // place of registration: some transfer bases depend on it
};

enum class AckMode : std::uint8_t { automatic, original, enhanced };          // `ack: auto|original|enhanced`
enum class ControlIds : std::uint8_t { unique, daily, unreliable };           // `control_id:`
enum class Format : std::uint8_t { hl7v2, json, fhir };

/// A local system that sends to this gateway.
struct Door {
  std::string name;                // "lis"
  bool mllp = true;                // else HTTP POST
  net::Address listen;
  std::string path;                // HTTP: the path it posts to
  std::optional<net::TlsFiles> tls;  // absent: plaintext, allowed on loopback only
  Format format = Format::hl7v2;
  std::string charset = "UTF-8";   // the one truth about the bytes; MSH-18 may only confirm it
  AckMode ack = AckMode::automatic;
  ControlIds control_ids = ControlIds::unique;
  std::vector<std::shared_ptr<const adapters::map::Map>> maps;  // tried in order: the first that accepts
  std::size_t limit = 16u << 20;   // bytes of one message
};

/// A local system that this gateway delivers to.
struct System {
  std::string name;                // "his"
  bool mllp = true;
  net::Address address;
  std::string path;                // HTTP
  std::optional<net::TlsFiles> tls;
  Format format = Format::hl7v2;
  std::string charset = "UTF-8";
  std::vector<std::shared_ptr<const adapters::map::Map>> maps;  // from FHIR; format fhir needs none
  milliseconds timeout{30'000};
};

/// Why a record may leave the jurisdiction (domain.md §5: security assessment, standard contract, certification ...).
struct TransferBasis {
  std::string type;                // SCC, ASSESSMENT, CERT, MODEL-CLAUSES
  std::string filing;              // filing number
  std::string valid_from, valid_to;  // dates, inclusive
  std::vector<std::string> purposes; // TREAT, ...
  bool genomics_permit = false;    // `genomics_permit: NUMBER` given
  std::string genomics_permit_no;
};

struct Peer {
  std::string name;                // "hongkong"
  Organization organization;
  net::Address address;
  std::string base;                // path of its FHIR base: "/fhir"
  std::string san;                 // DNS or URI name its certificate must carry
  std::vector<std::string> keys;   // pins: base64 SHA-256 of SubjectPublicKeyInfo; several, so keys can rotate
  std::vector<std::string> speaks_for;  // further organisation ids (hubs)
  bool enabled = true;
  std::optional<TransferBasis> transfer;
  std::string profile;             // minimisation: P0, P1, P2 ...; default by jurisdiction
};

struct Grant {
  std::vector<std::string> types;  // resource types it may read
  std::vector<std::string> events; // of exchanges with these events; empty: any
  std::vector<std::string> from;   // organisations the records came from; empty: any
};

/// A platform or desk that calls our FHIR API with its own certificate.
struct Partner {
  std::string name;
  std::string san;
  std::vector<std::string> keys;
  bool enabled = true;
  std::vector<Grant> reads;
  std::vector<std::string> writes; // resource types it may PUT as local staff of this site ("Task")
  std::vector<std::string> sends;  // message events it may post to $process-message as local staff
  std::string purpose;             // purpose of use in the audit
};

/// Routes are asked in order; the first that matches decides. Conditions of one route must all hold.
struct Route {
  std::string id;
  std::vector<std::string> events;
  std::vector<std::string> from;         // organisation ids; "local" is this site
  std::vector<std::string> recipients;   // organisation the message itself names (Task.owner, PRD-RT)
  std::vector<std::string> specialties;  // codes of ServiceRequest.code / performerType
  std::optional<fhir::path::Expression> condition;  // on the message Bundle
  std::vector<std::string> to;           // "peer:NAME", "local:NAME"; `hold` alone holds for a person
  std::string purpose = "TREAT";
  std::string file;                      // where it stands, for explain
  std::size_t line = 0;
};

struct Retry {
  milliseconds first{1'000}, longest{600'000};
  std::chrono::hours horizon{240};
};

struct Config {
  std::filesystem::path folder;
  std::string site;
  Organization organization;
  std::string identifier_base;     // "https://gw.example/sid/"
  std::string zone;                // "+08:00"
  std::filesystem::path data;      // folder of the store, the control socket, the pseudonym key
  net::Address fhir_listen;
  std::string fhir_base = "/fhir";
  net::TlsFiles tls;
  net::Address admin_listen;
  std::string control_socket;
  std::vector<Door> doors;
  std::vector<System> systems;
  std::vector<Peer> peers;
  std::vector<Partner> partners;
  std::vector<Route> routes;
  Retry retry;
  milliseconds held_alarm{3'600'000};
  std::string hash;                // SHA-256 over all files read, hex: names this configuration in audit and explain

  const Peer* peer(std::string_view name) const;
  const Peer* peer_of_organization(std::string_view organization_id) const;  // also through speaks_for
  const System* system(std::string_view name) const;
};

/// Loads a folder. Faults (also warnings) are appended; nullptr when there is at least one error.
std::shared_ptr<const Config> load(const std::filesystem::path& folder, std::vector<FileFault>& faults);

/// The faults as a person reads them: place, code, sentence, source excerpt with caret, hint.
std::string render(const std::vector<FileFault>& faults);

}  // namespace gateway::config
