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
    // name, least and most arguments, input, arguments, result, implementation
    {"abs", 0, 0, Input::one, {}, Gives::anything, fn_abs},
    {"aggregate", 1, 2, Input::any, {kExpression, kCollection}, Gives::anything, fn_aggregate},
    {"all", 1, 1, Input::any, {kExpression}, Gives::boolean, fn_all},
    {"allFalse", 0, 0, Input::any, {}, Gives::boolean, fn_all_false},
    {"allTrue", 0, 0, Input::any, {}, Gives::boolean, fn_all_true},
    {"anyFalse", 0, 0, Input::any, {}, Gives::boolean, fn_any_false},
    {"anyTrue", 0, 0, Input::any, {}, Gives::boolean, fn_any_true},
    {"as", 1, 1, Input::any, {Takes::type}, Gives::narrowed, fn_as},
    {"avg", 0, 0, Input::any, {}, Gives::anything, fn_avg},
    {"ceiling", 0, 0, Input::one, {}, Gives::anything, fn_ceiling},
    {"checkModifiers", 1, kMany, Input::any, {kExpression, kExpression, kExpression}, Gives::input, fn_check_modifiers},
    {"children", 0, 0, Input::any, {}, Gives::parts, fn_children},
    {"coalesce", 1, kMany, Input::any, {kExpression, kExpression, kExpression}, Gives::branches, fn_coalesce},
    {"combine", 1, 2, Input::any, {kCollection, kValue}, Gives::united, fn_combine},
    {"comparable", 1, 1, Input::one, {kValue}, Gives::boolean, fn_comparable},
    {"conformsTo", 1, 1, Input::one, {kText}, Gives::boolean, fn_conforms_to},
    {"contains", 1, 1, Input::text, {kText}, Gives::boolean, fn_contains},
    {"convertsToBoolean", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_boolean},
    {"convertsToDate", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_date},
    {"convertsToDateTime", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_date_time},
    {"convertsToDecimal", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_decimal},
    {"convertsToInteger", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_integer},
    {"convertsToQuantity", 0, 1, Input::one, {kText}, Gives::boolean, fn_converts_to_quantity},
    {"convertsToString", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_string},
    {"convertsToTime", 0, 0, Input::one, {}, Gives::boolean, fn_converts_to_time},
    {"count", 0, 0, Input::any, {}, Gives::integer, fn_count},
    {"dateOf", 0, 0, Input::one, {}, Gives::date, fn_date_of},
    {"dayOf", 0, 0, Input::one, {}, Gives::integer, fn_day_of},
    {"decode", 1, 1, Input::text, {kText}, Gives::string, fn_decode},
    {"defineVariable", 1, 2, Input::any, {kText, kExpression}, Gives::input, nullptr},  // by the evaluator
    {"descendants", 0, 0, Input::any, {}, Gives::parts, fn_descendants},
    {"distinct", 0, 0, Input::any, {}, Gives::input, fn_distinct},
    {"elementDefinition", 0, 0, Input::any, {}, Gives::anything, fn_element_definition},
    {"empty", 0, 0, Input::any, {}, Gives::boolean, fn_empty},
    {"encode", 1, 1, Input::text, {kText}, Gives::string, fn_encode},
    {"endsWith", 1, 1, Input::text, {kText}, Gives::boolean, fn_ends_with},
    {"escape", 1, 1, Input::text, {kText}, Gives::string, fn_escape},
    {"exclude", 1, 1, Input::any, {kCollection}, Gives::input, fn_exclude},
    {"exists", 0, 1, Input::any, {kExpression}, Gives::boolean, fn_exists},
    {"exp", 0, 0, Input::number, {}, Gives::decimal, fn_exp},
    {"extension", 1, 1, Input::any, {kText}, Gives::extensions, fn_extension},
    {"first", 0, 0, Input::any, {}, Gives::one, fn_first},
    {"floor", 0, 0, Input::one, {}, Gives::anything, fn_floor},
    {"getValue", 0, 0, Input::one, {}, Gives::anything, fn_get_value},
    {"hasValue", 0, 0, Input::any, {}, Gives::boolean, fn_has_value},
    {"highBoundary", 0, 1, Input::one, {kNumber}, Gives::anything, fn_high_boundary},
    {"hourOf", 0, 0, Input::one, {}, Gives::integer, fn_hour_of},
    {"htmlChecks", 0, 0, Input::one, {}, Gives::boolean, fn_html_checks},
    {"iif", 2, 3, Input::any, {kExpression, kExpression, kExpression}, Gives::branches, fn_iif},
    {"indexOf", 1, 1, Input::text, {kText}, Gives::integer, fn_index_of},
    {"intersect", 1, 1, Input::any, {kCollection}, Gives::input, fn_intersect},
    {"is", 1, 1, Input::any, {Takes::type}, Gives::boolean, fn_is},
    {"isDistinct", 0, 0, Input::any, {}, Gives::boolean, fn_is_distinct},
    {"join", 0, 1, Input::any, {kText}, Gives::string, fn_join},
    {"last", 0, 0, Input::any, {}, Gives::one, fn_last},
    {"lastIndexOf", 1, 1, Input::text, {kText}, Gives::integer, fn_last_index_of},
    {"length", 0, 0, Input::text, {}, Gives::integer, fn_length},
    {"ln", 0, 0, Input::number, {}, Gives::decimal, fn_ln},
    {"log", 1, 1, Input::number, {kValue}, Gives::decimal, fn_log},
    {"lowBoundary", 0, 1, Input::one, {kNumber}, Gives::anything, fn_low_boundary},
    {"lower", 0, 0, Input::text, {}, Gives::string, fn_lower},
    {"matches", 1, 2, Input::text, {kText, kText}, Gives::boolean, fn_matches},
    {"matchesFull", 1, 2, Input::text, {kText, kText}, Gives::boolean, fn_matches_full},
    {"max", 0, 0, Input::any, {}, Gives::anything, fn_max},
    {"memberOf", 1, 1, Input::one, {kText}, Gives::boolean, fn_member_of},
    {"millisecondOf", 0, 0, Input::one, {}, Gives::integer, fn_millisecond_of},
    {"min", 0, 0, Input::any, {}, Gives::anything, fn_min},
    {"minuteOf", 0, 0, Input::one, {}, Gives::integer, fn_minute_of},
    {"monthOf", 0, 0, Input::one, {}, Gives::integer, fn_month_of},
    {"not", 0, 0, Input::any, {}, Gives::boolean, fn_not},
    {"now", 0, 0, Input::any, {}, Gives::datetime, fn_now},
    {"ofType", 1, 1, Input::any, {Takes::type}, Gives::narrowed, fn_of_type},
    {"pathname", 0, 1, Input::any, {kValue}, Gives::string, fn_pathname},
    {"power", 1, 1, Input::number, {kValue}, Gives::anything, fn_power},
    {"precision", 0, 0, Input::one, {}, Gives::integer, fn_precision},
    {"repeat", 1, 1, Input::any, {kExpression}, Gives::projected, fn_repeat},
    {"repeatAll", 1, 1, Input::any, {kExpression}, Gives::projected, fn_repeat_all},
    {"replace", 2, 2, Input::text, {kText, kText}, Gives::string, fn_replace},
    {"replaceMatches", 2, 3, Input::text, {kText, kText, kText}, Gives::string, fn_replace_matches},
    {"resolve", 0, 0, Input::any, {}, Gives::anything, fn_resolve},
    {"round", 0, 1, Input::one, {kNumber}, Gives::anything, fn_round},
    {"secondOf", 0, 0, Input::one, {}, Gives::integer, fn_second_of},
    {"select", 1, 1, Input::any, {kExpression}, Gives::projected, fn_select},
    {"single", 0, 0, Input::one, {}, Gives::one, fn_single},
    {"skip", 1, 1, Input::any, {kNumber}, Gives::input, fn_skip},
    {"slice", 2, 2, Input::any, {kText, kText}, Gives::input, fn_slice},
    {"sort", 0, kMany, Input::any, {kExpression, kExpression, kExpression}, Gives::input, fn_sort},
    {"split", 1, 1, Input::text, {kText}, Gives::strings, fn_split},
    {"sqrt", 0, 0, Input::number, {}, Gives::decimal, fn_sqrt},
    {"startsWith", 1, 1, Input::text, {kText}, Gives::boolean, fn_starts_with},
    {"subsetOf", 1, 1, Input::any, {kCollection}, Gives::boolean, fn_subset_of},
    {"substring", 1, 2, Input::text, {kNumber, kValue}, Gives::string, fn_substring},
    {"subsumedBy", 1, 1, Input::one, {kValue}, Gives::boolean, fn_subsumed_by},
    {"subsumes", 1, 1, Input::one, {kValue}, Gives::boolean, fn_subsumes},
    {"sum", 0, 0, Input::any, {}, Gives::anything, fn_sum},
    {"supersetOf", 1, 1, Input::any, {kCollection}, Gives::boolean, fn_superset_of},
    {"tail", 0, 0, Input::any, {}, Gives::input, fn_tail},
    {"take", 1, 1, Input::any, {kNumber}, Gives::input, fn_take},
    {"timeOf", 0, 0, Input::one, {}, Gives::time, fn_time_of},
    {"timeOfDay", 0, 0, Input::any, {}, Gives::time, fn_time_of_day},
    {"timezoneOffsetOf", 0, 0, Input::one, {}, Gives::decimal, fn_timezone_offset_of},
    {"toBoolean", 0, 0, Input::one, {}, Gives::boolean, fn_to_boolean},
    {"toChars", 0, 0, Input::text, {}, Gives::strings, fn_to_chars},
    {"toDate", 0, 0, Input::one, {}, Gives::date, fn_to_date},
    {"toDateTime", 0, 0, Input::one, {}, Gives::datetime, fn_to_date_time},
    {"toDecimal", 0, 0, Input::one, {}, Gives::decimal, fn_to_decimal},
    {"toInteger", 0, 0, Input::one, {}, Gives::integer, fn_to_integer},
    {"toQuantity", 0, 1, Input::one, {kText}, Gives::quantity, fn_to_quantity},
    {"toString", 0, 0, Input::one, {}, Gives::string, fn_to_string},
    {"toTime", 0, 0, Input::one, {}, Gives::time, fn_to_time},
    {"today", 0, 0, Input::any, {}, Gives::date, fn_today},
    {"trace", 1, 2, Input::any, {kText, kExpression}, Gives::input, fn_trace},
    {"trim", 0, 0, Input::text, {}, Gives::string, fn_trim},
    {"truncate", 0, 0, Input::one, {}, Gives::anything, fn_truncate},
    {"type", 0, 0, Input::any, {}, Gives::type_info, fn_type},
    {"unescape", 1, 1, Input::text, {kText}, Gives::string, fn_unescape},
    {"union", 1, 1, Input::any, {kCollection}, Gives::united, fn_union},
    {"upper", 0, 0, Input::text, {}, Gives::string, fn_upper},
    {"where", 1, 1, Input::any, {kExpression}, Gives::input, fn_where},
    {"yearOf", 0, 0, Input::one, {}, Gives::integer, fn_year_of},
});

static_assert(std::ranges::is_sorted(kFunctions, {}, &Function::name));

}  // namespace

std::span<const Function> functions() { return kFunctions; }

const Function* find_function(std::string_view name) {
  const auto found = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return found != kFunctions.end() && found->name == name ? &*found : nullptr;
}

}  // namespace fhir::path
