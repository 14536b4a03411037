#include "adapters/xml/xml_path.h"

#include <charconv>
#include <utility>

namespace adapters::xml {
namespace {

bool is_name_byte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
         c == '.' || c < '\0';
}

class PathReader {
 public:
  explicit PathReader(std::string_view text) : rest_(text) {}

  bool read(XmlPath& path) {
    if (rest_ == ".") return true;
    path.from_top = rest_.starts_with('/') && !rest_.starts_with("//");
    if (path.from_top) rest_.remove_prefix(1);
    return steps(path.steps, 0) && rest_.empty();
  }

 private:
  static constexpr int kDeepest = 4;  // conditions within conditions

  bool take(std::string_view mark) {
    if (!rest_.starts_with(mark)) return false;
    rest_.remove_prefix(mark.size());
    return true;
  }

  bool steps(std::vector<Step>& into, int depth) {
    bool deep = take("//");
    do {
      Step step;
      step.deep = deep || take("/");  // the second of two
      if (!read_step(step, depth)) return false;
      const bool last = step.attribute;  // nothing is below an attribute
      into.push_back(std::move(step));
      if (last) return !rest_.starts_with('/');
      deep = false;
    } while (take("/"));
    return true;
  }

  bool read_step(Step& step, int depth) {
    step.attribute = take("@");
    if (take("*")) {
      step.name = "*";
    } else {
      const auto end = std::ranges::find_if_not(rest_, is_name_byte);
      step.name.assign(rest_.begin(), end);
      rest_.remove_prefix(step.name.size());
    }
    while (!step.attribute && take("[")) {
      if (depth >= kDeepest || !condition(step.conditions.emplace_back(), depth + 1) || !take("]")) return false;
    }
    return !step.name.empty() && !std::string_view(".-0123456789").contains(step.name.front());
  }

  bool condition(Step::Condition& into, int depth) {
    if (!rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9') {
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), into.index);
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      return error == std::errc() && into.index > 0;
    }
    if (take(".")) {
      if (!rest_.starts_with('=')) return false;
    } else if (!steps(into.path, depth)) {
      return false;
    }
    return !take("=") || quoted(into.value.emplace());
  }

  bool quoted(std::string& into) {
    const char mark = rest_.empty() ? '\0' : rest_.front();
    if (mark != '\'' && mark != '"') return false;
    const std::size_t end = rest_.find(mark, 1);
    if (end == std::string_view::npos) return false;
    into = rest_.substr(1, end - 1);
    rest_.remove_prefix(end + 1);
    return true;
  }

  std::string_view rest_;
};

}  // namespace

bool read_path(std::string_view text, XmlPath& path) { return PathReader(text).read(path); }

}  // namespace adapters::xml
