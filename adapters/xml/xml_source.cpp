#include "adapters/xml/xml_source.h"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "adapters/xml/xml_path.h"
#include "fhir/suggest.h"

namespace adapters::xml {

namespace {

constexpr std::string_view kInstance = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::string_view kBlanks = " \t\r\n";
/// Elements that stand within a line of a narrative (CDA) or of HTML: no line ends with them.
constexpr std::string_view kInline[] = {"content", "sub", "sup", "linkHtml", "footnoteRef", "b", "i", "u", "span", "a"};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_inline(std::string_view element) { return std::ranges::find(kInline, element) != std::end(kInline); }

/// Without blank lines, and without what indents the others.
std::string lines_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    if (!line.empty()) (lines += lines.empty() ? "" : "\n") += line;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// --- The document ------------------------------------------------------------------------------------------------

struct Node {
  enum class Kind : std::uint8_t { element, text, attribute, instance };  // instance: xsi:..., never a value
  Kind kind = Kind::element;
  std::string name;                          // local
  std::string value;                         // text, attributes
  std::uint32_t parent = 0;                  // the root's is itself
  std::uint32_t end = 0;                     // the subtree of n is [n, end)
  std::uint32_t alike = 0;                   // the how manieth of its name there, from 1; 0: there is no other
  std::size_t text_begin = 0, text_end = 0;  // element: of all text in document order
};

/// Elements in document order, each followed by its own text, its attributes and its children.
class Document final : public fhir::XmlHandler {
 public:
  Result<void> start(fhir::XmlName name, std::span<const fhir::XmlAttribute> attributes, std::size_t) override {
    const std::uint32_t element = add(Node::Kind::element, name.local, open_.empty() ? 0 : open_.back());
    if (!is_inline(name.local)) end_line();
    nodes_[element].text_begin = text_.size();
    open_.push_back(element);
    add(Node::Kind::text, {}, element);
    for (const auto& [attribute, value] : attributes) {
      const auto kind = attribute.space == kInstance ? Node::Kind::instance : Node::Kind::attribute;
      nodes_[add(kind, attribute.local, element)].value = trimmed(value);
    }
    return {};
  }

  Result<void> end(fhir::XmlName, std::size_t) override {
    Node& element = nodes_[open_.back()];
    Node& own = nodes_[open_.back() + 1];
    own.value = trimmed(own.value);
    element.end = static_cast<std::uint32_t>(nodes_.size());
    element.text_end = text_.size();
    if (!is_inline(element.name)) end_line();
    number_alike(open_.back());
    open_.pop_back();
    return {};
  }

  Result<void> text(std::string_view part, std::size_t) override {
    nodes_[open_.back() + 1].value += part;
    text_ += part;
    return {};
  }

  const Node& operator[](std::uint32_t n) const { return nodes_[n]; }

  bool is_leaf(std::uint32_t n) const {
    const Node& node = nodes_[n];
    return (node.kind == Node::Kind::text || node.kind == Node::Kind::attribute) && !node.value.empty();
  }

  bool is_valued(std::uint32_t n) const {
    for (std::uint32_t i = n; i < nodes_[n].end; ++i) {
      if (is_leaf(i)) return true;
    }
    return false;
  }

  /// An element's own text is the leaf right behind it.
  std::string_view own_text(std::uint32_t n) const {
    return nodes_[nodes_[n].kind == Node::Kind::element ? n + 1 : n].value;
  }

  std::string all_text(std::uint32_t n) const {
    const Node& node = nodes_[n];
    if (node.kind != Node::Kind::element) return node.value;
    return lines_of(std::string_view(text_).substr(node.text_begin, node.text_end - node.text_begin));
  }

  std::string_view name(std::uint32_t n) const { return nodes_[n].name; }
  bool is_element(std::uint32_t n) const { return nodes_[n].kind == Node::Kind::element; }
  bool is_attribute(std::uint32_t n) const { return !is_element(n) && nodes_[n].kind != Node::Kind::text; }

  template <class Use>
  void each_below(std::uint32_t n, Use use) const {
    for (std::uint32_t below = n + 1; below < nodes_[n].end; ++below) use(below);
  }

  template <class Use>
  void each_child(std::uint32_t n, Use use) const {
    for (std::uint32_t child = n + 1; child < nodes_[n].end; child = nodes_[child].end) use(child);
  }

