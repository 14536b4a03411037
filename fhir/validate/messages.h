// Every sentence that validation says, in English and in Chinese: one row for each stable detail code. A row's code is
// what programs go by (OperationOutcome.issue.details.coding); its texts are for people. {0}, {1} are holes, the same
// ones in both languages; what fills them comes from the definitions, never from the data that is checked.
//
// A finding names its row by the code, and the compiler looks it up: `findings.add("null", value)` with a code that has
// no row does not compile. To add a sentence, add a row to message_table.h; messages_test.cpp checks the table.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "fhir/validate/message_table.h"

namespace fhir::validate {

/// A row of the table, named by its code.
class Message {
 public:
  consteval Message(const char* detail) : row_(nullptr) {  // NOLINT: a code is a message
    for (const MessageRow& row : kMessages)
      if (row.detail == std::string_view(detail)) row_ = &row;
    if (row_ == nullptr) throw "no row of message_table.h has this code";
  }
  const MessageRow& row() const { return *row_; }

 private:
  const MessageRow* row_;
};

std::span<const MessageRow> all_messages();
/// "en", "zh" and their regions ("zh-CN"); nothing for others.
std::optional<Language> language_of(std::string_view tag);

std::string_view text(const MessageRow& row, Language language);
/// The text with its holes filled.
std::string filled(std::string_view text, std::initializer_list<std::string_view> holes);

/// What an invariant demands: in Chinese where the table has its key, otherwise `human`, the definition's own words.
std::string_view invariant_text(std::string_view key, std::string_view human, Language language);

/// The reader's error about input that is no JSON or XML, as a fatal issue with its place, in that language as far as
/// the table has the error's code.
Issue to_issue(const Error& error, Language language);
/// An issue that the XML reader found, in that language.
void translate(Issue& issue, Language language);

}  // namespace fhir::validate
