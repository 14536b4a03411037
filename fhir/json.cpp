#include "fhir/json.h"

#define RAPIDJSON_HAS_STDSTRING 0
#include <rapidjson/reader.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

namespace fhir {
namespace {

struct Node {
  std::uint32_t a = 0;       // text: offset of its first byte;  container: number of children
  std::uint32_t b = 0;       // text: length in bytes;           container: the node after its last descendant
  std::uint32_t source = 0;  // offset of the value's first character (a string's opening quote)
  JsonKind kind = JsonKind::absent;
  bool decoded = false;  // the text had escapes: it lies in JsonTape::decoded
};
static_assert(sizeof(Node) == 16);

constexpr std::size_t kLargestText = 0x7fff'ffff;  // offsets are 32 bits wide

bool is_container(JsonKind kind) {
  return kind == JsonKind::object || kind == JsonKind::array;
}

}  // namespace

// The nodes in document order: a container, then its children; in objects a string node with the name before each
// value.
struct JsonTape {
  std::string source;   // as received, but a closing quote may have become NUL
  std::string decoded;  // strings that were written with escapes
  std::vector<Node> nodes;

  std::string_view text(const Node& node) const { return {(node.decoded ? decoded : source).data() + node.a, node.b}; }
  std::uint32_t after(std::uint32_t index) const {
    const Node& node = nodes[index];
    return is_container(node.kind) ? node.b : index + 1;
  }
};

// ---------------------------------------------------------------------------------------------------------- places
namespace {

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) == 0x80;
}

TextPlace place_of(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t newline = before.rfind('\n');
  const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
  TextPlace place;
  place.line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
  place.column += static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return !is_continuation(c); }));
  return place;
}

std::unexpected<Error> refuse(Fault fault, std::string_view text, std::size_t offset, std::string code,
                              std::string say) {
  const TextPlace place = place_of(text, offset);
  return fail(fault, std::move(code), std::to_string(place.line) + ":" + std::to_string(place.column), std::move(say));
}

// ------------------------------------------------------------------------------------- what RapidJSON does not check

/// Length of the well-formed UTF-8 sequence at the head of `text`, 0 when there is none (RFC 3629 §4).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto tail = [&](std::size_t i) { return (byte(i) & 0xc0u) == 0x80u; };
  const unsigned lead = byte(0), next = byte(1);
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return tail(1) ? 2 : 0;
  if ((lead & 0xf0) == 0xe0) {
    const bool overlong = lead == 0xe0 && next < 0xa0, surrogate = lead == 0xed && next > 0x9f;
    return tail(1) && tail(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const bool overlong = lead == 0xf0 && next < 0x90, too_large = lead == 0xf4 && next > 0x8f;
    return tail(1) && tail(2) && tail(3) && !overlong && !too_large ? 4 : 0;
  }
  return 0;
}

std::size_t first_bad_utf8(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return at;
}

Result<void> check_bytes(std::string_view text, const JsonLimits& limits) {
  if (text.size() > std::min(limits.bytes, kLargestText))
    return fail(
        Fault::too_large, "json.size", "",
        "the document is larger than the limit of " + std::to_string(std::min(limits.bytes, kLargestText)) + " bytes");
  if (text.starts_with("\xEF\xBB\xBF"))
    return refuse(Fault::invalid, text, 0, "json.bom",
                  "the document begins with a byte order mark; send UTF-8 without it");
  if (!simdjson::validate_utf8(text.data(), text.size()))
    return refuse(Fault::invalid, text, first_bad_utf8(text), "json.utf8", "the bytes here are not UTF-8");
  if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos)
    return refuse(Fault::invalid, text, nul, "json.control-character", "a NUL byte cannot stand in a JSON text");
  return {};
}

/// A lone low surrogate passes RapidJSON and comes out as the UTF-8 of U+DC00..U+DFFF, which no valid text contains.
bool has_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos; at = text.find('\xED', at + 1))
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xa0) return true;
  return false;
}

// ------------------------------------------------------------------------------------------------------ SAX to tape
using Stream = rapidjson::InsituStringStream;

class TapeBuilder {
 public:
  struct Refusal {
    std::size_t offset;
    Fault fault;
    std::string_view code, say;
  };

  TapeBuilder(JsonTape& tape, const Stream& stream, const char* work, bool escaped, std::size_t depth)
      : tape_(tape), stream_(stream), work_(work), escaped_(escaped), depth_(depth) {}

