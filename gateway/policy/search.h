// Finding values in texts that were written by others: in other case, in full-width digits, with separators, behind
// XHTML tags, entities and percent escapes. Every byte of what is seen knows where it came from, so that what is found
// can be taken out of the source, whose markup stays well-formed. Values and results only; safe from any thread.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gateway::policy {

/// A part of a text in bytes, [begin, end).
struct Span {
  std::size_t begin = 0, end = 0;
  bool operator==(const Span&) const = default;
};

struct Look {
  bool fold_case = true;
  bool compact = false;    // letters and digits only: 138-0000 0001 is 13800000001
  bool skip_tags = false;  // <b> is no text; block elements (p, div, br, li, tr, h1 ...) are a line end
};

/// A text as a searcher sees it, in UTF-8, always with full-width forms narrowed, digits of other scripts as ASCII
/// digits, invisible characters left out, entities and percent escapes decoded.
struct Seen {
  std::string text;
  std::vector<Span> from;  // for each byte of `text`: where in the source
  /// The part of the source behind text[begin, end), in pieces that leave tags alone.
  std::vector<Span> source(std::size_t begin, std::size_t end, std::string_view source) const;
};
Seen look_at(std::string_view source, const Look& look);

/// The same folding for a value that is searched for.
std::string fold(std::string_view value, bool compact);

/// Many values, searched for in one pass.
class Needles {
 public:
  /// Shorter values are not searched for: they would be found everywhere.
  static constexpr std::size_t kShortest = 5;

  /// `word`: only where it does not touch another letter or digit. False when it is too short (in folded bytes).
  bool add(std::string folded, bool word);
  bool empty() const { return needles_.empty(); }
  void find(std::string_view text, const std::function<void(std::size_t begin, std::size_t end)>& found) const;

 private:
  struct Needle {
    std::string text;
    bool word = false;
  };
  std::vector<Needle> needles_;
  std::unordered_multimap<std::uint64_t, std::size_t> by_start_;  // the first kShortest bytes
};

/// `source` with the spans replaced by `mark`, neighbouring and overlapping ones by one mark.
std::string replace(std::string_view source, std::vector<Span> spans, std::string_view mark);

bool is_ascii_digit(char c);
bool is_ascii_letter(char c);
inline bool is_ascii_alnum(char c) { return is_ascii_digit(c) || is_ascii_letter(c); }

}  // namespace gateway::policy
