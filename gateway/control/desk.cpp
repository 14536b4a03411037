#include "gateway/control/desk.h"

#include <charconv>

namespace gateway::control {

using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;

std::string_view Asked::parameter(std::string_view name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string_view{} : std::string_view(found->second);
}

net::HttpResponse json(int status, const JsonTree& tree) {
  return {status, {{"content-type", "application/json"}}, tree.dump()};
}

net::HttpResponse failed(const fhir::Error& error) {
  const int status = error.fault == Fault::not_found ? 404 : error.fault == Fault::invalid ? 400 : 409;
  return json(status, JsonTree::object({{"code", error.code}, {"where", error.where}, {"say", error.say}}));
}

JsonTree number(std::int64_t n) { return JsonTree::number(std::to_string(n)); }

JsonTree parsed(const std::string& text) {
  const auto value = Json::parse(text);
  return value ? JsonTree::from(value->root()) : JsonTree::null();
}

store::Id id_of(std::string_view text) {
  store::Id id = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), id);
  return error == std::errc{} && end == text.data() + text.size() ? id : 0;
}

void flag(JsonTree& tree, std::string_view name, bool value) {
  if (value) tree.set(name, JsonTree::boolean(true));
}

store::AuditEntry audited(const Desk& desk, std::string event, const Asked& asked, const JsonTree& detail) {
  return {0, desk.world.clock.now(), std::move(event), asked.user, detail.dump(), ""};
}

}  // namespace gateway::control
