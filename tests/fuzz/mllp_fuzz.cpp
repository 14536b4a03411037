// libFuzzer: MLLP deframing. However a stream is cut into pieces, the same messages come out.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "adapters/hl7v2/mllp.h"

namespace {

using adapters::hl7v2::Deframer;

void demand(bool holds) {
  if (!holds) std::abort();
}

struct Outcome {
  std::vector<std::string> messages;
  std::string error;
  Deframer::Oddities oddities;
  bool operator==(const Outcome&) const = default;
};

void take_all(Deframer& deframer, Outcome& outcome) {
  while (outcome.error.empty()) {
    auto taken = deframer.take();
    if (!taken) {
      outcome.error = taken.error().code + taken.error().where;
    } else if (*taken) {
      outcome.messages.push_back(std::move(**taken));
    } else {
      return;
    }
  }
}

Outcome deframe(std::string_view stream, std::size_t piece, Deframer::Mode mode) {
  Deframer deframer(64, mode);
  Outcome outcome;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    deframer.feed(stream.substr(at, piece));
    take_all(deframer, outcome);
  }
  if (outcome.error.empty()) outcome.oddities = deframer.take_oddities();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view stream(reinterpret_cast<const char*>(data), size);
  for (auto mode : {Deframer::Mode::strict, Deframer::Mode::lenient}) {
    const Outcome at_once = deframe(stream, std::max<std::size_t>(size, 1), mode);
    for (std::size_t piece : {1u, 2u, 7u}) demand(deframe(stream, piece, mode) == at_once);
    for (const auto& message : at_once.messages) {
      if (mode == Deframer::Mode::strict) demand(!message.contains('\n'));
      const Outcome again = deframe(adapters::hl7v2::frame(message), 3, mode);
      demand(again.messages.size() == 1 && again.messages[0] == message);
    }
  }
  return 0;
}
