// Water marks that contradict each other, and retention shorter than the law or the senders ask for.
#include <fmt/format.h>

#include <algorithm>

#include "gateway/config/checks.h"
#include "gateway/config/codes.h"
#include "gateway/config/events.h"

namespace gateway::config {
namespace {

using std::chrono::hours;

constexpr hours kRecords{15 * 8766}, kProcess{3 * 8766};

/// Where `key` of a section stands; the section, or the file, when it was left out.
Mark place(const Draft& draft, std::string_view section, std::string_view key) {
  const Yaml* found = draft.documents.site->find(section);
  if (found == nullptr) return draft.documents.site->mark;
  const Yaml* value = found->find(key);
  return value == nullptr ? found->mark : value->mark;
}

std::string in_words(hours period) {
  return period.count() % 8766 == 0 ? fmt::format("{} years", period.count() / 8766)
                                    : fmt::format("{} days", period.count() / 24);
}

void check_marks(const Draft& draft) {
  const Pressure& pressure = draft.config.pressure;
  auto& faults = draft.reader.faults;
  if (pressure.queue_low >= pressure.queue_high)
    faults.error(place(draft, "pressure", "queue_low"), code::kRange, "queue_low is not below queue_high",
                 "below it messages are taken again: three quarters of queue_high, for example");
  if (pressure.disk_resume <= pressure.disk_stop)
    faults.error(place(draft, "pressure", "disk_resume"), code::kRange, "disk_resume is not above disk_stop",
                 "so much must be free again: twice disk_stop, for example");
}

void check_law(const Draft& draft, Mark mark, std::string_view what, hours kept, hours least) {
  if (kept >= least || draft.config.organization.jurisdiction != "CN") return;
  draft.reader.faults.warn(
      mark, code::kRetentionLaw,
      fmt::format("{} would be kept {}, and the law asks for {}", what, in_words(kept), in_words(least)),
      "keep them longer, or keep them elsewhere");
}

void check_kept(const Draft& draft) {
  const Retention& retention = draft.config.retention;
  for (const Keeping& keeping : retention.keep) {
    for (const std::string& event : keeping.events)
      check_law(draft, place(draft, "retention", "keep"), fmt::format("messages with {}", event), keeping.period,
                is_process(event) ? kProcess : kRecords);
  }
}

void check_duplicates(const Draft& draft) {
  const hours horizon = std::chrono::duration_cast<hours>(draft.config.retry.horizon);
  if (draft.config.retention.duplicates >= horizon) return;
  draft.reader.faults.warn(place(draft, "retention", "duplicates"), code::kRetentionShort,
                           fmt::format("what came is remembered {}, and deliveries are repeated for {}",
                                       in_words(draft.config.retention.duplicates), in_words(horizon)),
                           "remember it at least as long as anybody repeats");
}

}  // namespace

void check_operation(const Draft& draft) {
  if (!draft.documents.site) return;  // it could not be read: its own fault is enough
  check_marks(draft);
  const Retention& retention = draft.config.retention;
  if (!retention.sweep) return;
  check_law(draft, place(draft, "retention", "records"), "records", retention.records, kRecords);
  check_law(draft, place(draft, "retention", "process"), "records of the process", retention.process, kProcess);
  check_law(draft, place(draft, "retention", "sent"), "what was sent, and the tries,", retention.sent, kProcess);
  check_kept(draft);
  check_duplicates(draft);
}

}  // namespace gateway::config
