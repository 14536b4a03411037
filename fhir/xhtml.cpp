#include "fhir/xhtml.h"

#include <algorithm>
#include <array>
#include <utility>

namespace fhir {
namespace {

constexpr std::string_view kXmlSpace = "http://www.w3.org/XML/1998/namespace";
constexpr XmlLimits kLimits{16u << 20, 200};

// narrative.html#xhtml: HTML 4.0 chapters 7 to 11 (but section 4 of 9) and 15, <a> and <img>.
constexpr auto kElements = std::to_array<std::string_view>(
    {"a",     "abbr", "acronym", "address",  "area",  "b",     "bdo",  "big",    "blockquote", "br",  "caption",
     "cite",  "code", "col",     "colgroup", "dd",    "dfn",   "div",  "dl",     "dt",         "em",  "h1",
     "h2",    "h3",   "h4",      "h5",       "h6",    "hr",    "i",    "img",    "kbd",        "li",  "map",
     "ol",    "p",    "pre",     "q",        "samp",  "small", "span", "strong", "sub",        "sup", "table",
     "tbody", "td",   "tfoot",   "th",       "thead", "tr",    "tt",   "ul",     "var"});

constexpr auto kAttributes = std::to_array<std::string_view>(
    {"abbr", "accesskey", "align",   "axis",  "char", "charoff", "class",    "colspan", "dir",    "headers",
     "id",   "lang",      "rowspan", "scope", "span", "style",   "tabindex", "title",   "valign", "width"});

struct Special {
  std::string_view element, attribute;
};
constexpr auto kSpecial = std::to_array<Special>({{"a", "charset"},
                                                  {"a", "coords"},
                                                  {"a", "href"},
                                                  {"a", "hreflang"},
                                                  {"a", "name"},
                                                  {"a", "rel"},
                                                  {"a", "rev"},
                                                  {"a", "shape"},
                                                  {"a", "type"},
                                                  {"area", "alt"},
                                                  {"area", "coords"},
                                                  {"area", "href"},
                                                  {"area", "nohref"},
                                                  {"area", "shape"},
                                                  {"blockquote", "cite"},
                                                  {"img", "alt"},
                                                  {"img", "border"},
                                                  {"img", "height"},
                                                  {"img", "ismap"},
                                                  {"img", "longdesc"},
                                                  {"img", "src"},
                                                  {"img", "usemap"},
                                                  {"map", "name"},
                                                  {"ol", "type"},
                                                  {"q", "cite"},
                                                  {"table", "border"},
                                                  {"table", "cellpadding"},
                                                  {"table", "cellspacing"},
                                                  {"table", "frame"},
                                                  {"table", "rules"},
                                                  {"table", "summary"},
                                                  {"td", "nowrap"},
                                                  {"th", "nowrap"},
                                                  {"ul", "type"}});

bool is_allowed(std::string_view element, const XmlAttribute& attribute) {
  if (attribute.name.space == kXmlSpace) return attribute.name.local == "lang" || attribute.name.local == "space";
  if (!attribute.name.space.empty()) return false;
  return std::ranges::find(kAttributes, attribute.name.local) != kAttributes.end() ||
         std::ranges::any_of(kSpecial, [&](const Special& special) {
           return special.element == element && special.attribute == attribute.name.local;
         });
}

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// A link that would run something where it is shown.
bool is_active(const XmlAttribute& attribute) {
  if (attribute.name.local != "href" && attribute.name.local != "src") return false;
  std::string scheme;
  for (const char c : attribute.value.substr(0, attribute.value.find(':'))) {
    if (!is_space(c)) scheme += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return scheme == "javascript" || scheme == "vbscript";
}

class Checker final : public XmlHandler {
 public:
  Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t) override {
    const bool html = name.space == kXhtmlSpace;
    const bool root = depth_++ == 0;
    if (root && !(html && name.local == "div")) {
      add("the narrative is a div of XHTML");
    } else if (!html || std::ranges::find(kElements, name.local) == kElements.end()) {
      add("the narrative holds an element that FHIR does not allow");
    }
    if (name.local == "img") readable_ = true;
    for (const XmlAttribute& attribute : attributes) {
      if (!is_allowed(name.local, attribute)) add("the narrative holds an attribute that FHIR does not allow");
      if (is_active(attribute)) add("the narrative holds a link that runs a script");
    }
    return {};
  }
  Result<void> end(XmlName, std::size_t) override {
    --depth_;
    return {};
  }
  Result<void> text(std::string_view part, std::size_t) override {
    readable_ = readable_ || !std::ranges::all_of(part, is_space);
    return {};
  }

  std::vector<XhtmlFinding> findings() {
    if (!readable_) findings_.push_back({"txt-2", "the narrative has nothing to read"});
    return std::move(findings_);
  }

 private:
  void add(std::string_view say) {
    const bool known = std::ranges::any_of(findings_, [&](const XhtmlFinding& other) { return other.say == say; });
    if (!known) findings_.push_back({"txt-1", std::string(say)});
  }

  std::vector<XhtmlFinding> findings_;
  std::size_t depth_ = 0;
  bool readable_ = false;
};

class Tidier final : public XmlHandler {
 public:
  Result<void> start(XmlName name, std::span<const XmlAttribute> attributes, std::size_t) override {
    if (name.space.empty()) name.space = kXhtmlSpace;  // JSON senders forget it
    writer_.start(name, attributes);
    return {};
  }
  Result<void> end(XmlName, std::size_t) override {
    writer_.end();
    return {};
  }
  Result<void> text(std::string_view part, std::size_t) override {
    writer_.text(part);
    return {};
  }
  std::string take() { return writer_.take(); }

