#include "adapters/map/back.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

#include "adapters/hl7v2/message.h"
#include "adapters/hl7v2/source.h"
#include "adapters/hl7v2/writable.h"
#include "adapters/http/json_writable.h"
#include "adapters/map/back_bundle.h"
#include "adapters/map/unmaker.h"
#include "adapters/xml/xml_writable.h"

namespace adapters::map {
namespace {

using fhir::Fault;
using fhir::JsonView;

std::unique_ptr<Writable> writable(const Plan& plan, std::string_view kind) {
  switch (plan.source) {
    case Format::hl7v2: return hl7v2::make_writable(kind);
    case Format::json: return http::make_writable();
    case Format::row: return rows::make_writable(plan.shape);
    case Format::xml: return plan.skeleton == nullptr ? nullptr : xml::make_writable(plan.skeleton);
    case Format::csv:
    case Format::fhir: break;
  }
  return nullptr;
}

class Backwards {
 public:
  Backwards(const Plan& plan, const Inverse& inverse, fhir::Json bundle, const Site& site)
      : plan_(plan), inverse_(inverse), bundle_(std::move(bundle)), site_(site) {}

  Result<Outcome> run() {
    const std::string kind = find_kind();
    record_ = writable(plan_, kind);
    if (record_ == nullptr)
      return fhir::fail(Fault::unsupported, "map.back-format", plan_.name,
                        "records of this format are not written yet");
    Unmaker unmaker(plan_, inverse_, bundle_, *record_, site_);
    bundle_.deal(plan_, [&](std::size_t rule, std::size_t resource) { return fits(unmaker, rule, resource); });
    if (bundle_.size() == 0 || bundle_.rule_of(0) != plan_.header)
      return fhir::fail(Fault::invalid, "map.back-bundle", plan_.name, "no MessageHeader that this map makes");
    stand();
    for (std::size_t i = 0; i < bundle_.size(); ++i)
      if (const auto rule = bundle_.rule_of(i))
        unmaker.resource(plan_.resources[*rule], bundle_.resource(i), spots_[i].value_or(record_->root()));
    unmaker.settle_places();
    unmaker.settle_conditions();
    say_kind(kind);
    for (const auto& rule : plan_.back) unmaker.complete(rule);
    if (unmaker.exhausted())
      return fhir::fail(Fault::too_large, "map.budget", plan_.name, "this Bundle takes too many steps to map back");
    return Outcome{.bundle = {}, .local = record_->encode(), .report = settle(unmaker)};
  }

  /// What the header says; of a header that says nothing, but is what this map makes to the last value, its only kind.
  std::string picked_kind() {
    record_ = writable(plan_, any_kind());
    if (record_ == nullptr || bundle_.size() == 0) return {};
    Unmaker unmaker(plan_, inverse_, bundle_, *record_, site_);
    const auto& header = plan_.resources[plan_.header];
    if (bundle_.type(0) != header.type) return {};
    const bool made = unmaker.try_resource(header, bundle_.resource(0), record_->root()).perfect();
    bool said = false;
    auto kind = find_kind(&said);
    return said || made ? kind : std::string();
  }

  /// What the header says, else the only kind this map takes.
  std::string find_kind(bool* said = nullptr) {
    record_ = writable(plan_, any_kind());
    std::string kind;
    if (record_ != nullptr && bundle_.size() > 0) {
      Unmaker unmaker(plan_, inverse_, bundle_, *record_, site_);
      unmaker.resource(plan_.resources[plan_.header], bundle_.resource(0), record_->root());
      if (auto message = hl7v2::Message::parse(record_->encode())) kind = message->type();
    }
    if (said != nullptr) *said = !kind.empty();
    if (kind.find('^') != std::string::npos && !kind.starts_with('^')) return kind;
    const auto ends = [&](const std::string& accepted) {
      return !kind.empty() && accepted.ends_with(kind.starts_with('^') ? kind : "^" + kind);
    };
    const auto found = std::ranges::find_if(plan_.accept, ends);
    if (found != plan_.accept.end()) return *found;
    return kind.empty() && plan_.accept.size() == 1 ? plan_.accept.front() : kind;
  }

 private:
  /// Of a header all structures think alike.
  std::string_view any_kind() const {
    return plan_.accept.empty() ? std::string_view() : std::string_view(plan_.accept.front());
  }

  int fits(Unmaker& unmaker, std::size_t rule, std::size_t resource) {
    const auto before = record_->position();
    std::optional<Spot> spot = record_->root();
    std::vector<std::size_t> chain;
    for (auto context = plan_.resources[rule].context; context; context = plan_.contexts[*context].around)
      chain.insert(chain.begin(), *context);
    for (const auto context : chain)
      if (spot) spot = record_->place_at(*plan_.contexts[context].each.bound, *spot);
    const Fit fit = spot ? unmaker.try_resource(plan_.resources[rule], bundle_.resource(resource), *spot) : Fit::none();
    record_->take_back(before);
    if (!fit.possible) return rule == plan_.header ? 0 : -1;
    const auto good = static_cast<int>(fit.good), bad = static_cast<int>(fit.bad);
    return good + bad == 0 || good >= bad ? 1'000'000 + good - bad : -1;
  }

