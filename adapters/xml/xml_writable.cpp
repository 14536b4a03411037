#include "adapters/xml/xml_writable.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "adapters/xml/xml_path.h"
#include "adapters/xml/xml_source.h"
#include "fhir/xml_events.h"

namespace adapters::xml {
namespace {

constexpr std::string_view kHole = "?";
constexpr std::string_view kRepeat = "repeat";
constexpr std::string_view kInstance = "http://www.w3.org/2001/XMLSchema-instance";
constexpr std::string_view kXml = "http://www.w3.org/XML/1998/namespace";
constexpr std::size_t kMostAlike = 10'000;  // a path may ask for

struct Node {
  bool attribute = false;
  bool hole = false;     // waits for a value; an element made for a path waits as well
  bool written = false;  // has one
  bool repeats = false;
  bool further = false;  // one more than the skeleton has of its like, or of none it has
  std::string space{}, name{}, text{};
  std::uint32_t parent = 0;
  Numbers children{};                             // attributes first
  std::uint32_t holes = 0, values = 0, said = 0;  // in it and below: holes, written values, and those of the skeleton

  bool says() const { return !text.empty() && !written && space != kInstance; }
};

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

/// XML 1.0 has no form for other control characters.
bool is_allowed(std::string_view text) {
  return std::ranges::none_of(text, [](char c) { return c >= '\0' && c < ' ' && c != '\t' && c != '\n' && c != '\r'; });
}

/// The nodes of a document. They come into being one behind the other and go in the opposite order.
class Tree {
 public:
  bool is_element(std::uint32_t n) const { return !nodes_[n].attribute; }
  bool is_attribute(std::uint32_t n) const { return nodes_[n].attribute; }
  std::string_view name(std::uint32_t n) const { return nodes_[n].name; }
  std::string_view own_text(std::uint32_t n) const { return nodes_[n].text; }
  template <class Use>
  void each_child(std::uint32_t n, Use use) const {
    for (const auto child : nodes_[n].children) use(child);
  }
  template <class Use>
  void each_below(std::uint32_t n, Use use) const {
    each_child(n, [&](std::uint32_t child) {
      use(child);
      each_below(child, use);
    });
  }

  const Node& operator[](std::uint32_t n) const { return nodes_[n]; }
  std::size_t size() const { return nodes_.size(); }

  /// `at`: which child of its parent; the node brings no children.
  std::uint32_t add(Node node, std::size_t at) {
    const auto n = static_cast<std::uint32_t>(nodes_.size());
    node.holes = node.values = node.said = 0;
    const bool hole = node.hole, says = node.says();
    const auto parent = node.parent;
    nodes_.push_back(std::move(node));
    if (n != 0) {
      auto& children = nodes_[parent].children;
      children.insert(children.begin() + static_cast<std::ptrdiff_t>(std::min(at, children.size())), n);
    }
    each_around(n, [&](Node& one) { one.holes += hole, one.said += says; });
    return n;
  }

  void remove_last() {
    const auto n = static_cast<std::uint32_t>(nodes_.size() - 1);
    const bool hole = nodes_[n].hole, says = nodes_[n].says();
    each_around(n, [&](Node& one) { one.holes -= hole, one.said -= says; });
    std::erase(nodes_[nodes_[n].parent].children, n);
    nodes_.pop_back();
  }

  void set(std::uint32_t n, std::string_view text) {
    nodes_[n].text = text;
    nodes_[n].written = true;
    each_around(n, [](Node& one) { ++one.values; });
  }

  void unset(std::uint32_t n) {
    nodes_[n].text.clear();
    nodes_[n].written = false;
    each_around(n, [](Node& one) { --one.values; });
  }

  /// While a skeleton is read.
  void add_text(std::uint32_t n, std::string_view part) { nodes_[n].text += part; }
  void end_text(std::uint32_t n) {
    Node& node = nodes_[n];
    if (is_blank(node.text)) node.text.clear();
    const bool hole = node.text == kHole, says = !hole && node.says();
    if (hole) node.text.clear();
    node.hole = hole;
    each_around(n, [&](Node& one) { one.holes += hole, one.said += says; });
  }

  std::size_t place_among(std::uint32_t n) const {
    const auto& children = nodes_[nodes_[n].parent].children;
    return static_cast<std::size_t>(std::ranges::find(children, n) - children.begin());
  }

