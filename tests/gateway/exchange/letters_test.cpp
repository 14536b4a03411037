#include "gateway/exchange/letters.h"

#include <catch2/catch.hpp>

namespace gateway::exchange {

TEST_CASE("letters arrive as they were written, digits kept", "[collect]") {
  const std::vector<Letter> sent{{"r-1", "case", R"({"resourceType":"Bundle","n":1.10})"},
                                 {"r-2", "", R"({"resourceType":"Bundle","text":"吉克·阿依"})"}};
  const auto got = read_letters(write_letters(sent));
  REQUIRE(got);
  REQUIRE(got->size() == 2);
  CHECK(got->at(0).request_id == "r-1");
  CHECK(got->at(0).correlation == "case");
  CHECK(got->at(0).body == sent[0].body);
  CHECK(got->at(1).correlation.empty());
  CHECK(got->at(1).body == sent[1].body);
}

TEST_CASE("a call carries its wait and its answers, with Retry-After", "[collect]") {
  CollectCall call{
      std::chrono::seconds(25),
      {{"r-1", {200, {}, R"({"resourceType":"Bundle"})"}}, {"r-2", {503, {{"retry-after", "7"}}, "<html>"}}}};
  const auto got = read_call(write_call(call));
  REQUIRE(got);
  CHECK(got->wait.count() == 25);
  REQUIRE(got->answers.size() == 2);
  CHECK(got->answers[0].response.status == 200);
  CHECK(got->answers[0].response.body == R"({"resourceType":"Bundle"})");
  CHECK(net::header(got->answers[1].response.headers, "retry-after") == "7");
  CHECK(got->answers[1].response.body.empty());
}

TEST_CASE("a call that is malformed is told where", "[collect]") {
  const auto says = [](std::string_view body) {
    const auto call = read_call(body);
    return call ? std::string("nothing") : call.error().where + ": " + call.error().say;
  };
  CHECK(says(R"({"resourceType":"Bundle"})") == ": the body must be Parameters");
  CHECK(says(R"({"resourceType":"Parameters","parameter":[{"name":"wait","valueInteger":3600}]})") ==
        "Parameters.parameter[0]: wait is from 0 to 50 seconds");
  CHECK(says(R"({"resourceType":"Parameters","parameter":[{"name":"wait","valueInteger":1},{"name":"answer"}]})") ==
        "Parameters.parameter[1]: an answer names the request it answers");
  CHECK(says(R"({"resourceType":"Parameters","parameter":[{"name":"answer","part":[{"name":"request","valueString":"a"},
             {"name":"status","valueInteger":7}]}]})") ==
        "Parameters.parameter[0]: an answer has a status from 100 to 599");
  CHECK(says(R"({"resourceType":"Parameters"})") == "nothing");
}

TEST_CASE("a letter without its Bundle is no letter", "[collect]") {
  const auto got = read_letters(
      R"({"resourceType":"Parameters","parameter":[{"name":"message","part":[{"name":"request","valueString":"a"}]}]})");
  REQUIRE_FALSE(got);
  CHECK(got.error().where == "Parameters.parameter[0]");
}

}  // namespace gateway::exchange
