#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "fhir/path/chapters.h"
#include "fhir/path/utf8.h"
#include "fhir/primitives.h"

namespace fhir::path {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";

std::string_view input(const Call& call) { return call.item().text; }

std::string to_hex(std::string_view bytes) {
  std::string out;
  for (const char byte : bytes) {
    out += kHex[static_cast<unsigned char>(byte) >> 4];
    out += kHex[static_cast<unsigned char>(byte) & 15u];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  std::string out;
  if (text.size() % 2 != 0) return std::nullopt;
  for (std::size_t n = 0; n < text.size(); n += 2) {
    unsigned byte = 0;
    const char* end = text.data() + n + 2;
    if (std::from_chars(text.data() + n, end, byte, 16).ptr != end) return std::nullopt;
    out += static_cast<char>(byte);
  }
  return out;
}

/// Between the alphabets of RFC 4648 §4 and §5.
std::string exchanged(std::string text, std::string_view from, std::string_view to) {
  for (char& c : text) {
    const std::size_t at = from.find(c);
    if (at != std::string_view::npos) c = to[at];
  }
  return text;
}

std::string to_ascii(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (begins_character(c)) out += static_cast<unsigned char>(c) < 0x80 ? c : '?';
  }
  return out;
}

using Entity = std::pair<std::string_view, std::string_view>;
constexpr std::array<Entity, 5> kHtml = {
    {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&#39;"}}};

std::string to_html(std::string_view text) {
  std::string out;
  for (const char& c : text) {
    const auto* found = std::ranges::find(kHtml, std::string_view(&c, 1), &Entity::first);
    if (found == kHtml.end())
      out += c;
    else
      out += found->second;
  }
  return out;
}

// "&#39;" and "&#x27;"; the length of what was read, 0 when it is no character reference.
std::size_t append_reference(std::string& out, std::string_view text) {
  const std::size_t end = text.find(';');
  if (!text.starts_with("&#") || end == std::string_view::npos || end > 10) return 0;
  const bool hex = text.substr(2, 1) == "x";
  const std::string_view digits = text.substr(hex ? 3 : 2, end - (hex ? 3 : 2));
  std::uint32_t code = 0;
  const auto [last, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
  if (fault != std::errc() || last != digits.data() + digits.size() || !append_character(out, code)) return 0;
  return end + 1;
}

std::string from_html(std::string_view text) {
  std::string out;
  for (std::size_t n = 0; n < text.size();) {
    const std::string_view rest = text.substr(n);
    const auto* found =
        std::ranges::find_if(kHtml, [&](const Entity& entity) { return rest.starts_with(entity.second); });
    if (found != kHtml.end()) {
      out += found->first;
      n += found->second.size();
    } else if (const std::size_t length = append_reference(out, rest)) {
      n += length;
    } else {
      out += text[n++];
    }
  }
  return out;
}

std::string to_json(std::string_view text) {
  std::string literal;
  append_json_string(literal, text);
  return literal.substr(1, literal.size() - 2);
}

/// The text as the inside of a string literal; nothing when it is none.
std::optional<std::string> from_json(std::string_view text) {
  Result<Json> json = Json::parse("\"" + std::string(text) + "\"");
  return json ? std::optional(std::string(json->root().text())) : std::nullopt;
}

Values result(const Call& call, const std::optional<std::string>& text) {
  return text && is_utf8(*text) && call.evaluator.charge(call.step, text->size() / 64) ? call.made(*text) : Values();
}

}  // namespace

Values fn_encode(const Call& call) {
  const std::string_view format = call.text(0);
  if (format == "hex") return result(call, to_hex(input(call)));
  if (format == "base64") return result(call, base64_encode(input(call)));
  if (format == "urlbase64") return result(call, exchanged(base64_encode(input(call)), "+/", "-_"));
  if (format == "ascii") return result(call, to_ascii(input(call)));
  return {};
}

Values fn_decode(const Call& call) {
  const std::string_view format = call.text(0);
  if (format == "hex") return result(call, from_hex(input(call)));
  if (format == "base64") return result(call, base64_decode(input(call)));
  if (format == "urlbase64") return result(call, base64_decode(exchanged(std::string(input(call)), "-_", "+/")));
  return {};
}

Values fn_escape(const Call& call) {
  if (call.text(0) == "html") return result(call, to_html(input(call)));
  if (call.text(0) == "json") return result(call, to_json(input(call)));
  return {};
}

Values fn_unescape(const Call& call) {
  if (call.text(0) == "html") return result(call, from_html(input(call)));
  if (call.text(0) == "json") return result(call, from_json(input(call)));
  return {};
}

}  // namespace fhir::path
