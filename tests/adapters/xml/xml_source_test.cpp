#include "adapters/xml/xml_source.h"

#include <catch2/catch.hpp>
#include <vector>

using namespace adapters;

namespace {

const std::string kRecord = R"(<?xml version="1.0" encoding="GBK"?>
<Request xmlns="urn:vendor" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="a b">
  <Header><MsgId>M1</MsgId><Empty/><Blank>  </Blank></Header>
  <patient id="91877" xmlns:v="urn:other">
    <v:name> 吉克·阿依 </v:name>
    <id root="1.3" extension="513499"/><id root="1.12" extension="ZY01"/>
    <diag type="A"><code code="C22.900" displayName="肝恶性肿瘤"/></diag>
    <diag type="B"><code code="B18.1"/><value xsi:type="ST">慢性</value></diag>
  </patient>
  <text>AFP<sup>2</sup> 高<paragraph>建议<br/>复查</paragraph><tr><td>1</td><td>2</td></tr></text>
</Request>)";

class Record {
 public:
  explicit Record(const std::string& text = kRecord) {
    auto made = xml::make_source(text);
    REQUIRE(made);
    source = *std::move(made);
  }

  std::vector<Spot> find(std::string_view path) const { return find(path, source->root()); }
  std::vector<Spot> find(std::string_view path, Spot from) const {
    const auto bound = xml::make_dialect()->bind(path, nullptr);
    INFO(path);
    REQUIRE(bound);
    return source->find(**bound, from);
  }
  /// The texts there, with a bar between them.
  std::string texts(std::string_view path) const {
    std::string all;
    for (const Spot spot : find(path)) all += (all.empty() ? "" : "|") + source->text(spot);
    return all;
  }

  std::unique_ptr<Source> source;
};

std::string error_of(std::string_view path) {
  const auto bound = xml::make_dialect()->bind(path, nullptr);
  return bound ? "" : bound.error().say;
}

}  // namespace

TEST_CASE("a path leads by names of elements and attributes, whatever their namespaces", "[xml]") {
  const Record record;
  CHECK(record.texts("Header/MsgId") == "M1");
  CHECK(record.texts("/Request/Header/MsgId") == "M1");
  CHECK(record.texts("/Response/Header/MsgId").empty());
  CHECK(record.texts("patient/name") == "吉克·阿依");
  CHECK(record.texts("patient/@id") == "91877");
  CHECK(record.texts("patient/diag/@type") == "A|B");
  CHECK(record.texts("patient/*/@root") == "1.3|1.12");
  CHECK(record.texts("//code/@code") == "C22.900|B18.1");
  CHECK(record.texts("patient//@code") == "C22.900|B18.1");
  CHECK(record.texts("patient/diag/nothing").empty());
}

TEST_CASE("conditions choose among elements of one name", "[xml]") {
  const Record record;
  CHECK(record.texts("patient/id[@root='1.12']/@extension") == "ZY01");
  CHECK(record.texts("patient/id[@root=\"1.3\"]/@extension") == "513499");
  CHECK(record.texts("patient/id[2]/@root") == "1.12");
  CHECK(record.texts("patient/id[3]/@root").empty());
  CHECK(record.texts("patient/id[@root][1]/@root") == "1.3");
  CHECK(record.texts("patient/id[@nothing]/@root").empty());
  CHECK(record.texts("patient/diag[code/@code='B18.1']/@type") == "B");
  CHECK(record.texts("patient/diag[value]/@type") == "B");
  CHECK(record.texts("patient/diag[value[@type='ST']]/value") == "慢性");  // xsi:type can be asked for
  CHECK(record.texts("patient/diag/value[.='慢性']") == "慢性");
}

TEST_CASE("inside an each a path starts at its element", "[xml]") {
  const Record record;
  const auto each = record.find("patient/diag");
  REQUIRE(each.size() == 2);
  CHECK(record.source->text(record.find("code/@code", each[1])[0]) == "B18.1");
  CHECK(record.source->text(record.find("/Request/Header/MsgId", each[1])[0]) == "M1");
  CHECK(record.find(".", each[1])[0] == each[1]);
  CHECK(record.source->place(each[1]) == "Request/patient/diag[2]");
}

