#include <algorithm>
#include <optional>
#include <string>

#include "fhir/bundle_splitter.h"

namespace fhir {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ends_word(char c) { return is_space(c) || c == ',' || c == ']' || c == '}'; }

/// Steps over one JSON value without judging it: it ends where its brackets and quotes close.
class ValueSkipper {
 public:
  /// Moves `at` to the end of the value and returns true, or to the end of the piece.
  bool skip(std::string_view piece, std::size_t& at) {
    while (at < piece.size()) {
      if (in_string_) {
        skip_string(piece, at);
      } else if (depth_ == 0 && begun_ && ends_word(piece[at])) {
        return true;
      } else {
        take(piece[at++]);
      }
      if (closed_) return true;
    }
    return false;
  }

 private:
  void take(char c) {
    begun_ = true;
    if (c == '"') in_string_ = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && depth_ > 0) closed_ = --depth_ == 0;
  }

  void skip_string(std::string_view piece, std::size_t& at) {
    if (escaped_) {
      escaped_ = false;
      ++at;
      return;
    }
    at = std::min(piece.find_first_of("\"\\", at), piece.size());
    if (at == piece.size()) return;
    escaped_ = piece[at] == '\\';
    in_string_ = escaped_;
    closed_ = !in_string_ && depth_ == 0;
    ++at;
  }

  std::size_t depth_ = 0;
  bool begun_ = false, in_string_ = false, escaped_ = false, closed_ = false;
};

class JsonSplitter final : public BundleSplitter {
 public:
  Result<void> feed(std::string_view piece, bool last) override {
    base_ += fed_;
    fed_ = piece.size();
    for (at_ = 0; at_ < piece.size();)
      if (auto done = step(piece); !done) return done;
    if (last && state_ != State::done) return wrong("the Bundle ends before it is complete");
    return {};
  }

  std::size_t position() const override { return base_ + at_; }
  std::size_t settled() const override { return open_.value_or(position()); }
  BundleFrame frame() const override { return {"{", ",", "}"}; }

 private:
  enum class State : std::uint8_t {
    start,
    first_name,
    name,
    in_name,
    colon,
    value,
    in_value,
    after_value,
    first_item,
    item,
    in_item,
    after_item,
    done
  };

  static Result<void> wrong(std::string say) { return fail(Fault::invalid, "json.syntax", "", std::move(say)); }

  Result<void> step(std::string_view piece) {
    switch (state_) {
      case State::in_name: return in_name(piece);
      case State::in_value: return in_marked(piece, false, State::after_value);
      case State::in_item: return in_marked(piece, true, State::after_item);
      default: break;
    }
    if (!is_space(piece[at_])) return between(piece[at_]);
    ++at_;
    return {};
  }

  /// At a character between values; what begins a value is left to the skipper.
  Result<void> between(char c) {
    switch (state_) {
      case State::start: return c == '{' ? go(State::first_name) : wrong("a Bundle is an object");
      case State::first_name:
        if (c == '}') return go(State::done);
        [[fallthrough]];
      case State::name:
        return c == '"' ? mark_from_here(State::in_name) : wrong("the name of a member is expected here");
      case State::colon: return c == ':' ? go(State::value) : wrong("a colon is expected here");
      case State::value: return value(c);
      case State::first_item:
        if (c == ']') return go(State::after_value);
        [[fallthrough]];
      case State::item: return ends_word(c) ? wrong("an entry is expected here") : mark_from_here(State::in_item);
      case State::after_value:
        if (c == '}') return go(State::done);
        return c == ',' ? go(State::name) : wrong("a comma or a closing brace is expected here");
      case State::after_item:
        if (c == ']') return go(State::after_value);
        return c == ',' ? go(State::item) : wrong("a comma or a closing bracket is expected here");
      default: return fail(Fault::invalid, "json.trailing", "", "something follows the Bundle");
    }
  }

  Result<void> go(State state) {
    state_ = state;
    ++at_;
    return {};
  }

  Result<void> mark_from_here(State state) {
    open_ = position();
    skipper_ = {};
    name_.clear();
    state_ = state;
    return {};
  }

  Result<void> in_name(std::string_view piece) {
    constexpr std::size_t kLongest = 32;  // more need not be known of a name
    const std::size_t from = at_;
    if (skipper_.skip(piece, at_)) state_ = State::colon;
    if (name_.size() < kLongest) name_ += piece.substr(from, at_ - from);
    return {};
  }

  Result<void> value(char c) {
    if (name_ == "\"entry\"" && c == '[') {
      if (std::exchange(has_entries_, true))
        return fail(Fault::invalid, "json.duplicate-key", "", "the Bundle has `entry` twice");
      open_.reset();
      return go(State::first_item);
    }
    if (ends_word(c)) return wrong("a value is expected here");
    skipper_ = {};
    state_ = State::in_value;
    return {};
  }

  Result<void> in_marked(std::string_view piece, bool entry, State next) {
    if (!skipper_.skip(piece, at_)) return {};
    marks.push_back({entry, *open_, position()});
    open_.reset();
    state_ = next;
    return {};
  }

  State state_ = State::start;
  ValueSkipper skipper_;
  std::string name_;
  std::optional<std::size_t> open_;  // where the member or entry at hand begins
  std::size_t base_ = 0, fed_ = 0, at_ = 0;
  bool has_entries_ = false;
};

}  // namespace

std::unique_ptr<BundleSplitter> json_splitter() { return std::make_unique<JsonSplitter>(); }

}  // namespace fhir
