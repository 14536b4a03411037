#include "gateway/exchange/service.h"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "adapters/http/json_source.h"
#include "adapters/http/soap.h"
#include "adapters/xml/xml_source.h"
#include "fhir/json.h"
#include "gateway/exchange/readers.h"
#include "gateway/observe/failpoint.h"

namespace gateway::exchange {
namespace {

namespace hl7 = adapters::hl7v2;
namespace soap = adapters::http;
using adapters::http::SoapBlame;
using adapters::http::SoapVersion;
using fhir::Error;
using fhir::Fault;
using fhir::Result;

const config::Door* find_door(const config::Config& config, std::string_view name) {
  const auto found = std::ranges::find(config.doors, name, &config::Door::name);
  return found == config.doors.end() || !found->service ? nullptr : &*found;
}

net::HttpResponse soap_response(SoapVersion version, int status, std::string body) {
  return {status,
          {{"content-type", std::string(soap::content_type(version))}, {"cache-control", "no-store"}},
          std::move(body)};
}

// SOAP 1.1 knows 500 alone for a fault; 1.2 tells the caller's fault by 400.
net::HttpResponse fault_response(SoapVersion version, SoapBlame blame, std::string_view say) {
  const int status = blame == SoapBlame::sender && version == SoapVersion::soap_1_2 ? 400 : 500;
  return soap_response(version, status, soap::write_fault(version, blame, say));
}

adapters::Charset charset_of(std::string_view name) {
  return adapters::charset_named(name).value_or(adapters::Charset::utf8);
}

// ---- the description ----------------------------------------------------------------------------------------------

/// As the caller reaches us, when it says so in a form that can stand in an address.
std::string host_of(const net::HttpRequest& request, const config::Door& door) {
  const std::string_view told = net::header(request.headers, "host");
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == ':' || c == '[' || c == ']';
  };
  if (!told.empty() && told.size() < 256 && std::ranges::all_of(told, fits)) return std::string(told);
  return fmt::format("{}:{}", door.listen.host, door.listen.port);
}

net::HttpResponse describe(const net::HttpRequest& request, const config::Door& door) {
  const config::WebService& service = *door.service;
  const std::string address = fmt::format("{}://{}{}", door.tls ? "https" : "http", host_of(request, door), door.path);
  const std::string result = service.result_element();
  soap::SoapContract contract{service.method, service.space, address, {}, result};
  if (!service.action.empty()) contract.parameters.push_back(service.action);
  contract.parameters.push_back(service.payload);
  return soap_response(SoapVersion::soap_1_1, 200, soap::write_wsdl(contract));
}

bool asks_for_description(std::string_view query) {
  std::string lower(query.substr(0, 16));
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return lower == "wsdl" || lower == "singlewsdl";
}

// ---- answers ------------------------------------------------------------------------------------------------------

std::string in_json(std::string_view text) {
  const std::string quoted = fhir::JsonTree::object({{"t", text}}).dump();
  return quoted.substr(6, quoted.size() - 8);  // {"t":"..."}
}

std::string in_xml(std::string_view text) {
  std::string out;
  fhir::append_xml_attribute(out, text);
  return out;
}

/// The platform's own form, with its places filled in.
std::string filled(std::string_view form, std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  const bool xml = form.starts_with('<'), json = form.starts_with('{') || form.starts_with('[');
  std::string out;
  while (!form.empty()) {
    const auto at = std::ranges::find_if(values, [&](const auto& value) { return form.starts_with(value.first); });
    if (at == values.end()) {
      out += form.front();
      form.remove_prefix(1);
      continue;
    }
    out += xml ? in_xml(at->second) : json ? in_json(at->second) : std::string(at->second);
    form.remove_prefix(at->first.size());
  }
  return out;
}

// ---- what a system says ---------------------------------------------------------------------------------------------

std::string first_text(const adapters::Source& source, const adapters::Dialect& dialect, std::string_view path) {
  const auto bound = dialect.bind(path, nullptr);
  if (!bound) return {};
  const auto spots = source.find(**bound, source.root());
  return spots.empty() ? std::string() : source.text(spots.front());
}

/// Without a byte order mark and the blanks around.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\n", kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view()
                                         : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// The code in a JSON or XML answer; an answer that is neither is the code itself, when it looks like one.
std::string code_in(std::string_view whole, std::string_view path) {
  constexpr std::size_t kLongestCode = 40;
  const std::string answer(trimmed(whole));
  if (answer.starts_with('<')) {
    const auto source = adapters::xml::make_source(answer);
    return source ? first_text(**source, *adapters::xml::make_dialect(), path) : std::string();
  }
  auto json = fhir::Json::parse(answer);
  if (!json || !json->root().is_object()) {
    const bool is_code = answer.size() <= kLongestCode && answer.find_first_of(" \t\r\n<{[") == std::string::npos;
    return is_code ? answer : std::string();
  }
  return first_text(*soap::make_source(*std::move(json)), *soap::make_dialect(), path);
}

ServiceVerdict by_acknowledgement(const config::System& system, const store::Delivery& delivery, std::string answer) {
  const auto message = hl7::Message::parse(std::move(answer));
  const auto ack = message ? hl7::read_acknowledgement(*message) : std::unexpected(message.error());
  if (!ack) return {Next::again, "the answer is no acknowledgement: " + ack.error().say};
  if (ack->control_id != delivery.control_id) return {Next::again, "the acknowledgement names another message (MSA-2)"};
  const Next next = after_msa(ack->code, system.retry_on);
  return {next, next == Next::done ? "" : "acknowledged " + ack->code};
}

ServiceVerdict by_code(const config::WebService& service, const std::string& answer) {
  if (service.code.empty()) return {Next::done, ""};
  const std::string code = code_in(answer, service.code);
  const auto is_in = [&](const std::vector<std::string>& codes) {
    return std::ranges::find(codes, code) != codes.end();
  };
  if (is_in(service.accepted)) return {Next::done, ""};
  if (code.empty()) return {Next::again, "the answer has no code where `code` says"};
  return {is_in(service.again) ? Next::again : Next::give_up, fmt::format("answered with code {:.40}", code)};
}

}  // namespace

