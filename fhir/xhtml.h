// The narrative of a resource: the part of XHTML that FHIR allows (narrative.html#xhtml; invariants txt-1 and txt-2),
// checked and written in one form. A named entity of HTML ("&nbsp;") stands for its character. Comments are left out.
// Pure functions, safe from any thread.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/xml_events.h"

namespace fhir {

inline constexpr std::string_view kXhtmlSpace = "http://www.w3.org/1999/xhtml";

/// Writes XHTML from events: `<br/>` for what is empty, a namespace where it changes. The root says its namespace.
class XhtmlWriter {
 public:
  void start(XmlName name, std::span<const XmlAttribute> attributes);
  void end();
  void text(std::string_view part);
  std::size_t depth() const { return open_.size(); }
  /// What was written since the last take.
  std::string take();

 private:
  struct Open {
    std::string space, local;
  };
  void close_tag();
  std::string out_;
  std::vector<Open> open_;
  bool in_tag_ = false;
};

/// The narrative in that form, or why it is no well-formed div.
Result<std::string> tidy_xhtml(std::string_view div);

/// Its elements and texts, one after the other; the handler sees named entities of HTML as their characters.
Result<void> read_narrative(std::string_view div, XmlHandler& handler);

/// What is wrong with it by txt-1 (only allowed elements and attributes, no scripts, forms or links to elsewhere that
/// run) and by txt-2 (something to read); one sentence each, without its content. Empty: nothing.
struct XhtmlFinding {
  std::string_view invariant;  // "txt-1", "txt-2"
  std::string say;
};
std::vector<XhtmlFinding> check_xhtml(std::string_view div);

}  // namespace fhir
