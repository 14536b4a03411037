#include "adapters/hl7v2/mllp.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace adapters::hl7v2;

namespace {

std::vector<std::string> take_all(Deframer& deframer) {
  std::vector<std::string> messages;
  while (true) {
    auto taken = deframer.take();
    REQUIRE(taken);
    if (!*taken) return messages;
    messages.push_back(**taken);
  }
}

using Strings = std::vector<std::string>;
constexpr auto kStrict = Deframer::Mode::strict;

std::string strict_error(std::string_view bytes) {
  Deframer deframer(100, kStrict);
  deframer.feed(bytes);
  while (true) {
    auto taken = deframer.take();
    if (!taken) return taken.error().code + " " + taken.error().where;
    if (!*taken) return "";
  }
}

}  // namespace

TEST_CASE("a frame is taken out as it was put in", "[mllp]") {
  Deframer deframer;
  CHECK_FALSE(deframer.unfinished());
  deframer.feed(frame("MSH|1\rPID\r") + frame("") + frame("MSH|2"));
  CHECK(take_all(deframer) == Strings{"MSH|1\rPID\r", "", "MSH|2"});
  CHECK_FALSE(deframer.unfinished());
  CHECK(deframer.take_oddities() == Deframer::Oddities{});
}

TEST_CASE("pieces of any size give the same messages", "[mllp]") {
  const std::string stream =
      "x" + frame("MSH|1") + "\r\n" + frame("MSH|2\r") + "\x0Blost\x0BMSH|3\x1C" + frame("MSH|4");
  for (std::size_t size = 1; size <= stream.size(); ++size) {
    Deframer deframer;
    Strings messages;
    for (std::size_t at = 0; at < stream.size(); at += size) {
      deframer.feed(std::string_view(stream).substr(at, size));
      for (auto& message : take_all(deframer)) messages.push_back(std::move(message));
    }
    CHECK(messages == Strings{"MSH|1", "MSH|2\r", "MSH|3", "MSH|4"});
    CHECK(deframer.take_oddities() == Deframer::Oddities{1, 1, 1});
    CHECK(deframer.take_oddities() == Deframer::Oddities{});
  }
}

TEST_CASE("a half-sent message is known as such and waits", "[mllp]") {
  Deframer deframer;
  deframer.feed("\x0BMSH|1\rPI");
  CHECK(take_all(deframer).empty());
  CHECK(deframer.unfinished());
  CHECK(deframer.pending() == "MSH|1\rPI");
  deframer.feed("D\r\x1C");
  CHECK(take_all(deframer) == Strings{"MSH|1\rPID\r"});  // lenient: FS is the end, the CR may come or not
  deframer.feed("\r");
  CHECK(take_all(deframer).empty());
  CHECK(deframer.take_oddities() == Deframer::Oddities{});
}

TEST_CASE("strict framing accepts nothing but the standard", "[mllp]") {
  CHECK(strict_error(frame("MSH|1") + frame("MSH|2")) == "");
  CHECK(strict_error("\x0BMSH|1\x1C") == "");  // the CR may still come
  CHECK(strict_error("\x0BMSH|1\x1CX") == "mllp.frame byte 7");
  CHECK(strict_error(frame("MSH|1") + "\n") == "mllp.frame byte 8");
  CHECK(strict_error("MSH|1") == "mllp.frame byte 0");
  CHECK(strict_error("\x0BMSH\x0BMSH\x1C\r") == "mllp.frame byte 4");
  CHECK(strict_error("\x0BMSH|1\nPID\x1C\r") == "mllp.frame byte 6");
  CHECK(strict_error("\x0BMSH|1\r\nPID\x1C\r") == "mllp.frame byte 7");
}

TEST_CASE("where strict framing broke is counted from the first byte of the stream, however it came", "[mllp]") {
  const std::string bytes = frame(std::string(60, 'a')) + frame(std::string(60, 'b')) + "!";
  for (const std::size_t piece : {1u, 7u, 500u}) {
    Deframer deframer(100, kStrict);
    std::string where;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
      deframer.feed(std::string_view(bytes).substr(at, piece));
      for (auto taken = deframer.take(); !taken || *taken; taken = deframer.take()) {
        if (!taken) where = taken.error().where;
        if (!taken) break;
      }
    }
    CHECK(where == "byte 126");
  }
}

TEST_CASE("lenient framing reads what strict framing refuses, when the message is whole", "[mllp]") {
  Deframer deframer;
  deframer.feed("\r\n\x0BMSH|1\nPID|1\n\x1C\n\x0BMSH|2\x1C\x0BMSH|3\x1C\r\r\n");
  CHECK(take_all(deframer) == Strings{"MSH|1\nPID|1\n", "MSH|2", "MSH|3"});
  CHECK(deframer.take_oddities() == Deframer::Oddities{0, 0, 2});
}

TEST_CASE("the word of release 2 is a frame of one byte, and no message", "[mllp]") {
  Deframer deframer;
  deframer.feed(std::string("\x0B\x06\x1C\r\x0B\x15\x1C\r") + frame("MSH|"));
  const auto taken = take_all(deframer);
  REQUIRE(taken.size() == 3);
  CHECK(taken[0] == kStored);
  CHECK(taken[1] == kNotStored);
  CHECK(is_commit(taken[0]));
  CHECK(is_commit(taken[1]));
  CHECK_FALSE(is_commit(taken[2]));
  CHECK(frame(kStored) == "\x0B\x06\x1C\r");
}

TEST_CASE("a message over the limit breaks the stream for good", "[mllp]") {
  Deframer deframer(4);
  deframer.feed(frame("1234") + "\x0B" + "12345");
  auto first = deframer.take();
  REQUIRE(first);
  CHECK(*first == "1234");
  for (int again = 0; again < 2; ++again) {
    auto second = deframer.take();
    REQUIRE_FALSE(second);
    CHECK(second.error().code == "mllp.too-large");
    CHECK(second.error().fault == fhir::Fault::too_large);
    CHECK(deframer.pending() == "12345");  // all that is there to keep
    deframer.feed(frame("ok"));
  }
}

TEST_CASE("a flood of tiny frames costs linear time", "[mllp]") {
  std::string stream;
  for (int i = 0; i < 200'000; ++i) stream += frame("x");
  Deframer deframer;
  deframer.feed(stream);
  CHECK(take_all(deframer).size() == 200'000);
}
