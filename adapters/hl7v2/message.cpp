#include "adapters/hl7v2/message.h"

#include <algorithm>
#include <unordered_map>
#include <utility>

#include "adapters/charset.h"
#include "adapters/hl7v2/standard.h"

namespace adapters::hl7v2 {

namespace {

using fhir::fail;
using fhir::Fault;
using fhir::pass;

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_segment_name(std::string_view name) {
  return name.size() == 3 && is_upper(name[0]) && (is_upper(name[1]) || is_digit(name[1])) &&
         (is_upper(name[2]) || is_digit(name[2]));
}

bool is_known_segment(std::string_view name) {
  return is_segment_name(name) && (name[0] == 'Z' || is_standard_segment(name));
}

/// Can it separate? `.` and `"` have a meaning of their own: \.br\ and the explicit null.
bool is_symbol(char c) {
  return c != '.' && c != '"' && c > ' ' && c < '\x7F' && !is_upper(c) && !is_digit(c) && !(c >= 'a' && c <= 'z');
}

bool is_control(char c) { return (c >= '\0' && c < ' ' && c != '\t' && c != '\n') || c == '\x7F'; }

std::unexpected<fhir::Error> invalid(std::string_view code, std::string where, std::string say) {
  return fail(Fault::invalid, "hl7v2." + std::string(code), std::move(where), std::move(say));
}

std::unexpected<fhir::Error> too_large(std::string where, std::string_view what, std::size_t limit) {
  return fail(Fault::too_large, "hl7v2.too-large", std::move(where),
              "more than " + std::to_string(limit) + " " + std::string(what));
}

bool all_different(std::string_view symbols) {
  for (std::size_t i = 0; i < symbols.size(); ++i) {
    if (symbols.find(symbols[i], i + 1) != std::string_view::npos) return false;
  }
  return true;
}

std::string place(std::string_view segment, std::size_t occurrence, std::size_t field) {
  std::string text = std::string(segment) + "[" + std::to_string(occurrence) + "]";
  return field == 0 ? text : text + "-" + std::to_string(field);
}

}  // namespace

Result<Separators> read_separators(std::string_view msh) {
  if (msh.size() < 5 || !is_symbol(msh[3])) {
    return invalid("separators", "MSH-1", "MSH must name its separators, as in MSH|^~\\&|");
  }
  std::string_view named = msh.substr(4, msh.find(msh[3], 4) - 4);
  if (named == "^~\\\\&") named = "^~\\&";
  const bool symbols = std::ranges::all_of(named, is_symbol);
  if (named.size() < 4 || named.size() > 5 || !symbols || !all_different(std::string(named) + msh[3])) {
    return invalid("separators", "MSH-2", "MSH-2 must hold four or five different symbols, as in ^~\\&");
  }
  return Separators{msh[3], named[0], named[1], named[2], named[3], named.size() == 5 ? named[4] : '\0'};
}

std::string_view part(std::string_view raw, char separator, std::size_t n) {
  for (; n > 1; --n) {
    const std::size_t at = raw.find(separator);
    if (at == std::string_view::npos) return {};
    raw.remove_prefix(at + 1);
  }
  return raw.substr(0, raw.find(separator));
}

std::size_t parts(std::string_view raw, char separator) {
  return 1 + static_cast<std::size_t>(std::ranges::count(raw, separator));
}

std::string_view inside(std::string_view field, const Position& at, const Separators& by) {
  if (at.repetition == 0 && at.component == 0 && at.subcomponent == 0) return field;
  const std::string_view repetition = part(field, by.repetition, std::max(at.repetition, 1u));
  if (at.component == 0 && at.subcomponent == 0) return repetition;
  const std::string_view component = part(repetition, by.component, std::max(at.component, 1u));
  return at.subcomponent == 0 ? component : part(component, by.subcomponent, at.subcomponent);
}

std::string_view Segment::field(std::size_t n) const {
  if (n == 0 || n > ends_.size()) return {};
  if (n == 1 && name() == "MSH") return line_.substr(3, 1);
  const std::size_t begin = n == 1 ? 4 : ends_[n - 2] + 1;
  return line_.substr(begin, ends_[n - 1] - begin);
}

/// Reads a message in one pass over its lines.
class Message::Reader {
 public:
  Reader(Message& message, const Limits& limits) : message_(message), limits_(limits), text_(*message.text_) {}

