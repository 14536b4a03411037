#include "adapters/map/convert.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "adapters/identity_numbers.h"
#include "adapters/map/datetime.h"
#include "adapters/map/narrative.h"
#include "fhir/primitives.h"

namespace adapters::map {
namespace {

constexpr std::string_view kWideSpace = "\u3000";

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// U+FF01..U+FF5E stand in UTF-8 as EF BC 81..BF and EF BD 80..9E.
std::optional<char> narrow(std::string_view three) {
  if (three.size() < 3 || three[0] != '\xEF') return std::nullopt;
  const auto second = static_cast<unsigned char>(three[1]), third = static_cast<unsigned char>(three[2]);
  if (second == 0xBC && third >= 0x81 && third <= 0xBF) return static_cast<char>(third - 0x81 + 0x21);
  if (second == 0xBD && third >= 0x80 && third <= 0x9E) return static_cast<char>(third - 0x80 + 0x60);
  return std::nullopt;
}

}  // namespace

std::string_view trim(std::string_view text) {
  for (;;) {
    const auto before = text.size();
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    if (text.starts_with(kWideSpace)) text.remove_prefix(kWideSpace.size());
    if (text.ends_with(kWideSpace)) text.remove_suffix(kWideSpace.size());
    if (text.size() == before) return text;
  }
}

std::string fold_width(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size();) {
    if (const auto plain = narrow(text.substr(i, 3))) {
      out += *plain;
      i += 3;
    } else if (text.substr(i).starts_with(kWideSpace)) {
      out += ' ';
      i += kWideSpace.size();
    } else {
      out += text[i++];
    }
  }
  return out;
}

// --- numbers -----------------------------------------------------------------------------------------------------

namespace {

struct Sign {
  std::string_view written, code;
};
// Longest first: "<=" must not be read as "<".
constexpr std::array kComparators = {Sign{"<=", "<="}, Sign{">=", ">="}, Sign{"≤", "<="}, Sign{"≥", ">="},
                                     Sign{"≦", "<="},  Sign{"≧", ">="},  Sign{"<", "<"},  Sign{">", ">"}};
constexpr std::array<std::string_view, 12> kFlags = {"↑↑", "↓↓", "↑", "↓", "HH", "LL", "H", "L", "⇑", "⇓", "▲", "▼"};

std::string_view cut_comparator(std::string_view& text) {
  for (const auto& sign : kComparators) {
    if (!text.starts_with(sign.written)) continue;
    text = trim(text.substr(sign.written.size()));
    return sign.code;
  }
  return {};
}

std::string_view cut_flag(std::string_view& text) {
  for (const auto flag : kFlags) {
    if (!text.ends_with(flag)) continue;
    text = trim(text.substr(0, text.size() - flag.size()));
    return flag;
  }
  return {};
}

/// "38.62", "-1", ".5" (which JSON wants as 0.5). Not "007": a leading zero says that it is a code.
std::optional<std::string> to_decimal(std::string_view text) {
  std::string digits(text);
  const std::size_t sign = digits.starts_with('-') ? 1 : 0;
  if (digits.size() > sign && digits[sign] == '.') digits.insert(sign, "0");
  if (digits.size() > 100 || !fhir::is_well_formed(fhir::Primitive::decimal, digits)) return std::nullopt;
  return digits;
}

}  // namespace

std::optional<Measure> parse_measure(std::string_view text) {
  const std::string folded = fold_width(text);
  std::string_view rest = trim(folded);
  Measure measure;
  measure.comparator = cut_comparator(rest);
  measure.flag = cut_flag(rest);
  if (rest.empty() || !(is_digit(rest.front()) || rest.front() == '-' || rest.front() == '.')) return std::nullopt;
  auto number = to_decimal(rest);
  if (!number) return std::nullopt;
  measure.number = std::move(*number);
  measure.exact = measure.comparator + measure.number == text;
  return measure;
}

bool is_number_type(std::string_view type) {
  return type == "decimal" || type == "integer" || type == "positiveInt" || type == "unsignedInt";
}

