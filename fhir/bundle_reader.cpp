#include "fhir/bundle_reader.h"

#include <array>
#include <charconv>
#include <string>
#include <string_view>

#include "fhir/bundle_splitter.h"
#include "fhir/json_tape.h"
#include "fhir/resource.h"

namespace fhir {
namespace {

/// Where one is after `over`, having been at `from`.
TextPlace moved(TextPlace from, std::string_view over) {
  const TextPlace step = place_in(over, over.size());
  return {from.line + step.line - 1, step.line == 1 ? from.column + step.column - 1 : step.column};
}

std::string in_words(TextPlace place) { return std::to_string(place.line) + ":" + std::to_string(place.column); }

std::optional<TextPlace> parse_place(std::string_view where) {
  TextPlace place;
  const char* end = where.data() + where.size();
  const auto line = std::from_chars(where.data(), end, place.line);
  if (line.ec != std::errc{} || line.ptr == end || *line.ptr != ':') return std::nullopt;
  const auto column = std::from_chars(line.ptr + 1, end, place.column);
  return column.ec == std::errc{} && column.ptr == end ? std::optional(place) : std::nullopt;
}

/// From a place in the text of an entry to the one in the whole text.
class Shift {
 public:
  /// `frame`: lines put before the entry.
  Shift(TextPlace begins, std::size_t frame) : begins_(begins), frame_(frame) {}

  TextPlace operator()(TextPlace place) const {
    if (place.line <= frame_) return begins_;
    place.line -= frame_;
    return {begins_.line + place.line - 1, place.line == 1 ? begins_.column + place.column - 1 : place.column};
  }

  std::unexpected<Error> operator()(Error error) const {
    if (const auto place = parse_place(error.where)) error.where = in_words((*this)(*place));
    return std::unexpected(std::move(error));
  }

 private:
  TextPlace begins_;
  std::size_t frame_;
};

}  // namespace

struct BundleReader::Impl {
  Impl(Source from, const Limits& most) : source(std::move(from)), limits(most) {}

  Source source;
  Limits limits;
  std::unique_ptr<BundleSplitter> splitter;  // once the first character has told the format
  std::string window;                        // the text from `begins` on, as far as it came
  std::size_t forgotten = 0;                 // bytes before the window
  TextPlace begins;
  std::string others;  // the members of the Bundle that are no entries
  std::size_t index = 0;
  bool xml = false, complete = false;
  std::optional<Error> fault;  // where the text goes wrong: after the marks that it came with
  std::optional<Error> error;  // what next() ended with
  std::optional<XmlResource> rest;

  Result<std::optional<BundleEntry>> next();
  Result<void> read_on();
  void split(std::string_view piece);
  void forget(std::size_t before);
  Result<void> keep(const BundleMark& mark);
  Result<BundleEntry> make_entry(const BundleMark& mark);
  Result<XmlResource> bare(const BundleMark& mark) const;
  Result<XmlResource> framed(const BundleMark& mark) const;
  Result<void> finish();

