#include "gateway/exchange/doors.h"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <iterator>
#include <mutex>

#include "adapters/charset.h"
#include "adapters/hl7v2/batch.h"
#include "adapters/hl7v2/mllp.h"
#include "gateway/exchange/readers.h"
#include "gateway/exchange/retry.h"
#include "gateway/exchange/service.h"
#include "gateway/observe/failpoint.h"
#include "gateway/observe/log.h"

namespace gateway::exchange {
namespace {

namespace hl7 = adapters::hl7v2;

constexpr std::size_t kMostInBatch = 10'000;  // messages of one frame
constexpr std::size_t kAtOnce = 64;           // of a batch on their way through the intake

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

net::HttpResponse platform_response(const config::Door& door, int status, std::string body) {
  auto response = json_response(status, std::move(body));
  if (door.format == config::Format::xml) response.headers[0].second = "application/xml; charset=utf-8";
  return response;
}

net::HttpResponse vendor_refusal(const config::Door& door, const fhir::Error& error, std::string_view id,
                                 std::chrono::seconds retry_after = std::chrono::seconds{30}) {
  const std::string say = error.where.empty() ? error.say : error.where + ": " + error.say;
  auto response = platform_response(door, row(error.fault).http, platform_answer(door, error.code, say, id, ""));
  if (response.status == 503) response.headers.emplace_back("retry-after", std::to_string(retry_after.count()));
  return response;
}

using Frames = std::move_only_function<void(std::vector<std::string>)>;

/// What the transport of this door says of what was kept and of what was not.
std::move_only_function<void(std::vector<std::string>, bool)> by_release(const config::Door& door, Frames reply) {
  const bool says_it = door.release == net::MllpRelease::two;
  return [says_it, reply = std::move(reply)](std::vector<std::string> frames, bool kept) mutable {
    if (says_it && !kept) frames.clear();
    if (says_it) frames.emplace(frames.begin(), kept ? hl7::kStored : hl7::kNotStored);
    reply(std::move(frames));
  };
}

}  // namespace

/// A batch whose messages are on their way through the intake: the last of them to be answered sends the answer.
class MllpDoor::OpenBatch {
 public:
  using Done = std::move_only_function<void(const std::vector<std::string>&, bool kept)>;

  explicit OpenBatch(std::string bytes) : bytes_(std::move(bytes)) {}

  const std::string& bytes() const { return bytes_; }
  const hl7::Batch& batch() const { return batch_; }
  std::vector<hl7::JoinedMessage>& messages() { return messages_; }

  fhir::Result<void> split(adapters::Charset charset) {
    auto batch = hl7::split_batch(bytes_, {.most = kMostInBatch});
    if (!batch) return fhir::pass(batch);
    batch_ = *std::move(batch);
    messages_ = hl7::join_continued(batch_, charset);
    return {};
  }

  void expect(std::size_t answers, Done done) {
    answers_.resize(answers);
    open_ = answers;
    done_ = std::move(done);
  }

  /// Waits until one more may be under way.
  void begin() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return under_way_ < kAtOnce; });
    ++under_way_;
  }

  /// From any thread, once for each that was begun.
  void answered(std::size_t n, std::vector<std::string> frames, bool kept) {
    std::vector<std::string> all;
    {
      const std::scoped_lock lock(mutex_);
      answers_[n] = std::move(frames);
      kept_ = kept_ || kept;
      --under_way_;
      room_.notify_one();
      if (--open_ > 0) return;
      for (auto& answers : answers_) std::ranges::move(answers, std::back_inserter(all));
    }
    done_(all, kept_);
  }

 private:
  const std::string bytes_;
  hl7::Batch batch_;  // views into bytes_
  std::vector<hl7::JoinedMessage> messages_;
  std::mutex mutex_;  // of the five below
  std::condition_variable room_;
  std::vector<std::vector<std::string>> answers_;
  std::size_t open_ = 0, under_way_ = 0;
  bool kept_ = false;  // any of them: the others are refused one by one
  Done done_;
};

void MllpDoor::stop() {
  const std::scoped_lock lock(mutex_);
  stopped_ = true;
  if (batches_) batches_->stop();
}

void MllpDoor::handle(net::MllpRequest request, Frames frames) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;  // the door was taken out of the configuration: the connection closes
  Reply reply = by_release(*door, std::move(frames));
  if (hl7::is_batch(request.bytes)) return take_batch(config, *door, std::move(request.bytes), std::move(reply));
  const hl7::Header header = hl7::read_header(request.bytes, charset_of(*door));
  const Part part{*door, header, hl7::continuation(request.bytes, charset_of(*door)), request.bytes};
  if (part.place.divided()) return take_part(config, part, std::move(reply));
  take_one(config, *door, arrival_at(config, *door, std::move(request.bytes)), header, patience(*config),
           std::move(reply));
}

