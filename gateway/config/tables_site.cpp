// The keys of causeway.yaml. Long because it is one row a key: the place to look up, and to add, a setting.
#include "gateway/config/special_kinds.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

std::vector<std::string_view> ack_words() { return {"AE", "AR", "CE", "CR"}; }

Kind<Config> identifier_base() {
  return {"https address that ends in /",
          [](Reader& reader, const Yaml& node, Config& into) {
            const auto text = reader.scalar(node, "an address");
            if (!text) return;
            const auto url = parse_url(*text);
            if (!url || !url->scheme.starts_with("http") || !text->ends_with('/'))
              return reader.complain(node, *text,
                                     {"is no base for identifiers", "write it as https://gw.example/sid/", false});
            into.identifier_base = *text;
          },
          {}};
}

Kind<Config> public_url() {
  return {"https address",
          [](Reader& reader, const Yaml& node, Config& into) {
            if (!read_url(reader, node, {{"https"}, false})) return;
            into.fhir_url = *reader.scalar(node, "an address");
            while (into.fhir_url.ends_with('/')) into.fhir_url.pop_back();
          },
          {}};
}

const Section<net::TlsFiles>& tls_table() {
  static const Section<net::TlsFiles> table{
      "tls",
      "Certificates, as PEM files. TLS 1.3, and both sides show a certificate. Changed files are used within seconds.",
      {{"certificate", kind::credential(&net::TlsFiles::certificate, false), kRequired,
        "The certificate shown, with its chain."},
       {"key", kind::credential(&net::TlsFiles::key, true), kRequired,
        "Its private key; only its owner may read it (chmod 600)."},
       {"trust", kind::credential(&net::TlsFiles::trust, false), kRequired,
        "The authorities whose certificates are believed."},
       {"crl", kind::credential(&net::TlsFiles::crl, false), kOptional,
        "Revoked certificates. Without it nobody is ever revoked; with it an outdated list refuses everybody."}}};
  return table;
}

const Section<net::Limits>& limits_table() {
  static const Section<net::Limits> table{
      "fhir.limits",
      "How large requests may be, and how many connections there may be.",
      {{"body", kind::bytes(&net::Limits::body, "64KiB", "1GiB"), otherwise("32MiB"),
        "Largest request; a larger one is answered 413."},
       {"connections", kind::ranged("number", &net::Limits::connections, parse_count, "1", "100000"), otherwise("2000"),
        "Open connections; further ones are closed at once."},
       {"connections_each", kind::ranged("number", &net::Limits::connections_each, parse_count, "1", "100000"),
        otherwise("200"), "Open connections with the same certificate; a further one is told 429 and closed.", "0.4"}}};
  return table;
}

const Section<Quota>& quota_table() {
  static const Section<Quota> table{
      "fhir.quota",
      "What each peer and partner may take, so that one that floods slows nobody else. What is beyond is answered 429 "
      "with Retry-After, and the later the more it is beyond.",
      {{"rate", kind::ranged("number", &Quota::rate, parse_count, "1", "1000000"), otherwise("2000"),
        "Requests a second.", "0.4"},
       {"bytes", kind::bytes(&Quota::bytes, "64KiB", "16GiB"), otherwise("64MiB"), "Bytes of request bodies a second.",
        "0.4"},
       {"at_once", kind::ranged("number", &Quota::at_once, parse_count, "1", "100000"), otherwise("256"),
        "Requests being worked on at once.", "0.4"}}};
  return table;
}

const Section<Config>& fhir_table() {
  static const Section<Config> table{
      "fhir",
      "The FHIR API towards peers and partners. Always TLS with client certificates.",
      {{"listen",
        kind::address("https://ADDRESS:PORT/PATH", &Config::fhir_listen, &Config::fhir_base, {{"https"}, true}),
        kRequired, "Where it listens, and the path of the API."},
       {"url", public_url(), kOptional,
        "How others reach it, when that is not the address it listens on: used in links and as the sender's endpoint."},
       {"limits", kind::section("limits", &Config::limits, limits_table), otherwise("{}"),
        "How large requests may be, and how many connections there may be."},
       {"quota", kind::section("quota", &Config::quota, quota_table), otherwise("{}"),
        "What each peer and partner may take.", "0.4"}}};
  return table;
}