  const std::optional<Refusal>& refusal() const { return refusal_; }

  // What rapidjson::Reader calls. At Null and Bool the word has been read; at Start* the bracket is still ahead.
  bool Null() { return add({0, 0, here() - 4, JsonKind::null}); }
  bool Bool(bool value) {
    const std::uint32_t length = value ? 4 : 5;
    return add({here() - length, length, here() - length, JsonKind::boolean});
  }
  bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
    return add({offset(text), length, offset(text), JsonKind::number});
  }
  bool String(const char* text, rapidjson::SizeType length, bool) {
    Node node{offset(text), length, offset(text) - 1, JsonKind::string};
    return (!escaped_ || decode(node, {text, length})) && add(node);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) {
    keys_.push_back(size());
    return String(text, length, copy);
  }
  bool StartObject() { return open(JsonKind::object); }
  bool StartArray() { return open(JsonKind::array); }
  bool EndObject(rapidjson::SizeType members) {
    close(members);
    return unique(members);
  }
  bool EndArray(rapidjson::SizeType items) {
    close(items);
    return true;
  }
  // kParseNumbersAsStringsFlag sends every number to RawNumber.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

 private:
  std::uint32_t size() const { return static_cast<std::uint32_t>(tape_.nodes.size()); }
  std::uint32_t here() const { return static_cast<std::uint32_t>(stream_.src_ - stream_.head_); }
  std::uint32_t offset(const char* text) const { return static_cast<std::uint32_t>(text - work_); }

  bool add(const Node& node) {
    tape_.nodes.push_back(node);
    return true;
  }

  bool refuse(std::size_t at, Fault fault, std::string_view code, std::string_view say) {
    refusal_ = Refusal{at, fault, code, say};
    return false;
  }

  bool open(JsonKind kind) {
    if (open_.size() >= depth_) return refuse(here(), Fault::too_large, "json.depth", "nested deeper than the limit");
    open_.push_back(size());
    return add({0, 0, here(), kind});
  }

  void close(std::uint32_t children) {
    Node& node = tape_.nodes[open_.back()];
    node.a = children;
    node.b = size();
    open_.pop_back();
  }

  /// Moves a string that was written with escapes to its own place. (The first escape is never further from the start
  /// than the decoded text is long, so looking there is enough.)
  bool decode(Node& node, std::string_view text) {
    if (std::memchr(tape_.source.data() + node.a, '\\', node.b) == nullptr) return true;
    if (text.find('\0') != std::string_view::npos)
      return refuse(node.source, Fault::invalid, "json.nul", "\\u0000 is not allowed in a string");
    if (has_surrogate(text))
      return refuse(node.source, Fault::invalid, "json.surrogate", "a string holds half of a surrogate pair");
    node.a = static_cast<std::uint32_t>(tape_.decoded.size());
    node.decoded = true;
    tape_.decoded += text;
    return true;
  }

  bool unique(std::size_t members) {
    const std::span<std::uint32_t> keys = std::span(keys_).last(members);
    const std::optional<std::uint32_t> again = members <= 16 ? repeated_of_few(keys) : repeated_of_many(keys);
    keys_.resize(keys_.size() - members);
    if (!again) return true;
    return refuse(tape_.nodes[*again].source, Fault::invalid, "json.duplicate-key",
                  "a member of that name was already given in this object");
  }

  std::string_view key(std::uint32_t index) const { return tape_.text(tape_.nodes[index]); }

  /// Compares a pair only when length, first and last byte have fallen into the same of 64 bits before.
  std::optional<std::uint32_t> repeated_of_few(std::span<const std::uint32_t> keys) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const std::string_view name = key(keys[i]);
      const unsigned mix =
          name.empty() ? 0u : static_cast<unsigned char>(name.front()) * 7u + static_cast<unsigned char>(name.back());
      const std::uint64_t bit = std::uint64_t{1} << ((mix + name.size() * 5u) & 63u);
      const bool known = (seen & bit) != 0 &&
                         std::ranges::any_of(keys.first(i), [&](std::uint32_t other) { return key(other) == name; });
      if (known) return keys[i];
      seen |= bit;
    }
    return std::nullopt;
  }

  /// Sorting, not hashing: whoever sends the names cannot make it slow.
  std::optional<std::uint32_t> repeated_of_many(std::span<std::uint32_t> keys) const {
    std::ranges::sort(keys, [&](std::uint32_t x, std::uint32_t y) {
      const int order = key(x).compare(key(y));
      return order != 0 ? order < 0 : x < y;
    });
    std::optional<std::uint32_t> first;
    for (std::size_t i = 1; i < keys.size(); ++i)
      if (key(keys[i - 1]) == key(keys[i]) && (!first || keys[i] < *first)) first = keys[i];
    return first;
  }

  JsonTape& tape_;
  const Stream& stream_;
  const char* work_;
  bool escaped_;
  std::size_t depth_;
  std::vector<std::uint32_t> open_, keys_;
  std::optional<Refusal> refusal_;
};

