#include "gateway/exchange/readers.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "adapters/charset.h"
#include "adapters/files/csv.h"
#include "adapters/hl7v2/batch.h"
#include "adapters/hl7v2/mllp.h"
#include "adapters/xml/xml_source.h"
#include "gateway/exchange/service.h"
#include "gateway/exchange/signed_record.h"
#include "gateway/exchange/unmapped.h"

namespace gateway::exchange {
namespace {

namespace hl7 = adapters::hl7v2;
using fhir::Fault;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

// ---- local forms, by map ----------------------------------------------------------------------------------------

Result<void> run_map(Passage& passage) {
  const auto& config = *passage.config;
  for (const auto& map : passage.arrival.local->maps) {
    if (!map->accepts(passage.kind)) continue;
    std::vector<adapters::map::Unmapped> unmapped;
    auto made =
        map->run(passage.text, {config.organization.id, config.identifier_base, config.zone, passage.now, &unmapped});
    note_unmapped(passage.commit, map->name(), unmapped, passage.at);
    if (!made) return fhir::pass(made);
    passage.report = std::move(made->report);
    passage.explain["map"].set("name", map->name());
    auto json = Json::parse(made->bundle.dump());
    if (!json) return fhir::pass(json);
    passage.set_bundle(*std::move(json));
    return {};
  }
  return fhir::fail(Fault::unsupported, "door.no-map", "",
                    fmt::format("no map of door '{}' takes a message of this kind", passage.arrival.local->name));
}

// How the door wants message ids to be taken (contract.md §1.3): as they are, only within one day, or not at all.
std::string dedup_id(const config::Door& door, std::string_view id, std::string_view day, std::string_view hash) {
  switch (door.control_ids) {
    case config::ControlIds::unique: return std::string(id);
    case config::ControlIds::daily: return fmt::format("{}@{}", id, day.substr(0, 8));
    case config::ControlIds::unreliable: return std::string(hash);
  }
  return std::string(id);
}

Result<void> decode_local(Passage& passage) {
  const auto charset = adapters::charset_named(passage.arrival.local->charset);
  if (!charset)
    return fhir::fail(Fault::broken, "charset.unknown", passage.arrival.local->name, "the door's charset is not known");
  auto text = adapters::decode(passage.arrival.raw, *charset);
  if (!text) return fhir::pass(text);
  passage.text = *std::move(text);
  return {};
}

std::string accepted(const Passage& passage) {
  return platform_answer(*passage.arrival.local, "0", "accepted", passage.message().control_id,
                         passage.message().correlation);
}

class Hl7Reader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override {
    if (auto decoded = decode_local(passage); !decoded) return decoded;
    return settle(passage);
  }

  /// Of a decoded message: is it whole, and what stands in it as hex?
  static Result<void> settle(Passage& passage) {
    if (const auto part = divided(passage.text)) {
      return fhir::fail(Fault::unsupported, "hl7v2.continued", std::string(*part),
                        "this is a part of a divided message: have it sent in one piece, or all parts in one batch");
    }
    passage.text = hl7::join_addenda(std::move(passage.text));
    const auto charset = adapters::charset_named(passage.arrival.local->charset);
    passage.text = hl7::hex_to_utf8(std::move(passage.text), charset.value_or(adapters::Charset::utf8));
    return {};
  }

  Result<void> identify(Passage& passage) const override {
    const auto message = hl7::Message::parse(passage.text);
    if (!message) return std::unexpected(message.error());
    check_declared(passage, message->get("MSH-18"));
    const std::string id = message->get("MSH-10");
    if (id.empty()) return fhir::fail(Fault::invalid, "hl7v2.no-control-id", "MSH-10", "the message has no control id");
    store::Message& record = passage.message();
    passage.kind = message->type();
    record.sender = fmt::format("{}|{}|{}", passage.arrival.door, message->get("MSH-3"), message->get("MSH-4"));
    record.content_hash = fhir::message::sha256(message->content());
    record.control_id = dedup_id(*passage.arrival.local, id, message->get("MSH-7"), record.content_hash);
    record.business_ids.push_back(id);
    passage.given_id = id;
    return {};
  }

  Result<void> translate(Passage& passage) const override { return run_map(passage); }

  std::string accept(const World& world, const Passage& passage) const override {
    const auto frames = hl7_answer(world, *passage.config, *passage.arrival.local, hl7::read_header(passage.text),
                                   hl7::Verdict::accepted, {});
    return join_frames(frames);
  }

