#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/bundle_splitter.h"
#include "fhir/xml.h"

namespace fhir {
namespace {

class XmlSplitter final : public BundleSplitter, private XmlHandler {
 public:
  explicit XmlSplitter(std::size_t depth) : stream_({.depth = depth}, *this) {}

  Result<void> feed(std::string_view piece, bool last) override { return stream_.feed(piece, last); }
  std::size_t position() const override { return settled(); }
  std::size_t settled() const override { return open_.value_or(settled_); }
  BundleFrame frame() const override { return {start_tag_, "", end_tag_}; }

 private:
  void declare(std::string_view prefix, std::string_view space) override {
    if (depth_ == 0) namespaces_.emplace_back(prefix, space);
  }

  Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t offset) override {
    if (++depth_ == 1) return root(name, attributes);
    if (depth_ > 2) return {};
    open_ = offset;
    entry_ = name.local == "entry" && name.space == kFhirSpace;
    return {};
  }

  Result<void> end(XmlName, std::size_t after) override {
    if (--depth_ != 1) return {};
    marks.push_back({entry_, *open_, after});
    open_.reset();
    settled_ = after;
    return {};
  }

  Result<void> text(std::string_view part, std::size_t offset) override {
    if (depth_ != 1) return {};
    settled_ = offset;
    if (part.find_first_not_of(" \t\r\n") == std::string_view::npos) return {};
    return fail(Fault::invalid, "xml.text", "", "there is text between the elements of the Bundle");
  }

  /// Nothing around the root declares anything, so its own namespace is among its declarations.
  Result<void> root(XmlName name, std::span<const XmlAttribute> attributes) {
    if (name.local != "Bundle" || name.space != kFhirSpace)
      return fail(Fault::invalid, "bundle.type", "", "this is no Bundle");
    for (const XmlAttribute& attribute : attributes)
      if (attribute.name.space.empty())
        return fail(Fault::invalid, "xml.attribute", "", "the Bundle element has no attributes");
    std::string tag, declarations;
    for (const auto& [prefix, space] : namespaces_) {
      if (space == kFhirSpace) tag = prefix.empty() ? "Bundle" : prefix + ":Bundle";
      declarations += prefix.empty() ? " xmlns=\"" : fmt::format(" xmlns:{}=\"", prefix);
      append_xml_attribute(declarations, space);
      declarations += '"';
    }
    start_tag_ = fmt::format("<{}{}>", tag, declarations);
    end_tag_ = fmt::format("</{}>", tag);
    return {};
  }

  std::vector<std::pair<std::string, std::string>> namespaces_;  // of the root: prefix, URI
  std::string start_tag_, end_tag_;
  std::size_t depth_ = 0, settled_ = 0;
  std::optional<std::size_t> open_;  // where the child of the Bundle at hand begins
  bool entry_ = false;
  XmlStream stream_;
};

}  // namespace

std::unique_ptr<BundleSplitter> xml_splitter(std::size_t depth) { return std::make_unique<XmlSplitter>(depth); }

}  // namespace fhir