const Section<Config>& admin_table() {
  static const Section<Config> table{
      "admin",
      "Health and metrics: /livez, /readyz, /metrics. Plain HTTP, so on this machine only.",
      {{"listen", kind::address<Config>("http://127.0.0.1:PORT", &Config::admin_listen, nullptr, {{"http"}, true}),
        kRequired, "Where it listens."}}};
  return table;
}

constexpr std::string_view kFramingDoc =
    "How MLLP frames are read. lenient takes a message whose frame lacks the last CR, line ends and other bytes "
    "between "
    "frames, a frame begun anew, and segments that end in LF, and logs it once a connection: what a whole message says "
    "is certain all the same, and refusing it would only lose it. strict ends the connection at the first byte that is "
    "not as the standard has it, and says which: for acceptance tests, and for systems whose maker must mend it.";

const Section<Door>& door_table() {
  static const Section<Door> table{
      "doors[]",
      "A local system that sends to this gateway. The address says how: mllp for HL7 v2, http for posted JSON or FHIR; "
      "mllps and "
      "https are the same over TLS. Plain text is accepted from this machine only.",
      {{"name", kind::name(&Door::name), kRequired, "How logs and commands call it."},
       {"listen", kind::door_address(), kOptional,
        "Where it listens; for HTTP with the path it posts to. folder:PATH is a drop folder: files end in its done/ or "
        "failed/. Every door has this or `rows`."},
       {"service", kind::section("service", &Door::service, offered_service_table), kOptional,
        "For http and https: a WebService with one method instead of a plain post.", "0.5"},
       {"signature", kind::section("signature", &Door::signature, expected_signature_table), kOptional,
        "For JSON over http and https: every record must be signed.", "0.5"},
       {"rows", kind::section("rows", &Door::rows, polling_table), kOptional,
        "Instead of `listen`: a staging database that is polled. Its maps are of format row."},
       {"tls", kind::section("tls", &Door::tls, tls_table), kOptional,
        "For mllps and https: files of its own instead of the site's."},
       {"tls_from", kind::one_of<Door, bool>(&Door::tls_from_1_2, {{"1.2", true}, {"1.3", false}}), otherwise("1.3"),
        "Oldest version of TLS that is spoken with it. 1.2 is for a local system that has nothing newer, and then only "
        "with forward secrecy and authenticated ciphers; towards peers it is always 1.3.",
        "0.5"},
       {"format",
        kind::one_of<Door, Format>(&Door::format, {{"hl7v2", Format::hl7v2},
                                                   {"json", Format::json},
                                                   {"xml", Format::xml},
                                                   {"fhir", Format::fhir},
                                                   {"csv", Format::csv}}),
        kOptional, "What arrives. Without it: hl7v2 over mllp, json over http, csv in a folder. Not with `rows`."},
       {"charset", kind::charset(&Door::charset), otherwise("UTF-8"),
        "What its bytes are. This is believed, never guessed; MSH-18 may only confirm it."},
       {"ack",
        kind::one_of<Door, AckMode>(&Door::ack, {{"auto", AckMode::automatic},
                                                 {"original", AckMode::original},
                                                 {"enhanced", AckMode::enhanced},
                                                 {"commit", AckMode::commit}}),
        otherwise("auto"),
        "HL7 acknowledgements: auto follows MSH-15 and MSH-16; many senders fill those and still expect original (AA, "
        "AE, AR). commit sends CA only: the answer of the application follows as a message of its own, a referral's as "
        "RRI^I12."},
       {"control_id",
        kind::one_of<Door, ControlIds>(
            &Door::control_ids,
            {{"unique", ControlIds::unique}, {"daily", ControlIds::daily}, {"unreliable", ControlIds::unreliable}}),
        otherwise("unique"),
        "How far message ids can be trusted to tell a repetition: daily when they restart every day, unreliable when "
        "content decides."},
       {"dedup_window", kind::duration(&Door::dedup_window, "1h", "366d"), otherwise("7d"),
        "How long message ids count as seen: later the same id may come again with other content; with `control_id: "
        "unreliable` the same content, too.",
        "0.4"},
       {"maps", kind::maps(&Door::maps), kOptional,
        "Maps to FHIR, tried in order: the first that takes the record. Not for format fhir."},
       {"message_id", kind::text(&Door::id_path, "dotted path"), otherwise("msgId"),
        "JSON: where the vendor's envelope has the message's id. XML: the same, as a path of a map (Header/MsgId, "
        "id/@extension). CSV: the column that has the record's."},
       {"message_kind", kind::text(&Door::kind_path, "dotted path"), otherwise("serviceCode"),
        "JSON and XML: where it says what kind of message it is; maps compare it with what they accept."},
       {"volatile", kind::several("dotted path, or a list of them", &Door::volatile_paths, parse_text),
        otherwise("[timestamp, sign]"), "JSON and XML: what may differ between two sends of the same message."},
       {"settle", kind::duration(&Door::settle, "0s", "1h"), otherwise("2s"),
        "Drop folder: how long a file must have stood still before it is taken."},
       {"limit", kind::bytes(&Door::limit, "1KiB", "1GiB"), otherwise("16MiB"),
        "Largest message; a larger one is refused and kept as held."},
       {"idle", kind::duration(&Door::idle, "10s", "7d"), otherwise("1h"),
        "A connection on which nothing arrives is closed after this. Systems that speak rarely keep theirs open for "
        "long.",
        "0.3"},
       {"continuation", kind::duration(&Door::continuation, "1s", "24h"), otherwise("10m"),
        "How long after one part of a divided message (DSC, MSH-14) the next may come. Each part is stored and "
        "acknowledged when it comes, and listed as held until the rest is there; the whole may have `limit` bytes.",
        "0.5"},
       {"mllp",
        kind::one_of<Door, net::MllpRelease>(&Door::release,
                                             {{"1", net::MllpRelease::one}, {"2", net::MllpRelease::two}}),
        otherwise("1"),
        "Release of the MLLP transport specification. In 2 each message is first answered with a frame that holds only "
        "06 (it is stored, also when the HL7 answer will refuse it) or 15 (it is not: send it again), then with the "
        "HL7 "
        "acknowledgement, which the sender answers in the same way.",
        "0.5"},
       {"framing",
        kind::one_of<Door, net::Framing>(&Door::framing,
                                         {{"lenient", net::Framing::lenient}, {"strict", net::Framing::strict}}),
        otherwise("lenient"), kFramingDoc, "0.5"},
       {"processing", kind::processing(&Door::processing), kOptional,
        "Which MSH-11 it takes: P, T or D. Without it: what the site is. A test site may take copies of production "
        "messages here; a production site takes no test messages anywhere.",
        "0.4"}}};
  return table;
}

