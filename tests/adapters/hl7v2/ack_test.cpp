#include "adapters/hl7v2/ack.h"

#include <catch2/catch.hpp>

using namespace adapters::hl7v2;

namespace {

const std::vector<Stamp> kStamps{{"GW1", "20260310093016"}, {"GW2", "20260310093017"}};

Header header(const std::string& version, const std::string& accept = "", const std::string& application = "") {
  return read_header("MSH|^~\\&|LIS|TMUCIH|GW|ONCOGW|20260310||ORU^R01|TJ17|P|" + version + "|||" + accept + "|" +
                     application + "|CHN|GB 18030-2000\rPID|1\r");
}

/// MSA-1 of every acknowledgement sent.
std::string codes(const Header& header, AckMode mode, Verdict verdict) {
  std::string codes;
  for (const std::string& ack : acknowledge(header, mode, verdict, {}, kStamps)) {
    auto message = Message::parse(ack);
    REQUIRE(message);
    codes += (codes.empty() ? "" : " ") + message->get("MSA-1");
  }
  return codes;
}

Acknowledgement read(const std::string& text, const AckReading& reading = {}) {
  auto message = Message::parse(text);
  REQUIRE(message);
  auto ack = read_acknowledgement(*message, reading);
  REQUIRE(ack);
  return *ack;
}

}  // namespace

TEST_CASE("an acknowledgement answers to the sender and names its message", "[ack]") {
  CHECK(write_ack(header("2.4", "AL", "NE"), "CA", {}, kStamps[0]) ==
        "MSH|^~\\&|GW|ONCOGW|LIS|TMUCIH|20260310093016||ACK^R01^ACK|GW1|P|2.4||||||GB 18030-2000\rMSA|CA|TJ17\r");
  CHECK(write_ack(header("2.3"), "AA", {}, kStamps[0]).contains("||ACK^R01|GW1|P|2.3|"));
  CHECK(write_ack(header("2.3.1"), "AA", {}, kStamps[0]).contains("||ACK^R01^ACK|GW1|P|2.3.1|"));
}

TEST_CASE("original mode answers once, whatever MSH-15 and MSH-16 say", "[ack]") {
  CHECK(codes(header("2.4", "AL", "AL"), AckMode::original, Verdict::accepted) == "AA");
  CHECK(codes(header("2.4", "NE", "NE"), AckMode::original, Verdict::content_error) == "AE");
  CHECK(codes(header("2.4"), AckMode::automatic, Verdict::not_now) == "AR");
}

TEST_CASE("enhanced mode answers as MSH-15 and MSH-16 ask", "[ack]") {
  struct Row {
    const char *accept, *application, *accepted, *content_error, *not_now;
  };
  for (const Row& row :
       {Row{"AL", "NE", "CA", "CE", "CR"}, Row{"AL", "AL", "CA AA", "CE", "CR"}, Row{"NE", "AL", "AA", "AE", "AR"},
        Row{"NE", "NE", "", "", ""}, Row{"ER", "SU", "AA", "CE", "CR"}, Row{"SU", "ER", "CA", "AE", "AR"},
        Row{"", "AL", "AA", "AE", "AR"}, Row{"AL", "", "CA", "CE", "CR"}}) {
    INFO(row.accept << "/" << row.application);
    const Header h = header("2.4", row.accept, row.application);
    for (AckMode mode : {AckMode::automatic, AckMode::enhanced}) {
      CHECK(codes(h, mode, Verdict::accepted) == row.accepted);
      CHECK(codes(h, mode, Verdict::content_error) == row.content_error);
      CHECK(codes(h, mode, Verdict::not_now) == row.not_now);
    }
  }
  CHECK(codes(header("2.4"), AckMode::enhanced, Verdict::accepted) == "CA");
  const auto both = acknowledge(header("2.4", "AL", "AL"), AckMode::automatic, Verdict::accepted, {}, kStamps);
  REQUIRE(both.size() == 2);
  CHECK(both[0].contains("|GW1|"));
  CHECK(both[1].contains("|GW2|"));
}

