#include "adapters/map/faults.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/suggest.h"

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

std::string did_you_mean(std::string_view word, std::span<const std::string_view> known) {
  const std::string_view best = fhir::nearest(word, known);
  return best.empty() ? std::string() : fmt::format("did you mean '{}'?", best);
}

}  // namespace adapters::map
