// Doors and systems: does the map fit, is TLS meant, is the place to listen still free. Fills in TLS files and paths.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "adapters/xml/xml_source.h"
#include "gateway/config/checks.h"
#include "gateway/config/codes.h"

namespace gateway::config {

namespace {

/// What doors and systems have in common.
struct Endpoint {
  std::string_view noun;  // "door"
  const std::string& name;
  bool mllp;
  Format format;
  std::optional<net::TlsFiles>& tls;
  bool tls_from_1_2;
  const std::vector<std::shared_ptr<const adapters::map::Map>>& maps;
  bool maps_to_fhir;
  const Origin& origin;
  std::size_t index;
  std::string_view address_key;
  bool folder = false;
  bool rows = false;  // a staging database: no socket, no TLS of ours
  bool service = false;
};

/// A WebService carries what stands in text; a plain post no ER7.
bool travels(const Endpoint& at) {
  if (at.folder || at.rows) return true;
  if (at.service) return !at.mllp && at.format != Format::fhir && at.format != Format::csv;
  return at.format != Format::csv && at.mllp == (at.format == Format::hl7v2);
}

/// A door or a system is reached in one way.
void check_way(const Draft& draft, const Endpoint& at) {
  auto& faults = draft.reader.faults;
  const bool has_address = at.origin.has(at.index, at.address_key);
  if (!at.rows && !has_address)
    faults.error(at.origin.at(at.index), code::kMissingKey,
                 fmt::format("{} \"{}\" has neither `{}` nor `rows`", at.noun, at.name, at.address_key));
  if (!at.rows) return;
  for (const std::string_view key : {at.address_key, std::string_view("tls"), std::string_view("format")})
    if (at.origin.has(at.index, key))
      faults.error(at.origin.at(at.index, key), code::kNoEffect,
                   fmt::format("`{}` means nothing for {} \"{}\"", key, at.noun, at.name), "it has `rows`");
}

void check_format(const Draft& draft, const Endpoint& at) {
  if (travels(at)) return;
  draft.reader.faults.error(
      at.origin.at(at.index, "format"), code::kMap,
      fmt::format("{} \"{}\": this format does not travel this way", at.noun, at.name),
      "mllp carries hl7v2, http json, xml or fhir, a WebService hl7v2, json or xml, a folder anything");
}

/// A setting that nobody reads is a misunderstanding, and better found now.
void check_effect(const Draft& draft, const Endpoint& at, bool has_effect, std::string_view hint,
                  std::initializer_list<std::string_view> keys) {
  for (const auto key : keys)
    if (!has_effect && at.origin.has(at.index, key))
      draft.reader.faults.error(at.origin.at(at.index, key), code::kNoEffect,
                                fmt::format("`{}` means nothing for {} \"{}\"", key, at.noun, at.name),
                                std::string(hint));
}

void check_maps(const Draft& draft, const Endpoint& at) {
  auto& faults = draft.reader.faults;
  const bool wants = at.format != Format::fhir, has = at.origin.has(at.index, "maps");
  if (wants && !has)
    faults.error(at.origin.at(at.index), code::kMap, fmt::format("{} \"{}\" has no `maps`", at.noun, at.name),
                 at.maps_to_fhir ? "name the maps that turn its records into FHIR"
                                 : "name the maps that make its records from FHIR");
  if (!wants && has)
    faults.error(at.origin.at(at.index, "maps"), code::kMap,
                 fmt::format("{} \"{}\" speaks FHIR and needs no maps", at.noun, at.name));
  for (const auto& map : at.maps)
    if (map != nullptr && map->shape() != nullptr && !at.rows)
      faults.error(at.origin.at(at.index, "maps"), code::kMap,
                   fmt::format("the map {} reads rows, and {} \"{}\" has none", map->name(), at.noun, at.name));
    else if (map != nullptr && map->to_fhir() != at.maps_to_fhir)
      faults.error(at.origin.at(at.index, "maps"), code::kMap,
                   fmt::format("the map {} leads {} FHIR", map->name(), map->to_fhir() ? "to" : "from"),
                   fmt::format("a {} needs maps {} FHIR", at.noun, at.maps_to_fhir ? "to" : "from"));
}

/// `tls:` without a TLS scheme is a contradiction; a TLS scheme without it means the site's own files.
void settle_tls(const Draft& draft, const Endpoint& at) {
  const std::string_view address = at.origin.text(at.index, at.address_key);
  const bool secure = address.starts_with("https:") || address.starts_with("mllps:");
  if (at.tls && !secure)
    draft.reader.faults.error(
        at.origin.at(at.index, "tls"), code::kPlaintext,
        fmt::format("{} \"{}\" has certificates, but its address is plain text", at.noun, at.name),
        fmt::format("write {} as mllps:// or https://", at.address_key));
  if (at.tls && at.tls->certificate.empty()) at.tls = draft.config.tls;
  if (at.tls) at.tls->from_1_2 = at.tls_from_1_2;
}

void check(const Draft& draft, const Endpoint& at) {
  check_way(draft, at);
  check_format(draft, at);
  const bool csv = at.format == Format::csv, json = at.format == Format::json || at.format == Format::xml;
  const bool er7 = at.mllp || (at.service && at.format == Format::hl7v2);
  const bool http = !at.mllp && !at.folder && !at.rows;
  check_effect(draft, at, er7, "it is for HL7 v2", {"ack", "retry_on"});
  check_effect(draft, at, at.mllp, "it is for mllp", {"continuation", "mllp", "framing", "await"});
  check_effect(draft, at, http, "it is for http", {"service"});
  check_effect(draft, at, http && at.format == Format::json && !at.service, "it is for JSON that is posted",
               {"signature"});
  check_effect(draft, at, json || csv, "it is for formats json, xml and csv", {"message_id"});
  check_effect(draft, at, json, "it is for formats json and xml", {"message_kind", "volatile"});
  check_effect(draft, at, at.folder, "it is for drop folders", {"settle"});
  check_maps(draft, at);
  settle_tls(draft, at);
  check_effect(draft, at, at.tls.has_value(), "it is plain text", {"tls_from"});
}

// ---- places to listen

struct Listening {
  net::Address address;
  Mark mark;
};

bool collide(const net::Address& a, const net::Address& b) {
  const auto any = [](std::string_view host) { return host == "0.0.0.0" || host == "::"; };
  const auto plain = [](std::string_view host) { return host == "localhost" ? std::string_view("127.0.0.1") : host; };
  return a.port != 0 && a.port == b.port && (any(a.host) || any(b.host) || plain(a.host) == plain(b.host));
}

Mark listen_mark(const Yaml& site, std::string_view section) {
  const Yaml* node = site.find(section);
  const Yaml* listen = node == nullptr ? nullptr : node->find("listen");
  return listen == nullptr ? site.mark : listen->mark;
}

void check_listeners(const Draft& draft) {
  std::vector<Listening> all{{draft.config.fhir_listen, listen_mark(*draft.documents.site, "fhir")},
                             {draft.config.admin_listen, listen_mark(*draft.documents.site, "admin")}};
  for (std::size_t i = 0; i < draft.config.doors.size(); ++i)
    if (!draft.config.doors[i].rows) all.push_back({draft.config.doors[i].listen, draft.doors.at(i, "listen")});
  for (auto one = all.begin(); one != all.end(); ++one) {
    const auto first =
        std::find_if(all.begin(), one, [&](const Listening& other) { return collide(one->address, other.address); });
    if (first != one)
      draft.reader.faults.error(one->mark, code::kTwice, fmt::format("port {} is listened on twice", one->address.port),
                                {}, draft.reader.faults.also(first->mark, "first used here"));
  }
}

/// Unix socket addresses hold 107 bytes (sys/un.h).
void check_socket(const Draft& draft) {
  const std::string& path = draft.config.control_socket;
  if (path.size() > 107)
    draft.reader.faults.error(
        draft.documents.site->find("data") != nullptr ? draft.documents.site->find("data")->mark : Mark{}, code::kRange,
        fmt::format("the control socket's path has {} bytes, and a socket's may have 107", path.size()),
        "choose a shorter data folder, or give `control` an absolute path");
}

/// What a door of format xml is told of its envelope are paths as in a map.
void check_paths(const Draft& draft, std::size_t i) {
  const Door& door = draft.config.doors[i];
  if (door.format != Format::xml) return;
  const auto check_path = [&](std::string_view key, const std::string& path) {
    const auto bound = adapters::xml::make_dialect()->bind(path, nullptr);
    if (!bound) draft.reader.faults.error(draft.doors.at(i, key), code::kWord, bound.error().say);
  };
  check_path("message_id", door.id_path);
  check_path("message_kind", door.kind_path);
  for (const auto& path : door.volatile_paths) check_path("volatile", path);
}

/// Opens the key. That a private key is private has been seen to; at a door a secret must be as private.
void settle_signature(const Draft& draft, std::optional<Signature>& signature, trust::SignatureKey::Use use,
                      const Origin& origin, std::size_t i, std::string_view charset) {
  if (!signature || signature->file.empty() || draft.reader.options.level != Level::files) return;
  auto& faults = draft.reader.faults;
  const Mark mark = origin.at(i, "signature");
  if (charset != "UTF-8")
    faults.error(mark, code::kNoEffect, "only what is written in UTF-8 can be signed", "leave `charset` out");
  std::error_code unseen;
  const auto open_to =
      std::filesystem::status(signature->file, unseen).permissions() & std::filesystem::perms::others_all;
  if (!unseen && signature->kind != trust::SignatureKind::sm2_sm3 && open_to != std::filesystem::perms::none)
    faults.error(mark, code::kUnsafeFile, fmt::format("the secret {} is open to others", signature->file), "chmod 600");
  auto key = trust::SignatureKey::open(signature->kind, signature->file, use, signature->id);
  if (key)
    signature->key = *std::move(key);
  else if (!unseen)
    faults.error(mark, code::kKey, fmt::format("{}: {}", signature->file, key.error().say));
}

/// Only release 2 has a word for it.
void check_await(const Draft& draft, std::size_t i) {
  const System& system = draft.config.systems[i];
  if (!system.mllp || !system.manner.stored_is_enough || system.manner.release == net::MllpRelease::two) return;
  draft.reader.faults.error(draft.systems.at(i, "await"), code::kNoEffect,
                            fmt::format("system \"{}\" cannot say that it stored something", system.name),
                            "`await: stored` needs `mllp: 2`");
}

/// Through a door for tests, test data would get into production.
void check_processing(const Draft& draft, std::size_t i) {
  const Door& door = draft.config.doors[i];
  if (draft.config.processing != Processing::production || draft.config.processing_of(door) == Processing::production)
    return;
  draft.reader.faults.error(draft.doors.at(i, "processing"), code::kWord,
                            fmt::format("door \"{}\" takes test messages, and this site is production", door.name),
                            "a test has a gateway of its own, with `processing: training` for the whole site");
}

}  // namespace

void check_endpoints(const Draft& draft) {
  if (!draft.documents.site) return;
  Config& config = draft.config;
  for (std::size_t i = 0; i < config.doors.size(); ++i) {
    Door& door = config.doors[i];
    if (door.rows) door.mllp = false, door.format = Format::row;
    check(draft, {"door", door.name, door.mllp, door.format, door.tls, door.tls_from_1_2, door.maps, true, draft.doors,
                  i, "listen", !door.folder.empty(), door.rows.has_value(), door.service.has_value()});
    settle_signature(draft, door.signature, trust::SignatureKey::Use::verify, draft.doors, i, door.charset);
    check_processing(draft, i);
    check_paths(draft, i);
  }
  for (std::size_t i = 0; i < config.systems.size(); ++i) {
    System& system = config.systems[i];
    if (system.rows) system.mllp = false, system.format = Format::json;
    check(draft, {"system", system.name, system.mllp, system.format, system.tls, system.tls_from_1_2, system.maps,
                  false, draft.systems, i, "address", false, system.rows.has_value(), system.service.has_value()});
    settle_signature(draft, system.signature, trust::SignatureKey::Use::sign, draft.systems, i, system.charset);
    check_await(draft, i);
  }
  config.control_socket = (config.data / config.control_socket).string();
  check_listeners(draft);
  check_socket(draft);
  if (config.fhir_url.empty()) {
    const bool v6 = config.fhir_listen.host.contains(':');
    config.fhir_url = fmt::format("https://{}{}{}:{}{}", v6 ? "[" : "", config.fhir_listen.host, v6 ? "]" : "",
                                  config.fhir_listen.port, config.fhir_base);
  }
}

}  // namespace gateway::config
