#include "gateway/config/codes.h"

#include <algorithm>
#include <array>

namespace gateway::config {

namespace {

constexpr std::array kCodes{
    CodeText{"E0201", "the file is not YAML as it is used here",
             "Plain YAML only: keys, values, lists; no anchors, aliases, tags or second documents. A value with `: ` "
             "or ` #` "
             "in it needs quotes."},
    CodeText{"E0202", "a tab in the indentation", "YAML is indented with spaces."},
    CodeText{"E0203", "a key stands twice", "One of the two would be ignored, so neither is taken."},
    CodeText{"E0204", "a key that is not text", "Quote it, or look for a missing space or colon before it."},
    CodeText{
        code::kFile, "a file of the configuration cannot be read",
        "A site's folder holds causeway.yaml, routes.yaml, peers.yaml and partners.yaml. A site without partners has "
        "a partners.yaml that says `partners: []`, so that a lost file is never taken for an empty one."},
    CodeText{code::kCharset, "the file is not UTF-8", "Some editors save Chinese text as GBK. Save the file as UTF-8."},
    CodeText{code::kMissingKey, "a required key is missing or has no value",
             "docs/CONFIG.md says for each key whether it is required. Write `[]` for an empty list."},
    CodeText{
        code::kUnknownKey, "an unknown key",
        "A key that nobody reads is most often a typing error, and the setting it was meant for keeps its default. "
        "So it is refused."},
    CodeText{code::kType, "the wrong kind of value",
             "A list, a section with keys, or one value was expected, and something else is written."},
    CodeText{code::kValue, "a value that is not well written",
             "The hint shows the form: durations as 10s, sizes as 32MiB, addresses as scheme://host:port/path."},
    CodeText{code::kRange, "a value out of range", "The hint gives the range."},
    CodeText{code::kWord, "a word that is not offered here", "The hint lists what is allowed."},
    CodeText{code::kVariable, "an environment variable that is not set",
             "${NAME} needs the variable; ${NAME:-default} works without it. Write $${ for a plain ${."},
    CodeText{code::kNoEffect, "a key that means nothing for this kind of endpoint",
             "Acknowledgement modes and codes are HL7's (mllp); message_id, message_kind and volatile are about a "
             "vendor's JSON."},
    CodeText{code::kTwice, "the same name or address twice",
             "Names are how routes, logs and commands refer to things, so each may be given once."},
    CodeText{code::kTarget, "a route leads to something that is not configured",
             "A target is peer:NAME of peers.yaml, local:NAME of `systems` in causeway.yaml, or hold alone."},
    CodeText{
        code::kOrganization, "an organisation nobody here knows",
        "Known are this site's own organisation (also as `local`), those of the peers, and those peers speak for."},
    CodeText{code::kEvent, "an unknown message event", "docs/CONFIG.md lists the events of the network."},
    CodeText{code::kResourceType, "not a resource type of FHIR R4",
             "Resource types are written as in the standard: DiagnosticReport."},
    CodeText{code::kCondition, "a condition that is not FHIRPath",
             "The caret shows the place in the expression. Conditions are asked of the message Bundle."},
    CodeText{code::kShadowed, "a route that can never match",
             "Routes are asked in order and the first match decides. Earlier routes take everything this one is for: "
             "move it "
             "up, or narrow them."},
    CodeText{
        code::kMap, "a map that does not fit its place",
        "Doors need maps to FHIR, systems maps from FHIR that take the events routed to them; endpoints of format fhir "
        "need none."},
    CodeText{code::kMissingFile, "a file that is named does not exist",
             "Relative paths count from the file they stand in."},
    CodeText{code::kUnsafeFile, "a file others may read or change",
             "Private keys: chmod 600, and no symbolic link. Configuration: not writable for everybody (chmod o-w)."},
    CodeText{code::kPlaintext, "records would cross a network in plain text",
             "Use https:// or mllps://, or listen on 127.0.0.1 and put a TLS tunnel on this machine."},
    CodeText{
        code::kAmbiguous, "one identity for two parties",
        "A certificate name, a key pin or an organisation belongs to one peer or partner: otherwise one hospital could "
        "speak as another."},
    CodeText{code::kKeys, "nothing to recognise a caller by",
             "Give `keys` (pins), or `keys_file` with one pin a line. A certificate's name alone is not enough."},
    CodeText{
        code::kKey, "a key that cannot be used",
        "SM2 needs a PEM file on the curve SM2: `openssl genpkey -algorithm SM2` makes a private one, `openssl pkey "
        "-pubout` its public half. A secret has at least 16 bytes."},
    CodeText{
        code::kNotThereYet, "a certificate, key or pin file is not there yet",
        "`causeway run` will refuse to start without it. ./dev run makes the demonstration's; a real site gets its own "
        "from its certificate authority. `causeway check --level files` treats this as an error."},
    CodeText{code::kTransferMissing, "records for a peer in another jurisdiction will be held",
             "Give the peer a `transfer` section (basis, filing number, dates, purposes) once the legal basis exists."},
    CodeText{code::kTransferDates, "a transfer basis that is not valid today",
             "Everything for this peer is held until the dates fit."},
    CodeText{code::kUnreachable, "something no route leads to",
             "It is configured, but no record goes there, and none comes from there."},
    CodeText{code::kTransferPlace, "a GBA standard contract outside the Greater Bay Area",
             "The contract is for parties registered in the nine Guangdong cities and Hong Kong only."},
    CodeText{code::kCheckDigit, "an organisation code whose check character is wrong",
             "The unified social credit code (GB 32100) ends in a check character; one of the 18 is mistyped."},
    CodeText{code::kPowerless, "a partner that may do nothing", "Give it `reads`, `writes` or `sends`."},
    CodeText{
        code::kTransferProfile, "records would leave the mainland hardly minimised",
        "The policy step holds what would cross the border under P0 or P1. P2 is what `profile` means there when it is "
        "left out."},
    CodeText{
        code::kRetentionLaw, "kept shorter than the law asks for",
        "Mainland rules for internet hospitals: records 15 years (30 for inpatients), records of the process 3 years. "
        "Shorter is right only where the same content is kept elsewhere for that long."},
    CodeText{
        code::kRetentionShort, "a message may come again after it was forgotten",
        "A sender repeats for as long as `retry.horizon` of its gateway; what is not remembered for that long would be "
        "taken twice."},
};

}  // namespace

std::span<const CodeText> codes() { return kCodes; }

const CodeText* find_code(std::string_view code) {
  const auto found = std::ranges::find(kCodes, code, &CodeText::code);
  return found == kCodes.end() ? nullptr : &*found;
}

}  // namespace gateway::config
