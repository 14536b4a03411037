// `causeway hl7 show FILE...`: what stands in HL7 v2 messages, value by value at the place a map names; `causeway hl7
// diff A B`: where two of them differ.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "adapters/hl7v2/listing.h"
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

fhir::Result<Message> read(const std::string& file, const std::string& charset) {
  auto text = adapters::map::read_record(file, charset);
  if (!text) return fhir::pass(text);
  auto message = Message::parse(std::move(*text));
  if (!message) {
    auto error = std::move(message).error();
    error.where = error.where.empty() ? file : file + ": " + error.where;
    return std::unexpected(std::move(error));
  }
  return message;
}

/// A value may hold line breaks, and what a terminal would obey.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else
      out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? '?' : c;
  }
  return out;
}

void print_values(const Message& message) {
  const auto values = adapters::hl7v2::listing(message);
  fmt::print("{} {}, {} segments, {} values\n", message.type(), message.version(), message.size(), values.size());
  std::string_view before;
  for (const auto& one : values) {
    const auto segment = std::string_view(one.place).substr(0, one.place.find('-'));
    if (segment != before) fmt::print("{}\n", segment);
    before = segment;
    fmt::print("  {:<20} {:<34} {}\n", one.place, one.name, one_line(one.text));
  }
}

JsonTree told(const std::string& file, const Message& message) {
  JsonTree tree = JsonTree::object(
      {{"file", file}, {"type", message.type()}, {"version", message.version()}, {"encoded", made_again(message)}});
  tree.set("values", JsonTree::array());
  for (const auto& one : adapters::hl7v2::listing(message))
    tree["values"].push(JsonTree::object({{"place", one.place}, {"name", one.name}, {"text", one.text}}));
  return tree;
}

void show_one(Context& context, const Options& options, const std::string& file) {
  const auto message = read(file, options.charset);
  if (!message) return fail(context, message.error(), 1);
  if (context.json) return fmt::print("{}\n", told(file, *message).dump());
  if (!options.encode) return print_values(*message);
  std::string shown = made_again(*message);
  for (char& c : shown) c = c == '\r' ? '\n' : c;
  fmt::print("{}", shown);
}

void diff(Context& context, const Options& options) {
  const auto left = read(options.files[0], options.charset), right = read(options.files[1], options.charset);
  if (!left) return fail(context, left.error());
  if (!right) return fail(context, right.error());
  const auto found = adapters::hl7v2::compare(*left, *right);
  const auto real = static_cast<std::size_t>(std::ranges::count(found, false, &adapters::hl7v2::Differing::expected));
  context.exit_code = real > 0 ? 1 : 0;
  if (context.json) {
    JsonTree tree = JsonTree::object({{"equal", JsonTree::boolean(real == 0)}});
    tree.set("differences", JsonTree::array());
    for (const auto& one : found)
      tree["differences"].push(JsonTree::object({{"place", one.place},
                                                 {"name", one.name},
                                                 {"left", one.left},
                                                 {"right", one.right},
                                                 {"expected", JsonTree::boolean(one.expected)}}));
    return print_json(tree);
  }
  for (const auto& one : found) {
    fmt::print("{:<20} {}{}\n", one.place, one.name, one.expected ? " (expected)" : "");
    fmt::print("  - {}\n  + {}\n", one.left.empty() ? "(nothing)" : one_line(one.left),
               one.right.empty() ? "(nothing)" : one_line(one.right));
  }
  fmt::print("{}\n", real == 0 ? "equal"
                               : fmt::format("{} place{} differ{}", real, real == 1 ? "" : "s", real == 1 ? "s" : ""));
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
  auto* differs = command->add_subcommand("diff", "Where two messages differ; MSH-7 and MSH-10 always may");
  auto both = std::make_shared<Options>();
  differs->add_option("files", both->files, "the two messages")->required()->expected(2)->check(CLI::ExistingFile);
  differs->add_option("--charset", both->charset, "charset of the files; never guessed; default: UTF-8");
  differs->callback([&context, both] { diff(context, *both); });
}

}  // namespace gateway::cli
