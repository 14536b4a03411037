// Bytes for a person's eye: sixteen a line with their offset, the bytes of one character tied together as the charset
// says, delimiters in brackets, and the text beside them. What a diff of a broken message starts from: a delimiter
// inside a two-byte character is not marked, because it is none.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/charset.h"

namespace adapters {

/// hl7v2: a line ends with its segment; delimiters are those that MSH-1 and MSH-2 declare, and the carriage return.
enum class HexShape : std::uint8_t { plain, hl7v2 };

/// Any bytes; what the charset cannot read is shown as '?' in the text. Pure.
std::string hex_view(std::string_view bytes, Charset charset, HexShape shape);

}  // namespace adapters
