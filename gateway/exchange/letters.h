// What the two sides of collect mode say to each other: FHIR Parameters, in the body of `POST [base]/$collect` and of
// its answer. A message travels as the resource it is, so the collector sees what a POST to its $process-message would
// have brought.
//
//   asked:    wait (integer, seconds), answer* {request, status, retry-after?, body?}
//   answered: message* {request, correlation, body}
//
// Pure, safe from any thread.
#pragma once
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "gateway/net/net.h"

namespace gateway::exchange {

/// One message as its collector gets it: the body and headers of the POST to $process-message that cannot be made.
struct Letter {
  std::string request_id, correlation, body;
};

/// What the collector says to one: the answer its own $process-message gave. Of the headers only Retry-After travels.
struct LetterAnswer {
  std::string request_id;
  net::HttpResponse response;
};

struct CollectCall {
  std::chrono::seconds wait{0};
  std::vector<LetterAnswer> answers;
};

inline constexpr std::chrono::seconds kLongestWait{50};    // below what proxies and firewalls on the way cut
inline constexpr std::size_t kMostLetters = 16;            // in one answer,
inline constexpr std::size_t kMostLetterBytes = 8u << 20;  // and of one answer, unless a single letter is larger

std::string write_call(const CollectCall& call);
std::string write_letters(const std::vector<Letter>& letters);

/// `invalid`, with the element, for anything else than the shapes above; unknown parameters are passed over.
fhir::Result<CollectCall> read_call(std::string_view body);
fhir::Result<std::vector<Letter>> read_letters(std::string_view body);

}  // namespace gateway::exchange
