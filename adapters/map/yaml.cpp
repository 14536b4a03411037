#include "adapters/map/yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <sstream>

namespace adapters::map {

const YamlEntry* Yaml::entry(std::string_view key) const {
  const auto found = std::ranges::find(entries, key, &YamlEntry::key);
  return found == entries.end() ? nullptr : &*found;
}

const Yaml* Yaml::find(std::string_view key) const {
  const auto* found = entry(key);
  return found == nullptr ? nullptr : &found->value;
}

Yaml make_yaml(Yaml::Kind kind, Mark mark) {
  Yaml node;
  node.kind = kind;
  node.mark = mark;
  return node;
}

std::string_view name_of(Yaml::Kind kind) {
  switch (kind) {
    case Yaml::Kind::null: return "nothing";
    case Yaml::Kind::scalar: return "text";
    case Yaml::Kind::list: return "a list";
    case Yaml::Kind::map: return "a map";
  }
  return "";
}

namespace {

constexpr std::size_t kDepth = 60;
constexpr std::size_t kKeys = 2'000;  // of one map: no person writes more, and looking for doubles must stay cheap
constexpr std::size_t kBytes = 1u << 20;

/// yaml-cpp counts columns in bytes; people and editors count characters.
class Places {
 public:
  Places(std::string_view text, std::uint32_t file) : text_(text), file_(file) {
    starts_.push_back(text.starts_with("\xEF\xBB\xBF") ? 3 : 0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') starts_.push_back(i + 1);
  }

  Mark at(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0 || static_cast<std::size_t>(mark.line) >= starts_.size()) return {file_, 1, 1};
    std::uint32_t column = 1;
    for (std::size_t i = starts_[static_cast<std::size_t>(mark.line)]; i < offset(mark); ++i)
      column += (static_cast<unsigned char>(text_[i]) & 0xC0u) != 0x80u;
    return {file_, static_cast<std::uint32_t>(mark.line) + 1, column};
  }

  /// Does the quote at `mark` have its other half? yaml-cpp takes an open one for a value up to the end of the file.
  bool closes(const YAML::Mark& mark) const {
    const std::size_t begin = offset(mark);
    const char quote = begin < text_.size() ? text_[begin] : ' ';
    if (quote != '"' && quote != '\'') return true;  // a block
    for (std::size_t i = begin + 1; i < text_.size(); ++i) {
      const bool pair = quote == '\'' && text_.substr(i, 2) == "''";
      if (pair || (quote == '"' && text_[i] == '\\'))
        ++i;
      else if (text_[i] == quote)
        return true;
    }
    return false;
  }

 private:
  std::size_t offset(const YAML::Mark& mark) const {
    const std::size_t start = starts_[static_cast<std::size_t>(mark.line)];
    return std::min(text_.size(), start + static_cast<std::size_t>(std::max(mark.column, 0)));
  }

  std::string_view text_;
  std::uint32_t file_;
  std::vector<std::size_t> starts_;
};

struct Refused {};  // leaves yaml-cpp's parser when a limit is passed

/// Builds the tree from yaml-cpp's events. Errors are collected, the tree is built on past them.
class Builder final : public YAML::EventHandler {
 public:
  Builder(const Places& places, Faults& faults) : places_(places), faults_(faults) {}

  Mark start() const { return start_; }
  Yaml take() { return std::move(root_); }
  /// The bracket that was open when the parser gave up.
  std::optional<Mark> open_bracket() const {
    return open_.empty() || !open_.back().bracket ? std::nullopt : std::optional(open_.back().node.mark);
  }

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = places_.at(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    add(make_yaml(Yaml::Kind::null, places_.at(mark)));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    faults_.error(places_.at(mark), "E0201", "YAML aliases (*name) are not used here");
    add(make_yaml(Yaml::Kind::null, places_.at(mark)));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    refuse_anchor(mark, anchor);
    const bool quoted = tag == "!";  // yaml-cpp's mark of a scalar in quotes
    if (quoted && !places_.closes(mark)) faults_.error(places_.at(mark), "E0201", "this quote is never closed");
    if (!quoted) refuse_tag(mark, tag);
    const bool null = !quoted && (value == "~" || value == "null");
    Yaml node = make_yaml(null ? Yaml::Kind::null : Yaml::Kind::scalar, places_.at(mark));
    node.quoted = quoted;
    if (!null) node.text = value;
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    open(Yaml::Kind::list, mark, tag, anchor, style);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    open(Yaml::Kind::map, mark, tag, anchor, style);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Yaml node;
    bool bracket = false;  // [ ] or { }
    bool has_key = false;
    std::string key;
    Mark key_mark;
  };

