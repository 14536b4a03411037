// Where the entries of a Bundle lie in a text that comes in pieces: private to bundle_*.cpp. A splitter looks at
// structure only, and no further than it must; what lies between its marks is parsed and checked as a whole by the
// reader.
#pragma once
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string_view>

#include "fhir/result.h"

namespace fhir {

/// Bytes [begin, end) of the text, counted from its first: an entry, or another member of the Bundle.
struct BundleMark {
  bool entry = false;
  std::size_t begin = 0, end = 0;
};

/// How marked bytes become a document again: `open`, the pieces with `between` them, `close`.
struct BundleFrame {
  std::string_view open, between, close;
};

class BundleSplitter {
 public:
  virtual ~BundleSplitter() = default;
  /// Goes on with the text. An error without a place is about the byte at `position()`.
  virtual Result<void> feed(std::string_view piece, bool last) = 0;
  virtual std::size_t position() const = 0;
  /// No mark to come begins before it.
  virtual std::size_t settled() const = 0;
  virtual BundleFrame frame() const = 0;

  std::deque<BundleMark> marks;  // in the order of the text; the reader takes them from the front
};

std::unique_ptr<BundleSplitter> json_splitter();
std::unique_ptr<BundleSplitter> xml_splitter(std::size_t depth);

}  // namespace fhir
