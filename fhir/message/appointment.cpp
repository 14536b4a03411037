#include "fhir/message/appointment.h"

#include <array>

namespace fhir::message {
namespace {

using enum Side;
using enum Crossing;

constexpr std::string_view kNotify = "appointment-notify";

// Nothing leads out of cancelled but what was sent before the owner heard of it: a patient who has come has come.
// clang-format off
constexpr auto kRows = std::to_array<Transition>({
    // from          to                 by                event      request  reason output  crossing
    {"proposed",   "proposed",     "", owner,     kNotify, ""},
    {"proposed",   "pending",      "", owner,     kNotify, ""},
    {"proposed",   "booked",       "", owner,     kNotify, ""},
    {"proposed",   "cancelled",    "", owner,     kNotify, ""},
    {"proposed",   "cancelled",    "", requester, kNotify, ""},
    {"pending",    "pending",      "", owner,     kNotify, ""},
    {"pending",    "booked",       "", owner,     kNotify, ""},
    {"pending",    "waitlist",     "", owner,     kNotify, ""},
    {"pending",    "cancelled",    "", owner,     kNotify, ""},
    {"pending",    "cancelled",    "", requester, kNotify, ""},
    {"waitlist",   "waitlist",     "", owner,     kNotify, ""},
    {"waitlist",   "booked",       "", owner,     kNotify, ""},
    {"waitlist",   "cancelled",    "", owner,     kNotify, ""},
    {"waitlist",   "cancelled",    "", requester, kNotify, ""},
    {"booked",     "booked",       "", owner,     kNotify, ""},   // moved to another time
    {"booked",     "checked-in",   "", owner,     kNotify, ""},
    {"booked",     "arrived",      "", owner,     kNotify, ""},
    {"booked",     "fulfilled",    "", owner,     kNotify, ""},
    {"booked",     "noshow",       "", owner,     kNotify, ""},
    {"booked",     "cancelled",    "", owner,     kNotify, ""},
    {"booked",     "cancelled",    "", requester, kNotify, ""},
    {"booked",     "entered-in-error", "", owner, kNotify, ""},
    {"checked-in", "checked-in",   "", owner,     kNotify, ""},
    {"checked-in", "arrived",      "", owner,     kNotify, ""},
    {"checked-in", "fulfilled",    "", owner,     kNotify, ""},
    {"checked-in", "cancelled",    "", owner,     kNotify, ""},
    {"arrived",    "arrived",      "", owner,     kNotify, ""},
    {"arrived",    "fulfilled",    "", owner,     kNotify, ""},
    {"arrived",    "cancelled",    "", owner,     kNotify, ""},
    {"fulfilled",  "fulfilled",    "", owner,     kNotify, ""},
    {"fulfilled",  "entered-in-error", "", owner, kNotify, ""},
    {"noshow",     "noshow",       "", owner,     kNotify, ""},
    {"noshow",     "arrived",      "", owner,     kNotify, ""},   // late, but there
    {"noshow",     "entered-in-error", "", owner, kNotify, ""},
    {"cancelled",  "cancelled",    "", owner,     kNotify, ""},
    {"cancelled",  "cancelled",    "", requester, kNotify, ""},
    {"cancelled",  "proposed",     "", owner,     kNotify, "", false, false, stays},
    {"cancelled",  "pending",      "", owner,     kNotify, "", false, false, stays},
    {"cancelled",  "waitlist",     "", owner,     kNotify, "", false, false, stays},
    {"cancelled",  "booked",       "", owner,     kNotify, "", false, false, stays},
    {"cancelled",  "checked-in",   "", owner,     kNotify, "", false, false, moves},
    {"cancelled",  "arrived",      "", owner,     kNotify, "", false, false, moves},
    {"cancelled",  "fulfilled",    "", owner,     kNotify, "", false, false, moves},
    {"cancelled",  "noshow",       "", owner,     kNotify, "", false, false, moves},
    {"cancelled",  "entered-in-error", "", owner, kNotify, "", false, false, moves},
});
// clang-format on

// hl7.org/fhir/R4/valueset-appointmentstatus.html
constexpr auto kStatuses =
    std::to_array<std::string_view>({"proposed", "pending", "booked", "arrived", "fulfilled", "cancelled", "noshow",
                                     "entered-in-error", "checked-in", "waitlist"});

constexpr Machine kMachine{kRows, kStatuses, "an Appointment", "Appointment.status"};

}  // namespace

const Machine& appointment_machine() { return kMachine; }

}  // namespace fhir::message
