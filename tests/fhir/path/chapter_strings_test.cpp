// N1 §5.6 strings, and the newer functions beside them. Positions and lengths count characters, not bytes.
#include "evaluate.h"

using namespace fhir::path::test;

namespace {

constexpr Row kStrings[] = {
    {"'abcdefg'.indexOf('bc')", "1"},
    {"'abc'.indexOf('x')", "-1"},
    {"'诊断结果'.indexOf('结')", "2"},
    {"'abc abc'.lastIndexOf('a')", "4"},
    {"'0123'.lastIndexOf('')", "4"},
    {"'abcdefg'.substring(3)", "defg"},
    {"'abcdefg'.substring(1, 2)", "bc"},
    {"'abcdefg'.substring(6, 2)", "g"},
    {"'abcdefg'.substring(7, 1)", "{}"},
    {"'abcdefg'.substring(-1, 1)", "{}"},
    {"'abcdefg'.substring(3, 0)", ""},
    {"'abcdefg'.substring(3, {})", "defg"},
    {"'张三丰'.substring(1, 1)", "三"},
    {"'abc'.substring('1')", "error"},
    {"'abc'.startsWith('ab')", "true"},
    {"'abc'.startsWith('')", "true"},
    {"'abc'.endsWith('bc')", "true"},
    {"'abc'.contains('d')", "false"},
    {"'abc'.contains({})", "{}"},
    {"1.contains('1')", "error"},
    {"('a' | 'b').contains('a')", "error"},
    {"'Straße änd'.upper()", "STRAßE ÄND"},
    {"'ÀÉЖ'.lower()", "àéж"},
    {"'中文Abc'.upper()", "中文ABC"},
    {"'abc'.replace('b', '123')", "a123c"},
    {"'abc'.replace('', 'x')", "xaxbxcx"},
    {"'姓名'.replace('', '-')", "-姓-名-"},
    {"'aaa'.replace('aa', 'b')", "ba"},
    {"'abc'.length()", "3"},
    {"'弱阳性'.length()", "3"},
    {"{}.length()", "{}"},
    {"'a弱'.toChars()", "a, 弱"},
    {"' a\\t\\n'.trim()", "a"},
    {"'  '.trim()", ""},
    {"'A,,C'.split(',').count()", "3"},
    {"'ABC'.split(',')", "ABC"},
    {"('A' | 'B').join(',')", "A,B"},
    {"('A' | 'B').join()", "AB"},
    {"{}.join(',')", "{}"},
    {"(1 | 2).join(',')", "error"},
};

constexpr Row kPatterns[] = {
    {"'N8000123123'.matches('N[0-9]{8}')", "true"},
    {"'N8000123123'.matches('^N[0-9]{8}$')", "false"},
    {"'N8000123123'.matchesFull('N[0-9]{8}')", "false"},
    {"'N8000123123'.matchesFull('N[0-9]{10}')", "true"},
    {"'a\\nb'.matches('a.b')", "true"},
    {"'first\\nsecond'.matches('^second', 'm')", "true"},
    {"'first\\nsecond'.matches('^second', '')", "false"},
    {"'first\\nsecond'.matches('^SECOND', 'im')", "true"},
    {"'a'.matches('a', 'q')", "error"},
    {"'弱阳性(±)'.matches('阳性.±')", "true"},
    {"'a'.matches({})", "{}"},
    {"'弱'.matches('\\\\C')", "error"},
    {"'a'.matches('(' + 'a')", "error"},
    {"'aaab'.matches('(a+)+$')", "false"},
    {"'aaabaa'.replaceMatches('aa', '\"aa\"')", "\"aa\"ab\"aa\""},
    {"'11/30/1972'.replaceMatches('\\\\b(?<month>\\\\d{1,2})/(?<day>\\\\d{1,2})/(?<year>\\\\d{2,4})\\\\b', "
     "'${day}-${month}-${year}')",
     "30-11-1972"},
    {"'ab'.replaceMatches('(a)(b)', '$2$1$0')", "baab"},
    {"'ab'.replaceMatches('(a)', '$10')", "a0b"},
    {"'ab'.replaceMatches('a', '\\\\$1')", "$1b"},
    {"'ab'.replaceMatches('a', '${no}')", "error"},
    {"'姓名'.replaceMatches('x*', '-')", "-姓-名-"},
    {"'abc'.replaceMatches('', 'x')", "abc"},
    {"'ABC'.replaceMatches('b', 'x', 'i')", "AxC"},
};

constexpr Row kEncodings[] = {
    {"'test'.encode('base64')", "dGVzdA=="},
    {"'test'.encode('hex')", "74657374"},
    {"'subjects?_d'.encode('urlbase64')", "c3ViamVjdHM_X2Q="},
    {"'aé弱'.encode('ascii')", "a??"},
    {"'test'.encode('rot13')", "{}"},
    {"'dGVzdA=='.decode('base64')", "test"},
    {"'74657374'.decode('hex')", "test"},
    {"'7g'.decode('hex')", "{}"},
    {"'ff'.decode('hex')", "{}"},
    {"'\"1<2\" & \\'3\\''.escape('html')", "&quot;1&lt;2&quot; &amp; &#39;3&#39;"},
    {"'&quot;1&lt;2&quot; &amp;amp; &#x5f31;&#39;'.unescape('html')", "\"1<2\" &amp; 弱'"},
    {"'&unknown; &#xd800; &'.unescape('html')", "&unknown; &#xd800; &"},
    {"'\"1<2\"'.escape('json')", "\\\"1<2\\\""},
    {"'\\\\\"a\\\\n\\\\u5f31'.unescape('json').length()", "4"},
    {"'\"'.unescape('json')", "{}"},
};

}  // namespace

TEST_CASE("FHIRPath 5.6: strings", "[fhirpath]") { check(kStrings); }
TEST_CASE("FHIRPath 5.6: regular expressions", "[fhirpath]") { check(kPatterns); }
TEST_CASE("FHIRPath 5.6: encodings", "[fhirpath]") { check(kEncodings); }
