// SOAP 1.1 and 1.2 as integration platforms use it: one method whose parameters are text, one of them a whole record
// (XML as text or CDATA, JSON, ER7); the answer is text, too. Reading, writing, and the WSDL (document/literal,
// wrapped) that says so. Elements are found by their local names, so it does not matter whether a client qualifies the
// parameters. (SOAP 1.1 §4-6; SOAP 1.2 part 1 §5; WSDL 1.1)
//
// Codecs without sockets; pure, any thread. What is hostile in XML is refused by fhir/xml_events.h.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/result.h"
#include "fhir/xml_events.h"

namespace adapters::http {

using fhir::Result;

enum class SoapVersion : std::uint8_t { soap_1_1, soap_1_2 };

struct SoapCall {
  SoapVersion version = SoapVersion::soap_1_1;
  std::string method, space;
  std::vector<std::pair<std::string, std::string>> parameters;  // in their order
  /// nullptr: there is none of that name.
  const std::string* find(std::string_view parameter) const;
};

/// A call, from text that is UTF-8 by now, whatever encoding it declares. A parameter that holds elements instead of
/// text is those, as they are written. Errors: those of read_xml, soap.envelope (no SOAP), soap.call (no method in its
/// body), soap.must-understand (a header that says it must be understood: none is).
Result<SoapCall> read_call(std::string utf8, const fhir::XmlLimits& limits = {});

struct SoapStyle {
  bool qualified = true;  // the parameters stand in the method's namespace
};
std::string write_call(const SoapCall& call, SoapStyle style = {});

/// METHODResponse with the element that holds the answer.
std::string write_answer(SoapVersion version, std::string_view method, std::string_view space, std::string_view element,
                         std::string_view answer);

enum class SoapBlame : std::uint8_t { sender, receiver };  // wrong as it was sent; not now
std::string write_fault(SoapVersion version, SoapBlame blame, std::string_view say);

/// What the element holds in an answer; when there is none of that name, the first within METHODResponse. Errors: those
/// of read_xml, soap.envelope, soap.answer (nothing in it), soap.fault (invalid: our call was wrong; unavailable: not
/// now), whose `say` does not quote the other side.
Result<std::string> read_answer(std::string utf8, std::string_view element, const fhir::XmlLimits& limits = {});

/// "text/xml; charset=utf-8", or that of SOAP 1.2.
std::string_view content_type(SoapVersion version);

struct SoapContract {
  std::string_view method, space, address;  // address: where it is called
  std::vector<std::string_view> parameters;
  std::string_view result;
};
std::string write_wsdl(const SoapContract& contract);

}  // namespace adapters::http
