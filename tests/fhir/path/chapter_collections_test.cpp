// N1 §5.2 filtering and projection, §5.3 subsetting, §5.4 combining, §5.8 tree navigation, §7 aggregates.
#include "evaluate.h"

using namespace fhir::path::test;

namespace {

constexpr Row kFiltering[] = {
    {"(1 | 2 | 3).where($this > 1)", "2, 3"},
    {"(1 | 2 | 3).where($index = 1)", "2"},
    {"(1 | 2).where({})", "{}"},
    {"(1 | 2).where('kept')", "1, 2"},
    {"(1 | 2).where(1 | 2)", "error"},
    {"{}.where(true)", "{}"},
    {"(1 | 2).where((3 | 4).where($this = 3) = 3 and $this = 2)", "2"},
    {"(1 | 2).select($this * 10)", "10, 20"},
    {"(1 | 2).select($this | 9)", "1, 9, 2, 9"},
    {"(1 | 2).select({})", "{}"},
    {"(5 | 6).select($index)", "0, 1"},
    {"1.repeat(iif($this < 4, $this + 1, {}))", "2, 3, 4"},
    {"1.repeat(1)", "1"},
    {"1.repeatAll(iif($this < 3, $this + 1, {}))", "2, 3"},
    {"1.repeatAll(1)", "error"},
    {"(1 | 'a' | 2.0).ofType(Integer)", "1"},
    {"(1 | 'a' | 2.0).ofType(System.String)", "a"},
    {"coalesce({}, 2, 3)", "2"},
    {"coalesce({}, {}, {}, {}, 'fifth')", "fifth"},
    {"coalesce(1, 'a' + 1)", "1"},
    {"(3 | 1 | 2).sort()", "1, 2, 3"},
    {"(3 | 1 | 2).sort($this desc)", "3, 2, 1"},
    {"(3 | 1 | 2).sort(-$this)", "3, 2, 1"},
    {"('b' | 'a').sort($this asc)", "a, b"},
    {"('bb' | 'a' | 'aa').sort($this.length(), $this)", "a, aa, bb"},
    {"(1 | 'a').sort()", "error"},
    {"(2 | 1).sort($this | 5)", "error"},
    {"{}.sort()", "{}"},
};

constexpr Row kSubsetting[] = {
    {"(1 | 2)[0]", "1"},
    {"(1 | 2)[2]", "{}"},
    {"(1 | 2)[-1]", "{}"},
    {"(1 | 2)['a']", "error"},
    {"(1 | 2)[{}]", "{}"},
    {"1.single()", "1"},
    {"(1 | 2).single()", "error"},
    {"{}.single()", "{}"},
    {"(1 | 2).first()", "1"},
    {"(1 | 2).last()", "2"},
    {"{}.last()", "{}"},
    {"(1 | 2 | 3).tail()", "2, 3"},
    {"1.tail()", "{}"},
    {"(1 | 2 | 3).skip(2)", "3"},
    {"(1 | 2 | 3).skip(-1)", "1, 2, 3"},
    {"(1 | 2 | 3).skip(9)", "{}"},
    {"(1 | 2 | 3).take(2)", "1, 2"},
    {"(1 | 2 | 3).take(0)", "{}"},
    {"(1 | 2 | 3).take(9)", "1, 2, 3"},
    {"(1 | 2 | 3).intersect(3 | 2)", "2, 3"},
    {"1.combine(1).intersect(1)", "1"},
    {"1.combine(1).combine(2).exclude(2)", "1, 1"},
};

constexpr Row kCombining[] = {
    {"(1 | 2).union(2 | 3)", "1, 2, 3"}, {"1.combine(1).union({})", "1"}, {"1.combine(2).combine(2)", "1, 2, 2"},
    {"1.combine(2, true)", "1, 2"},      {"{}.combine(1)", "1"},
};

constexpr Row kAggregates[] = {
    {"(1 | 2 | 3).aggregate($this + $total, 0)", "6"},
    {"(1 | 2 | 3).aggregate(iif($total.empty(), $this, $total * $this))", "6"},
    {"{}.aggregate($this + $total, 7)", "7"},
    {"(3 | 5).aggregate($total + $index, 0)", "1"},
    {"$total", "error"},
    {"(1 | 2.5).sum()", "3.5"},
    {"('a' | 'b').sum()", "ab"},
    {"(2 | 1 | 3).min()", "1"},
    {"(2 | 1 | 3).max()", "3"},
    {"(1 | 2).avg()", "1.5"},
    {"{}.sum()", "{}"},
};

constexpr Row kTree[] = {
    {"children().ofType(code)", "draft"},
    {"descendants().ofType(string)", "a, t, b, draft, a, f, a.1, b, g"},
    {"item.descendants().count()", "6"},
    {"repeat(item).linkId", "a, b, a.1"},
    {"Questionnaire.descendants().linkId", "a, a.1, b"},
};

const char* const kQuestionnaire =
    R"({"resourceType":"Questionnaire","title":"a","_title":{"id":"t"},"name":"b","status":"draft","item":[)"
    R"({"linkId":"a","text":"f","item":[{"linkId":"a.1"}]},{"linkId":"b","prefix":"g"}]})";

}  // namespace

TEST_CASE("FHIRPath 5.2: filtering and projection", "[fhirpath]") { check(kFiltering); }
TEST_CASE("FHIRPath 5.3: subsetting", "[fhirpath]") { check(kSubsetting); }
TEST_CASE("FHIRPath 5.4: combining", "[fhirpath]") { check(kCombining); }
TEST_CASE("FHIRPath 7: aggregates", "[fhirpath]") { check(kAggregates); }
TEST_CASE("FHIRPath 5.8: tree navigation", "[fhirpath]") { check(kTree, kQuestionnaire); }