/// One word of how a system speaks MLLP.
template <class V>
Kind<System> manner(V net::Mllp::* member, std::initializer_list<std::pair<std::string_view, V>> words) {
  const auto kind = kind::one_of<net::Mllp, V>(member, words);
  return {
      kind.form, [kind](Reader& reader, const Yaml& node, System& into) { kind.read(reader, node, into.manner); }, {}};
}

const Section<System>& system_table() {
  static const Section<System> table{
      "systems[]",
      "A local system that this gateway delivers to; routes call it local:NAME.",
      {{"name", kind::name(&System::name), kRequired, "How routes, logs and commands call it."},
       {"address", kind::local_address(&System::address, false), kOptional,
        "Where it is; for HTTP with the path records are posted to. Every system has this or `rows`."},
       {"service", kind::section("service", &System::service, called_service_table), kOptional,
        "For http and https: a WebService with one method is called instead of posting the record.", "0.5"},
       {"signature", kind::section("signature", &System::signature, given_signature_table), kOptional,
        "For JSON over http and https: every record is signed.", "0.5"},
       {"rows", kind::section("rows", &System::rows, writing_table), kOptional,
        "Instead of `address`: a staging database that is written to. Its maps make "
        "{\"table\", \"key\", \"values\"} in JSON."},
       {"tls", kind::section("tls", &System::tls, tls_table), kOptional,
        "For mllps and https: files of its own instead of the site's."},
       {"tls_from", kind::one_of<System, bool>(&System::tls_from_1_2, {{"1.2", true}, {"1.3", false}}),
        otherwise("1.3"),
        "Oldest version of TLS that is spoken with it. 1.2 is for a local system that has nothing newer, and then only "
        "with forward secrecy and authenticated ciphers; towards peers it is always 1.3.",
        "0.5"},
       {"format",
        kind::one_of<System, Format>(&System::format,
                                     {{"hl7v2", Format::hl7v2}, {"json", Format::json}, {"fhir", Format::fhir}}),
        kOptional, "What it takes. Without it: hl7v2 over mllp, json over http. Not with `rows`."},
       {"charset", kind::charset(&System::charset), otherwise("UTF-8"), "What its bytes are to be."},
       {"maps", kind::maps(&System::maps), kOptional,
        "Maps from FHIR: the first that takes the event. Not for format fhir."},
       {"timeout", kind::duration(&System::timeout, "100ms", "10m"), otherwise("30s"),
        "How long its answer may take; later is in doubt, and asked again."},
       {"mllp", manner(&net::Mllp::release, {{"1", net::MllpRelease::one}, {"2", net::MllpRelease::two}}),
        otherwise("1"),
        "Release of the MLLP transport specification. In 2 the system first answers with a frame that holds only 06 "
        "(it "
        "has stored the message) or 15 (it has not: the message is sent again), then with the HL7 acknowledgement. One "
        "that skips the first is understood, unless `framing` is strict.",
        "0.5"},
       {"framing", manner(&net::Mllp::framing, {{"lenient", net::Framing::lenient}, {"strict", net::Framing::strict}}),
        otherwise("lenient"), "How the frames of its answers are read: as at a door.", "0.5"},
       {"await", manner(&net::Mllp::stored_is_enough, {{"acknowledgement", false}, {"stored", true}}),
        otherwise("acknowledgement"),
        "What ends a delivery over MLLP. stored: its 06 is enough, for systems of release 2 that send no HL7 "
        "acknowledgement; then a refusal of the content is never heard of.",
        "0.5"},
       {"retry_on",
        kind::words("code, or a list of them", &System::retry_on, code::kWord, "acknowledgement code", ack_words()),
        otherwise("[AR, CR]"),
        "HL7 acknowledgement codes that mean `not now` at this system; the others are a refusal of the content."},
       {"in_flight", kind::ranged("number", &System::in_flight, parse_count, "1", "1000"), otherwise("16"),
        "Deliveries to it at once at most.", "0.4"}}};
  return table;
}

