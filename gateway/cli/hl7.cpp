// `causeway hl7 show FILE...`: what stands in an HL7 v2 message, value by value at its path.
#include <fmt/format.h>

#include <memory>
#include <string>
#include <vector>

#include "adapters/hl7v2/message.h"
#include "adapters/map/record_file.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using adapters::hl7v2::Builder;
using adapters::hl7v2::Message;
using adapters::hl7v2::Position;
using fhir::JsonTree;

struct Options {
  std::vector<std::string> files;
  std::string charset;
  bool encode = false;
};

/// Calls `use(segment, place)` for every subcomponent that is not empty, in order. MSH-1 and MSH-2 are no values.
template <class Use>
void each_value(const Message& message, Use use) {
  using adapters::hl7v2::part, adapters::hl7v2::parts;
  const auto& by = message.separators();
  for (std::size_t s = 0; s < message.size(); ++s) {
    const auto segment = message.segment(s);
    for (std::uint32_t f = s == 0 ? 3 : 1; f <= segment.fields(); ++f) {
      const auto field = segment.field(f);
      for (std::uint32_t r = 1; r <= parts(field, by.repetition); ++r) {
        const auto repetition = part(field, by.repetition, r);
        for (std::uint32_t c = 1; c <= parts(repetition, by.component); ++c) {
          const auto component = part(repetition, by.component, c);
          for (std::uint32_t sub = 1; sub <= parts(component, by.subcomponent); ++sub)
            if (!part(component, by.subcomponent, sub).empty()) use(s, Position{f, r, c, sub});
        }
      }
    }
  }
}

/// The message made again out of its values, as a sender with them would write it.
std::string made_again(const Message& message) {
  Builder out(message.separators());
  for (std::size_t s = 0; s < message.size(); ++s) out.add(message.segment(s).name());
  each_value(message, [&](std::size_t segment, const Position& at) {
    const auto raw = message.raw(segment, at);
    if (adapters::hl7v2::is_null(raw)) {
      out.set_raw(segment, at, raw);
    } else {
      out.set(segment, at, message.text(segment, at));
    }
  });
  return out.encode();
}

void print_values(const Message& message) {
  each_value(message, [&](std::size_t s, const Position& at) {
    const adapters::hl7v2::Path path{std::string(message.segment(s).name()),
                                     static_cast<std::uint32_t>(message.occurrence(s)), at};
    fmt::print("{:<20} {}\n", path.to_string(), message.text(s, at));
  });
}

void show_one(Context& context, const Options& options, const std::string& file) {
  const auto record = adapters::map::read_record(file, options.charset);
  if (!record) return fail(context, record.error(), 1);
  const auto message = Message::parse(*record);
  if (!message) return fail(context, message.error(), 1);
  if (context.json) {
    return fmt::print("{}\n", JsonTree::object({{"file", file},
                                                {"type", message->type()},
                                                {"version", message->version()},
                                                {"encoded", made_again(*message)}})
                                  .dump());
  }
  if (!options.encode) return print_values(*message);
  std::string shown = made_again(*message);
  for (char& c : shown) c = c == '\r' ? '\n' : c;
  fmt::print("{}", shown);
}

}  // namespace

void add_hl7(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("hl7", "Look into HL7 v2 messages");
  command->require_subcommand(1);
  auto* sub = command->add_subcommand("show", "Show every value of a message with its path");
  auto options = std::make_shared<Options>();
  sub->add_option("files", options->files, "a message each (an MLLP frame is taken off)")
      ->required()
      ->check(CLI::ExistingFile);
  sub->add_option("--charset", options->charset, "charset of the files; default: UTF-8");
  sub->add_flag("--encode", options->encode, "the message written again out of its values, instead of the list");
  sub->callback([&context, options] {
    for (const auto& file : options->files) show_one(context, *options, file);
  });
}

}  // namespace gateway::cli
