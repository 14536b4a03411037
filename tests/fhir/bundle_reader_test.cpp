#include "fhir/bundle_reader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "fhir/resource.h"

using namespace fhir;

namespace {

/// Hands out the text in pieces of that many bytes.
BundleReader::Source pieces(std::string text, std::size_t size) {
  return [text = std::move(text), size, at = std::size_t{0}](std::span<char> into) mutable -> Result<std::size_t> {
    const std::size_t count = std::min({size, into.size(), text.size() - at});
    std::copy_n(text.data() + at, count, into.data());
    at += count;
    return count;
  };
}

struct Run {
  std::vector<std::string> entries;
  std::vector<TextPlace> begins;
  Issues issues;
  std::string rest;
  Error error;
};

Run read(const std::string& text, std::size_t size = 7, const BundleReader::Limits& limits = {}) {
  BundleReader reader(pieces(text, size), limits);
  Run run;
  while (true) {
    auto entry = reader.next();
    if (!entry) {
      run.error = entry.error();
      return run;
    }
    if (!*entry) break;
    CHECK((*entry)->index == run.entries.size());
    run.entries.push_back((*entry)->entry.dump());
    run.begins.push_back((*entry)->begins);
    std::ranges::copy((*entry)->issues, std::back_inserter(run.issues));
  }
  run.rest = reader.bundle().dump();
  return run;
}

const std::string kJson = R"({
  "resourceType" : "Bundle", "type":"collection",
  "entry": [
    {"fullUrl":"urn:oid:1.2", "resource":{"resourceType":"Patient","id":"a]}\"","multipleBirthInteger":1.0e0}} ,
    {"resource":{"resourceType":"Basic"}}
  ],
  "signature":{"who":{"display":"[{"}}
})";

const std::string kXml = R"(<?xml version="1.0"?><!-- an export -->
<f:Bundle xmlns:f="http://hl7.org/fhir" xmlns:h="http://www.w3.org/1999/xhtml">
  <f:type value="collection"/>
  <f:entry><f:fullUrl value="urn:oid:1.2"/><f:resource><f:Patient><f:text><f:status value="empty"/><h:div>x</h:div></f:text></f:Patient></f:resource></f:entry>
  <?skip me?>
  <f:entry>
    <f:resource><f:Basic/></f:resource>
  </f:entry>
</f:Bundle>)";

}  // namespace

TEST_CASE("a JSON Bundle comes entry by entry, whatever the pieces it arrives in", "[bundle]") {
  for (const std::size_t size : {1u, 2u, 5u, 64u, 100'000u}) {
    const Run run = read(kJson, size);
    INFO(size << " " << to_string(run.error));
    CHECK(
        run.entries ==
        std::vector<std::string>{
            R"({"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Patient","id":"a]}\"","multipleBirthInteger":1.0e0}})",
            R"({"resource":{"resourceType":"Basic"}})"});
    CHECK(run.rest == R"({"resourceType":"Bundle","type":"collection","signature":{"who":{"display":"[{"}}})");
    REQUIRE(run.begins.size() == 2);
    CHECK((run.begins[0].line == 4 && run.begins[0].column == 5));
    CHECK((run.begins[1].line == 5 && run.begins[1].column == 5));
  }
}

TEST_CASE("an XML Bundle comes entry by entry, with the namespaces its root declares", "[bundle][xml]") {
  for (const std::size_t size : {1u, 3u, 50u, 100'000u}) {
    const Run run = read(kXml, size);
    INFO(size << " " << to_string(run.error));
    CHECK(
        run.entries ==
        std::vector<std::string>{
            R"({"fullUrl":"urn:oid:1.2","resource":{"resourceType":"Patient","text":{"status":"empty","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}})",
            R"({"resource":{"resourceType":"Basic"}})"});
    CHECK(run.rest == R"({"resourceType":"Bundle","type":"collection"})");
    REQUIRE(run.begins.size() == 2);
    CHECK((run.begins[0].line == 4 && run.begins[0].column == 3));
    CHECK((run.begins[1].line == 6 && run.begins[1].column == 3));
  }
}