  /// Groups, segments and rows come into being in the order in which their resources stand in the Bundle.
  void stand() {
    const auto standings = bundle_.standings(plan_, inverse_);
    std::vector<std::optional<Spot>> spots;
    std::unordered_map<std::size_t, std::size_t> counts;  // of a place in its surroundings
    for (const auto& standing : standings.all) {
      const Spot around = standing.around ? spots[*standing.around].value_or(record_->root()) : record_->root();
      const std::size_t key =
          standing.context * (standings.all.size() + 1) + (standing.around ? *standing.around + 1 : 0);
      spots.push_back(record_->place_at(*plan_.contexts[standing.context].each.bound, around, counts[key]++));
    }
    spots_.resize(bundle_.size());
    for (std::size_t i = 0; i < bundle_.size(); ++i)
      if (const auto standing = standings.of_resource[i]) spots_[i] = spots[*standing];
  }

  /// An HL7 v2 message says what it is, also when the map does not read it out of MSH-9.
  void say_kind(const std::string& kind) {
    if (plan_.source != Format::hl7v2 || kind.empty()) return;
    const auto dialect = hl7v2::make_dialect({});
    const auto caret = kind.find('^');
    for (const auto& [path, text] : {std::pair{"MSH-9.1", kind.substr(0, caret)},
                                     std::pair{"MSH-9.2", caret == std::string::npos ? "" : kind.substr(caret + 1)}}) {
      const auto bound = dialect->bind(path, nullptr);
      const auto at = bound ? record_->place_at(**bound, record_->root()) : std::nullopt;
      if (at && record_->text(*at).empty()) record_->write(*at, text, false);
    }
  }

  Report settle(const Unmaker& unmaker) const {
    std::unordered_map<const char*, const BackNote*> by_text;
    std::vector<JsonView> truths;  // booleans that were carried
    for (const auto& note : unmaker.notes()) {
      if (note.value.kind() == fhir::JsonKind::boolean && note.carried) truths.push_back(note.value);
      const BackNote*& known = by_text[note.value.text().data()];
      if (known == nullptr || note.carried) known = &note;
    }
    Report report;
    const auto account = [&](JsonView leaf, const std::string& place) {
      ++report.valued;
      const bool is_boolean = leaf.kind() == fhir::JsonKind::boolean;
      const auto known = by_text.find(leaf.text().data());
      const BackNote* note = known == by_text.end() || is_boolean ? nullptr : known->second;
      if (is_boolean ? std::ranges::find(truths, leaf) != truths.end() : note != nullptr && note->carried) {
        ++report.carried;
        return;
      }
      ++report.reported;
      report.notes.push_back(
          {.fate = Note::Fate::reported,
           .source = place,
           .rule = note != nullptr && note->rule != nullptr ? rule_name(*note->rule) : "",
           .code = note != nullptr ? std::string(note->code) : "back-derived",
           .say = note != nullptr ? "not in the local record" : "follows from other values, or is lost"});
    };
    for (std::size_t i = 0; i < bundle_.size(); ++i) each_value(bundle_.resource(i), bundle_.place(i), {}, account);
    return report;
  }

  template <class Use>
  static void each_value(JsonView value, const std::string& place, std::string_view key, const Use& use) {
    static constexpr std::string_view kFrame[] = {"resourceType", "id", "reference", "fullUrl"};
    if (!value.is_object() && !value.is_array()) {
      if (value && !value.text().empty() && std::ranges::find(kFrame, key) == std::end(kFrame)) use(value, place);
      return;
    }
    std::size_t n = 0;
    for (auto it = value.begin(); it != value.end(); ++it, ++n)
      each_value(*it, value.is_array() ? fmt::format("{}[{}]", place, n) : fmt::format("{}.{}", place, it.key()),
                 value.is_array() ? key : it.key(), use);
  }

  std::string rule_name(const Node& rule) const {
    const auto& file = rule.mark.file < plan_.files.size() ? plan_.files[rule.mark.file] : plan_.name;
    return fmt::format("{} ({}:{})", rule.id, std::string_view(file).substr(file.find_last_of('/') + 1),
                       rule.mark.line);
  }

  const Plan& plan_;
  const Inverse& inverse_;
  BackBundle bundle_;
  const Site& site_;
  std::unique_ptr<Writable> record_;
  std::vector<std::optional<Spot>> spots_;  // by resource
};

}  // namespace

Result<Outcome> run_back(const Plan& plan, const Inverse& inverse, std::string_view bundle, const Site& site) {
  auto json = fhir::Json::parse(std::string(bundle));
  if (!json) return fhir::pass(json);
  return Backwards(plan, inverse, std::move(*json), site).run();
}

std::string back_kind(const Plan& plan, const Inverse& inverse, std::string_view bundle, const Site& site) {
  auto json = fhir::Json::parse(std::string(bundle));
  return json ? Backwards(plan, inverse, std::move(*json), site).picked_kind() : std::string();
}

}  // namespace adapters::map
