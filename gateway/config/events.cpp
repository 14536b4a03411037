#include "gateway/config/events.h"

#include <algorithm>
#include <array>

namespace gateway::config {

namespace {

constexpr std::array<Event, 26> kEvents{{
    {"report", "a diagnostic report with its observations"},
    {"referral-request", "a patient is referred, or a second opinion asked for"},
    {"referral-received", "the referral has arrived at the desk", true},
    {"referral-accept", "the desk takes the case", true},
    {"referral-reject", "the desk does not take the case, with its reason", true},
    {"referral-cancel", "the asking side withdraws", true},
    {"info-request", "the desk asks for something that is missing", true},
    {"info-supplied", "what was missing"},
    {"appointment-notify", "a consultation is booked, moved or cancelled", true},
    {"encounter-start", "the consultation has begun", true},
    {"opinion-published", "the expert's signed opinion"},
    {"opinion-amended", "a newer version of an opinion"},
    {"referral-expired", "nobody took the case in time", true},
    {"referral-settled", "a referral asked of several sites has its opinions, or its time is over", true},
    {"referral-back", "the patient goes back, with a summary"},
    {"consent-recorded", "a patient's consent, or that it was withdrawn"},
    {"patient-visit", "a patient is registered or admitted, or data of a visit changed"},
    {"prescription", "a reviewed prescription, to be supplied by one pharmacy"},
    {"prescription-claim", "a pharmacy takes the prescription", true},
    {"prescription-release", "it gives the prescription back, or its claim is overdue", true},
    {"prescription-cancel", "the prescriber withdraws it before a pharmacy has claimed it"},
    {"prescription-expired", "its validity is over", true},
    {"dispense", "what was supplied, in parts or whole"},
    {"dispense-return", "goods that came back"},
    {"read-receipt", "somebody has read an urgent message: it names that message and nobody's data"},
    {"delivery-failed", "a gateway gave a message up: it names that message and the reason, and nobody's data"},
}};

}  // namespace

std::span<const Event> events() { return kEvents; }

bool is_event(std::string_view code) { return std::ranges::find(kEvents, code, &Event::code) != kEvents.end(); }

bool is_process(std::string_view code) {
  const auto found = std::ranges::find(kEvents, code, &Event::code);
  return found != kEvents.end() && found->process;
}

}  // namespace gateway::config
