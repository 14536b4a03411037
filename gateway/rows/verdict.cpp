#include "gateway/rows/verdict.h"

#include <algorithm>

namespace gateway::rows {
namespace {

using adapters::rows::Record;
using adapters::rows::rows_at;

/// The texts of a column, one for each row that has it ("" for NULL).
std::vector<std::string_view> texts_at(const fhir::JsonTree& row, std::string_view path) {
  const auto dot = path.rfind('.');
  const auto table = dot == std::string_view::npos ? std::string_view() : path.substr(0, dot);
  const auto column = path.substr(dot == std::string_view::npos ? 0 : dot + 1);
  std::vector<std::string_view> texts;
  for (const auto* one : rows_at(row, table)) texts.push_back(one->text_of(column));
  return texts;
}

bool has(const std::vector<std::string>& list, std::string_view text) {
  return std::ranges::find(list, text) != list.end();
}

bool is_deleted(const config::Polling& polling, const Record& record) {
  return polling.deleted && has(polling.deleted->when, record.row.text_of(polling.deleted->column));
}

bool is_complete(const config::Polling& polling, const Record& record) {
  return std::ranges::all_of(polling.related, [&](const adapters::rows::Related& related) {
    return std::ranges::all_of(rows_at(record.row, related.of), [&](const fhir::JsonTree* around) {
      const auto* list = around->find(related.table);
      return list != nullptr && list->size() >= related.at_least;
    });
  });
}

enum class Check { passed, waiting, rejected };

Check check(const config::Polling& polling, const Record& record) {
  if (!polling.ready) return Check::passed;
  const auto texts = texts_at(record.row, polling.ready->column);
  const auto waits = [&](std::string_view text) { return text.empty() || has(polling.ready->wait, text); };
  const auto passes = [&](std::string_view text) { return has(polling.ready->pass, text); };
  if (std::ranges::any_of(texts, [&](auto text) { return !passes(text) && !waits(text); })) return Check::rejected;
  return !texts.empty() && std::ranges::all_of(texts, passes) ? Check::passed : Check::waiting;
}

/// What was sent must be taken back; what never left only changes its state.
Verdict end(const RowMark* mark, RowState state, std::string why) {
  const std::string reason = "rows." + why;
  if (mark != nullptr && mark->live) return {Act::withdraw, state, reason, std::move(why)};
  const bool known = mark != nullptr && mark->state == state && mark->reason == reason;
  return {known ? Act::nothing : Act::note, state, reason, {}};
}

Verdict wait(const RowMark* mark, std::string reason) {
  const bool known = mark != nullptr && mark->state == RowState::waiting && mark->reason == reason;
  return {known ? Act::nothing : Act::note, RowState::waiting, std::move(reason), {}};
}

/// It waits for the rows that belong to it; after a while a person is told, once, and it goes on waiting.
Verdict wait_for_rows(const config::Polling& polling, const RowMark* mark, Millis now) {
  if (mark == nullptr || mark->state != RowState::waiting) return wait(mark, "rows.incomplete");
  if (mark->reason == "rows.late") return {Act::nothing, RowState::waiting, mark->reason, {}};
  if (mark->reason == "rows.incomplete" && now - mark->at > polling.late_for.count())
    return {Act::hold, RowState::waiting, "rows.late", {}};
  return wait(mark, "rows.incomplete");
}

}  // namespace

Verdict judge(const config::Polling& polling, const Record* record, std::string_view hash, const RowMark* mark,
              Millis now) {
  if (record == nullptr) {
    if (mark == nullptr || mark->state == RowState::gone) return {};
    return end(mark, RowState::gone, "vanished");
  }
  if (is_deleted(polling, *record)) return end(mark, RowState::gone, "deleted");
  if (record->trouble) {
    const bool known = mark != nullptr && mark->hash == hash && mark->reason == record->trouble->code;
    return {known ? Act::nothing : Act::hold, RowState::rejected, record->trouble->code, {}};
  }
  if (!is_complete(polling, *record)) return wait_for_rows(polling, mark, now);
  switch (check(polling, *record)) {
    case Check::rejected: return end(mark, RowState::rejected, "rejected");
    case Check::waiting: return wait(mark, "rows.not-checked");
    case Check::passed: break;
  }
  const bool known = mark != nullptr && mark->state == RowState::taken && mark->hash == hash;
  return {known ? Act::nothing : Act::take, RowState::taken, {}, {}};
}

}  // namespace gateway::rows