  std::string_view text(const BundleMark& mark) const {
    return std::string_view(window).substr(mark.begin - forgotten, mark.end - mark.begin);
  }
  TextPlace place(std::size_t offset) const {
    return moved(begins, std::string_view(window).substr(0, offset - forgotten));
  }
  std::unexpected<Error> too_large(std::size_t offset, std::string_view what, std::size_t limit) const {
    return fail(Fault::too_large, "bundle.size", in_words(place(offset)),
                std::string(what) + " larger than the limit of " + std::to_string(limit) + " bytes");
  }
};

Result<std::optional<BundleEntry>> BundleReader::Impl::next() {
  while (true) {
    while (splitter && !splitter->marks.empty()) {
      const BundleMark mark = splitter->marks.front();
      splitter->marks.pop_front();
      if (mark.entry) {
        auto entry = make_entry(mark);
        if (!entry) return pass(entry);
        return *std::move(entry);
      }
      if (auto kept = keep(mark); !kept) return pass(kept);
    }
    if (fault) return std::unexpected(*fault);
    if (complete) break;
    if (auto more = read_on(); !more) return pass(more);
  }
  if (!rest)
    if (auto done = finish(); !done) return pass(done);
  return std::nullopt;
}

Result<void> BundleReader::Impl::read_on() {
  if (splitter) forget(splitter->settled());
  if (window.size() > limits.entry) return too_large(forgotten, "an entry is", limits.entry);
  std::array<char, 1u << 16> piece;
  const auto count = source(piece);
  if (!count) return std::unexpected(count.error());
  complete = *count == 0;
  window.append(piece.data(), *count);
  split({piece.data(), *count});
  return {};
}

void BundleReader::Impl::split(std::string_view piece) {
  if (!splitter) {
    if (!complete && piece.find_first_not_of(" \t\r\n") == std::string_view::npos) return;
    xml = looks_like_xml(window);
    splitter = xml ? xml_splitter(limits.depth) : json_splitter();
    piece = window;
  }
  auto done = splitter->feed(piece, complete);
  if (!done) fault = std::move(done).error();
  if (fault && fault->where.empty()) fault->where = in_words(place(splitter->position()));
}

void BundleReader::Impl::forget(std::size_t before) {
  const std::size_t count = before - forgotten;
  begins = moved(begins, std::string_view(window).substr(0, count));
  window.erase(0, count);
  forgotten = before;
}

Result<void> BundleReader::Impl::keep(const BundleMark& mark) {
  if (!others.empty()) others += splitter->frame().between;
  others += text(mark);
  if (others.size() > limits.rest) return too_large(mark.begin, "what is no entry of the Bundle is", limits.rest);
  return {};
}

Result<BundleEntry> BundleReader::Impl::make_entry(const BundleMark& mark) {
  if (mark.end - mark.begin > limits.entry) return too_large(mark.begin, "an entry is", limits.entry);
  const TextPlace begins_at = place(mark.begin);
  const Shift shift(begins_at, xml ? 1 : 0);
  auto read = xml ? framed(mark) : bare(mark);
  if (!read) return shift(std::move(read).error());
  for (Issue& issue : read->issues)
    if (issue.place.line != 0) issue.place = shift(issue.place);
  const JsonView root = read->resource.root();
  return BundleEntry{std::move(read->resource), xml ? root["entry"].at(0) : root, std::move(read->issues), index++,
                     begins_at};
}

Result<XmlResource> BundleReader::Impl::bare(const BundleMark& mark) const {
  auto json = Json::parse(std::string(text(mark)), {limits.entry, limits.depth});
  if (!json) return pass(json);
  return XmlResource{*std::move(json), {}};
}

Result<XmlResource> BundleReader::Impl::framed(const BundleMark& mark) const {
  const BundleFrame frame = splitter->frame();
  std::string bundle(frame.open);
  bundle.append("\n").append(text(mark)).append(frame.close);
  const std::size_t bytes = bundle.size();
  return from_xml(std::move(bundle), {.bytes = bytes, .depth = limits.depth});
}

Result<void> BundleReader::Impl::finish() {
  const BundleFrame frame = splitter->frame();
  auto read = read_resource(std::string(frame.open) + others + std::string(frame.close));
  if (!read) {
    read.error().where.clear();  // its text is none that the caller knows
    return std::unexpected(std::move(read).error());
  }
  const JsonView bundle = read->resource.root();
  if (bundle["resourceType"].text() != "Bundle") return fail(Fault::invalid, "bundle.type", "", "this is no Bundle");
  if (bundle["entry"]) return fail(Fault::invalid, "bundle.entry", "", "`entry` is one array of entries");
  rest = *std::move(read);
  return {};
}

BundleReader::BundleReader(Source source) : BundleReader(std::move(source), Limits{}) {}
BundleReader::BundleReader(Source source, const Limits& limits)
    : impl_(std::make_unique<Impl>(std::move(source), limits)) {}
BundleReader::BundleReader(BundleReader&&) noexcept = default;
BundleReader& BundleReader::operator=(BundleReader&&) noexcept = default;
BundleReader::~BundleReader() = default;

Result<std::optional<BundleEntry>> BundleReader::next() {
  if (impl_->error) return std::unexpected(*impl_->error);
  auto entry = impl_->next();
  if (!entry) impl_->error = entry.error();
  return entry;
}

JsonView BundleReader::bundle() const { return impl_->rest ? impl_->rest->resource.root() : JsonView(); }

}  // namespace fhir
