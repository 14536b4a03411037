// The account of one run: what became of every valued leaf of the source. Entries can be taken back, because a branch
// that was tried and made nothing has carried nothing. carried + kept + reported = valued, always.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "adapters/map/map.h"
#include "adapters/map/plan.h"
#include "adapters/source.h"

namespace adapters::map {

class Ledger {
 public:
  Ledger(const Source& source, const Plan& plan);

  void carry(Spot leaf, const Node& rule);
  void keep(Spot leaf);
  bool is_carried(Spot leaf) const;
  /// Why a leaf was not carried, should nothing else carry it.
  void complain(Spot leaf, std::string_view code, std::string say, const Node& rule);
  /// Something worth knowing that is not about one leaf.
  void remark(Note note) { remarks_.push_back(std::move(note)); }

  std::size_t leaves() const { return leaves_.size(); }
  std::size_t position() const { return entries_.size(); }
  /// Nothing was carried since then after all.
  void take_back(std::size_t position);

  Report settle(const Source& source) const;

 private:
  enum class What : std::uint8_t { carried, kept, complaint };
  struct Entry {
    std::size_t leaf;
    What what;
    std::string_view code;
    std::string say;
    const Node* rule;
  };
  struct Hash {
    std::size_t operator()(const Spot& spot) const { return std::hash<std::uint64_t>{}(spot.a * 31 + spot.b); }
  };
  void add(Spot leaf, Entry entry);
  std::string rule_name(const Node& rule) const;

  const Plan& plan_;
  std::vector<Spot> leaves_;
  std::unordered_map<Spot, std::size_t, Hash> numbers_;
  std::vector<Entry> entries_;
  std::vector<Note> remarks_;
};

}  // namespace adapters::map
