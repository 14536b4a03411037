// libFuzzer: HL7 v2 reading and writing, the map engine's view of it, and acknowledgements, on any bytes.
#include <cstdlib>

#include "adapters/charset.h"
#include "adapters/hl7v2/ack.h"
#include "adapters/hl7v2/batch.h"
#include "adapters/hl7v2/message.h"
#include "adapters/hl7v2/source.h"

namespace {

using namespace adapters;
using namespace adapters::hl7v2;

void demand(bool holds) {
  if (!holds) std::abort();
}

/// Whatever arrives can be answered, and the answer is a message.
void check_answer(std::string_view bytes) {
  const Header header = read_header(bytes);
  const std::vector<Problem> problems{{"OBX[3]-5.1", "102", 'E', "no number"}};
  for (Verdict verdict : {Verdict::accepted, Verdict::content_error, Verdict::not_now}) {
    for (const auto& ack : acknowledge(header, AckMode::original, verdict, problems, {{"1", "2"}})) {
      const auto read = Message::parse(ack);
      demand(read.has_value());
      demand(read_acknowledgement(*read).has_value());
    }
  }
}

void check_escapes(std::string_view text, const Separators& by) {
  if (text.contains('\r')) return;  // CR and CR LF become line breaks
  demand(unescape(escape(text, by), by) == text);
}

/// Hex of characters is rewritten, and nothing else about the message changes.
void check_hex(const std::string& text, const Message& message) {
  using enum adapters::Charset;
  for (const auto charset : {gb18030, iso_2022_jp, utf8}) {
    const auto read = Message::parse(hex_to_utf8(text, charset));
    demand(read && read->size() == message.size());
    for (std::size_t n = 0; n < read->size(); ++n) demand(read->segment(n).fields() == message.segment(n).fields());
  }
  const std::string once = hex_to_utf8(text, utf8);
  demand(hex_to_utf8(once, utf8) == once);
}

void check_rewriting(const Message& message) {
  const auto again = Message::parse(message.encode());
  demand(again && again->encode() == message.encode() && again->size() == message.size());
  const std::string built = Builder::from(message).encode();
  const auto rebuilt = Message::parse(built);
  demand(rebuilt && Builder::from(*rebuilt).encode() == built && rebuilt->size() == message.size());
  (void)message.content();
}

/// Every leaf has a place, and its place leads to it.
void check_places(Message message) {
  const std::vector<std::string> kinds{message.type()};
  const auto dialect = make_dialect(kinds);
  const auto source = make_source(std::move(message));
  std::size_t looked_at = 0;
  for (Spot leaf : source->leaves(source->root())) {
    (void)source->text(leaf);
    (void)source->whole(leaf);
    const std::string place = source->place(leaf);
    if (++looked_at > 50) continue;
    const auto path = dialect->bind(place, nullptr);
    if (!path) continue;  // a field or segment that no version has
    bool found = false;
    for (Spot spot : source->find(**path, source->root())) {
      for (Spot inner : source->leaves(spot)) found = found || inner == leaf;
    }
    demand(found);
  }
}

void check(const std::string& text) {
  auto message = Message::parse(text);
  if (!message) return;
  check_escapes(text, message->separators());
  check_rewriting(*message);
  check_hex(text, *message);
  (void)read_acknowledgement(*message);
  check_places(std::move(*message));
}

/// The messages of a batch lie in its bytes, in order; each is one message; what is joined has no divided part left.
void check_batch(std::string_view bytes) {
  const auto batch = split_batch(bytes);
  if (!batch) return;
  const char* end = bytes.data();
  for (const BatchedMessage& message : batch->messages) {
    demand(message.bytes.data() >= end && message.line > 0);
    end = message.bytes.data() + message.bytes.size();
    demand(split_batch(message.bytes).has_value());
  }
  demand(end <= bytes.data() + bytes.size());
  const auto joined = join_continued(*batch, Charset::gb18030);
  demand(!joined.empty() && joined.size() <= batch->messages.size());
  for (const JoinedMessage& one : joined) demand(!one.bytes.empty() && one.line > 0);
  const auto answered = write_batch_answer(*batch, Charset::gb18030, {"MSH|^~\\&|\r"}, {"1", "2"});
  demand(split_batch(answered).has_value());
}

/// A report whose segments are these bytes, so that what lies behind a good header is reached from nothing.
std::string report_with(std::string body) {
  for (char& c : body) {
    c = static_cast<char>(c & 0x7F);
    if (c < ' ' || c == 0x7F) c = '\r';
  }
  return "MSH|^~\\&|A|B|C|D|20260310||ORU^R01|1|P|2.5.1\r" + body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  check_answer(bytes);
  check_batch(bytes);
  check_batch("BHS|^~\\&|A\r" + bytes);
  check(bytes);
  check(report_with(bytes));
  return 0;
}
