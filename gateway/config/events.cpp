#include "gateway/config/events.h"

#include <algorithm>
#include <array>

namespace gateway::config {

namespace {

constexpr std::array<Event, 24> kEvents{{
    {"report", "a diagnostic report with its observations"},
    {"referral-request", "a patient is referred, or a second opinion asked for"},
    {"referral-received", "the referral has arrived at the desk"},
    {"referral-accept", "the desk takes the case"},
    {"referral-reject", "the desk does not take the case, with its reason"},
    {"referral-cancel", "the asking side withdraws"},
    {"info-request", "the desk asks for something that is missing"},
    {"info-supplied", "what was missing"},
    {"appointment-notify", "a consultation is booked, moved or cancelled"},
    {"encounter-start", "the consultation has begun"},
    {"opinion-published", "the expert's signed opinion"},
    {"opinion-amended", "a newer version of an opinion"},
    {"referral-expired", "nobody took the case in time"},
    {"referral-settled", "a referral asked of several sites has its opinions, or its time is over"},
    {"referral-back", "the patient goes back, with a summary"},
    {"consent-recorded", "a patient's consent, or that it was withdrawn"},
    {"patient-visit", "a patient is registered or admitted, or data of a visit changed"},
    {"prescription", "a reviewed prescription, to be supplied by one pharmacy"},
    {"prescription-claim", "a pharmacy takes the prescription"},
    {"prescription-release", "it gives the prescription back, or its claim is overdue"},
    {"prescription-cancel", "the prescriber withdraws it before a pharmacy has claimed it"},
    {"prescription-expired", "its validity is over"},
    {"dispense", "what was supplied, in parts or whole"},
    {"dispense-return", "goods that came back"},
}};

}  // namespace

std::span<const Event> events() { return kEvents; }

bool is_event(std::string_view code) { return std::ranges::find(kEvents, code, &Event::code) != kEvents.end(); }

}  // namespace gateway::config
