#include <algorithm>

#include "fhir/path/chapters.h"
#include "fhir/path/pattern.h"
#include "fhir/path/utf8.h"

namespace fhir::path {
namespace {

constexpr std::string_view kSpace = " \t\r\n";
constexpr std::size_t kBytesAStep = 64;

std::string_view input(const Call& call) { return call.item().text; }

/// Pays for a text of so many bytes before it is built.
bool afford(const Call& call, std::size_t bytes) { return call.evaluator.charge(call.step, bytes / kBytesAStep); }

Values position(const Call& call, std::size_t byte) {
  if (byte == std::string_view::npos) return call.one(integer(-1));
  return call.one(integer(static_cast<std::int64_t>(count_characters(input(call).substr(0, byte)))));
}

// Upper and lower case of the scripts that have it in two bytes of UTF-8 come with ICU in fhir/text; here ASCII,
// Latin-1, Greek and Cyrillic are enough for codes and names.
std::uint32_t upper_case(std::uint32_t c) {
  if ((c >= 'a' && c <= 'z') || (c >= 0xe0 && c <= 0xfe && c != 0xf7)) return c - 0x20;
  if ((c >= 0x3b1 && c <= 0x3c9 && c != 0x3c2) || (c >= 0x430 && c <= 0x44f)) return c - 0x20;
  return c >= 0x450 && c <= 0x45f ? c - 0x50 : c;
}

std::uint32_t lower_case(std::uint32_t c) {
  if ((c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7)) return c + 0x20;
  if ((c >= 0x391 && c <= 0x3a9 && c != 0x3a2) || (c >= 0x410 && c <= 0x42f)) return c + 0x20;
  return c >= 0x400 && c <= 0x40f ? c + 0x50 : c;
}

// Every case pair above keeps its length in UTF-8: one byte, or two.
Values recased(const Call& call, std::uint32_t (*change)(std::uint32_t)) {
  if (!afford(call, input(call).size())) return {};
  std::string text(input(call));
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto lead = static_cast<unsigned char>(text[n]);
    if (lead < 0x80) {
      text[n] = static_cast<char>(change(lead));
    } else if (lead >= 0xc2 && lead < 0xe0 && n + 1 < text.size()) {
      const std::uint32_t c = change(((lead & 0x1fu) << 6) | (static_cast<unsigned char>(text[n + 1]) & 0x3fu));
      text[n] = static_cast<char>(0xc0u | (c >> 6));
      text[++n] = static_cast<char>(0x80u | (c & 0x3fu));
    }
  }
  return call.made(text);
}

/// The expression in the first argument, compiled ahead when it is a literal; nullptr after a failure.
std::shared_ptr<const Pattern> pattern_of(const Call& call, std::size_t flags_at) {
  const Program& program = call.evaluator.program();
  const Block& block = program.arguments[call.step.first];
  const Step& first = program.steps[block.first];
  const std::string_view flags = call.has(flags_at) ? call.text(flags_at) : std::string_view();
  const bool ahead = flags.empty() && block.count == 1 && first.op == Op::literal;
  const auto known = std::ranges::find(program.patterns, first.data, [](const auto& pair) { return pair.first; });
  if (ahead && known != program.patterns.end()) return known->second;
  if (!call.evaluator.charge(call.step, 100 + call.text(0).size())) return nullptr;
  Result<std::shared_ptr<const Pattern>> compiled = Pattern::compile(call.text(0), flags);
  if (compiled) return *std::move(compiled);
  call.fail(compiled.error().say);
  return nullptr;
}

}  // namespace

Values fn_index_of(const Call& call) { return position(call, input(call).find(call.text(0))); }
Values fn_last_index_of(const Call& call) { return position(call, input(call).rfind(call.text(0))); }
Values fn_starts_with(const Call& call) { return call.truth(input(call).starts_with(call.text(0))); }
Values fn_ends_with(const Call& call) { return call.truth(input(call).ends_with(call.text(0))); }
Values fn_contains(const Call& call) { return call.truth(input(call).find(call.text(0)) != std::string_view::npos); }
Values fn_upper(const Call& call) { return recased(call, upper_case); }
Values fn_lower(const Call& call) { return recased(call, lower_case); }