TEST_CASE("leaves are attributes and texts that hold something; xsi and namespaces are none", "[xml]") {
  const Record record;
  std::string all;
  for (const Spot leaf : record.source->leaves(record.source->root()))
    all += record.source->place(leaf) + "=" + record.source->text(leaf) + "\n";
  CHECK(all ==
        "Request/Header/MsgId=M1\n"
        "Request/patient/@id=91877\n"
        "Request/patient/name=吉克·阿依\n"
        "Request/patient/id[1]/@root=1.3\n"
        "Request/patient/id[1]/@extension=513499\n"
        "Request/patient/id[2]/@root=1.12\n"
        "Request/patient/id[2]/@extension=ZY01\n"
        "Request/patient/diag[1]/@type=A\n"
        "Request/patient/diag[1]/code/@code=C22.900\n"
        "Request/patient/diag[1]/code/@displayName=肝恶性肿瘤\n"
        "Request/patient/diag[2]/@type=B\n"
        "Request/patient/diag[2]/code/@code=B18.1\n"
        "Request/patient/diag[2]/value=慢性\n"
        "Request/text=AFP 高\n"
        "Request/text/sup=2\n"
        "Request/text/paragraph=建议复查\n"
        "Request/text/tr/td[1]=1\n"
        "Request/text/tr/td[2]=2\n");
  CHECK(record.find("Header/Empty").empty());
  CHECK(record.find("Header/Blank").empty());
}

TEST_CASE("the whole text of an element is what a reader would see, line by line", "[xml]") {
  const Record record;
  CHECK(record.source->whole(record.find("text")[0]) == "AFP2 高\n建议\n复查\n1\n2");
  CHECK(record.source->text(record.find("patient")[0]).empty());  // it has none of its own
}

TEST_CASE("the word for people stands beside a code", "[xml]") {
  const Record record;
  CHECK(record.source->beside(record.find("patient/diag[1]/code/@code")[0]) == "肝恶性肿瘤");
  CHECK(record.source->beside(record.find("patient/diag[2]/code/@code")[0]).empty());
  CHECK(record.source->beside(record.find("patient/@id")[0]).empty());
}

TEST_CASE("what is no path is refused with what one looks like", "[xml]") {
  for (const char* path : {"", "a//", "a/", "/", "a[", "a[]", "a[0]", "a[@b=c]", "a[@b='c]", "@a/b", "@a[1]", "a b",
                           "a[b[c[d[e[f]]]]]", "a]", "..", "a/./b"}) {
    INFO(path);
    CHECK_FALSE(error_of(path).empty());
  }
  CHECK(error_of("v3:patient/v3:id").contains("without a prefix"));
}

TEST_CASE("with sample documents every name of a path must stand in one of them", "[xml]") {
  const auto dialect = xml::make_dialect({kRecord, "<Request><more><thing a='1'/></more></Request>", "no xml"});
  const auto said = [&](std::string_view path, const BoundPath* within = nullptr) {
    const auto bound = dialect->bind(path, within);
    return bound ? std::string() : bound.error().say;
  };
  CHECK(said("patient/name").empty());
  CHECK(said("more/thing/@a").empty());
  CHECK(said("/Request/patient/@id").empty());
  CHECK(said("patient/id[@root='of nobody']/@extension").empty());  // what stands there may differ
  CHECK(said("patient/diag[value/@type='PQ']/code").empty());
  CHECK(said("//code/@code").empty());
  CHECK(said("patient/nam").contains("no 'nam' there (did you mean name?)"));
  CHECK(said("patient/id/@extention").contains("(did you mean @extension?)"));
  CHECK(said("patient/id[@rot='1']/@extension").contains("@rot"));
  CHECK(said("/Response/patient").contains("'Response'"));
  CHECK(said("//nowhere").contains("'nowhere'"));
  const auto each = dialect->bind("patient/diag", nullptr);
  REQUIRE(each);
  CHECK(said("code/@displayName", each->get()).empty());
  CHECK(said("name", each->get()).contains("'name'"));
  CHECK(said("/Request/patient/name", each->get()).empty());
}

TEST_CASE("a document that declares another encoding is read as the text it became", "[xml]") {
  CHECK(xml::without_encoding("<?xml version='1.0' encoding='GB2312'?><a/>") ==
        "<?xml version='1.0'                  ?><a/>");
  CHECK(xml::without_encoding("<a encoding='x'/>") == "<a encoding='x'/>");
  CHECK(xml::without_encoding("<?xml encoding='GB?><a/>") == "<?xml encoding='GB?><a/>");
}

TEST_CASE("hostile XML is refused with its place", "[xml]") {
  const auto code_of = [](const std::string& text, fhir::XmlLimits limits = {1u << 20, 100}) {
    const auto made = xml::make_source(text, limits);
    return made ? std::string() : made.error().code;
  };
  CHECK(code_of("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>") == "xml.doctype");
  CHECK(code_of("<a>&x;</a>") == "xml.syntax");
  CHECK(code_of("<a><b></a>") == "xml.syntax");
  CHECK(code_of("") == "xml.syntax");
  std::string deep, flood;
  for (int i = 0; i < 200; ++i) deep += "<a>";
  CHECK(code_of(deep) == "xml.depth");
  CHECK(code_of("<a>" + std::string(2u << 20, 'x') + "</a>") == "xml.size");
  for (int i = 0; i < 20'000; ++i) flood += "<a b='1'/>";
  CHECK(Record("<r>" + flood + "</r>").find("//a[@b='1']").size() == 20'000);
}