std::unexpected<Error> syntax_error(std::string_view text, rapidjson::ParseErrorCode code, std::size_t offset) {
  const auto error = [&](std::string name, std::string say) {
    return refuse(Fault::invalid, text, offset, std::move(name), std::move(say));
  };
  const bool control = offset < text.size() && static_cast<unsigned char>(text[offset]) < 0x20;
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return error("json.empty", "the document is empty");
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return error("json.trailing", "something follows the end of the document");
    case rapidjson::kParseErrorObjectMissName:
      return error("json.syntax", "a member's name in quotes is expected here");
    case rapidjson::kParseErrorObjectMissColon:
      return error("json.syntax", "':' is expected here");
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return error("json.syntax", "',' or '}' is expected here");
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return error("json.syntax", "',' or ']' is expected here");
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return error("json.surrogate", "a string holds half of a surrogate pair");
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return error("json.escape", "\\u must be followed by four hexadecimal digits");
    case rapidjson::kParseErrorStringEscapeInvalid:
      return control ? error("json.control-character", "a control character in a string must be escaped")
                     : error("json.escape", "no such escape sequence");
    case rapidjson::kParseErrorStringMissQuotationMark:
      return error("json.syntax", "the string is not closed");
    case rapidjson::kParseErrorNumberTooBig:
      return error("json.number-range", "the number is beyond 1e308");
    case rapidjson::kParseErrorNumberMissFraction:
      return error("json.syntax", "a digit is expected after the point");
    case rapidjson::kParseErrorNumberMissExponent:
      return error("json.syntax", "a digit is expected in the exponent");
    default:
      return error("json.syntax", "a JSON value is expected here");
  }
}

/// Fills `tape.nodes`. `work` is overwritten; it is the source itself or, when that has escapes, a copy of it: the
/// source is needed again to say where a value stood.
Result<void> read(JsonTape& tape, char* work, bool escaped, std::size_t depth) {
  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  Stream stream(work);
  TapeBuilder builder(tape, stream, work, escaped, depth);
  rapidjson::Reader reader;
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(stream, builder);
  if (const auto& r = builder.refusal())
    return refuse(r->fault, tape.source, r->offset, std::string(r->code), std::string(r->say));
  if (parsed.IsError()) return syntax_error(tape.source, parsed.Code(), parsed.Offset());
  return {};
}

}  // namespace

