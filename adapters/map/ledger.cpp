#include "adapters/map/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace adapters::map {

namespace {

std::size_t hash(Spot spot) {
  const std::uint64_t mixed = (spot.a * 31 + spot.b) * 0x9E3779B97F4A7C15u;
  return static_cast<std::size_t>(mixed ^ mixed >> 32);
}

}  // namespace

Ledger::Ledger(const Source& source, const Plan& plan)
    : plan_(plan),
      leaves_(source.leaves(source.root())),
      slots_(std::bit_ceil(2 * leaves_.size() + 1)),
      carried_(leaves_.size()) {
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    std::size_t at = hash(leaves_[i]) & (slots_.size() - 1);
    while (slots_[at] != 0) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = static_cast<std::uint32_t>(i + 1);
  }
}

std::size_t Ledger::number(Spot leaf) const {
  for (std::size_t at = hash(leaf);; ++at) {
    const std::uint32_t slot = slots_[at & (slots_.size() - 1)];
    if (slot == 0) return kNone;
    if (leaves_[slot - 1] == leaf) return slot - 1;
  }
}

void Ledger::add(Spot leaf, What what, std::string_view code, std::string say, const Node* rule) {
  const std::size_t n = number(leaf);
  if (n == kNone) return;
  if (what == What::carried) ++carried_[n];
  entries_.push_back({n, what, code, std::move(say), rule});
}

void Ledger::carry(Spot leaf, const Node& rule) { add(leaf, What::carried, {}, {}, &rule); }

void Ledger::keep(Spot leaf) { add(leaf, What::kept, {}, {}, nullptr); }

void Ledger::complain(Spot leaf, std::string_view code, std::string say, const Node& rule) {
  add(leaf, What::complaint, code, std::move(say), &rule);
}

/// Complaints stay: should nothing else carry the leaf, they tell why.
void Ledger::take_back(std::size_t position) {
  if (position == entries_.size()) return;
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(position);
  const auto end = std::remove_if(first, entries_.end(), [&](const Entry& entry) {
    if (entry.what != What::carried) return false;
    --carried_[entry.leaf];
    return true;
  });
  entries_.erase(end, entries_.end());
}

bool Ledger::is_carried(Spot leaf) const {
  const std::size_t n = number(leaf);
  return n != kNone && carried_[n] != 0;
}

std::string Ledger::rule_name(const Node& rule) const {
  const auto& file = rule.mark.file < plan_.files.size() ? plan_.files[rule.mark.file] : plan_.name;
  return fmt::format("{} ({}:{})", rule.id, std::string_view(file).substr(file.find_last_of('/') + 1), rule.mark.line);
}

Report Ledger::settle(const Source& source) const {
  std::vector<const Entry*> best(leaves_.size(), nullptr);
  for (const auto& entry : entries_) {
    const Entry*& known = best[entry.leaf];
    if (known == nullptr || entry.what <= known->what) known = &entry;
  }
  std::vector<const std::string*> ignored(leaves_.size(), nullptr);  // why, by number
  for (const auto& rule : plan_.ignored)
    for (const Spot spot : source.find(*rule.path.bound, source.root()))
      for (const Spot leaf : source.leaves(spot))
        if (const std::size_t n = number(leaf); n != kNone && ignored[n] == nullptr) ignored[n] = &rule.reason;

  Report report;
  report.valued = leaves_.size();
  report.notes = remarks_;
  for (std::size_t i = 0; i < leaves_.size(); ++i) {
    const Entry* entry = best[i];
    if (entry != nullptr && entry->what == What::carried) {
      ++report.carried;
      continue;
    }
    Note note{.fate = Note::Fate::reported,
              .source = source.place(leaves_[i]),
              .rule = {},
              .code = "not-mapped",
              .say = "no rule carries this field"};
    if (entry != nullptr && entry->what == What::kept) {
      note.fate = Note::Fate::kept;
      note.code = "kept";
      note.say = "kept as it was sent";
      ++report.kept;
    } else {
      ++report.reported;
      if (entry != nullptr) {
        note.rule = rule_name(*entry->rule);
        note.code = entry->code;
        note.say = entry->say;
      } else if (ignored[i] != nullptr) {
        note.code = "ignored";
        note.say = *ignored[i];
      } else if (source.text(leaves_[i]).empty()) {
        note.code = "explicit-null";
        note.say = "the sender asks to delete what is stored";
      }
    }
    report.notes.push_back(std::move(note));
  }
  return report;
}

}  // namespace adapters::map
