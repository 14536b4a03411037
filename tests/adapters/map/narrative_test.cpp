#include "adapters/map/narrative.h"

#include <catch2/catch.hpp>

using adapters::map::narrative_text;

TEST_CASE("a narrative becomes the text a reader sees", "[map]") {
  CHECK(narrative_text("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>One\n  two</p><p>three</p></div>") ==
        "One two\nthree");
  CHECK(narrative_text("<ul><li>a</li><li>b</li></ul>x<br/>y") == "a\nb\nx\ny");
  CHECK(narrative_text("<table><tr><td>CEA</td><td>38.62</td></tr><tr><td>AFP</td><td>2.7</td></tr></table>") ==
        "CEA 38.62\nAFP 2.7");
  CHECK(narrative_text("A &amp; B &lt; C &#160;&#x4E2D;&apos;") == "A & B < C  中'");
  CHECK(narrative_text("<!-- hidden -->seen") == "seen");
}

TEST_CASE("what is no tag and no entity stays", "[map]") {
  CHECK(narrative_text("T < 37 & p > 0.05") == "T < 37 & p > 0.05");
  CHECK(narrative_text("&nosuch; &#xD800; &#; &") == "&nosuch; &#xD800; &#; &");
  CHECK(narrative_text("<unclosed") == "<unclosed");
  CHECK(narrative_text("").empty());
}
