#include "fhir/json.h"

#include <catch2/catch.hpp>
#include <ranges>

using namespace fhir;

static_assert(std::ranges::forward_range<JsonView>);

namespace {

Json parse(std::string text) {
  auto json = Json::parse(std::move(text));
  if (!json) FAIL(to_string(json.error()));
  return std::move(*json);
}

Error refused(std::string text, const JsonLimits& limits = {}) {
  auto json = Json::parse(std::move(text), limits);
  REQUIRE_FALSE(json.has_value());
  return json.error();
}

std::string again(std::string text) { return parse(std::move(text)).root().dump(); }

std::string place(JsonView view) {
  return std::to_string(view.place().line) + ":" + std::to_string(view.place().column);
}

}  // namespace

TEST_CASE("a JSON document is walked by name, position and iteration", "[json]") {
  const Json json =
      parse(R"({"resourceType":"Patient","active":true,"name":[{"given":["An","Bo"]},null],"n":-1.50e+3})");
  const JsonView root = json.root();
  CHECK(root.is_object());
  CHECK(root.size() == 4);
  CHECK(root["resourceType"].text() == "Patient");
  CHECK(root["active"].kind() == JsonKind::boolean);
  CHECK(root["active"].text() == "true");
  CHECK(root["name"].is_array());
  CHECK(root["name"].at(0)["given"].at(1).text() == "Bo");
  CHECK(root["name"].at(1).kind() == JsonKind::null);
  CHECK(root["n"].kind() == JsonKind::number);
  CHECK(root["n"].text() == "-1.50e+3");
  CHECK(root.at(1) == root["active"]);
  std::string keys;
  for (auto it = root.begin(); it != root.end(); ++it) keys += std::string(it.key()) + ",";
  CHECK(keys == "resourceType,active,name,n,");
  std::size_t items = 0;
  for (const JsonView item : root["name"].at(0)["given"]) items += item.text().size();
  CHECK(items == 4);
}

TEST_CASE("what is not there is an absent view, all the way down", "[json]") {
  const Json json = parse(R"({"a":[]})");
  const JsonView gone = json.root()["b"]["c"].at(3);
  CHECK_FALSE(gone);
  CHECK(gone.text().empty());
  CHECK(gone.size() == 0);
  CHECK(gone.dump().empty());
  CHECK(gone == JsonView());
  CHECK(gone.begin() == gone.end());
  CHECK_FALSE(json.root()["a"].at(0));
  CHECK(json.root()["a"].begin() == json.root()["a"].end());
}

TEST_CASE("views survive the move of their document", "[json]") {
  Json json = parse(R"({"a":"b"})");
  const JsonView view = json.root()["a"];
  const Json moved = std::move(json);
  CHECK(view.text() == "b");
  CHECK(view == moved.root()["a"]);
}

TEST_CASE("a document comes out byte for byte, digits and order kept", "[json]") {
  for (const std::string text : {R"({"z":1.10,"a":1E2,"m":12345678901234567890123,"e":1e-400,"d":[0,-0,0.0,-0.00]})",
                                 R"([])", R"({})", R"([[],{},[{}]])", R"("x")", R"(-1)", R"(null)", R"(true)",
                                 R"([null,false,true,""])", R"({"a":{"b":{"c":[1,2,{"d":null}]}},"":""})",
                                 R"({"t":"q\" b\\ n\n t\t u\u0001 \u001f \b\f\r / 严 😀"})", R"(["[",{"{":"}"},"]"])"})
    CHECK(again(text) == text);
}

TEST_CASE("escapes are decoded, and written in one form", "[json]") {
  const Json json = parse(R"({"\u0061\/b":"\u4e25\ud83d\ude00\u00e9\"\\\/\b\f\n\r\t","p":"plain","q":"\""})");
  CHECK(json.root()["a/b"].text() == "严😀é\"\\/\b\f\n\r\t");
  CHECK(json.root()["p"].text() == "plain");
  CHECK(json.root()["q"].text() == "\"");
  CHECK(json.root().dump() == R"({"a/b":"严😀é\"\\/\b\f\n\r\t","p":"plain","q":"\""})");
}

