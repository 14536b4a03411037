// A request on the control socket, taken apart.
#include "gateway/control/request.h"

#include <pwd.h>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace gateway::control {
namespace {

net::HttpRequest request(std::string target, std::string remote = "local:0") {
  net::HttpRequest made;
  made.method = "GET";
  made.target = std::move(target);
  made.remote = std::move(remote);
  return made;
}

}  // namespace

TEST_CASE("a star of the pattern stands for one segment, decoded", "[control]") {
  const auto found = match("/held/*/*/release", request("/held/delivery/a%2Fb/release?x=1"));
  REQUIRE(found);
  CHECK(found->path == std::vector<std::string>{"delivery", "a/b"});
  CHECK(found->parameter("x") == "1");
  CHECK(found->parameter("y").empty());
}

TEST_CASE("other paths do not match, longer and shorter ones neither", "[control]") {
  CHECK(match("/held", request("/held")));
  for (const char* target : {"", "/", "/held/", "/held/x", "/helda", "held", "//held"}) {
    INFO(target);
    CHECK_FALSE(match("/held", request(target)));
  }
  CHECK_FALSE(match("/messages/*", request("/messages/")));  // a star is never nothing
}

TEST_CASE("parameters are decoded, and what is no escape stays as it is", "[control]") {
  const auto found = match("/m", request("/m?patient=a%26b%3D%E4%B8%AD&empty=&flag&bad=%zz%4&patient=second"));
  REQUIRE(found);
  CHECK(found->parameter("patient") == "a&b=\xe4\xb8\xad");  // the first one counts
  CHECK(found->parameter("bad") == "%zz%4");
  CHECK(found->query.contains("flag"));
}

TEST_CASE("who asks is the user of the other end, by name", "[control]") {
  const passwd* self = ::getpwuid(::getuid());
  REQUIRE(self != nullptr);
  CHECK(match("/m", request("/m", "local:" + std::to_string(::getuid())))->user == self->pw_name);
  CHECK(match("/m", request("/m", "local:3999999999"))->user == "uid 3999999999");
  CHECK(match("/m", request("/m", "local"))->user == "operator");
}

TEST_CASE("numbers of stored things are digits and nothing else", "[control]") {
  CHECK(id_of("17") == 17);
  for (const char* text : {"", "x", "17x", " 17", "99999999999999999999", "1.5"}) CHECK(id_of(text) == 0);
}

}  // namespace gateway::control
