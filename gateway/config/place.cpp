#include "gateway/config/place.h"

#include <algorithm>
#include <vector>

namespace gateway::config {

namespace {

using adapters::map::Mark;
using adapters::map::Yaml;

/// Walks a scalar as it is written (YAML 1.2 §7.3, §8.1) and notes where each character of its value stands.
class Walk {
 public:
  Walk(std::string_view file, Mark start, std::size_t length) : file_(file), here_(start), length_(length) {
    for (std::uint32_t line = 1; line < start.line && at_ < file_.size(); ++line) at_ = next_line(at_);
    for (std::uint32_t column = 1; column < start.column && at_ < file_.size(); ++column) at_ += width(at_);
  }

  std::vector<Mark> places() {
    const char first = peek();
    if (first == '|' || first == '>')
      block(first == '>');
    else if (first == '"' || first == '\'')
      quoted(first);
    else
      plain();
    places_.push_back(here_);
    return std::move(places_);
  }

 private:
  char peek(std::size_t ahead = 0) const { return at_ + ahead < file_.size() ? file_[at_ + ahead] : '\0'; }
  bool going() const { return places_.size() < length_ && at_ < file_.size(); }
  std::size_t next_line(std::size_t at) const { return std::min(file_.find('\n', at), file_.size() - 1) + 1; }

  std::size_t width(std::size_t at) const {
    std::size_t end = at + 1;
    while (end < file_.size() && (static_cast<unsigned char>(file_[end]) & 0xC0u) == 0x80u) ++end;
    return end - at;
  }

  void step() {
    const bool newline = peek() == '\n';
    at_ += width(at_);
    here_.line += newline ? 1u : 0u;
    here_.column = newline ? 1u : here_.column + 1;
  }
  void steps(std::size_t count) {
    while (count-- > 0 && at_ < file_.size()) step();
  }
  void take() {
    places_.push_back(here_);
    step();
  }

  /// White space around line breaks is one space of the value, or one newline less than there are breaks.
  void fold() {
    const Mark start = here_;
    std::size_t breaks = 0;
    while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n') {
      breaks += peek() == '\n' ? 1u : 0u;
      step();
    }
    places_.insert(places_.end(), std::max<std::size_t>(breaks, 2) - 1, start);
  }

  bool at_break() const {
    const std::size_t text = file_.find_first_not_of(" \t\r", at_);
    return text != std::string_view::npos && file_[text] == '\n';
  }

  void plain() {
    while (going()) at_break() ? fold() : take();
  }

  void quoted(char quote) {
    step();
    while (going() && !(peek() == quote && !(quote == '\'' && peek(1) == '\''))) {
      if (at_break())
        fold();
      else if (peek() == quote || (quote == '"' && peek() == '\\'))
        escape();
      else
        take();
    }
  }

  /// '' in single quotes; \n, \x41, \u4e00, \U0001f600 and an escaped line break in double ones.
  void escape() {
    places_.push_back(here_);
    const char kind = peek(1);
    steps(kind == 'x' ? 4 : kind == 'u' ? 6 : kind == 'U' ? 10 : 2);
    if (kind != '\n') return;
    places_.pop_back();
    while (peek() == ' ' || peek() == '\t') step();
  }

  void block(bool folded) {
    while (going() && peek() != '\n') step();
    step();
    const std::size_t text = file_.find_first_not_of(" \n\r", at_);
    const std::size_t begin = text == std::string_view::npos ? at_ : file_.rfind('\n', text) + 1;
    const std::size_t indent = text == std::string_view::npos ? 0 : text - begin;
    while (going()) {
      for (std::size_t i = 0; i < indent && peek() == ' '; ++i) step();
      while (going() && peek() != '\n') take();
      const bool more = folded && peek(1) == '\n';
      if (more) step();  // of several breaks in a folded block one is dropped
      if (going()) take();
    }
  }

  std::string_view file_;
  std::size_t at_ = 0;
  Mark here_;
  std::size_t length_;  // in characters
  std::vector<Mark> places_;
};

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0u) != 0x80u; }));
}

}  // namespace

Mark place_in_scalar(std::string_view file, const Yaml& node, std::size_t line, std::size_t column) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < line && begin != std::string_view::npos; ++i) {
    begin = node.text.find('\n', begin);
    if (begin != std::string_view::npos) ++begin;
  }
  const std::string_view value = node.text;
  const std::size_t before = characters(value.substr(0, std::min(begin, value.size())));
  const auto places = Walk(file, node.mark, characters(value)).places();
  return places[std::min(before + std::max<std::size_t>(column, 1) - 1, places.size() - 1)];
}

}  // namespace gateway::config
