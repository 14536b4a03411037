#include "gateway/policy/personal.h"

#include <algorithm>
#include <array>

namespace gateway::policy {
namespace {

int digit(char c) { return c - '0'; }

int two(std::string_view text, std::size_t at) { return digit(text[at]) * 10 + digit(text[at + 1]); }

// GB/T 2260: the first two digits. 81 to 83 are the residence permits of Hong Kong, Macau and Taiwan people. Counties
// come and go, provinces do not.
bool is_province(int code) {
  static constexpr std::array<int, 35> kCodes = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43,
                                                 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

bool is_birth_date(std::string_view text) {
  const int century = two(text, 0), month = two(text, 4), day = two(text, 6);
  return (century == 18 || century == 19 || century == 20) && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

// ISO 7064 MOD 11-2
bool has_check_character(std::string_view text) {
  static constexpr std::array<int, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (std::size_t i = 0; i < 17; ++i) sum += kWeights[i] * digit(text[i]);
  const char check = "10X98765432"[sum % 11];
  return check == text[17] || (check == 'X' && text[17] == 'x');
}

// A run of digits, with the X it may end in.
struct Run {
  std::size_t begin = 0, end = 0;
};

std::vector<Run> digit_runs(std::string_view text) {
  std::vector<Run> runs;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_ascii_digit(text[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < text.size() && is_ascii_digit(text[end])) ++end;
    const bool x = end < text.size() && (text[end] == 'x' || text[end] == 'X') &&
                   (end + 1 == text.size() || !is_ascii_alnum(text[end + 1]));
    runs.push_back({at, x ? end + 1 : end});
    at = end;
  }
  return runs;
}

bool is_dotted(std::string_view text, const Run& run) {
  return (run.begin > 1 && text[run.begin - 1] == '.' && is_ascii_digit(text[run.begin - 2])) ||
         (run.end + 1 < text.size() && text[run.end] == '.' && is_ascii_digit(text[run.end + 1]));
}

bool embeds_resident_id(std::string_view digits) {
  for (std::size_t at = 0; at + 18 <= digits.size(); ++at) {
    if (is_resident_id(digits.substr(at, 18))) return true;
  }
  return false;
}

}  // namespace

bool is_resident_id(std::string_view text) {
  if (text.size() != 18 || !std::ranges::all_of(text.substr(0, 17), is_ascii_digit)) return false;
  return is_province(two(text, 0)) && is_birth_date(text.substr(6, 8)) && has_check_character(text);
}

std::vector<Span> find_resident_ids(std::string_view seen) {
  std::vector<Span> found;
  for (const Run& run : digit_runs(seen)) {
    const std::size_t size = run.end - run.begin;
    if ((size != 18 && size != 24 && size != 27) || is_dotted(seen, run)) continue;
    if (embeds_resident_id(seen.substr(run.begin, size))) found.push_back({run.begin, run.end});
  }
  return found;
}

std::vector<Span> find_mobile_numbers(std::string_view seen) {
  std::vector<Span> found;
  for (Run run : digit_runs(seen)) {
    const bool letter_before = run.begin > 0 && is_ascii_letter(seen[run.begin - 1]);
    if (is_dotted(seen, run) || letter_before || !is_ascii_digit(seen[run.end - 1])) continue;
    const std::string_view digits = seen.substr(run.begin, run.end - run.begin);
    const std::string_view national = digits.starts_with("86") ? digits.substr(2) : digits;
    const bool mobile = national.size() == 11 && national[0] == '1' && national[1] >= '3';
    const bool letter_after = run.end < seen.size() && is_ascii_letter(seen[run.end]);
    if (mobile && !letter_after) found.push_back({run.begin, run.end});
  }
  return found;
}

}  // namespace gateway::policy