 private:
  std::uint32_t add(Node::Kind kind, std::string_view name, std::uint32_t parent) {
    const auto n = static_cast<std::uint32_t>(nodes_.size());
    nodes_.push_back({kind, std::string(name), {}, parent, n + 1});
    return n;
  }

  void number_alike(std::uint32_t parent) {
    std::unordered_map<std::string_view, std::uint32_t> counts;
    const auto each_element = [&](auto use) {
      each_child(parent, [&](std::uint32_t n) {
        if (is_element(n)) use(nodes_[n]);
      });
    };
    each_element([&](Node& child) { child.alike = ++counts[child.name]; });
    each_element([&](Node& child) { child.alike = counts[child.name] == 1 ? 0 : child.alike; });
  }

  void end_line() {
    if (!text_.empty() && !kBlanks.contains(text_.back())) text_ += '\n';
  }

  std::vector<Node> nodes_;
  Numbers open_;
  std::string text_;
};

// --- Paths -------------------------------------------------------------------------------------------------------

/// The same steps without what they choose by.
Step without_conditions(const Step& step) { return {step.attribute, step.deep, step.name, {}}; }

class XmlDialect final : public Dialect {
 public:
  explicit XmlDialect(std::vector<std::unique_ptr<const Document>> samples) : samples_(std::move(samples)) {}

  Result<std::unique_ptr<BoundPath>> bind(std::string_view path, const BoundPath* within) const override {
    auto bound = std::make_unique<XmlPath>();
    if (!read_path(path, *bound)) return no_path(path);
    if (samples_.empty()) return bound;
    const auto* outer = static_cast<const XmlPath*>(within);
    if (!bound->from_top && outer != nullptr) bound->in_samples = outer->in_samples;
    if (bound->in_samples.empty()) bound->in_samples.assign(samples_.size(), {0});
    const std::string stranger = follow(bound->steps, bound->from_top, bound->in_samples);
    if (stranger.empty()) return bound;
    return fhir::fail(fhir::Fault::invalid, "xml.path", std::string(path),
                      "the records of its tests have no " + stranger);
  }

 private:
  /// What no sample has, with a did-you-mean; empty when they have it all.
  std::string follow(const std::vector<Step>& steps, bool from_top, std::vector<Numbers>& here) const {
    for (std::size_t n = 0; n < steps.size(); ++n) {
      const auto before = std::exchange(here, {});
      bool found = false;
      for (std::size_t i = 0; i < samples_.size(); ++i) {
        const std::vector<Step> one{without_conditions(steps[n])};
        const Walk<Document> walk(*samples_[i]);
        here.push_back(n == 0 && from_top ? walk.from_top(one) : walk.follow(one, before[i]));
        found = found || !here.back().empty();
      }
      if (!found) return told(steps[n], before);
      for (const Step::Condition& condition : steps[n].conditions) {
        auto at = here;
        if (auto stranger = follow(condition.path, false, at); !stranger.empty()) return stranger;
      }
    }
    return {};
  }

  std::string told(const Step& step, const std::vector<Numbers>& before) const {
    std::vector<std::string_view> names;
    for (std::size_t i = 0; i < samples_.size(); ++i) {
      for (const std::uint32_t n : before[i]) {
        samples_[i]->each_child(n, [&](std::uint32_t child) {
          const Node& node = (*samples_[i])[child];
          if ((node.kind == Node::Kind::element) != step.attribute) names.push_back(node.name);
        });
      }
    }
    const std::string mark = step.attribute ? "@" : "";
    const std::string_view best = fhir::nearest(step.name, names);
    return "'" + mark + step.name + "' there" +
           (best.empty() ? "" : " (did you mean " + mark + std::string(best) + "?)");
  }

  static std::unexpected<fhir::Error> no_path(std::string_view path) {
    const bool prefixed = path.contains(':');
    return fhir::fail(fhir::Fault::invalid, "xml.path", std::string(path),
                      "'" + std::string(path) + "' is no path: " +
                          (prefixed ? "elements go by their names without a prefix, as in "
                                    : "it looks like patient/id[@root='2.16.156.10011.1.3']/@extension or ") +
                          "/Request/Header/MsgId");
  }

  std::vector<std::unique_ptr<const Document>> samples_;
};

// --- The source --------------------------------------------------------------------------------------------------

class XmlSource final : public Source {
 public:
  explicit XmlSource(std::unique_ptr<const Document> document) : document_(std::move(document)) {}

