// JSON as FHIR needs it: numbers keep their digits (1.10 stays 1.10), member order is kept, and what cannot be
// trusted is refused with line and column: duplicate keys, invalid UTF-8, control characters, \u0000, lone surrogates,
// nesting and size past the limits, anything after the value. (RFC 8259; FHIR R4 json.html)
//
// Two shapes. `Json` is an immutable parsed document: the text as received and one tape of 16-byte nodes over it;
// `JsonView` is a cheap cursor into it (valid while the Json lives, also after the Json was moved; safe to read from
// many threads). `JsonTree` is a small mutable tree for building and rewriting resources. Only json.cpp knows RapidJSON
// and simdjson.
#pragma once
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/result.h"

namespace fhir {

enum class JsonKind : std::uint8_t { absent, null, boolean, number, string, array, object };

struct JsonLimits {
  std::size_t bytes = 64u << 20;
  std::size_t depth = 100;
};

struct TextPlace {
  std::size_t line = 1;    // from 1
  std::size_t column = 1;  // from 1, in characters (code points), not bytes
};

struct JsonTape;

/// A member's name to be looked for many times, with all that the search needs worked out ahead and at hand: a search
/// reads the text itself only when it is longer than R4's names are. The text outlives it.
class JsonKey {
 public:
  JsonKey() = default;
  explicit JsonKey(std::string_view text);
  std::string_view text() const { return {text_, size_}; }
  /// The one of sixteen that an object has set when it has this name, or another of the same bit (json_tape.h).
  std::uint16_t bit() const { return bit_; }

 private:
  friend class JsonView;
  friend struct JsonTape;
  const char* text_ = nullptr;
  std::uint32_t size_ = 0;
  std::uint16_t digest_ = 0;  // json_tape.h
  std::uint16_t bit_ = 0;
  std::uint64_t head_ = 0;  // the first and the last bytes, up to eight: all of it up to sixteen
  std::uint64_t tail_ = 0;
};

class JsonView {
 public:
  JsonView() = default;  // absent

  JsonKind kind() const;
  explicit operator bool() const { return kind() != JsonKind::absent; }
  bool is_object() const { return kind() == JsonKind::object; }
  bool is_array() const { return kind() == JsonKind::array; }
  bool is_string() const { return kind() == JsonKind::string; }

  /// The decoded string, the number's digits as written, or "true"/"false"; empty for anything else.
  std::string_view text() const;
  /// text() == key.text(), at the price of a search's comparison.
  bool has_text(const JsonKey& key) const;
  /// Members of an object or items of an array; 0 for anything else.
  std::size_t size() const;
  /// The member of that name, or an absent view (also when this is no object).
  JsonView operator[](std::string_view key) const { return (*this)[JsonKey(key)]; }
  JsonView operator[](const JsonKey& key) const;
  /// A primitive's value and its twin, of the same name with an underscore before it.
  std::pair<JsonView, JsonView> with_twin(const JsonKey& key, const JsonKey& twin) const;
  /// False: no primitive in this object has a twin.
  bool may_have_twins() const;
  /// The n-th item of an array or the n-th member's value of an object; absent past the end. Walks from the first.
  JsonView at(std::size_t n) const;

  /// Iterates the values of an array or object in order; `key()` is the member's name (empty in arrays).
  class Iterator {
   public:
    using iterator_concept = std::forward_iterator_tag;
    using iterator_category = std::input_iterator_tag;
    using value_type = JsonView;
    using difference_type = std::ptrdiff_t;

    JsonView operator*() const;
    std::string_view key() const;
    Iterator& operator++();
    Iterator operator++(int) {
      const Iterator before = *this;
      ++*this;
      return before;
    }
    bool operator==(const Iterator&) const = default;

   private:
    friend class JsonView;
    const JsonTape* tape_ = nullptr;
    std::uint32_t node_ = 0;
    bool in_object_ = false;
  };
  Iterator begin() const;
  Iterator end() const;

  /// Where the value begins in the text that was parsed.
  TextPlace place() const;
  /// Compact JSON of this value, digits and order kept.
  std::string dump() const;
  bool operator==(const JsonView&) const = default;  // the same node of the same document

 private:
  friend class Json;
  friend struct JsonTape;
  JsonView(const JsonTape* tape, std::uint32_t node) : tape_(tape), node_(node) {}
  const JsonTape* tape_ = nullptr;
  std::uint32_t node_ = 0;
};

class Json {
 public:
  /// Errors: Error.where is "line:column"; Error.code is one of json.syntax, json.empty, json.trailing, json.bom,
  /// json.utf8, json.control-character, json.nul, json.surrogate, json.escape, json.number-range,
  /// json.duplicate-key, json.depth, json.size.
  static Result<Json> parse(std::string text, const JsonLimits& limits = {});
  Json(Json&&) noexcept;
  Json& operator=(Json&&) noexcept;
  ~Json();
  JsonView root() const;

 private:
  friend struct JsonTape;
  explicit Json(std::unique_ptr<JsonTape> tape);
  std::unique_ptr<JsonTape> tape_;
};

/// A mutable JSON value. Objects keep insertion order. A value type: copying copies deeply. Absent members and items
/// are not written.
class JsonTree {
 public:
  using Member = std::pair<std::string, JsonTree>;

  JsonTree() = default;  // absent
  static JsonTree object();
  static JsonTree array();
  static JsonTree string(std::string value);
  static JsonTree number(std::string digits);  // written as given: the caller vouches that it is a JSON number
  static JsonTree boolean(bool value);
  static JsonTree null();
  static JsonTree object(std::initializer_list<std::pair<std::string_view, JsonTree>> members);
  static JsonTree from(JsonView view);

  JsonTree(std::string_view text) : JsonTree(string(std::string(text))) {}  // NOLINT: reads well in builders
  JsonTree(const char* text) : JsonTree(string(text)) {}                    // NOLINT
  JsonTree(const std::string& text) : JsonTree(string(text)) {}             // NOLINT

  JsonKind kind() const { return kind_; }
  explicit operator bool() const { return kind_ != JsonKind::absent; }
  const std::string& text() const { return text_; }
  std::size_t size() const { return children_.size(); }

  /// The member's value, or nullptr.
  const JsonTree* find(std::string_view key) const;
  JsonTree* find(std::string_view key);
  /// The member's text, or "" when it is missing or no scalar.
  std::string_view text_of(std::string_view key) const;
  /// Gets or makes the member (an absent value becomes an object).
  JsonTree& operator[](std::string_view key);
  void set(std::string_view key, JsonTree value);
  bool erase(std::string_view key);
  /// Appends to an array (an absent value becomes an array) and returns the new item.
  JsonTree& push(JsonTree value);
  /// Array items have empty names.
  std::vector<Member>& children() { return children_; }
  const std::vector<Member>& children() const { return children_; }

  std::string dump() const;            // compact
  std::string dump(int indent) const;  // for people
  bool operator==(const JsonTree&) const = default;

 private:
  JsonKind kind_ = JsonKind::absent;
  std::string text_;
  std::vector<Member> children_;
};

/// Appends `text` as a JSON string literal with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace fhir