// The last part is answered for the whole; the answer names the part, for that is what its sender waits for.
void MllpDoor::take_part(const Configuration& config, const Part& part, Reply reply) {
  auto before = parts_before(world_, part);
  if (!before)
    return keep_broken(config, part.door, part.bytes, part.header, std::move(before).error(), std::move(reply));
  if (!part.place.by.empty()) return keep_part(config, part, std::move(reply));
  auto named = [id = part.header.control_id, charset = charset_of(part.door), reply = std::move(reply)](
                   std::vector<std::string> frames, bool kept) mutable {
    for (std::string& frame : frames) frame = hl7::naming(std::move(frame), id, charset);
    reply(std::move(frames), kept);
  };
  take_one(config, part.door, join(config, part, *before), part.header, patience(*config), std::move(named));
}

// Not the last: accepted as far as it goes (CA, or AA where the sender knows nothing else), the verdict is the whole's.
void MllpDoor::keep_part(const Configuration& config, const Part& part, Reply reply) {
  const bool asked = !part.header.accept_ack.empty() || !part.header.application_ack.empty();
  config::Door answering = part.door;
  if (answering.ack == config::AckMode::enhanced || (answering.ack == config::AckMode::automatic && asked))
    answering.ack = config::AckMode::commit;
  auto answers = hl7_answer(world_, *config, answering, part.header, hl7::Verdict::accepted, {});
  if (is_here(world_, part)) return reply(std::move(answers), true);
  auto refusal = [this, config, &door = part.door, header = part.header](const fhir::Error& why) {
    return hl7_answer(world_, *config, door, header, verdict_of(why), {hl7::to_problem(why)});
  };
  Arrival arrival = arrival_at(config, part.door, part.bytes);
  arrival.business_ids = {part_key(part, part.place.by)};
  intake_.keep_broken(
      std::move(arrival), part_waits(),
      [answers = std::move(answers), refusal = std::move(refusal), reply = std::move(reply)](Judgement judged) mutable {
        const bool kept = judged.fate != Fate::not_now;
        reply(kept ? std::move(answers) : refusal(*judged.error), kept);
      });
}

void MllpDoor::take_one(const Configuration& config, const config::Door& door, Arrival arrival,
                        const hl7::Header& header, Millis until, Reply reply) {
  auto done = [this, config, &door, header, reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated) return reply(split_frames(judged.answer), true);
    const fhir::Error error =
        judged.error.value_or(fhir::Error{fhir::Fault::broken, "intake.no-reason", "", "the message was not accepted"});
    reply(hl7_answer(world_, *config, door, header, verdict_of(error), {hl7::to_problem(error)}),
          judged.fate != Fate::not_now);
  };
  // While the gate is shut the sender waits, and nothing more of its connection is read. A batch waits once, not once
  // for each of its messages.
  if (world_.clock.now() >= until) return intake_.take(std::move(arrival), std::move(done));
  const std::size_t size = arrival.raw.size();
  world_.gate->wait(
      size, until,
      [this, arrival = std::move(arrival), done = std::move(done)](std::optional<fhir::Error> refused) mutable {
        if (!refused) return intake_.take(std::move(arrival), std::move(done));
        Judgement judgement;
        judgement.error = std::move(refused);
        done(std::move(judgement));
      });
}

void MllpDoor::take_batch(const Configuration& config, const config::Door& door, std::string bytes, Reply reply) {
  auto batch = std::make_shared<OpenBatch>(std::move(bytes));
  if (auto split = batch->split(charset_of(door)); !split) {
    const hl7::Header header = hl7::batch_header(batch->bytes(), charset_of(door));
    return keep_broken(config, door, batch->bytes(), header, std::move(split).error(), std::move(reply));
  }
  const std::size_t answers = batch->messages().size() + (batch->batch().faults.empty() ? 0 : 1);
  batch->expect(answers, [this, config, &door, batch = batch.get(), reply = std::move(reply)](
                             const std::vector<std::string>& acknowledgements, bool kept) mutable {
    if (acknowledgements.empty()) return reply({}, kept);  // nobody wants to hear
    const hl7::Stamp stamp{world_.entropy.uuid().substr(0, 18), hl7_time(world_.clock.now(), config->zone)};
    reply({hl7::write_batch_answer(batch->batch(), charset_of(door), acknowledgements, stamp)}, kept);
  });
  const std::scoped_lock lock(mutex_);
  if (stopped_) return;
  if (!batches_) batches_ = std::make_unique<operate::Worker>();
  batches_->post([this, config, &door, batch] { take_each(config, door, batch); });
}

