// The pack in place, for the files of this folder: sections and texts by offset, checked against its size. The one that
// is linked in was written by our own build: anything wrong with it is a broken program, which ends here.
#pragma once
#include <algorithm>
#include <cstddef>
#include <span>
#include <string_view>

#include "fhir/definitions/pack.h"

namespace fhir::pack {

class Pack {
 public:
  explicit Pack(std::span<const std::byte> bytes);

  const Header& header() const { return *reinterpret_cast<const Header*>(bytes_.data()); }

  template <class T>
  std::span<const T> section(const Section& where) const {
    if (where.offset > bytes_.size() || where.count > (bytes_.size() - where.offset) / sizeof(T)) broken();
    return {reinterpret_cast<const T*>(bytes_.data() + where.offset), where.count};
  }

  std::string_view text(Text where) const {
    if (where.offset > texts_.size() || where.length > texts_.size() - where.offset) broken();
    return {texts_.data() + where.offset, where.length};
  }

  std::string_view word(Word where) const {
    if (where < 2 || where > texts_.size()) broken();
    const auto byte = [&](Word at) { return static_cast<std::uint32_t>(static_cast<unsigned char>(texts_[at])); };
    return text({where, byte(where - 2) | byte(where - 1) << 8});
  }

  /// The row whose `url` is that, in a section sorted by it; nullptr when there is none.
  template <class T>
  const T* by_url(const Section& where, std::string_view url) const {
    const std::span<const T> rows = section<T>(where);
    const auto found = std::ranges::lower_bound(rows, url, {}, [this](const T& row) { return text(row.url); });
    return found != rows.end() && text(found->url) == url ? &*found : nullptr;
  }

  [[noreturn]] static void broken();

 private:
  std::span<const std::byte> bytes_;
  std::string_view texts_;
};

template <class T>
std::span<const T> part(std::span<const T> all, Range range) {
  if (range.first > all.size() || range.count > all.size() - range.first) Pack::broken();
  return all.subspan(range.first, range.count);
}

/// The pack that the build linked in.
const Pack& linked();
/// Its lists of texts, laid as views at the first question.
std::span<const std::string_view> list(Range range);

}  // namespace fhir::pack