  void open(Yaml::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
            YAML::EmitterStyle::value style) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (open_.size() >= kDepth) {
      faults_.error(places_.at(mark), "E0201", fmt::format("nested deeper than {} levels", kDepth));
      throw Refused{};
    }
    Open& opened = open_.emplace_back();
    opened.node = make_yaml(kind, places_.at(mark));
    opened.bracket = style == YAML::EmitterStyle::Flow;
  }

  void close() {
    Yaml node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Yaml&& node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.is_list()) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.has_key) {
      take_key(parent, std::move(node));
    } else {
      parent.node.entries.push_back({std::move(parent.key), parent.key_mark, std::move(node)});
      parent.has_key = false;
    }
  }

  void take_key(Open& parent, Yaml&& node) {
    if (parent.node.entries.size() >= kKeys) {
      faults_.error(node.mark, "E0201", fmt::format("more than {} keys in one map", kKeys));
      throw Refused{};
    }
    if (!node.is_scalar())
      faults_.error(node.mark, "E0204", fmt::format("a key must be text, not {}", name_of(node.kind)));
    if (const auto* first = parent.node.entry(node.text))
      faults_.error(node.mark, "E0203", fmt::format("'{}' stands twice here", node.text), {},
                    faults_.also(first->mark, "first given here"));
    if (node.text == "<<" && !node.quoted) faults_.error(node.mark, "E0201", "YAML merge keys (<<) are not used here");
    parent.key = std::move(node.text);
    parent.key_mark = node.mark;
    parent.has_key = true;
  }

  void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != YAML::NullAnchor) faults_.error(places_.at(mark), "E0201", "YAML anchors (&name) are not used here");
  }

  void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    if (!tag.empty() && tag != "?") faults_.error(places_.at(mark), "E0201", "YAML tags (!name) are not used here");
  }

  const Places& places_;
  Faults& faults_;
  std::vector<Open> open_;
  Yaml root_;
  Mark start_;
};

/// YAML forbids tabs in indentation, and yaml-cpp takes some of them for part of a value.
void refuse_tabs(std::string_view text, std::uint32_t file, Faults& faults) {
  std::uint32_t line = 1, column = 1;
  bool indent = true;
  for (const char c : text) {
    if (c == '\t' && indent) {
      faults.error({file, line, column}, "E0202", "a tab in the indentation", "indent with spaces");
      indent = false;
    }
    if (c != ' ') indent = false;
    ++column;
    if (c == '\n') {
      ++line;
      column = 1;
      indent = true;
    }
  }
}

/// An unclosed bracket swallows the lines after it: the place to look is where it was opened.
void report(const YAML::Exception& problem, const Places& places, std::optional<Mark> bracket, Faults& faults) {
  if (bracket && problem.msg.find("flow not found") != std::string::npos)
    return faults.error(*bracket, "E0201", "this bracket is never closed");
  const bool colon = problem.msg.find("illegal map value") != std::string::npos;
  faults.error(places.at(problem.mark), "E0201", fmt::format("not YAML: {}", problem.msg),
               colon ? "a value with ': ' in it needs quotes" : "",
               bracket ? faults.also(*bracket, "this bracket is still open there") : FileFault::Related{});
}

}  // namespace

std::optional<Yaml> parse_yaml(const std::string& text, std::uint32_t file, Faults& faults) {
  const std::size_t before = faults.errors();
  if (text.find('\0') != std::string::npos) {
    faults.error({file, 1, 1}, "E0201", "this is not text: it holds a zero byte");
    return std::nullopt;
  }
  if (text.size() > kBytes) {
    faults.error({file, 1, 1}, "E0201", "the file is larger than 1 MB");
    return std::nullopt;
  }
  refuse_tabs(text, file, faults);
  const Places places(text, file);
  Builder builder(places, faults);
  Builder rest(places, faults);
  try {
    std::istringstream stream(text);
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) faults.error({file, 1, 1}, "E0201", "the file is empty");
    if (parser.HandleNextDocument(rest))
      faults.error(rest.start(), "E0201", "the file holds more than one YAML document");
  } catch (const Refused&) {
    return std::nullopt;
  } catch (const YAML::Exception& problem) {
    report(problem, places, builder.open_bracket(), faults);
  } catch (const std::exception&) {  // yaml-cpp also lets std::out_of_range and the like through on hostile input
    faults.error({file, 1, 1}, "E0201", "not YAML");
  }
  if (faults.errors() > before) return std::nullopt;
  return builder.take();
}

}  // namespace adapters::map
