// The kinds of values the tables are made of. Each function makes a Kind that reads into the member it is given;
// what it accepts is in values.h (one value) or reader.h (words, paths).
#pragma once
#include <fmt/format.h>

#include <chrono>
#include <initializer_list>
#include <utility>

#include "gateway/config/codes.h"
#include "gateway/config/schema.h"

namespace gateway::config::kind {

/// One value that `parse` understands.
template <class T, class V>
Kind<T> parsed(std::string form, V T::* member, Parsed<V> (*parse)(std::string_view)) {
  return {std::move(form),
          [=](Reader& reader, const Yaml& node, T& into) {
            if (auto value = reader.value(node, parse)) into.*member = std::move(*value);
          },
          {}};
}

template <class T>
Kind<T> name(std::string T::* member) {
  return parsed("name", member, parse_name);
}

template <class T>
Kind<T> flag(bool T::* member) {
  return parsed("true or false", member, parse_flag);
}

template <class T>
Kind<T> text(std::string T::* member, std::string form = "text") {
  return parsed(std::move(form), member, parse_text);
}

/// As its parser gives it, between `least` and `most` (both as written, for the message).
template <class T, class M, class V>
Kind<T> ranged(std::string_view what, M T::* member, Parsed<V> (*parse)(std::string_view), std::string_view least,
               std::string_view most) {
  const V low = *parse(least), high = *parse(most);
  const std::string range = fmt::format("{} to {}", least, most);
  return {fmt::format("{}, {}", what, range),
          [=](Reader& reader, const Yaml& node, T& into) {
            const auto value = reader.value(node, parse);
            if (!value) return;
            if (*value < low || *value > high)
              reader.complain(node, node.text, {"is out of range", fmt::format("allowed: {}", range), true});
            if constexpr (requires { std::chrono::duration_cast<M>(*value); })
              into.*member = std::chrono::duration_cast<M>(*value);
            else
              into.*member = *value;
          },
          {}};
}

template <class T, class M>
Kind<T> duration(M T::* member, std::string_view least, std::string_view most) {
  return ranged("duration", member, parse_duration, least, most);
}

template <class T>
Kind<T> bytes(std::size_t T::* member, std::string_view least, std::string_view most) {
  return ranged("size", member, parse_bytes, least, most);
}

/// One of a few words, each standing for a value.
template <class T, class V>
Kind<T> one_of(V T::* member, std::initializer_list<std::pair<std::string_view, V>> list) {
  const std::vector<std::pair<std::string_view, V>> choices(list);
  std::vector<std::string_view> words;
  for (const auto& choice : choices) words.push_back(choice.first);
  return {fmt::format("{}", fmt::join(words, " | ")),
          [=](Reader& reader, const Yaml& node, T& into) {
            const auto word = reader.word(node, code::kWord, "word", words);
            for (const auto& [text, value] : choices)
              if (word && text == *word) into.*member = value;
          },
          {}};
}

/// A word of a list that may be long.
template <class T>
Kind<T> word(std::string form, std::string T::* member, std::string_view code, std::string_view what,
             std::vector<std::string_view> allowed) {
  return {std::move(form),
          [=](Reader& reader, const Yaml& node, T& into) {
            if (auto value = reader.word(node, code, what, allowed)) into.*member = std::move(*value);
          },
          {}};
}

/// One or several words of a list.
template <class T>
Kind<T> words(std::string form, std::vector<std::string> T::* member, std::string_view code, std::string_view what,
              std::vector<std::string_view> allowed) {
  return {std::move(form),
          [=](Reader& reader, const Yaml& node, T& into) {
            (into.*member).clear();
            for (const Yaml& item : reader.items(node))
              if (auto value = reader.word(item, code, what, allowed)) (into.*member).push_back(std::move(*value));
          },
          {}};
}

/// One or several values that `parse` understands.
template <class T>
Kind<T> several(std::string form, std::vector<std::string> T::* member,
                Parsed<std::string> (*parse)(std::string_view)) {
  return {std::move(form),
          [=](Reader& reader, const Yaml& node, T& into) {
            (into.*member).clear();
            for (const Yaml& item : reader.items(node))
              if (auto value = reader.value(item, parse)) (into.*member).push_back(std::move(*value));
          },
          {}};
}

template <class T>
Kind<T> path(std::filesystem::path T::* member) {
  return {"path",
          [=](Reader& reader, const Yaml& node, T& into) {
            if (auto file = reader.path(node)) into.*member = std::move(*file);
          },
          {}};
}

/// A certificate file, or a key file when `secret`.
template <class T>
Kind<T> credential(std::string T::* member, bool secret) {
  return {"path of a PEM file",
          [=](Reader& reader, const Yaml& node, T& into) {
            if (const auto file = reader.credential(node, secret)) into.*member = file->string();
          },
          {}};
}

template <class T>
Kind<T> pins_file(std::vector<std::string> T::* member) {
  return {"path of a file, one pin a line",
          [=](Reader& reader, const Yaml& node, T& into) {
            for (auto& pin : reader.pins(node)) (into.*member).push_back(std::move(pin));
          },
          {}};
}

template <class T>
Kind<T> maps(std::vector<std::shared_ptr<const adapters::map::Map>> T::* member) {
  return {"path of a map, or a list of them",
          [=](Reader& reader, const Yaml& node, T& into) {
            for (const Yaml& item : reader.items(node)) (into.*member).push_back(reader.map(item));
          },
          {}};
}

/// A section of its own keys. `section` is a function so that tables may be made in any order.
template <class T, class U>
Kind<T> section(std::string_view key, U T::* member, const Section<U>& (*section)()) {
  return {"section",
          [=](Reader& reader, const Yaml& node, T& into) {
            const Reader::Inside inside(reader, std::string(key));
            read_section(reader, node, section(), into.*member);
          },
          [=] { return describe(section()); }};
}

template <class T, class U>
Kind<T> section(std::string_view key, std::optional<U> T::* member, const Section<U>& (*section)()) {
  return {"section",
          [=](Reader& reader, const Yaml& node, T& into) {
            const Reader::Inside inside(reader, std::string(key));
            read_section(reader, node, section(), (into.*member).emplace());
          },
          [=] { return describe(section()); }};
}

/// Keys of a section that belong to the same T.
template <class T>
Kind<T> group(std::string_view key, const Section<T>& (*section)()) {
  return {"section",
          [=](Reader& reader, const Yaml& node, T& into) {
            const Reader::Inside inside(reader, std::string(key));
            read_section(reader, node, section(), into);
          },
          [=] { return describe(section()); }};
}

/// A list of sections; the items keep their places, also faulty ones, so that checks find the text of item i.
template <class T, class U>
Kind<T> list(std::string_view key, std::vector<U> T::* member, const Section<U>& (*section)()) {
  return {"list of sections",
          [=](Reader& reader, const Yaml& node, T& into) {
            if (!node.is_list()) {
              reader.faults.error(
                  node.mark, code::kType,
                  fmt::format("expected a list{}, found {}", reader.where(), adapters::map::name_of(node.kind)),
                  "begin each item with '- '; write [] for none");
              return;
            }
            for (std::size_t i = 0; i < node.items.size(); ++i) {
              const Reader::Inside inside(reader, item_label(key, i, node.items[i]));
              read_section(reader, node.items[i], section(), (into.*member).emplace_back());
            }
          },
          [=] { return describe(section()); }};
}

}  // namespace gateway::config::kind
