#include "gateway/exchange/shelf.h"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/message/message.h"
#include "gateway/exchange/clock.h"
#include "gateway/observe/failpoint.h"

namespace gateway::exchange {
namespace {

using fhir::JsonView;
using fhir::Result;

std::vector<std::pair<std::string, std::string>> identifiers_of(JsonView resource) {
  std::vector<std::pair<std::string, std::string>> found;
  const auto add = [&](JsonView one) {
    if (one["value"]) found.emplace_back(one["system"].text(), one["value"].text());
  };
  const JsonView identifier = resource["identifier"];
  if (identifier.is_object()) add(identifier);  // Composition and Bundle have one
  for (const JsonView one : identifier) {
    if (identifier.is_array()) add(one);
  }
  return found;
}

// Of the string in compact JSON that begins at `at`, behind its quote: where its closing quote stands.
std::size_t end_of_string(std::string_view text, std::size_t at) {
  while (text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at;
}

// Inside a message resources name each other by urn:uuid; on its own a record names them by Type/id. In the compact
// text: no string can hold the mark, because a quote inside a string is escaped. What is escaped is no urn:uuid.
std::string on_its_own(JsonView resource, JsonView bundle) {
  static constexpr std::string_view kMark = "\"reference\":\"urn:", kMember = "\"reference\":";
  const std::string text = resource.dump();
  std::string out;
  std::size_t done = 0;
  for (std::size_t at = 0; (at = text.find(kMark, done)) != std::string::npos;) {
    const std::size_t value = at + kMember.size() + 1, end = end_of_string(text, value);
    const auto name = std::string_view(text).substr(value, end - value);
    const JsonView target =
        name.find('\\') == std::string_view::npos ? fhir::message::resolve(bundle, name) : JsonView{};
    out.append(text, done, at + kMember.size() - done);
    if (target["id"]) {
      fhir::append_json_string(out, fmt::format("{}/{}", target["resourceType"].text(), target["id"].text()));
    } else {
      out.append(text, value - 1, end + 1 - (value - 1));
    }
    done = end + 1;
  }
  return out.append(text, done);
}

store::StoredResource stored(const Passage& passage, JsonView resource, std::string json) {
  store::StoredResource kept;
  kept.type = resource["resourceType"].text();
  kept.id = resource["id"].text();
  kept.at = passage.at;
  kept.identifiers = identifiers_of(resource);
  kept.owner = passage.envelope.sender;
  kept.event = passage.envelope.event;
  kept.correlation = passage.envelope.correlation;
  kept.json = std::move(json);
  return kept;
}

const store::StoredResource* moved_row(const Passage& passage, const store::ResourceName& name) {
  const auto found =
      std::ranges::find_if(passage.moved, [&](const auto& row) { return row.type == name.type && row.id == name.id; });
  return found == passage.moved.end() ? nullptr : &*found;
}

bool is_outdated(const Passage& passage, JsonView resource) {
  const std::string name = fmt::format("{}/{}", resource["resourceType"].text(), resource["id"].text());
  return std::ranges::find(passage.outdated, name) != passage.outdated.end();
}

store::StoredResource shelved(const Passage& passage, JsonView view) {
  const bool bundle = view["resourceType"].text() == "Bundle";
  auto resource = stored(passage, view, bundle ? view.dump() : on_its_own(view, passage.view()));
  if (const auto* before = moved_row(passage, {resource.type, resource.id})) {
    if (!observe::planted("double-dispense")) resource.replaces = before->version;
    resource.owner = before->owner;
  }
  for (auto& key : time_keys(view)) resource.identifiers.push_back(std::move(key));
  return resource;
}

std::vector<JsonView> to_shelve(const Passage& passage) {
  std::vector<JsonView> all;
  for (const JsonView entry : passage.view()["entry"]) {
    const JsonView resource = entry["resource"];
    const bool wanted = resource["id"] && resource["resourceType"].text() != "MessageHeader";
    if (wanted && !is_outdated(passage, resource)) all.push_back(resource);
  }
  return all;
}

}  // namespace

// A record belongs to the organisation it came from: what somebody else sends under the same id does not replace it.
// (What both sides move is the exception: the workflow step has merged it.)
Result<void> shelve(const World& world, Passage& passage) {
  const auto views = to_shelve(passage);
  std::vector<store::ResourceName> names;
  for (const JsonView view : views) names.push_back({view["resourceType"].text(), view["id"].text()});
  const auto owners = world.store.owners(names);
  if (!owners) return std::unexpected(owners.error());
  for (std::size_t i = 0; i < views.size(); ++i) {
    const std::string& owner = (*owners)[i];
    const bool theirs = !owner.empty() && owner != passage.envelope.sender;
    const bool shared = names[i].type == "Task" || moved_row(passage, names[i]) != nullptr;
    if (!theirs || shared) passage.commit.resources.push_back(shelved(passage, views[i]));
  }
  // A message with nothing but older versions is found as a message; whoever pulls gets the newer Bundle.
  if (!passage.outdated.empty() && passage.arrival.untold) return {};
  auto whole = stored(passage, passage.view(), passage.message().bundle);
  if (whole.id.empty()) whole.id = passage.envelope.header_id;
  for (const auto& id : passage.envelope.business_ids) whole.identifiers.emplace_back("", id);
  passage.commit.resources.push_back(std::move(whole));
  return {};
}

}  // namespace gateway::exchange
