// The account of one run: what became of every valued leaf of the source. Entries can be taken back, because a branch
// that was tried and made nothing has carried nothing. carried + kept + reported = valued, always.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
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
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  /// The leaf's number, or kNone: computed, or no value of the record.
  std::size_t number(Spot leaf) const;
  void add(Spot leaf, What what, std::string_view code, std::string say, const Node* rule);
  std::string rule_name(const Node& rule) const;

  const Plan& plan_;
  std::vector<Spot> leaves_;
  std::vector<std::uint32_t> slots_;    // hash table of numbers + 1: open addressing, at most half full
  std::vector<std::uint32_t> carried_;  // by number: how many entries say so
  std::vector<Entry> entries_;
  std::vector<Note> remarks_;
};

}  // namespace adapters::map
