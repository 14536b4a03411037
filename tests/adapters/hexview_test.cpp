#include "adapters/hexview.h"

#include <catch2/catch.hpp>

namespace adapters {

TEST_CASE("a line ends with its segment, and the delimiters that MSH declares are marked", "[hexview]") {
  const std::string view = hex_view("MSH|^~\\&|A\rPID|1^2", Charset::ascii, HexShape::hl7v2);
  CHECK(view ==
        "00000000   4d  53  48 [7c][5e][7e][5c][26][7c] 41 [0d]                      MSH|^~\\&|A.\n"
        "0000000b   50  49  44 [7c] 31 [5e] 32                                       PID|1^2\n");
}

TEST_CASE("a delimiter inside a two-byte character is none", "[hexview]") {
  // 81 7c is a character of GB18030 whose second byte is '|'
  const std::string view = hex_view("MSH|^~\\&|\x81\x7c|", Charset::gb18030, HexShape::hl7v2);
  CHECK(view.find(" 81 -7c [7c]") != std::string::npos);
}

TEST_CASE("the bytes of one character stay together, and the text is read in the charset", "[hexview]") {
  CHECK(hex_view("\xd6\xd0", Charset::gb18030, HexShape::plain).find(" d6 -d0 ") != std::string::npos);
  CHECK(hex_view("\xd6\xd0", Charset::gb18030, HexShape::plain).find("\u4e2d") != std::string::npos);
  const std::string long_text = hex_view(std::string(15, 'x') + "\xe4\xb8\xad", Charset::utf8, HexShape::plain);
  CHECK(long_text.find("0000000f   e4 -b8 -ad") != std::string::npos);
}

TEST_CASE("what the charset cannot read is shown all the same", "[hexview]") {
  for (const auto charset : {Charset::utf8, Charset::gbk, Charset::gb18030, Charset::big5_hkscs, Charset::shift_jis,
                             Charset::iso_2022_jp, Charset::latin1, Charset::ascii}) {
    std::string bytes;
    for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
    const std::string view = hex_view(bytes, charset, HexShape::hl7v2);
    for (const char* byte : {" 00", "fe", "ff"}) CHECK(view.find(byte) != std::string::npos);
  }
  CHECK(hex_view("", Charset::utf8, HexShape::hl7v2).empty());
}

}  // namespace adapters
