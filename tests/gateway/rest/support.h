// A site without sockets and disk: the resources of two exchanges, three partners and two peers.
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fhir/json.h"
#include "gateway/rest/server.h"

namespace gateway::rest::test {

using fhir::Json;
using fhir::JsonView;
using fhir::Result;
using store::StoredResource;

/// Keeps what it is given; commits fail when told to.
class MemoryStore final : public store::Store {
 public:
  std::vector<StoredResource> kept;
  std::vector<store::Message> messages_kept;
  std::vector<store::AuditEntry> audited;
  std::vector<store::Fact> remembered;
  bool fail = false;

  void submit(store::Commit commit, std::move_only_function<void(Result<store::Committed>)> done) override {
    if (fail) return done(fhir::fail(fhir::Fault::unavailable, "store.full", "", "the disk is full"));
    std::ranges::move(commit.audit, std::back_inserter(audited));
    std::ranges::move(commit.facts, std::back_inserter(remembered));
    done(store::Committed{});
  }
  Result<std::optional<StoredResource>> resource(std::string_view type, std::string_view id) const override {
    const auto found = std::ranges::find_if(kept, [&](const auto& r) { return r.type == type && r.id == id; });
    return found == kept.end() ? std::optional<StoredResource>{} : *found;
  }
  Result<std::vector<std::string>> owners(std::span<const store::ResourceName> names) const override {
    std::vector<std::string> found;
    for (const auto& [type, id] : names) {
      const auto one = *resource(type, id);
      found.push_back(one ? one->owner : "");
    }
    return found;
  }
  Result<std::vector<StoredResource>> resources(std::string_view type, std::string_view system, std::string_view value,
                                                std::size_t limit) const override {
    std::vector<StoredResource> found;
    for (const StoredResource& one : kept) {
      const bool has = std::ranges::any_of(
          one.identifiers, [&](const auto& i) { return i.second == value && (system.empty() || i.first == system); });
      if (one.type == type && has && found.size() < limit) found.push_back(one);
    }
    return found;
  }

