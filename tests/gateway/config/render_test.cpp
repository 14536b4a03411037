// What an administrator reads. The texts of all known mistakes are kept in tests/cases/config/faults.txt; after a
// change that is meant, run with CAUSEWAY_UPDATE=1 and read the difference.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/gateway/config/mistakes.h"
#include "tests/gateway/config/site_copy.h"

using namespace gateway::config;
using gateway::config::test::Mistake;
using gateway::config::test::mistakes;
using gateway::config::test::SiteCopy;

namespace {

const std::filesystem::path kGolden = std::filesystem::path(CAUSEWAY_SOURCE_DIR) / "tests/cases/config/faults.txt";

// How long a path is depends on where the tests run.
std::string without_lengths(std::string text) {
  constexpr std::string_view kBefore = "path has ";
  for (auto at = text.find(kBefore); at != std::string::npos; at = text.find(kBefore, at)) {
    at += kBefore.size();
    text.replace(at, text.find(' ', at) - at, "N");
  }
  return text;
}

std::string texts_of_all_mistakes() {
  std::string out;
  for (const Mistake& mistake : mistakes()) {
    SiteCopy copy(mistake.site);
    copy.edit(mistake.file, mistake.from, mistake.to);
    copy.load(mistake.level);
    out += "### " + mistake.kind + "\n" + without_lengths(copy.rendered()) + "\n";
  }
  return out;
}

std::string slurp(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

std::string rendered(const std::string& text, FileFault fault) {
  const auto file = std::filesystem::temp_directory_path() / "causeway-render-test.yaml";
  std::ofstream(file, std::ios::binary) << text;
  fault.file = file.string();
  std::string out = render({fault});
  std::filesystem::remove(file);
  return out.substr(out.find(".yaml") + 5);
}

FileFault at(std::size_t line, std::size_t column, std::string say = "x") {
  return {
      .file = {}, .line = line, .column = column, .warning = false, .code = "E0314", .say = std::move(say), .hint = {}};
}

}  // namespace

TEST_CASE("the texts of all known mistakes are as they were last read", "[config]") {
  const std::string now = texts_of_all_mistakes();
  if (std::getenv("CAUSEWAY_UPDATE") != nullptr) std::ofstream(kGolden, std::ios::binary) << now;
  CHECK(now == slurp(kGolden));
}

TEST_CASE("a fault shows place, code, sentence, excerpt, caret, hints and the other place", "[config]") {
  FileFault fault = at(2, 3, "unknown key 'retires' in routes[2] (\"lab-out\")");
  fault.hint = "did you mean 'retries'?\nallowed: a, b";
  CHECK(rendered("a: 1\n  retires: 3\n", fault) ==
        ":2:3: error[E0314]: unknown key 'retires' in routes[2] (\"lab-out\")\n"
        "     2 |   retires: 3\n"
        "       |   ^\n"
        "       = did you mean 'retries'?\n"
        "       = allowed: a, b\n");
}

TEST_CASE("the caret stands under wide characters' columns", "[config]") {
  CHECK(rendered("name: 海南 x\n", at(1, 10)) ==
        ":1:10: error[E0314]: x\n     1 | name: 海南 x\n       |            ^\n");
}

TEST_CASE("what looks like a secret is masked", "[config]") {
  CHECK(rendered("db_password: hunter2\n", at(1, 1)).find("hunter2") == std::string::npos);
  CHECK(rendered("Token: abc\n", at(1, 1)).find("abc") == std::string::npos);
  CHECK(rendered("address: https://me:pw@host/x\n", at(1, 1)).find("pw") == std::string::npos);
  CHECK(rendered("x\n", at(1, 1, "'https://me:pw@host' is wrong")).find("pw") == std::string::npos);
}

TEST_CASE("an excerpt cannot write on the terminal beyond its line", "[config]") {
  const std::string out = rendered("name: \x1b[2J\x07\u202Ex\r\n", at(1, 1));
  CHECK(out.find('\x1b') == std::string::npos);
  CHECK(out.find("\u202E") == std::string::npos);
  CHECK(out.find('\r') == std::string::npos);
}

TEST_CASE("a fault without a line, or of a file that is gone, has no excerpt", "[config]") {
  CHECK(render({{.file = "/nowhere/x.yaml",
                 .line = 3,
                 .column = 1,
                 .warning = true,
                 .code = "W0343",
                 .say = "y",
                 .hint = {}}}) == "/nowhere/x.yaml:3:1: warning[W0343]: y\n");
  CHECK(render({{.file = "conf", .line = 0, .column = 0, .warning = false, .code = "E0301", .say = "z", .hint = {}}}) ==
        "conf: error[E0301]: z\n");
}