// ---- the door -------------------------------------------------------------------------------------------------------

Result<ServiceCall> read_service_call(const config::Door& door, std::string text) {
  const config::WebService& service = *door.service;
  auto call = soap::read_call(std::move(text), {door.limit, 100});
  if (!call) return fhir::pass(call);
  if (call->method != service.method)
    return fhir::fail(Fault::invalid, "soap.method", "", fmt::format("the one method here is {}", service.method));
  const std::string* record = call->find(service.payload);
  const std::string* kind = service.action.empty() ? nullptr : call->find(service.action);
  if (record == nullptr || (kind == nullptr && !service.action.empty()))
    return fhir::fail(
        Fault::invalid, "soap.parameter", "",
        fmt::format("the call has no parameter {}", record == nullptr ? service.payload : service.action));
  return ServiceCall{kind == nullptr ? "" : *kind, *record};
}

std::string platform_answer(const config::Door& door, std::string_view code, std::string_view say, std::string_view id,
                            std::string_view reference) {
  const bool success = code == "0";
  std::string_view form = door.service ? std::string_view(door.service->answer) : std::string_view();
  if (form.empty() && door.format != config::Format::xml) return vendor_answer(code, say, id, reference);
  if (form.empty()) form = "<Response><code>{code}</code><msg>{desc}</msg><msgId>{id}</msgId></Response>";
  return filled(form, {{"{code}", success && door.service ? std::string_view(door.service->success) : code},
                       {"{desc}", say},
                       {"{id}", id},
                       {"{reference}", reference}});
}

namespace {

/// ER7 is answered in ER7, unless the platform has a form of its own.
std::string refusal(const World& world, const config::Config& config, const config::Door& door, const Judgement& judged,
                    const Error& error) {
  if (door.format == config::Format::hl7v2 && door.service->answer.empty()) {
    const auto frames = hl7_answer(world, config, door, hl7::read_header(judged.text), hl7::Verdict::content_error,
                                   {hl7::to_problem(error)});
    return frames.empty() ? std::string() : adapters::decode(frames.front(), charset_of(door.charset)).value_or("");
  }
  const std::string say = error.where.empty() ? error.say : error.where + ": " + error.say;
  return platform_answer(door, error.code, say, judged.control_id, "");
}

}  // namespace

void ServiceDoor::handle(net::HttpRequest request, Reply reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  const std::string_view target = request.target;
  const std::string_view path = target.substr(0, target.find('?'));
  if (door == nullptr || path != door->path)
    return reply({404, {{"content-type", "text/plain"}}, "nothing is served at this path\n"});
  const std::string_view query = path.size() < target.size() ? target.substr(path.size() + 1) : std::string_view();
  if (request.method == "GET" && asks_for_description(query)) return reply(describe(request, *door));
  if (request.method != "POST")
    return reply(
        {405, {{"allow", "GET, POST"}, {"content-type", "text/plain"}}, "POST calls it, GET ?wsdl describes it\n"});
  if (request.body.size() > door->limit)
    return reply(fault_response(SoapVersion::soap_1_1, SoapBlame::sender,
                                fmt::format("a call may have at most {} bytes", door->limit)));
  call(config, *door, std::move(request.body), std::move(reply));
}

