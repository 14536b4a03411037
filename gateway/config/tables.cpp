#include "gateway/config/tables.h"

#include <algorithm>
#include <array>

#include "adapters/charset.h"
#include "fhir/definitions/definitions.h"
#include "gateway/config/events.h"
#include "gateway/config/kinds.h"
#include "gateway/config/place.h"

namespace gateway::config {

namespace {

constexpr std::array<Scheme, 4> kSchemes{
    {{"mllp", true, false}, {"mllps", true, true}, {"http", false, false}, {"https", false, true}}};

// ---- words

std::vector<std::string_view> event_words() {
  std::vector<std::string_view> words;
  for (const Event& event : events()) words.push_back(event.code);
  return words;
}

std::vector<std::string_view> resource_words() {
  std::vector<std::string_view> words;
  for (const auto* type : fhir::all_types())
    if (type->kind == fhir::TypeKind::resource && !type->abstract) words.push_back(type->name);
  return words;
}

/// Purposes of use (v3-ActReason) that this network knows.
std::vector<std::string_view> purpose_words() {
  return {"TREAT", "COC", "ETREAT", "BTG", "PATRQT", "CLINTRCH", "HPAYMT"};
}

std::vector<std::string_view> profile_words() {
  return {"P0", "P1", "P2"};
}
std::vector<std::string_view> basis_words() {
  return {"SCC", "GBA-SCC", "ASSESSMENT", "CERT", "MODEL-CLAUSES"};
}
std::vector<std::string_view> ack_words() {
  return {"AE", "AR", "CE", "CR"};
}

template <class T>
Kind<T> events_of(std::vector<std::string> T::* member) {
  return kind::words("event, or a list of them", member, code::kEvent, "event", event_words());
}

template <class T>
Kind<T> resource_types(std::vector<std::string> T::* member) {
  return kind::words("resource type, or a list of them", member, code::kResourceType, "resource type",
                     resource_words());
}

template <class T>
Kind<T> organizations(std::vector<std::string> T::* member) {
  return kind::several("organisation id, or a list of them", member, parse_organization_id);
}

template <class T>
Kind<T> purpose(std::string T::* member) {
  return kind::word<T>("TREAT | COC | ETREAT | BTG | PATRQT | CLINTRCH | HPAYMT", member, code::kWord, "purpose",
                       purpose_words());
}

template <class T>
Kind<T> charset(std::string T::* member) {
  return {"charset",
          [=](Reader& reader, const Yaml& node, T& into) {
            const auto text = reader.scalar(node, "a charset");
            if (!text) return;
            if (const auto known = adapters::charset_named(*text)) {
              into.*member = adapters::to_string(*known);
              return;
            }
            static constexpr std::array<std::string_view, 6> kUsual{"UTF-8",      "GB18030",   "GBK",
                                                                    "Big5-HKSCS", "Shift_JIS", "ISO-8859-1"};
            reader.word(node, code::kWord, "charset", kUsual);
          },
          {}};
}

// ---- addresses

struct Wanted {
  std::vector<std::string_view> schemes;
  bool listens = false;
};

Parsed<Url> fit(Url url, const Wanted& wanted) {
  const auto no = [](std::string say, std::string hint) {
    return std::unexpected(Complaint{std::move(say), std::move(hint), false});
  };
  if (std::ranges::find(wanted.schemes, url.scheme) == wanted.schemes.end())
    return no(fmt::format("begins with {}://", url.scheme),
              fmt::format("allowed: {}://", fmt::join(wanted.schemes, "://, ")));
  const bool known_port = url.scheme.starts_with("http") && !wanted.listens;
  if (!url.has_port && !known_port) return no("has no port", "write it as scheme://host:port");
  if (!url.has_port) url.address.port = url.scheme == "https" ? 443 : 80;
  if (url.address.port == 0 && !wanted.listens) return no("has port 0", "");
  if (wanted.listens && !is_ip_address(url.address.host) && url.address.host != "localhost")
    return no("listens on a name", "write the IP address of this machine to listen on; 0.0.0.0 is all of them");
  if (url.scheme.starts_with("mllp") && !url.path.empty())
    return no("has a path, which MLLP does not know", "end it after the port");
  return url;
}

std::optional<Url> read_url(Reader& reader, const Yaml& node, const Wanted& wanted) {
  const auto text = reader.scalar(node, "an address");
  if (!text) return std::nullopt;
  auto url = parse_url(*text);
  if (url) url = fit(std::move(*url), wanted);
  if (!url) return reader.complain(node, *text, url.error()), std::nullopt;
  if (!find_scheme(url->scheme)->secure && !is_loopback(url->address.host))
    reader.faults.error(node.mark, code::kPlaintext, fmt::format("plain text would cross a network{}", reader.where()),
                        fmt::format("use {}s://, or 127.0.0.1 and a TLS tunnel on this machine", url->scheme));
  return std::move(*url);
}

/// An address of one member, with the path beside it.
template <class T>
Kind<T> address(std::string form, net::Address T::* member, std::string T::* path, Wanted wanted) {
  return {std::move(form),
          [=](Reader& reader, const Yaml& node, T& into) {
            const auto url = read_url(reader, node, wanted);
            if (!url) return;
            into.*member = url->address;
            if (path != nullptr) into.*path = url->path;
          },
          {}};
}

/// Of a door or a system: the scheme also says protocol, usual format, and TLS (the site's own files, unless `tls`
/// follows).
template <class T>
Kind<T> local_address(net::Address T::* member, bool listens) {
  return {"mllp | mllps | http | https ://host:port[/path]",
          [=](Reader& reader, const Yaml& node, T& into) {
            const auto url = read_url(reader, node, {{"mllp", "mllps", "http", "https"}, listens});
            if (!url) return;
            const Scheme* scheme = find_scheme(url->scheme);
            into.mllp = scheme->mllp;
            into.format = scheme->mllp ? Format::hl7v2 : Format::json;
            if (scheme->secure) into.tls.emplace();
            into.*member = url->address;
            into.path = url->path;
          },
          {}};
}

// ---- FHIRPath

void complain(Reader& reader, const Yaml& node, const fhir::Error& error) {
  std::size_t line = 1, column = 1;
  const std::size_t colon = error.where.find(':');
  if (const auto l = parse_count(std::string_view(error.where).substr(0, colon))) line = *l;
  if (colon != std::string::npos)
    if (const auto c = parse_count(std::string_view(error.where).substr(colon + 1))) column = *c;
  reader.faults.error(place_in_scalar(reader.text_of(node.mark), node, line, column), code::kCondition,
                      fmt::format("{}{}", error.say, reader.where()));
}

/// Conditions are asked without variables of their own, so only the standard's may be used.
void check_variables(Reader& reader, const Yaml& node, const fhir::path::Expression& condition) {
  static constexpr std::array<std::string_view, 6> kKnown{"resource", "rootResource", "context",
                                                          "ucum",     "sct",          "loinc"};
  for (const auto& variable : condition.variables()) {
    if (std::ranges::find(kKnown, variable) != kKnown.end()) continue;
    const std::size_t at = node.text.find("%" + variable);
    const std::string_view before = std::string_view(node.text).substr(0, at == std::string::npos ? 0 : at);
    complain(reader, node,
             {fhir::Fault::invalid,
              {},
              fmt::format("1:{}", before.size() + 1),
              fmt::format("%{} means nothing in a condition", variable)});
  }
}

Kind<Route> condition() {
  return {"FHIRPath",
          [](Reader& reader, const Yaml& node, Route& into) {
            if (!node.is_scalar()) {
              reader.scalar(node, "a FHIRPath expression");
              return;
            }
            auto compiled = fhir::path::Expression::compile(node.text);  // as it stands: $ is FHIRPath's here
            if (!compiled) return complain(reader, node, compiled.error());
            check_variables(reader, node, *compiled);
            into.condition = std::move(*compiled);
          },
          {}};
}

Kind<TransferBasis> genomics_permit() {
  return {"text",
          [](Reader& reader, const Yaml& node, TransferBasis& into) {
            const auto number = reader.value(node, parse_text);
            if (!number) return;
            into.genomics_permit = true;
            into.genomics_permit_no = *number;
          },
          {}};
}

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

// ---- sections of causeway.yaml

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
      "What one caller may take.",
      {{"body", kind::bytes(&net::Limits::body, "64KiB", "1GiB"), otherwise("32MiB"),
        "Largest request; a larger one is answered 413."},
       {"connections", kind::ranged("number", &net::Limits::connections, parse_count, "1", "100000"), otherwise("2000"),
        "Open connections; further ones are closed at once."}}};
  return table;
}