TEST_CASE("a Bundle without entries has its other members", "[bundle]") {
  CHECK(read(R"({"resourceType":"Bundle","type":"searchset","total":0})").rest ==
        R"({"resourceType":"Bundle","type":"searchset","total":0})");
  CHECK(read(R"({"resourceType":"Bundle","entry":[]})").rest == R"({"resourceType":"Bundle"})");
  CHECK(read(R"(<Bundle xmlns="http://hl7.org/fhir"><total value="0"/></Bundle>)").rest ==
        R"({"resourceType":"Bundle","total":0})");
}

TEST_CASE("a fault in an entry has its place in the whole Bundle", "[bundle]") {
  const auto fault = [](const std::string& text) {
    const Error error = read(text).error;
    return error.code + " " + error.where;
  };
  CHECK(fault("{\"resourceType\":\"Bundle\",\n \"entry\":[ {\"a\":1},\n  {\"b\":1,\n\"b\":2}]}") ==
        "json.duplicate-key 4:1");
  CHECK(fault("{\"resourceType\":\"Bundle\",\n \"entry\":[ {\"a\":}]}") == "json.syntax 2:17");
  CHECK(fault("<Bundle xmlns='http://hl7.org/fhir'>\n <entry><resource>\n<Basic>\n<a "
              "b=''/></Basic></resource></entry></Bundle>") == "xml.attribute 4:1");
  const Run stray =
      read("<Bundle xmlns='http://hl7.org/fhir'>\n <entry>\n  x<resource><Basic/></resource></entry></Bundle>");
  REQUIRE(stray.issues.size() == 1);
  CHECK(stray.issues.front().place.line == 3);
}

TEST_CASE("the entries before a fault come first, whatever the pieces", "[bundle]") {
  for (const std::size_t size : {1u, 1000u}) {
    const Run run = read(R"({"resourceType":"Bundle","entry":[{"a":1},{"b":2} {}]})", size);
    CHECK(run.entries.size() == 2);
    CHECK(run.error.where == "1:51");
  }
}

TEST_CASE("what is no Bundle is refused, and stays refused", "[bundle]") {
  const auto code = [](const std::string& text) { return read(text).error.code; };
  CHECK(code("") == "json.syntax");
  CHECK(code("  ") == "json.syntax");
  CHECK(code("[]") == "json.syntax");
  CHECK(code(R"({"resourceType":"Bundle","entry":[{}])") == "json.syntax");
  CHECK(code(R"({"resourceType":"Bundle","entry":[{},]})") == "json.syntax");
  CHECK(code(R"({"resourceType":"Bundle","entry":[{} {}]})") == "json.syntax");
  CHECK(code(R"({"resourceType":"Bundle",})") == "json.syntax");
  CHECK(code(R"({"resourceType" "Bundle"})") == "json.syntax");
  CHECK(code(R"({"resourceType":"Bundle"} x)") == "json.trailing");
  CHECK(code(R"({"resourceType":"Bundle","entry":[],"entry":[]})") == "json.duplicate-key");
  CHECK(code(R"({"resourceType":"Bundle","entry":{}})") == "bundle.entry");
  CHECK(code(R"({"resourceType":"Bundle","entry":[],"\u0065ntry":[{}]})") == "bundle.entry");
  CHECK(code(R"({"resourceType":"Patient"})") == "bundle.type");
  CHECK(code(R"({"resourceType":"Bundle","a":1,"a":2})") == "json.duplicate-key");
  CHECK(code("<Patient xmlns='http://hl7.org/fhir'/>") == "bundle.type");
  CHECK(code("<Bundle/>") == "bundle.type");
  CHECK(code("<!DOCTYPE Bundle><Bundle xmlns='http://hl7.org/fhir'/>") == "xml.doctype");
  CHECK(code("<Bundle xmlns='http://hl7.org/fhir'>text</Bundle>") == "xml.text");
  CHECK(code("<Bundle xmlns='http://hl7.org/fhir'><entry></Bundle>") == "xml.syntax");

  BundleReader reader(pieces(R"({"resourceType":"Bundle","entry":[{},]})", 9));
  CHECK(reader.next());
  CHECK(reader.next().error().code == "json.syntax");
  CHECK(reader.next().error().code == "json.syntax");
}

TEST_CASE("memory is bounded by an entry, not by the Bundle", "[bundle]") {
  constexpr int kEntries = 20'000;
  const std::string entry = R"({"resource":{"resourceType":"Basic","id":"x","note":")" + std::string(500, 'x') + "\"}}";
  int given = -1;
  const auto endless = [&](std::span<char> into) -> Result<std::size_t> {
    std::string piece;
    if (given == -1) piece = R"({"resourceType":"Bundle","entry":[)";
    if (given >= 0 && given < kEntries) piece = (given == 0 ? "" : ",") + entry;
    if (given == kEntries) piece = "]}";
    ++given;
    std::ranges::copy(piece, into.begin());
    return piece.size();
  };
  BundleReader reader(endless, {.entry = 2'000, .rest = 100});  // the window holds no more than this and one piece
  int entries = 0;
  while (true) {
    const auto next = reader.next();
    REQUIRE(next);
    if (!*next) break;
    ++entries;
  }
  CHECK(entries == kEntries);
}

TEST_CASE("an entry, or the rest, past its limit is refused", "[bundle]") {
  const std::string large = R"({"resourceType":"Bundle","entry":[{"a":")" + std::string(300'000, 'x') + "\"}]}";
  CHECK(read(large, 1000, {.entry = 100'000}).error.code == "bundle.size");
  CHECK(read(large, 1000, {.entry = 100'000}).error.where == "1:35");
  CHECK(read(R"({"resourceType":"Bundle","total":10000000000})", 9, {.rest = 20}).error.code == "bundle.size");
  const std::string comment = "<Bundle xmlns='http://hl7.org/fhir'><!--" + std::string(300'000, 'x') + "--></Bundle>";
  CHECK(read(comment, 1000, {.entry = 100'000}).error.code == "bundle.size");
}

TEST_CASE("a source that fails ends the reading with its error", "[bundle]") {
  BundleReader reader(
      [](std::span<char>) -> Result<std::size_t> { return fail(Fault::unavailable, "disk", "", "gone"); });
  CHECK(reader.next().error().code == "disk");
  CHECK_FALSE(reader.bundle());
}
