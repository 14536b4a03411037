// A Bundle read entry by entry, JSON or XML, in memory that its largest entry bounds and not its length: for exports
// and archives of gigabytes. What each entry holds is checked as by read_resource(); the rest of the Bundle (type,
// total, links, signature) comes at the end, as a Bundle without entries. (FHIR R4 bundle.html, json.html, xml.html)
//
//   BundleReader reader(source);
//   while (true) {
//     auto entry = reader.next();
//     if (!entry || !*entry) break;           // an error, or the end
//     use((*entry)->entry["resource"]);
//   }
//
// Pure: the caller's Source brings the bytes. One reader, one thread.
#pragma once
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>

#include "fhir/json.h"
#include "fhir/outcome.h"

namespace fhir {

struct BundleEntry {
  Json document;        // holds the entry
  JsonView entry;       // an item of Bundle.entry; lives as long as `document`, also after it was moved
  Issues issues;        // as of read_resource(), their places in the whole text
  std::size_t index{};  // in Bundle.entry
  TextPlace begins{};   // of the entry's first character in the whole text
};

class BundleReader {
 public:
  /// Puts bytes at the start of the span and returns how many; 0 is the end of the text.
  using Source = std::move_only_function<Result<std::size_t>(std::span<char>)>;

  struct Limits {
    std::size_t entry = 64u << 20;  // bytes of one entry
    std::size_t rest = 1u << 20;    // bytes of everything that is no entry
    std::size_t depth = 100;
  };

  explicit BundleReader(Source source);
  BundleReader(Source source, const Limits& limits);
  BundleReader(BundleReader&&) noexcept;
  BundleReader& operator=(BundleReader&&) noexcept;
  ~BundleReader();

  /// The next entry; nothing after the last one. Errors: those of read_resource() with their place in the whole text,
  /// those of the source, json.size and xml.size past the limits, bundle.type when the text is no Bundle. After an
  /// error it is over.
  Result<std::optional<BundleEntry>> next();

  /// What is no entry, once next() has returned nothing; before that an absent view.
  JsonView bundle() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fhir