  Result<void> read() {
    std::size_t at = text_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    at = std::min(text_.find_first_not_of("\r\n", at), text_.size());
    if (at == text_.size()) return invalid("empty", "", "there is no message");
    const char end_of_segment = text_.contains('\r') ? '\r' : '\n';
    while (at < text_.size()) {
      const std::size_t end = std::min(text_.find(end_of_segment, at), text_.size());
      if (end > at) {
        if (auto read = read_line(at, text_.substr(at, end - at)); !read) return read;
      }
      at = end + 1;
      if (end_of_segment == '\r' && at < text_.size() && text_[at] == '\n') ++at;
    }
    return {};
  }

 private:
  Result<void> read_line(std::size_t begin, std::string_view line) {
    const std::string here = "segment " + std::to_string(message_.lines_.size() + 1);
    if (message_.lines_.size() >= limits_.segments) return too_large(here, "segments", limits_.segments);
    if (auto start = check_start(line, here); !start) return start;
    Line made{static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + line.size()),
              static_cast<std::uint32_t>(message_.ends_.size()), 0, ++occurrences_[line.substr(0, 3)]};
    if (message_.lines_.empty()) message_.ends_.push_back(3);  // MSH-1 is the separator itself
    for (std::size_t at = 4; line.size() > 3 && at <= line.size(); ++at) {
      at = std::min(line.find(message_.separators_.field, at), line.size());
      message_.ends_.push_back(static_cast<std::uint32_t>(at));
    }
    made.fields = static_cast<std::uint32_t>(message_.ends_.size()) - made.first_end;
    message_.lines_.push_back(made);
    return check_fields(message_.segment(message_.lines_.size() - 1), made.occurrence);
  }

  Result<void> check_start(std::string_view line, const std::string& here) {
    if (message_.lines_.empty()) {
      if (!line.starts_with("MSH")) return invalid("no-msh", here, "a message begins with MSH");
      auto separators = read_separators(line);
      if (!separators) return pass(separators);
      message_.separators_ = *separators;
      return {};
    }
    if (!is_segment_name(line.substr(0, 3)) || (line.size() > 3 && line[3] != message_.separators_.field)) {
      return invalid("segment", here, "a segment begins with its three-letter name and the field separator");
    }
    if (line.starts_with("MSH")) return invalid("second-msh", here, "a second message begins: send one at a time");
    return {};
  }

  Result<void> check_fields(const Segment& segment, std::size_t occurrence) {
    if (segment.fields() > limits_.fields) {
      return too_large(place(segment.name(), occurrence, 0), "fields", limits_.fields);
    }
    const auto bad = std::ranges::find_if(segment.line(), is_control);
    const bool suspicious = bad != segment.line().end() || segment.line().contains('\n');
    if (!suspicious && segment.line().size() <= std::min(limits_.components, limits_.repetitions)) return {};
    for (std::size_t n = 1; n <= segment.fields(); ++n) {
      if (auto checked = check_field(segment.field(n), place(segment.name(), occurrence, n)); !checked) return checked;
    }
    return {};
  }

  Result<void> check_field(std::string_view raw, const std::string& here) {
    if (std::ranges::any_of(raw, is_control))
      return invalid("control-character", here, "a control character in the text");
    for (std::size_t at = raw.find('\n'); at != std::string_view::npos; at = raw.find('\n', at + 1)) {
      if (is_known_segment(raw.substr(at + 1))) {
        return invalid("mixed-ends", here, "segments end with CR, but one seems to begin after a line feed");
      }
    }
    return check_parts(raw, here);
  }