 private:
  // Half a report must not pass for a whole one.
  static std::optional<std::string_view> divided(std::string_view text) {
    const auto place = hl7::continuation(text, adapters::Charset::utf8);
    if (!place.by.empty()) return "DSC-1";
    if (!place.of.empty()) return "MSH-14";
    return std::nullopt;
  }

  // The endpoint's setting is the truth; a message that says otherwise is read all the same, and said so.
  static void check_declared(Passage& passage, const std::string& msh_18) {
    const auto charset = adapters::charset_named(passage.arrival.local->charset);
    if (adapters::declared_charset(msh_18, *charset) != adapters::Declared::contradicts) return;
    passage.issues.push_back({fhir::Severity::warning,
                              "value",
                              "MSH-18",
                              "MSH-18 names another charset than the door is configured for",
                              {0, 0},
                              "charset.contradicted"});
  }
};

class JsonReader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override { return decode_local(passage); }

  Result<void> identify(Passage& passage) const override {
    const auto json = Json::parse(passage.text);
    if (!json) return std::unexpected(json.error());
    const config::Door& door = *passage.arrival.local;
    if (door.signature) {  // before anything is believed, and before a repetition gets its first answer
      const SignedAt at{passage.at, passage.config->zone, passage.arrival.released};
      if (auto good = check_signature(*door.signature, json->root(), at); !good) return good;
    }
    const std::string_view id = at_path(json->root(), door.id_path).text();
    if (id.empty()) return fhir::fail(Fault::invalid, "json.no-message-id", door.id_path, "the message has no id");
    store::Message& record = passage.message();
    passage.kind = at_path(json->root(), door.kind_path).text();
    record.sender = passage.arrival.door;
    record.content_hash = fhir::message::sha256(stable_content(json->root(), door));
    record.control_id = dedup_id(door, id, passage.now, record.content_hash);
    record.business_ids.emplace_back(id);
    passage.given_id = id;
    return {};
  }

  Result<void> translate(Passage& passage) const override { return run_map(passage); }

  std::string accept(const World&, const Passage& passage) const override { return accepted(passage); }

 private:
  static JsonView at_path(JsonView view, std::string_view path) {
    while (!path.empty()) {
      const auto dot = path.find('.');
      view = view[path.substr(0, dot)];
      path = dot == std::string_view::npos ? std::string_view{} : path.substr(dot + 1);
    }
    return view;
  }

  static std::string stable_content(JsonView root, const config::Door& door) {
    JsonTree tree = JsonTree::from(root);
    for (const auto& path : door.volatile_paths) tree.erase(path);
    return tree.dump();
  }
};

/// Vendor XML, and CDA documents; the settings that are dotted paths in JSON are paths as in a map (xml_source.h).
class XmlReader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override { return decode_local(passage); }

  Result<void> identify(Passage& passage) const override {
    const config::Door& door = *passage.arrival.local;
    const auto source = adapters::xml::make_source(passage.text, {door.limit, 100});
    if (!source) return std::unexpected(source.error());
    const std::string id = first(**source, door.id_path);
    if (id.empty()) return fhir::fail(Fault::invalid, "xml.no-message-id", door.id_path, "the message has no id");
    store::Message& record = passage.message();
    passage.kind = first(**source, door.kind_path);
    record.sender = passage.arrival.door;
    record.content_hash = fhir::message::sha256(stable_content(**source, door));
    record.control_id = dedup_id(door, id, passage.now, record.content_hash);
    record.business_ids.push_back(id);
    passage.given_id = id;
    return {};
  }

  Result<void> translate(Passage& passage) const override { return run_map(passage); }
  std::string accept(const World&, const Passage& passage) const override { return accepted(passage); }

 private:
  static adapters::Spots find(const adapters::Source& source, std::string_view path) {
    const auto bound = adapters::xml::make_dialect()->bind(path, nullptr);
    return bound ? source.find(**bound, source.root()) : adapters::Spots{};
  }

  static std::string first(const adapters::Source& source, std::string_view path) {
    const auto spots = find(source, path);
    return spots.empty() ? std::string() : source.text(spots.front());
  }

  // All that it says, but for what may differ between two sends.
  static std::string stable_content(const adapters::Source& source, const config::Door& door) {
    std::vector<adapters::Spot> apart;
    for (const auto& path : door.volatile_paths)
      for (const auto spot : find(source, path)) std::ranges::copy(source.leaves(spot), std::back_inserter(apart));
    std::string content;
    for (const auto leaf : source.leaves(source.root())) {
      if (std::ranges::find(apart, leaf) != apart.end()) continue;
      content += fmt::format("{}={}\n", source.place(leaf), source.text(leaf));
    }
    return content;
  }
};

