#include <algorithm>
#include <array>

#include "fhir/json.h"
#include "fhir/json_tape.h"

namespace fhir {

namespace {

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

}  // namespace

TextPlace place_in(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, std::min(offset, text.size()));
  const std::size_t newline = before.rfind('\n');
  const std::string_view line = newline == std::string_view::npos ? before : before.substr(newline + 1);
  TextPlace place;
  place.line += static_cast<std::size_t>(std::ranges::count(before, '\n'));
  place.column += static_cast<std::size_t>(std::ranges::count_if(line, [](char c) { return !is_continuation(c); }));
  return place;
}

// --------------------------------------------------------------------------------------------------------- JsonView
JsonKind JsonView::kind() const { return tape_ == nullptr ? JsonKind::absent : tape_->nodes[node_].kind; }

std::string_view JsonView::text() const {
  if (tape_ == nullptr) return {};
  const JsonNode& node = tape_->nodes[node_];
  return is_container(node.kind) ? std::string_view{} : tape_->text(node);
}

bool JsonView::has_text(const JsonKey& key) const {
  return tape_ != nullptr && !is_container(kind()) && tape_->is(tape_->nodes[node_], key);
}

std::size_t JsonView::size() const { return is_container(kind()) ? tape_->nodes[node_].a : 0; }

JsonKey::JsonKey(std::string_view text)
    : text_(text.data()),
      size_(static_cast<std::uint32_t>(text.size())),
      digest_(key_digest(text)),
      bit_(names_bit(digest_)),
      head_(word_of(text_, size_)),
      tail_(last_word_of(text_, size_)) {}

JsonView JsonView::operator[](const JsonKey& key) const {
  return is_object() ? tape_->view_of_found(tape_->find(node_, key)) : JsonView();
}

std::pair<JsonView, JsonView> JsonView::with_twin(const JsonKey& key, const JsonKey& twin) const {
  return {(*this)[key], may_have_twins() ? (*this)[twin] : JsonView()};
}

bool JsonView::may_have_twins() const { return is_object() && !tape_->nodes[node_].mark; }

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

JsonView JsonView::Iterator::operator*() const { return {tape_, node_}; }

std::string_view JsonView::Iterator::key() const {
  return in_object_ ? tape_->text(tape_->nodes[node_ - 1]) : std::string_view{};
}

JsonView::Iterator& JsonView::Iterator::operator++() {
  node_ = tape_->after(node_) + (in_object_ ? 1 : 0);
  return *this;
}

TextPlace JsonView::place() const {
  if (tape_ == nullptr) return {0, 0};
  return place_in(tape_->source, tape_->nodes[node_].source);
}

// ---------------------------------------------------------------------------------------------------------- writing
namespace {

void append_scalar(std::string& out, const JsonTape& tape, const JsonNode& node) {
  switch (node.kind) {
    case JsonKind::string: return append_json_string(out, tape.text(node));
    case JsonKind::null: out += "null"; return;
    default: out += tape.text(node);
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
  const std::size_t source_end = last < tape_->nodes.size() ? tape_->nodes[last].source : tape_->source.size();
  out.reserve(source_end - tape_->nodes[node_].source);
  bool fresh = true, named = false;  // nothing before it in its container; a member's name was just written
  for (std::uint32_t index = node_; index < last; ++index) {
    const JsonNode& node = tape_->nodes[index];
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

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const std::size_t plain = plain_prefix(text.data(), text.data() + text.size());
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
