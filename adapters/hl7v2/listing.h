// A message as people read it: every value with its place, the field's name and its escapes resolved; and two messages
// side by side.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "adapters/hl7v2/message.h"

namespace adapters::hl7v2 {

/// One value: a field without components, a component or a subcomponent.
struct Listed {
  std::string place;      // PID[1]-5[2].7: can be pasted into a map
  std::string_view name;  // of the field; empty: not known
  std::string text;       // escapes resolved; `""` stays: the sender asks to delete
};

/// All that is valued, in the order of the message.
std::vector<Listed> listing(const Message& message);

/// The message made again out of its values, as a sender with them would write it: nothing empty at any end.
std::string written_again(const Message& message);

/// A value for a terminal, on one line: what a terminal or an editor would obey (line ends, controls, marks that turn
/// text around) stands as \n or \u{202E}.
std::string shown(std::string_view text);

struct Differing {
  std::string place;
  std::string_view name;
  std::string left, right;  // empty: not there
  bool expected = false;    // MSH-7 and MSH-10: time and number of a message always differ
};

/// By place: what only one has, and what both have differently.
std::vector<Differing> compare(const Message& left, const Message& right);

}  // namespace adapters::hl7v2