  /// Will it stand in the document, as far as it is up to itself?
  bool is_live(std::uint32_t n) const { return n == 0 || nodes_[n].holes == 0 || nodes_[n].values > 0; }

  bool is_valued(std::uint32_t n) const {
    if (nodes_[n].values == 0 && nodes_[n].said == 0) return false;
    for (std::uint32_t around = n;; around = nodes_[around].parent) {
      if (!is_live(around)) return false;
      if (around == 0) return true;
    }
  }

  /// What it says, when it says it.
  bool is_leaf(std::uint32_t n) const { return (nodes_[n].written || nodes_[n].says()) && is_valued(n); }

 private:
  template <class Use>
  void each_around(std::uint32_t n, Use use) {
    for (;; n = nodes_[n].parent) {
      use(nodes_[n]);
      if (n == 0) return;
    }
  }

  std::vector<Node> nodes_;
};

class SkeletonReader final : public fhir::XmlHandler {
 public:
  explicit SkeletonReader(Tree& tree) : tree_(tree) {}

  Result<void> start(fhir::XmlName name, std::span<const fhir::XmlAttribute> attributes, std::size_t) override {
    const auto parent = open_.empty() ? 0 : open_.back();
    Node element;
    element.space = name.space;
    element.name = name.local;
    element.parent = parent;
    element.repeats = std::ranges::any_of(attributes, is_mark);
    const auto n = tree_.add(std::move(element), kMostAlike);
    open_.push_back(n);
    for (const auto& attribute : attributes) {
      if (is_mark(attribute)) continue;
      Node node{.attribute = true, .hole = attribute.value == kHole, .parent = n};
      node.space = attribute.name.space;
      node.name = attribute.name.local;
      if (!node.hole) node.text = attribute.value;
      tree_.add(std::move(node), kMostAlike);
    }
    return {};
  }

  Result<void> end(fhir::XmlName, std::size_t) override {
    tree_.end_text(open_.back());
    open_.pop_back();
    return {};
  }

  Result<void> text(std::string_view part, std::size_t) override {
    tree_.add_text(open_.back(), part);
    return {};
  }

 private:
  static bool is_mark(const fhir::XmlAttribute& attribute) {
    return attribute.name.space.empty() && attribute.name.local == kRepeat && attribute.value == kHole;
  }

  Tree& tree_;
  std::vector<std::uint32_t> open_;
};

/// The document as text; what waits in vain for a value is left out.
class Encoder {
 public:
  explicit Encoder(const Tree& tree) : tree_(tree) {}

  std::string document() {
    out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    element(0, {}, 0);
    return std::move(out_);
  }

 private:
  void element(std::uint32_t n, std::string_view space, std::size_t depth) {
    const Node& node = tree_[n];
    out_.append(2 * depth, ' ').append("<").append(node.name);
    if (node.space != space) named("xmlns", node.space);
    if (n == 0) named("xmlns:xsi", kInstance);
    bool content = !node.text.empty(), below = false;
    for (const auto child : node.children) {
      if (!tree_[child].attribute)
        below = below || tree_.is_live(child);
      else if (!tree_[child].hole || tree_[child].written)
        attribute(tree_[child]);
    }
    if (!content && !below) return void(out_ += "/>\n");
    out_ += '>';
    fhir::append_xml_text(out_, node.text);
    if (below) {
      out_ += '\n';
      for (const auto child : node.children)
        if (!tree_[child].attribute && tree_.is_live(child)) element(child, node.space, depth + 1);
      out_.append(2 * depth, ' ');
    }
    out_.append("</").append(node.name).append(">\n");
  }

  void attribute(const Node& node) {
    if (node.space == kInstance) return named("xsi:" + node.name, node.text);
    if (node.space == kXml) return named("xml:" + node.name, node.text);
    if (!node.space.empty()) named("xmlns:a", node.space);
    named(node.space.empty() ? node.name : "a:" + node.name, node.text);
  }

  void named(std::string_view name, std::string_view value) {
    out_.append(" ").append(name).append("=\"");
    fhir::append_xml_attribute(out_, value);
    out_ += '"';
  }

  const Tree& tree_;
  std::string out_;
};

}  // namespace

class Skeleton {
 public:
  Tree tree;
};

namespace {

class XmlWritable final : public Writable {
 public:
  explicit XmlWritable(std::shared_ptr<const Skeleton> skeleton)
      : skeleton_(std::move(skeleton)), tree_(skeleton_->tree), fixed_(tree_.size()) {}

