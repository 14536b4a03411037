#include "adapters/hl7v2/listing.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "adapters/hl7v2/field_names.h"
#include "adapters/hl7v2/parts.h"

namespace adapters::hl7v2 {
namespace {

class Lister {
 public:
  explicit Lister(const Message& message) : message_(message), by_(message.separators()) {}

  std::vector<Listed> run() {
    for (std::size_t i = 0; i < message_.size(); ++i) segment(i);
    return std::move(found_);
  }

 private:
  void segment(std::size_t index) {
    const Segment segment = message_.segment(index);
    const bool msh = segment.name() == "MSH";
    for (std::size_t n = 1; n <= segment.fields(); ++n) {
      name_ = field_name(segment.name(), n);
      const auto place = fmt::format("{}[{}]-{}", segment.name(), message_.occurrence(index), n);
      if (msh && n <= 2) {
        found_.push_back({place, name_, std::string(segment.field(n))});
      } else {
        field(place, segment.field(n));
      }
    }
  }

  void field(const std::string& place, std::string_view raw) {
    each_part(raw, by_.repetition, [&](std::size_t n, std::string_view one) {
      repetition(n == 1 ? place : fmt::format("{}[{}]", place, n), one);
    });
  }

  void repetition(const std::string& place, std::string_view raw) {
    const bool alone = !raw.contains(by_.component);
    each_part(raw, by_.component, [&](std::size_t n, std::string_view one) {
      component(alone ? place : fmt::format("{}.{}", place, n), one, alone);
    });
  }

  /// A subcomponent of a field that has no components is one of its first.
  void component(const std::string& place, std::string_view raw, bool alone) {
    const bool whole = !raw.contains(by_.subcomponent);
    each_part(raw, by_.subcomponent, [&](std::size_t n, std::string_view one) {
      value(whole ? place : fmt::format("{}{}.{}", place, alone ? ".1" : "", n), one);
    });
  }

  void value(std::string place, std::string_view raw) {
    if (!raw.empty()) found_.push_back({std::move(place), name_, is_null(raw) ? std::string(raw) : unescape(raw, by_)});
  }

  const Message& message_;
  const Separators by_;
  std::string_view name_;
  std::vector<Listed> found_;
};

/// A value as a sender with these separators would write it: without what is empty at its ends.
std::string again(std::string_view raw, const Separators& by, std::string_view separators) {
  if (separators.empty()) return is_null(raw) ? std::string(raw) : escape(unescape(raw, by), by);
  std::string out;
  std::size_t have = 1;
  each_part(raw, separators.front(), [&](std::size_t n, std::string_view one) {
    const std::string part = again(one, by, separators.substr(1));
    if (part.empty()) return;
    out.append(n - have, separators.front());
    out += part;
    have = n;
  });
  return out;
}

/// The code point that begins at `i` of UTF-8, and its length; bytes that are none count one by one.
std::pair<char32_t, std::size_t> character_at(std::string_view text, std::size_t i) {
  const auto lead = static_cast<unsigned char>(text[i]);
  const std::size_t length = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 1 || i + length > text.size()) return {lead, 1};
  char32_t character = lead & (0xFFu >> (length + 1));
  for (std::size_t n = 1; n < length; ++n)
    character = (character << 6) | (static_cast<unsigned char>(text[i + n]) & 0x3Fu);
  return {character, length};
}

/// Would a terminal or an editor do as it says: controls (C0, C1, DEL), separators of lines, and what turns text
/// around?
bool is_obeyed(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

bool always_differs(std::string_view place) {
  const auto field = [&](std::string_view wanted) {
    return place.starts_with(wanted) && (place.size() == wanted.size() || place[wanted.size()] == '.');
  };
  return field("MSH[1]-7") || field("MSH[1]-10");
}

}  // namespace

std::vector<Listed> listing(const Message& message) { return Lister(message).run(); }

std::string written_again(const Message& message) {
  const Separators& by = message.separators();
  Builder out(by);
  for (std::size_t s = 0; s < message.size(); ++s) {
    const Segment segment = message.segment(s);
    out.add(segment.name());
    for (std::uint32_t f = segment.name() == "MSH" ? 3 : 1; f <= segment.fields(); ++f)
      out.set_raw(s, {f, 0, 0, 0},
                  again(segment.field(f), by, std::string{by.repetition, by.component, by.subcomponent}));
  }
  return out.encode();
}

std::string shown(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const auto [character, length] = character_at(text, i);
    if (character == '\n')
      out += "\\n";
    else if (is_obeyed(character))
      out += fmt::format("\\u{{{:X}}}", static_cast<std::uint32_t>(character));
    else
      out += text.substr(i, length);
    i += length;
  }
  return out;
}

std::vector<Differing> compare(const Message& left, const Message& right) {
  const auto ours = listing(left), theirs = listing(right);
  std::map<std::string_view, const Listed*> by_place;
  for (const auto& one : theirs) by_place.emplace(one.place, &one);
  std::vector<Differing> found;
  std::set<std::string_view> seen;
  for (const auto& one : ours) {
    seen.insert(one.place);
    const auto other = by_place.find(one.place);
    if (other == by_place.end()) {
      found.push_back({one.place, one.name, one.text, {}, always_differs(one.place)});
    } else if (other->second->text != one.text) {
      found.push_back({one.place, one.name, one.text, other->second->text, always_differs(one.place)});
    }
  }
  for (const auto& one : theirs)
    if (!seen.contains(one.place)) found.push_back({one.place, one.name, {}, one.text, always_differs(one.place)});
  return found;
}

}  // namespace adapters::hl7v2
