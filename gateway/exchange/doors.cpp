#include "gateway/exchange/doors.h"

#include <fmt/format.h>

#include "adapters/charset.h"
#include "gateway/exchange/readers.h"
#include "gateway/exchange/retry.h"
#include "gateway/observe/failpoint.h"

namespace gateway::exchange {
namespace {

namespace hl7 = adapters::hl7v2;

const config::Door* find_door(const config::Config& config, std::string_view name) {
  for (const auto& door : config.doors) {
    if (door.name == name) return &door;
  }
  return nullptr;
}

// An answer quotes MSH: read in the door's charset, or a trail byte could pass for a delimiter.
adapters::Charset charset_of(const config::Door& door) {
  return adapters::charset_named(door.charset).value_or(adapters::Charset::utf8);
}

hl7::Verdict verdict_of(const fhir::Error& error) {
  return row(error.fault).original == "AE" ? hl7::Verdict::content_error : hl7::Verdict::not_now;
}

net::HttpResponse json_response(int status, std::string body) {
  return {
      status, {{"content-type", "application/json; charset=utf-8"}, {"cache-control", "no-store"}}, std::move(body)};
}

net::HttpResponse vendor_refusal(const fhir::Error& error, std::string_view id,
                                 std::chrono::seconds retry_after = std::chrono::seconds{30}) {
  const std::string say = error.where.empty() ? error.say : error.where + ": " + error.say;
  auto response = json_response(row(error.fault).http, vendor_answer(error.code, say, id, ""));
  if (response.status == 503) response.headers.emplace_back("retry-after", std::to_string(retry_after.count()));
  return response;
}

}  // namespace

void MllpDoor::handle(net::MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;  // the door was taken out of the configuration: the connection closes
  const hl7::Header header = hl7::read_header(request.bytes, charset_of(*door));
  auto done = [this, config, door, header, reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated) return reply(split_frames(judged.answer));
    const fhir::Error error =
        judged.error.value_or(fhir::Error{fhir::Fault::broken, "intake.no-reason", "", "the message was not accepted"});
    reply(hl7_answer(world_, *config, *door, header, verdict_of(error), {hl7::to_problem(error)}));
  };
  // While the gate is shut the sender waits, and nothing more of its connection is read.
  const Millis until = world_.clock.now() + config->pressure.patience.count();
  const std::size_t bytes = request.bytes.size();
  world_.gate->wait(bytes, until,
                    [this, config, door, bytes = std::move(request.bytes),
                     done = std::move(done)](std::optional<fhir::Error> refused) mutable {
                      if (!refused) return intake_.take(arrival_at(config, *door, std::move(bytes)), std::move(done));
                      Judgement judgement;
                      judgement.error = std::move(refused);
                      done(std::move(judgement));
                    });
}

void MllpDoor::broken(net::MllpRequest partial, fhir::Error why,
                      std::move_only_function<void(std::vector<std::string>)> reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;
  const hl7::Header header = hl7::read_header(partial.bytes, charset_of(*door));
  auto answers = hl7_answer(world_, *config, *door, header, hl7::Verdict::content_error, {hl7::to_problem(why)});
  intake_.keep_broken(
      arrival_at(config, *door, std::move(partial.bytes)), std::move(why),
      [answers = std::move(answers), reply = std::move(reply)](Judgement) mutable { reply(std::move(answers)); });
}

void HttpDoor::handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr || request.target != door->path) {
    return reply(vendor_refusal({fhir::Fault::not_found, "door.unknown", "", "nothing is served at this path"}, ""));
  }
  if (request.method != "POST") {
    auto response = vendor_refusal({fhir::Fault::unsupported, "door.method", "", "only POST is taken here"}, "");
    response.status = 405;
    response.headers.emplace_back("allow", "POST");
    return reply(std::move(response));
  }
  if (request.body.size() > door->limit) {
    return reply(vendor_refusal(
        {fhir::Fault::too_large, "door.too-large", "", fmt::format("a message may have at most {} bytes", door->limit)},
        ""));
  }
  auto done = [retry_after = config->pressure.retry_after, reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated) return reply(json_response(200, judged.answer));
    reply(vendor_refusal(
        judged.error.value_or(fhir::Error{fhir::Fault::broken, "intake.no-reason", "", "the message was not accepted"}),
        judged.control_id, retry_after));
  };
  intake_.take(arrival_at(config, *door, std::move(request.body)), std::move(done));
}

}  // namespace gateway::exchange
