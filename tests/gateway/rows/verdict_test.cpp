#include "gateway/rows/verdict.h"

#include <catch2/catch.hpp>

namespace gateway::rows {
namespace {

using adapters::rows::Record;
using fhir::JsonTree;

config::Polling prescriptions() {
  config::Polling polling;
  polling.table = "CF";
  polling.key = {"ID"};
  polling.related = {{"MX", "", {{"CFID", "ID"}}, {}, 1, ""}, {"YP", "MX", {{"YPID", "YPID"}}, {}, 1, ""}};
  polling.deleted = config::DeleteFlag{"ZF", {"1"}};
  polling.ready = config::Readiness{"MX.SFJG", {"1"}, {"0"}};
  polling.late_for = std::chrono::minutes(10);
  return polling;
}

/// Items are given by their check: "1", "0", "2", "" (NULL); each has its drug unless it ends in '!'.
Record record(std::initializer_list<const char*> checks, const char* voided = "0") {
  Record made{{"7"}, JsonTree::object({{"ID", "7"}, {"ZF", voided}, {"MX", JsonTree::array()}}), {}};
  for (std::string check : checks) {
    const bool without = check.ends_with('!');
    if (without) check.pop_back();
    JsonTree item = JsonTree::object({{"SFJG", check.empty() ? JsonTree::null() : JsonTree::string(check)}});
    item.set("YP", JsonTree::array());
    if (!without) item["YP"].push(JsonTree::object({{"MC", "x"}}));
    made.row["MX"].push(std::move(item));
  }
  return made;
}

RowMark mark(RowState state, std::string reason = "", bool live = false, std::string hash = "h") {
  return {.door = "rows:x",
          .key = "[\"7\"]",
          .hash = hash,
          .state = state,
          .reason = reason,
          .version = 1,
          .live = live,
          .at = 1000,
          .message = 4};
}

std::string told(const Verdict& verdict) {
  constexpr std::string_view kActs[] = {"nothing", "note", "take", "withdraw", "hold"};
  constexpr std::string_view kStates[] = {"taken", "waiting", "rejected", "gone"};
  std::string text(kActs[static_cast<std::size_t>(verdict.act)]);
  if (verdict.act == Act::nothing) return text;
  text.append(" ").append(kStates[static_cast<std::size_t>(verdict.state)]);
  if (!verdict.reason.empty()) text.append(" ").append(verdict.reason);
  return verdict.why.empty() ? text : text + " because " + verdict.why;
}

std::string judged(const Record& record, std::optional<RowMark> known = {}, Millis now = 2000) {
  return told(judge(prescriptions(), &record, "h", known ? &*known : nullptr, now));
}

std::string vanished(std::optional<RowMark> known) {
  return told(judge(prescriptions(), nullptr, "", known ? &*known : nullptr, 2000));
}

}  // namespace

TEST_CASE("only what is complete and checked throughout leaves", "[rows]") {
  CHECK(judged(record({"1", "1"})) == "take taken");
  CHECK(judged(record({"1", "0"})) == "note waiting rows.not-checked");
  CHECK(judged(record({"1", ""})) == "note waiting rows.not-checked");
  CHECK(judged(record({"1", "2"})) == "note rejected rows.rejected");
  CHECK(judged(record({"", "9"})) == "note rejected rows.rejected");  // one refusal decides, whatever is still open
  CHECK(judged(record({})) == "note waiting rows.incomplete");
  CHECK(judged(record({"1!"})) == "note waiting rows.incomplete");  // an item without its drug
}

TEST_CASE("a row is taken once for each of its states", "[rows]") {
  CHECK(judged(record({"1"}), mark(RowState::taken, "", true)) == "nothing");
  CHECK(judged(record({"1"}), mark(RowState::taken, "", true, "other")) == "take taken");
  CHECK(judged(record({"1"}), mark(RowState::waiting, "rows.not-checked")) == "take taken");
  CHECK(judged(record({"1"}), mark(RowState::gone, "rows.deleted")) == "take taken");  // it came back
  CHECK(judged(record({"0"}), mark(RowState::waiting, "rows.not-checked")) == "nothing");
}

TEST_CASE("what had left is withdrawn, once; what never left only changes its state", "[rows]") {
  CHECK(judged(record({"1"}, "1"), mark(RowState::taken, "", true)) == "withdraw gone rows.deleted because deleted");
  CHECK(judged(record({"1"}, "1"), mark(RowState::gone, "rows.deleted")) == "nothing");
  CHECK(judged(record({"1"}, "1")) == "note gone rows.deleted");
  CHECK(judged(record({"2"}), mark(RowState::taken, "", true)) == "withdraw rejected rows.rejected because rejected");
  CHECK(judged(record({"2"}), mark(RowState::rejected, "rows.rejected")) == "nothing");
  CHECK(judged(record({"0"}), mark(RowState::taken, "", true)) == "note waiting rows.not-checked");
  CHECK(judged(record({"2"}), mark(RowState::waiting, "rows.not-checked", true)) ==
        "withdraw rejected rows.rejected because rejected");
  CHECK(vanished(mark(RowState::taken, "", true)) == "withdraw gone rows.vanished because vanished");
  CHECK(vanished(mark(RowState::waiting, "rows.incomplete")) == "note gone rows.vanished");
  CHECK(vanished(mark(RowState::gone, "rows.deleted")) == "nothing");
  CHECK(vanished(std::nullopt) == "nothing");
}

TEST_CASE("a record that lacks rows for too long is held, once, and still taken when they come", "[rows]") {
  const Millis late = 1000 + 10 * 60 * 1000 + 1;
  CHECK(judged(record({}), mark(RowState::waiting, "rows.incomplete"), late - 1) == "nothing");
  CHECK(judged(record({}), mark(RowState::waiting, "rows.incomplete"), late) == "hold waiting rows.late");
  CHECK(judged(record({}), mark(RowState::waiting, "rows.late"), late * 2) == "nothing");
  CHECK(judged(record({"1"}), mark(RowState::waiting, "rows.late"), late) == "take taken");
}

TEST_CASE("a record that cannot be carried is held, once for each of its states", "[rows]") {
  Record bad = record({"1"});
  bad.trouble = fhir::Error{fhir::Fault::invalid, "charset.undecodable", "BR.XM", ""};
  CHECK(judged(bad) == "hold rejected charset.undecodable");
  CHECK(judged(bad, mark(RowState::rejected, "charset.undecodable")) == "nothing");
  CHECK(judged(bad, mark(RowState::rejected, "charset.undecodable", false, "other")) ==
        "hold rejected charset.undecodable");
  CHECK(judged(record({"1"}), mark(RowState::rejected, "charset.undecodable")) == "take taken");
}

}  // namespace gateway::rows
