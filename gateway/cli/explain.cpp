// `causeway explain FILE --conf CONF`: which route would this message take, what would policy say, what would be
// removed for whom. Nothing is sent or stored, and no gateway needs to run: the same steps as the intake, on an empty
// store. With the number of a stored message: what was decided when it was accepted, asked of the running gateway.
#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "gateway/cli/control_client.h"
#include "gateway/cli/output.h"
#include "gateway/config/config.h"
#include "gateway/exchange/intake.h"
#include "gateway/exchange/readers.h"

namespace gateway::cli {
namespace {

using fhir::Fault;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

// A store that knows nothing and takes nothing.
class EmptyStore final : public store::Store {
 public:
  template <class T>
  using Maybe = Result<std::optional<T>>;
  template <class T>
  using List = Result<std::vector<T>>;

  void submit(store::Commit, std::move_only_function<void(Result<store::Committed>)> done) override {
    done(fhir::fail(Fault::unsupported, "explain.no-store", "", "explaining stores nothing"));
  }
  void claim(store::Millis, store::Millis, std::size_t, std::vector<store::Room>,
             std::move_only_function<void(List<store::Claim>)> done) override {
    done(std::vector<store::Claim>{});
  }
  Maybe<store::Seen> seen(std::string_view, std::string_view) const override { return std::nullopt; }
  Maybe<store::Seen> seen_transmission(std::string_view, std::string_view) const override { return std::nullopt; }
  Maybe<store::Message> message(store::Id) const override { return std::nullopt; }
  List<store::Message> messages(const store::Query&) const override { return std::vector<store::Message>{}; }
  List<store::Delivery> deliveries(store::Id) const override { return std::vector<store::Delivery>{}; }
  List<store::Delivery> deliveries_in(store::DeliveryState, store::Id, std::size_t) const override {
    return std::vector<store::Delivery>{};
  }
  Maybe<store::Delivery> delivery(store::Id) const override { return std::nullopt; }
  List<store::Found> find(const store::Find&) const override { return std::vector<store::Found>{}; }
  List<store::Attempt> attempts(store::Id) const override { return std::vector<store::Attempt>{}; }
  List<store::DeadCause> dead_causes() const override { return std::vector<store::DeadCause>{}; }
  List<store::Backlog> backlogs() const override { return std::vector<store::Backlog>{}; }
  List<store::AuditEntry> audit(store::Id, std::size_t) const override { return std::vector<store::AuditEntry>{}; }
  Maybe<store::StoredResource> resource(std::string_view, std::string_view) const override { return std::nullopt; }
  List<std::string> owners(std::span<const store::ResourceName> names) const override {
    return std::vector<std::string>(names.size());
  }
  List<store::StoredResource> resources(std::string_view, std::string_view, std::string_view,
                                        std::size_t) const override {
    return std::vector<store::StoredResource>{};
  }
  Maybe<store::PseudonymLink> link(std::string_view, std::string_view) const override { return std::nullopt; }
  List<store::StoredResource> resources_of(std::string_view, std::string_view) const override {
    return std::vector<store::StoredResource>{};
  }
  Maybe<store::Fact> fact(std::string_view, std::string_view) const override { return std::nullopt; }
  List<store::Fact> facts(std::string_view) const override { return std::vector<store::Fact>{}; }
  List<store::RowMark> row_marks(std::string_view, std::span<const std::string>) const override {
    return std::vector<store::RowMark>{};
  }
  List<store::RowMark> row_marks_after(std::string_view, std::string_view, std::size_t) const override {
    return std::vector<store::RowMark>{};
  }
  List<store::RowMark> row_marks_in(std::string_view, store::RowState, std::size_t) const override {
    return std::vector<store::RowMark>{};
  }
  Maybe<store::RowBookmark> row_bookmark(std::string_view, std::string_view) const override { return std::nullopt; }
  List<store::RowCount> row_counts() const override { return std::vector<store::RowCount>{}; }
  Result<Counts> counts() const override { return Counts{}; }
  Result<std::int64_t> verify_audit() const override { return 0; }
  Result<std::vector<store::Message>> came(const store::Stretch&) const override {
    return std::vector<store::Message>{};
  }
  Result<std::vector<store::Delivery>> went(const store::Stretch&, std::string_view) const override {
    return std::vector<store::Delivery>{};
  }
  Result<std::vector<std::string>> events() const override { return std::vector<std::string>{}; }
  Result<std::vector<store::Id>> expired(const store::Expiry&) const override { return std::vector<store::Id>{}; }
  void sweep(store::Layer, std::vector<store::Id>, Account,
             std::move_only_function<void(Result<std::int64_t>)> done) override {
    done(0);
  }
  Result<store::Census> copy_to(const std::string& file, const store::Progress&) const override {
    return fhir::fail(fhir::Fault::unsupported, "copy.memory", file, "nothing is on disk here");
  }
  bool full() const override { return false; }
  bool refill() override { return true; }
  bool failed() const override { return false; }
};

struct Options {
  std::string file, conf, door, peer;
};

Result<exchange::Arrival> arrival_of(std::shared_ptr<const config::Config> config, const Options& options) {
  exchange::Arrival arrival;
  arrival.config = config;
  arrival.actor = "explain";
  if (const config::Peer* peer = config->peer(options.peer)) {
    arrival.door = "fhir";
    arrival.caller = peer->organization.id;
    arrival.speaks_for = peer->speaks_for;
    return arrival;
  }
  arrival.caller = config->organization.id;
  for (const auto& door : config->doors) {
    if (!options.door.empty() && door.name != options.door) continue;
    arrival.local = &door;
    arrival.door = door.label();
    return arrival;
  }
  return fhir::fail(Fault::not_found, "explain.door", options.door + options.peer,
                    "no such door or peer is configured");
}

void print_destination(JsonView to) {
  const JsonView policy = to["policy"];
  fmt::print("  -> {}", to["to"].text());
  if (policy) fmt::print("  {} ({}): {}", policy["verdict"].text(), policy["code"].text(), policy["reason"].text());
  if (policy["profile"]) fmt::print("; profile {}", policy["profile"].text());
  if (policy["basis"]) fmt::print("; basis {}", policy["basis"].text());
  fmt::print("\n");
  for (const JsonView removed : to["removed"])
    fmt::print("       removed {} by {}\n", removed["path"].text(), removed["rule"].text());
}

void print(JsonView explain) {
  const JsonView map = explain["map"], route = explain["route"];
  if (map["name"]) {
    fmt::print("map   {}: {} values, {} carried, {} kept, {} not carried\n", map["name"].text(), map["valued"].text(),
               map["carried"].text(), map["kept"].text(), map["reported"].text());
  }
  for (const JsonView tried : route["tried"]) {
    const bool matched = tried["matched"].text() == "true";
    fmt::print(
        "route {}: {}\n", tried["id"].text(),
        matched ? fmt::format("takes it ({})", route["place"].text()) : "no, " + std::string(tried["because"].text()));
  }
  for (const JsonView to : explain["destinations"]) print_destination(to);
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// What was decided when it was accepted, whatever the configuration says today.
void explain_stored(Context& context, const Options& options) {
  const auto answer = ask_site(context, {options.conf, "GET", "/messages/" + options.file});
  if (!answer) return;
  const JsonView message = answer->root();
  if (context.json) return print_json(JsonTree::from(message["explain"]));
  const auto shown = printable(*answer);
  const JsonView told = shown.root();
  fmt::print("message {}: {} of case {}, {} {}, under configuration {}\n", told["number"].text(), told["event"].text(),
             told["case"].text(), told["state"].text(), told["at"].text(),
             told["explain"]["route"]["config"].text().substr(0, 12));
  print(told["explain"]);
  if (told["reason"])
    fmt::print("stopped at step '{}': {}\n", told["explain"]["stopped"].text(), told["reason"].text());
}

void explain(Context& context, const Options& options) {
  if (is_number(options.file) && !std::filesystem::exists(options.file)) return explain_stored(context, options);
  std::vector<config::FileFault> faults;
  const auto config = config::load(options.conf, faults);
  if (!config) {
    fmt::print(stderr, "{}", config::render(faults));
    return fail(context, {Fault::invalid, "config.faults", options.conf, "the configuration has faults"});
  }
  auto arrival = arrival_of(config, options);
  if (!arrival) return fail(context, arrival.error());
  auto bytes = read_file(options.file);
  if (!bytes) return fail(context, bytes.error());
  arrival->raw = exchange::without_frame(*std::move(bytes));

  EmptyStore store;
  // the real key stays with the gateway: pseudonyms shown here are placeholders
  const auto pseudonym = [](std::string_view, std::string_view key) {
    return "P-" + fhir::message::sha256(key).substr(0, 20);
  };
  exchange::Intake intake(
      {store, exchange::system_clock(), exchange::system_entropy(), [config] { return config; }, pseudonym}, [] {});
  const auto plan = intake.plan(*std::move(arrival));
  JsonTree told = plan.passage.explain;
  if (plan.error) {
    context.exit_code = 1;
    told.set("error",
             JsonTree::object({{"code", plan.error->code}, {"where", plan.error->where}, {"say", plan.error->say}}));
  }
  if (context.json) return print_json(told);
  if (const auto json = fhir::Json::parse(told.dump())) print(json->root());
  if (plan.error) fmt::print("stopped at step '{}': {}\n", told.text_of("stopped"), fhir::to_string(*plan.error));
}

}  // namespace

void add_explain(CLI::App& app, Context& context) {
  auto* command = app.add_subcommand("explain",
                                     "Which route would a message take, or did it when it was accepted, and what would "
                                     "policy say and remove; nothing is sent");
  auto options = std::make_shared<Options>();
  command->add_option("file", options->file, "one message as the door would receive it, or the number of a stored one")
      ->required();
  command->add_option("--conf", options->conf, "the site's configuration folder")
      ->required()
      ->check(CLI::ExistingDirectory);
  auto* door = command->add_option("--door", options->door, "the local door it would come through; default: the first");
  command->add_option("--peer", options->peer, "it would come from this peer, as a FHIR message")->excludes(door);
  command->callback([&context, options] { explain(context, *options); });
}

}  // namespace gateway::cli
