#include "gateway/policy/personal.h"

#include <algorithm>

#include "adapters/identity_numbers.h"

namespace gateway::policy {
namespace {

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
    if (adapters::is_resident_id(digits.substr(at, 18))) return true;
  }
  return false;
}

}  // namespace

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