Values fn_substring(const Call& call) {
  if (call.number(0) < 0) return {};
  const std::string_view text = input(call);
  const std::size_t from = offset_of_character(text, static_cast<std::size_t>(call.number(0)));
  if (from == text.size()) return {};
  const std::string_view rest = text.substr(from);
  if (call.arguments[1].empty()) return call.one(string(rest));
  if (call.argument(1).kind != Kind::integer) return call.fail("substring() got a length that is no integer");
  const std::int64_t length = call.number(1);
  if (length <= 0) return call.one(string(""));
  return call.one(string(rest.substr(0, offset_of_character(rest, static_cast<std::size_t>(length)))));
}

Values fn_replace(const Call& call) {
  const std::string_view text = input(call);
  const std::string_view from = call.text(0);
  const std::string_view to = call.text(1);
  std::string out;
  if (from.empty()) out += to;
  for (std::size_t n = 0; n < text.size();) {
    const bool found = !from.empty() && text.substr(n).starts_with(from);
    const std::size_t length = found ? from.size() : character_length(text.substr(n));
    if (!found) out += text.substr(n, length);
    if (found || from.empty()) out += to;
    if ((found || from.empty()) && !afford(call, to.size() + kBytesAStep)) return {};
    n += length;
  }
  return call.made(out);
}

Values fn_matches(const Call& call) {
  const std::shared_ptr<const Pattern> pattern = pattern_of(call, 1);
  if (pattern == nullptr || !afford(call, input(call).size())) return {};
  return call.truth(pattern->found_in(input(call)));
}

Values fn_matches_full(const Call& call) {
  const std::shared_ptr<const Pattern> pattern = pattern_of(call, 1);
  if (pattern == nullptr || !afford(call, input(call).size())) return {};
  return call.truth(pattern->matches_whole(input(call)));
}

Values fn_replace_matches(const Call& call) {
  constexpr std::size_t kLongest = 16u << 20;
  if (call.text(0).empty()) return call.input;  // nothing to look for
  const std::shared_ptr<const Pattern> pattern = pattern_of(call, 2);
  if (pattern == nullptr) return {};
  const std::optional<std::string> text = pattern->replace(input(call), call.text(1), kLongest);
  if (!text) return call.fail("replaceMatches() names an unknown group, or its result is too long");
  return afford(call, text->size()) ? call.made(*text) : Values();
}

Values fn_length(const Call& call) {
  return call.one(integer(static_cast<std::int64_t>(count_characters(input(call)))));
}

Values fn_to_chars(const Call& call) {
  Values out;
  std::string_view rest = input(call);
  if (!call.evaluator.charge(call.step, rest.size())) return {};
  while (!rest.empty()) {
    const std::size_t length = character_length(rest);
    out.push(call.arena(), string(rest.substr(0, length)));
    rest.remove_prefix(length);
  }
  return out;
}

Values fn_trim(const Call& call) {
  std::string_view text = input(call);
  text.remove_prefix(std::min(text.find_first_not_of(kSpace), text.size()));
  text.remove_suffix(text.size() - (text.find_last_not_of(kSpace) + 1));
  return call.one(string(text));
}

Values fn_split(const Call& call) {
  const std::string_view separator = call.text(0);
  if (separator.empty()) return fn_to_chars(call);
  Values out;
  std::string_view rest = input(call);
  while (call.evaluator.charge(call.step)) {
    const std::size_t at = rest.find(separator);
    out.push(call.arena(), string(rest.substr(0, at)));
    if (at == std::string_view::npos) return out;
    rest.remove_prefix(at + separator.size());
  }
  return {};
}

Values fn_join(const Call& call) {
  if (call.input.empty()) return {};
  std::string text;
  const std::string_view separator = call.has(0) ? call.text(0) : std::string_view();
  for (const Value& item : call.input) {
    if (item.kind != Kind::string) return call.fail("join() is for strings");
    if (&item != call.input.begin()) text += separator;
    text += item.text;
    if (!afford(call, item.text.size() + separator.size() + kBytesAStep)) return {};
  }
  return call.made(text);
}

}  // namespace fhir::path