const Section<Retry>& retry_table() {
  static const Section<Retry> table{
      "retry",
      "Deliveries that could not be made are tried again, with growing pauses and some chance in them.",
      {{"first", kind::duration(&Retry::first, "100ms", "1h"), otherwise("1s"),
        "The first pause; each next one is twice as long."},
       {"longest", kind::duration(&Retry::longest, "1s", "24h"), otherwise("10m"), "No pause is longer."},
       {"horizon", kind::duration(&Retry::horizon, "1h", "60d"), otherwise("10d"),
        "After this a delivery is given up and shown as dead. Long enough for a long holiday. A prescription is given "
        "up when its validity ends, a referral when its deadline has passed (Task.restriction.period, "
        "ServiceRequest.occurrence)."},
       {"open_after", kind::ranged("number", &Retry::open_after, parse_count, "1", "1000"), otherwise("5"),
        "After so many failures in a row a destination is left alone for a while; then one delivery is tried, and when "
        "it arrives two, four and so on at once.",
        "0.4"}}};
  return table;
}

Kind<Alerts> webhook() {
  return {"https://host[:port]/path, or http on this machine",
          [](Reader& reader, const Yaml& node, Alerts& into) {
            const auto url = read_url(reader, node, {{"http", "https"}, false});
            if (url) into.webhook = {url->address, url->path.empty() ? "/" : url->path, url->scheme == "https"};
          },
          {}};
}

const Section<Alerts>& alerts_table() {
  static const Section<Alerts> table{
      "alerts",
      "When a state is bad enough to tell people: once when it begins, once when it is over; in the log, as the metric "
      "causeway_alert, and posted to the webhook. Records held for too long are under `held`.",
      {{"peer_down", kind::duration(&Alerts::peer_down, "1s", "24h"), otherwise("2m"),
        "A peer or local system could not be reached for so long.", "0.3"},
       {"queue_age", kind::duration(&Alerts::queue_age, "1s", "30d"), otherwise("15m"),
        "The oldest delivery has waited for so long.", "0.3"},
       {"certificate", kind::duration(&Alerts::certificate, "1d", "1000d"), otherwise("30d"),
        "So long before a certificate ends: the site's own, or one that a peer showed.", "0.3"},
       {"disk_free", kind::bytes(&Alerts::disk_free, "1MiB", "1024GiB"), otherwise("1GiB"),
        "Less than this is left on the disk of the data folder.", "0.3"},
       {"webhook", webhook(), kOptional, "Where each alert is posted as JSON; no value of a record is in it.", "0.3"},
       {"tls", kind::section("tls", &Alerts::tls, tls_table), kOptional,
        "For an https webhook: files of its own instead of the site's.", "0.3"},
       {"timeout", kind::duration(&Alerts::timeout, "100ms", "1m"), otherwise("5s"),
        "How long one post may take. It is tried five times, in growing pauses.", "0.3"}}};
  return table;
}

