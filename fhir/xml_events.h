// XML as a run of events, and what FHIR does not want of it refused with line and column: a DOCTYPE (and with it every
// entity), another encoding than UTF-8, nesting and size past the limits. Processing instructions and comments are
// skipped and nothing is ever fetched. (XML 1.0; Namespaces in XML; FHIR R4 xml.html) Only xml_events.cpp knows Expat.
//
// Pure; any thread; one call at a time to a handler. Views given to the handler live until its function returns.
#pragma once
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace fhir {

struct XmlLimits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 100;
};

struct XmlName {
  std::string_view space;  // the namespace; empty: none
  std::string_view local;
};

struct XmlAttribute {
  XmlName name;
  std::string_view value;
};

/// A function that returns an error ends the reading with it; the place is filled in when the error names none.
class XmlHandler {
 public:
  virtual ~XmlHandler() = default;
  /// `offset`: of the '<' in the text.
  virtual Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t offset) = 0;
  /// `after`: the offset of what follows the end tag.
  virtual Result<void> end(XmlName name, std::size_t after) = 0;
  /// A part of the text between tags, references resolved.
  virtual Result<void> text(std::string_view part, std::size_t offset) = 0;
  /// The next start() declares a namespace; `prefix` is empty for the default one.
  virtual void declare(std::string_view /*prefix*/, std::string_view /*space*/) {}
};

/// Errors: Error.where is "line:column"; Error.code is one of xml.syntax, xml.doctype, xml.encoding, xml.depth,
/// xml.size or the handler's own.
Result<void> read_xml(std::string_view text, const XmlLimits& limits, XmlHandler& handler);

/// The same for a text that comes in pieces, of any length: offsets count from its first byte, the column of a place
/// counts bytes. After an error every further piece is refused with it. `limits.bytes` is not looked at.
class XmlStream {
 public:
  XmlStream(const XmlLimits& limits, XmlHandler& handler);
  XmlStream(XmlStream&&) = delete;
  ~XmlStream();
  Result<void> feed(std::string_view piece, bool last);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The character that a reference of HTML 4 without its '&' and ';' stands for ("nbsp"), in UTF-8; nothing for others.
std::optional<std::string_view> html_entity(std::string_view name);

/// Appends text with what XML gives a meaning replaced by references, for between tags and for attributes in "".
void append_xml_text(std::string& out, std::string_view text);
void append_xml_attribute(std::string& out, std::string_view text);

}  // namespace fhir
