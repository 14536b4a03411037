#include "adapters/hl7v2/batch.h"

#include <catch2/catch.hpp>
#include <chrono>

using namespace adapters;
using namespace adapters::hl7v2;

namespace {

using Strings = std::vector<std::string>;

const std::string kOne = "MSH|^~\\&|LIS|LAB|GW|HUB|20260310||ORU^R01|A1|P|2.4\rPID|1||7\r";
const std::string kTwo = "MSH|^~\\&|LIS|LAB|GW|HUB|20260310||ORU^R01|A2|P|2.4\rPID|1||8\rOBX|1|ST|X||y\r";
const std::string kFileHeader = "FHS|^~\\&|LIS|LAB|GW|HUB|20260310||f.hl7||F9\r";
const std::string kHeader = "BHS|^~\\&|LIS|LAB|GW|HUB|20260310||||B7\r";

std::string replaced(std::string text, std::string_view what, std::string_view with) {
  return text.replace(text.find(what), what.size(), with);
}

Strings messages_of(std::string_view bytes) {
  auto batch = split_batch(bytes);
  INFO((batch ? "" : fhir::to_string(batch.error())));
  REQUIRE(batch);
  Strings messages;
  for (const auto& message : batch->messages) messages.emplace_back(message.bytes);
  return messages;
}

Strings faults_of(std::string_view bytes) {
  auto batch = split_batch(bytes);
  REQUIRE(batch);
  Strings faults;
  for (const auto& fault : batch->faults) faults.push_back(fault.where + ": " + fault.say);
  return faults;
}

std::string split_error(std::string_view bytes) {
  auto batch = split_batch(bytes);
  return batch ? "" : batch.error().code + " " + batch.error().where;
}

std::vector<JoinedMessage> joined_of(const Strings& messages, Charset charset = Charset::utf8) {
  std::string bytes;
  for (const auto& message : messages) bytes += message;
  const auto batch = split_batch(bytes);
  REQUIRE(batch);
  return join_continued(*batch, charset);
}

/// A header with MSH-3 (or more of it), MSH-10 and MSH-14.
std::string part_of(const std::string& sender, const std::string& id, const std::string& of) {
  return "MSH|^~\\&|" + sender + "|B|C|D|1||ORU^R01|" + id + "|P|2.4" + (of.empty() ? "" : "||" + of) + "\r";
}

}  // namespace

TEST_CASE("a batch gives its messages byte for byte, whatever of the envelope is there", "[batch]") {
  const Strings both{kOne, kTwo};
  CHECK(messages_of(kFileHeader + kHeader + kOne + kTwo + "BTS|2\rFTS|1\r") == both);
  CHECK(messages_of(kHeader + kOne + kTwo + "BTS|2") == both);
  CHECK(messages_of(kFileHeader + kOne + kTwo + "FTS") == both);
  CHECK(messages_of(kOne + kTwo) == both);
  CHECK(messages_of(kOne) == Strings{kOne});
  CHECK(messages_of(kFileHeader + kHeader + kOne + "BTS|1\r" + kHeader + kTwo + "BTS|1\rFTS|2\r") == both);
  CHECK(faults_of(kFileHeader + kHeader + kOne + "BTS|1\r" + kHeader + kTwo + "BTS|1\rFTS|2\r").empty());
  CHECK(faults_of(kHeader + kOne + kTwo + "BTS\r").empty());  // the count may be left out
}

TEST_CASE("lines of a batch end as those of messages do", "[batch]") {
  CHECK(messages_of("\xEF\xBB\xBF\r\nBHS|^~\\&|\r\nMSH|^~\\&|1\r\nPID|1\r\nBTS|1\r\n") ==
        Strings{"MSH|^~\\&|1\r\nPID|1\r\n"});
  CHECK(messages_of("BHS|^~\\&|\nMSH|^~\\&|1\nPID|1\nMSH|^~\\&|2\nBTS|2\n") ==
        Strings{"MSH|^~\\&|1\nPID|1\n", "MSH|^~\\&|2\n"});
  const auto batch = split_batch("BHS|^~\\&|\nMSH|^~\\&|1\nPID|1\nMSH|^~\\&|2\nBTS|2\n");
  REQUIRE(batch);
  CHECK(batch->messages[1].line == 4);
  CHECK(messages_of("MSH|^~\\&|1\rMSHX|no header\r") == Strings{"MSH|^~\\&|1\rMSHX|no header\r"});
}

