#include "gateway/exchange/doors.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <mutex>

#include "adapters/charset.h"
#include "adapters/hl7v2/batch.h"
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

/// A batch whose messages are on their way through the intake: the last of them to be answered sends the answer.
class OpenBatch {
 public:
  using Done = std::move_only_function<void(const std::vector<std::string>&)>;

  explicit OpenBatch(std::string bytes) : bytes_(std::move(bytes)) {}

  const std::string& bytes() const { return bytes_; }
  const hl7::Batch& batch() const { return batch_; }

  fhir::Result<std::vector<hl7::JoinedMessage>> split() {
    auto batch = hl7::split_batch(bytes_);
    if (!batch) return std::unexpected(std::move(batch).error());
    batch_ = *std::move(batch);
    std::vector<std::string_view> messages;
    for (const auto& message : batch_.messages) messages.push_back(message.bytes);
    return hl7::join_continued(messages);
  }

  void expect(std::size_t messages, Done done) {
    answers_.resize(messages);
    open_ = messages;
    done_ = std::move(done);
  }

  /// From any thread, once for each message.
  void answered(std::size_t n, std::vector<std::string> frames) {
    std::vector<std::string> all;
    {
      const std::scoped_lock lock(mutex_);
      answers_[n] = std::move(frames);
      if (--open_ > 0) return;
      for (auto& answers : answers_) std::ranges::move(answers, std::back_inserter(all));
    }
    done_(all);
  }

 private:
  const std::string bytes_;
  hl7::Batch batch_;  // views into bytes_
  std::mutex mutex_;
  std::vector<std::vector<std::string>> answers_;
  std::size_t open_ = 0;
  Done done_;
};

}  // namespace

void MllpDoor::handle(net::MllpRequest request, Reply reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;  // the door was taken out of the configuration: the connection closes
  if (hl7::is_batch(request.bytes)) return take_batch(config, *door, std::move(request.bytes), std::move(reply));
  take_one(config, *door, std::move(request.bytes), std::move(reply));
}

void MllpDoor::take_one(const Configuration& config, const config::Door& door, std::string bytes, Reply reply) {
  const hl7::Header header = hl7::read_header(bytes, charset_of(door));
  auto done = [this, config, &door, header, reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated) return reply(split_frames(judged.answer));
    const fhir::Error error =
        judged.error.value_or(fhir::Error{fhir::Fault::broken, "intake.no-reason", "", "the message was not accepted"});
    reply(hl7_answer(world_, *config, door, header, verdict_of(error), {hl7::to_problem(error)}));
  };
  // While the gate is shut the sender waits, and nothing more of its connection is read.
  const Millis until = world_.clock.now() + config->pressure.patience.count();
  const std::size_t size = bytes.size();
  world_.gate->wait(size, until,
                    [this, config, &door, bytes = std::move(bytes),
                     done = std::move(done)](std::optional<fhir::Error> refused) mutable {
                      if (!refused) return intake_.take(arrival_at(config, door, std::move(bytes)), std::move(done));
                      Judgement judgement;
                      judgement.error = std::move(refused);
                      done(std::move(judgement));
                    });
}

void MllpDoor::take_batch(const Configuration& config, const config::Door& door, std::string bytes, Reply reply) {
  auto state = std::make_shared<OpenBatch>(std::move(bytes));
  auto messages = state->split();
  if (!messages) {
    const hl7::Header header = hl7::batch_header(state->bytes(), charset_of(door));
    return keep_broken(config, door, state->bytes(), header, std::move(messages).error(), std::move(reply));
  }
  state->expect(messages->size(), [this, config, &door, state = state.get(),
                                   reply = std::move(reply)](const std::vector<std::string>& acknowledgements) mutable {
    if (acknowledgements.empty()) return reply({});  // nobody wants to hear
    const hl7::Stamp stamp{world_.entropy.uuid().substr(0, 18), hl7_time(world_.clock.now(), config->zone)};
    reply({hl7::write_batch_answer(state->batch(), charset_of(door), acknowledgements, stamp)});
  });
  for (std::size_t n = 0; n < messages->size(); ++n) {
    take_one(config, door, std::move((*messages)[n].bytes),
             [state, n](std::vector<std::string> frames) { state->answered(n, std::move(frames)); });
  }
}

void MllpDoor::keep_broken(const Configuration& config, const config::Door& door, std::string bytes,
                           const hl7::Header& header, fhir::Error why, Reply reply) {
  auto answers = hl7_answer(world_, *config, door, header, hl7::Verdict::content_error, {hl7::to_problem(why)});
  intake_.keep_broken(
      arrival_at(config, door, std::move(bytes)), std::move(why),
      [answers = std::move(answers), reply = std::move(reply)](Judgement) mutable { reply(std::move(answers)); });
}

void MllpDoor::broken(net::MllpRequest partial, fhir::Error why, Reply reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;
  const hl7::Header header = hl7::read_header(partial.bytes, charset_of(*door));
  keep_broken(config, *door, std::move(partial.bytes), header, std::move(why), std::move(reply));
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
