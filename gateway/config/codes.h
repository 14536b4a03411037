// The stable codes of configuration faults: what each means and what to do, for `causeway check --explain CODE` and
// docs/CONFIG.md. A code is never given a second meaning. (E02xx are YAML itself and maps: adapters/map.)
#pragma once
#include <span>
#include <string_view>

namespace gateway::config {

namespace code {
inline constexpr std::string_view kFile = "E0301", kCharset = "E0302";
inline constexpr std::string_view kMissingKey = "E0311", kUnknownKey = "E0312", kType = "E0313", kValue = "E0314",
                                  kRange = "E0315", kWord = "E0316", kVariable = "E0317", kNoEffect = "E0318";
inline constexpr std::string_view kTwice = "E0321", kTarget = "E0322", kOrganization = "E0323", kEvent = "E0324",
                                  kResourceType = "E0325", kCondition = "E0326", kShadowed = "E0327", kMap = "E0328";
inline constexpr std::string_view kMissingFile = "E0331", kUnsafeFile = "E0332", kPlaintext = "E0333",
                                  kAmbiguous = "E0334", kKeys = "E0335", kKey = "E0336";
inline constexpr std::string_view kNotThereYet = "W0331", kTransferMissing = "W0341", kTransferDates = "W0342",
                                  kUnreachable = "W0343", kTransferPlace = "W0344", kCheckDigit = "W0345",
                                  kPowerless = "W0346", kTransferProfile = "W0347";
inline constexpr std::string_view kRetentionLaw = "W0351", kRetentionShort = "W0352";
}  // namespace code

struct CodeText {
  std::string_view code;
  std::string_view title;
  std::string_view advice;
};

std::span<const CodeText> codes();
/// nullptr: no such code.
const CodeText* find_code(std::string_view code);

}  // namespace gateway::config
