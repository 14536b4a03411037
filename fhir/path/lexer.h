// Tokens of FHIRPath (N1 grammar, fhirpath.g4). A token keeps its bytes in the expression and the offset it began at;
// string, delimited-identifier and number tokens carry what they mean in `value`. Letters of every script may stand in
// identifiers. Never throws; a fault is Kind::error with a sentence in `value`.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace fhir::path {

struct Token {
  enum class Kind : std::uint8_t {
    end,
    error,
    identifier,
    delimited,
    string,
    integer,
    decimal,
    date,
    datetime,
    time,
    special,  // $this $index $total
    symbol,   // punctuation and operators that are no words; `value` is their text
  };
  Kind kind = Kind::end;
  std::size_t offset = 0;  // bytes from the start of the expression
  std::string value;       // decoded; of date kinds without '@'; of time kinds without '@T'

  bool is(std::string_view symbol) const { return kind == Kind::symbol && value == symbol; }
  bool is_word(std::string_view word) const { return kind == Kind::identifier && value == word; }
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}
  Token next();

 private:
  bool skip_space_and_comments();
  Token word();
  Token special();
  Token number();
  Token quoted(char quote, Token::Kind kind);
  Token moment();
  bool part(char lead, std::size_t digits);
  void clock();
  bool zone();
  Token symbol();
  bool escape(std::string& out);
  bool hex4(std::uint32_t& out);
  Token make(Token::Kind kind, std::size_t begin) const;
  Token error(std::size_t offset, std::string say) const;
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  std::string_view text_;
  std::size_t at_ = 0;
};

/// "LINE:COLUMN" of a byte offset, columns in code points.
std::string place_of(std::string_view text, std::size_t offset);

}  // namespace fhir::path
