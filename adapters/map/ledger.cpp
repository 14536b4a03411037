#include "adapters/map/ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

namespace adapters::map {

Ledger::Ledger(const Source& source, const Plan& plan) : plan_(plan), leaves_(source.leaves(source.root())) {
  for (std::size_t i = 0; i < leaves_.size(); ++i) numbers_.emplace(leaves_[i], i);
}

void Ledger::add(Spot leaf, Entry entry) {
  const auto number = numbers_.find(leaf);
  if (number == numbers_.end()) return;  // computed, or no value of the record
  entry.leaf = number->second;
  entries_.push_back(std::move(entry));
}

void Ledger::carry(Spot leaf, const Node& rule) { add(leaf, {0, What::carried, {}, {}, &rule}); }

void Ledger::keep(Spot leaf) { add(leaf, {0, What::kept, {}, {}, nullptr}); }

void Ledger::complain(Spot leaf, std::string_view code, std::string say, const Node& rule) {
  add(leaf, {0, What::complaint, code, std::move(say), &rule});
}

/// Complaints stay: should nothing else carry the leaf, they tell why.
void Ledger::take_back(std::size_t position) {
  const auto first = entries_.begin() + static_cast<std::ptrdiff_t>(position);
  const auto end =
      std::remove_if(first, entries_.end(), [](const Entry& entry) { return entry.what == What::carried; });
  entries_.erase(end, entries_.end());
}

bool Ledger::is_carried(Spot leaf) const {
  const auto number = numbers_.find(leaf);
  return number != numbers_.end() && std::ranges::any_of(entries_, [&](const Entry& entry) {
           return entry.leaf == number->second && entry.what == What::carried;
         });
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
  std::unordered_map<Spot, const std::string*, Hash> ignored;
  for (const auto& rule : plan_.ignored)
    for (const Spot spot : source.find(*rule.path.bound, source.root()))
      for (const Spot leaf : source.leaves(spot)) ignored.emplace(leaf, &rule.reason);

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
      } else if (const auto reason = ignored.find(leaves_[i]); reason != ignored.end()) {
        note.code = "ignored";
        note.say = *reason->second;
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