TEST_CASE("every value knows its line and column, counted in characters", "[json]") {
  const Json json = parse("{\n  \"严\": \"严\\n\\u4e25\", \"b\" : [ 1,\n true,null,\"x\" ],\n\"c\":{}}");
  const JsonView root = json.root();
  CHECK(place(root) == "1:1");
  CHECK(place(root["严"]) == "2:8");
  CHECK(place(root["b"]) == "2:27");
  CHECK(place(root["b"].at(0)) == "2:29");
  CHECK(place(root["b"].at(1)) == "3:2");
  CHECK(place(root["b"].at(2)) == "3:7");
  CHECK(place(root["b"].at(3)) == "3:12");
  CHECK(place(root["c"]) == "4:5");
  CHECK(JsonView().place().line == 0);
}

TEST_CASE("places also hold in a document without escapes", "[json]") {
  const Json json = parse("[\"a\",\n \"b\", 3]");
  CHECK(place(json.root().at(1)) == "2:2");
  CHECK(place(json.root().at(2)) == "2:7");
}

TEST_CASE("what cannot be trusted in JSON is refused with its place", "[json]") {
  struct Case {
    std::string text, code, where;
  };
  const std::vector<Case> cases = {
      {R"({"a":1,"b":2,"a":3})", "json.duplicate-key", "1:14"},
      {R"({"a":1,"\u0061":3})", "json.duplicate-key", "1:8"},
      {"[{\"x\":{\"a\":1,\n\"a\":2}}]", "json.duplicate-key", "2:1"},
      {"\xEF\xBB\xBF{}", "json.bom", "1:1"},
      {"[\"严\xff\"]", "json.utf8", "1:4"},
      {"[\"\xc0\xaf\"]", "json.utf8", "1:3"},
      {"[\"\xed\xa0\x80\"]", "json.utf8", "1:3"},
      {"[\"\xf4\x90\x80\x80\"]", "json.utf8", "1:3"},
      {"[\"abc\xe4\xb8", "json.utf8", "1:6"},
      {"[\"a\nb\"]", "json.control-character", "1:4"},
      {std::string("[\"a\0b\"]", 7), "json.control-character", "1:4"},
      {std::string("{}\0x", 4), "json.control-character", "1:3"},
      {R"(["a","\u0000"])", "json.nul", "1:6"},
      {R"({"\u0000":1})", "json.nul", "1:2"},
      {R"(["\ud800"])", "json.surrogate", "1:3"},
      {R"(["\ud800\u0041"])", "json.surrogate", "1:3"},
      {R"(["\udc00"])", "json.surrogate", "1:2"},
      {R"(["\ude00\ud83d"])", "json.surrogate", "1:9"},
      {R"(["\x"])", "json.escape", "1:3"},
      {R"(["\u12g4"])", "json.escape", "1:3"},
      {R"({} {})", "json.trailing", "1:4"},
      {R"({},)", "json.trailing", "1:3"},
      {"", "json.empty", "1:1"},
      {" \n ", "json.empty", "2:2"},
      {R"([1e400])", "json.number-range", "1:2"},
      {R"([1,])", "json.syntax", "1:4"},
      {R"({"a":1,})", "json.syntax", "1:8"},
      {R"({"a" 1})", "json.syntax", "1:6"},
      {R"({"a":})", "json.syntax", "1:6"},
      {R"({a:1})", "json.syntax", "1:2"},
      {R"(['a'])", "json.syntax", "1:2"},
      {R"([1 2])", "json.syntax", "1:4"},
      {R"(["abc)", "json.syntax", "1:6"},
      {R"([01])", "json.syntax", "1:3"},
      {R"([1.])", "json.syntax", "1:4"},
      {R"([.5])", "json.syntax", "1:2"},
      {R"([+1])", "json.syntax", "1:2"},
      {R"([1e])", "json.syntax", "1:4"},
      {R"([-])", "json.syntax", "1:3"},
      {R"([NaN])", "json.syntax", "1:2"},
      {R"([tru])", "json.syntax", "1:5"},
      {R"([1})", "json.syntax", "1:3"},
      {R"([)", "json.syntax", "1:2"},
      {R"([1] // no)", "json.trailing", "1:5"},
      {R"([/* no */1])", "json.syntax", "1:2"},
  };
  for (const Case& c : cases) {
    INFO(c.text);
    const Error error = refused(c.text);
    CHECK(error.code == c.code);
    CHECK(error.where == c.where);
    CHECK(error.fault == Fault::invalid);
    CHECK_FALSE(error.say.empty());
  }
}

TEST_CASE("a duplicate key is found among many members, the first repetition is named", "[json]") {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"key" + std::to_string(i) + "\":0,\n";
  CHECK_NOTHROW(parse(text + "\"last\":1}"));
  const Error error = refused(text + "\"key7\":1,\n\"key3\":1}");
  CHECK(error.code == "json.duplicate-key");
  CHECK(error.where == "5001:1");
}