  Spot root() const override { return spot(0); }

  Spots find(const BoundPath& bound, Spot from) const override {
    const auto& path = static_cast<const XmlPath&>(bound);
    const Walk<Document> walk(*document_);
    Spots spots;
    for (const std::uint32_t n : path.from_top ? walk.from_top(path.steps) : walk.follow(path.steps, {number(from)})) {
      if (document_->is_valued(n)) spots.push_back(spot(n));
    }
    return spots;
  }

  std::string text(Spot at) const override { return std::string(document_->own_text(number(at))); }
  std::string whole(Spot at) const override { return document_->all_text(number(at)); }

  /// HL7 version 3 and CDA have the word in @displayName, beside @code.
  std::string beside(Spot at) const override {
    const Node& node = (*document_)[number(at)];
    if (node.kind != Node::Kind::attribute || node.name != "code") return {};
    std::string word;
    document_->each_child(node.parent, [&](std::uint32_t n) {
      const Node& other = (*document_)[n];
      if (other.kind == Node::Kind::attribute && other.name == "displayName") word = other.value;
    });
    return word;
  }

  std::string place(Spot at) const override {
    std::string path;
    std::uint32_t n = number(at);
    if ((*document_)[n].kind == Node::Kind::text) n = (*document_)[n].parent;
    for (;; n = (*document_)[n].parent) {
      path.insert(0, named(n));
      if (n == 0) return path;
      path.insert(0, 1, '/');
    }
  }

  Spot first_leaf(Spot at) const override {
    const std::uint32_t n = number(at);
    return spot((*document_)[n].kind == Node::Kind::element ? n + 1 : n);  // an element's own text is behind it
  }

  Spots leaves(Spot at) const override {
    Spots found;
    const std::uint32_t n = number(at);
    for (std::uint32_t i = n; i < (*document_)[n].end; ++i) {
      if (document_->is_leaf(i)) found.push_back(spot(i));
    }
    return found;
  }

 private:
  static Spot spot(std::uint32_t n) { return {n, 0}; }
  static std::uint32_t number(Spot spot) { return static_cast<std::uint32_t>(spot.a); }

  std::string named(std::uint32_t n) const {
    const Node& node = (*document_)[n];
    if (node.kind != Node::Kind::element) return "@" + node.name;
    return node.alike > 0 ? node.name + "[" + std::to_string(node.alike) + "]" : node.name;
  }

  std::unique_ptr<const Document> document_;
};

}  // namespace

std::string without_encoding(std::string utf8) {
  const std::size_t begin = utf8.starts_with("\xEF\xBB\xBF") ? 3 : 0;
  if (utf8.compare(begin, 5, "<?xml") != 0) return utf8;
  const std::size_t stop = std::min(utf8.find("?>", begin), utf8.size());
  const std::size_t word = utf8.find("encoding", begin);
  if (word >= stop) return utf8;
  const std::size_t open = utf8.find_first_of("\"'", word);
  const std::size_t close = open < stop ? utf8.find(utf8[open], open + 1) : stop;
  if (close >= stop) return utf8;
  std::fill(utf8.begin() + static_cast<std::ptrdiff_t>(word), utf8.begin() + static_cast<std::ptrdiff_t>(close) + 1,
            ' ');
  return utf8;
}

namespace {

Result<std::unique_ptr<const Document>> read(std::string utf8, const fhir::XmlLimits& limits) {
  const std::string text = without_encoding(std::move(utf8));
  auto document = std::make_unique<Document>();
  if (auto done = fhir::read_xml(text, limits, *document); !done) return fhir::pass(done);
  return document;
}

}  // namespace

std::unique_ptr<Dialect> make_dialect(std::vector<std::string> samples) {
  std::vector<std::unique_ptr<const Document>> documents;
  for (std::string& sample : samples) {
    if (auto document = read(std::move(sample), {16u << 20, 100})) documents.push_back(*std::move(document));
  }
  return std::make_unique<XmlDialect>(std::move(documents));
}

Result<std::unique_ptr<Source>> make_source(std::string utf8, const fhir::XmlLimits& limits) {
  auto document = read(std::move(utf8), limits);
  if (!document) return fhir::pass(document);
  return std::make_unique<XmlSource>(*std::move(document));
}

}  // namespace adapters::xml
