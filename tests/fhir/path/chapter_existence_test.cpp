// N1 §5.1 existence.
#include "evaluate.h"

using namespace fhir::path::test;

namespace {

constexpr Row kRows[] = {
    {"{}.empty()", "true"},
    {"1.empty()", "false"},
    {"{}.exists()", "false"},
    {"(1 | 2).exists($this > 1)", "true"},
    {"(1 | 2).exists($this > 2)", "false"},
    {"(1 | 2).all($this > 0)", "true"},
    {"(1 | 2).all($this > 1)", "false"},
    {"(1 | 2).all({})", "false"},
    {"{}.all($this > 1)", "true"},
    {"{}.allTrue()", "true"},
    {"true.combine(true).allTrue()", "true"},
    {"true.combine(false).allTrue()", "false"},
    {"true.combine(false).anyTrue()", "true"},
    {"false.combine(false).anyTrue()", "false"},
    {"{}.anyTrue()", "false"},
    {"false.combine(false).allFalse()", "true"},
    {"true.combine(false).allFalse()", "false"},
    {"true.combine(false).anyFalse()", "true"},
    {"true.combine(true).anyFalse()", "false"},
    {"1.allTrue()", "error"},
    {"(1 | 2).subsetOf(1 | 2 | 3)", "true"},
    {"(1 | 4).subsetOf(1 | 2 | 3)", "false"},
    {"{}.subsetOf(1)", "true"},
    {"1.subsetOf({})", "false"},
    {"(1 | 2 | 3).supersetOf(1 | 2)", "true"},
    {"1.supersetOf({})", "true"},
    {"{}.supersetOf(1)", "false"},
    {"{}.count()", "0"},
    {"(1 | 2).count()", "2"},
    {"1.combine(1).combine(2).distinct()", "1, 2"},
    {"(1 'm' | 100 'cm').count()", "1"},
    {"(@2012 | @2012-01).count()", "2"},
    {"1.combine(1).isDistinct()", "false"},
    {"{}.isDistinct()", "true"},
    {"true.not()", "false"},
    {"{}.not()", "{}"},
    {"'a'.not()", "false"},
    {"(1 | 2).not()", "error"},
};

}  // namespace

TEST_CASE("FHIRPath 5.1: existence", "[fhirpath]") { check(kRows); }
