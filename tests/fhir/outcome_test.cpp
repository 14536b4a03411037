#include "fhir/outcome.h"

#include <catch2/catch.hpp>

using namespace fhir;

TEST_CASE("an issue is an error when its severity says so") {
  CHECK_FALSE(has_errors({}));
  CHECK_FALSE(has_errors({{Severity::warning, "value", "", "", {0, 0}, ""}}));
  CHECK(has_errors(
      {{Severity::warning, "value", "", "", {0, 0}, ""}, {Severity::fatal, "structure", "", "", {0, 0}, ""}}));
}

TEST_CASE("the fault of an error picks the issue code") {
  const Issue issue = to_issue({Fault::conflict, "dedup.conflict", "MSH-10", "same id, other content"});
  CHECK(issue.code == "conflict");
  CHECK(issue.expression == "MSH-10");
  CHECK(issue.detail_code == "dedup.conflict");
}
