#include "fhir/path/functions.h"

#include <algorithm>

#include "fhir/path/chapters.h"

namespace fhir::path {
namespace {

constexpr auto kMany = Function::kMany;
constexpr auto kExpression = Takes::expression;
constexpr auto kCollection = Takes::collection;
constexpr auto kText = Takes::text;
constexpr auto kNumber = Takes::number;
constexpr auto kValue = Takes::value;

// Sorted by name, for the search.
constexpr std::array kFunctions = std::to_array<Function>({
    // name, least and most arguments, input, arguments, implementation
    {"abs", 0, 0, Input::one, {}, fn_abs},
    {"aggregate", 1, 2, Input::any, {kExpression, kCollection}, fn_aggregate},
    {"all", 1, 1, Input::any, {kExpression}, fn_all},
    {"allFalse", 0, 0, Input::any, {}, fn_all_false},
    {"allTrue", 0, 0, Input::any, {}, fn_all_true},
    {"anyFalse", 0, 0, Input::any, {}, fn_any_false},
    {"anyTrue", 0, 0, Input::any, {}, fn_any_true},
    {"as", 1, 1, Input::any, {Takes::type}, fn_as},
    {"avg", 0, 0, Input::any, {}, fn_avg},
    {"ceiling", 0, 0, Input::one, {}, fn_ceiling},
    {"children", 0, 0, Input::any, {}, fn_children},
    {"coalesce", 1, kMany, Input::any, {kExpression, kExpression, kExpression}, fn_coalesce},
    {"combine", 1, 2, Input::any, {kCollection, kValue}, fn_combine},
    {"comparable", 1, 1, Input::one, {kValue}, fn_comparable},
    {"contains", 1, 1, Input::text, {kText}, fn_contains},
    {"convertsToBoolean", 0, 0, Input::one, {}, fn_converts_to_boolean},
    {"convertsToDate", 0, 0, Input::one, {}, fn_converts_to_date},
    {"convertsToDateTime", 0, 0, Input::one, {}, fn_converts_to_date_time},
    {"convertsToDecimal", 0, 0, Input::one, {}, fn_converts_to_decimal},
    {"convertsToInteger", 0, 0, Input::one, {}, fn_converts_to_integer},
    {"convertsToQuantity", 0, 1, Input::one, {kText}, fn_converts_to_quantity},
    {"convertsToString", 0, 0, Input::one, {}, fn_converts_to_string},
    {"convertsToTime", 0, 0, Input::one, {}, fn_converts_to_time},
    {"count", 0, 0, Input::any, {}, fn_count},
    {"dateOf", 0, 0, Input::one, {}, fn_date_of},
    {"dayOf", 0, 0, Input::one, {}, fn_day_of},
    {"decode", 1, 1, Input::text, {kText}, fn_decode},
    {"defineVariable", 1, 2, Input::any, {kText, kExpression}, nullptr},  // changes the scope:
                                                                          // Evaluator::define_variable
    {"descendants", 0, 0, Input::any, {}, fn_descendants},
    {"distinct", 0, 0, Input::any, {}, fn_distinct},
    {"empty", 0, 0, Input::any, {}, fn_empty},
    {"encode", 1, 1, Input::text, {kText}, fn_encode},
    {"endsWith", 1, 1, Input::text, {kText}, fn_ends_with},
    {"escape", 1, 1, Input::text, {kText}, fn_escape},
    {"exclude", 1, 1, Input::any, {kCollection}, fn_exclude},
    {"exists", 0, 1, Input::any, {kExpression}, fn_exists},
    {"exp", 0, 0, Input::number, {}, fn_exp},
    {"extension", 1, 1, Input::any, {kText}, fn_extension},
    {"first", 0, 0, Input::any, {}, fn_first},
    {"floor", 0, 0, Input::one, {}, fn_floor},
    {"getValue", 0, 0, Input::one, {}, fn_get_value},
    {"hasValue", 0, 0, Input::any, {}, fn_has_value},
    {"highBoundary", 0, 1, Input::one, {kNumber}, fn_high_boundary},
    {"hourOf", 0, 0, Input::one, {}, fn_hour_of},
    {"htmlChecks", 0, 0, Input::one, {}, fn_html_checks},
    {"iif", 2, 3, Input::any, {kExpression, kExpression, kExpression}, fn_iif},
    {"indexOf", 1, 1, Input::text, {kText}, fn_index_of},
    {"intersect", 1, 1, Input::any, {kCollection}, fn_intersect},
    {"is", 1, 1, Input::any, {Takes::type}, fn_is},
    {"isDistinct", 0, 0, Input::any, {}, fn_is_distinct},
    {"join", 0, 1, Input::any, {kText}, fn_join},
    {"last", 0, 0, Input::any, {}, fn_last},
    {"lastIndexOf", 1, 1, Input::text, {kText}, fn_last_index_of},
    {"length", 0, 0, Input::text, {}, fn_length},
    {"ln", 0, 0, Input::number, {}, fn_ln},
    {"log", 1, 1, Input::number, {kValue}, fn_log},
    {"lowBoundary", 0, 1, Input::one, {kNumber}, fn_low_boundary},
    {"lower", 0, 0, Input::text, {}, fn_lower},
    {"matches", 1, 2, Input::text, {kText, kText}, fn_matches},
    {"matchesFull", 1, 2, Input::text, {kText, kText}, fn_matches_full},
    {"max", 0, 0, Input::any, {}, fn_max},
    {"memberOf", 1, 1, Input::one, {kText}, fn_member_of},
    {"millisecondOf", 0, 0, Input::one, {}, fn_millisecond_of},
    {"min", 0, 0, Input::any, {}, fn_min},
    {"minuteOf", 0, 0, Input::one, {}, fn_minute_of},
    {"monthOf", 0, 0, Input::one, {}, fn_month_of},
    {"not", 0, 0, Input::any, {}, fn_not},
    {"now", 0, 0, Input::any, {}, fn_now},
    {"ofType", 1, 1, Input::any, {Takes::type}, fn_of_type},
    {"pathname", 0, 1, Input::any, {kValue}, fn_pathname},
    {"power", 1, 1, Input::number, {kValue}, fn_power},
    {"precision", 0, 0, Input::one, {}, fn_precision},
    {"repeat", 1, 1, Input::any, {kExpression}, fn_repeat},
    {"repeatAll", 1, 1, Input::any, {kExpression}, fn_repeat_all},
    {"replace", 2, 2, Input::text, {kText, kText}, fn_replace},
    {"replaceMatches", 2, 3, Input::text, {kText, kText, kText}, fn_replace_matches},
    {"resolve", 0, 0, Input::any, {}, fn_resolve},
    {"round", 0, 1, Input::one, {kNumber}, fn_round},
    {"secondOf", 0, 0, Input::one, {}, fn_second_of},
    {"select", 1, 1, Input::any, {kExpression}, fn_select},
    {"single", 0, 0, Input::one, {}, fn_single},
    {"skip", 1, 1, Input::any, {kNumber}, fn_skip},
    {"sort", 0, kMany, Input::any, {kExpression, kExpression, kExpression}, fn_sort},
    {"split", 1, 1, Input::text, {kText}, fn_split},
    {"sqrt", 0, 0, Input::number, {}, fn_sqrt},
    {"startsWith", 1, 1, Input::text, {kText}, fn_starts_with},
    {"subsetOf", 1, 1, Input::any, {kCollection}, fn_subset_of},
    {"substring", 1, 2, Input::text, {kNumber, kValue}, fn_substring},
    {"sum", 0, 0, Input::any, {}, fn_sum},
    {"supersetOf", 1, 1, Input::any, {kCollection}, fn_superset_of},
    {"tail", 0, 0, Input::any, {}, fn_tail},
    {"take", 1, 1, Input::any, {kNumber}, fn_take},
    {"timeOf", 0, 0, Input::one, {}, fn_time_of},
    {"timeOfDay", 0, 0, Input::any, {}, fn_time_of_day},
    {"timezoneOffsetOf", 0, 0, Input::one, {}, fn_timezone_offset_of},
    {"toBoolean", 0, 0, Input::one, {}, fn_to_boolean},
    {"toChars", 0, 0, Input::text, {}, fn_to_chars},
    {"toDate", 0, 0, Input::one, {}, fn_to_date},
    {"toDateTime", 0, 0, Input::one, {}, fn_to_date_time},
    {"toDecimal", 0, 0, Input::one, {}, fn_to_decimal},
    {"toInteger", 0, 0, Input::one, {}, fn_to_integer},
    {"toQuantity", 0, 1, Input::one, {kText}, fn_to_quantity},
    {"toString", 0, 0, Input::one, {}, fn_to_string},
    {"toTime", 0, 0, Input::one, {}, fn_to_time},
    {"today", 0, 0, Input::any, {}, fn_today},
    {"trace", 1, 2, Input::any, {kText, kExpression}, fn_trace},
    {"trim", 0, 0, Input::text, {}, fn_trim},
    {"truncate", 0, 0, Input::one, {}, fn_truncate},
    {"type", 0, 0, Input::any, {}, fn_type},
    {"unescape", 1, 1, Input::text, {kText}, fn_unescape},
    {"union", 1, 1, Input::any, {kCollection}, fn_union},
    {"upper", 0, 0, Input::text, {}, fn_upper},
    {"where", 1, 1, Input::any, {kExpression}, fn_where},
    {"yearOf", 0, 0, Input::one, {}, fn_year_of},
});

static_assert(std::ranges::is_sorted(kFunctions, {}, &Function::name));

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return found != kFunctions.end() && found->name == name ? &*found : nullptr;
}

}  // namespace fhir::path
