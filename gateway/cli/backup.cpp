// `causeway backup make|verify` and `causeway restore`. Making one asks the running gateway, which copies its own store
// while it works; verifying and restoring need no gateway, only the files.
#include "gateway/operate/backup.h"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"
#include "gateway/cli/progress.h"
#include "gateway/cli/signals.h"
#include "gateway/exchange/ports.h"

namespace gateway::cli {
namespace {

namespace fs = std::filesystem;
using fhir::Json;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;
using operate::Step;

constexpr int kLook = 100;  // ms between two looks at the progress

struct Options {
  std::string conf, to, backup, into;
};

std::string whole_path(const std::string& given) {
  auto path = fs::absolute(given).lexically_normal();
  return (path.filename().empty() ? path.parent_path() : path).string();
}

std::string user_name() {
  const passwd* found = ::getpwuid(::getuid());
  return found != nullptr ? found->pw_name : fmt::format("uid {}", ::getuid());
}

std::uint64_t number_of(JsonView value) {
  std::uint64_t number = 0;
  const auto text = value.text();
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void print_contents(JsonView told) {
  const JsonView census = told["census"];
  fmt::print(
      "  site {}, made {} by Causeway {}\n  {} messages, {} deliveries ({} still open), {} resources, {} audit "
      "entries\n  audit head     {}\n  manifest       {}\n",
      told["site"].text(), told["made"].text(), told["version"].text(), census["messages"].text(),
      census["deliveries"].text(), census["open"].text(), census["resources"].text(), census["audit"].text(),
      census["audit_head"].text(), told["manifest_sha256"].text());
}

// ---- make

/// Until it is done; Ctrl-C makes the gateway give it up.
Result<Json> follow(const std::string& socket, const std::string& number) {
  Progress progress;
  catch_signals();
  for (bool stopping = false;;) {
    auto state = ask(socket, "GET", "/backups/" + number);
    if (!state || state->root()["done"].text() == "true") return state;
    const JsonView told = state->root();
    progress.show(stopping                            ? "giving up"
                  : told["stage"].text() == "summing" ? "summing"
                                                      : "copying",
                  number_of(told["at"]), number_of(told["of"]));
    if (wait_for_stop(kLook) && !stopping) {
      stopping = true;
      if (auto told_so = ask(socket, "POST", "/backups/stop"); !told_so) return told_so;
    }
    if (stopping) ::usleep(kLook * 1000);
  }
}

void make(Context& context, const Options& options) {
  const auto socket = control_socket(options.conf);
  if (!socket) return fail(context, socket.error());
  const auto begun = ask(*socket, "POST", "/backups?to=" + percent_encoded(whole_path(options.to)));
  if (!begun) return fail(context, begun.error(), begun.error().fault == fhir::Fault::unavailable ? 2 : 1);
  const auto done = follow(*socket, std::string(begun->root()["backup"].text()));
  if (!done) return fail(context, done.error());
  const JsonView told = done->root();
  if (told["failed"]) {
    return fail(context,
                {fhir::Fault::needs_person, std::string(told["code"].text()), std::string(told["where"].text()),
                 std::string(told["say"].text())},
                1);
  }
  if (context.json) return print_json(JsonTree::from(told));
  const Json shown = printable(*done);
  fmt::print("backup {} ({} MiB)\n", shown.root()["folder"].text(), number_of(shown.root()["bytes"]) >> 20u);
  print_contents(shown.root());
  fmt::print(
      "it holds patients' records and the secret of the pseudonyms: keep it where only you can read it, and note "
      "the manifest's sum elsewhere\n");
}

// ---- verify, restore

operate::Watcher watching(Progress& progress) {
  catch_signals();
  return [&progress](const Step& step) {
    progress.show(step.what, step.done, step.of);
    return !wait_for_stop(0);
  };
}

void report(Context& context, const operate::Backup& backup, const std::string& say) {
  const JsonTree told = operate::to_json(backup);
  if (context.json) return print_json(told);
  const auto json = Json::parse(told.dump());
  fmt::print("{}\n", say);
  if (json) print_contents(printable(*json).root());
}

void verify(Context& context, const Options& options) {
  Progress progress;
  const auto backup = operate::verify_backup(whole_path(options.backup), watching(progress));
  progress.end();
  if (!backup) return fail(context, backup.error(), 1);
  report(context, *backup, "the backup is whole: every sum, page, reference and audit entry");
}

void restore(Context& context, const Options& options) {
  Progress progress;
  const operate::RestoreOrder order{whole_path(options.backup), whole_path(options.into), user_name(),
                                    exchange::system_clock().now()};
  const auto backup = operate::restore_backup(order, watching(progress));
  progress.end();
  if (!backup) return fail(context, backup.error(), 1);
  report(context, *backup, fmt::format("restored into {}", order.into.string()));
  if (context.json) return;
  fmt::print(
      "next: 1. `data:` of the site's causeway.yaml names this folder; the configuration as it was is in {}\n"
      "      2. certificates and private keys come from where they are kept; they are in no backup\n"
      "      3. causeway run; what had left after {} goes out once more under its old ids, and peers suppress it\n"
      "      4. causeway reconcile: what came after {} is not here, and peers say what they have of it\n",
      (order.into / backup->manifest.config_folder).string(), exchange::instant(backup->manifest.at),
      exchange::instant(backup->manifest.at));
}

}  // namespace

void add_backup(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("backup", "A copy of a running site: made while it works, and verified");
  command->require_subcommand(1);
  auto options = std::make_shared<Options>();
  auto* making = command->add_subcommand("make", "Copy store, pseudonym key and configuration while the gateway works");
  making->add_option("--conf", options->conf, "the site's configuration folder, or its control socket")->required();
  making
      ->add_option("--to", options->to,
                   "an existing folder, in which SITE-TIME is made, or the name of the backup itself; written by the "
                   "gateway's user")
      ->required();
  making->callback([&context, options] { make(context, *options); });
  auto* verifying = command->add_subcommand("verify", "Is it whole? Sums, pages, references, audit chain, counts");
  verifying->add_option("backup", options->backup, "the backup's folder")->required()->check(CLI::ExistingDirectory);
  verifying->callback([&context, options] { verify(context, *options); });
}

void add_restore(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("restore", "Make a data folder of a backup, verified before it can be started");
  auto options = std::make_shared<Options>();
  command->add_option("backup", options->backup, "the backup's folder")->required()->check(CLI::ExistingDirectory);
  command->add_option("--into", options->into, "the new data folder: absent or empty")->required();
  command->callback([&context, options] { restore(context, *options); });
}

}  // namespace gateway::cli
