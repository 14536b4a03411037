#include "gateway/control/request.h"

#include <pwd.h>
#include <sys/types.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace gateway::control {
namespace {

constexpr std::string_view kLocal = "local:";  // gateway/net: the other end of a Unix socket

std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int byte = 0;
    const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                         std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16).ptr == text.data() + i + 3;
    out += escaped ? static_cast<char>(byte) : text[i];
    if (escaped) i += 2;
  }
  return out;
}

// Cuts the part before the first `mark` off `text`, and the mark.
std::string_view cut(std::string_view& text, char mark) {
  const auto end = std::min(text.find(mark), text.size());
  const auto part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

std::optional<std::vector<std::string>> stars(std::string_view pattern, std::string_view path) {
  std::vector<std::string> found;
  if (std::ranges::count(pattern, '/') != std::ranges::count(path, '/')) return std::nullopt;
  while (!pattern.empty()) {
    const auto wanted = cut(pattern, '/'), given = cut(path, '/');
    if (wanted == "*" && !given.empty())
      found.push_back(decoded(given));
    else if (wanted != given)
      return std::nullopt;
  }
  return found;
}

std::map<std::string, std::string, std::less<>> parameters(std::string_view query) {
  std::map<std::string, std::string, std::less<>> found;
  while (!query.empty()) {
    auto value = cut(query, '&');
    const auto name = cut(value, '=');
    found.emplace(decoded(name), decoded(value));
  }
  return found;
}

// The user's name, or the number when it has none; the kernel vouches for the number.
std::string user_of(std::string_view remote) {
  if (!remote.starts_with(kLocal)) return "operator";
  const std::string digits(remote.substr(kLocal.size()));
  uid_t number = 0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), number).ec != std::errc{}) return "operator";
  passwd entry{}, *found = nullptr;
  std::array<char, 4096> room{};
  ::getpwuid_r(number, &entry, room.data(), room.size(), &found);
  return found != nullptr ? found->pw_name : "uid " + digits;
}

}  // namespace

std::optional<Asked> match(std::string_view pattern, const net::HttpRequest& request) {
  std::string_view query = request.target;
  const auto path = cut(query, '?');
  auto found = stars(pattern, path);
  if (!found) return std::nullopt;
  return Asked{*std::move(found), parameters(query), request.body, user_of(request.remote)};
}

}  // namespace gateway::control