std::optional<std::string> to_primitive(std::string_view type, std::string_view text, std::string_view zone) {
  const auto primitive = fhir::primitive_of(type);
  return primitive ? to_primitive(*primitive, std::string(text), zone) : std::nullopt;
}

std::optional<std::string> to_primitive(fhir::Primitive type, std::string text, std::string_view zone) {
  if (text.empty()) return std::nullopt;
  const std::string_view trimmed = trim(text);
  std::string value;
  using fhir::Primitive;
  switch (type) {
    case Primitive::string:
    case Primitive::markdown:
      if (trimmed.empty()) return std::nullopt;
      return text;  // as it was sent, spaces at its ends included
    case Primitive::decimal: return to_decimal(trimmed);
    case Primitive::date:
    case Primitive::date_time:
    case Primitive::instant: {
      const auto moment = parse_moment(trimmed);
      if (!moment) return std::nullopt;
      value = type == Primitive::date ? to_fhir_date(*moment) : to_fhir_datetime(*moment, zone);
      break;
    }
    case Primitive::base64_binary:
    case Primitive::boolean:
    case Primitive::canonical:
    case Primitive::code:
    case Primitive::id:
    case Primitive::integer:
    case Primitive::oid:
    case Primitive::positive_int:
    case Primitive::time:
    case Primitive::unsigned_int:
    case Primitive::uri:
    case Primitive::url:
    case Primitive::uuid:
    case Primitive::xhtml: value = trimmed.size() == text.size() ? std::move(text) : std::string(trimmed); break;
  }
  if (!fhir::is_well_formed(type, value)) return std::nullopt;
  return value;
}

// --- readers -----------------------------------------------------------------------------------------------------

