// What the local systems of a simulated run say, and how they read what is said to them: HL7 as laboratories, doctors
// and pharmacies write it, small, with one recognisable word in each ("SIMT000012") that survives every map.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "gateway/store/store.h"

namespace gateway::sim {

using store::Millis;

/// ORU^R01 of Tianjin's laboratory in GB18030: one version of a report.
std::string report(const std::string& control_id, const std::string& number, const std::string& word, Millis now);

/// RDE^O11 of Hainan's prescribing system: `control` NW or CA. 84 tablets.
std::string prescription(const std::string& control_id, const std::string& number, std::string_view control,
                         Millis now);

/// The record that Beijing's poller would make of a reviewed prescription of two boxes.
std::string prescription_record(const std::string& number, Millis now);

/// How the pharmacy names an order again: from the RDE^O11 it got.
struct Order {
  std::string item, number;  // ORC-2, ORC-4 as they came
  std::string name;          // the number alone
  bool beijing = false;      // two boxes of Beijing's, else 84 tablets of Hainan's own
};
std::optional<Order> read_order(std::string_view rde);

/// RRE^O12: `control` OK claims, UA gives back.
std::string pharmacy_answer(const std::string& control_id, const std::string& pharmacy, std::string_view control,
                            const Order& order, Millis now);
/// RDS^O13: so many tablets or boxes were supplied.
std::string supplied(const std::string& control_id, const std::string& pharmacy, int amount, const Order& order,
                     Millis now);

/// AA for a message, or another code; `names` empty: the message's own control id.
std::string acknowledgement(std::string_view message, std::string_view code, std::string_view names = {});

/// Field `n` of the first segment of that name, raw; MSH counts its separator. Empty: not there.
std::string_view field(std::string_view message, std::string_view segment, std::size_t n);
/// The first word that begins with `prefix` and goes on with digits.
std::string find_word(std::string_view text, std::string_view prefix);

}  // namespace gateway::sim
