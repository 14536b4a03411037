// Whoever changes the audit in the file is noticed, at the entry.
#include "gateway/store/sqlite/audit.h"

#include "gateway/store/audit_chain.h"
#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

void audit_three(TempStore& store) {
  Commit commit;
  for (const char* event : {"received", "disclosed", "delivered"}) commit.audit.push_back(sample_audit(event));
  store.commit(std::move(commit));
}

std::string verdict(TempStore& store) {
  const auto verified = store->verify_audit();
  return verified ? "whole" : verified.error().where + " " + verified.error().say;
}

}  // namespace

TEST_CASE("the chain goes on through commits, rollbacks and restarts", "[store][audit]") {
  TempStore store;
  audit_three(store);
  Commit bad;
  bad.changes.push_back({.message = 99, .reason = {}, .answer = {}});
  bad.audit.push_back(sample_audit("never"));
  CHECK_FALSE(store->commit(bad));
  audit_three(store);
  store.reopen();
  audit_three(store);
  CHECK(must(store->verify_audit()) == 9);
  const auto entries = must(store->audit(2, 3));
  REQUIRE(entries.size() == 3);
  CHECK(entries[0].id == 3);
  CHECK(entries[1].hash == chain_hash(entries[0].hash, entries[1]));
}

TEST_CASE("a change of the audit in the file is found at its entry", "[store][audit]") {
  TempStore store;
  audit_three(store);
  RawDatabase raw(store.file());
  SECTION("another detail") {
    raw.run("UPDATE audit SET detail = '{}' WHERE id = 2");
    CHECK(verdict(store) == "audit entry 2 was changed, or one before it was removed");
  }
  SECTION("another time") {
    raw.run("UPDATE audit SET at = at + 1 WHERE id = 1");
    CHECK(verdict(store) == "audit entry 1 was changed, or one before it was removed");
  }
  SECTION("one removed") {
    raw.run("DELETE FROM audit WHERE id = 2");
    CHECK(verdict(store) == "audit entry 2 is missing from the audit");
  }
  SECTION("the last removed") {
    raw.run("DELETE FROM audit WHERE id = 3");
    CHECK(verdict(store) == "audit entry 3 and what follows is missing from the end of the audit");
  }
  SECTION("all removed") {
    raw.run("DELETE FROM audit");
    CHECK(verdict(store) == "audit entry 1 and what follows is missing from the end of the audit");
  }
  SECTION("two exchanged") {
    raw.run("UPDATE audit SET id = -1 WHERE id = 1; UPDATE audit SET id = 1 WHERE id = 2");
    raw.run("UPDATE audit SET id = 2 WHERE id = -1");
    CHECK(verdict(store) == "audit entry 1 was changed, or one before it was removed");
  }
  SECTION("one appended, with its proper hash") {
    AuditEntry forged = must(store->audit(2, 1)).at(0);
    const std::string previous = forged.hash;
    forged.id = 4;
    raw.run("INSERT INTO audit SELECT 4, at, event, actor, detail, '" + chain_hash(previous, forged) +
            "' FROM audit WHERE id = 3");
    CHECK(verdict(store) == "audit entry 4 was added by something else than this gateway");
  }
  SECTION("the last rewritten, with its proper hash") {
    const auto entries = must(store->audit(1, 2));
    AuditEntry forged = entries.at(1);
    forged.detail = "{}";
    raw.run("UPDATE audit SET detail = '{}', hash = '" + chain_hash(entries.at(0).hash, forged) + "' WHERE id = 3");
    CHECK(verdict(store) == "audit entry 3 was written anew");
  }
  SECTION("nothing") { CHECK(verdict(store) == "whole"); }
}

}  // namespace gateway::store
