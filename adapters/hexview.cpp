#include "adapters/hexview.h"

#include <fmt/format.h>

#include <algorithm>

namespace adapters {
namespace {

constexpr std::size_t kAcross = 16;

unsigned char at(std::string_view bytes, std::size_t i) {
  return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0;
}

std::size_t utf8_length(unsigned char lead) {
  if (lead >= 0xf0) return 4;
  if (lead >= 0xe0) return 3;
  return lead >= 0xc0 ? 2 : 1;
}

bool sjis_lead(unsigned char byte) { return (byte >= 0x81 && byte <= 0x9f) || (byte >= 0xe0 && byte <= 0xfc); }

// Bytes of the character that begins here, whether or not it is a valid one. ISO-2022-JP shifts state and is shown byte
// by byte.
std::size_t character_length(std::string_view rest, Charset charset) {
  const unsigned char lead = at(rest, 0), second = at(rest, 1);
  std::size_t length = 1;
  switch (charset) {
    case Charset::utf8: length = utf8_length(lead); break;
    case Charset::gb18030:
    case Charset::gb18030_2000:
    case Charset::gb18030_2005:
    case Charset::gb18030_2022: length = lead < 0x81 ? 1 : second >= 0x30 && second <= 0x39 ? 4 : 2; break;
    case Charset::gbk:
    case Charset::big5_hkscs: length = lead < 0x81 ? 1 : 2; break;
    case Charset::shift_jis: length = sjis_lead(lead) ? 2 : 1; break;
    case Charset::ascii:
    case Charset::latin1:
    case Charset::windows_1252:
    case Charset::iso_2022_jp: break;
  }
  return std::min(length, rest.size());
}

std::string delimiters_of(std::string_view bytes, HexShape shape) {
  if (shape == HexShape::plain) return {};
  std::string found = "\r";
  if (bytes.starts_with("MSH")) found += bytes.substr(3, 5);
  return found;
}

class View {
 public:
  View(std::string_view bytes, Charset charset, HexShape shape)
      : bytes_(bytes), charset_(charset), delimiters_(delimiters_of(bytes, shape)) {}

  std::string draw() && {
    for (std::size_t i = 0; i < bytes_.size();) {
      const std::size_t length = character_length(bytes_.substr(i), charset_);
      if (across_ != 0 && across_ + length > kAcross) end_line();
      if (across_ == 0) start_ = i;
      character(bytes_.substr(i, length));
      i += length;
      if (across_ >= kAcross || ends_segment(i - length)) end_line();
    }
    if (across_ != 0) end_line();
    return std::move(out_);
  }

 private:
  bool ends_segment(std::size_t i) const { return !delimiters_.empty() && bytes_[i] == '\r'; }

  void character(std::string_view character) {
    const bool mark = character.size() == 1 && delimiters_.find(character[0]) != std::string::npos;
    for (std::size_t i = 0; i < character.size(); ++i) {
      const char* before = mark ? "[" : i == 0 ? " " : "-";
      hex_ += fmt::format("{}{:02x}{}", before, at(character, i), mark ? "]" : i + 1 == character.size() ? " " : "");
      if (i + 1 < character.size()) hex_ += ' ';
    }
    across_ += character.size();
    text_ += shown(character);
  }

  std::string shown(std::string_view character) const {
    const unsigned char lead = at(character, 0);
    if (character.size() == 1 && (lead < 0x20 || lead == 0x7f)) return ".";
    if (charset_ == Charset::iso_2022_jp) return lead < 0x7f ? std::string(character) : "?";
    return decode(character, charset_).value_or("?");
  }

  void end_line() {
    out_ += fmt::format("{:08x}  {:<64}  {}\n", start_, hex_, text_);
    hex_.clear();
    text_.clear();
    across_ = 0;
  }

  std::string_view bytes_;
  Charset charset_;
  std::string delimiters_, out_, hex_, text_;
  std::size_t across_ = 0, start_ = 0;
};

}  // namespace

std::string hex_view(std::string_view bytes, Charset charset, HexShape shape) {
  return View(bytes, charset, shape).draw();
}

}  // namespace adapters
