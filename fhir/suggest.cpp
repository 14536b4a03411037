#include "fhir/suggest.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "fhir/path/utf8.h"

namespace fhir {
namespace {

constexpr std::size_t kLongest = 63;  // names are shorter; what is longer is no slip of the pen

/// The characters of a word, small ones for capitals; `size` is beyond kLongest when it has too many or is no UTF-8.
struct Word {
  std::array<std::uint32_t, kLongest> characters{};
  std::size_t size = 0;

  explicit Word(std::string_view text) {
    while (!text.empty()) {
      const path::Character next = path::decode_character(text);
      if (next.length == 0 || size == kLongest) {
        size = kLongest + 1;
        return;
      }
      characters[size++] = next.value >= 'A' && next.value <= 'Z' ? next.value - 'A' + 'a' : next.value;
      text.remove_prefix(next.length);
    }
  }
};

/// Optimal string alignment distance, three rows at a time.
std::size_t distance(const Word& a, const Word& b) {
  std::array<std::array<std::size_t, kLongest + 1>, 3> rows{};
  for (std::size_t j = 0; j <= b.size; ++j) rows[0][j] = j;
  for (std::size_t i = 1; i <= a.size; ++i) {
    auto &row = rows[i % 3], &above = rows[(i - 1) % 3], &two_above = rows[(i + 1) % 3];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size; ++j) {
      const auto x = a.characters[i - 1], y = b.characters[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (x == y ? 0u : 1u)});
      const bool swapped = i > 1 && j > 1 && x == b.characters[j - 2] && a.characters[i - 2] == y;
      if (swapped) row[j] = std::min(row[j], two_above[j - 2] + 1);
    }
  }
  return rows[a.size % 3][b.size];
}

}  // namespace

std::string_view nearest(std::string_view word, std::span<const std::string_view> known) {
  const Word typed(word);
  if (typed.size == 0 || typed.size > kLongest) return {};
  std::string_view best;
  std::size_t least = std::clamp<std::size_t>(typed.size / 3, 1, 3) + 1;
  for (const std::string_view text : known) {
    const Word candidate(text);
    if (candidate.size == 0 || candidate.size > kLongest) continue;
    if (std::max(typed.size, candidate.size) - std::min(typed.size, candidate.size) >= least) continue;
    const std::size_t away = distance(typed, candidate);
    if (away >= least) continue;
    least = away;
    best = text;
  }
  return best;
}

}  // namespace fhir
