// Dates and times of local records and of FHIR, with the precision they were sent in (FHIR R4 datatypes.html#date;
// HL7 v2 chapter 2A DTM). No time zone database: a zone is an offset.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace adapters::map {

struct Moment {
  enum class Precision : std::uint8_t { year, month, day, minute, second };
  Precision precision = Precision::year;
  int year = 0;
  unsigned month = 1, day = 1, hour = 0, minute = 0, second = 0;
  std::string fraction;  // digits after the point
  std::string zone;      // "Z", "+08:00"; empty: local
};

/// 2026, 202603, 20260310, 202603100722[+0800], 20260310072200.123+0800; 2026-03-10T07:22:00+08:00; 2026-3-10 7:22;
/// 2026/3/10. 24:00 is 00:00 of the next day; month or day 00 means unknown.
std::optional<Moment> parse_moment(std::string_view text);

std::string to_fhir_date(const Moment& moment);
/// Local times get `zone`; without minutes it is a date. Seconds that were not sent are written as zero (R4 demands
/// them).
std::string to_fhir_datetime(const Moment& moment, std::string_view zone);
/// As HL7 v2 writes it: 20260310072200+0800.
std::string to_v2_time(const Moment& moment);
/// The wall clock in `zone`, as Chinese platforms write it: 2026-03-10 07:22:00.
std::string to_local_time(const Moment& moment, std::string_view zone);

}  // namespace adapters::map
