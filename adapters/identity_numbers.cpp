#include "adapters/identity_numbers.h"

#include <algorithm>
#include <array>
#include <chrono>

#include "adapters/map/convert.h"

namespace adapters {
namespace {

using Text = std::optional<std::string>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return c >= 'A' && c <= 'Z'; }
int digit(char c) { return c - '0'; }

bool all_digits(std::string_view text) { return std::ranges::all_of(text, is_digit); }

int number(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = value * 10 + digit(c);
  return value;
}

/// Half-width, upper case, and without what people put between.
std::string plain(std::string_view text) {
  std::string out;
  for (char c : map::fold_width(text)) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c != ' ' && c != '\t' && c != '-') out += c;
  }
  return out;
}

// GB/T 2260: the first two digits of a division. 81 to 83 are Hong Kong, Macau and Taiwan.
bool is_province(int code) {
  static constexpr std::array<int, 35> kCodes = {11, 12, 13, 14, 15, 21, 22, 23, 31, 32, 33, 34, 35, 36, 37, 41, 42, 43,
                                                 44, 45, 46, 50, 51, 52, 53, 54, 61, 62, 63, 64, 65, 71, 81, 82, 83};
  return std::ranges::find(kCodes, code) != kCodes.end();
}

bool is_birth_date(std::string_view eight_digits) {
  using namespace std::chrono;
  const int year_of = number(eight_digits.substr(0, 4));
  const year_month_day date{year{year_of}, month{static_cast<unsigned>(number(eight_digits.substr(4, 2)))},
                            day{static_cast<unsigned>(number(eight_digits.substr(6, 2)))}};
  return date.ok() && year_of >= 1800 && year_of < 2100;
}

/// ISO 7064 MOD 11-2 over seventeen digits.
char resident_check(std::string_view digits) {
  static constexpr std::array<int, 17> kWeights = {7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2};
  int sum = 0;
  for (std::size_t i = 0; i < kWeights.size(); ++i) sum += kWeights[i] * digit(digits[i]);
  return "10X98765432"[sum % 11];
}

/// Letters count from ten, and a missing first one as 36.
char hkid_check(std::string_view letters, std::string_view digits) {
  const auto value = [](char letter) { return letter - 'A' + 10; };
  int sum = 9 * (letters.size() == 2 ? value(letters[0]) : 36) + 8 * value(letters.back());
  for (std::size_t i = 0; i < digits.size(); ++i) sum += (7 - static_cast<int>(i)) * digit(digits[i]);
  const int check = (11 - sum % 11) % 11;
  return check == 10 ? 'A' : static_cast<char>('0' + check);
}

}  // namespace

bool is_resident_id(std::string_view text) {
  if (text.size() != 18 || !all_digits(text.substr(0, 17))) return false;
  const char last = text[17] == 'x' ? 'X' : text[17];
  return is_province(number(text.substr(0, 2))) && is_birth_date(text.substr(6, 8)) && last == resident_check(text);
}

Text resident_id(std::string_view text) {
  std::string id = plain(text);
  if (id.size() == 15 && all_digits(id)) {
    id.insert(6, "19");
    id += resident_check(id);
  }
  return is_resident_id(id) ? Text(std::move(id)) : Text();
}

Text hkid(std::string_view text) {
  std::string id = plain(text);
  if (id.ends_with(')') && id.size() > 3 && id[id.size() - 3] == '(') {
    id.pop_back();
    id.erase(id.size() - 2, 1);
  }
  const auto letters = static_cast<std::size_t>(std::ranges::find_if_not(id, is_letter) - id.begin());
  if (letters < 1 || letters > 2 || id.size() != letters + 7 || !all_digits(std::string_view(id).substr(letters, 6)))
    return std::nullopt;
  const std::string_view whole = id;
  const bool good = whole.back() == hkid_check(whole.substr(0, letters), whole.substr(letters, 6));
  return good ? Text(std::move(id)) : Text();
}

bool is_uscc(std::string_view text) {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  if (text.size() != 18) return false;
  std::size_t sum = 0, weight = 1;  // 3^i mod 31
  for (const char c : text.substr(0, 17)) {
    const auto value = kAlphabet.find(c);
    if (value == std::string_view::npos) return false;
    sum += value * weight;
    weight = weight * 3 % 31;
  }
  return text[17] == kAlphabet[(31 - sum % 31) % 31];
}

Text uscc(std::string_view text) {
  std::string code = plain(text);
  return is_uscc(code) ? Text(std::move(code)) : Text();
}

Text home_return_permit(std::string_view text) {
  std::string id = plain(text);
  const bool shaped = (id.size() == 9 || id.size() == 11) && (id[0] == 'H' || id[0] == 'M') &&
                      all_digits(std::string_view(id).substr(1));
  return shaped ? Text(std::move(id)) : Text();
}

Text home_return_permit_for_life(std::string_view text) {
  auto id = home_return_permit(text);
  if (id) id->resize(9);
  return id;
}

}  // namespace adapters
