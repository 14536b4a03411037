#include "fhir/xml_events.h"

#include <expat.h>

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "fhir/json_tape.h"

namespace fhir {
namespace {

constexpr char kBetween =
    '\n';  // between namespace and name; no namespace holds one: it is white space in an attribute

struct FreeParser {
  void operator()(XML_Parser parser) const { XML_ParserFree(parser); }
};

XmlName split(std::string_view name) {
  const std::size_t at = name.rfind(kBetween);
  if (at == std::string_view::npos) return {{}, name};
  return {name.substr(0, at), name.substr(at + 1)};
}

bool is_utf8_name(std::string_view encoding) {
  constexpr std::string_view kUtf8 = "utf-8";
  return std::ranges::equal(encoding, kUtf8,
                            [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; });
}

/// Expat's callbacks, made into the handler's functions; the first error stops the parser.
class Reader {
 public:
  /// `text`: all of it, when it is at hand, for places that count in characters.
  Reader(const XmlLimits& limits, XmlHandler& handler, std::optional<std::string_view> text)
      : text_(text), limits_(limits), handler_(handler), parser_(XML_ParserCreateNS("UTF-8", kBetween)) {
    XML_SetUserData(parser_.get(), this);
    XML_SetElementHandler(
        parser_.get(), [](void* self, const char* name, const char** pairs) { of(self).start(name, pairs); },
        [](void* self, const char* name) { of(self).end(name); });
    XML_SetCharacterDataHandler(parser_.get(),
                                [](void* self, const char* part, int size) { of(self).data(part, size); });
    XML_SetStartNamespaceDeclHandler(parser_.get(), [](void* self, const char* prefix, const char* space) {
      of(self).handler_.declare(prefix == nullptr ? "" : prefix, space == nullptr ? "" : space);
    });
    XML_SetStartDoctypeDeclHandler(parser_.get(), [](void* self, const char*, const char*, const char*, int) {
      of(self).stop(Error{Fault::invalid, "xml.doctype", "", "a document type declaration is not allowed"});
    });
    XML_SetXmlDeclHandler(parser_.get(), [](void* self, const char*, const char* encoding, int) {
      if (encoding == nullptr || is_utf8_name(encoding)) return;
      of(self).stop(Error{Fault::invalid, "xml.encoding", "", "the encoding of FHIR is UTF-8, and no other"});
    });
  }

  Reader(Reader&&) = delete;  // Expat knows its address

  Result<void> feed(std::string_view piece, bool last) {
    constexpr std::size_t kMost = 1u << 30;  // Expat counts in int
    fed_ += piece.size();
    do {
      const std::string_view part = piece.substr(0, kMost);
      piece.remove_prefix(part.size());
      const bool final = last && piece.empty();
      if (XML_Parse(parser_.get(), part.data(), static_cast<int>(part.size()), final) != XML_STATUS_OK) return refuse();
    } while (!piece.empty());
    return {};
  }

 private:
  static Reader& of(void* self) { return *static_cast<Reader*>(self); }

  std::size_t offset() const {
    const auto at = XML_GetCurrentByteIndex(parser_.get());
    return at < 0 ? fed_ : std::min(static_cast<std::size_t>(at), fed_);
  }

  void start(const char* name, const char** pairs) {
    if (error_) return;  // Expat still reports what it had read before it stops
    if (++depth_ > limits_.depth) {
      return stop(Error{Fault::too_large, "xml.depth", "", "nested deeper than the limit"});
    }
    attributes_.clear();
    for (; *pairs != nullptr; pairs += 2) attributes_.push_back({split(pairs[0]), pairs[1]});
    check(handler_.start(split(name), attributes_, offset()));
  }

  void end(const char* name) {
    --depth_;
    const auto length = static_cast<std::size_t>(std::max(XML_GetCurrentByteCount(parser_.get()), 0));
    if (!error_) check(handler_.end(split(name), offset() + length));
  }

  void data(const char* part, int size) {
    if (!error_) check(handler_.text({part, static_cast<std::size_t>(size)}, offset()));
  }

  void check(Result<void> done) {
    if (!done) stop(std::move(done).error());
  }

  void stop(Error error) {
    if (error_) return;
    if (error.where.empty()) error.where = place();
    error_ = std::move(error);
    XML_StopParser(parser_.get(), XML_FALSE);
  }

  std::string place() const {
    const TextPlace place = text_ ? place_in(*text_, offset())
                                  : TextPlace{static_cast<std::size_t>(XML_GetCurrentLineNumber(parser_.get())),
                                              static_cast<std::size_t>(XML_GetCurrentColumnNumber(parser_.get())) + 1};
    return std::to_string(place.line) + ":" + std::to_string(place.column);
  }

