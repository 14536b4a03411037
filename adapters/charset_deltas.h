// Where ICU's tables differ from what the standards say today: characters, not bytes. Used by charset.cpp alone.
//
// Both directions work on UTF-16 beside ICU: after its decoder and before its encoder. Stateless; any thread; nothing
// fails here.
#pragma once
#include <string>

#include "adapters/charset.h"

namespace adapters {

/// What the decoder of this charset gave, with the characters that its table leaves in private use made real.
std::u16string made_real(std::u16string text, Charset charset);

/// The reverse, for the encoder: the characters that its table has for the bytes which this charset, in this edition,
/// writes.
std::u16string as_in_table(std::u16string text, Charset charset);

}  // namespace adapters