  Spot root() const override { return {0, 0}; }

  Spots find(const BoundPath& bound, Spot from) const override {
    Spots spots;
    for (const auto n : matches(static_cast<const XmlPath&>(bound), from))
      if (tree_.is_valued(n)) spots.push_back({n, 0});
    return spots;
  }

  std::string text(Spot spot) const override { return tree_.is_leaf(number(spot)) ? tree_[number(spot)].text : ""; }
  std::string whole(Spot spot) const override { return text(spot); }

  std::string place(Spot spot) const override {
    const auto n = number(spot);
    const std::string own = (tree_.is_attribute(n) ? "@" : "") + tree_[n].name;
    return n == 0 ? own : place({tree_[n].parent, 0}) + "/" + own;
  }

  Spots leaves(Spot spot) const override {
    Spots found;
    const auto use = [&](std::uint32_t n) {
      if (tree_.is_leaf(n)) found.push_back({n, 0});
    };
    use(number(spot));
    tree_.each_below(number(spot), use);
    return found;
  }

  std::optional<Spot> place_at(const BoundPath& bound, Spot from, std::optional<std::size_t> n) override {
    const auto& path = static_cast<const XmlPath&>(bound);
    const std::size_t wanted = n.value_or(0);
    if (wanted > kMostAlike) return std::nullopt;
    auto found = places(path, from);
    if (found.empty()) {
      if (!make(path, number(from))) return std::nullopt;
      found = places(path, from);
    }
    while (!found.empty() && found.size() <= wanted) {
      if (!make_another(found.back())) return std::nullopt;
      const auto before = std::exchange(found, places(path, from)).size();
      if (found.size() <= before) return std::nullopt;
    }
    return found.size() > wanted ? std::optional(Spot{found[wanted], 0}) : std::nullopt;
  }

  bool write(Spot spot, std::string_view text, bool) override {
    const auto n = number(spot);
    const Node& node = tree_[n];
    if (text.empty() || !is_allowed(text)) return false;
    if (!node.text.empty()) return node.text == text;
    if (!node.hole && std::ranges::any_of(node.children, [&](auto child) { return tree_.is_element(child); }))
      return false;
    tree_.set(n, text);
    written_.push_back(n);
    return true;
  }

  bool stands(Spot spot) const override { return spot.a != 0 && tree_[tree_[number(spot)].parent].values > 0; }
  bool knows(Spot) const override { return true; }

  std::size_t number_of(Spot spot) const override {
    const auto n = repeating(number(spot));
    if (n == 0) return 1;
    std::size_t before = 0;
    for (const auto other : tree_[tree_[n].parent].children) {
      before +=
          tree_.is_element(other) && tree_.name(other) == tree_.name(n) && tree_[other].repeats == tree_[n].repeats;
      if (other == n) break;
    }
    return before;
  }

  std::size_t position() const override { return tree_.size() << 32 | written_.size(); }

  void take_back(std::size_t position) override {
    for (const std::size_t to = position & 0xffffffffu; written_.size() > to; written_.pop_back())
      tree_.unset(written_.back());
    for (const std::size_t to = std::max(position >> 32, fixed_); tree_.size() > to;) tree_.remove_last();
  }

  std::unique_ptr<Cut> cut(std::size_t position) override {
    auto kept = std::make_unique<Taken>();
    for (std::size_t i = position & 0xffffffffu; i < written_.size(); ++i)
      kept->texts.emplace_back(written_[i], tree_[written_[i]].text);
    take_back((tree_.size() << 32) | (position & 0xffffffffu));
    for (const std::size_t to = std::max(position >> 32, fixed_); tree_.size() > to; tree_.remove_last()) {
      const auto last = static_cast<std::uint32_t>(tree_.size() - 1);
      kept->nodes.emplace_back(tree_[last], tree_.place_among(last));
    }
    std::ranges::reverse(kept->nodes);
    return kept;
  }

  void paste(const Cut& cut) override {
    const auto& kept = static_cast<const Taken&>(cut);
    for (const auto& [node, at] : kept.nodes) tree_.add(bare(node), at);
    for (const auto& [n, text] : kept.texts) {
      tree_.set(n, text);
      written_.push_back(n);
    }
  }

  std::string encode() const override { return Encoder(tree_).document(); }

