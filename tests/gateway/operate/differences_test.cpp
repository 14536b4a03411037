#include "gateway/operate/differences.h"

#include <catch2/catch.hpp>

using namespace gateway;
using operate::differences;
using operate::in_words;

namespace {

config::Config with(std::string name, std::string text, std::string map = "from: x\n") {
  config::Config config;
  config.folder = "/conf/a";
  config.sources = {{"/conf/a/" + name, std::move(text)}, {"/mappings/m.map.yaml", std::move(map)}};
  return config;
}

const std::string kRoutes = R"(routes:
  - id: one
    event: report
    to: peer:x
  - id: two
    to: [peer:x, peer:y]
  - id: three
    to: hold
)";

}  // namespace

TEST_CASE("equal configurations have no difference, wherever their folder is", "[operate]") {
  auto other = with("routes.yaml", kRoutes);
  other.folder = "/conf/b";
  other.sources[0].file = "/conf/b/routes.yaml";
  CHECK(differences(with("routes.yaml", kRoutes), other).empty());
}

TEST_CASE("a changed key is told with both values and its place", "[operate]") {
  std::string edited = kRoutes;
  edited.replace(edited.find("[peer:x, peer:y]"), 16, "peer:y");
  const auto changes = differences(with("routes.yaml", kRoutes), with("routes.yaml", edited));
  CHECK(in_words(changes) ==
        "route two changed  (routes.yaml:5)\n    to: [peer:x, peer:y] -> peer:y  (routes.yaml:6)\n");
}

TEST_CASE("added and removed routes are told with what they do", "[operate]") {
  const std::string less = kRoutes.substr(0, kRoutes.find("  - id: two"));
  CHECK(in_words(differences(with("routes.yaml", kRoutes), with("routes.yaml", less))) ==
        "route two removed  (routes.yaml:5)\n    to: [peer:x, peer:y]\n"
        "route three removed  (routes.yaml:7)\n    to: hold\n");
  CHECK(in_words(differences(with("routes.yaml", less), with("routes.yaml", kRoutes))) ==
        "route two added  (routes.yaml:5)\n    to: [peer:x, peer:y]\n"
        "route three added  (routes.yaml:7)\n    to: hold\n");
}

TEST_CASE("a moved route is a change, because the first match decides", "[operate]") {
  const std::string last = "  - id: three\n    to: hold\n";
  std::string moved = kRoutes.substr(0, kRoutes.find(last));
  moved.insert(moved.find("  - id: one"), last);
  const auto changes = differences(with("routes.yaml", kRoutes), with("routes.yaml", moved));
  CHECK(in_words(changes) == "route three moved  (routes.yaml:2): now asked first\n");
}

TEST_CASE("settings are told by their whole key; comments and order of keys are no difference", "[operate]") {
  const auto before = with("causeway.yaml", "site: a\nretry:\n  first: 1s\n  longest: 5m\n");
  const auto after =
      with("causeway.yaml", "# edited\nretry:\n  longest: 10m\n  first: 1s\nsite: a\nheld:\n  alarm_after: 2h\n");
  CHECK(in_words(differences(before, after)) ==
        "setting retry changed  (causeway.yaml:3)\n    retry.longest: 5m -> 10m  (causeway.yaml:3)\n"
        "setting held changed  (causeway.yaml:7)\n    held: (none) -> {alarm_after: 2h}  (causeway.yaml:7)\n");
}

TEST_CASE("what sounds like a secret is masked on both sides", "[operate]") {
  const auto changes = differences(with("causeway.yaml", "store:\n  password: alpha\n  url: x://me:alpha@db\n"),
                                   with("causeway.yaml", "store:\n  password: beta\n  url: x://me:beta@db\n"));
  REQUIRE(changes.size() == 1);
  const std::string words = in_words(changes);
  CHECK(words.find("alpha") == std::string::npos);
  CHECK(words.find("beta") == std::string::npos);
  CHECK(words.find("store.password: *** -> ***") != std::string::npos);
  CHECK(words.find("x://***@db") != std::string::npos);
}

TEST_CASE("a changed map is told by file and first different line", "[operate]") {
  const auto changes =
      differences(with("routes.yaml", kRoutes, "a\nb\nc\n"), with("routes.yaml", kRoutes, "a\nB\nc\n"));
  REQUIRE(changes.size() == 1);
  CHECK(changes[0].section == "file");
  CHECK(changes[0].place == "../../mappings/m.map.yaml:2");
}