/// One row of a CSV with its header.
class CsvReader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override { return decode_local(passage); }

  Result<void> identify(Passage& passage) const override {
    const auto record = adapters::files::read_csv(passage.text);
    if (!record) return std::unexpected(record.error());
    const config::Door& door = *passage.arrival.local;
    const std::string_view id = record->root()["row"][door.id_path].text();
    if (id.empty() && door.control_ids != config::ControlIds::unreliable)
      return fhir::fail(Fault::invalid, "csv.no-message-id", door.id_path,
                        "the row has no id: the door's message_id names the column");
    store::Message& message = passage.message();
    passage.kind = record->root()["table"].text();
    message.sender = passage.arrival.door;
    message.content_hash = fhir::message::sha256(record->root().dump());
    message.control_id = dedup_id(door, id, passage.now, message.content_hash);
    if (!id.empty()) message.business_ids.emplace_back(id);
    return {};
  }

  Result<void> translate(Passage& passage) const override { return run_map(passage); }

  std::string accept(const World&, const Passage& passage) const override { return accepted(passage); }
};

/// A record that the poller made (adapters/rows/row_source.h): UTF-8 JSON already, and nobody waits for an answer.
class RowReader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override {
    passage.text = passage.arrival.raw;
    return {};
  }

  Result<void> identify(Passage& passage) const override {
    const auto json = Json::parse(passage.text);
    if (!json) return std::unexpected(json.error());
    const JsonView root = json->root();
    store::Message& record = passage.message();
    passage.kind = root["table"].text();
    record.sender = passage.arrival.door;
    record.content_hash = fhir::message::sha256(passage.text);
    record.control_id = fmt::format("{}#{}", root["key"].dump(), root["version"].text());
    for (const JsonView value : root["key"]) record.business_ids.emplace_back(value.text());
    return {};
  }

  Result<void> translate(Passage& passage) const override { return run_map(passage); }
  std::string accept(const World&, const Passage&) const override { return {}; }
};

class FhirReader final : public Reader {
 public:
  Result<void> decode(Passage& passage) const override {
    passage.text = passage.arrival.raw;  // FHIR is UTF-8; the JSON reader refuses anything else
    return {};
  }

  Result<void> identify(Passage& passage) const override {
    auto json = Json::parse(passage.text);
    if (!json) return fhir::pass(json);
    passage.set_bundle(*std::move(json));
    auto envelope = fhir::message::read_envelope(passage.view());
    if (!envelope) return fhir::pass(envelope);
    store::Message& record = passage.message();
    passage.kind = envelope->event;
    record.sender = envelope->sender.empty() ? passage.arrival.caller : envelope->sender;
    record.control_id = envelope->header_id;
    record.business_ids.push_back(envelope->header_id);
    record.content_hash = fhir::message::content_hash(passage.view());
    record.transmission = envelope->bundle_id;
    passage.commit.once = !envelope->bundle_id.empty();
    passage.envelope = *std::move(envelope);
    return {};
  }

  Result<void> translate(Passage&) const override { return {}; }

  std::string accept(const World& world, const Passage& passage) const override {
    return fhir::message::make_ack(passage.envelope, fhir::message::AckCode::ok, {}, passage.config->organization.id,
                                   world.entropy.uuid(), passage.now)
        .dump();
  }
};

hl7::AckMode mode_of(config::AckMode mode) {
  switch (mode) {
    case config::AckMode::automatic: return hl7::AckMode::automatic;
    case config::AckMode::original: return hl7::AckMode::original;
    case config::AckMode::enhanced: return hl7::AckMode::enhanced;
    case config::AckMode::commit: return hl7::AckMode::commit;
  }
  return hl7::AckMode::automatic;
}

constexpr char kBetween = '\x1c';  // ends a frame in MLLP, so no message holds it

// What the door's charset cannot say is left out of an acknowledgement, rather than sent in bytes of another charset.
std::string ascii_of(std::string_view text) {
  std::string ascii;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) ascii += c;
    if (byte >= 0xC0) ascii += '?';  // once for each character
  }
  return ascii;
}

}  // namespace

Arrival arrival_at(std::shared_ptr<const config::Config> config, const config::Door& door, std::string raw) {
  Arrival arrival;
  arrival.caller = config->organization.id;
  arrival.config = std::move(config);
  arrival.door = door.label();
  arrival.local = &door;
  arrival.actor = arrival.door;
  arrival.raw = std::move(raw);
  return arrival;
}