TEST_CASE("commit mode leaves the application's answer to a message of its own", "[ack]") {
  CHECK(codes(header("2.5.1", "AL", "AL"), AckMode::commit, Verdict::accepted) == "CA");
  CHECK(codes(header("2.5.1", "NE", "AL"), AckMode::commit, Verdict::accepted).empty());
  CHECK(codes(header("2.5.1"), AckMode::commit, Verdict::accepted) == "CA");
  CHECK(codes(header("2.5.1", "AL", "AL"), AckMode::commit, Verdict::content_error) == "CE");
  CHECK(codes(header("2.5.1", "NE", "AL"), AckMode::commit, Verdict::content_error) == "AE");  // no answer would follow
}

TEST_CASE("errors are told as the version has them", "[ack]") {
  const std::vector<Problem> problems{{"OBX[3]-5.1", "102", 'E', "not a number"}, {"", "", 'E', "sub & co"}};
  const std::string old = write_ack(header("2.4"), "AE", problems, kStamps[0]);
  CHECK(old.contains("\rMSA|AE|TJ17|not a number\r"));
  CHECK(old.ends_with("\rERR|OBX^3^5^102&not a number&HL70357~^^^207&sub \\T\\ co&HL70357\r"));
  const std::string newer = write_ack(header("2.5.1"), "AE", problems, kStamps[0]);
  CHECK(
      newer.ends_with("\rERR||OBX^3^5^1^1|102^Data type error^HL70357|E||||not a number"
                      "\rERR|||207^Application error^HL70357|E||||sub \\T\\ co\r"));
  CHECK_FALSE(write_ack(header("2.7"), "AE", problems, kStamps[0]).contains("MSA|AE|TJ17|"));  // MSA-3 is withdrawn
}

TEST_CASE("the control id comes back even when the rest is broken", "[ack]") {
  CHECK(read_header("MSH|^~\\&|\xD6\xD0|B|C|D|||\x01|77|P|2.4\rpid\r").control_id == "77");
  CHECK(read_header("MSH|^~\\&|\xD6\xD0|B|C|D|||\x01|77|P|2.4\rpid\r").sending_application == "??");
  CHECK(read_header("\xEF\xBB\xBF\nMSH|^|A|B|C|D|||ADT^A01|78").control_id == "78");
  CHECK(read_header("MSH*!!!*A*B*C*D***ADT*79").control_id == "79");
  const std::string gb = "MSH|^~\\&|\xD5\xD4\xAB\x7C|B|C|D|||ADT|80|P|2.4\r\xFF";  // the second character ends in |
  CHECK(read_header(gb).control_id == "ADT");
  CHECK(read_header(gb, adapters::Charset::gb18030).control_id == "80");
  CHECK(read_header(gb, adapters::Charset::gb18030).sending_application == "赵珅");
  CHECK(read_header("MSH|^~\\&|\xFF|B|C|D|||ADT|81\r", adapters::Charset::gb18030).control_id == "81");
  CHECK(read_header("").control_id.empty());
  CHECK(read_header("PID|1").control_id.empty());
  CHECK(read_header("MSH").control_id.empty());
  CHECK(read_header("MSH|^~\\&||||||||" + std::string(5000, '9')).control_id.size() == 1000);
  CHECK(write_ack(read_header("garbage"), "AE", {}, kStamps[0]) ==
        "MSH|^~\\&|||||20260310093016||ACK|GW1|P|2.5.1\rMSA|AE\r");
  const Header own = read_header("MSH*!~\\&*A*B*C*D***ADT!A01*7!7*P*2.4");
  CHECK(write_ack(own, "AA", {}, kStamps[0]).ends_with("MSA*AA*7!7\r"));
}