// On the door's own thread.
void MllpDoor::take_each(const Configuration& config, const config::Door& door,
                         const std::shared_ptr<OpenBatch>& batch) {
  const Millis until = patience(*config);
  for (std::size_t n = 0; n < batch->messages().size(); ++n) {
    if (batches_->stopping()) return;
    batch->begin();
    hl7::JoinedMessage& message = batch->messages()[n];
    const hl7::Header header = hl7::read_header(message.bytes, charset_of(door));
    Reply reply = [batch, n](std::vector<std::string> frames, bool kept) {
      batch->answered(n, std::move(frames), kept);
    };
    if (message.fault)
      keep_broken(config, door, std::move(message.bytes), header, *std::move(message.fault), std::move(reply));
    else
      take_one(config, door, arrival_at(config, door, std::move(message.bytes)), header, until, std::move(reply));
  }
  if (!batch->batch().faults.empty()) keep_envelope(config, door, batch);
}

// BTS-2 tells the sender, and hardly a sender reads it: messages may be missing, so somebody here must know.
void MllpDoor::keep_envelope(const Configuration& config, const config::Door& door,
                             const std::shared_ptr<OpenBatch>& batch) {
  const hl7::Batch& split = batch->batch();
  observe::log(observe::Level::warning, "door.batch-damaged",
               {{"door", door.label()},
                {"messages", std::to_string(batch->messages().size())},
                {"faults", std::to_string(split.faults.size() + split.unlisted)}});
  batch->begin();
  intake_.keep_broken(arrival_at(config, door, hl7::envelope_of(batch->bytes())),
                      hl7::envelope_fault(split.faults, split.unlisted),
                      [batch, n = batch->messages().size()](const Judgement&) { batch->answered(n, {}, false); });
}

void MllpDoor::keep_broken(const Configuration& config, const config::Door& door, std::string bytes,
                           const hl7::Header& header, fhir::Error why, Reply reply) {
  auto answers = hl7_answer(world_, *config, door, header, verdict_of(why), {hl7::to_problem(why)});
  intake_.keep_broken(arrival_at(config, door, std::move(bytes)), std::move(why),
                      [answers = std::move(answers), reply = std::move(reply)](Judgement judged) mutable {
                        reply(std::move(answers), judged.fate != Fate::not_now);
                      });
}

void MllpDoor::broken(net::MllpRequest partial, fhir::Error why, Frames frames) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr) return;
  const hl7::Header header = hl7::read_header(partial.bytes, charset_of(*door));
  // In release 2 a sender that hears "stored" does not send it again; and the whole of it is not here.
  Reply reply = by_release(*door, std::move(frames));
  const bool whole = door->release == net::MllpRelease::one;
  keep_broken(config, *door, std::move(partial.bytes), header, std::move(why),
              [whole, reply = std::move(reply)](std::vector<std::string> answers, bool kept) mutable {
                reply(std::move(answers), kept && whole);
              });
}

void HttpDoor::handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) {
  const auto config = world_.config();
  const config::Door* door = find_door(*config, name_);
  if (door == nullptr || request.target != door->path) {
    return reply(json_response(404, vendor_answer("door.unknown", "nothing is served at this path", "", "")));
  }
  if (request.method != "POST") {
    auto response = vendor_refusal(*door, {fhir::Fault::unsupported, "door.method", "", "only POST is taken here"}, "");
    response.status = 405;
    response.headers.emplace_back("allow", "POST");
    return reply(std::move(response));
  }
  if (request.body.size() > door->limit) {
    return reply(vendor_refusal(
        *door,
        {fhir::Fault::too_large, "door.too-large", "", fmt::format("a message may have at most {} bytes", door->limit)},
        ""));
  }
  auto done = [config, door, retry_after = config->pressure.retry_after,
               reply = std::move(reply)](Judgement judged) mutable {
    observe::failpoint("door.judged");
    if (judged.fate == Fate::accepted || judged.fate == Fate::repeated)
      return reply(platform_response(*door, 200, judged.answer));
    reply(vendor_refusal(
        *door,
        judged.error.value_or(fhir::Error{fhir::Fault::broken, "intake.no-reason", "", "the message was not accepted"}),
        judged.control_id, retry_after));
  };
  intake_.take(arrival_at(config, *door, std::move(request.body)), std::move(done));
}

}  // namespace gateway::exchange