const Section<Config>& fhir_table() {
  static const Section<Config> table{
      "fhir",
      "The FHIR API towards peers and partners. Always TLS with client certificates.",
      {{"listen", address("https://ADDRESS:PORT/PATH", &Config::fhir_listen, &Config::fhir_base, {{"https"}, true}),
        kRequired, "Where it listens, and the path of the API."},
       {"url", public_url(), kOptional,
        "How others reach it, when that is not the address it listens on: used in links and as the sender's endpoint."},
       {"limits", kind::section("limits", &Config::limits, limits_table), otherwise("{}"),
        "What one caller may take."}}};
  return table;
}

const Section<Config>& admin_table() {
  static const Section<Config> table{
      "admin",
      "Health and metrics: /livez, /readyz, /metrics. Plain HTTP, so on this machine only.",
      {{"listen", address<Config>("http://127.0.0.1:PORT", &Config::admin_listen, nullptr, {{"http"}, true}), kRequired,
        "Where it listens."}}};
  return table;
}

const Section<Door>& door_table() {
  static const Section<Door> table{
      "doors[]",
      "A local system that sends to this gateway. The address says how: mllp for HL7 v2, http for posted JSON or FHIR; "
      "mllps and "
      "https are the same over TLS. Plain text is accepted from this machine only.",
      {{"name", kind::name(&Door::name), kRequired, "How logs and commands call it."},
       {"listen", local_address(&Door::listen, true), kRequired,
        "Where it listens; for HTTP with the path it posts to."},
       {"tls", kind::section("tls", &Door::tls, tls_table), kOptional,
        "For mllps and https: files of its own instead of the site's."},
       {"format",
        kind::one_of<Door, Format>(&Door::format,
                                   {{"hl7v2", Format::hl7v2}, {"json", Format::json}, {"fhir", Format::fhir}}),
        kOptional, "What arrives. Without it: hl7v2 over mllp, json over http."},
       {"charset", charset(&Door::charset), otherwise("UTF-8"),
        "What its bytes are. This is believed, never guessed; MSH-18 may only confirm it."},
       {"ack",
        kind::one_of<Door, AckMode>(
            &Door::ack,
            {{"auto", AckMode::automatic}, {"original", AckMode::original}, {"enhanced", AckMode::enhanced}}),
        otherwise("auto"),
        "HL7 acknowledgements: auto follows MSH-15 and MSH-16; many senders fill those and still expect original (AA, "
        "AE, AR)."},
       {"control_id",
        kind::one_of<Door, ControlIds>(
            &Door::control_ids,
            {{"unique", ControlIds::unique}, {"daily", ControlIds::daily}, {"unreliable", ControlIds::unreliable}}),
        otherwise("unique"),
        "How far message ids can be trusted to tell a repetition: daily when they restart every day, unreliable when "
        "content decides."},
       {"maps", kind::maps(&Door::maps), kOptional,
        "Maps to FHIR, tried in order: the first that takes the record. Not for format fhir."},
       {"limit", kind::bytes(&Door::limit, "1KiB", "1GiB"), otherwise("16MiB"),
        "Largest message; a larger one is refused and kept as held."}}};
  return table;
}