 private:
  XhtmlWriter writer_;
};

/// XML knows five entities; those of HTML are written out, so that they need no document type.
std::string without_html_entities(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('&'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    if (text.empty()) break;
    const std::size_t end = text.substr(0, 12).find(';');
    const auto character = end == std::string_view::npos ? std::nullopt : html_entity(text.substr(1, end - 1));
    out += character ? *character : std::string_view("&");
    text.remove_prefix(character ? end + 1 : 1);
  }
  return out;
}

}  // namespace

void XhtmlWriter::start(XmlName name, std::span<const XmlAttribute> attributes) {
  close_tag();
  out_ += '<';
  out_ += name.local;
  if (open_.empty() || open_.back().space != name.space) {
    out_ += " xmlns=\"";
    append_xml_attribute(out_, name.space);
    out_ += '"';
  }
  for (const XmlAttribute& attribute : attributes) {
    out_ += attribute.name.space == kXmlSpace ? " xml:" : " ";
    out_ += attribute.name.local;
    out_ += "=\"";
    append_xml_attribute(out_, attribute.value);
    out_ += '"';
  }
  open_.push_back({std::string(name.space), std::string(name.local)});
  in_tag_ = true;
}

void XhtmlWriter::end() {
  if (in_tag_) {
    out_ += "/>";
  } else {
    out_ += "</" + open_.back().local + ">";
  }
  in_tag_ = false;
  open_.pop_back();
}

void XhtmlWriter::text(std::string_view part) {
  close_tag();
  append_xml_text(out_, part);
}

std::string XhtmlWriter::take() { return std::exchange(out_, {}); }

void XhtmlWriter::close_tag() {
  if (std::exchange(in_tag_, false)) out_ += '>';
}

Result<std::string> tidy_xhtml(std::string_view div) {
  Tidier tidier;
  if (auto read = read_xml(without_html_entities(div), kLimits, tidier); !read) return pass(read);
  return tidier.take();
}

Result<void> read_narrative(std::string_view div, XmlHandler& handler) {
  return read_xml(without_html_entities(div), kLimits, handler);
}

std::vector<XhtmlFinding> check_xhtml(std::string_view div) {
  Checker checker;
  if (auto read = read_xml(without_html_entities(div), kLimits, checker); !read) {
    return {{"txt-1", "the narrative is not well-formed XHTML"}};
  }
  return checker.findings();
}

}  // namespace fhir
