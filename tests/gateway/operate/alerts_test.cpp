#include "gateway/operate/alerts.h"

#include <catch2/catch.hpp>
#include <condition_variable>

#include "fhir/json.h"
#include "gateway/operate/watch.h"
#include "tests/gateway/exchange/workflow_support.h"
#include "tests/gateway/store/temp_store.h"

using namespace gateway;
using namespace std::chrono_literals;
using operate::Alerts;

namespace {

/// The other end of the webhook: keeps what is posted, and answers what it is told to.
class Hook final : public net::HttpHandler {
 public:
  void handle(net::HttpRequest request, std::move_only_function<void(net::HttpResponse)> reply) override {
    const std::scoped_lock lock(mutex_);
    const int status = refuse-- > 0 ? 503 : 200;
    bodies_.push_back(std::move(request.body));
    came_.notify_all();
    reply({status, {}, ""});
  }
  /// What was posted, once there are so many; fewer when they do not come.
  std::vector<std::string> wait_for(std::size_t count, std::chrono::seconds patience = 10s) {
    std::unique_lock lock(mutex_);
    came_.wait_for(lock, patience, [&] { return bodies_.size() >= count; });
    return bodies_;
  }
  int refuse = 0;

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::string> bodies_;
};

std::string value(const std::string& body, const char* key) {
  const auto json = fhir::Json::parse(body);
  return json ? std::string(json->root()[key].text()) : "";
}

struct Rig {
  Rig() {
    auto listening = net->listen_http({"127.0.0.1", 0}, nullptr, nullptr, hook, {});
    REQUIRE(listening);
    listener = *std::move(listening);
    auto made = std::make_shared<config::Config>();
    made->site = "tianjin";
    made->alerts.webhook = {{"127.0.0.1", listener->port()}, "/hook", false};
    config = made;
    start();
  }
  ~Rig() {
    listener.reset();
    net->stop();
  }
  void start() {
    all.push_back(std::make_unique<Alerts>(*store, clock, *net, [this] { return config; }));  // a post may be under way
    alerts = all.back().get();
    REQUIRE(alerts->begin());
  }

  Hook hook;
  store::TempStore store;
  test::TestClock clock;
  std::unique_ptr<net::Net> net = net::make_net(1);
  std::unique_ptr<net::Listener> listener;
  std::shared_ptr<const config::Config> config;
  std::vector<std::unique_ptr<Alerts>> all;
  Alerts* alerts = nullptr;
};

}  // namespace

TEST_CASE("an alert is posted once when it is raised and once when it is over", "[operate][alerts]") {
  Rig rig;
  rig.alerts->raise("disk", "1 MiB is free");
  rig.alerts->raise("disk", "0 MiB are free");
  CHECK(rig.alerts->active().size() == 1);
  rig.alerts->clear("disk", "5 GiB are free");
  rig.alerts->clear("disk", "6 GiB are free");
  rig.alerts->raise("staging:his", "the staging database is away");
  const auto bodies = rig.hook.wait_for(3);
  REQUIRE(bodies.size() == 3);
  CHECK(value(bodies[0], "alert") == "disk");
  CHECK(value(bodies[0], "state") == "raised");
  CHECK(value(bodies[0], "say") == "1 MiB is free");
  CHECK(value(bodies[0], "site") == "tianjin");
  CHECK(value(bodies[1], "state") == "over");
  CHECK(value(bodies[2], "alert") == "staging:his");
  CHECK(rig.hook.wait_for(4, 1s).size() == 3);
}

TEST_CASE("what was raised before a restart is not told again, and its end is", "[operate][alerts]") {
  Rig rig;
  rig.alerts->raise("queue-age", "the oldest waits for 1 h");
  REQUIRE(rig.hook.wait_for(1).size() == 1);
  store::must(rig.store->commit({}));  // the alert's own commit is before this one
  rig.start();
  rig.alerts->raise("queue-age", "the oldest waits for 2 h");
  REQUIRE(rig.alerts->active().size() == 1);
  CHECK(rig.alerts->active()[0].say == "the oldest waits for 1 h");
  rig.alerts->clear("queue-age", "nothing waits");
  CHECK(rig.hook.wait_for(2).size() == 2);
  store::must(rig.store->commit({}));
  CHECK(store::must(rig.store->facts("alert")).empty());
  const auto audit = store::must(rig.store->audit(0, 10));
  REQUIRE(audit.size() == 2);
  CHECK(audit[0].event == "alarm");
}