const Section<System>& system_table() {
  static const Section<System> table{
      "systems[]",
      "A local system that this gateway delivers to; routes call it local:NAME.",
      {{"name", kind::name(&System::name), kRequired, "How routes, logs and commands call it."},
       {"address", local_address(&System::address, false), kRequired,
        "Where it is; for HTTP with the path records are posted to."},
       {"tls", kind::section("tls", &System::tls, tls_table), kOptional,
        "For mllps and https: files of its own instead of the site's."},
       {"format",
        kind::one_of<System, Format>(&System::format,
                                     {{"hl7v2", Format::hl7v2}, {"json", Format::json}, {"fhir", Format::fhir}}),
        kOptional, "What it takes. Without it: hl7v2 over mllp, json over http."},
       {"charset", charset(&System::charset), otherwise("UTF-8"), "What its bytes are to be."},
       {"maps", kind::maps(&System::maps), kOptional,
        "Maps from FHIR: the first that takes the event. Not for format fhir."},
       {"timeout", kind::duration(&System::timeout, "100ms", "10m"), otherwise("30s"),
        "How long its answer may take; later is in doubt, and asked again."},
       {"retry_on",
        kind::words("code, or a list of them", &System::retry_on, code::kWord, "acknowledgement code", ack_words()),
        otherwise("[AR, CR]"),
        "HL7 acknowledgement codes that mean `not now` at this system; the others are a refusal of the content."}}};
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
        "After this a delivery is given up and shown as dead. Long enough for a long holiday."}}};
  return table;
}

