#include "adapters/map/narrative.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace adapters::map {
namespace {

constexpr std::array<std::string_view, 14> kLines = {"br", "p",  "div", "li", "tr",         "h1", "h2",
                                                     "h3", "h4", "h5",  "h6", "blockquote", "ul", "ol"};
constexpr std::array<std::string_view, 2> kCells = {"td", "th"};

struct Entity {
  std::string_view name, text;
};
constexpr std::array kEntities = {Entity{"amp", "&"},   Entity{"lt", "<"},   Entity{"gt", ">"},
                                  Entity{"quot", "\""}, Entity{"apos", "'"}, Entity{"nbsp", " "}};

void append_utf8(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(static_cast<unsigned char>(value)); };
  if (code < 0x80) {
    byte(code);
  } else if (code < 0x800) {
    byte(0xC0u | (code >> 6u)), byte(0x80u | (code & 0x3Fu));
  } else if (code < 0x10000) {
    byte(0xE0u | (code >> 12u)), byte(0x80u | ((code >> 6u) & 0x3Fu)), byte(0x80u | (code & 0x3Fu));
  } else {
    byte(0xF0u | (code >> 18u)), byte(0x80u | ((code >> 12u) & 0x3Fu)), byte(0x80u | ((code >> 6u) & 0x3Fu)),
        byte(0x80u | (code & 0x3Fu));
  }
}

/// "#160", "#x4E2D", "amp" -> its characters
std::optional<std::string> resolve(std::string_view name) {
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const int base = name.starts_with('x') ? 16 : 10;
    if (base == 16) name.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), code, base);
    const bool character = code >= 0x20 && code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    if (name.empty() || error != std::errc() || end != name.data() + name.size() || !character) return std::nullopt;
    std::string out;
    append_utf8(out, code == 0xA0 ? 0x20 : code);
    return out;
  }
  const auto found = std::ranges::find(kEntities, name, &Entity::name);
  return found == kEntities.end() ? std::nullopt : std::optional(std::string(found->text));
}

/// The lines being written: white space collapses, empty lines vanish.
class Lines {
 public:
  void text(std::string_view piece) {
    if (space_ && !line_.empty()) line_ += ' ';
    space_ = false;
    line_ += piece;
  }
  void space() { space_ = true; }
  void end() {
    if (!line_.empty()) out_ += (out_.empty() ? "" : "\n") + line_;
    line_.clear();
    space_ = false;
  }
  std::string take() {
    end();
    return std::move(out_);
  }

 private:
  std::string out_, line_;
  bool space_ = false;
};

void tag(std::string_view inside, Lines& lines) {
  if (inside.starts_with('/')) inside.remove_prefix(1);
  const auto name = inside.substr(0, inside.find_first_of(" \t\r\n/"));
  if (std::ranges::find(kLines, name) != kLines.end()) lines.end();
  if (std::ranges::find(kCells, name) != kCells.end()) lines.space();
}

/// Is there a tag or comment at the start? Its length, or 0.
std::size_t tag_length(std::string_view text) {
  if (text.starts_with("<!--")) {
    const auto end = text.find("-->");
    return end == std::string_view::npos ? 0 : end + 3;
  }
  const bool opens =
      text.size() > 1 && (text[1] == '/' || (text[1] >= 'a' && text[1] <= 'z') || (text[1] >= 'A' && text[1] <= 'Z'));
  const auto end = text.find('>');
  return !opens || end == std::string_view::npos ? 0 : end + 1;
}

}  // namespace

std::string narrative_text(std::string_view xhtml) {
  Lines lines;
  while (!xhtml.empty()) {
    std::size_t used = 1;
    if (const auto length = xhtml.front() == '<' ? tag_length(xhtml) : 0; length > 0) {
      used = length;
      if (!xhtml.starts_with("<!--")) tag(xhtml.substr(1, length - 2), lines);
    } else if (const auto end = xhtml.front() == '&' ? xhtml.substr(0, 12).find(';') : std::string_view::npos;
               end != std::string_view::npos && resolve(xhtml.substr(1, end - 1))) {
      used = end + 1;
      lines.text(*resolve(xhtml.substr(1, end - 1)));
    } else if (xhtml.front() == ' ' || xhtml.front() == '\n' || xhtml.front() == '\r' || xhtml.front() == '\t') {
      lines.space();
    } else {
      lines.text(xhtml.substr(0, 1));
    }
    xhtml.remove_prefix(used);
  }
  return lines.take();
}

}  // namespace adapters::map
