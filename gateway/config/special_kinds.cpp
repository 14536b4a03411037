#include "gateway/config/special_kinds.h"

#include <algorithm>
#include <array>

#include "fhir/definitions/definitions.h"
#include "gateway/config/events.h"

namespace gateway::config {

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

std::vector<std::string_view> purpose_words() {
  return {"TREAT", "COC", "ETREAT", "BTG", "PATRQT", "CLINTRCH", "HPAYMT"};
}

std::vector<std::string_view> charset_words() {
  return {"UTF-8", "GB18030",    "GB18030-2000", "GB18030-2005", "GB18030-2022",
          "GBK",   "Big5-HKSCS", "Shift_JIS",    "ISO-2022-JP",  "ISO-8859-1"};
}

// ---- addresses

namespace {

constexpr std::array<Scheme, 4> kSchemes{
    {{"mllp", true, false}, {"mllps", true, true}, {"http", false, false}, {"https", false, true}}};

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

void refuse_plaintext(Reader& reader, const Yaml& node, const Url& url, const Wanted& wanted) {
  const std::string secure = url.scheme + "s";
  const bool offered = std::ranges::find(wanted.schemes, secure) != wanted.schemes.end();
  reader.faults.error(node.mark, code::kPlaintext, fmt::format("plain text would cross a network{}", reader.where()),
                      offered ? fmt::format("use {}://, or 127.0.0.1 and a TLS tunnel on this machine", secure)
                              : "use 127.0.0.1: this is for programs on this machine");
}

}  // namespace

const Scheme* find_scheme(std::string_view name) {
  const auto found = std::ranges::find(kSchemes, name, &Scheme::name);
  return found == kSchemes.end() ? nullptr : &*found;
}

std::optional<Url> read_url(Reader& reader, const Yaml& node, const Wanted& wanted) {
  const auto text = reader.scalar(node, "an address");
  if (!text) return std::nullopt;
  auto url = parse_url(*text);
  if (url) url = fit(std::move(*url), wanted);
  if (!url) return reader.complain(node, *text, url.error()), std::nullopt;
  if (!find_scheme(url->scheme)->secure && !is_loopback(url->address.host))
    refuse_plaintext(reader, node, *url, wanted);
  return std::move(*url);
}

namespace kind {

Kind<Door> door_address() {
  const auto address = local_address(&Door::listen, true);
  return {"mllp | mllps | http | https ://host:port[/path], or folder:PATH",
          [address](Reader& reader, const Yaml& node, Door& into) {
            constexpr std::string_view kFolder = "folder:";
            if (!node.is_scalar() || !node.text.starts_with(kFolder)) return address.read(reader, node, into);
            Yaml path = node;
            path.text.erase(0, kFolder.size());
            auto folder = reader.path(path);
            if (!folder) return;
            into.mllp = false;
            into.folder = std::move(*folder);
            into.format = Format::csv;
          },
          {}};
}

}  // namespace kind

}  // namespace gateway::config
