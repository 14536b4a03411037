#include <algorithm>

#include "adapters/hl7v2/message.h"

namespace adapters::hl7v2 {

namespace {

/// Replaces the n-th part (from 1); what is missing before it comes into being empty.
void replace_part(std::string& raw, char separator, std::size_t n, std::string_view with) {
  if (const std::size_t have = parts(raw, separator); have < n) raw.append(n - have, separator);
  const auto old = part(raw, separator, n);
  raw.replace(static_cast<std::size_t>(old.data() - raw.data()), old.size(), with);
}

std::string encoding_characters(const Separators& by) {
  std::string text{by.component, by.repetition, by.escape, by.subcomponent};
  return by.truncation == '\0' ? text : text + by.truncation;
}

std::unexpected<fhir::Error> no_place(std::string_view path, std::string say) {
  return fhir::fail(fhir::Fault::invalid, "hl7v2.path", std::string(path), std::move(say));
}

}  // namespace

Builder Builder::from(const Message& message) {
  Builder builder(message.separators());
  for (std::size_t i = 0; i < message.size(); ++i) {
    const Segment segment = message.segment(i);
    Made made{std::string(segment.name()), {}};
    for (std::size_t n = 1; n <= segment.fields(); ++n) made.fields.emplace_back(segment.field(n));
    builder.segments_.push_back(std::move(made));
  }
  return builder;
}

std::size_t Builder::add(std::string_view name) {
  insert(segments_.size(), name);
  return segments_.size() - 1;
}

void Builder::insert(std::size_t index, std::string_view name) {
  Made made{std::string(name), {}};
  if (name == "MSH") made.fields = {std::string(1, separators_.field), encoding_characters(separators_)};
  segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(index), std::move(made));
}

void Builder::erase(std::size_t index) { segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(index)); }

void Builder::set(std::size_t segment, const Position& at, std::string_view text) {
  set_raw(segment, at, escape(text, separators_));
}

void Builder::set_raw(std::size_t segment, const Position& at, std::string_view raw) {
  Made& made = segments_[segment];
  if (at.field == 0 || (made.name == "MSH" && at.field <= 2)) return;
  if (made.fields.size() < at.field) made.fields.resize(at.field);
  std::string& field = made.fields[at.field - 1];
  if (at.repetition == 0 && at.component == 0 && at.subcomponent == 0) {
    field = raw;
    return;
  }
  std::string repetition(part(field, separators_.repetition, std::max(at.repetition, 1u)));
  if (at.component == 0 && at.subcomponent == 0) {
    repetition = raw;
  } else {
    std::string component(part(repetition, separators_.component, std::max(at.component, 1u)));
    if (at.subcomponent == 0) {
      component = raw;
    } else {
      replace_part(component, separators_.subcomponent, at.subcomponent, raw);
    }
    replace_part(repetition, separators_.component, std::max(at.component, 1u), component);
  }
  replace_part(field, separators_.repetition, std::max(at.repetition, 1u), repetition);
}

Result<void> Builder::set(std::string_view path, std::string_view text) {
  auto parsed = Path::parse(path);
  if (!parsed) return fhir::pass(parsed);
  if (parsed->at.field == 0) return no_place(path, "a field is needed to set a value");
  std::size_t wanted = std::max(parsed->occurrence, 1u);
  for (std::size_t i = 0; i < size(); ++i) {
    if (name(i) == parsed->segment && --wanted == 0) {
      set(i, parsed->at, text);
      return {};
    }
  }
  if (wanted > 1) return no_place(path, "a segment is appended only as the next one of its name");
  set(add(parsed->segment), parsed->at, text);
  return {};
}

std::string_view Builder::raw(std::size_t segment, const Position& at) const {
  const Made& made = segments_[segment];
  if (at.field == 0 || at.field > made.fields.size()) return {};
  return inside(made.fields[at.field - 1], at, separators_);
}

std::string Builder::encode() const {
  std::string text;
  for (const Made& made : segments_) {
    text += made.name;
    std::size_t last = made.fields.size();
    while (last > 0 && made.fields[last - 1].empty()) --last;
    for (std::size_t n = made.name == "MSH" ? 2 : 1; n <= last; ++n) {
      text += separators_.field;
      text += made.fields[n - 1];
    }
    text += '\r';
  }
  return text;
}

}  // namespace adapters::hl7v2
