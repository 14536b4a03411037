#include <catch2/catch.hpp>
#include <string>

#include "fhir/validate/rules.h"
#include "tests/fhir/validate/found.h"

using test::All;
using test::found;

namespace {

std::string bundle(const std::string& type, const std::string& entries, const std::string& more = "") {
  return R"({"resourceType":"Bundle","type":")" + type + "\"," + more + R"("entry":[)" + entries + "]}";
}

std::string entry(const std::string& url, const std::string& resource, const std::string& more = "") {
  return R"({"fullUrl":")" + url + R"(","resource":)" + resource + more + "}";
}

const std::string kBase = "http://e.org/fhir/";
const std::string kAuthor = R"({"resourceType":"Practitioner","id":"1"})";
const std::string kMeta = R"("identifier":{"system":"http://e.org/i","value":"1"},"timestamp":"2024-01-01T00:00:00Z",)";

std::string patient(const std::string& id) {
  return R"({"resourceType":"Patient","id":")" + id + "\",\"active\":true}";
}

std::string composition(const std::string& subject, const std::string& more = "") {
  return R"({"resourceType":"Composition","id":"c","status":"final","type":{"text":"x"},"date":"2024-01-01","title":"x","author":[{"reference":"Practitioner/1"}],"subject":{"reference":")" +
         subject + "\"}" + more + "}";
}

All document(const std::string& subject, const std::string& others) {
  return found(bundle("document",
                      entry(kBase + "Composition/c", composition(subject)) + "," +
                          entry(kBase + "Practitioner/1", kAuthor) + "," + others,
                      kMeta));
}

All searchset(const std::string& entries) {
  return found(
      bundle("searchset", entries, R"("link":[{"relation":"self","url":"http://e.org/fhir/Patient?active=true"}],)"));
}

}  // namespace

TEST_CASE("a document begins with its Composition, and all that this refers to is there", "[validate][bundle]") {
  CHECK(document("Patient/1", entry(kBase + "Patient/1", patient("1"))) == All{});
  CHECK(document("Patient/2", entry(kBase + "Patient/1", patient("1"))) ==
        All{"warning unresolved Bundle.entry[0].resource.subject.reference",
            "error bundle-lacks Bundle.entry[0].resource.subject", "error bundle-orphan Bundle.entry[2]"});
  CHECK(document("Patient/1", entry("http://other.org/Patient/1", patient("1"))) ==
        All{"error bundle-lacks-base Bundle.entry[0].resource.subject", "error bundle-orphan Bundle.entry[2]"});
  CHECK(found(bundle("document", entry(kBase + "Practitioner/1", kAuthor), kMeta)) ==
        All{"error bdl-11 Bundle", "error bundle-composition Bundle"});
}

TEST_CASE("a reference from a document's entry back to one that is reached keeps it there", "[validate][bundle]") {
  const std::string provenance = entry(
      kBase + "Provenance/1",
      R"({"resourceType":"Provenance","id":"1","recorded":"2024-01-01T00:00:00Z","agent":[{"who":{"reference":"Practitioner/1"}}],"target":[{"reference":"Composition/c"}]})");
  CHECK(document("Patient/1", entry(kBase + "Patient/1", patient("1")) + "," + provenance) == All{});
}

TEST_CASE("a relative reference is resolved by the fullUrl of its entry, with its version", "[validate][bundle]") {
  const std::string uuid = "urn:uuid:5d9588d8-3cd6-4b32-8fb7-ad13694e069d";
  const auto from = [&](const std::string& reference, const std::string& target) {
    return found(bundle("collection", entry("urn:uuid:54fc3e09-e279-4b74-a8ff-2649ec968642",
                                            R"({"resourceType":"Patient","generalPractitioner":[{"reference":")" +
                                                reference + "\"}]}") +
                                          "," + entry(uuid, target)));
  };
  const std::string to = "Practitioner/5d9588d8-3cd6-4b32-8fb7-ad13694e069d";
  CHECK(from(to, R"({"resourceType":"Practitioner","active":true})") == All{});
  CHECK(from(to, R"({"resourceType":"Organization","name":"x"})") ==
        All{"error reference-other Bundle.entry[0].resource.generalPractitioner[0].reference"});
}

TEST_CASE("entries have a fullUrl, but in transactions", "[validate][bundle]") {
  const std::string bare = R"({"resource":)" + patient("1") + "}";
  CHECK(found(bundle("collection", bare)) == All{"error bundle-url-none Bundle.entry[0]"});
  CHECK(found(bundle("transaction",
                     R"({"resource":)" + patient("1") + R"(,"request":{"method":"POST","url":"Patient"}})")) == All{});
  CHECK(found(bundle("collection", entry(kBase + "Patient/1", R"({"resourceType":"Patient","active":true})"))) ==
        All{"error bundle-id-none Bundle.entry[0]"});
}

TEST_CASE("a search result holds what was asked for, and says why each resource is in it", "[validate][bundle]") {
  const auto mode = [](const std::string& m) { return R"(,"search":{"mode":")" + m + "\"}"; };
  CHECK(searchset(entry(kBase + "Patient/1", patient("1"), mode("match"))) == All{});
  CHECK(searchset(entry(kBase + "Practitioner/1", kAuthor, mode("include"))) == All{});
  CHECK(searchset(entry(kBase + "Practitioner/1", kAuthor, mode("match"))) ==
        All{"error search-type Bundle.entry[0].resource"});
  CHECK(searchset(entry(kBase + "Practitioner/1", kAuthor, mode("outcome"))) ==
        All{"error search-outcome Bundle.entry[0].resource"});
}

TEST_CASE("links page through search results only, and each stands once", "[validate][bundle]") {
  const auto links = [](const std::string& type, const std::string& list) {
    return found(bundle(type, entry(kBase + "Patient/1", patient("1")), R"("link":[)" + list + "],"));
  };
  const std::string self = R"({"relation":"self","url":"http://e.org/fhir/Patient"})";
  const std::string next = R"({"relation":"next","url":"http://e.org/fhir/Patient?page=2"})";
  CHECK(links("collection", self) == All{});
  CHECK(links("collection", next) == All{"error bundle-link-paging Bundle.link[0]"});
  CHECK(links("searchset", self + "," + next) == All{});
  CHECK(links("searchset", self + "," + next + "," + next) == All{"error bundle-link-again Bundle.link[2]"});
}
