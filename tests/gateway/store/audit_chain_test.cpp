#include "gateway/store/audit_chain.h"

#include <catch2/catch.hpp>

using namespace gateway::store;

TEST_CASE("an audit entry is hashed as netstrings after the hash before it", "[store][audit]") {
  const AuditEntry entry{1, 1700000000000, "received", "tmucih", R"({"message":1})", ""};
  CHECK(canonical_entry(kChainStart, entry) ==
        "64:" + std::string(64, '0') + R"(,1:1,13:1700000000000,8:received,6:tmucih,13:{"message":1},)");
  // printf '64:%064d,1:1,13:1700000000000,8:received,6:tmucih,13:{"message":1},' 0 | sha256sum
  CHECK(chain_hash(kChainStart, entry) == "aced3199422753a1650e5997a09bdf0c269c81ea8067df5fc027678417075b5c");
}

TEST_CASE("no field can be shifted into its neighbour", "[store][audit]") {
  const AuditEntry one{1, 1, "ab", "c", "", ""}, other{1, 1, "a", "bc", "", ""};
  CHECK(chain_hash(kChainStart, one) != chain_hash(kChainStart, other));
}
