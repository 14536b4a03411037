// What becomes of a row that was looked at, given what is known of it. Pure: the whole decision, without database,
// store or clock.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "adapters/rows/reader.h"
#include "gateway/config/config.h"
#include "gateway/store/store.h"

namespace gateway::rows {

using store::Millis;
using store::RowMark;
using store::RowState;

enum class Act : std::uint8_t {
  nothing,   // as it was
  note,      // its state changed; nothing is sent
  take,      // becomes a message
  withdraw,  // becomes a message that takes an earlier one back
  hold,      // a person must see it: kept as held, with the reason
};

struct Verdict {
  Act act = Act::nothing;
  RowState state = RowState::taken;
  std::string reason;  // code: rows.incomplete, rows.not-checked, rows.rejected, rows.deleted, rows.vanished ...
  std::string why;     // withdraw: deleted, vanished, rejected; maps read it as $why
};

/// `record` nullptr: the row is not there. `mark` nullptr: never seen. `hash`: of the record's row.
Verdict judge(const config::Polling& polling, const adapters::rows::Record* record, std::string_view hash,
              const RowMark* mark, Millis now);

}  // namespace gateway::rows
