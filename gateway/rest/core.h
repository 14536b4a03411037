// What the FHIR server hands to the exchange core. The core answers once, later and from any thread; the call itself
// must not block.
#pragma once
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>

#include "fhir/json.h"
#include "fhir/outcome.h"
#include "fhir/result.h"
#include "gateway/exchange/letters.h"
#include "gateway/rest/caller.h"

namespace gateway::rest {

inline constexpr std::string_view kFhirJson = "application/fhir+json; charset=utf-8";

/// A positive answer as it goes out.
struct Answer {
  std::string body;
  std::int64_t version = 0;    // not 0: ETag W/"version"
  store::Millis modified = 0;  // not 0: Last-Modified
  std::string_view content_type = kFhirJson;
};

/// Becomes an OperationOutcome, its status by the table of exchange/retry.h.
struct Failure {
  fhir::Error error;
  fhir::Issues more;  // what else is wrong, each with its place
};

using Answered = std::move_only_function<void(std::expected<Answer, Failure>)>;

struct PostedMessage {
  Caller caller;
  std::string body;                     // as received: nothing of it was looked at, so it can be kept as held
  std::string request_id, correlation;  // X-Request-ID (made here when none came), X-Correlation-ID (may be empty)
};

struct TaskUpdate {
  Caller caller;
  std::string id;
  fhir::Json task;                       // a Task with that id, which the caller may see
  std::optional<std::int64_t> expected;  // If-Match: the version that must still be current when it is committed
  std::string request_id, correlation;
};

struct TraceQuestion {
  Caller caller;   // always a peer
  std::string id;  // a business id, control id or Bundle.id
};

class Core {
 public:
  virtual ~Core() = default;
  /// $process-message. A positive answer is the acknowledgement Bundle, given only after the commit.
  virtual void process_message(PostedMessage message, Answered answered) = 0;
  /// $collect: a peer's call to its mailbox here. The answer is Parameters (exchange/letters.h), perhaps much later.
  virtual void collect(const Caller& caller, exchange::CollectCall call, Answered answered) = 0;
  /// PUT Task. The answer is the Task as it is stored now, with its version.
  virtual void put_task(TaskUpdate update, Answered answered) = 0;
  /// $trace: what this site may tell that peer about the case; `not_found` when it knows of none they share. The server
  /// writes the disclosure into the audit before it passes the answer on.
  virtual void trace(TraceQuestion question, Answered answered) = 0;
  /// $test-back: can we reach that peer at the address we have for it? Nothing of the request is used but who asks.
  virtual void test_back(const Caller& caller, Answered answered) = 0;
};

}  // namespace gateway::rest
