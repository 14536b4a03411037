// Numbers of identity documents with their check rules, as maps read them (`read: resident_id` ...) and as policy looks
// for them. Each function takes the text as people type it (full-width forms, spaces and brackets around and in it,
// small letters) and answers the number as FHIR is to hold it, or nothing when it is none: wrong shape, check character
// or date. Pure, from any thread. A number that fits says nothing of whose it is, nor that it was ever issued.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace adapters {

/// Resident id (GB 11643-1999), 18 characters: a real province (counties come and go), a birth date, ISO 7064 MOD 11-2;
/// the same for residence permits of Hong Kong, Macau and Taiwan people (81, 82, 83). One of 15 digits, as issued
/// before 1999, gets its century (19) and its check character.
std::optional<std::string> resident_id(std::string_view text);
/// The same without any reading: exactly 18 ASCII characters, either case of X.
bool is_resident_id(std::string_view text);

/// Hong Kong identity card: one or two letters, six digits, check character. "A123456(3)" is "A1234563", as eHealth has
/// it.
std::optional<std::string> hkid(std::string_view text);

/// Unified social credit code (GB 32100-2015), 18 characters.
std::optional<std::string> uscc(std::string_view text);
/// The same without any reading. Some of the first codes that were given out fail their check: warn, do not refuse.
bool is_uscc(std::string_view text);

/// Mainland travel permit of Hong Kong and Macau people: H or M, eight digits that stay for life, and on older cards
/// two for the renewal. No check digit.
std::optional<std::string> home_return_permit(std::string_view text);
/// Its nine characters that stay for life: what people are matched by.
std::optional<std::string> home_return_permit_for_life(std::string_view text);

}  // namespace adapters