TEST_CASE("bytes of any charset stay in their message", "[batch]") {
  const std::string gb = "MSH|^~\\&|1\rPID|1||7||\xD5\xD4\xAB\x7C\r";  // 赵珅: a second byte is |
  CHECK(messages_of(kHeader + gb + kOne + "BTS|2\r") == Strings{gb, kOne});
}

TEST_CASE("what the envelope says and the messages do not bear out is told, and the messages are there", "[batch]") {
  CHECK(faults_of(kHeader + kOne + "BTS|2\r") == Strings{"line 4: BTS-1 is not the number of messages, which is 1"});
  CHECK(faults_of(kFileHeader + kHeader + kOne + "BTS|1\rFTS|2\r") ==
        Strings{"line 6: FTS-1 is not the number of batches, which is 1"});
  CHECK(faults_of(kHeader + kOne + "BTS|one\r").size() == 1);
  CHECK(faults_of(kHeader + kOne) ==
        Strings{"line 1: the batch that began here has no BTS: the file may have been cut"});
  CHECK(faults_of(kHeader + kOne + kHeader + kTwo + "BTS|1\r").size() == 1);
  CHECK(faults_of(kFileHeader + kHeader + kOne + "BTS|1\r") ==
        Strings{"line 5: the file has no FTS: it may have been cut"});
}

TEST_CASE("what is no batch is an error at its line", "[batch]") {
  CHECK(split_error("") == "hl7v2.batch line 1");
  CHECK(split_error(kHeader + "BTS|0\r") == "hl7v2.batch line 2");
  CHECK(split_error(kHeader + "PID|1\r" + kOne) == "hl7v2.batch line 2");
  CHECK(split_error(kHeader + kOne + "BTS|1\rZZZ|lost\r") == "hl7v2.batch line 5");
  CHECK(split_error("{\"a\": 1}") == "hl7v2.batch line 1");
  CHECK(is_batch(kHeader));
  CHECK(is_batch("\r\n" + kFileHeader));
  CHECK_FALSE(is_batch(kOne));
  CHECK_FALSE(is_batch(""));
  CHECK_FALSE(is_batch("BHSX|"));
}

TEST_CASE("a batch is answered by a batch of acknowledgements that names it", "[batch]") {
  const std::string bytes = kFileHeader + kHeader + kOne + kTwo + "BTS|3\rFTS|1\r";
  const auto batch = split_batch(bytes);
  REQUIRE(batch);
  const Strings acks{write_ack(read_header(kOne), "AA", {}, {"G1", "20260311"}),
                     write_ack(read_header(kTwo), "AE", {}, {"G2", "20260311"})};
  const std::string answer = write_batch_answer(*batch, Charset::utf8, acks, {"G3", "20260311"});
  CHECK(answer == "FHS|^~\\&|GW|HUB|LIS|LAB|20260311||||G3|F9\rBHS|^~\\&|GW|HUB|LIS|LAB|20260311||||G3|B7\r" + acks[0] +
                      acks[1] + "BTS|2|BTS-1 is not the number of messages, which is 2\rFTS|1\r");
  const auto read = split_batch(answer);
  REQUIRE(read);
  CHECK(read->faults.empty());
  REQUIRE(read->messages.size() == 2);
  const auto ack = Message::parse(std::string(read->messages[1].bytes));
  REQUIRE(ack);
  CHECK(ack->get("MSA-1") == "AE");
  CHECK(ack->get("MSA-2") == "A2");
  const std::string gb = replaced(kHeader, "HUB", "\xD5\xD4\xAB\x7C") + kOne + "BTS|1\r";  // 赵珅: no delimiter
  const auto other = split_batch(gb);
  REQUIRE(other);
  CHECK(write_batch_answer(*other, Charset::gb18030, {}, {"G3", "20260311"}) ==
        "BHS|^~\\&|GW|\xD5\xD4\xAB\x7C|LIS|LAB|20260311||||G3|B7\rBTS|0\r");
  CHECK(batch_header(kHeader + "PID|1\r", Charset::utf8).control_id == "B7");
  CHECK(batch_header(kHeader + "PID|1\r", Charset::utf8).sending_facility == "LAB");
}

