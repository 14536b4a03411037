// The table of outcomes (contract.md §1.6, §2.3).
#include "gateway/exchange/retry.h"

#include <catch2/catch.hpp>
#include <set>

#include "fhir/outcome.h"

using namespace gateway::exchange;

TEST_CASE("every fault has exactly one row, with the issue code the outcome writes", "[retry]") {
  // Fault::broken is the last of the enumeration.
  CHECK(kFaults.size() == static_cast<std::size_t>(Fault::broken) + 1);
  std::set<Fault> seen;
  for (const FaultRow& r : kFaults) {
    CHECK(seen.insert(r.fault).second);
    CHECK(&row(r.fault) == &r);
    CHECK(r.issue == fhir::issue_code(r.fault));
    CHECK((r.original == "AE") == (r.enhanced == "CE"));
  }
}

TEST_CASE("a fault that asks the sender to come back never says so by a content code", "[retry]") {
  for (const FaultRow& r : kFaults) {
    if (r.ack == AckCode::transient_error) CHECK(r.original == "AR");
    if (r.http == 503 || r.http == 500) CHECK(r.ack == AckCode::transient_error);
  }
}

TEST_CASE("content faults kill one message, peer faults pause the lane, the rest is repeated", "[retry]") {
  const auto [status, issue, next] = GENERATE(table<int, std::string, Next>({
      {400, "invalid", Next::give_up},
      {422, "not-supported", Next::give_up},
      {409, "conflict", Next::give_up},
      {409, "duplicate", Next::done},
      {413, "", Next::give_up},
      {412, "conflict", Next::give_up},
      {401, "", Next::pause},
      {403, "forbidden", Next::pause},
      {404, "not-found", Next::pause},
      {415, "", Next::pause},
      {301, "", Next::pause},
      {418, "", Next::pause},
      {408, "", Next::again},
      {429, "throttled", Next::again},
      {500, "exception", Next::again},
      {503, "", Next::again},
      {504, "", Next::again},
      {599, "", Next::again},
  }));
  CHECK(after_http(status, issue) == next);
}

TEST_CASE("a refusal without an OperationOutcome is a middlebox speaking", "[retry]") {
  for (const int status : {400, 409, 412, 422}) CHECK(after_http(status, "") == Next::again);
}

TEST_CASE("acknowledgements say what comes next, and an unreadable one means again", "[retry]") {
  CHECK(after_ack("ok") == Next::done);
  CHECK(after_ack("fatal-error") == Next::give_up);
  CHECK(after_ack("transient-error") == Next::again);
  CHECK(after_ack("") == Next::again);

  const std::vector<std::string> usual = {"AR", "CR"}, reversed = {"AE", "CE"};
  CHECK(after_msa("AA", usual) == Next::done);
  CHECK(after_msa("CA", usual) == Next::done);
  CHECK(after_msa("AE", usual) == Next::give_up);
  CHECK(after_msa("AR", usual) == Next::again);
  CHECK(after_msa("AE", reversed) == Next::again);
  CHECK(after_msa("AR", reversed) == Next::give_up);
  CHECK(after_msa("??", usual) == Next::again);
}

TEST_CASE("an attempt that ended in doubt is repeated, one refused by TLS pauses the lane", "[retry]") {
  CHECK(after_fault(Fault::in_doubt) == Next::again);
  CHECK(after_fault(Fault::unavailable) == Next::again);
  CHECK(after_fault(Fault::forbidden) == Next::pause);
}

TEST_CASE("for everything that is given up the table says what a person does about it", "[retry]") {
  const std::string_view nothing_better = remedy("something nobody has thought of");
  CHECK_FALSE(nothing_better.empty());
  for (const HttpRow& r : kHttp) {
    INFO(r.status);
    const bool gives_up = r.with == Next::give_up || r.without == Next::give_up;
    CHECK(r.fix.empty() == !gives_up);
    CHECK((remedy("HTTP " + std::to_string(r.status) + " invalid Patient.name") == nothing_better) == !gives_up);
  }
  for (const Remedy& one : kRemedies) CHECK(remedy(std::string(one.begins) + " and more") == one.fix);
  for (const char* code : {"AE", "CE", "AR", "CR"})
    CHECK(remedy(std::string("acknowledged ") + code) != nothing_better);
  CHECK(remedy("HTTP 200 invalid") != nothing_better);  // acknowledged as a fatal error
  CHECK(remedy("HTTP ") == nothing_better);
  CHECK(remedy("") == nothing_better);
}

TEST_CASE("Retry-After is read in seconds and as a date, and nothing else of it is believed", "[lanes]") {
  using namespace std::chrono_literals;
  constexpr std::int64_t now = 784'111'777'000;  // Sun, 06 Nov 1994 08:49:37 GMT
  CHECK(retry_after("120", now) == 120s);
  CHECK(retry_after("Sun, 06 Nov 1994 08:50:07 GMT", now) == 30s);
  CHECK(retry_after("Sun, 06 Nov 1994 08:49:07 GMT", now) == 0s);
  CHECK(retry_after("Sun, 06 Nov 2094 08:49:37 GMT", now) == 24h);
  CHECK(retry_after("99999999", now) == 24h);
  for (const char* nonsense :
       {"", "-5", "soon", "12 s", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CST",
        "Sunday, 06-Nov-94 08:49:37 GMT", "99999999999999999999"})
    CHECK(retry_after(nonsense, now) == 0s);
}
