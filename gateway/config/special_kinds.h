// Kinds that only this configuration has: the words of the network, and addresses. See kinds.h.
#pragma once
#include "adapters/charset.h"
#include "gateway/config/kinds.h"

namespace gateway::config {

std::vector<std::string_view> event_words();
std::vector<std::string_view> resource_words();
std::vector<std::string_view> purpose_words();  // purposes of use (v3-ActReason) that this network knows
std::vector<std::string_view> charset_words();  // the usual ones: for did-you-mean

/// What `listen` and `address` may begin with, beside what it means.
struct Scheme {
  std::string_view name;
  bool mllp, secure;
};
/// nullptr: none of ours.
const Scheme* find_scheme(std::string_view name);

struct Wanted {
  std::vector<std::string_view> schemes;
  bool listens = false;
};
/// An address as it is wanted here; nothing after reporting why not. Plain text beyond this machine is refused.
std::optional<Url> read_url(Reader& reader, const Yaml& node, const Wanted& wanted);

namespace kind {

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
  return kind::word(fmt::format("{}", fmt::join(purpose_words(), " | ")), member, code::kWord, "purpose",
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
            reader.word(node, code::kWord, "charset", charset_words());
          },
          {}};
}

/// Production or a kind of test.
template <class T>
Kind<T> processing(std::optional<Processing> T::* member) {
  return kind::one_of<T, std::optional<Processing>>(
      member,
      {{"production", Processing::production}, {"training", Processing::training}, {"debug", Processing::debug}});
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

/// Of a door: an address, or `folder:PATH`.
Kind<Door> door_address();

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

}  // namespace kind

}  // namespace gateway::config
