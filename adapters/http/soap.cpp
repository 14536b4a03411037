#include "adapters/http/soap.h"

#include <algorithm>
#include <optional>

#include "adapters/xml/xml_source.h"

namespace adapters::http {

namespace {

using fhir::Fault;

constexpr std::string_view kSoap11 = "http://schemas.xmlsoap.org/soap/envelope/";
constexpr std::string_view kSoap12 = "http://www.w3.org/2003/05/soap-envelope";
constexpr std::string_view kDeclaration = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

std::string_view space_of(SoapVersion version) { return version == SoapVersion::soap_1_1 ? kSoap11 : kSoap12; }

bool is_blank(std::string_view text) { return text.find_first_not_of(" \t\r\n") == std::string_view::npos; }

std::unexpected<fhir::Error> wrong(std::string code, std::string say) {
  return fhir::fail(Fault::invalid, std::move(code), "", std::move(say));
}

/// An element that stands in the body's first element, with what it holds.
struct Part {
  std::string name, text;
  std::size_t inner_begin = 0, inner_end = 0;  // of the elements in it; equal when there are none
};

/// Envelope / Body / the call or answer / its parts. What stands deeper belongs to the part around it.
class Reading final : public fhir::XmlHandler {
 public:
  explicit Reading(std::string_view text) : text_(text) {}

  SoapVersion version = SoapVersion::soap_1_1;
  std::string first, space;  // the first element of the body, and its namespace
  std::vector<Part> parts;

  bool has_body() const { return !first.empty(); }
  bool is_fault() const { return first == "Fault" && space == space_of(version); }

  Result<void> start(fhir::XmlName name, std::span<const fhir::XmlAttribute> attributes, std::size_t offset) override {
    ++depth_;
    if (depth_ == 1) return envelope(name);
    if (depth_ == 2) in_body_ = name.local == "Body" && name.space == space_of(version);
    if (depth_ == 2) in_header_ = name.local == "Header" && name.space == space_of(version);
    if (depth_ == 3 && in_header_) return header(attributes);
    if (!in_body_) return {};
    if (depth_ == 3) in_first_ = !has_body();
    if (depth_ == 3 && in_first_) {
      first = name.local;
      space = name.space;
    }
    if (depth_ == 4 && in_first_) parts.push_back({std::string(name.local), {}, 0, 0});
    if (depth_ == 5 && in_first_ && parts.back().inner_begin == 0) parts.back().inner_begin = offset;
    return {};
  }

  Result<void> end(fhir::XmlName, std::size_t after) override {
    if (depth_ == 5 && in_body_ && in_first_) parts.back().inner_end = after;
    --depth_;
    return {};
  }

  Result<void> text(std::string_view part, std::size_t) override {
    if (!in_body_ || !in_first_) return {};
    if (depth_ == 4) parts.back().text += part;
    if (depth_ >= 4 && (parts.back().name == "faultcode" || parts.back().name == "Code")) code_ += part;
    return {};
  }

  bool blames_us() const {  // SOAP 1.1: Client, 1.2: Sender
    return code_.contains("Client") || code_.contains("Sender");
  }

  std::string value_of(Part& part) const {
    if (part.inner_end <= part.inner_begin || !is_blank(part.text)) return std::move(part.text);
    return std::string(text_.substr(part.inner_begin, part.inner_end - part.inner_begin));
  }

 private:
  Result<void> envelope(fhir::XmlName name) {
    if (name.local != "Envelope" || (name.space != kSoap11 && name.space != kSoap12))
      return wrong("soap.envelope", "this is no SOAP envelope of version 1.1 or 1.2");
    version = name.space == kSoap11 ? SoapVersion::soap_1_1 : SoapVersion::soap_1_2;
    return {};
  }

  Result<void> header(std::span<const fhir::XmlAttribute> attributes) const {
    for (const auto& [name, value] : attributes) {
      if (name.local == "mustUnderstand" && name.space == space_of(version) && (value == "1" || value == "true"))
        return wrong("soap.must-understand", "a header says that it must be understood, and no header is known here");
    }
    return {};
  }