namespace {

using Text = std::optional<std::string>;

Text comparator(std::string_view text, std::string_view) {
  const std::string folded = fold_width(text);
  std::string_view rest = trim(folded);
  const auto code = cut_comparator(rest);
  return code.empty() ? Text() : Text(code);
}

Text flag(std::string_view text, std::string_view) {
  const auto measure = parse_measure(text);
  return !measure || measure->flag.empty() ? Text() : Text(measure->flag);
}

/// "0-37", "3.5～9.5", "<5", "≥60": the two ends, either may be empty.
struct Range {
  std::string low, high;
};

namespace {

double about(std::string_view decimal) {
  double value = 0;
  std::from_chars(decimal.data(), decimal.data() + decimal.size(), value);
  return value;
}

}  // namespace

std::optional<Range> parse_range(std::string_view text) {
  const std::string folded = fold_width(text);
  std::string_view rest = trim(folded);
  const auto comparator = cut_comparator(rest);
  if (!comparator.empty()) {
    const auto end = to_decimal(rest);
    if (!end) return std::nullopt;
    return comparator.front() == '<' ? Range{"", *end} : Range{*end, ""};
  }
  // "-5.0--1.0" ends below zero, "3.5--5.5" has a long dash: what would end before it begins is no range.
  for (const std::string_view dash : {"-", "--", "~", "–", "—", "〜"}) {
    const auto at = rest.find(dash, 1);  // not the sign of the first number
    if (at == std::string_view::npos) continue;
    const auto low = to_decimal(trim(rest.substr(0, at))), high = to_decimal(trim(rest.substr(at + dash.size())));
    if (low && high && about(*low) <= about(*high)) return Range{*low, *high};
  }
  return std::nullopt;
}

Text low(std::string_view text, std::string_view) {
  const auto range = parse_range(text);
  return !range || range->low.empty() ? Text() : Text(range->low);
}

Text high(std::string_view text, std::string_view) {
  const auto range = parse_range(text);
  return !range || range->high.empty() ? Text() : Text(range->high);
}

/// WHO's part of a national ICD-10 code: C34.101 and C34.100x001 are both C34.1.
Text icd10(std::string_view text, std::string_view) {
  text = trim(text);
  const bool shaped = text.size() >= 3 && text[0] >= 'A' && text[0] <= 'Z' && is_digit(text[1]) && is_digit(text[2]);
  if (!shaped) return std::nullopt;
  if (text.size() == 3) return std::string(text);
  if (text.size() < 5 || text[3] != '.') return std::nullopt;
  return std::string(text.substr(0, is_digit(text[4]) ? 5 : 3));
}

/// Morphology of ICD-O-3 with its behaviour digit: 8140/3, M8140/3, M81400/3, 81403 are 8140/3.
Text icdo3(std::string_view text, std::string_view) {
  text = trim(text);
  if (text.starts_with('M') || text.starts_with('m')) text.remove_prefix(1);
  if (text.size() < 5 || !std::ranges::all_of(text.substr(0, 4), is_digit) || !is_digit(text.back()))
    return std::nullopt;
  const auto between = text.substr(4, text.size() - 5);
  if (between != "" && between != "/" && between != "0" && between != "0/") return std::nullopt;
  return std::string(text.substr(0, 4)) + "/" + text.back();
}

Text upper(std::string_view text, std::string_view) {
  std::string out(trim(text));
  for (char& c : out)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return out;
}

Text v2_time(std::string_view text, std::string_view) {
  const auto moment = parse_moment(trim(text));
  return moment ? Text(to_v2_time(*moment)) : Text();
}

Text local_time(std::string_view text, std::string_view zone) {
  const auto moment = parse_moment(trim(text));
  return moment ? Text(to_local_time(*moment, zone)) : Text();
}

/// What stands after the last '/' or ':' of an identifier system or reference.
Text last_part(std::string_view text, std::string_view) {
  const auto at = text.find_last_of("/:");
  return std::string(at == std::string_view::npos ? text : text.substr(at + 1));
}

Text narrative(std::string_view text, std::string_view) {
  auto plain = narrative_text(text);
  return plain.empty() ? Text() : Text(std::move(plain));
}

/// A number with a check rule (identity_numbers.h).
template <std::optional<std::string> (*number)(std::string_view)>
Text numbered(std::string_view text, std::string_view) {
  return number(text);
}

// A way to read = a row here and one in docs/MAPS.md.
constexpr std::array kReaders = {
    Reader{"comparator", true, comparator},  // ">1200" -> ">"
    Reader{"flag", true, flag},              // "15.8↑" -> "↑"
    Reader{"high", true, high},              // "0-37" -> "37", "≤6.9" -> "6.9"
    Reader{"hkid", false, numbered<hkid>},   // "U073219（A）" -> "U073219A"
    Reader{"home_return_permit", false, numbered<home_return_permit>},
    Reader{"home_return_permit_for_life", false, numbered<home_return_permit_for_life>},  // its first nine
    Reader{"icd10", true, icd10},                                                         // "C34.101" -> "C34.1"
    Reader{"icdo3", true, icdo3},                                                         // "M81403" -> "8140/3"
    Reader{"last_part", false, last_part},                // "https://gw/sid/tmucih/mrn" -> "mrn"
    Reader{"local_time", false, local_time},              // a FHIR time -> "2026-03-10 07:22:00" in the site's zone
    Reader{"low", true, low},                             // "0-37" -> "0"
    Reader{"narrative", true, narrative},                 // XHTML of a section -> its text
    Reader{"resident_id", false, numbered<resident_id>},  // "11010519491231002x" -> "...X"; 15 digits -> 18
    Reader{"upper", false, upper},                        // "11010519491231002x" -> "...X"
    Reader{"uscc", false, numbered<uscc>},
    Reader{"v2_time", false, v2_time},  // a FHIR time -> "20260310072200+0800"
};

constexpr auto kReaderNames = [] {
  std::array<std::string_view, kReaders.size()> names;
  for (std::size_t i = 0; i < kReaders.size(); ++i) names[i] = kReaders[i].name;
  return names;
}();

}  // namespace

const Reader* find_reader(std::string_view name) {
  const auto found = std::ranges::find(kReaders, name, &Reader::name);
  return found == kReaders.end() ? nullptr : &*found;
}

std::span<const std::string_view> reader_names() { return kReaderNames; }

}  // namespace adapters::map
