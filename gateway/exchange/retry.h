// THE table of outcomes. What we say when something fails here (HTTP status, issue code, acknowledgement), and what we
// do when another system says something to us (done, again, give up, pause). Nothing else in the gateway decides this.
// (contract.md §1.6, §2.2, §2.3; HL7 v2 §2.9; FHIR R4 http.html and messaging.html)
//
// A new Fault needs a row in kFaults: a test counts them. All constant data, safe from any thread.
#pragma once
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "fhir/message/message.h"
#include "fhir/result.h"

namespace gateway::exchange {

using fhir::Fault;
using fhir::message::AckCode;

/// What happens to a delivery after an attempt. Only `again` repeats by itself, with the stored bytes and ids.
enum class Next : std::uint8_t {
  done,     // delivered
  again,    // not now, a lost answer, or a middlebox spoke: wait and send the same bytes again
  give_up,  // the content is refused: this one message is dead, its lane goes on
  pause,    // the peer refuses all of us (identity, address, version): keep everything, stop the lane, one alarm
  ask,      // a person decides
};

struct FaultRow {
  Fault fault;
  int http;                             // status of our answer
  std::string_view issue;               // OperationOutcome.issue.code
  AckCode ack;                          // MessageHeader.response.code
  std::string_view original, enhanced;  // MSA-1 by mode; E: the content, repeating is pointless; R: not now
  Next next;                            // when our own attempt to send ended in this fault
};

// clang-format off
inline constexpr auto kFaults = std::to_array<FaultRow>({
    {Fault::invalid,      400, "invalid",       AckCode::fatal_error,     "AE", "CE", Next::give_up},
    {Fault::unsupported,  422, "not-supported", AckCode::fatal_error,     "AE", "CE", Next::give_up},
    {Fault::too_large,    413, "too-long",      AckCode::fatal_error,     "AE", "CE", Next::give_up},
    {Fault::not_found,    404, "not-found",     AckCode::fatal_error,     "AE", "CE", Next::pause},
    {Fault::conflict,     409, "conflict",      AckCode::fatal_error,     "AE", "CE", Next::give_up},
    {Fault::forbidden,    403, "forbidden",     AckCode::fatal_error,     "AR", "CR", Next::pause},
    {Fault::unavailable,  503, "transient",     AckCode::transient_error, "AR", "CR", Next::again},
    // The sender repeats the same bytes under the same id, and de-duplication finds out whether it had happened.
    {Fault::in_doubt,     503, "incomplete",    AckCode::transient_error, "AR", "CR", Next::again},
    // Kept here as held: for the sender the content is refused until somebody releases it.
    {Fault::needs_person, 422, "suppressed",    AckCode::fatal_error,     "AE", "CE", Next::ask},
    {Fault::broken,       500, "exception",     AckCode::transient_error, "AR", "CR", Next::again},
});
// clang-format on

constexpr const FaultRow& row(Fault fault) {
  return *std::ranges::find_if(kFaults,
                               [fault](const FaultRow& r) { return r.fault == fault || &r == &kFaults.back(); });
}

/// A status of the other side's answer. `without`: there is no OperationOutcome in it, so perhaps a proxy spoke.
struct HttpRow {
  int status;
  Next with, without;
  std::string_view fix = {};  // where it gives up: what a person does about it
};

// clang-format off
inline constexpr auto kHttp = std::to_array<HttpRow>({
    {400, Next::give_up, Next::again,
     "the peer cannot read it: the reason names the element; correct map or source and send it anew under a new id"},
    {401, Next::pause,   Next::pause},
    {403, Next::pause,   Next::pause},
    {404, Next::pause,   Next::pause},
    {405, Next::pause,   Next::pause},
    {406, Next::pause,   Next::pause},
    {408, Next::again,   Next::again},
    {409, Next::give_up, Next::again,
     "the peer has other content under this id: a map changed between two tries, or the source reuses ids; send it anew under a new id"},  // but issue.code `duplicate` is success: see after_http
    {410, Next::pause,   Next::pause},
    {412, Next::give_up, Next::again,
     "what it changes has moved on at the peer: look at the case with `causeway trace`, then discard or send anew"},
    {413, Next::give_up, Next::give_up,
     "the peer takes no message that large: raise the limit there, then replay; or send less"},
    {415, Next::pause,   Next::pause},
    {422, Next::give_up, Next::again,
     "the peer refuses the content: the reason names the element; correct map or source, or the peer its rules, then replay"},
    {425, Next::again,   Next::again},
    {429, Next::again,   Next::again},
    {500, Next::again,   Next::again},
    {501, Next::pause,   Next::pause},
    {502, Next::again,   Next::again},
    {503, Next::again,   Next::again},
    {504, Next::again,   Next::again},
    {505, Next::pause,   Next::pause},
    {507, Next::again,   Next::again},
    {511, Next::pause,   Next::pause},
});
// clang-format on

/// After an HTTP answer that is no 2xx. `issue`: issue.code of its OperationOutcome, empty when there is none.
constexpr Next after_http(int status, std::string_view issue) {
  if (status == 409 && issue == "duplicate") return Next::done;
  const auto* found = std::ranges::find(kHttp, status, &HttpRow::status);
  if (found != kHttp.end()) return issue.empty() ? found->without : found->with;
  return status >= 500 ? Next::again : Next::pause;  // an unknown 4xx, or a redirect: never followed
}

/// After a FHIR acknowledgement (MessageHeader.response.code). Anything else under a 2xx, also no acknowledgement at
/// all, is not the peer's word: again.
constexpr Next after_ack(std::string_view response_code) {
  if (response_code == "ok") return Next::done;
  return response_code == "fatal-error" ? Next::give_up : Next::again;
}

/// After a v2 acknowledgement. `retry_on`: the MSA-1 codes by which this system means "not now".
constexpr Next after_msa(std::string_view code, std::span<const std::string> retry_on) {
  if (code == "AA" || code == "CA") return Next::done;
  if (std::ranges::find(retry_on, code) != retry_on.end()) return Next::again;
  const bool refusal = code == "AE" || code == "CE" || code == "AR" || code == "CR";
  return refusal ? Next::give_up : Next::again;
}

/// How long a Retry-After header asks to wait at `now` (Unix milliseconds): seconds, or a date in the form that RFC
/// 9110 §5.6.7 has senders write. A day at most; 0 when it says nothing that can be read, or a time that is over.
std::chrono::milliseconds retry_after(std::string_view header, std::int64_t now);

/// After an attempt that ended without an answer.
constexpr Next after_fault(Fault fault) { return row(fault).next; }

/// How the reasons of dead deliveries begin, other than by an HTTP status, and what a person does about each.
struct Remedy {
  std::string_view begins, fix;
};

// clang-format off
inline constexpr auto kRemedies = std::to_array<Remedy>({
    {"expired",             "the other side was away longer than retry.horizon: see `causeway status`, then replay"},
    {"acknowledged AE",     "the local system refuses the content: its answer names the segment; correct map or system, then replay"},
    {"acknowledged CE",     "the local system refuses the content: its answer names the segment; correct map or system, then replay"},
    {"acknowledged AR",     "the local system rejects it; if that means 'not now' there, add AR to its retry_on, then replay"},
    {"acknowledged CR",     "the local system rejects it; if that means 'not now' there, add CR to its retry_on, then replay"},
    {"HTTP 2",              "the peer acknowledged it as a fatal error: the reason names the element; correct map or source, or the peer its rules, then replay"},
    {"the stored",          "the store's file is damaged: `causeway doctor`, restore from a backup, and ask the source to send it again"},
});
// clang-format on

/// What a person does about a delivery that was given up for this reason.
std::string_view remedy(std::string_view reason);

}  // namespace gateway::exchange