const Section<Config>& held_table() {
  static const Section<Config> table{"held",
                                     "Records that wait for a person.",
                                     {{"alarm_after", kind::duration(&Config::held_alarm, "1m", "30d"), otherwise("1h"),
                                       "A record held longer than this raises an alarm."}}};
  return table;
}

// ---- sections of the other files

const Section<Route>& route_table() {
  static const Section<Route> table{
      "routes[]",
      "Asked in order; the first whose conditions all hold decides. A key that is left out is no condition. What no "
      "route "
      "takes is held.",
      {{"id", kind::name(&Route::id), kRequired, "How explain, audit and logs call it."},
       {"event", events_of(&Route::events), kOptional, "What kind of message (list of events below)."},
       {"from", organizations(&Route::from), kOptional, "Organisation the message comes from; `local` is this site."},
       {"recipient", organizations(&Route::recipients), kOptional, "Organisation the message itself asks for."},
       {"specialty", kind::several("code, or a list of them", &Route::specialties, parse_text), kOptional,
        "Code of what is asked for: ServiceRequest.code or performerType."},
       {"when", condition(), kOptional, "A condition on the message Bundle, true or false."},
       {"to", kind::several("peer:NAME | local:NAME | hold, or a list of them", &Route::to, parse_text), kRequired,
        "Where it goes; several places each get it. `hold` alone keeps it for a person."},
       {"purpose", purpose(&Route::purpose), otherwise("TREAT"),
        "Purpose of use; the patient's consent must cover it when a border is crossed."}}};
  return table;
}

const Section<TransferBasis>& transfer_table() {
  static const Section<TransferBasis> table{
      "peers[].transfer",
      "The legal basis on which records may go to a peer in another jurisdiction. Without it, or outside its dates and "
      "purposes, everything for that peer is held.",
      {{"basis",
        kind::word<TransferBasis>("SCC | GBA-SCC | ASSESSMENT | CERT | MODEL-CLAUSES", &TransferBasis::type,
                                  code::kWord, "basis", basis_words()),
        kRequired,
        "Standard contract, Greater Bay Area standard contract, security assessment, certification, or Hong Kong's "
        "model clauses."},
       {"filing", kind::text(&TransferBasis::filing), kRequired,
        "Filing, certificate or contract number; it is written into the audit."},
       {"valid_from", kind::parsed("date", &TransferBasis::valid_from, parse_date), kRequired, "First day."},
       {"valid_to", kind::parsed("date", &TransferBasis::valid_to, parse_date), kRequired, "Last day."},
       {"purposes",
        kind::words("purpose, or a list of them", &TransferBasis::purposes, code::kWord, "purpose", purpose_words()),
        kRequired, "What for."},
       {"genomics_permit", genomics_permit(), kOptional,
        "Number of the permit for genetic results; without it they are removed."}}};
  return table;
}

