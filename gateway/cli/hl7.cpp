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

using adapters::hl7v2::Message;
using fhir::JsonTree;

struct Options {
  std::vector<std::string> files;
  std::string charset;
  bool encode = false;
};

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

void print_values(const Message& message) {
  const auto values = adapters::hl7v2::listing(message);
  fmt::print("{} {}, {} segments, {} values\n", message.type(), message.version(), message.size(), values.size());
  std::string_view before;
  for (const auto& one : values) {
    const auto segment = std::string_view(one.place).substr(0, one.place.find('-'));
    if (segment != before) fmt::print("{}\n", segment);
    before = segment;
    fmt::print("  {:<20} {:<34} {}\n", one.place, one.name, adapters::hl7v2::shown(one.text));
  }
}

JsonTree told(const std::string& file, const Message& message) {
  JsonTree tree = JsonTree::object({{"file", file},
                                    {"type", message.type()},
                                    {"version", message.version()},
                                    {"encoded", adapters::hl7v2::written_again(message)}});
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
  const std::string written = adapters::hl7v2::written_again(*message);
  for (std::size_t at = 0; at < written.size();) {
    const std::size_t end = written.find('\r', at);
    fmt::print("{}\n", adapters::hl7v2::shown(std::string_view(written).substr(at, end - at)));
    at = end + 1;
  }
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
    fmt::print("  - {}\n  + {}\n", one.left.empty() ? "(nothing)" : adapters::hl7v2::shown(one.left),
               one.right.empty() ? "(nothing)" : adapters::hl7v2::shown(one.right));
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