const Section<Config>& held_table() {
  static const Section<Config> table{"held",
                                     "Records that wait for a person.",
                                     {{"alarm_after", kind::duration(&Config::held_alarm, "1m", "30d"), otherwise("1h"),
                                       "A record held longer than this raises an alarm."}}};
  return table;
}
}  // namespace

const Section<Organization>& organization_table() {
  static const Section<Organization> table{
      "organization",
      "Who this is. The same five keys describe the site itself and each peer.",
      {{"id", kind::parsed("name, dots allowed", &Organization::id, parse_organization_id), kRequired,
        "Short and stable: it is part of identifier systems and never changes."},
       {"name", kind::text(&Organization::name), kRequired, "As people know it."},
       {"code", kind::text(&Organization::code), kOptional,
        "Registered code; for mainland hospitals the unified social credit code."},
       {"jurisdiction", kind::parsed("two capital letters (ISO 3166)", &Organization::jurisdiction, parse_jurisdiction),
        kRequired, "Whose law the records are under: CN, HK, US, JP. Between two of them the border rules apply."},
       {"city", kind::text(&Organization::city), kOptional,
        "Where it is registered; some transfer bases depend on it."}}};
  return table;
}

const Section<Config>& site_table() {
  static const Section<Config> table{
      "causeway.yaml",
      "The site: who it is, where it listens, which local systems it serves.",
      {{"site", kind::name(&Config::site), kRequired, "Short name of this gateway, in logs and metrics."},
       {"organization", kind::section("organization", &Config::organization, organization_table), kRequired,
        "Whose gateway this is."},
       {"identifier_base", identifier_base(), kRequired,
        "Identifier systems are this, the organisation's id, and the kind: BASE + tmucih/mrn."},
       {"zone", kind::parsed("distance from UTC", &Config::zone, parse_zone), kRequired,
        "For local times that come without one."},
       {"data", kind::path(&Config::data), kRequired,
        "Folder of the database and the control socket; on a local disk, private to the gateway."},
       {"control", kind::text(&Config::control_socket, "file name"), otherwise("control.sock"),
        "Socket of the command line, in the data folder."},
       {"tls", kind::section("tls", &Config::tls, tls_table), kRequired, "This site's own certificate."},
       {"fhir", kind::group<Config>("fhir", fhir_table), kRequired, "The FHIR API."},
       {"admin", kind::group<Config>("admin", admin_table), kRequired, "Health and metrics."},
       {"doors", kind::list("doors", &Config::doors, door_table), kOptional, "Local systems that send to us."},
       {"systems", kind::list("systems", &Config::systems, system_table), kOptional, "Local systems we deliver to."},
       {"processing",
        kind::one_of<Config, Processing>(
            &Config::processing,
            {{"production", Processing::production}, {"training", Processing::training}, {"debug", Processing::debug}}),
        otherwise("production"),
        "What this site is. Messages that say otherwise (MSH-11, or the security label HTEST in FHIR) are refused with "
        "AR, and what leaves a test site is marked as test data.",
        "0.4"},
       {"retry", kind::section("retry", &Config::retry, retry_table), otherwise("{}"), "Deliveries that fail."},
       {"held", kind::group<Config>("held", held_table), otherwise("{}"), "Records that wait for a person."},
       {"alerts", kind::section("alerts", &Config::alerts, alerts_table), otherwise("{}"), "When people are told.",
        "0.3"},
       {"pressure", kind::section("pressure", &Config::pressure, pressure_table), otherwise("{}"),
        "When nothing more is taken in, and when again.", "0.4"},
       {"retention", kind::section("retention", &Config::retention, retention_table), otherwise("{}"),
        "What is kept how long.", "0.4"},
       {"reconciliation", kind::section("reconciliation", &Config::reconciliation, reconciliation_table),
        otherwise("{}"), "The nightly comparison with the peers.", "0.4"},
       {"watch", kind::flag(&Config::watch), otherwise("true"),
        "Edited files are taken within seconds. With false only `causeway reload` takes them, so that `causeway diff` "
        "can be asked first, in place.",
        "0.3"}}};
  return table;
}

}  // namespace gateway::config
