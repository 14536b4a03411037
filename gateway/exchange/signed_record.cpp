#include "gateway/exchange/signed_record.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <optional>
#include <vector>

#include "adapters/map/datetime.h"
#include "fhir/primitives.h"
#include "gateway/trust/digest.h"

namespace gateway::exchange {
namespace {

using fhir::Fault;
using fhir::Json;
using fhir::JsonKind;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, value, 16);
    if (error != std::errc{} || end != text.data() + i + 2) return std::nullopt;
    bytes += static_cast<char>(value);
  }
  return bytes;
}

std::string to_hex(std::string_view bytes) {
  return trust::to_hex({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

/// Unix time in seconds (10 digits) or milliseconds (13).
std::optional<Millis> unix_time(std::string_view text) {
  Millis value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  if (text.size() == 10) return value * 1000;
  return text.size() == 13 ? std::optional(value) : std::nullopt;
}

std::optional<Millis> time_of(std::string_view text, std::string_view zone) {
  using namespace std::chrono;
  if (const auto unix = unix_time(text)) return unix;
  const auto moment = adapters::map::parse_moment(text);
  if (!moment || moment->precision < adapters::map::Moment::Precision::minute) return std::nullopt;
  const year_month_day day{year{moment->year}, month{moment->month}, std::chrono::day{moment->day}};
  if (!day.ok()) return std::nullopt;
  const auto local = sys_days(day) + hours(moment->hour) + minutes(moment->minute) + seconds(moment->second);
  const std::string_view said = moment->zone.empty() ? zone : std::string_view(moment->zone);
  return duration_cast<milliseconds>(local.time_since_epoch()).count() - (said == "Z" ? 0 : zone_offset(said));
}

std::unexpected<fhir::Error> refused(const char* code, const std::string& where, const char* say) {
  return fhir::fail(Fault::forbidden, code, where, say);
}

std::unexpected<fhir::Error> no_key() {
  return fhir::fail(Fault::broken, "signature.key", "", "the key of this endpoint's signatures was not loaded");
}

Result<void> check_time(const config::Signature& rule, JsonView envelope, const SignedAt& at) {
  const auto said = time_of(envelope[rule.time].text(), at.zone);
  if (!said) return refused("signature.no-time", rule.time, "the record does not say when it was signed");
  const Millis skew = std::chrono::duration_cast<std::chrono::milliseconds>(rule.skew).count();
  if (at.late || (*said >= at.now - skew && *said <= at.now + skew)) return {};
  return refused("signature.time", rule.time, "the record was signed too long ago, or the clocks differ: sign it anew");
}

}  // namespace

std::string signed_text(JsonView envelope, std::string_view signature_field) {
  std::vector<std::pair<std::string_view, JsonView>> members;
  for (auto it = envelope.begin(); it != envelope.end(); ++it) {
    const JsonView value = *it;
    const bool empty = value.kind() == JsonKind::null || (value.is_string() && value.text().empty());
    if (it.key() != signature_field && !empty) members.emplace_back(it.key(), value);
  }
  std::ranges::sort(members, {}, &std::pair<std::string_view, JsonView>::first);
  std::string text;
  for (const auto& [name, value] : members) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value.is_string() ? std::string(value.text()) : value.dump());
  }
  return text;
}

Result<void> check_signature(const config::Signature& rule, JsonView envelope, const SignedAt& at) {
  if (rule.key == nullptr) return no_key();
  std::string_view written = envelope[rule.field].text();
  if (written.empty()) return refused("signature.missing", rule.field, "the record is not signed");
  if (written.starts_with(rule.prefix)) written.remove_prefix(rule.prefix.size());
  const auto bytes = rule.hex ? from_hex(written) : fhir::base64_decode(written);
  if (!bytes || !rule.key->verifies(signed_text(envelope, rule.field), *bytes))
    return refused("signature.wrong", rule.field,
                   "the signature is not that of this record: another key, another text, or altered on the way");
  return check_time(rule, envelope, at);
}

Result<std::string> sign_record(const config::Signature& rule, std::string record, const SignedAt& at) {
  if (rule.key == nullptr) return no_key();
  auto json = Json::parse(std::move(record));
  if (!json) return fhir::pass(json);
  if (!json->root().is_object())
    return fhir::fail(Fault::invalid, "signature.shape", "", "only a JSON object can carry a signature");
  JsonTree tree = JsonTree::from(json->root());
  std::string time = local_instant(at.now, at.zone).substr(0, 19);  // 2026-03-10T09:30:15
  time[10] = ' ';
  tree.set(rule.time, JsonTree::string(std::move(time)));
  tree.erase(rule.field);
  const auto unsigned_record = Json::parse(tree.dump());
  if (!unsigned_record) return std::unexpected(unsigned_record.error());
  const auto signature = rule.key->sign(signed_text(unsigned_record->root(), rule.field));
  if (!signature) return std::unexpected(signature.error());
  tree.set(rule.field,
           JsonTree::string(rule.prefix + (rule.hex ? to_hex(*signature) : fhir::base64_encode(*signature))));
  return tree.dump();
}

}  // namespace gateway::exchange
