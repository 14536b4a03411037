#include "adapters/map/faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace adapters::map {

std::uint32_t Faults::add_file(std::string name) {
  files_.push_back(std::move(name));
  return static_cast<std::uint32_t>(files_.size() - 1);
}

void Faults::error(Mark mark, std::string_view code, std::string say, std::string hint, FileFault::Related also) {
  add(mark, {{}, 0, 0, false, std::string(code), std::move(say), std::move(hint), std::move(also)});
}

void Faults::warn(Mark mark, std::string_view code, std::string say, std::string hint, FileFault::Related also) {
  add(mark, {{}, 0, 0, true, std::string(code), std::move(say), std::move(hint), std::move(also)});
}

FileFault::Related Faults::also(Mark mark, std::string say) const {
  return {mark.file < files_.size() ? files_[mark.file] : std::string(), mark.line, mark.column, std::move(say)};
}

void Faults::add(Mark mark, FileFault&& fault) {
  if (mark.file < files_.size()) fault.file = files_[mark.file];
  fault.line = mark.line;
  fault.column = mark.column;
  if (!fault.warning) ++errors_;
  const bool known = std::ranges::any_of(out_, [&](const FileFault& other) {
    return other.line == fault.line && other.column == fault.column && other.code == fault.code &&
           other.file == fault.file;
  });
  if (!known) out_.push_back(std::move(fault));
}

std::string Faults::place(Mark mark) const {
  return fmt::format("{}:{}:{}", mark.file < files_.size() ? files_[mark.file] : "?", mark.line, mark.column);
}

namespace {

std::u32string characters(std::string_view utf8) {
  std::u32string out;
  for (const char c : utf8) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0u) == 0x80u && !out.empty()) {
      out.back() = (out.back() << 8u) | byte;  // only compared for equality, so packing the bytes is enough
    } else {
      out.push_back(byte);
    }
  }
  return out;
}

/// Edit distance in which swapping two neighbours counts once, as typing errors do.
std::size_t distance(const std::u32string& a, const std::u32string& b) {
  std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0u : 1u)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return last[b.size()];
}

constexpr std::size_t kLongestWord = 64;  // beyond it nobody mistyped a name, and the distance would cost too much

}  // namespace

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  if (word.empty() || word.size() > kLongestWord) return {};
  const auto typed = characters(word);
  const std::size_t limit = std::max<std::size_t>(1, typed.size() / 3);
  std::string_view best;
  std::size_t least = limit + 1;
  for (const auto candidate : known) {
    if (candidate.empty() || candidate.size() > kLongestWord) continue;
    const std::size_t far = distance(typed, characters(candidate));
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best.empty() ? std::string() : fmt::format("did you mean '{}'?", best);
}

}  // namespace adapters::map
