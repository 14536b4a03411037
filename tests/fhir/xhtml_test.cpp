#include "fhir/xhtml.h"

#include <catch2/catch.hpp>

using namespace fhir;

namespace {

std::string div(const std::string& inside) {
  return "<div xmlns=\"http://www.w3.org/1999/xhtml\">" + inside + "</div>";
}

std::string invariants(const std::string& text) {
  std::string all;
  for (const XhtmlFinding& finding : check_xhtml(text)) all += std::string(finding.invariant) + " ";
  return all;
}

}  // namespace

TEST_CASE("a narrative of formatting, lists, tables, links and images is right", "[xhtml]") {
  CHECK(invariants(
            div(R"(<p class="a" style="x">a <b>b</b><br/></p><ul><li>1</li></ul><a href="http://x" name="y">z</a>)"
                R"(<table border="1"><tr><td colspan="2">c&nbsp;d</td></tr></table><img src="#i" alt="e"/>)")) == "");
  CHECK(invariants(div("<img src=\"#i\"/>")) == "");
}

TEST_CASE("scripts, forms, frames, event attributes and links that run something are not", "[xhtml]") {
  CHECK(invariants(div("<script>alert(1)</script>")) == "txt-1 ");
  CHECK(invariants(div("<form>a</form>")) == "txt-1 ");
  CHECK(invariants(div("<object>a</object>")) == "txt-1 ");
  CHECK(invariants(div("<p onclick=\"x\">a</p>")) == "txt-1 ");
  CHECK(invariants(div("<a href=\" Java\tScript:x\">a</a>")) == "txt-1 ");
  CHECK(invariants(div("<x xmlns=\"urn:x\">a</x>")) == "txt-1 ");
}

TEST_CASE("a narrative is one well-formed div in its namespace, with something to read", "[xhtml]") {
  CHECK(invariants("<p xmlns=\"http://www.w3.org/1999/xhtml\">a</p>") == "txt-1 ");
  CHECK(invariants("<div>a</div>") == "txt-1 ");
  CHECK(invariants(div("<p>a")) == "txt-1 ");
  CHECK(invariants("plain") == "txt-1 ");
  CHECK(invariants(div(" <p> </p>\n")) == "txt-2 ");
  CHECK(invariants("<!DOCTYPE div>" + div("a")) == "txt-1 ");
}

TEST_CASE("a narrative is written in one form", "[xhtml]") {
  CHECK(*tidy_xhtml("<div><p >a</p><br></br><!-- c --><b xml:lang='en'>&eacute;&#65;&lt;</b></div>") ==
        div("<p>a</p><br/><b xml:lang=\"en\">éA&lt;</b>"));
  CHECK_FALSE(tidy_xhtml("<div>&bogus;</div>"));
}
