#include "fhir/json.h"

#include <rapidjson/reader.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <span>

#include "fhir/json_tape.h"

namespace fhir {
namespace {

constexpr std::size_t kLargestText = 0x7fff'ffff;  // offsets are 32 bits wide

std::unexpected<Error> refuse(Fault fault, std::string_view text, std::size_t offset, std::string code,
                              std::string say) {
  const TextPlace place = place_in(text, offset);
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

// ---------------------------------------------------------------------------------------------------- reading in place

/// The strings that were written with escapes, one after the other.
struct Decoder {
  std::string& bytes;
  std::size_t start = 0;
  bool active = false;  // the string being read, or just read, has an escape
};

/// The text as RapidJSON's in-situ stream, but without writing into it: a string is "written" to where it stands until
/// its first escape; from there on it is written to the decoder.
class TapeStream {
 public:
  using Ch = char;

  TapeStream(const std::string& text, Decoder& decoder)
      : head_(text.data()),
        end_(head_ + text.size()),
        at_(head_),
        string_(head_),
        plain_end_(head_),
        decoder_(&decoder) {}

  Ch Peek() const { return *at_; }
  Ch Take() { return *at_++; }
  std::size_t Tell() const { return static_cast<std::size_t>(at_ - head_); }

  Ch* PutBegin() {
    string_ = plain_end_ = at_;
    decoder_->active = false;
    return const_cast<char*>(at_);  // NOLINT: RapidJSON's interface; nobody writes through it
  }
  void Put(Ch c) {
    const bool is_terminator = c == '\0' && at_[-1] == '"';
    if (decoder_->active || !is_terminator) decode(c);
  }
  /// The length, RapidJSON's terminator included.
  std::size_t PutEnd(Ch*) const {
    return decoder_->active ? decoder_->bytes.size() - decoder_->start : static_cast<std::size_t>(at_ - string_);
  }

  /// Goes on to the next quote, backslash or control character.
  void skip_plain() {
    const char* from = at_;
    at_ += plain_prefix(at_, end_);
    if (decoder_->active)
      decoder_->bytes.append(from, at_);
    else
      plain_end_ = at_;
  }

 private:
  [[gnu::noinline]] void decode(Ch c) {
    if (!decoder_->active) {
      decoder_->active = true;
      decoder_->start = decoder_->bytes.size();
      decoder_->bytes.append(string_, plain_end_);
    }
    decoder_->bytes += c;
  }

  const char *head_, *end_, *at_;
  const char *string_, *plain_end_;  // the string being read: its start, and where its first escape is
  Decoder* decoder_;
};

}  // namespace
}  // namespace fhir

namespace rapidjson {

template <>
struct StreamTraits<fhir::TapeStream> {
  enum { copyOptimization = 1 };
};

/// The loop that RapidJSON leaves to SIMD for its own streams.
template <>
template <>
inline void Reader::ScanCopyUnescapedString(fhir::TapeStream& stream, fhir::TapeStream&) {
  stream.skip_plain();
}

}  // namespace rapidjson

// ------------------------------------------------------------------------------------------------------ SAX to tape
namespace fhir {
namespace {

class TapeBuilder {
 public:
  struct Refusal {
    std::size_t offset;
    Fault fault;
    std::string_view code, say;
  };

