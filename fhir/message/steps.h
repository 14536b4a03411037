// What the state machines of this folder share: a row says which state may follow which, who may say so, and which
// message tells the other side. Pure, safe from any thread; the names in a row are constants.
//
// Two sites hold the same state, and a message takes time: each may have moved on before it hears of the other. The
// rows with a Crossing say how that ends, and it ends the same at both sites (the tests try every interleaving).
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/result.h"

namespace fhir::message {

/// Who moves it: the site that asked, or the one that does the work (Task.owner).
enum class Side : std::uint8_t { requester, owner };

/// A row for what arrives from the other site only: it was sent before that site heard of the step we are in.
enum class Crossing : std::uint8_t {
  none,   // an ordinary step
  moves,  // the other site has the last word (an opinion is there): we follow
  stays,  // ours stands, and the other site will follow: its message is kept, the state does not change
};

struct Transition {
  std::string_view from, to;  // the resource's status
  std::string_view business;  // Task.businessStatus code that picks this row; empty: any other
  Side by = Side::owner;
  std::string_view event;    // MessageHeader.eventCoding of the message that tells the other side; empty: none
  std::string_view request;  // ServiceRequest.status afterwards; empty: not about one
  bool reason = false;       // a statusReason must be there
  bool output = false;       // Task.output must be there
  Crossing crossing = Crossing::none;

  /// The state it is in afterwards.
  std::string_view after() const { return crossing == Crossing::stays ? from : to; }
};

/// One machine: its rows, every status its resource may have, and how messages to people call it ("a Task").
struct Machine {
  std::span<const Transition> rows;
  std::span<const std::string_view> statuses;
  std::string_view noun, element;  // "a Task", "Task.status"
};

/// Where a step is said: by the site's own people, or in a message from the other site.
enum class Heard : std::uint8_t { here, from_other };

/// The row for this step; the first that fits. `conflict` when there is none: `say` names both states and what is
/// allowed instead. `invalid` when one of the two is no status of that resource.
Result<Transition> find_step(const Machine& machine, std::string_view from, std::string_view to,
                             std::string_view business, Side by, Heard heard);

/// The states `side` may go to from here, without repeats, in the table's order, crossings left out.
std::vector<std::string_view> allowed_from(const Machine& machine, std::string_view from, Side side);

}  // namespace fhir::message