  void claim(store::Millis, store::Millis, std::size_t, std::vector<store::Room>,
             std::move_only_function<void(Result<std::vector<store::Claim>>)> done) override {
    done(std::vector<store::Claim>{});
  }
  Result<std::optional<store::Seen>> seen(std::string_view, std::string_view) const override { return std::nullopt; }
  Result<std::optional<store::Seen>> seen_transmission(std::string_view, std::string_view) const override {
    return std::nullopt;
  }
  Result<std::optional<store::Message>> message(store::Id) const override { return std::nullopt; }
  Result<std::vector<store::Message>> messages(const store::Query&) const override {
    return std::vector<store::Message>{};
  }
  Result<std::vector<store::Delivery>> deliveries(store::Id) const override { return std::vector<store::Delivery>{}; }
  Result<std::vector<store::Delivery>> deliveries_in(store::DeliveryState, store::Id, std::size_t) const override {
    return std::vector<store::Delivery>{};
  }
  Result<std::optional<store::Delivery>> delivery(store::Id) const override { return std::nullopt; }
  Result<std::vector<store::Found>> find(const store::Find&) const override { return std::vector<store::Found>{}; }
  Result<std::vector<store::Attempt>> attempts(store::Id) const override { return std::vector<store::Attempt>{}; }
  Result<std::vector<store::DeadCause>> dead_causes() const override { return std::vector<store::DeadCause>{}; }
  Result<std::vector<store::Backlog>> backlogs() const override { return std::vector<store::Backlog>{}; }
  Result<std::vector<store::AuditEntry>> audit(store::Id, std::size_t) const override { return audited; }
  Result<std::optional<store::PseudonymLink>> link(std::string_view, std::string_view) const override {
    return std::nullopt;
  }
  Result<std::vector<StoredResource>> resources_of(std::string_view, std::string_view) const override {
    return std::vector<StoredResource>{};
  }
  Result<std::optional<store::Fact>> fact(std::string_view, std::string_view) const override { return std::nullopt; }
  Result<std::vector<store::Fact>> facts(std::string_view) const override { return std::vector<store::Fact>{}; }
  Result<std::vector<store::RowMark>> row_marks(std::string_view, std::span<const std::string>) const override {
    return std::vector<store::RowMark>{};
  }
  Result<std::vector<store::RowMark>> row_marks_after(std::string_view, std::string_view, std::size_t) const override {
    return std::vector<store::RowMark>{};
  }
  Result<std::vector<store::RowMark>> row_marks_in(std::string_view, store::RowState, std::size_t) const override {
    return std::vector<store::RowMark>{};
  }
  Result<std::optional<store::RowBookmark>> row_bookmark(std::string_view, std::string_view) const override {
    return std::nullopt;
  }
  Result<std::vector<store::RowCount>> row_counts() const override { return std::vector<store::RowCount>{}; }
  Result<Counts> counts() const override { return Counts{}; }
  Result<std::int64_t> verify_audit() const override { return 0; }
  Result<std::vector<store::Message>> came(const store::Stretch& stretch) const override {
    std::vector<store::Message> found;
    for (const store::Message& one : messages_kept)
      if (one.sender == stretch.sender && one.at >= stretch.from && one.at < stretch.until && one.id > stretch.after)
        found.push_back(one);
    if (found.size() > stretch.limit) found.resize(stretch.limit);
    return found;
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

/// Answers what it is told to and remembers what it was asked.
class MemoryCore final : public Core {
 public:
  std::expected<Answer, Failure> next = Answer{R"({"resourceType":"Bundle"})"};
  std::optional<PostedMessage> message;
  std::optional<TaskUpdate> update;
  std::optional<TraceQuestion> question;

  void process_message(PostedMessage posted, Answered answered) override {
    message.emplace(std::move(posted));
    answered(next);
  }
  void collect(const Caller& caller, exchange::CollectCall call, Answered answered) override {
    collected.emplace_back(caller.party.name, std::move(call));
    answered(next);
  }
  std::vector<std::pair<std::string, exchange::CollectCall>> collected;
  void put_task(TaskUpdate asked, Answered answered) override {
    update.emplace(std::move(asked));
    answered(next);
  }
  void trace(TraceQuestion asked, Answered answered) override {
    question.emplace(std::move(asked));
    answered(next);
  }

  void test_back(const Caller& caller, Answered answered) override {
    tested = caller.party.name;
    answered(next);
  }
  std::string tested;

  void fail_with(fhir::Error error) { next = std::unexpected(Failure{std::move(error), {}}); }
};

inline StoredResource resource(std::string type, std::string id, std::string owner, std::string event) {
  StoredResource made;
  made.type = type;
  made.id = id;
  made.version = 3;
  made.at = 1'773'382'500'123;  // 2026-03-13T06:15:00.123Z
  made.identifiers = {{"https://gw.example/sid/" + owner + "/report", "R-" + id}};
  made.owner = std::move(owner);
  made.event = std::move(event);
  made.correlation = "case-" + id;
  made.json = R"({"resourceType":")" + type + R"(","id":")" + id + R"(","n":1.10})";
  return made;
}

struct Site {
  MemoryStore store;
  MemoryCore core;
  std::shared_ptr<config::Config> config = std::make_shared<config::Config>();
  Server server{Services{store, core, [this] { return config; },
                         [this](const net::PeerCertificate& c) { return identify(c); },
                         [] { return store::Millis{1'773'382'500'123}; }, [] { return std::string("fresh-id"); }}};

  Site() {
    config->site = "hainan";
    config->fhir_base = "/fhir";
    config->fhir_url = "https://gw.hainan.example/fhir";
    config->partners = {
        partner("reader", {{{"DiagnosticReport", "Observation"}, {"report"}, {"tmucih"}}, {{"Bundle"}, {}, {}}}),
        partner("desk", {{{"Task", "Bundle", "Composition"}, {}, {"hkaur"}}}), partner("nobody", {})};
    config->partners[1].writes = {"Task"};
    config->partners[1].sends = {"opinion-published"};
    config->partners[1].purpose = "TREAT";
    for (const char* type :
         {"DiagnosticReport", "Observation", "Bundle", "Task", "ServiceRequest", "Patient", "Composition"}) {
      store.kept.push_back(resource(type, "t1", "tmucih", "report"));
      store.kept.push_back(resource(type, "h1", "hkaur", "opinion-published"));
    }
  }

  static config::Partner partner(std::string name, std::vector<config::Grant> reads) {
    config::Partner made;
    made.name = std::move(name);
    made.reads = std::move(reads);
    return made;
  }

  /// The certificate's fingerprint is the party's name here.
  Result<trust::Party> identify(const net::PeerCertificate& certificate) const {
    const std::string& name = certificate.fingerprint;
    if (name == "tianjin") return trust::Party{trust::Party::Kind::peer, name, "tmucih", {}};
    const bool known = std::ranges::any_of(config->partners, [&](const auto& p) { return p.name == name; });
    if (known) return trust::Party{trust::Party::Kind::partner, name, "", {}};
    return fhir::fail(fhir::Fault::forbidden, "trust.unknown-key", "", "no entry pins this key");
  }

  net::HttpResponse ask(std::string who, std::string method, std::string target, net::Headers headers = {},
                        std::string body = {}) {
    net::HttpRequest request{std::move(method), std::move(target), std::move(headers), std::move(body), {},
                             "127.0.0.1:9"};
    request.certificate.fingerprint = std::move(who);
    std::optional<net::HttpResponse> answer;
    server.handle(std::move(request), [&](net::HttpResponse response) { answer = std::move(response); });
    REQUIRE(answer);
    return std::move(*answer);
  }
};

inline Json body(const net::HttpResponse& response) {
  auto json = Json::parse(response.body);
  if (!json) FAIL(response.body);
  return std::move(*json);
}

inline std::string header(const net::HttpResponse& response, std::string_view name) {
  return std::string(net::header(response.headers, name));
}

/// "status issue-code detail-code" of an OperationOutcome.
inline std::string outcome(const net::HttpResponse& response) {
  const Json json = body(response);
  CHECK(json.root()["resourceType"].text() == "OperationOutcome");
  const JsonView issue = json.root()["issue"].at(0);
  return std::to_string(response.status) + " " + std::string(issue["code"].text()) + " " +
         std::string(issue["details"]["coding"].at(0)["code"].text());
}

}  // namespace gateway::rest::test