  TapeBuilder(JsonTape& tape, const TapeStream& stream, Decoder& decoder, std::size_t depth)
      : tape_(tape), stream_(stream), decoder_(decoder), depth_(depth) {}

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
    JsonNode node{offset(text), length, offset(text) - 1, JsonKind::string};
    return (!decoder_.active || take_decoded(node)) && add(node);
  }
  bool Key(const char* text, rapidjson::SizeType length, bool copy) {
    keys_.push_back(size());
    if (!String(text, length, copy)) return false;
    JsonNode& name = tape_.nodes.back();
    JsonNode& object = tape_.nodes[open_.back()];
    const std::string_view word = tape_.text(name);
    name.digest = key_digest(word);
    object.digest |= names_bit(name.digest);
    if (word.starts_with('_')) object.mark = false;
    return true;
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
  std::uint32_t here() const { return static_cast<std::uint32_t>(stream_.Tell()); }
  std::uint32_t offset(const char* text) const { return static_cast<std::uint32_t>(text - tape_.source.data()); }

  bool add(const JsonNode& node) {
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
    return add({0, 0, here(), kind, kind == JsonKind::object});
  }

  void close(std::uint32_t children) {
    JsonNode& node = tape_.nodes[open_.back()];
    node.a = children;
    node.b = size();
    open_.pop_back();
  }

  bool take_decoded(JsonNode& node) {
    decoder_.bytes.pop_back();  // RapidJSON's terminator
    const std::string_view text = std::string_view(decoder_.bytes).substr(decoder_.start);
    if (text.contains('\0'))
      return refuse(node.source, Fault::invalid, "json.nul", "\\u0000 is not allowed in a string");
    if (has_surrogate(text))
      return refuse(node.source, Fault::invalid, "json.surrogate", "a string holds half of a surrogate pair");
    node.a = static_cast<std::uint32_t>(decoder_.start);
    node.mark = true;
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

  /// Compares a pair only when their digests have fallen into the same of 64 bits before.
  std::optional<std::uint32_t> repeated_of_few(std::span<const std::uint32_t> keys) const {
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const JsonNode& name = tape_.nodes[keys[i]];
      const std::uint64_t bit = std::uint64_t{1} << ((name.digest >> 1u) & 63u);
      const bool known = (seen & bit) != 0 && std::ranges::any_of(keys.first(i), [&](std::uint32_t other) {
                           return tape_.is_named(tape_.nodes[other], tape_.text(name), name.digest);
                         });
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
  const TapeStream& stream_;
  Decoder& decoder_;
  std::size_t depth_;
  std::vector<std::uint32_t> open_, keys_;
  std::optional<Refusal> refusal_;
};

struct Message {
  rapidjson::ParseErrorCode reason;
  std::string_view code, say;
};

constexpr std::array kMessages = {
    Message{rapidjson::kParseErrorDocumentEmpty, "json.empty", "the document is empty"},
    Message{rapidjson::kParseErrorDocumentRootNotSingular, "json.trailing",
            "something follows the end of the document"},
    Message{rapidjson::kParseErrorObjectMissName, "json.syntax", "a member's name in quotes is expected here"},
    Message{rapidjson::kParseErrorObjectMissColon, "json.syntax", "':' is expected here"},
    Message{rapidjson::kParseErrorObjectMissCommaOrCurlyBracket, "json.syntax", "',' or '}' is expected here"},
    Message{rapidjson::kParseErrorArrayMissCommaOrSquareBracket, "json.syntax", "',' or ']' is expected here"},
    Message{rapidjson::kParseErrorStringUnicodeSurrogateInvalid, "json.surrogate",
            "a string holds half of a surrogate pair"},
    Message{rapidjson::kParseErrorStringUnicodeEscapeInvalidHex, "json.escape",
            "\\u must be followed by four hexadecimal digits"},
    Message{rapidjson::kParseErrorStringEscapeInvalid, "json.escape", "there is no such escape sequence"},
    Message{rapidjson::kParseErrorStringMissQuotationMark, "json.syntax", "the string is not closed"},
    Message{rapidjson::kParseErrorNumberTooBig, "json.number-range", "the number is beyond 1e308"},
    Message{rapidjson::kParseErrorNumberMissFraction, "json.syntax", "a digit is expected after the point"},
    Message{rapidjson::kParseErrorNumberMissExponent, "json.syntax", "a digit is expected in the exponent"},
};
constexpr Message kControl{rapidjson::kParseErrorNone, "json.control-character",
                           "a control character in a string must be escaped"};
constexpr Message kNoValue{rapidjson::kParseErrorNone, "json.syntax", "a JSON value is expected here"};

const Message& message_for(std::string_view text, const rapidjson::ParseResult& result) {
  const bool control = result.Offset() < text.size() && static_cast<unsigned char>(text[result.Offset()]) < 0x20;
  if (result.Code() == rapidjson::kParseErrorStringEscapeInvalid && control) return kControl;
  const auto* found = std::ranges::find(kMessages, result.Code(), &Message::reason);
  return found == kMessages.end() ? kNoValue : *found;
}

Result<void> read(JsonTape& tape, std::size_t depth) {
  constexpr unsigned kFlags =
      rapidjson::kParseInsituFlag | rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag;
  Decoder decoder{tape.decoded};
  TapeStream stream(tape.source, decoder);
  TapeBuilder builder(tape, stream, decoder, depth);
  rapidjson::Reader reader;
  const rapidjson::ParseResult parsed = reader.Parse<kFlags>(stream, builder);
  if (const auto& r = builder.refusal())
    return refuse(r->fault, tape.source, r->offset, std::string(r->code), std::string(r->say));
  if (!parsed.IsError()) return {};
  const Message& message = message_for(tape.source, parsed);
  return refuse(Fault::invalid, tape.source, parsed.Offset(), std::string(message.code), std::string(message.say));
}

}  // namespace

Json::Json(std::unique_ptr<JsonTape> tape) : tape_(std::move(tape)) {}
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

JsonView Json::root() const { return {tape_.get(), 0}; }

Result<Json> Json::parse(std::string text, const JsonLimits& limits) {
  if (auto fine = check_bytes(text, limits); !fine) return pass(fine);
  auto tape = std::make_unique<JsonTape>();
  tape->source = std::move(text);
  tape->nodes.reserve(tape->source.size() / 8 + 1);
  if (auto done = read(*tape, limits.depth); !done) return pass(done);
  return Json(std::move(tape));
}

}  // namespace fhir