// ------------------------------------------------------------------------------------------------------------- Json
Json::Json(std::unique_ptr<JsonTape> tape) : tape_(std::move(tape)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

JsonView Json::root() const {
  return {tape_.get(), 0};
}

Result<Json> Json::parse(std::string text, const JsonLimits& limits) {
  if (auto fine = check_bytes(text, limits); !fine) return pass(fine);
  auto tape = std::make_unique<JsonTape>();
  tape->source = std::move(text);
  tape->nodes.reserve(tape->source.size() / 16 + 1);
  const bool escaped = tape->source.find('\\') != std::string::npos;
  std::string copy;
  if (escaped) copy = tape->source;
  if (auto done = read(*tape, escaped ? copy.data() : tape->source.data(), escaped, limits.depth); !done)
    return pass(done);
  return Json(std::move(tape));
}

// --------------------------------------------------------------------------------------------------------- JsonView
JsonKind JsonView::kind() const {
  return tape_ == nullptr ? JsonKind::absent : tape_->nodes[node_].kind;
}

std::string_view JsonView::text() const {
  if (tape_ == nullptr) return {};
  const Node& node = tape_->nodes[node_];
  return is_container(node.kind) ? std::string_view{} : tape_->text(node);
}

std::size_t JsonView::size() const {
  return is_container(kind()) ? tape_->nodes[node_].a : 0;
}

JsonView JsonView::operator[](std::string_view key) const {
  if (!is_object()) return {};
  const std::uint32_t end = tape_->nodes[node_].b;
  for (std::uint32_t name = node_ + 1; name < end; name = tape_->after(name + 1))
    if (tape_->text(tape_->nodes[name]) == key) return {tape_, name + 1};
  return {};
}

JsonView JsonView::at(std::size_t n) const {
  if (n >= size()) return {};
  Iterator it = begin();
  for (; n > 0; --n) ++it;
  return *it;
}

JsonView::Iterator JsonView::begin() const {
  Iterator it;
  if (!is_container(kind())) return it;
  it.tape_ = tape_;
  it.in_object_ = is_object();
  it.node_ = node_ + (it.in_object_ ? 2 : 1);
  return it;
}

JsonView::Iterator JsonView::end() const {
  Iterator it = begin();
  if (it.tape_ != nullptr) it.node_ = tape_->nodes[node_].b + (it.in_object_ ? 1 : 0);
  return it;
}

JsonView JsonView::Iterator::operator*() const {
  return {tape_, node_};
}

std::string_view JsonView::Iterator::key() const {
  return in_object_ ? tape_->text(tape_->nodes[node_ - 1]) : std::string_view{};
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  node_ = tape_->after(node_) + (in_object_ ? 1 : 0);
  return *this;
}

TextPlace JsonView::place() const {
  if (tape_ == nullptr) return {0, 0};
  return place_of(tape_->source, tape_->nodes[node_].source);
}

// ---------------------------------------------------------------------------------------------------------- writing
namespace {

void append_scalar(std::string& out, const JsonTape& tape, const Node& node) {
  switch (node.kind) {
    case JsonKind::string:
      return append_json_string(out, tape.text(node));
    case JsonKind::null:
      out += "null";
      return;
    default:
      out += tape.text(node);
  }
}

}  // namespace

std::string JsonView::dump() const {
  std::string out;
  if (tape_ == nullptr) return out;
  struct Open {
    std::uint32_t end;
    char close;
  };
  std::vector<Open> open;
  const std::uint32_t last = tape_->after(node_);
  bool fresh = true, named = false;  // nothing before it in its container; a member's name was just written
  for (std::uint32_t index = node_; index < last; ++index) {
    const Node& node = tape_->nodes[index];
    if (!fresh && !named) out += ',';
    fresh = false;
    const bool is_name = !named && !open.empty() && open.back().close == '}';
    if (is_container(node.kind)) {
      const bool object = node.kind == JsonKind::object;
      out += object ? '{' : '[';
      open.push_back({node.b, object ? '}' : ']'});
      fresh = true;
    } else {
      append_scalar(out, *tape_, node);
      if (is_name) out += ':';
    }
    named = is_name;
    while (!open.empty() && open.back().end == index + 1) {
      out += open.back().close;
      open.pop_back();
      fresh = false;
    }
  }
  return out;
}

namespace {

constexpr std::string_view kHex = "0123456789abcdef";

constexpr std::array<char, 256> kEscapes = [] {
  std::array<char, 256> table{};
  for (std::size_t c = 0; c < 0x20; ++c) table[c] = 'u';
  table['"'] = '"';
  table['\\'] = '\\';
  table['\b'] = 'b';
  table['\f'] = 'f';
  table['\n'] = 'n';
  table['\r'] = 'r';
  table['\t'] = 't';
  return table;
}();

/// The high bit of every byte that must be escaped (bytes of 0x80 and more pass); eight at once.
std::uint64_t escape_mask(std::uint64_t word) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHigh = kOnes << 7;
  const auto zero_bytes = [](std::uint64_t w) { return (w - kOnes) & ~w; };
  const std::uint64_t control = (word - kOnes * 0x20) & ~word;
  return (control | zero_bytes(word ^ (kOnes * '"')) | zero_bytes(word ^ (kOnes * '\\'))) & kHigh;
}

/// How many leading bytes need no escape.
std::size_t plain_prefix(std::string_view text) {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, 8);
    if (escape_mask(word) != 0) break;
  }
  while (at < text.size() && kEscapes[static_cast<unsigned char>(text[at])] == 0) ++at;
  return at;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text);
    out += text.substr(0, plain);
    if (plain == text.size()) break;
    const auto c = static_cast<unsigned char>(text[plain]);
    out += '\\';
    out += kEscapes[c];
    if (kEscapes[c] == 'u') out.append("00").append(1, kHex[c >> 4]).append(1, kHex[c & 15]);
    text.remove_prefix(plain + 1);
  }
  out += '"';
}

}  // namespace fhir
