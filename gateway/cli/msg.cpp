// `causeway msg ls|show|raw|hex`: finding messages by what they are about, and looking at one. Lists and `show` tell
// what happened and nothing of the content; raw, hex and show --bundle disclose it, and are audited with the reason.
#include <fmt/format.h>

#include <memory>

#include "adapters/hexview.h"
#include "fhir/primitives.h"
#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"

namespace gateway::cli {
namespace {

using fhir::JsonTree;
using fhir::JsonView;

struct Options {
  std::string conf, number, reason;
  std::string patient, report, referral, prescription, accession, msh10, bundle_id, event, sender, state, since, before;
  int limit = 50;
  bool bundle = false;
};

std::string counted(JsonView deliveries) {
  std::string text;
  for (auto it = deliveries.begin(); it != deliveries.end(); ++it) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", (*it).text(), it.key());
  }
  return text.empty() ? "-" : text;
}

// Columns as wide as most values are; a longer one pushes the rest of its line, and is never cut.
void print_line(JsonView line) {
  fmt::print("{:>9}  {:<24}  {:<20} {:<16} {:<22} {:<9} {}{}\n", line["number"].text(), line["at"].text(),
             line["event"].text(), line["door"].text(), line["case"].text(), line["state"].text(),
             counted(line["deliveries"]), line["code"] ? fmt::format("  [{}]", line["code"].text()) : "");
}

void list(Context& context, const Options& options) {
  std::string from;
  if (!options.since.empty()) {
    const auto moment = since(options.since);
    if (!moment) return fail(context, moment.error());
    from = std::to_string(*moment);
  }
  const Question question{options.conf,
                          "GET",
                          "/messages",
                          {{"patient", options.patient},
                           {"report", options.report},
                           {"referral", options.referral},
                           {"prescription", options.prescription},
                           {"accession", options.accession},
                           {"msh10", options.msh10},
                           {"bundle", options.bundle_id},
                           {"event", options.event},
                           {"sender", options.sender},
                           {"state", options.state},
                           {"since", from},
                           {"before", options.before},
                           {"limit", std::to_string(options.limit)}}};
  show_answer(context, question, [](JsonView answer) {
    if (answer["messages"].size() == 0) return fmt::print("no message here answers to that\n");
    fmt::print("{:>9}  {:<24}  {:<20} {:<16} {:<22} {:<9} {}\n", "NUMBER", "AT", "EVENT", "DOOR", "CASE", "STATE",
               "DELIVERIES");
    for (const JsonView line : answer["messages"]) print_line(line);
    if (answer["next"]) fmt::print("there are more: the same with --before {}\n", answer["next"].text());
  });
}

void print_delivery(JsonView delivery) {
  fmt::print("  -> {:<18} {}, tries: {} (delivery {}){}{}\n", delivery["to"].text(), delivery["state"].text(),
             delivery["attempts"].text(), delivery["number"].text(),
             delivery["reason"] ? fmt::format(": {}", delivery["reason"].text()) : "",
             delivery["next"] ? fmt::format("; next try {}", delivery["next"].text()) : "");
  for (const JsonView attempt : delivery["history"]) {
    fmt::print("       {}  {:<9} {} ({})\n", attempt["at"].text(), attempt["state"].text(), attempt["reason"].text(),
               attempt["by"].text());
  }
}

void print_route(JsonView explain) {
  const JsonView map = explain["map"];
  if (map["name"]) {
    fmt::print("map    {}: {} values, {} carried, {} kept, {} not carried\n", map["name"].text(), map["valued"].text(),
               map["carried"].text(), map["kept"].text(), map["reported"].text());
  }
  for (const JsonView tried : explain["route"]["tried"]) {
    const bool matched = tried["matched"].text() == "true";
    fmt::print("route  {}: {}\n", tried["id"].text(),
               matched ? fmt::format("takes it ({})", explain["route"]["place"].text())
                       : fmt::format("no, {}", tried["because"].text()));
  }
  for (const JsonView to : explain["destinations"]) {
    const JsonView policy = to["policy"];
    if (!policy) continue;
    fmt::print("policy {}: {} ({}), {} values removed\n", to["to"].text(), policy["verdict"].text(),
               policy["code"].text(), to["removed"].size());
  }
  if (explain["stopped"]) fmt::print("stopped at step '{}'\n", explain["stopped"].text());
}

void print_message(JsonView message) {
  fmt::print("message {}: {} of case {}, {}\n", message["number"].text(), message["event"].text(),
             message["case"].text(), message["state"].text());
  fmt::print("came   {} through {} from {}, id {}\n", message["at"].text(), message["door"].text(),
             message["from"].text(), message["id"].text());
  fmt::print("bytes  {} in {} {}, SHA-256 {}\n", message["bytes"].text(), message["form"]["charset"].text(),
             message["form"]["format"].text(), message["sha256"].text());
  if (message["reason"]) fmt::print("why    {} [{}]\n", message["reason"].text(), message["code"].text());
  for (const JsonView key : message["keys"]) fmt::print("key    {} {}\n", key["kind"].text(), key["value"].text());
  print_route(message["explain"]);
  for (const JsonView delivery : message["deliveries"]) print_delivery(delivery);
}

Question about(const Options& options, const std::string& what) {
  return {options.conf, "POST", fmt::format("/messages/{}/{}", options.number, what), {{"reason", options.reason}}};
}

void show(Context& context, const Options& options) {
  if (options.bundle) {
    const auto bundle = ask_site(context, about(options, "bundle"));
    if (bundle) print_json(JsonTree::from(bundle->root()));
    return;
  }
  show_answer(context, {options.conf, "GET", "/messages/" + options.number}, print_message);
}

void raw(Context& context, const Options& options) {
  const auto answer = ask_site(context, about(options, "raw"));
  if (!answer) return;
  if (context.json) return print_json(JsonTree::from(answer->root()));
  const auto bytes = fhir::base64_decode(answer->root()["base64"].text()).value_or("");
  std::fwrite(bytes.data(), 1, bytes.size(), stdout);
}

void hex(Context& context, const Options& options) {
  const auto answer = ask_site(context, about(options, "raw"));
  if (!answer) return;
  const JsonView form = answer->root();
  const auto bytes = fhir::base64_decode(form["base64"].text()).value_or("");
  const auto charset = adapters::charset_named(form["charset"].text());
  const auto shape = form["format"].text() == "hl7v2" ? adapters::HexShape::hl7v2 : adapters::HexShape::plain;
  const std::string view = adapters::hex_view(bytes, charset.value_or(adapters::Charset::ascii), shape);
  if (context.json) return print_json(JsonTree::object({{"charset", form["charset"].text()}, {"hex", view}}));
  fmt::print("message {}, {} bytes, {}\n{}", form["number"].text(), bytes.size(),
             charset ? fmt::format("read as {}", adapters::to_string(*charset)) : "charset not known: ASCII only",
             view);
}

void add_filters(CLI::App& sub, Options& options) {
  sub.add_option("--patient", options.patient, "an identifier of the patient, of any system, or a pseudonym");
  sub.add_option("--report", options.report, "report number");
  sub.add_option("--referral", options.referral, "referral number");
  sub.add_option("--prescription", options.prescription, "prescription number");
  sub.add_option("--accession", options.accession, "accession or specimen number");
  sub.add_option("--msh10", options.msh10, "the id its sender gave it: MSH-10, msgId, MessageHeader.id");
  sub.add_option("--bundle-id", options.bundle_id, "Bundle.id");
  sub.add_option("--event", options.event, "as in report, referral-request");
  sub.add_option("--sender", options.sender, "sending organisation, or door|MSH-3|MSH-4");
  sub.add_option("--state", options.state, "what became of the message")
      ->check(CLI::IsMember({"accepted", "held", "refused", "released", "discarded"}));
  sub.add_option("--since", options.since, "not older than: 30m, 2h, 3d, a date, an instant");
  sub.add_option("--limit", options.limit, "lines in a page")->check(CLI::Range(1, 1000))->capture_default_str();
  sub.add_option("--before", options.before, "the next page: older than this message")->check(CLI::PositiveNumber);
}

}  // namespace