TEST_CASE("a webhook that refuses is tried again, in order; one that is away holds nobody up", "[operate][alerts]") {
  Rig rig;
  rig.hook.refuse = 1;
  const auto began = std::chrono::steady_clock::now();
  rig.alerts->raise("a", "x");
  rig.alerts->raise("b", "y");
  CHECK(std::chrono::steady_clock::now() - began < 500ms);
  const auto bodies = rig.hook.wait_for(3);
  REQUIRE(bodies.size() == 3);
  CHECK(bodies[0] == bodies[1]);
  CHECK(value(bodies[2], "alert") == "b");
}

namespace {

/// A site whose watch looks when it is asked.
struct Watched {
  explicit Watched(config::Config config = test::hainan()) : site(std::move(config)) {}
  ~Watched() { net->stop(); }
  /// Is exactly one alert up whose key begins so?
  bool raised(std::string_view key) {
    watch.look();
    const auto active = alerts.active();
    return std::ranges::count_if(active, [&](const auto& one) { return one.key.starts_with(key); }) == 1;
  }

  test::TestSite site;
  std::unique_ptr<net::Net> net = net::make_net(1);
  exchange::Mailbox mailbox{site.clock, [](auto, auto) {}, [] {}};
  std::shared_ptr<exchange::Courier> courier =
      std::make_shared<exchange::Courier>(*site.world, *net, [](std::string_view) { return nullptr; }, mailbox);
  trust::Roster roster{site.config};
  Alerts alerts{*site.store, site.clock, *net, [this] { return site.config; }};
  operate::Watch watch{*site.world, *courier, roster, alerts};
};

}  // namespace

TEST_CASE("the watch raises and clears queue, held, certificate and disk by the configured limits",
          "[operate][alerts]") {
  Watched watched;
  auto& site = watched.site;
  const auto raised = [&](const std::string& key) { return watched.raised(key); };
  const auto with = [&](auto change) {
    auto made = std::make_shared<config::Config>(*site.config);
    change(*made);
    site.config = made;
  };
  with([&](config::Config& made) {
    made.data = site.folder.path;
    made.alerts.disk_free = 1;
  });

  CHECK_FALSE(raised("disk"));
  with([](config::Config& made) { made.alerts.disk_free = std::size_t{1} << 60u; });
  CHECK(raised("disk"));
  with([](config::Config& made) { made.alerts.disk_free = 1; });
  CHECK_FALSE(raised("disk"));

  REQUIRE(site.post(test::report(exchange::system_entropy().uuid(), "R-1", "tmucih"), "tmucih").fate ==
          exchange::Fate::accepted);
  REQUIRE(site.post("no json", "tmucih").fate == exchange::Fate::held);
  CHECK_FALSE(raised("queue-age"));
  CHECK_FALSE(raised("held"));
  site.clock.at += 901'000;
  CHECK(raised("queue-age"));
  CHECK_FALSE(raised("held"));
  site.clock.at += 3'600'000;
  CHECK(raised("held"));
  with([](config::Config& made) {
    made.alerts.queue_age = std::chrono::hours(48);
    made.held_alarm = std::chrono::hours(48);
  });
  CHECK_FALSE(raised("queue-age"));
  CHECK_FALSE(raised("held"));
}

TEST_CASE("a referral that nobody answers in time is an alert until it is answered", "[operate][alerts]") {
  auto config = test::hainan();
  config.routes = {test::route("ask", {"referral-request"}, "local", {"peer:tianjin"}),
                   test::route("answers", {"referral-accept"}, "tmucih", {"local:archive"})};
  config.routes.front().answer_within = std::chrono::hours(2);
  Watched watched(config);
  auto& site = watched.site;
  const auto raised = [&] { return watched.raised("referral-unanswered:"); };

  const auto asked =
      test::message("referral-request", "hnump", "C1", {test::patient(), test::request(), test::task("requested")});
  REQUIRE(test::code_of(site.post(asked, "hnump", true)) == "accepted");
  site.clock.at += 7'100'000;
  CHECK_FALSE(raised());
  site.clock.at += 200'000;
  CHECK(raised());
  const auto accepted = test::message("referral-accept", "tmucih", "C1", {test::task("accepted")});
  REQUIRE(test::code_of(site.post(accepted, "tmucih")) == "accepted");
  CHECK_FALSE(raised());
}