TEST_CASE("a divided message is joined under its first header", "[batch]") {
  const std::string first = "MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.4\rOBX|1|TX|X||a long te\rADD|\rDSC|p1|F\r";
  const std::string second = "MSH|^~\\&|A|B|C|D|1||ORU^R01|2|P|2.4||p1\rADD|xt that goes \rDSC|p2\r";
  const std::string third = "MSH|^~\\&|A|B|C|D|1||ORU^R01|3|P|2.4||p2\rADD|on|F\rOBX|2|TX|Y||z\r";
  const std::string whole =
      "MSH|^~\\&|A|B|C|D|1||ORU^R01|1|P|2.4\rOBX|1|TX|X||a long text that goes on|F\rOBX|2|TX|Y||z\r";
  const auto joined = joined_of({first, kOne, second, third});
  REQUIRE(joined.size() == 2);
  CHECK(joined[0].bytes == whole);
  CHECK(joined[0].line == 1);
  CHECK_FALSE(joined[0].fault);
  CHECK(joined[1].bytes == kOne);
  CHECK(joined[1].line == 5);
  CHECK(continuation(first, Charset::utf8).by == "p1");
  CHECK(continuation(second, Charset::utf8).of == "p1");
  CHECK(continuation(first, Charset::utf8).of.empty());
  CHECK(continuation("MSH|^~\\&|A\rDSC|p1|I\r", Charset::utf8).by.empty());  // an answer whose rest is asked for
  CHECK_FALSE(continuation(kOne, Charset::utf8).divided());
}

TEST_CASE("a trail byte that looks like a separator does not hide or make up a pointer", "[batch]") {
  const std::string name = "\xD5\xD4\xAB\x7C";  // 赵珅 in GB18030: the last byte is |
  const std::string first = part_of(name, "1", "") + "OBX|1|TX|X||a\rDSC|" + name + "\r";
  const std::string second = part_of(name, "2", name) + "OBX|2|TX|Y||z\r";
  const auto joined = joined_of({first, second, part_of(name, "3", "")}, Charset::gb18030);
  REQUIRE(joined.size() == 2);
  CHECK_FALSE(joined[0].fault);
  CHECK(joined[0].bytes == part_of(name, "1", "") + "OBX|1|TX|X||a\rOBX|2|TX|Y||z\r");
  CHECK_FALSE(joined[1].fault);
  const std::string katakana = "\x83\x7C";  // ポ in Shift_JIS, four of them: read as bytes they are four fields more
  const std::string hospital = katakana + katakana + katakana + katakana;
  const auto japanese = joined_of({part_of(hospital, "1", "")}, Charset::shift_jis);
  CHECK(japanese[0].bytes == part_of(hospital, "1", ""));
  CHECK_FALSE(japanese[0].fault);
}

TEST_CASE("a part without its other part is refused, and only it", "[batch]") {
  const std::string open = part_of("B", "1", "") + "DSC|p1\r", rest = part_of("B", "2", "p9") + "OBX|2\r";
  const auto joined = joined_of({kOne, open, rest, kTwo});
  REQUIRE(joined.size() == 4);
  CHECK_FALSE(joined[0].fault);
  REQUIRE(joined[1].fault);
  CHECK(joined[1].fault->code == "hl7v2.continued");
  CHECK(joined[1].fault->where == "line 3");
  CHECK(joined[1].bytes == open);  // with its DSC: it must not pass for a whole message
  REQUIRE(joined[2].fault);
  CHECK(joined[2].bytes == rest);
  CHECK_FALSE(joined[3].fault);
  const auto middle = joined_of({open, part_of("B", "2", "p1") + "DSC|p2\r"});
  REQUIRE(middle.size() == 1);
  CHECK(middle[0].fault);
  CHECK(middle[0].bytes == open + part_of("B", "2", "p1") + "DSC|p2\r");
}