  Result<void> check_parts(std::string_view raw, const std::string& here) {
    const Separators& by = message_.separators_;
    std::size_t repetitions = 1, components = 1, subcomponents = 1;
    for (char c : raw) {
      if (c == by.repetition) {
        components = subcomponents = 1;
        if (++repetitions > limits_.repetitions) return too_large(here, "repetitions", limits_.repetitions);
      } else if (c == by.component) {
        subcomponents = 1;
        if (++components > limits_.components) return too_large(here, "components", limits_.components);
      } else if (c == by.subcomponent) {
        if (++subcomponents > limits_.components) return too_large(here, "subcomponents", limits_.components);
      }
    }
    return {};
  }

  Message& message_;
  const Limits& limits_;
  std::string_view text_;
  std::unordered_map<std::string_view, std::uint32_t> occurrences_;
};

Result<Message> Message::parse(std::string utf8, const Limits& wanted) {
  const Limits limits{std::min(wanted.bytes, kCeilings.bytes), std::min(wanted.segments, kCeilings.segments),
                      std::min(wanted.fields, kCeilings.fields), std::min(wanted.repetitions, kCeilings.repetitions),
                      std::min(wanted.components, kCeilings.components)};
  if (utf8.size() > limits.bytes) return too_large("", "bytes", limits.bytes);
  if (!is_valid_utf8(utf8)) return invalid("utf8", "", "the text was not decoded: it is no UTF-8");
  Message message;
  message.text_ = std::make_unique<const std::string>(std::move(utf8));
  if (auto read = Reader(message, limits).read(); !read) return pass(read);
  return message;
}

std::optional<std::size_t> Message::find(std::string_view name, std::size_t n) const {
  for (std::size_t i = 0; i < size(); ++i) {
    if (lines_[i].occurrence == n && segment(i).name() == name) return i;
  }
  return std::nullopt;
}

std::string_view Message::raw(std::size_t index, const Position& at) const {
  const Segment from = segment(index);
  if (at.field == 0) return from.line();
  const std::string_view field = from.field(at.field);
  if (index == 0 && at.field <= 2) return at.repetition <= 1 && at.component <= 1 && at.subcomponent <= 1 ? field : "";
  return inside(field, at, separators_);
}

std::string Message::text(std::size_t index, const Position& at) const {
  if (index == 0 && at.field <= 2) return std::string(raw(index, at));
  const std::string_view leaf = raw(index, {at.field, at.repetition, at.component, std::max(at.subcomponent, 1u)});
  return is_null(leaf) ? std::string() : unescape(leaf, separators_);
}

std::string Message::get(std::string_view path) const {
  const auto parsed = Path::parse(path);
  if (!parsed || parsed->at.field == 0) return {};
  const auto index = find(parsed->segment, std::max(parsed->occurrence, 1u));
  return index ? text(*index, parsed->at) : std::string();
}

std::string Message::type() const {
  const std::string code = get("MSH-9.1"), event = get("MSH-9.2");
  return event.empty() ? code : code + "^" + event;
}

std::string Message::encode() const {
  std::string text;
  text.reserve(text_->size() + 1);
  for (std::size_t i = 0; i < size(); ++i) {
    text += segment(i).line();
    text += '\r';
  }
  return text;
}

std::string Message::content() const {
  const Segment msh = segment(0);
  std::string text = "MSH";
  for (std::size_t n = 2; n <= msh.fields(); ++n) {
    text += separators_.field;
    if (n != 7 && n != 13) text += msh.field(n);
  }
  text += '\r';
  for (std::size_t i = 1; i < size(); ++i) {
    text += segment(i).line();
    text += '\r';
  }
  return text;
}

}  // namespace adapters::hl7v2
