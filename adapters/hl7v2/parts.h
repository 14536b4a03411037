// The parts of a value between separators, in one pass: part(raw, separator, n) looks from the start each time, and a
// field may have tens of thousands.
#pragma once
#include <cstddef>
#include <string_view>

namespace adapters::hl7v2 {

/// Calls `use(n, part)` for each part, n from 1; an empty value has one, which is empty.
template <class Use>
void each_part(std::string_view raw, char separator, Use use) {
  for (std::size_t n = 1;; ++n) {
    const std::size_t end = raw.find(separator);
    use(n, raw.substr(0, end));
    if (end == std::string_view::npos) return;
    raw.remove_prefix(end + 1);
  }
}

}  // namespace adapters::hl7v2
