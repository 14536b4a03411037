// Every query of the store is served by the index made for it, however the planner feels: none reads a whole table.
#include "gateway/store/sqlite/deliveries.h"
#include "gateway/store/sqlite/messages.h"
#include "gateway/store/sqlite/resources.h"
#include "gateway/store/sqlite/rows.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store::sqlite {
namespace {

std::string plan_of(RawDatabase& raw, std::string_view sql) {
  std::string plan;
  for (const auto& row : raw.rows("EXPLAIN QUERY PLAN " + std::string(sql))) plan += row + "\n";
  return plan;
}

void served_by(RawDatabase& raw, std::string_view sql, const std::vector<std::string>& steps) {
  const std::string plan = plan_of(raw, sql);
  INFO(sql << "\n" << plan);
  CHECK(plan.find("SCAN") == std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
  for (const auto& step : steps) CHECK(plan.find(step) != std::string::npos);
}

Query with(auto set) {
  Query query;
  set(query);
  return query;
}

}  // namespace

TEST_CASE("claiming and seating heads read their ranges of the queue's indexes", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  served_by(raw, kDueHeadsSql, {"COVERING INDEX queue_due (destination=? AND urgent=? AND due_at<?)"});
  served_by(raw, kLaneHeadSql, {"INDEX queue_head (destination=? AND lane=?)"});
  served_by(raw, kNextInLaneSql, {"COVERING INDEX queue_lane (destination=? AND lane=?)"});
  served_by(raw, deliveries_in_sql(DeliveryState::waiting), {"INTEGER PRIMARY KEY (rowid>?)"});
  served_by(raw, deliveries_in_sql(DeliveryState::dead), {"INDEX delivery_by_state (state=? AND id>?)"});
  served_by(raw, deliveries_in_sql(DeliveryState::held), {"INDEX delivery_by_state (state=? AND id>?)"});
}

TEST_CASE("counting reads indexes only", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  const auto plan = plan_of(raw, kCountsSql);
  INFO(plan);
  CHECK(plan.find("SCAN delivery") == std::string::npos);
  CHECK(plan.find("SCAN message") == std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
}

TEST_CASE("lists of messages are driven by the index of their first filter, already in order", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  const auto plan = [&](const Query& query, const std::string& step) {
    served_by(raw, list_messages_sql(query), {step});
  };
  plan({}, "INDEX message_by_at (at>?)");
  plan(with([](Query& q) { q.event = "report"; }), "INDEX message_by_event (event=? AND at>?)");
  plan(with([](Query& q) { q.sender = "hainan"; }), "INDEX message_by_sender (sender=? AND at>?)");
  plan(with([](Query& q) { q.event = "report", q.sender = "hainan"; }), "INDEX message_by_event (event=? AND at>?)");
  plan(with([](Query& q) { q.correlation = "c"; }), "INDEX message_by_correlation (correlation=? AND at>?)");
  plan(with([](Query& q) { q.state = MessageState::held; }), "INDEX message_by_state (state=? AND at>?)");
  plan(with([](Query& q) { q.state = MessageState::held, q.sender = "hainan"; }),
       "INDEX message_by_state (state=? AND at>?)");
  plan(with([](Query& q) { q.state = MessageState::accepted; }), "INDEX message_by_at (at>?)");
  const auto by_id =
      plan_of(raw, list_messages_sql(with([](Query& q) { q.business_id = "R-1", q.correlation = "c"; })));
  INFO(by_id);
  CHECK(by_id.find("PRIMARY KEY (value=?)") != std::string::npos);
  CHECK(by_id.find("SEARCH m USING INTEGER PRIMARY KEY (rowid=?)") != std::string::npos);
}

TEST_CASE("marks of rows are walked over, listed and counted by indexes", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  served_by(raw, kRowMarksAfterSql, {"PRIMARY KEY (door=? AND key>?)"});
  served_by(raw, kRowMarksInSql, {"INDEX row_mark_by_state (door=? AND state=?)"});
  const auto plan = plan_of(raw, kRowCountsSql);
  INFO(plan);
  CHECK(plan.find("COVERING INDEX row_mark_by_state") != std::string::npos);
  CHECK(plan.find("TEMP B-TREE") == std::string::npos);
}

TEST_CASE("resources are found by their indexes", "[store][plans]") {
  TempStore store;
  RawDatabase raw(store.file());
  served_by(raw, find_resource_sql(), {"(type=? AND logical_id=?)", "(resource=? AND version=?)"});
  served_by(raw, resources_of_sql(false), {"INDEX resource_by_correlation (correlation=? AND type=?)"});
  for (const bool any_system : {true, false}) {
    const auto plan = plan_of(raw, resources_with_sql(any_system));
    INFO(plan);
    CHECK(plan.find("SCAN r") == std::string::npos);
    CHECK(plan.find(any_system ? "(type=? AND value=?)" : "(type=? AND value=? AND system=?)") != std::string::npos);
  }
}

}  // namespace gateway::store::sqlite