std::vector<std::string> hl7_answer(const World& world, const config::Config& config, const config::Door& door,
                                    const hl7::Header& header, hl7::Verdict verdict,
                                    const std::vector<hl7::Problem>& problems) {
  const std::string time = hl7_time(world.clock.now(), config.zone);
  const auto stamp = [&] { return hl7::Stamp{world.entropy.uuid().substr(0, 18), time}; };
  auto answers = hl7::acknowledge(header, mode_of(door.ack), verdict, problems, {stamp(), stamp()});
  const auto charset = adapters::charset_named(door.charset);
  for (std::string& answer : answers) {
    auto bytes = adapters::encode(answer, charset.value_or(adapters::Charset::utf8));
    answer = bytes ? *std::move(bytes) : ascii_of(answer);
  }
  return answers;
}

std::string without_frame(std::string bytes) {
  hl7::Deframer deframer(bytes.size());
  deframer.feed(bytes);
  auto taken = deframer.take();
  return taken && *taken ? std::move(**taken) : std::move(bytes);
}

std::string join_frames(const std::vector<std::string>& frames) {
  std::string joined;
  for (const auto& frame : frames) joined += frame + kBetween;
  return joined;
}

std::vector<std::string> split_frames(std::string_view joined) {
  std::vector<std::string> frames;
  for (std::size_t end = 0; (end = joined.find(kBetween)) != std::string_view::npos; joined.remove_prefix(end + 1)) {
    frames.emplace_back(joined.substr(0, end));
  }
  return frames;
}

std::string vendor_answer(std::string_view code, std::string_view say, std::string_view id,
                          std::string_view reference) {
  JsonTree answer = JsonTree::object({{"code", code}, {"msg", say}, {"msgId", id}});
  if (!reference.empty()) answer.set("reference", reference);
  return answer.dump();
}

namespace {

/// A record that came as a parameter of a WebService: unwrapped, then read as its format is. What says its kind may
/// stand beside it.
class ServiceReader final : public Reader {
 public:
  explicit ServiceReader(const Reader& inner) : inner_(inner) {}

  Result<void> decode(Passage& passage) const override {
    if (auto decoded = decode_local(passage); !decoded) return decoded;
    auto call = read_service_call(*passage.arrival.local, std::exchange(passage.text, {}));
    if (!call) return fhir::pass(call);
    passage.text = std::move(call->record);
    passage.kind = std::move(call->kind);
    return passage.arrival.local->format == config::Format::hl7v2 ? Hl7Reader::settle(passage) : Result<void>();
  }

  Result<void> identify(Passage& passage) const override {
    const std::string kind = passage.kind;
    auto read = inner_.identify(passage);
    if (kind.empty() || !read) return read;
    passage.kind = kind;
    // Part of what is said: the same record under another action is no repetition.
    store::Message& message = passage.message();
    const std::string hash = fhir::message::sha256(kind + "\n" + message.content_hash);
    if (message.control_id == message.content_hash) message.control_id = hash;
    message.content_hash = hash;
    return read;
  }

  Result<void> translate(Passage& passage) const override { return inner_.translate(passage); }

  std::string accept(const World& world, const Passage& passage) const override {
    const config::Door& door = *passage.arrival.local;
    if (door.format != config::Format::hl7v2) return inner_.accept(world, passage);
    if (!door.service->answer.empty()) return accepted(passage);
    auto frames = hl7_answer(world, *passage.config, door, hl7::read_header(passage.text), hl7::Verdict::accepted, {});
    const auto charset = adapters::charset_named(door.charset).value_or(adapters::Charset::utf8);
    return frames.empty() ? std::string() : adapters::decode(frames.front(), charset).value_or("");
  }

 private:
  const Reader& inner_;
};

}  // namespace

const Reader& reader_for(const Arrival& arrival) {
  static const Hl7Reader hl7;
  static const JsonReader json;
  static const CsvReader csv;
  static const RowReader row;
  static const XmlReader xml;
  static const FhirReader fhir;
  static const ServiceReader hl7_called(hl7), json_called(json), xml_called(xml);
  if (arrival.local == nullptr || arrival.local->format == config::Format::fhir) return fhir;
  const bool called = arrival.local->service.has_value();
  if (arrival.local->format == config::Format::json) return called ? json_called : static_cast<const Reader&>(json);
  if (arrival.local->format == config::Format::xml) return called ? xml_called : static_cast<const Reader&>(xml);
  if (arrival.local->format == config::Format::csv) return csv;
  if (arrival.local->format == config::Format::row) return row;
  return called ? hl7_called : static_cast<const Reader&>(hl7);
}

}  // namespace gateway::exchange
