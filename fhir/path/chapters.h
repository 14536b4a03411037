// The implementations behind the function table, one file per chapter of the specification (N1 §5 and its successor,
// R4 fhirpath.html#functions). Each finds its needs met (functions.h).
#pragma once
#include "fhir/path/functions.h"

namespace fhir::path {

// §5.1 existence: chapter_existence.cpp
Values fn_empty(const Call&);
Values fn_exists(const Call&);
Values fn_all(const Call&);
Values fn_all_true(const Call&);
Values fn_any_true(const Call&);
Values fn_all_false(const Call&);
Values fn_any_false(const Call&);
Values fn_subset_of(const Call&);
Values fn_superset_of(const Call&);
Values fn_count(const Call&);
Values fn_distinct(const Call&);
Values fn_is_distinct(const Call&);
Values fn_not(const Call&);

// §5.2 filtering and projection, §5.3 subsetting, §5.4 combining, §5.8 tree, §7 aggregates: chapter_collections.cpp
Values fn_where(const Call&);
Values fn_select(const Call&);
Values fn_repeat(const Call&);
Values fn_repeat_all(const Call&);
Values fn_of_type(const Call&);
Values fn_coalesce(const Call&);
Values fn_sort(const Call&);
Values fn_single(const Call&);
Values fn_first(const Call&);
Values fn_last(const Call&);
Values fn_tail(const Call&);
Values fn_skip(const Call&);
Values fn_take(const Call&);
Values fn_intersect(const Call&);
Values fn_exclude(const Call&);
Values fn_union(const Call&);
Values fn_combine(const Call&);
Values fn_children(const Call&);
Values fn_descendants(const Call&);
Values fn_aggregate(const Call&);
Values fn_sum(const Call&);
Values fn_min(const Call&);
Values fn_max(const Call&);
Values fn_avg(const Call&);

// §5.5 conversion: chapter_conversion.cpp
Values fn_iif(const Call&);
Values fn_to_boolean(const Call&);
Values fn_to_integer(const Call&);
Values fn_to_decimal(const Call&);
Values fn_to_string(const Call&);
Values fn_to_date(const Call&);
Values fn_to_date_time(const Call&);
Values fn_to_time(const Call&);
Values fn_to_quantity(const Call&);
Values fn_converts_to_boolean(const Call&);
Values fn_converts_to_integer(const Call&);
Values fn_converts_to_decimal(const Call&);
Values fn_converts_to_string(const Call&);
Values fn_converts_to_date(const Call&);
Values fn_converts_to_date_time(const Call&);
Values fn_converts_to_time(const Call&);
Values fn_converts_to_quantity(const Call&);

// §5.6 strings: chapter_strings.cpp, and their encodings: chapter_encodings.cpp
Values fn_index_of(const Call&);
Values fn_last_index_of(const Call&);
Values fn_substring(const Call&);
Values fn_starts_with(const Call&);
Values fn_ends_with(const Call&);
Values fn_contains(const Call&);
Values fn_upper(const Call&);
Values fn_lower(const Call&);
Values fn_replace(const Call&);
Values fn_matches(const Call&);
Values fn_matches_full(const Call&);
Values fn_replace_matches(const Call&);
Values fn_length(const Call&);
Values fn_to_chars(const Call&);
Values fn_trim(const Call&);
Values fn_split(const Call&);
Values fn_join(const Call&);
Values fn_encode(const Call&);
Values fn_decode(const Call&);
Values fn_escape(const Call&);
Values fn_unescape(const Call&);

// §5.7 math: chapter_math.cpp
Values fn_abs(const Call&);
Values fn_ceiling(const Call&);
Values fn_exp(const Call&);
Values fn_floor(const Call&);
Values fn_ln(const Call&);
Values fn_log(const Call&);
Values fn_power(const Call&);
Values fn_round(const Call&);
Values fn_sqrt(const Call&);
Values fn_truncate(const Call&);

// §5.9 utility, dates and boundaries: chapter_moments.cpp
Values fn_now(const Call&);
Values fn_today(const Call&);
Values fn_time_of_day(const Call&);
Values fn_year_of(const Call&);
Values fn_month_of(const Call&);
Values fn_day_of(const Call&);
Values fn_hour_of(const Call&);
Values fn_minute_of(const Call&);
Values fn_second_of(const Call&);
Values fn_millisecond_of(const Call&);
Values fn_timezone_offset_of(const Call&);
Values fn_date_of(const Call&);
Values fn_time_of(const Call&);
Values fn_low_boundary(const Call&);
Values fn_high_boundary(const Call&);
Values fn_precision(const Call&);

// §6.3 types, §5.9 utility, R4's own functions: chapter_fhir.cpp
Values fn_is(const Call&);
Values fn_as(const Call&);
Values fn_type(const Call&);
Values fn_trace(const Call&);
Values fn_pathname(const Call&);
Values fn_comparable(const Call&);
Values fn_extension(const Call&);
Values fn_has_value(const Call&);
Values fn_html_checks(const Call&);
Values fn_get_value(const Call&);
Values fn_resolve(const Call&);
Values fn_member_of(const Call&);
Values fn_subsumes(const Call&);
Values fn_subsumed_by(const Call&);
Values fn_conforms_to(const Call&);
Values fn_check_modifiers(const Call&);
Values fn_element_definition(const Call&);
Values fn_slice(const Call&);

}  // namespace fhir::path
