// The folder that `causeway init` writes: a site that starts, holds everything, and says in comments what comes next.
#include <fmt/format.h>

#include <array>
#include <fstream>

#include "gateway/config/report.h"
#include "gateway/config/values.h"

namespace gateway::config {

namespace {

namespace fs = std::filesystem;

struct StarterFile {
  std::string_view name, text;  // @SITE@ stands for the site's name
};

constexpr std::array<StarterFile, 4> kFiles{
    {{"causeway.yaml", R"(# This site's gateway. Every key: docs/CONFIG.md. After an edit: causeway check THIS-FOLDER
site: @SITE@
organization:
  id: @SITE@                # short, and never changed later: it is part of identifier systems
  name: Name of the hospital
  # code: 91469099MA9YYY010E    # mainland hospitals: the unified social credit code
  jurisdiction: CN          # CN, HK, US, JP: whose law the records are under
  # city: 海口

identifier_base: https://causeway.example/sid/
zone: "+08:00"              # for local times that say no zone
data: ./data                # database and control socket: a local disk, private to the gateway

# This site's certificate. `causeway check` only reminds of files that are missing; `causeway run` needs them.
tls:
  certificate: pki/@SITE@.pem
  key: pki/@SITE@.key          # chmod 600
  trust: pki/ca.pem
  crl: pki/crl.pem          # revoked certificates: keep it fresh

fhir:
  listen: https://127.0.0.1:7410/fhir     # the address peers reach; 0.0.0.0 is all of this machine's
admin:
  listen: http://127.0.0.1:7411           # /livez, /readyz, /metrics: this machine only

# Local systems that send to us.
doors: []
#  - name: lis
#    listen: mllp://127.0.0.1:7412        # from another machine: mllps://, or a TLS tunnel to this address
#    charset: GB18030                     # believed, not guessed
#    maps: maps/oru_r01.map.yaml

# Local systems we deliver to; routes call them local:NAME.
systems: []
#  - name: his
#    address: mllp://127.0.0.1:7418
#    charset: UTF-8
#    maps: [maps/his_oru_r01.map.yaml]
)"},
     {"routes.yaml",
      R"(# Asked from top to bottom; the first route whose conditions all hold decides. Put new routes above the last one.
routes:
#  - id: reports-to-his
#    event: report
#    from: other-hospital                 # organisation id of a peer; `local` is this site
#    to: local:his                        # or peer:NAME, or several: [local:his, peer:north]

  # Nothing is lost while you configure: what no other route takes waits for a person (causeway held ls).
  - id: everything-else
    to: hold
)"},
     {"peers.yaml",
      R"(# Other hospitals' gateways, each known by the name in its certificate and by its key. Edits take effect within a minute.
peers: []
#  - name: north
#    organization:
#      id: other-hospital
#      name: Name of the other hospital
#      jurisdiction: CN
#    address: https://gateway.other-hospital.example:7410/fhir
#    san: gateway.other-hospital.example
#    # openssl x509 -in CERT -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64
#    keys: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
#    # In another jurisdiction it also needs the legal basis, or everything for it is held:
#    # transfer: {basis: SCC, filing: NUMBER, valid_from: 2026-01-01, valid_to: 2027-12-31, purposes: TREAT}
)"},
     {"partners.yaml", R"(# Who may call our FHIR API besides the peers, with which certificate, and what it may see.
partners: []
#  - name: registry
#    san: registry.example
#    keys: 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
#    reads:
#      - {types: DiagnosticReport, events: report}
)"}}};

std::string filled(std::string_view text, std::string_view site) {
  constexpr std::string_view kMark = "@SITE@";
  std::string out;
  for (std::size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark)) {
    out.append(text.substr(0, at)).append(site);
    text.remove_prefix(at + kMark.size());
  }
  return out.append(text);
}

}  // namespace

fhir::Result<void> write_starter(const fs::path& folder, std::string_view site) {
  if (const auto name = parse_name(site); !name)
    return fhir::fail(fhir::Fault::invalid, "init.name", "",
                      fmt::format("'{}' {}: {}", site, name.error().say, name.error().hint));
  std::error_code problem;
  for (const StarterFile& file : kFiles)
    if (fs::exists(folder / file.name, problem))
      return fhir::fail(fhir::Fault::conflict, "init.exists", (folder / file.name).string(),
                        "the file is there already; nothing was written");
  fs::create_directories(folder, problem);
  for (const StarterFile& file : kFiles) {
    std::ofstream stream(folder / file.name, std::ios::binary);
    stream << filled(file.text, site);
    if (!stream.flush())
      return fhir::fail(fhir::Fault::broken, "init.write", (folder / file.name).string(), "the file cannot be written");
  }
  return {};
}

}  // namespace gateway::config
