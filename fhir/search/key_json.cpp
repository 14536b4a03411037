#include "fhir/search/keys.h"

namespace fhir::search {
namespace {

/// Writes the members of docs/KEYS.md in its order; one without value is left out.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void member(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    append_json_string(out_, value);
  }

  void member(std::string_view name, const std::optional<Moment>& value) {
    if (value) member(name, std::string_view(value->text()));
  }

  void member(std::string_view name, const std::optional<Decimal>& value) {
    if (value) member(name, std::string_view(plain(*value)));
  }

  void begin(std::string_view name) {
    if (out_.back() != '{') out_ += ',';
    append_json_string(out_, name);
    out_ += ':';
  }

  void operator()(const Token& token) {
    member("type", "token");
    member("system", token.system);
    member("code", token.code);
  }

  void operator()(const Reference& reference) {
    member("type", "reference");
    member("target", reference.target);
    member("url", reference.url);
    member("version", reference.version);
    if (reference.identifier.empty()) return;
    begin("identifier");
    out_ += '{';
    member("system", reference.identifier_system);
    member("value", reference.identifier);
    out_ += '}';
  }

  void operator()(const Text& text) {
    member("type", "string");
    member("folded", std::string_view(text.folded));
    member("text", text.text);
  }

  void operator()(const Span& span) {
    member("type", "date");
    member("low", span.low);
    member("high", span.high);
  }

  void operator()(const NumberRange& range) {
    member("type", "number");
    limits(range);
  }

  void operator()(const Quantity& quantity) {
    member("type", "quantity");
    limits(quantity.range);
    member("system", quantity.system);
    member("code", quantity.code);
    member("unit", quantity.unit);
    if (!quantity.canonical) return;
    begin("canonical");
    out_ += '{';
    limits(quantity.canonical->range);
    member("unit", std::string_view(quantity.canonical->unit));
    out_ += '}';
  }

  void operator()(const Uri& uri) {
    member("type", "uri");
    member("uri", uri.uri);
  }

  void operator()(const Position& position) {
    member("type", "special");
    member("latitude", position.latitude);
    member("longitude", position.longitude);
  }

  void operator()(const Composite& composite) {
    member("type", "composite");
    begin("parts");
    out_ += '[';
    for (const Value& part : composite.parts) {
      if (out_.back() != '[') out_ += ',';
      out_ += '{';
      write(part);
      out_ += '}';
    }
    out_ += ']';
  }

  void write(const Value& value) {
    std::visit([this](const auto& each) { (*this)(each); }, static_cast<const Value::variant&>(value));
  }

 private:
  void limits(const NumberRange& range) {
    member("low", range.low);
    member("high", range.high);
  }

  std::string& out_;
};

}  // namespace

std::string to_json(const Key& key) {
  std::string out = "{";
  Writer writer(out);
  writer.member("param", key.parameter);
  writer.write(key.value);
  out += '}';
  return out;
}

}  // namespace fhir::search
