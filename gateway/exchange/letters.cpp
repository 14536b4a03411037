#include "gateway/exchange/letters.h"

#include <charconv>
#include <optional>

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::size_t kMostAnswers = 256;

JsonTree text_part(std::string_view name, std::string_view value) {
  return JsonTree::object({{"name", name}, {"valueString", value}});
}

JsonTree number_part(std::string_view name, std::int64_t value) {
  return JsonTree::object({{"name", name}, {"valueInteger", JsonTree::number(std::to_string(value))}});
}

// A body that is no JSON cannot travel, and says nothing: its status does.
void add_resource(JsonTree& parts, std::string_view body) {
  const auto json = Json::parse(std::string(body));
  if (!json || !json->root().is_object()) return;
  parts.push(JsonTree::object({{"name", "body"}, {"resource", JsonTree::from(json->root())}}));
}

JsonTree parameters() {
  JsonTree tree = JsonTree::object({{"resourceType", "Parameters"}});
  tree.set("parameter", JsonTree::array());
  return tree;
}

JsonTree with_parts(std::string_view name, JsonTree parts) {
  return JsonTree::object({{"name", name}, {"part", std::move(parts)}});
}

JsonView part(JsonView parameter, std::string_view name) {
  for (const JsonView one : parameter["part"])
    if (one["name"].text() == name) return one;
  return {};
}

/// nullopt: not there, or not from `least` to `most`.
std::optional<int> integer(JsonView parameter, int least, int most) {
  const std::string_view digits = parameter["valueInteger"].text();
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return value < least || value > most ? std::nullopt : std::optional(value);
}

std::string body_of(JsonView parameter) {
  const JsonView resource = part(parameter, "body")["resource"];
  return resource.is_object() ? resource.dump() : std::string{};
}

std::unexpected<fhir::Error> malformed(std::string where, std::string say) {
  return fhir::fail(Fault::invalid, "collect.shape", std::move(where), std::move(say));
}

std::string place(std::size_t index) { return "Parameters.parameter[" + std::to_string(index) + "]"; }

Result<Json> parse_parameters(std::string_view body) {
  auto json = Json::parse(std::string(body));
  if (!json) return json;
  if (json->root()["resourceType"].text() != "Parameters") return malformed("", "the body must be Parameters");
  return json;
}

Result<LetterAnswer> read_answer(JsonView parameter, std::size_t index) {
  LetterAnswer answer;
  answer.request_id = part(parameter, "request")["valueString"].text();
  if (answer.request_id.empty()) return malformed(place(index), "an answer names the request it answers");
  const auto status = integer(part(parameter, "status"), 100, 599);
  if (!status) return malformed(place(index), "an answer has a status from 100 to 599");
  answer.response.status = *status;
  if (const auto seconds = integer(part(parameter, "retry-after"), 0, 86'400))
    answer.response.headers.emplace_back("retry-after", std::to_string(*seconds));
  answer.response.body = body_of(parameter);
  return answer;
}

}  // namespace

std::string write_call(const CollectCall& call) {
  JsonTree tree = parameters();
  tree["parameter"].push(number_part("wait", call.wait.count()));
  for (const LetterAnswer& answer : call.answers) {
    JsonTree parts = JsonTree::array();
    parts.push(text_part("request", answer.request_id));
    parts.push(number_part("status", answer.response.status));
    const std::string_view wait = net::header(answer.response.headers, "retry-after");
    int seconds = 0;
    if (!wait.empty() && std::from_chars(wait.data(), wait.data() + wait.size(), seconds).ec == std::errc{})
      parts.push(number_part("retry-after", seconds));
    add_resource(parts, answer.response.body);
    tree["parameter"].push(with_parts("answer", std::move(parts)));
  }
  return tree.dump();
}

std::string write_letters(const std::vector<Letter>& letters) {
  JsonTree tree = parameters();
  for (const Letter& letter : letters) {
    JsonTree parts = JsonTree::array();
    parts.push(text_part("request", letter.request_id));
    if (!letter.correlation.empty()) parts.push(text_part("correlation", letter.correlation));
    add_resource(parts, letter.body);
    tree["parameter"].push(with_parts("message", std::move(parts)));
  }
  return tree.dump();
}

Result<CollectCall> read_call(std::string_view body) {
  auto json = parse_parameters(body);
  if (!json) return fhir::pass(json);
  CollectCall call;
  std::size_t index = 0;
  for (const JsonView parameter : json->root()["parameter"]) {
    if (parameter["name"].text() == "wait") {
      const auto wait = integer(parameter, 0, static_cast<int>(kLongestWait.count()));
      if (!wait)
        return malformed(place(index), "wait is from 0 to " + std::to_string(kLongestWait.count()) + " seconds");
      call.wait = std::chrono::seconds(*wait);
    } else if (parameter["name"].text() == "answer") {
      auto answer = read_answer(parameter, index);
      if (!answer) return fhir::pass(answer);
      if (call.answers.size() == kMostAnswers) return malformed(place(index), "too many answers in one call");
      call.answers.push_back(*std::move(answer));
    }
    ++index;
  }
  return call;
}

Result<std::vector<Letter>> read_letters(std::string_view body) {
  auto json = parse_parameters(body);
  if (!json) return fhir::pass(json);
  std::vector<Letter> letters;
  std::size_t index = 0;
  for (const JsonView parameter : json->root()["parameter"]) {
    if (parameter["name"].text() == "message") {
      Letter letter{std::string(part(parameter, "request")["valueString"].text()),
                    std::string(part(parameter, "correlation")["valueString"].text()), body_of(parameter)};
      if (letter.request_id.empty() || letter.body.empty())
        return malformed(place(index), "a message has a request and a body");
      letters.push_back(std::move(letter));
    }
    ++index;
  }
  return letters;
}

}  // namespace gateway::exchange