// What the caller is told needs the version of its envelope; what becomes of the record does not.
void ServiceDoor::call(std::shared_ptr<const config::Config> config, const config::Door& door, std::string body,
                       Reply reply) {
  const bool newer = body.substr(0, 4096).contains("http://www.w3.org/2003/05/soap-envelope");
  const SoapVersion version = newer ? SoapVersion::soap_1_2 : SoapVersion::soap_1_1;
  auto done = [this, version, config, &door, reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    const auto& service = *door.service;
    const auto answer = [&](std::string_view text) {
      return soap_response(version, 200,
                           soap::write_answer(version, service.method, service.space, service.result_element(), text));
    };
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated) return reply(answer(judged.answer));
    const Error error =
        judged.error.value_or(Error{Fault::broken, "intake.no-reason", "", "the record was not accepted"});
    const std::string say = error.where.empty() ? error.say : error.where + ": " + error.say;
    if (judged.fate == Fate::not_now) {
      auto busy = fault_response(version, SoapBlame::receiver, say);
      busy.status = 503;
      busy.headers.emplace_back("retry-after", std::to_string(config->pressure.retry_after.count()));
      return reply(std::move(busy));
    }
    if (judged.text.empty()) return reply(fault_response(version, SoapBlame::sender, say));  // no call, or no text
    reply(answer(refusal(world_, *config, door, judged, error)));
  };
  intake_.take(arrival_at(std::move(config), door, std::move(body)), std::move(done));
}

// ---- the system -----------------------------------------------------------------------------------------------------

namespace {

/// ER7 lies in the system's charset, everything else in UTF-8.
std::string text_of(const config::System& system, const store::Delivery& delivery) {
  if (system.format != config::Format::hl7v2) return delivery.bytes;
  return adapters::decode(delivery.bytes, charset_of(system.charset)).value_or(delivery.bytes);
}

/// The envelope in the system's charset; what that cannot say goes in UTF-8, as declared.
std::string in_charset(std::string envelope, adapters::Charset charset) {
  if (charset == adapters::Charset::utf8) return envelope;
  std::string declared = envelope;
  declared.replace(declared.find("UTF-8"), 5, adapters::to_string(charset));
  auto bytes = adapters::encode(declared, charset);
  return bytes ? *std::move(bytes) : envelope;
}

}  // namespace

net::HttpRequest service_request(const config::System& system, const store::Delivery& delivery) {
  const config::WebService& service = *system.service;
  const SoapVersion version = service.newer ? SoapVersion::soap_1_2 : SoapVersion::soap_1_1;
  soap::SoapCall call{version, service.method, service.space, {}};
  if (!service.action.empty())
    call.parameters.emplace_back(service.action, filled(service.say, {{"{event}", delivery.event}}));
  call.parameters.emplace_back(service.payload, text_of(system, delivery));
  std::string action = service.soap_action;
  if (action.empty()) action = service.space + (service.space.ends_with('/') ? "" : "/") + service.method;
  net::HttpRequest request;
  request.method = "POST";
  request.target = system.path;
  request.body = in_charset(soap::write_call(call, {service.qualified}), charset_of(system.charset));
  std::string type(soap::content_type(version));
  const bool utf8 = request.body.substr(0, 60).contains("UTF-8");
  if (!utf8) type.replace(type.find("utf-8"), 5, adapters::to_string(charset_of(system.charset)));
  request.headers = {
      {"content-type", type}, {"x-request-id", delivery.request_id}, {"x-correlation-id", delivery.correlation}};
  if (version == SoapVersion::soap_1_1) request.headers.emplace_back("soapaction", "\"" + action + "\"");
  return request;
}

ServiceVerdict read_service_answer(const config::System& system, const store::Delivery& delivery,
                                   const net::HttpResponse& response) {
  const config::WebService& service = *system.service;
  auto text = adapters::decode(response.body, charset_of(system.charset));
  auto answer = text ? soap::read_answer(*std::move(text), service.result_element()) : std::move(text);
  if (!answer && answer.error().code == "soap.fault") {
    const Next next = answer.error().fault == Fault::invalid ? Next::give_up : Next::again;
    return {next, answer.error().say};
  }
  if (response.status / 100 != 2) return {after_http(response.status, ""), fmt::format("HTTP {}", response.status)};
  if (!answer) return {Next::again, "the answer is none of a WebService: " + answer.error().say};
  if (system.format == config::Format::hl7v2) return by_acknowledgement(system, delivery, *std::move(answer));
  return by_code(service, *answer);
}

}  // namespace gateway::exchange
