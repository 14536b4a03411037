#include <charconv>

#include "adapters/hl7v2/message.h"

namespace adapters::hl7v2 {

namespace {

/// Reads SEG[n]-F[n].C.S from the left.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : rest_(text) {}

  bool read(Path& path) {
    if (!segment(path.segment)) return false;
    if (!index(path.occurrence, 1u << 20)) return false;
    if (!after('-', path.at.field, 1000) || !index(path.at.repetition, 65'535)) return false;
    if (path.at.field == 0 && path.at.repetition != 0) return false;
    if (path.at.field != 0 && !after('.', path.at.component, 511)) return false;
    if (path.at.component != 0 && !after('.', path.at.subcomponent, 511)) return false;
    return rest_.empty();
  }

 private:
  bool segment(std::string& name) {
    const auto upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    const auto digit = [](char c) { return c >= '0' && c <= '9'; };
    if (rest_.size() < 3 || !upper(rest_[0])) return false;
    for (std::size_t i = 1; i < 3; ++i) {
      if (!upper(rest_[i]) && !digit(rest_[i])) return false;
    }
    name = rest_.substr(0, 3);
    rest_.remove_prefix(3);
    return true;
  }

  bool number(std::uint32_t& value, std::uint32_t most) {
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value == 0 || value > most) return false;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return true;
  }

  bool index(std::uint32_t& value, std::uint32_t most) {
    if (!rest_.starts_with('[')) return true;
    rest_.remove_prefix(1);
    if (!number(value, most) || !rest_.starts_with(']')) return false;
    rest_.remove_prefix(1);
    return true;
  }

  bool after(char mark, std::uint32_t& value, std::uint32_t most) {
    if (!rest_.starts_with(mark)) return true;
    rest_.remove_prefix(1);
    return number(value, most);
  }

  std::string_view rest_;
};

std::string bracketed(std::uint32_t n) { return n == 0 ? "" : "[" + std::to_string(n) + "]"; }

}  // namespace

Result<Path> Path::parse(std::string_view text) {
  Path path;
  if (PathReader(text).read(path)) return path;
  return fhir::fail(fhir::Fault::invalid, "hl7v2.path", "", "no HL7 v2 path: it looks like PID-3[2].4.1 or OBX[3]-5");
}

std::string Path::to_string() const {
  std::string text = segment + bracketed(occurrence);
  if (at.field == 0) return text;
  text += "-" + std::to_string(at.field) + bracketed(at.repetition);
  if (at.component == 0) return text;
  text += "." + std::to_string(at.component);
  return at.subcomponent == 0 ? text : text + "." + std::to_string(at.subcomponent);
}

}  // namespace adapters::hl7v2
