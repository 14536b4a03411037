// The registers of other bodies that FHIR's codes are drawn from, as they are published: the codes alone.
#pragma once
#include <string_view>

namespace fhir::registers {

// Codes of two, three or four characters one after another, in byte order.
extern const std::string_view kLanguages2, kLanguages3, kScripts, kCountries2, kCountries3, kCountryNumbers,
    kCurrencies;
extern const std::string_view kTimeZones;  // in byte order, a space after each

}  // namespace fhir::registers