  std::string_view text_;
  int depth_ = 0;
  bool in_body_ = false, in_header_ = false, in_first_ = false;
  std::string code_;
};

void element(std::string& out, std::string_view name, std::string_view text) {
  ((out += '<') += name) += '>';
  fhir::append_xml_text(out, text);
  ((out += "</") += name) += '>';
}

std::string attribute(std::string_view name, std::string_view value) {
  std::string out = " ";
  (out += name) += "=\"";
  fhir::append_xml_attribute(out, value);
  return out += '"';
}

std::string envelope(SoapVersion version, std::string_view body) {
  std::string out(kDeclaration);
  out += "<soap:Envelope" + attribute("xmlns:soap", space_of(version)) + "><soap:Body>";
  return (out += body) += "</soap:Body></soap:Envelope>";
}

/// For the name of an element that somebody configured.
std::string wrapped(std::string_view name, std::string_view space, std::string_view prefix, std::string_view inner) {
  const std::string qualified = prefix.empty() ? std::string(name) : std::string(prefix) + ":" + std::string(name);
  const std::string declared = prefix.empty() ? "xmlns" : "xmlns:" + std::string(prefix);
  return "<" + qualified + attribute(declared, space) + ">" + std::string(inner) + "</" + qualified + ">";
}

std::string parts_in(std::string_view element_name, const std::vector<std::string_view>& parts, bool optional) {
  std::string out = "<xsd:element" + attribute("name", element_name) + "><xsd:complexType><xsd:sequence>";
  for (const std::string_view part : parts) {
    out +=
        "<xsd:element" + attribute("name", part) + " type=\"xsd:string\"" + (optional ? " minOccurs=\"0\"" : "") + "/>";
  }
  return out + "</xsd:sequence></xsd:complexType></xsd:element>\n";
}

std::string binding(const SoapContract& contract, std::string_view prefix, std::string_view name) {
  const std::string soap(prefix);
  std::string action(contract.space);
  if (!action.ends_with('/')) action += '/';
  return "<wsdl:binding" + attribute("name", name) + attribute("type", "tns:" + std::string(contract.method) + "Port") +
         "><" + soap +
         ":binding transport=\"http://schemas.xmlsoap.org/soap/http\" style=\"document\"/>\n<wsdl:operation" +
         attribute("name", contract.method) + "><" + soap + ":operation" +
         attribute("soapAction", action + std::string(contract.method)) + "/><wsdl:input><" + soap +
         ":body use=\"literal\"/></wsdl:input><wsdl:output><" + soap +
         ":body use=\"literal\"/></wsdl:output></wsdl:operation></wsdl:binding>\n";
}

std::string port(const SoapContract& contract, std::string_view prefix, std::string_view name) {
  return "<wsdl:port" + attribute("name", name) + attribute("binding", "tns:" + std::string(name)) + "><" +
         std::string(prefix) + ":address" + attribute("location", contract.address) + "/></wsdl:port>\n";
}

}  // namespace

const std::string* SoapCall::find(std::string_view parameter) const {
  const auto found = std::ranges::find(parameters, parameter, &std::pair<std::string, std::string>::first);
  return found == parameters.end() ? nullptr : &found->second;
}

Result<SoapCall> read_call(std::string utf8, const fhir::XmlLimits& limits) {
  const std::string text = xml::without_encoding(std::move(utf8));
  Reading reading(text);
  if (auto read = fhir::read_xml(text, limits, reading); !read) return fhir::pass(read);
  if (!reading.has_body() || reading.is_fault()) return wrong("soap.call", "the body of the envelope holds no call");
  SoapCall call{reading.version, reading.first, reading.space, {}};
  for (Part& part : reading.parts) {
    std::string value = reading.value_of(part);
    call.parameters.emplace_back(std::move(part.name), std::move(value));
  }
  return call;
}

std::string write_call(const SoapCall& call, SoapStyle style) {
  std::string inner;
  for (const auto& [name, value] : call.parameters) element(inner, name, value);
  return envelope(call.version, wrapped(call.method, call.space, style.qualified ? "" : "m", inner));
}

std::string write_answer(SoapVersion version, std::string_view method, std::string_view space, std::string_view name,
                         std::string_view answer) {
  std::string inner;
  element(inner, name, answer);
  return envelope(version, wrapped(std::string(method) + "Response", space, "", inner));
}

std::string write_fault(SoapVersion version, SoapBlame blame, std::string_view say) {
  const bool ours = blame == SoapBlame::receiver;
  std::string text;
  fhir::append_xml_text(text, say);
  if (version == SoapVersion::soap_1_1) {
    return envelope(version, std::string("<soap:Fault><faultcode>soap:") + (ours ? "Server" : "Client") +
                                 "</faultcode><faultstring>" + text + "</faultstring></soap:Fault>");
  }
  return envelope(version, std::string("<soap:Fault><soap:Code><soap:Value>soap:") + (ours ? "Receiver" : "Sender") +
                               "</soap:Value></soap:Code><soap:Reason><soap:Text xml:lang=\"en\">" + text +
                               "</soap:Text></soap:Reason></soap:Fault>");
}

Result<std::string> read_answer(std::string utf8, std::string_view name, const fhir::XmlLimits& limits) {
  const std::string text = xml::without_encoding(std::move(utf8));
  Reading reading(text);
  if (auto read = fhir::read_xml(text, limits, reading); !read) return fhir::pass(read);
  if (reading.is_fault()) {
    const bool ours = reading.blames_us();
    return fhir::fail(ours ? Fault::invalid : Fault::unavailable, "soap.fault", "",
                      ours ? "the service says that the call is wrong" : "the service says that it failed");
  }
  const auto named = std::ranges::find(reading.parts, name, &Part::name);
  if (named != reading.parts.end()) return reading.value_of(*named);
  if (!reading.parts.empty()) return reading.value_of(reading.parts.front());
  return wrong("soap.answer", "the answer holds nothing");
}

std::string_view content_type(SoapVersion version) {
  return version == SoapVersion::soap_1_1 ? "text/xml; charset=utf-8" : "application/soap+xml; charset=utf-8";
}

std::string write_wsdl(const SoapContract& contract) {
  const std::string method(contract.method);
  std::string out(kDeclaration);
  out += "<wsdl:definitions" + attribute("name", method) + attribute("targetNamespace", contract.space) +
         attribute("xmlns:tns", contract.space) +
         " xmlns:wsdl=\"http://schemas.xmlsoap.org/wsdl/\" xmlns:xsd=\"http://www.w3.org/2001/XMLSchema\""
         " xmlns:soap=\"http://schemas.xmlsoap.org/wsdl/soap/\" "
         "xmlns:soap12=\"http://schemas.xmlsoap.org/wsdl/soap12/\">\n";
  out += "<wsdl:types><xsd:schema" + attribute("targetNamespace", contract.space) +
         " elementFormDefault=\"qualified\">\n" + parts_in(method, contract.parameters, true) +
         parts_in(method + "Response", {contract.result}, false) + "</xsd:schema></wsdl:types>\n";
  for (const std::string& message : {method, method + "Response"}) {
    out += "<wsdl:message" + attribute("name", message) + "><wsdl:part name=\"parameters\"" +
           attribute("element", "tns:" + message) + "/></wsdl:message>\n";
  }
  out += "<wsdl:portType" + attribute("name", method + "Port") + "><wsdl:operation" + attribute("name", method) +
         "><wsdl:input" + attribute("message", "tns:" + method) + "/><wsdl:output" +
         attribute("message", "tns:" + method + "Response") + "/></wsdl:operation></wsdl:portType>\n";
  out += binding(contract, "soap", method + "Soap") + binding(contract, "soap12", method + "Soap12");
  out += "<wsdl:service" + attribute("name", method + "Service") + ">" + port(contract, "soap", method + "Soap") +
         port(contract, "soap12", method + "Soap12") + "</wsdl:service>\n</wsdl:definitions>\n";
  return out;
}

}  // namespace adapters::http
