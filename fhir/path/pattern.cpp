#include "fhir/path/pattern.h"

#include <re2/re2.h>

#include <array>
#include <mutex>
#include <vector>

namespace fhir::path {
namespace {

constexpr std::int64_t kMemory = 8 << 20;

// RE2 of Debian 12 knows named groups as (?P<name>) only. Its \C, one byte, would cut characters in two: it becomes an
// escape that RE2 refuses.
std::string to_re2(std::string_view text) {
  std::string out;
  for (std::size_t n = 0; n < text.size(); ++n) {
    out += text[n];
    if (text[n] == '\\' && n + 1 < text.size()) {
      out += text[++n] == 'C' ? 'y' : text[n];
    } else if (text.substr(n, 3) == "(?<" && text.substr(n + 3, 1) != "=" && text.substr(n + 3, 1) != "!") {
      out += "?P";
      ++n;
    }
  }
  return out;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

using Groups = std::vector<re2::StringPiece>;

// "$12": as many digits as still name a group, so that "$10" is group 1 and a zero when there are nine.
std::size_t append_numbered(std::string& out, std::string_view after_dollar, const Groups& groups) {
  std::size_t group = 0;
  std::size_t used = 0;
  while (used < after_dollar.size() && is_digit(after_dollar[used])) {
    const std::size_t wider = group * 10 + static_cast<std::size_t>(after_dollar[used] - '0');
    if (wider >= groups.size()) break;
    group = wider;
    ++used;
  }
  if (used != 0 && groups[group].data() != nullptr) out.append(groups[group].data(), groups[group].size());
  return used;
}

}  // namespace

struct Pattern::Impl {
  re2::RE2 regex;

  Impl(const std::string& text, const re2::RE2::Options& options) : regex(text, options) {}

  bool append(std::string& out, std::string_view replacement, const Groups& groups) const {
    for (std::size_t n = 0; n < replacement.size(); ++n) {
      const char c = replacement[n];
      if (c == '\\' && n + 1 < replacement.size()) {
        out += replacement[++n];
      } else if (c == '$' && replacement.substr(n + 1, 1) == "{") {
        const std::size_t close = replacement.find('}', n);
        if (close == std::string_view::npos) return false;
        const auto& names = regex.NamedCapturingGroups();
        const auto found = names.find(std::string(replacement.substr(n + 2, close - n - 2)));
        if (found == names.end()) return false;
        const re2::StringPiece& group = groups[static_cast<std::size_t>(found->second)];
        if (group.data() != nullptr) out.append(group.data(), group.size());
        n = close;
      } else if (c == '$' && n + 1 < replacement.size() && is_digit(replacement[n + 1])) {
        const std::size_t used = append_numbered(out, replacement.substr(n + 1), groups);
        if (used == 0) return false;
        n += used;
      } else {
        out += c;
      }
    }
    return true;
  }
};

Pattern::Pattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pattern::~Pattern() = default;

namespace {

// RE2 takes a thousand times longer to compile than to match, and rules repeat the same few expressions: the last ones
// compiled are kept, whoever asks. A long one, which may be large in memory as well, is not.
class Recent {
 public:
  static constexpr std::size_t kLongest = 256;

  std::shared_ptr<const Pattern> find(std::string_view expression, std::string_view flags) {
    const std::scoped_lock lock(mutex_);
    for (const Entry& entry : entries_) {
      if (entry.pattern != nullptr && entry.expression == expression && entry.flags == flags) return entry.pattern;
    }
    return nullptr;
  }

  void keep(std::string_view expression, std::string_view flags, const std::shared_ptr<const Pattern>& pattern) {
    if (expression.size() > kLongest) return;
    const std::scoped_lock lock(mutex_);
    entries_[next_++ % entries_.size()] = {std::string(expression), std::string(flags), pattern};
  }

 private:
  struct Entry {
    std::string expression, flags;
    std::shared_ptr<const Pattern> pattern;
  };
  std::mutex mutex_;
  std::array<Entry, 32> entries_;
  std::size_t next_ = 0;
};

Recent& recent() {
  static Recent patterns;
  return patterns;
}

}  // namespace

Result<std::shared_ptr<const Pattern>> Pattern::compile(std::string_view expression, std::string_view flags) {
  if (auto known = recent().find(expression, flags)) return known;
  if (flags.find_first_not_of("im") != std::string_view::npos) {
    return fail(Fault::invalid, "fhirpath.execution", "", "unknown flag of a regular expression; known are i and m");
  }
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMemory);
  options.set_dot_nl(true);
  options.set_case_sensitive(flags.find('i') == std::string_view::npos);
  const bool lines = flags.find('m') != std::string_view::npos;
  auto impl = std::make_unique<Impl>((lines ? "(?m)" : "") + to_re2(expression), options);
  if (!impl->regex.ok()) {
    const bool large = impl->regex.error_code() == re2::RE2::ErrorPatternTooLarge;
    return fail(large ? Fault::too_large : Fault::invalid, "fhirpath.execution", "",
                "not a regular expression that can be matched in linear time (no look-around, no back-references)");
  }
  const std::shared_ptr<const Pattern> pattern(new Pattern(std::move(impl)));
  recent().keep(expression, flags, pattern);
  return pattern;
}

bool Pattern::found_in(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->regex);
}

bool Pattern::matches_whole(std::string_view text) const {
  return re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), impl_->regex);
}

std::optional<std::string> Pattern::replace(std::string_view text, std::string_view replacement,
                                            std::size_t limit) const {
  const re2::StringPiece subject(text.data(), text.size());
  Groups groups(static_cast<std::size_t>(impl_->regex.NumberOfCapturingGroups()) + 1);
  std::string out;
  std::size_t at = 0;
  while (at <= text.size() && impl_->regex.Match(subject, at, text.size(), re2::RE2::UNANCHORED, groups.data(),
                                                 static_cast<int>(groups.size()))) {
    const auto begin = static_cast<std::size_t>(groups[0].data() - text.data());
    out.append(text.substr(at, begin - at));
    if (!impl_->append(out, replacement, groups) || out.size() > limit) return std::nullopt;
    at = begin + groups[0].size();
    if (!groups[0].empty()) continue;
    // An empty match: step over one whole character, so that the same place is not found again.
    if (at == text.size()) return out;
    do {
      out += text[at++];
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0u) == 0x80u);
  }
  if (at < text.size()) out.append(text.substr(at));
  return out.size() > limit ? std::nullopt : std::optional(std::move(out));
}

}  // namespace fhir::path