 private:
  struct Taken final : Cut {
    std::vector<std::pair<Node, std::size_t>> nodes;  // with their places among the children
    std::vector<std::pair<std::uint32_t, std::string>> texts;
  };

  static std::uint32_t number(Spot spot) { return static_cast<std::uint32_t>(spot.a); }

  static Node bare(Node node) {
    node.children.clear();
    return node;
  }

  Numbers matches(const XmlPath& path, Spot from) const {
    const Walk<Tree> walk(tree_);
    return path.from_top ? walk.from_top(path.steps) : walk.follow(path.steps, {number(from)});
  }

  /// Where a value of the path may stand: where one is waited for, if it is anywhere.
  Numbers places(const XmlPath& path, Spot from) const {
    Numbers all = matches(path, from), waiting;
    std::ranges::copy_if(all, std::back_inserter(waiting),
                         [&](std::uint32_t n) { return tree_[n].hole || tree_[n].written; });
    return waiting.empty() ? all : waiting;
  }

  /// The element that is made again when there is to be one more: the innermost marked one around it, else itself.
  std::uint32_t repeating(std::uint32_t n) const {
    for (std::uint32_t around = n; around != 0; around = tree_[around].parent)
      if (tree_[around].repeats) return around;
    return n;
  }

  bool make_another(std::uint32_t like) {
    const auto n = repeating(like);
    if (n == 0 || tree_.is_attribute(n)) return false;
    copy(n, tree_[n].parent, tree_.place_among(n) + 1, true);
    return true;
  }

  /// As it was before anything was written into it.
  void copy(std::uint32_t n, std::uint32_t parent, std::size_t at, bool further) {
    Node node = bare(tree_[n]);
    node.parent = parent;
    if (node.written) node.text.clear();
    node.written = false;
    node.further = further;
    const Numbers children = tree_[n].children;
    const auto made = tree_.add(std::move(node), at);
    for (const auto child : children)
      if (!tree_[child].further) copy(child, made, kMostAlike, false);
  }

  bool make(const XmlPath& path, std::uint32_t from) {
    if (path.steps.empty()) return false;
    if (!path.from_top) return make(path.steps, 0, from);
    return tree_.name(0) == path.steps.front().name && make(path.steps, 1, 0);
  }

  bool make(const std::vector<Step>& steps, std::size_t next, std::uint32_t around) {
    if (next == steps.size()) return true;
    const Step& step = steps[next];
    const Walk<Tree> walk(tree_);
    if (const auto there = walk.follow({step}, {around}); !there.empty()) return make(steps, next + 1, there.front());
    if (step.deep || step.name == "*" || (tree_.is_attribute(around))) return false;
    Node node{.attribute = step.attribute, .hole = true, .further = true, .parent = around};
    if (!step.attribute) node.space = tree_[around].space;
    node.name = step.name;
    const auto made = tree_.add(std::move(node), step.attribute ? 0 : kMostAlike);
    for (const Step::Condition& condition : step.conditions)
      if (!fulfil(condition, made)) return false;
    return make(steps, next + 1, made);
  }

  bool fulfil(const Step::Condition& condition, std::uint32_t n) {
    if (condition.index > 0) return condition.index == 1;
    if (!make(condition.path, 0, n)) return false;
    const auto at = Walk<Tree>(tree_).follow(condition.path, {n});
    return !at.empty() && (!condition.value || write({at.front(), 0}, *condition.value, false));
  }

  const std::shared_ptr<const Skeleton> skeleton_;
  Tree tree_;
  const std::size_t fixed_;  // nodes that the skeleton brought
  std::vector<std::uint32_t> written_;
};

}  // namespace

Result<std::shared_ptr<const Skeleton>> read_skeleton(std::string utf8) {
  auto skeleton = std::make_shared<Skeleton>();
  SkeletonReader reader(skeleton->tree);
  if (auto done = fhir::read_xml(without_encoding(std::move(utf8)), {1u << 20, 100}, reader); !done)
    return fhir::pass(done);
  return skeleton;
}

bool is_hl7_v3(const Skeleton& skeleton) { return skeleton.tree[0].space == "urn:hl7-org:v3"; }

std::unique_ptr<Writable> make_writable(std::shared_ptr<const Skeleton> skeleton) {
  return std::make_unique<XmlWritable>(std::move(skeleton));
}

}  // namespace adapters::xml
