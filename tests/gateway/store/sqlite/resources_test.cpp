#include "gateway/store/sqlite/resources.h"

#include <algorithm>

#include "tests/gateway/store/temp_store.h"

namespace gateway::store {
namespace {

Result<Committed> put(TempStore& store, StoredResource resource) {
  Commit commit;
  commit.resources.push_back(std::move(resource));
  return store->commit(std::move(commit));
}

}  // namespace

TEST_CASE("a new version becomes current and the old one stays", "[store][resources]") {
  TempStore store;
  auto task = sample_resource("Task", "t1");
  CHECK(must(put(store, task)).versions == std::vector<std::int64_t>{1});
  task.json = R"({"status":"accepted"})";
  task.identifiers = {{"urn:tasks", "T-1"}};
  CHECK(must(put(store, task)).versions == std::vector<std::int64_t>{2});
  const auto current = must(store->resource("Task", "t1"));
  CHECK(current->version == 2);
  CHECK(current->json == task.json);
  CHECK(current->identifiers == task.identifiers);
  CHECK(must(store->resources("Task", "urn:reports", "R-t1", 10)).empty());
  CHECK(must(store->resources("Task", "urn:tasks", "T-1", 10)).size() == 1);
  store.close();
  CHECK(RawDatabase(store.file()).rows("SELECT version FROM resource_version ORDER BY 1") ==
        std::vector<std::string>{"1", "2"});
}

TEST_CASE("a version is replaced only by who knows it", "[store][resources]") {
  TempStore store;
  auto task = sample_resource("Task", "t1");
  const auto conflict = [&] {
    const auto result = put(store, task);
    return !result && result.error().fault == fhir::Fault::conflict && result.error().code == "store.version";
  };
  task.replaces = 1;
  CHECK(conflict());
  task.replaces = 0;
  CHECK(put(store, task));
  CHECK(conflict());
  task.replaces = 1;
  CHECK(put(store, task));
  CHECK(conflict());
  CHECK(must(store->resource("Task", "t1"))->version == 2);
}

TEST_CASE("two versions of one resource in one commit follow each other", "[store][resources]") {
  TempStore store;
  Commit commit;
  commit.resources = {sample_resource("Task", "t1"), sample_resource("Task", "t1")};
  CHECK(store.commit(commit).versions == std::vector<std::int64_t>{1, 2});
}

TEST_CASE("owners are told in the order asked, and of what is not there none", "[store][resources]") {
  TempStore store;
  Commit commit;
  commit.resources = {sample_resource("Task", "t"), sample_resource("Patient", "p")};
  commit.resources[1].owner = "another";
  must(store->commit(std::move(commit)));
  const std::vector<ResourceName> names = {{"Patient", "p"}, {"Patient", "t"}, {"Task", "t"}};
  CHECK(must(store->owners(names)) == std::vector<std::string>{"another", "", sample_resource("Task", "t").owner});
}

TEST_CASE("resources are found by identifier, newest first, with or without its system, and only of their type",
          "[store][resources]") {
  TempStore store;
  const auto with = [](std::string type, std::string id, std::string system) {
    auto r = sample_resource(std::move(type), std::move(id));
    r.identifiers = {{std::move(system), "42"}, {"urn:other", "43"}};
    return r;
  };
  must(put(store, with("DiagnosticReport", "a", "urn:x")));
  must(put(store, with("DiagnosticReport", "b", "urn:y")));
  must(put(store, with("ServiceRequest", "c", "urn:x")));
  const auto found = [&](std::string_view type, std::string_view system, std::size_t limit = 10) {
    std::string all;
    for (const auto& r : must(store->resources(type, system, "42", limit))) all += r.id;
    return all;
  };
  CHECK(found("DiagnosticReport", "") == "ba");
  CHECK(found("DiagnosticReport", "urn:x") == "a");
  CHECK(found("ServiceRequest", "urn:y").empty());
  CHECK(found("DiagnosticReport", "", 1) == "b");
}

TEST_CASE("a resource is found by the identifiers of its current version only", "[store][resources]") {
  TempStore store;
  auto report = sample_resource("DiagnosticReport", "r");
  const auto by = [&](std::string_view value) {
    return must(store->resources("DiagnosticReport", "", value, 10)).size();
  };
  report.identifiers = {{"urn:x", "1"}, {"urn:y", "2"}};
  must(put(store, report));
  std::ranges::reverse(report.identifiers);
  must(put(store, report));
  CHECK(by("1") == 1);
  CHECK(by("2") == 1);
  report.identifiers = {{"urn:x", "1"}, {"urn:x", "3"}, {"urn:x", "3"}};
  must(put(store, report));
  CHECK(by("1") == 1);
  CHECK(by("2") == 0);
  CHECK(by("3") == 1);
  report.identifiers = {};
  must(put(store, report));
  CHECK(by("1") == 0);
}

TEST_CASE("the resources of a case are listed, of one type or all", "[store][resources]") {
  TempStore store;
  must(put(store, sample_resource("Consent", "c")));
  must(put(store, sample_resource("Task", "t")));
  auto other = sample_resource("Task", "u");
  other.correlation = "case-2";
  must(put(store, other));
  CHECK(must(store->resources_of("case-1", "")).size() == 2);
  CHECK(must(store->resources_of("case-1", "Consent")).size() == 1);
  CHECK(must(store->resources_of("case-3", "")).empty());
}

TEST_CASE("a later link replaces the earlier one", "[store][resources]") {
  TempStore store;
  for (const char* patient : {"old", "new"}) {
    Commit commit;
    commit.links.push_back({"hk", "ps-1", patient});
    store.commit(std::move(commit));
  }
  CHECK(must(store->link("hk", "ps-1"))->patient_json == "new");
  CHECK_FALSE(must(store->link("bj", "ps-1")));
}

}  // namespace gateway::store
