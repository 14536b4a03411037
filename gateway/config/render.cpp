// Faults as a person reads them (operators.md C3).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <ranges>
#include <sstream>

#include "adapters/charset.h"
#include "gateway/config/config.h"
#include "gateway/config/mask.h"

namespace gateway::config {

namespace {

constexpr std::size_t kLargest = 16u << 20;  // of a file that is quoted

// ---- what must not reach a terminal or a log

/// user:password@ in an address.
std::string without_userinfo(std::string text) {
  for (std::size_t at = text.find("://"); at != std::string::npos; at = text.find("://", at + 3)) {
    const std::size_t end = text.find_first_of(" /'\"", at + 3);
    const std::size_t sign = text.substr(0, end).rfind('@');
    if (sign != std::string::npos && sign > at + 3) text.replace(at + 3, sign - at - 3, "***");
  }
  return text;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

/// The value of a key that sounds like a secret, and anything that looks like the inside of a key file.
std::string without_secrets(const std::string& line) {
  static constexpr std::array<std::string_view, 6> kSecret{"password", "passwd", "passphrase",
                                                           "secret",   "token",  "credential"};
  const std::string small = lower(line);
  for (const auto word : kSecret) {
    const std::size_t at = small.find(word);
    const std::size_t colon = at == std::string::npos ? at : line.find(':', at);
    if (colon != std::string::npos) return line.substr(0, colon + 1) + " ***";
  }
  return small.contains("private key-----") ? "***" : without_userinfo(line);
}

bool is_bidi_control(std::string_view character) {
  static constexpr std::array<std::string_view, 9> kControls{"\u202A", "\u202B", "\u202C", "\u202D", "\u202E",
                                                             "\u2066", "\u2067", "\u2068", "\u2069"};
  return std::ranges::find(kControls, character) != kControls.end();
}

/// The characters of valid UTF-8.
std::vector<std::string_view> characters(std::string_view text) {
  std::vector<std::string_view> out;
  for (std::size_t begin = 0; begin < text.size();) {
    std::size_t end = begin + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0u) == 0x80u) ++end;
    out.push_back(text.substr(begin, end - begin));
    begin = end;
  }
  return out;
}

/// Control characters could move the cursor or turn the text around.
std::string printable(const std::string& text) {
  std::string out;
  for (const auto c : characters(text)) {
    const auto first = static_cast<unsigned char>(c[0]);
    const bool control =
        first < 0x20 || first == 0x7F || (c.size() == 2 && first == 0xC2 && static_cast<unsigned char>(c[1]) < 0xA0);
    out += c == "\t" ? " " : control || is_bidi_control(c) ? "?" : c;
  }
  return out;
}

std::string safe(const std::string& text) {
  return adapters::is_valid_utf8(text) ? printable(without_userinfo(text)) : "(not UTF-8)";
}

// ---- the excerpt

/// The lines of the files that faults are about, each read once.
class Sources {
 public:
  /// Nothing when the file has no such line any more.
  std::optional<std::string> line(const std::string& file, std::size_t number) {
    const auto [entry, fresh] = files_.try_emplace(file);
    if (fresh) {
      std::istringstream stream(adapters::map::disk().read(file, kLargest).value_or(""));
      for (std::string text; std::getline(stream, text);) {
        if (text.ends_with('\r')) text.pop_back();
        entry->second.push_back(std::move(text));
      }
    }
    if (number == 0 || number > entry->second.size()) return std::nullopt;
    const std::string& text = entry->second[number - 1];
    return adapters::is_valid_utf8(text) ? printable(without_secrets(text)) : std::optional<std::string>();
  }

 private:
  std::map<std::string, std::vector<std::string>> files_;
};

/// Chinese, Japanese and Korean characters are two columns wide on a terminal.
bool is_wide(std::string_view character) {
  if (character.size() == 4) return true;
  if (character.size() != 3) return false;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(character[i])); };
  const unsigned code = (byte(0) & 0x0Fu) << 12u | (byte(1) & 0x3Fu) << 6u | (byte(2) & 0x3Fu);
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFE30 && code <= 0xFE6F) || (code >= 0xFF00 && code <= 0xFF60);
}

std::string padding(std::string_view line, std::size_t column) {
  std::string out;
  for (const auto character : characters(line) | std::views::take(column == 0 ? 0 : column - 1))
    out += is_wide(character) ? "  " : " ";
  return out;
}

std::string excerpt(Sources& sources, const std::string& file, std::size_t number, std::size_t column) {
  const auto line = sources.line(file, number);
  if (!line) return {};
  return fmt::format("{:>6} | {}\n       | {}^\n", number, *line, padding(*line, column));
}

std::string place(const std::string& file, std::size_t line, std::size_t column) {
  return line == 0 ? file : fmt::format("{}:{}:{}", file, line, column);
}

std::string render_one(const FileFault& fault, Sources& sources) {
  std::string out = fmt::format("{}: {}[{}]: {}\n", place(fault.file, fault.line, fault.column),
                                fault.warning ? "warning" : "error", fault.code, safe(fault.say));
  out += excerpt(sources, fault.file, fault.line, fault.column);
  for (const auto part : std::views::split(std::string_view(fault.hint), '\n'))
    if (const std::string hint(part.begin(), part.end()); !hint.empty())
      out += fmt::format("       = {}\n", safe(hint));
  if (const auto& other = fault.related; !other.say.empty()) {
    out += fmt::format("  {}: {}\n", place(other.file, other.line, other.column), safe(other.say));
    out += excerpt(sources, other.file, other.line, other.column);
  }
  return out;
}

}  // namespace

std::string masked(std::string_view key, std::string_view value) {
  const std::string line = fmt::format("{}: {}", key, value);
  const std::string shown = adapters::is_valid_utf8(line) ? printable(without_secrets(line)) : "(not UTF-8)";
  return shown.starts_with(fmt::format("{}: ", key)) ? shown.substr(key.size() + 2) : "***";
}

std::string render(const std::vector<FileFault>& faults) {
  Sources sources;
  std::string out;
  for (const FileFault& fault : faults) out += (out.empty() ? "" : "\n") + render_one(fault, sources);
  return out;
}

}  // namespace gateway::config
