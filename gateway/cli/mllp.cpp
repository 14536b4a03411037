// `causeway mllp send|listen`: the other end of a line, for trying out a door or standing in for a HIS.
#include "adapters/hl7v2/mllp.h"

#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "gateway/cli/output.h"
#include "gateway/cli/signals.h"
#include "gateway/exchange/ports.h"
#include "gateway/exchange/readers.h"
#include "gateway/net/net.h"

namespace gateway::cli {
namespace {

namespace hl7 = adapters::hl7v2;
using fhir::JsonTree;
using fhir::Result;

Result<net::Address> parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  int port = 0;
  if (colon != std::string::npos) std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (colon == std::string::npos || port < 0 || port > 65535) {
    return fhir::fail(fhir::Fault::invalid, "mllp.address", text, "an address is HOST:PORT, as in 127.0.0.1:2575");
  }
  return net::Address{text.substr(0, colon), static_cast<std::uint16_t>(port)};
}

// ER7 for a terminal: a line a segment.
std::string shown(std::string text) {
  for (char& c : text) c = c == '\r' ? '\n' : c;
  while (text.ends_with('\n')) text.pop_back();
  return text;
}

struct Options {
  std::string file, address, folder, answer = "AA";
  int timeout = 30, count = 0, release = 1;
  bool strict = false;
};

net::Mllp manner_of(const Options& options) {
  return {options.release == 2 ? net::MllpRelease::two : net::MllpRelease::one,
          options.strict ? net::Framing::strict : net::Framing::lenient};
}

void send(Context& context, const Options& options) {
  const auto to = parse_address(options.address);
  const auto bytes = read_file(options.file);
  if (!to) return fail(context, to.error());
  if (!bytes) return fail(context, bytes.error());
  auto net = net::make_net(1);
  std::promise<Result<std::string>> promise;
  net->send_mllp(*to, nullptr, nullptr, exchange::without_frame(*bytes), manner_of(options),
                 std::chrono::seconds(options.timeout),
                 [&](Result<std::string> answer) { promise.set_value(std::move(answer)); });
  const auto answer = promise.get_future().get();
  net->stop();
  if (!answer) return fail(context, answer.error(), 1);
  const auto message = hl7::Message::parse(*answer);
  const auto ack =
      message ? hl7::read_acknowledgement(*message) : Result<hl7::Acknowledgement>(std::unexpected(message.error()));
  if (context.json && ack)
    print_json(JsonTree::object({{"code", ack->code}, {"control_id", ack->control_id}, {"answer", *answer}}));
  else
    fmt::print("{}\n", shown(*answer));
  context.exit_code = ack && ack->verdict == hl7::Verdict::accepted ? 0 : 1;
}

// Prints what arrives, keeps it as files if asked, and answers every message with the same code.
class Listening final : public net::MllpHandler {
 public:
  explicit Listening(const Options& options) : options_(options) {}

  void handle(net::MllpRequest request, std::move_only_function<void(std::vector<std::string>)> reply) override {
    const std::scoped_lock lock(mutex_);
    ++received_;
    fmt::print("{}\n\n", shown(request.bytes));
    std::fflush(stdout);
    if (!options_.folder.empty()) {
      std::ofstream(fmt::format("{}/{:06}.hl7", options_.folder, received_), std::ios::binary) << request.bytes;
    }
    const auto header = hl7::read_header(request.bytes);
    const hl7::Stamp stamp{exchange::system_entropy().uuid().substr(0, 18),
                           exchange::hl7_time(exchange::system_clock().now(), "+08:00")};
    std::vector<std::string> frames;
    if (options_.release == 2) frames.emplace_back(hl7::kStored);
    frames.push_back(hl7::write_ack(header, options_.answer, {}, stamp));
    reply(std::move(frames));
    if (options_.count != 0 && received_ >= options_.count) request_stop();
  }

 private:
  const Options& options_;
  std::mutex mutex_;
  int received_ = 0;
};

void listen(Context& context, const Options& options) {
  const auto at = parse_address(options.address);
  if (!at) return fail(context, at.error());
  catch_signals();
  Listening handler(options);
  auto net = net::make_net(1);
  auto listener = net->listen_mllp(*at, nullptr, nullptr, handler, {}, manner_of(options));
  if (!listener) return fail(context, listener.error());
  fmt::print(stderr, "listening on {}:{}, answering {}\n", at->host, (*listener)->port(), options.answer);
  wait_for_stop();
  listener->reset();
  net->stop();
}

}  // namespace

void add_mllp(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("mllp", "Send or receive HL7 v2 over MLLP, by hand");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add_manner = [&](CLI::App* to) {
    to->add_option("--mllp", options->release, "release of MLLP: with 2 each message is first said to be stored")
        ->capture_default_str()
        ->check(CLI::Range(1, 2));
    to->add_flag("--strict", options->strict, "refuse frames that are not exactly as the standard has them");
  };
  auto* sending = command->add_subcommand("send", "Send one message and show the acknowledgement");
  sending->add_option("file", options->file, "the message's bytes, with or without its frame")
      ->required()
      ->check(CLI::ExistingFile);
  sending->add_option("address", options->address, "HOST:PORT")->required();
  sending->add_option("--timeout", options->timeout, "seconds to wait for the acknowledgement")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  add_manner(sending);
  sending->callback([&context, options] { send(context, *options); });
  auto* listening = command->add_subcommand("listen", "Receive messages, show them and answer");
  listening->add_option("address", options->address, "HOST:PORT to listen on; port 0 takes a free one")->required();
  listening->add_option("--answer", options->answer, "MSA-1 of every answer")
      ->capture_default_str()
      ->check(CLI::IsMember({"AA", "AE", "AR", "CA", "CE", "CR"}));
  listening->add_option("--folder", options->folder, "keep each message as a file here")->check(CLI::ExistingDirectory);
  listening->add_option("--count", options->count, "stop after that many messages")->check(CLI::PositiveNumber);
  add_manner(listening);
  listening->callback([&context, options] { listen(context, *options); });
}

}  // namespace gateway::cli
