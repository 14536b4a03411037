// The keys of routes.yaml, peers.yaml and partners.yaml.
#include <algorithm>
#include <array>

#include "gateway/config/place.h"
#include "gateway/config/special_kinds.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

std::vector<std::string_view> profile_words() { return {"P0", "P1", "P2"}; }
std::vector<std::string_view> basis_words() { return {"SCC", "GBA-SCC", "ASSESSMENT", "CERT", "MODEL-CLAUSES"}; }

void complain(Reader& reader, const Yaml& node, const fhir::Error& error) {
  std::size_t line = 1, column = 1;
  const std::size_t colon = error.where.find(':');
  if (const auto l = parse_count(std::string_view(error.where).substr(0, colon))) line = *l;
  if (colon != std::string::npos)
    if (const auto c = parse_count(std::string_view(error.where).substr(colon + 1))) column = *c;
  reader.faults.error(place_in_scalar(reader.text_of(node.mark), node, line, column), code::kCondition,
                      fmt::format("the condition{}: {}", reader.where(), error.say));
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
              fmt::format("%{} means nothing here", variable)});
  }
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

template <class T>
Kind<T> condition() {
  return {"FHIRPath",
          [](Reader& reader, const Yaml& node, T& into) {
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

const Section<Urgent>& urgent_table() {
  static const Section<Urgent> table{
      "routes[].urgent",
      "Urgent messages go before everything else of their destination. Critical values always are urgent: an "
      "Observation interpreted as HH, LL or AA (OBX-8). Here: what else is, and by when somebody must have read them.",
      {{"when", condition<Urgent>(), kOptional, "A condition on the message Bundle: what it holds for is urgent, too.",
        "0.4"},
       {"read_within", kind::duration(&Urgent::read_within, "10s", "7d"), kOptional,
        "Somebody there must confirm within this time that it was read (event read-receipt); else an alert is raised.",
        "0.4"},
       {"escalate_to", kind::several("peer:NAME | local:NAME, or a list of them", &Urgent::escalate_to, parse_text),
        kOptional, "Who gets it as well when nobody has read it in time.", "0.4"}}};
  return table;
}

const Section<FanOut>& fan_out_table() {
  static const Section<FanOut> table{"routes[].fan_out",
                                     "A referral is asked of every peer the route leads to at once, each with a Task "
                                     "of its own. Each opinion is kept, "
                                     "also one that contradicts another or comes late.",
                                     {{"quorum", kind::ranged("number", &FanOut::quorum, parse_count, "1", "1000"),
                                       kRequired, "So many opinions answer the referral as a whole.", "0.4"},
                                      {"deadline", kind::duration(&FanOut::deadline, "1s", "365d"), kRequired,
                                       "After this it ends with the opinions that are there.", "0.4"}}};
  return table;
}

const Section<Route>& route_table() {
  static const Section<Route> table{
      "routes[]",
      "Asked in order; the first whose conditions all hold decides. A key that is left out is no condition. What no "
      "route "
      "takes is held.",
      {{"id", kind::name(&Route::id), kRequired, "How explain, audit and logs call it."},
       {"event", kind::events_of(&Route::events), kOptional, "What kind of message (list of events below)."},
       {"from", kind::organizations(&Route::from), kOptional,
        "Organisation the message comes from; `local` is this site."},
       {"recipient", kind::organizations(&Route::recipients), kOptional, "Organisation the message itself asks for."},
       {"specialty", kind::several("code, or a list of them", &Route::specialties, parse_text), kOptional,
        "Code of what is asked for: ServiceRequest.code or performerType."},
       {"when", condition<Route>(), kOptional, "A condition on the message Bundle, true or false."},
       {"to", kind::several("peer:NAME | local:NAME | hold | keep, or a list of them", &Route::to, parse_text),
        kRequired,
        "Where it goes; several places each get it. `hold` alone keeps it for a person, `keep` alone takes it here and "
        "sends "
        "it to nobody."},
       {"purpose", kind::purpose(&Route::purpose), otherwise("TREAT"),
        "Purpose of use; the patient's consent must cover it when a border is crossed."},
       {"answer_within", kind::duration(&Route::answer_within, "1s", "365d"), kOptional,
        "Of a referral: an alert is raised when nobody has answered it by then.", "0.4"},
       {"deadline", kind::duration(&Route::deadline, "1s", "365d"), kOptional,
        "Of a referral: without an opinion by then it has expired, and whoever was asked is told.", "0.4"},
       {"fan_out", kind::section("fan_out", &Route::fan_out, fan_out_table), kOptional,
        "Of a referral: it is asked of all peers of `to` at once.", "0.4"},
       {"urgent", kind::section("urgent", &Route::urgent, urgent_table), kOptional,
        "What is urgent here besides critical values, and by when it must have been read.", "0.4"},
       {"after_dead", kind::one_of<Route, bool>(&Route::dead_holds, {{"go_on", false}, {"hold", true}}),
        otherwise("go_on"),
        "When a delivery is given up: go_on sends the later ones of the same report, referral or prescription all the "
        "same; hold stops them until a person has replayed or discarded it.",
        "0.4"}}};
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
       {"address", kind::address("https://HOST:PORT/PATH", &Peer::address, &Peer::base, {{"https"}, false}), kOptional,
        "Its FHIR API. Required, unless `mailbox` is `here`."},
       {"mailbox",
        kind::one_of<Peer, Mailbox>(&Peer::mailbox,
                                    {{"none", Mailbox::none}, {"here", Mailbox::here}, {"there", Mailbox::there}}),
        otherwise("none"),
        "For a hospital that opens no port to the outside. `here`: what is for this peer waits here until the peer "
        "collects it over a connection of its own; it is never called. `there`: we are the one without a port; we "
        "collect what the peer has for us."},
       {"san", kind::text(&Peer::san, "DNS or URI name"), kRequired,
        "The subject alternative name its certificate must carry."},
       {"keys", kind::several("pin, or a list of them", &Peer::keys, parse_pin), kOptional,
        "Pins of its keys: base64 of the SHA-256 of the public key. Several, so that a key can be changed without a "
        "gap."},
       {"keys_file", kind::pins_file(&Peer::keys), kOptional, "A file with further pins, one a line."},
       {"speaks_for", kind::organizations(&Peer::speaks_for), kOptional,
        "Further organisations whose messages it may bring: it is a hub."},
       {"enabled", kind::flag(&Peer::enabled), otherwise("true"),
        "false switches it off: its connections end within 60 s, what is meant for it waits."},
       {"transfer", kind::section("transfer", &Peer::transfer, transfer_table), kOptional,
        "Needed when it is in another jurisdiction."},
       {"profile", kind::word<Peer>("P0 | P1 | P2", &Peer::profile, code::kWord, "profile", profile_words()), kOptional,
        "How far records are minimised for it. Without it: P1 in our jurisdiction, P2 beyond."},
       {"timeout", kind::duration(&Peer::timeout, "100ms", "10m"), otherwise("30s"), "How long its answer may take."},
       {"processing", kind::processing(&Peer::processing), kOptional,
        "What it is. Without it: what this site is. Nothing goes to a peer that is a test and this site is not, or the "
        "other way round.",
        "0.4"},
       {"in_flight", kind::ranged("number", &Peer::in_flight, parse_count, "1", "1000"), otherwise("64"),
        "Deliveries to it at once at most.", "0.4"},
       {"dedup_window", kind::duration(&Peer::dedup_window, "1h", "366d"), otherwise("7d"),
        "How long the ids of its messages count as seen: later the same id may come again with other content.",
        "0.4"}}};
  return table;
}

const Section<Grant>& grant_table() {
  static const Section<Grant> table{
      "partners[].reads[]",
      "What a partner may read. Anything else answers 404, as if it were not there.",
      {{"types", kind::resource_types(&Grant::types), kRequired, "Resource types."},
       {"events", kind::events_of(&Grant::events), kOptional, "Only from exchanges with these events."},
       {"from", kind::organizations(&Grant::from), kOptional,
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
       {"writes", kind::resource_types(&Partner::writes), kOptional,
        "Resource types it may PUT as staff of this site."},
       {"sends", kind::events_of(&Partner::sends), kOptional,
        "Events of messages it may post to $process-message as staff of this site."},
       {"purpose", kind::purpose(&Partner::purpose), otherwise("TREAT"), "Purpose of use, for the audit."}}};
  return table;
}
}  // namespace

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
