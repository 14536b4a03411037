#include "fhir/validate/messages.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include "fhir/validate/invariant_table.h"

namespace fhir::validate {
namespace {

const MessageRow* find_row(std::string_view detail) {
  const auto row = std::ranges::find(kMessages, detail, &MessageRow::detail);
  return row == std::end(kMessages) ? nullptr : &*row;
}

/// "12:7", as the readers write it.
TextPlace place_of(std::string_view where) {
  TextPlace place{0, 0};
  const char* end = where.data() + where.size();
  const auto [colon, error] = std::from_chars(where.data(), end, place.line);
  if (error != std::errc() || colon == end || *colon != ':') return {0, 0};
  return std::from_chars(colon + 1, end, place.column).ec == std::errc() ? place : TextPlace{0, 0};
}

}  // namespace

std::span<const MessageRow> all_messages() { return kMessages; }

std::optional<Language> language_of(std::string_view tag) {
  const std::string_view language = tag.substr(0, tag.find_first_of("-_"));
  if (language == "en") return Language::en;
  if (language == "zh") return Language::zh;
  return std::nullopt;
}

std::string_view text(const MessageRow& row, Language language) { return language == Language::zh ? row.zh : row.en; }

std::string_view invariant_text(std::string_view key, std::string_view human, Language language) {
  if (language != Language::zh) return human;
  if (key.ends_with("-0")) return kNameRule;
  const auto* row = std::ranges::lower_bound(kInvariants, key, {}, &InvariantRow::key);
  return row != std::end(kInvariants) && row->key == key ? row->zh : human;
}

std::string filled(std::string_view text, std::initializer_list<std::string_view> holes) {
  std::string out;
  out.reserve(text.size() + 32);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool hole =
        text[i] == '{' && i + 2 < text.size() && text[i + 2] == '}' && text[i + 1] >= '0' && text[i + 1] <= '9';
    const auto index = hole ? static_cast<std::size_t>(text[i + 1] - '0') : holes.size();
    if (!hole) {
      out += text[i];
      continue;
    }
    if (index < holes.size()) out += holes.begin()[index];
    i += 2;
  }
  return out;
}

Issue to_issue(const Error& error, Language language) {
  Issue issue{Severity::fatal, std::string(issue_code(error.fault)), "", error.say, place_of(error.where), error.code};
  if (issue.place.line == 0) issue.expression = error.where;
  translate(issue, language);
  return issue;
}

void translate(Issue& issue, Language language) {
  if (language == Language::en) return;
  const MessageRow* row = find_row(issue.detail_code);
  if (row != nullptr) issue.details = text(*row, language);
}

}  // namespace fhir::validate