const Section<Peer>& peer_table() {
  static const Section<Peer> table{
      "peers[]",
      "Another hospital's gateway. It is known by the name in its certificate and by its key, both.",
      {{"name", kind::name(&Peer::name), kRequired, "How routes call it: peer:NAME."},
       {"organization", kind::section("organization", &Peer::organization, organization_table), kRequired,
        "Whose gateway it is."},
       {"address", address("https://HOST:PORT/PATH", &Peer::address, &Peer::base, {{"https"}, false}), kRequired,
        "Its FHIR API."},
       {"san", kind::text(&Peer::san, "DNS or URI name"), kRequired,
        "The subject alternative name its certificate must carry."},
       {"keys", kind::several("pin, or a list of them", &Peer::keys, parse_pin), kOptional,
        "Pins of its keys: base64 of the SHA-256 of the public key. Several, so that a key can be changed without a "
        "gap."},
       {"keys_file", kind::pins_file(&Peer::keys), kOptional, "A file with further pins, one a line."},
       {"speaks_for", organizations(&Peer::speaks_for), kOptional,
        "Further organisations whose messages it may bring: it is a hub."},
       {"enabled", kind::flag(&Peer::enabled), otherwise("true"),
        "false switches it off: its connections end within 60 s, what is meant for it waits."},
       {"transfer", kind::section("transfer", &Peer::transfer, transfer_table), kOptional,
        "Needed when it is in another jurisdiction."},
       {"profile", kind::word<Peer>("P0 | P1 | P2", &Peer::profile, code::kWord, "profile", profile_words()), kOptional,
        "How far records are minimised for it. Without it: P1 in our jurisdiction, P2 beyond."},
       {"timeout", kind::duration(&Peer::timeout, "100ms", "10m"), otherwise("30s"), "How long its answer may take."}}};
  return table;
}

const Section<Grant>& grant_table() {
  static const Section<Grant> table{
      "partners[].reads[]",
      "What a partner may read. Anything else answers 404, as if it were not there.",
      {{"types", resource_types(&Grant::types), kRequired, "Resource types."},
       {"events", events_of(&Grant::events), kOptional, "Only from exchanges with these events."},
       {"from", organizations(&Grant::from), kOptional,
        "Only what came from these organisations; `local` is this site."}}};
  return table;
}

const Section<Partner>& partner_table() {
  static const Section<Partner> table{
      "partners[]",
      "A platform or a desk that calls our FHIR API with a certificate of its own.",
      {{"name", kind::name(&Partner::name), kRequired, "How logs and audit call it."},
       {"san", kind::text(&Partner::san, "DNS or URI name"), kRequired,
        "The subject alternative name its certificate must carry."},
       {"keys", kind::several("pin, or a list of them", &Partner::keys, parse_pin), kOptional,
        "Pins of its keys, as for peers."},
       {"keys_file", kind::pins_file(&Partner::keys), kOptional, "A file with further pins, one a line."},
       {"enabled", kind::flag(&Partner::enabled), otherwise("true"), "false switches it off within 60 s."},
       {"reads", kind::list("reads", &Partner::reads, grant_table), kOptional, "What it may read."},
       {"writes", resource_types(&Partner::writes), kOptional, "Resource types it may PUT as staff of this site."},
       {"sends", events_of(&Partner::sends), kOptional,
        "Events of messages it may post to $process-message as staff of this site."},
       {"purpose", purpose(&Partner::purpose), otherwise("TREAT"), "Purpose of use, for the audit."}}};
  return table;
}

}  // namespace

const Scheme* find_scheme(std::string_view name) {
  const auto found = std::ranges::find(kSchemes, name, &Scheme::name);
  return found == kSchemes.end() ? nullptr : &*found;
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
       {"retry", kind::section("retry", &Config::retry, retry_table), otherwise("{}"), "Deliveries that fail."},
       {"held", kind::group<Config>("held", held_table), otherwise("{}"), "Records that wait for a person."}}};
  return table;
}

const Section<Config>& routes_table() {
  static const Section<Config> table{"routes.yaml",
                                     "Where messages go.",
                                     {{"routes", kind::list("routes", &Config::routes, route_table), kRequired,
                                       "In the order in which they are asked."}}};
  return table;
}

const Section<Config>& peers_table() {
  static const Section<Config> table{
      "peers.yaml",
      "The other hospitals' gateways. Edits take effect within 60 s, without a restart.",
      {{"peers", kind::list("peers", &Config::peers, peer_table), kRequired, "In any order."}}};
  return table;
}

const Section<Config>& partners_table() {
  static const Section<Config> table{"partners.yaml",
                                     "Who may call our FHIR API. Edits take effect within 60 s, without a restart.",
                                     {{"partners", kind::list("partners", &Config::partners, partner_table), kRequired,
                                       "In any order; [] for none."}}};
  return table;
}

}  // namespace gateway::config