void add_msg(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("msg", "Find messages by what they are about, and look at one");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  const auto add = [&](const char* name, const char* help, void (*run)(Context&, const Options&)) {
    auto* sub = command->add_subcommand(name, help);
    sub->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
    sub->callback([&context, options, run] { run(context, *options); });
    return sub;
  };
  const auto add_one = [&](const char* name, const char* help, void (*run)(Context&, const Options&)) {
    auto* sub = add(name, help, run);
    sub->add_option("number", options->number, "as `msg ls` shows it")->required()->check(CLI::PositiveNumber);
    return sub;
  };
  add_filters(*add("ls", "List messages, newest first", list), *options);
  auto* showing = add_one("show", "What happened to one: headers, route and why, deliveries, tries", show);
  auto* bundle = showing->add_flag("--bundle", options->bundle, "its FHIR Bundle instead: a disclosure");
  showing->add_option("--reason", options->reason, "why you need to see the content; for the audit")->needs(bundle);
  for (auto* sub : {add_one("raw", "The original bytes, to standard output: a disclosure", raw),
                    add_one("hex", "The original bytes with delimiters and characters marked: a disclosure", hex)}) {
    sub->add_option("--reason", options->reason, "why you need to see the content; for the audit")->required();
  }
}

}  // namespace gateway::cli
