#include "gateway/policy/secrets.h"

#include <algorithm>
#include <array>

#include "fhir/message/message.h"
#include "gateway/policy/policy.h"

namespace gateway::policy {
namespace {

using fhir::JsonKind;
using fhir::JsonTree;

constexpr std::size_t kStandsAloneBelow = 8;  // letters and digits
constexpr std::size_t kCompactFrom = 11;      // phones and national ids: written with spaces and dashes
constexpr std::size_t kAddressFrom = 6;       // code points

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xc0) != 0x80; }));
}

std::size_t digits(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, is_ascii_digit));
}

void each_string(const JsonTree& value, const auto& use) {
  if (value.kind() == JsonKind::string) use(std::string_view(value.text()));
  for (const auto& [name, inner] : value.children()) each_string(inner, use);
}

// Some string of `place` (say, the cities of all addresses) holds this one, or the other way round.
bool overlaps(const JsonTree* place, std::string_view text, bool both_ways) {
  bool found = false;
  if (place == nullptr) return false;
  each_string(*place, [&](std::string_view known) {
    found = found || known.find(text) != std::string_view::npos || (both_ways && !known.empty() && text == known);
  });
  return found;
}

bool is_known_place(const JsonTree* addresses, std::string_view text) {
  return addresses != nullptr && std::ranges::any_of(addresses->children(), [text](const JsonTree::Member& address) {
           return std::ranges::any_of(std::array{"city", "state", "country"}, [&](const char* part) {
             return overlaps(address.second.find(part), text, true);
           });
         });
}

}  // namespace

void Secrets::learn_number(std::string_view value) {
  const std::string plain = fold(value, false), compact = fold(value, true);
  const bool word = compact.size() < kStandsAloneBelow;
  if (!compact.empty()) whole_.insert(compact);
  exact_.add(plain, word);
  exact_.add(compact, true);
  if (compact.size() < kCompactFrom) return;
  compact_.add(compact, false);
  if (compact.size() == 13 && compact.starts_with("86")) compact_.add(compact.substr(2), false);
}

void Secrets::learn_numbers(const JsonTree* holder) {
  if (holder == nullptr) return;
  if (holder->kind() == JsonKind::array) {
    for (const auto& [name, item] : holder->children()) learn_numbers(&item);
  } else {
    learn_number(holder->text_of("value"));
  }
}

void Secrets::learn_text(std::string_view value) { exact_.add(fold(value, false), true); }

void Secrets::learn_addresses(const JsonTree* addresses, const JsonTree& patient) {
  if (addresses == nullptr) return;
  const auto learn = [&](std::string_view text) {
    if (code_points(text) >= kAddressFrom && !is_known_place(patient.find("address"), text)) learn_text(text);
  };
  const auto from = [&](const JsonTree& address) {
    for (const char* part : {"line", "text"}) {
      if (const JsonTree* value = address.find(part)) each_string(*value, learn);
    }
  };
  if (addresses->kind() == JsonKind::object) return from(*addresses);
  for (const auto& [name, address] : addresses->children()) from(address);
}

void Secrets::learn_name(const JsonTree* name, const JsonTree& patient) {
  if (name == nullptr) return;
  if (name->kind() == JsonKind::array) {
    for (const auto& [member, one] : name->children()) learn_name(&one, patient);
    return;
  }
  const std::string_view text = name->text_of("text");
  if (code_points(text) >= 2 && !overlaps(patient.find("name"), text, false)) learn_text(text);
}

void Secrets::learn_person(const JsonTree& person, const JsonTree& patient) {
  learn_name(person.find("name"), patient);
  learn_numbers(person.find("telecom"));
  learn_addresses(person.find("address"), patient);
}

void Secrets::learn_people(const JsonTree* contacts, const JsonTree& patient) {
  if (contacts == nullptr) return;
  for (const auto& [name, contact] : contacts->children()) learn_person(contact, patient);
}

void Secrets::learn_source_value(const JsonTree& extension) {
  each_string(extension, [this](std::string_view text) {
    const std::string compact = fold(text, true);
    if (compact.size() >= kStandsAloneBelow && digits(compact) >= Needles::kShortest) learn_number(text);
  });
}

void Secrets::learn_id(std::string_view name) {
  const std::string_view id = name.substr(name.find_last_of(":/") + 1);
  if (fhir::message::is_uuid(id)) exact_.add(fold(id, false), true);
}

void Secrets::search(std::string_view text, bool free_text, bool skip_tags, std::vector<Span>& found) const {
  const Seen seen = look_at(text, {true, false, skip_tags});
  const auto take = [&](const Seen& in, std::size_t begin, std::size_t end) {
    std::ranges::copy(in.source(begin, end, text), std::back_inserter(found));
  };
  exact_.find(seen.text, [&](std::size_t begin, std::size_t end) { take(seen, begin, end); });
  for (const Span& id : find_resident_ids(seen.text)) take(seen, id.begin, id.end);
  if (free_text) {
    for (const Span& phone : find_mobile_numbers(seen.text)) take(seen, phone.begin, phone.end);
  }
  if (compact_.empty()) return;
  const Seen dense = look_at(text, {true, true, skip_tags});
  compact_.find(dense.text, [&](std::size_t begin, std::size_t end) { take(dense, begin, end); });
}

bool Secrets::is_number(std::string_view value) const { return whole_.contains(fold(value, true)); }

std::optional<std::string> Secrets::scrub(std::string_view text, bool free_text) const {
  if (text.size() < Needles::kShortest) return {};
  std::vector<Span> found;
  search(text, free_text, false, found);
  if (text.find('<') != std::string_view::npos) search(text, free_text, true, found);
  if (found.empty()) return {};
  return replace(text, std::move(found), kRedacted);
}

bool is_structural(std::string_view member) {
  static constexpr auto kMembers = std::to_array<std::string_view>(
      {"resourceType", "id",         "fullUrl",     "reference", "system",      "url",       "profile",   "status",
       "use",          "language",   "contentType", "versionId", "lastUpdated", "timestamp", "birthDate", "type",
       "mode",         "intent",     "gender",      "value",     "hash",        "size",      "endpoint",  "version",
       "recorded",     "authoredOn", "issued",      "unit",      "policy"});
  return std::ranges::find(kMembers, member) != kMembers.end();
}

}  // namespace gateway::policy