TEST_CASE("a pointer that two messages wait under joins neither", "[batch]") {
  const std::string first = part_of("B", "1", "") + "PID|1||7\rDSC|p\r",
                    second = part_of("B", "2", "") + "PID|1||8\rDSC|p\r";
  const auto joined = joined_of({first, second, part_of("B", "3", "p"), part_of("B", "4", "p"), kOne});
  REQUIRE(joined.size() == 5);
  for (std::size_t n = 0; n < 4; ++n) {
    REQUIRE(joined[n].fault);
    CHECK(joined[n].fault->say.contains("the same pointer"));
  }
  CHECK_FALSE(joined[4].fault);
  // One after the other it is clear which is meant.
  const auto again = joined_of({first, part_of("B", "3", "p"), second, part_of("B", "4", "p")});
  REQUIRE(again.size() == 2);
  CHECK_FALSE(again[0].fault);
  CHECK_FALSE(again[1].fault);
}

TEST_CASE("a pointer leads only to a message of the same sender and type", "[batch]") {
  const std::string first = part_of("B", "1", "") + "DSC|p\r";
  const std::string other = part_of("E", "2", "p") + "PID|1||8\r";
  const std::string type = replaced(part_of("B", "2", "p"), "ORU^R01", "ADT^A01");
  for (const std::string& rest : {other, type}) {
    const auto joined = joined_of({first, rest});
    REQUIRE(joined.size() == 2);
    CHECK(joined[0].fault);
    CHECK(joined[1].fault);
  }
}

TEST_CASE("a hundred thousand divided messages are joined in one pass", "[batch]") {
  std::string bytes;
  for (int n = 0; n < 50'000; ++n) bytes += part_of("B", "1", "") + "DSC|" + std::to_string(n) + "\r";
  for (int n = 0; n < 50'000; ++n) bytes += part_of("B", "2", std::to_string(n));
  const auto batch = split_batch(bytes);
  REQUIRE(batch);
  const auto began = std::chrono::steady_clock::now();
  const auto joined = join_continued(*batch, Charset::utf8);
  CHECK(joined.size() == 50'000);
  CHECK(std::chrono::steady_clock::now() - began < std::chrono::seconds(30));  // with every pair compared: minutes
}

TEST_CASE("a batch has a limit of messages, and an envelope's faults are listed once, the first ten", "[batch]") {
  CHECK(split_batch(kOne + kTwo, {.most = 2}));
  const auto many = split_batch(kOne + kTwo + kOne, {.most = 2});
  REQUIRE_FALSE(many);
  CHECK(many.error().fault == fhir::Fault::too_large);
  CHECK(many.error().where == "line 6");
  std::string bytes = kHeader + kOne;
  for (int n = 0; n < 25; ++n) bytes += "BTS|7\r";
  const auto batch = split_batch(bytes, {.first_line = 100});
  REQUIRE(batch);
  CHECK(batch->faults.size() == 10);
  CHECK(batch->unlisted == 15);
  const auto all = envelope_fault(batch->faults, batch->unlisted);
  CHECK(all.where == "line 103");
  CHECK(all.say.contains("; line 104: BTS-1 is not"));
  CHECK(all.say.ends_with("; and 15 more"));
  CHECK(envelope_of(kFileHeader + kHeader + kOne + "BTS|2\nX\rFTS|1") == kFileHeader + kHeader + "BTS|2\nX\rFTS|1\r");
}

TEST_CASE("an acknowledgement names the part it answers, in its charset", "[batch]") {
  const std::string name = "\xD5\xD4\xAB\x7C";
  CHECK(naming("MSH|^~\\&|" + name + "\rMSA|AA|" + name + "|ok\r", "珅2", Charset::gb18030) ==
        "MSH|^~\\&|" + name + "\rMSA|AA|\xAB\x7C" + "2|ok\r");
}

TEST_CASE("ADD is the rest of the segment before it", "[batch]") {
  CHECK(join_addenda("MSH|1\rOBX|1|TX|X||ab\rADD|cd|\rADD|F\rNTE|1\r") == "MSH|1\rOBX|1|TX|X||abcd|F\rNTE|1\r");
  CHECK(join_addenda("MSH|1\nOBX|ab\nADD|cd\n") == "MSH|1\rOBX|abcd\r");
  CHECK(join_addenda(kTwo) == kTwo);
  CHECK(join_addenda("MSH|1\rADDX|no\r") == "MSH|1\rADDX|no\r");
}