TEST_CASE("nesting and size past the limit are too large, however deep", "[json]") {
  CHECK(refused(std::string(2'000'000, '[')).code == "json.depth");
  CHECK(refused(std::string(101, '[') + std::string(101, ']')).where == "1:101");
  CHECK_NOTHROW(parse(std::string(100, '[') + std::string(100, ']')));
  CHECK(refused(R"({"a":[{}]})", {1000, 2}).fault == Fault::too_large);
  CHECK(refused("[1,2,3]", {6, 100}).code == "json.size");
  CHECK(Json::parse("[1,2,3]", {7, 100}).has_value());
}

TEST_CASE("a deep document within a raised limit is written without recursion", "[json]") {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  auto json = Json::parse(deep, {1u << 20, 1u << 20});
  REQUIRE(json);
  CHECK(json->root().dump() == deep);
}

TEST_CASE("a part of a document can be written alone", "[json]") {
  const Json json = parse(R"({"a":{"b":[1,{"c":"d"}]},"e":2})");
  CHECK(json.root()["a"].dump() == R"({"b":[1,{"c":"d"}]})");
  CHECK(json.root()["a"]["b"].dump() == R"([1,{"c":"d"}])");
  CHECK(json.root()["a"]["b"].at(1)["c"].dump() == R"("d")");
}

TEST_CASE("a tree is built, read and written", "[json]") {
  JsonTree patient = JsonTree::object({{"resourceType", "Patient"}, {"active", JsonTree::boolean(true)}});
  patient["name"].push(JsonTree::object({{"family", "陈"}}))["given"].push("An");
  patient.set("multipleBirthInteger", JsonTree::number("2"));
  patient.set("deceased", JsonTree::null());
  CHECK(
      patient.dump() ==
      R"({"resourceType":"Patient","active":true,"name":[{"family":"陈","given":["An"]}],"multipleBirthInteger":2,"deceased":null})");
  CHECK(patient.text_of("resourceType") == "Patient");
  CHECK(patient.text_of("active") == "true");
  CHECK(patient.text_of("name").empty());
  CHECK(patient.find("nothing") == nullptr);
  CHECK(patient.erase("deceased"));
  CHECK_FALSE(patient.erase("deceased"));
  patient.set("active", JsonTree::boolean(false));
  CHECK(patient.text_of("active") == "false");
  CHECK(patient.size() == 4);
}

TEST_CASE("an absent value in a tree is not written", "[json]") {
  JsonTree tree = JsonTree::object({{"a", JsonTree()}, {"b", JsonTree::number("1")}});
  tree["c"];
  tree["list"] = JsonTree::array();
  tree["list"].push(JsonTree());
  CHECK(tree.dump() == R"({"b":1,"list":[]})");
  CHECK(JsonTree().dump().empty());
}

TEST_CASE("a tree is written for people", "[json]") {
  const JsonTree tree = JsonTree::from(parse(R"({"a":[1,{"b":"c"}],"d":{},"e":[]})").root());
  CHECK(tree.dump(2) == "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n  \"d\": {},\n  \"e\": []\n}");
}

TEST_CASE("a tree made from a view is equal to it in value", "[json]") {
  const std::string text = R"({"a":[1.10,"x\"y",null,true,{"b":[]}],"c":{}})";
  const JsonTree tree = JsonTree::from(parse(text).root());
  CHECK(tree.dump() == text);
  CHECK(tree == JsonTree::from(parse(text).root()));
  CHECK_FALSE(tree == JsonTree::from(parse(R"({"a":[1.1]})").root()));
  CHECK_FALSE(JsonTree::from(JsonView()));
}

TEST_CASE("a string literal escapes what must be and nothing else", "[json]") {
  std::string all;
  for (int c = 1; c < 0x80; ++c) all += static_cast<char>(c);
  all += "严é😀\x7f";
  std::string literal;
  append_json_string(literal, all);
  CHECK(parse(literal).root().text() == all);
  for (std::size_t at = 0; at < 24; ++at) {  // wherever it falls within the eight bytes that are looked at together
    std::string text(24, 'a');
    text[at] = '"';
    std::string out;
    append_json_string(out, text);
    CHECK(out == '"' + text.substr(0, at) + "\\\"" + text.substr(at + 1) + '"');
  }
}
