#include "gateway/rest/target.h"

#include <algorithm>
#include <charconv>

namespace gateway::rest {
namespace {

using fhir::Fault;
using fhir::Result;

constexpr std::size_t kLongest = 8192;
constexpr std::size_t kMostParameters = 50;

std::unexpected<fhir::Error> malformed(std::string say) { return fhir::fail(Fault::invalid, "http.target", "request target", std::move(say)); }

Result<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    unsigned byte = 0;
    const char* digits = text.data() + i + 1;
    if (i + 2 >= text.size() || std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2 || byte == 0) {
      return malformed("a percent sign is not followed by two hexadecimal digits of a byte other than 0");
    }
    out += static_cast<char>(byte);
    i += 2;
  }
  return out;
}

// Calls `take` with each part between separators.
Result<void> each(std::string_view text, char separator, auto&& take) {
  while (!text.empty()) {
    const auto end = std::min(text.find(separator), text.size());
    if (auto taken = take(text.substr(0, end)); !taken) return taken;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return {};
}

}  // namespace

Result<Target> parse_target(std::string_view target, std::string_view base) {
  if (target.size() > kLongest) return fhir::fail(Fault::too_large, "http.target", "request target", "the address is longer than 8192 bytes");
  const auto question = std::min(target.find('?'), target.size());
  std::string_view path = target.substr(0, question);
  if (!path.starts_with(base) || (path.size() > base.size() && path[base.size()] != '/')) {
    return fhir::fail(Fault::not_found, "http.not-found", "", "nothing is served at this path");
  }
  path.remove_prefix(std::min(base.size() + 1, path.size()));

  Target result;
  auto done = each(path, '/', [&](std::string_view part) -> Result<void> {
    auto segment = decoded(part);
    if (!segment) return fhir::pass(segment);
    if (segment->empty() || *segment == "." || *segment == ".." || segment->find('/') != std::string::npos) return malformed("a path segment is empty or hides another");
    result.path.push_back(*std::move(segment));
    return {};
  });
  if (!done) return fhir::pass(done);
  done = each(target.substr(std::min(question + 1, target.size())), '&', [&](std::string_view part) -> Result<void> {
    const auto equals = std::min(part.find('='), part.size());
    auto name = decoded(part.substr(0, equals)), value = decoded(part.substr(std::min(equals + 1, part.size())));
    if (!name || !value || result.query.size() == kMostParameters) return malformed("the query is malformed or has more than 50 parameters");
    result.query.emplace_back(*std::move(name), *std::move(value));
    return {};
  });
  if (!done) return fhir::pass(done);
  return result;
}

}  // namespace gateway::rest