  Result<void> refuse() {
    if (error_) return std::unexpected(*error_);
    stop(Error{Fault::invalid, "xml.syntax", "",
               std::string("this is not well-formed XML: ") + XML_ErrorString(XML_GetErrorCode(parser_.get()))});
    return std::unexpected(*error_);
  }

  std::optional<std::string_view> text_;
  XmlLimits limits_;
  XmlHandler& handler_;
  std::unique_ptr<XML_ParserStruct, FreeParser> parser_;
  std::vector<XmlAttribute> attributes_;
  std::size_t depth_ = 0, fed_ = 0;
  std::optional<Error> error_;
};

struct Entity {
  std::string_view name, character;
};

// HTML 4.01 §24, without the five that XML has itself.
constexpr auto kEntities = std::to_array<Entity>(
    {{"AElig", "\xC3\x86"},       {"Aacute", "\xC3\x81"},     {"Acirc", "\xC3\x82"},      {"Agrave", "\xC3\x80"},
     {"Alpha", "\xCE\x91"},       {"Aring", "\xC3\x85"},      {"Atilde", "\xC3\x83"},     {"Auml", "\xC3\x84"},
     {"Beta", "\xCE\x92"},        {"Ccedil", "\xC3\x87"},     {"Chi", "\xCE\xA7"},        {"Dagger", "\xE2\x80\xA1"},
     {"Delta", "\xCE\x94"},       {"ETH", "\xC3\x90"},        {"Eacute", "\xC3\x89"},     {"Ecirc", "\xC3\x8A"},
     {"Egrave", "\xC3\x88"},      {"Epsilon", "\xCE\x95"},    {"Eta", "\xCE\x97"},        {"Euml", "\xC3\x8B"},
     {"Gamma", "\xCE\x93"},       {"Iacute", "\xC3\x8D"},     {"Icirc", "\xC3\x8E"},      {"Igrave", "\xC3\x8C"},
     {"Iota", "\xCE\x99"},        {"Iuml", "\xC3\x8F"},       {"Kappa", "\xCE\x9A"},      {"Lambda", "\xCE\x9B"},
     {"Mu", "\xCE\x9C"},          {"Ntilde", "\xC3\x91"},     {"Nu", "\xCE\x9D"},         {"OElig", "\xC5\x92"},
     {"Oacute", "\xC3\x93"},      {"Ocirc", "\xC3\x94"},      {"Ograve", "\xC3\x92"},     {"Omega", "\xCE\xA9"},
     {"Omicron", "\xCE\x9F"},     {"Oslash", "\xC3\x98"},     {"Otilde", "\xC3\x95"},     {"Ouml", "\xC3\x96"},
     {"Phi", "\xCE\xA6"},         {"Pi", "\xCE\xA0"},         {"Prime", "\xE2\x80\xB3"},  {"Psi", "\xCE\xA8"},
     {"Rho", "\xCE\xA1"},         {"Scaron", "\xC5\xA0"},     {"Sigma", "\xCE\xA3"},      {"THORN", "\xC3\x9E"},
     {"Tau", "\xCE\xA4"},         {"Theta", "\xCE\x98"},      {"Uacute", "\xC3\x9A"},     {"Ucirc", "\xC3\x9B"},
     {"Ugrave", "\xC3\x99"},      {"Upsilon", "\xCE\xA5"},    {"Uuml", "\xC3\x9C"},       {"Xi", "\xCE\x9E"},
     {"Yacute", "\xC3\x9D"},      {"Yuml", "\xC5\xB8"},       {"Zeta", "\xCE\x96"},       {"aacute", "\xC3\xA1"},
     {"acirc", "\xC3\xA2"},       {"acute", "\xC2\xB4"},      {"aelig", "\xC3\xA6"},      {"agrave", "\xC3\xA0"},
     {"alefsym", "\xE2\x84\xB5"}, {"alpha", "\xCE\xB1"},      {"and", "\xE2\x88\xA7"},    {"ang", "\xE2\x88\xA0"},
     {"aring", "\xC3\xA5"},       {"asymp", "\xE2\x89\x88"},  {"atilde", "\xC3\xA3"},     {"auml", "\xC3\xA4"},
     {"bdquo", "\xE2\x80\x9E"},   {"beta", "\xCE\xB2"},       {"brvbar", "\xC2\xA6"},     {"bull", "\xE2\x80\xA2"},
     {"cap", "\xE2\x88\xA9"},     {"ccedil", "\xC3\xA7"},     {"cedil", "\xC2\xB8"},      {"cent", "\xC2\xA2"},
     {"chi", "\xCF\x87"},         {"circ", "\xCB\x86"},       {"clubs", "\xE2\x99\xA3"},  {"cong", "\xE2\x89\x85"},
     {"copy", "\xC2\xA9"},        {"crarr", "\xE2\x86\xB5"},  {"cup", "\xE2\x88\xAA"},    {"curren", "\xC2\xA4"},
     {"dArr", "\xE2\x87\x93"},    {"dagger", "\xE2\x80\xA0"}, {"darr", "\xE2\x86\x93"},   {"deg", "\xC2\xB0"},
     {"delta", "\xCE\xB4"},       {"diams", "\xE2\x99\xA6"},  {"divide", "\xC3\xB7"},     {"eacute", "\xC3\xA9"},
     {"ecirc", "\xC3\xAA"},       {"egrave", "\xC3\xA8"},     {"empty", "\xE2\x88\x85"},  {"emsp", "\xE2\x80\x83"},
     {"ensp", "\xE2\x80\x82"},    {"epsilon", "\xCE\xB5"},    {"equiv", "\xE2\x89\xA1"},  {"eta", "\xCE\xB7"},
     {"eth", "\xC3\xB0"},         {"euml", "\xC3\xAB"},       {"euro", "\xE2\x82\xAC"},   {"exist", "\xE2\x88\x83"},
     {"fnof", "\xC6\x92"},        {"forall", "\xE2\x88\x80"}, {"frac12", "\xC2\xBD"},     {"frac14", "\xC2\xBC"},
     {"frac34", "\xC2\xBE"},      {"frasl", "\xE2\x81\x84"},  {"gamma", "\xCE\xB3"},      {"ge", "\xE2\x89\xA5"},
     {"hArr", "\xE2\x87\x94"},    {"harr", "\xE2\x86\x94"},   {"hearts", "\xE2\x99\xA5"}, {"hellip", "\xE2\x80\xA6"},
     {"iacute", "\xC3\xAD"},      {"icirc", "\xC3\xAE"},      {"iexcl", "\xC2\xA1"},      {"igrave", "\xC3\xAC"},
     {"image", "\xE2\x84\x91"},   {"infin", "\xE2\x88\x9E"},  {"int", "\xE2\x88\xAB"},    {"iota", "\xCE\xB9"},
     {"iquest", "\xC2\xBF"},      {"isin", "\xE2\x88\x88"},   {"iuml", "\xC3\xAF"},       {"kappa", "\xCE\xBA"},
     {"lArr", "\xE2\x87\x90"},    {"lambda", "\xCE\xBB"},     {"lang", "\xE2\x8C\xA9"},   {"laquo", "\xC2\xAB"},
     {"larr", "\xE2\x86\x90"},    {"lceil", "\xE2\x8C\x88"},  {"ldquo", "\xE2\x80\x9C"},  {"le", "\xE2\x89\xA4"},
     {"lfloor", "\xE2\x8C\x8A"},  {"lowast", "\xE2\x88\x97"}, {"loz", "\xE2\x97\x8A"},    {"lrm", "\xE2\x80\x8E"},
     {"lsaquo", "\xE2\x80\xB9"},  {"lsquo", "\xE2\x80\x98"},  {"macr", "\xC2\xAF"},       {"mdash", "\xE2\x80\x94"},
     {"micro", "\xC2\xB5"},       {"middot", "\xC2\xB7"},     {"minus", "\xE2\x88\x92"},  {"mu", "\xCE\xBC"},
     {"nabla", "\xE2\x88\x87"},   {"nbsp", "\xC2\xA0"},       {"ndash", "\xE2\x80\x93"},  {"ne", "\xE2\x89\xA0"},
     {"ni", "\xE2\x88\x8B"},      {"not", "\xC2\xAC"},        {"notin", "\xE2\x88\x89"},  {"nsub", "\xE2\x8A\x84"},
     {"ntilde", "\xC3\xB1"},      {"nu", "\xCE\xBD"},         {"oacute", "\xC3\xB3"},     {"ocirc", "\xC3\xB4"},
     {"oelig", "\xC5\x93"},       {"ograve", "\xC3\xB2"},     {"oline", "\xE2\x80\xBE"},  {"omega", "\xCF\x89"},
     {"omicron", "\xCE\xBF"},     {"oplus", "\xE2\x8A\x95"},  {"or", "\xE2\x88\xA8"},     {"ordf", "\xC2\xAA"},
     {"ordm", "\xC2\xBA"},        {"oslash", "\xC3\xB8"},     {"otilde", "\xC3\xB5"},     {"otimes", "\xE2\x8A\x97"},
     {"ouml", "\xC3\xB6"},        {"para", "\xC2\xB6"},       {"part", "\xE2\x88\x82"},   {"permil", "\xE2\x80\xB0"},
     {"perp", "\xE2\x8A\xA5"},    {"phi", "\xCF\x86"},        {"pi", "\xCF\x80"},         {"piv", "\xCF\x96"},
     {"plusmn", "\xC2\xB1"},      {"pound", "\xC2\xA3"},      {"prime", "\xE2\x80\xB2"},  {"prod", "\xE2\x88\x8F"},
     {"prop", "\xE2\x88\x9D"},    {"psi", "\xCF\x88"},        {"rArr", "\xE2\x87\x92"},   {"radic", "\xE2\x88\x9A"},
     {"rang", "\xE2\x8C\xAA"},    {"raquo", "\xC2\xBB"},      {"rarr", "\xE2\x86\x92"},   {"rceil", "\xE2\x8C\x89"},
     {"rdquo", "\xE2\x80\x9D"},   {"real", "\xE2\x84\x9C"},   {"reg", "\xC2\xAE"},        {"rfloor", "\xE2\x8C\x8B"},
     {"rho", "\xCF\x81"},         {"rlm", "\xE2\x80\x8F"},    {"rsaquo", "\xE2\x80\xBA"}, {"rsquo", "\xE2\x80\x99"},
     {"sbquo", "\xE2\x80\x9A"},   {"scaron", "\xC5\xA1"},     {"sdot", "\xE2\x8B\x85"},   {"sect", "\xC2\xA7"},
     {"shy", "\xC2\xAD"},         {"sigma", "\xCF\x83"},      {"sigmaf", "\xCF\x82"},     {"sim", "\xE2\x88\xBC"},
     {"spades", "\xE2\x99\xA0"},  {"sub", "\xE2\x8A\x82"},    {"sube", "\xE2\x8A\x86"},   {"sum", "\xE2\x88\x91"},
     {"sup", "\xE2\x8A\x83"},     {"sup1", "\xC2\xB9"},       {"sup2", "\xC2\xB2"},       {"sup3", "\xC2\xB3"},
     {"supe", "\xE2\x8A\x87"},    {"szlig", "\xC3\x9F"},      {"tau", "\xCF\x84"},        {"there4", "\xE2\x88\xB4"},
     {"theta", "\xCE\xB8"},       {"thetasym", "\xCF\x91"},   {"thinsp", "\xE2\x80\x89"}, {"thorn", "\xC3\xBE"},
     {"tilde", "\xCB\x9C"},       {"times", "\xC3\x97"},      {"trade", "\xE2\x84\xA2"},  {"uArr", "\xE2\x87\x91"},
     {"uacute", "\xC3\xBA"},      {"uarr", "\xE2\x86\x91"},   {"ucirc", "\xC3\xBB"},      {"ugrave", "\xC3\xB9"},
     {"uml", "\xC2\xA8"},         {"upsih", "\xCF\x92"},      {"upsilon", "\xCF\x85"},    {"uuml", "\xC3\xBC"},
     {"weierp", "\xE2\x84\x98"},  {"xi", "\xCE\xBE"},         {"yacute", "\xC3\xBD"},     {"yen", "\xC2\xA5"},
     {"yuml", "\xC3\xBF"},        {"zeta", "\xCE\xB6"},       {"zwj", "\xE2\x80\x8D"},    {"zwnj", "\xE2\x80\x8C"}});

void append_escaped(std::string& out, std::string_view text, std::string_view special) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find_first_of(special, at), text.size());
    out.append(text.substr(at, next - at));
    at = next;
    if (at == text.size()) return;
    switch (text[at++]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      case '\t': out += "&#9;"; break;
      case '\n': out += "&#10;"; break;
      default: out += "&#13;"; break;
    }
  }
}

}  // namespace

Result<void> read_xml(std::string_view text, const XmlLimits& limits, XmlHandler& handler) {
  if (text.size() > limits.bytes) {
    return fail(Fault::too_large, "xml.size", "",
                "the document is larger than the limit of " + std::to_string(limits.bytes) + " bytes");
  }
  return Reader(limits, handler, text).feed(text, true);
}

struct XmlStream::Impl : Reader {
  using Reader::Reader;
};

XmlStream::XmlStream(const XmlLimits& limits, XmlHandler& handler)
    : impl_(std::make_unique<Impl>(limits, handler, std::nullopt)) {}
XmlStream::~XmlStream() = default;

Result<void> XmlStream::feed(std::string_view piece, bool last) { return impl_->feed(piece, last); }

std::optional<std::string_view> html_entity(std::string_view name) {
  const auto* found = std::ranges::lower_bound(kEntities, name, {}, &Entity::name);
  if (found == kEntities.end() || found->name != name) return std::nullopt;
  return found->character;
}

void append_xml_text(std::string& out, std::string_view text) { append_escaped(out, text, "&<>\r"); }
void append_xml_attribute(std::string& out, std::string_view text) { append_escaped(out, text, "&<>\"\t\n\r"); }

}  // namespace fhir
