#include "gateway/rest/target.h"

#include <algorithm>
#include <charconv>

namespace gateway::rest {
namespace {

using fhir::Fault;
using fhir::Result;

constexpr std::size_t kLongest = 4096;  // of the whole target
constexpr std::size_t kParameters = 32;

std::unexpected<fhir::Error> refuse(std::string say) {
  return fhir::fail(Fault::invalid, "rest.target", "", std::move(say));
}

bool is_allowed_raw(char c) {
  const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  return alnum || std::string_view("-._~!$'()*+,;:@|=/?").find(c) != std::string_view::npos;
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const std::size_t size = lead < 0x80                   ? 1
                             : lead >= 0xc2 && lead < 0xe0 ? 2
                             : lead >= 0xe0 && lead < 0xf0 ? 3
                             : lead >= 0xf0 && lead < 0xf5 ? 4
                                                           : 0;
    if (size == 0 || i + size > text.size()) return false;
    char32_t point = size == 1 ? lead : lead & (0x7fu >> size);
    for (std::size_t k = 1; k < size; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = (point << 6) | (next & 0x3fu);
    }
    const bool overlong = (size == 3 && point < 0x800) || (size == 4 && point < 0x10000);
    if (overlong || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) return false;
    i += size;
  }
  return true;
}

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (!is_allowed_raw(text[i])) return refuse("a character of the target must be percent-encoded");
      out += text[i];
      continue;
    }
    unsigned value = 0;
    const std::string_view digits = text.substr(i + 1, 2);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
    if (error != std::errc{} || digits.size() != 2 || end != digits.data() + 2)
      return refuse("a broken percent escape");
    out += static_cast<char>(value);
    i += 2;
  }
  if (has_control(out) || !is_utf8(out)) return refuse("the target must be UTF-8 without control characters");
  return out;
}

// http://host/fhir/metadata -> /fhir/metadata: a server must take the absolute form as well (RFC 9112 §3.2.2).
std::string_view origin_form(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return target;
  const auto path = target.find('/', scheme + 3);
  return path == std::string_view::npos ? std::string_view("/") : target.substr(path);
}

Result<void> read_path(std::string_view path, std::string_view base, Target& target) {
  const auto elsewhere = [] { return fhir::fail(Fault::not_found, "rest.path", "", "nothing is served at this path"); };
  if (!path.starts_with(base)) return elsewhere();
  path.remove_prefix(base.size());
  if (!path.empty() && path[0] != '/') return elsewhere();
  while (!path.empty()) {
    path.remove_prefix(1);
    const auto end = std::min(path.find('/'), path.size());
    auto segment = decode(path.substr(0, end));
    if (!segment) return fhir::pass(segment);
    const bool odd = segment->empty() || *segment == "." || *segment == ".." || segment->find('/') != std::string::npos;
    if (odd || target.path.size() == 4) return elsewhere();
    target.path.push_back(std::move(*segment));
    path.remove_prefix(end);
  }
  return {};
}

Result<void> read_query(std::string_view query, Target& target) {
  while (!query.empty()) {
    const auto end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = std::min(pair.find('='), pair.size());
    auto name = decode(pair.substr(0, equals));
    if (!name) return fhir::pass(name);
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!value) return fhir::pass(value);
    if (target.query.size() == kParameters) return refuse("too many parameters");
    target.query.emplace_back(std::move(*name), std::move(*value));
  }
  return {};
}

}  // namespace

std::string_view Target::parameter(std::string_view name) const {
  const auto found = std::ranges::find(query, name, &std::pair<std::string, std::string>::first);
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

Result<Target> read_target(std::string_view text, std::string_view base) {
  if (text.size() > kLongest) return fhir::fail(Fault::too_large, "rest.target", "", "the request target is too long");
  text = origin_form(text);
  const auto question = std::min(text.find('?'), text.size());
  Target target;
  if (auto path = read_path(text.substr(0, question), base, target); !path) return fhir::pass(path);
  if (auto query = read_query(text.substr(std::min(question + 1, text.size())), target); !query)
    return fhir::pass(query);
  return target;
}

Result<Token> read_token(std::string_view text) {
  const auto unsupported = [](std::string say) {
    return fhir::fail(Fault::unsupported, "rest.token", "identifier", std::move(say));
  };
  Token token;
  std::string* part = &token.value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ',') return unsupported("one identifier at a time can be searched for");
    if (text[i] == '|' && token.any_system) {
      token.any_system = false;
      token.system = std::exchange(token.value, {});
      continue;
    }
    const bool escape =
        text[i] == '\\' && i + 1 < text.size() && std::string_view("|,$\\").find(text[i + 1]) != std::string_view::npos;
    *part += escape ? text[++i] : text[i];
  }
  if (token.value.empty()) return unsupported("an identifier needs a value");
  return token;
}

}  // namespace gateway::rest