TEST_CASE("our own errors become ERR segments without data values", "[ack]") {
  using fhir::Fault;
  CHECK(to_problem({Fault::invalid, "x", "PID[1]-7", "no date"}).location == "PID[1]-7");
  CHECK(to_problem({Fault::invalid, "x", "PID[1]-7", "no date"}).code == "102");
  CHECK(to_problem({Fault::invalid, "x", "byte 17", "no GBK"}).text == "byte 17: no GBK");
  CHECK(to_problem({Fault::invalid, "x", "byte 17", "no GBK"}).location.empty());
  CHECK(to_problem({Fault::unsupported, "x", "", "no map"}).code == "200");
  CHECK(to_problem({Fault::conflict, "x", "", "same id"}).code == "205");
  CHECK(to_problem({Fault::unavailable, "x", "", "disk"}).code == "207");
}

TEST_CASE("an acknowledgement that came back is read, and what it means is the endpoint's setting", "[ack]") {
  const std::string msh = "MSH|^~\\&|HIS|HOSP|GW|ONCOGW|20260310||ACK^R01|9|P|2.5.1\r";
  const auto good = read(msh + "MSA|AA|TJ17\r");
  CHECK(good.verdict == Verdict::accepted);
  CHECK(good.control_id == "TJ17");
  CHECK(good.application);
  CHECK_FALSE(read(msh + "MSA|CA|TJ17\r").application);
  CHECK(read(msh + "MSA|AE|TJ17\r").verdict == Verdict::content_error);
  CHECK(read(msh + "MSA|CE|TJ17\r").verdict == Verdict::content_error);
  CHECK(read(msh + "MSA|AR|TJ17\r").verdict == Verdict::not_now);
  CHECK(read(msh + "MSA|AE|1\r", {Verdict::not_now, Verdict::content_error}).verdict == Verdict::not_now);
  CHECK(read(msh + "MSA|CR|1\r", {Verdict::not_now, Verdict::content_error}).verdict == Verdict::content_error);
  const auto newer = read(msh + "MSA|AE|TJ17\rERR||OBX^3^5^1^2^1|102^Data type error^HL70357|W||||bad number\r");
  REQUIRE(newer.problems.size() == 1);
  CHECK(newer.problems[0].location == "OBX[3]-5[1].2.1");
  CHECK(newer.problems[0].code == "102");
  CHECK(newer.problems[0].severity == 'W');
  CHECK(newer.text == "bad number");
  const auto old = read(msh + "MSA|AE|TJ17|see below\rERR|PID^1^5^101&missing~PV1\r");
  REQUIRE(old.problems.size() == 2);
  CHECK(old.problems[0].location == "PID[1]-5");
  CHECK(old.problems[0].text == "missing");
  CHECK(old.problems[1].location == "PV1");
  CHECK(old.text == "see below");
}

TEST_CASE("what we write, we read", "[ack]") {
  const std::vector<Problem> problems{{"PID[1]-3[2].4.1", "204", 'E', "unknown | assigner"}};
  for (const char* version : {"2.2", "2.3", "2.4", "2.5", "2.8", ""}) {
    const auto ack = read(write_ack(header(version), "AE", problems, kStamps[0]));
    REQUIRE(ack.problems.size() == 1);
    CHECK(ack.problems[0].code == "204");
    CHECK(ack.problems[0].text == "unknown | assigner");
    CHECK(ack.problems[0].location.starts_with("PID[1]-3"));
    CHECK(ack.control_id == "TJ17");
  }
}

TEST_CASE("what is no acknowledgement is an error", "[ack]") {
  for (const char* msa : {"", "MSA|\r", "MSA|XX|1\r", "MSA|AX|1\r", "MSA|AAA|1\r"}) {
    auto message = Message::parse("MSH|^~\\&|A\r" + std::string(msa));
    REQUIRE(message);
    CHECK(read_acknowledgement(*message).error().code == "hl7v2.ack");
  }
}
