#include "gateway/exchange/processing.h"

#include <algorithm>

#include "adapters/hl7v2/ack.h"

namespace gateway::exchange {
namespace {

using config::Processing;
using fhir::JsonTree;
using fhir::JsonView;
using fhir::Result;

constexpr std::string_view kReasons = "http://terminology.hl7.org/CodeSystem/v3-ActReason";  // HTEST: test health data
constexpr std::string_view kIds = "http://terminology.hl7.org/CodeSystem/v2-0103";

bool has_coding(JsonView codings, std::string_view system, std::string_view code) {
  return std::ranges::any_of(codings, [&](JsonView coding) {
    return coding["code"].text() == code && (!coding["system"] || coding["system"].text() == system);
  });
}

bool is_marked(JsonView resource) {
  const JsonView meta = resource["meta"];
  if (has_coding(meta["security"], kReasons, "HTEST") || has_coding(meta["tag"], kReasons, "HTEST")) return true;
  return std::ranges::any_of(meta["tag"], [](JsonView tag) {
    return tag["system"].text() == kIds && (tag["code"].text() == "T" || tag["code"].text() == "D");
  });
}

// One test patient makes the whole message a test.
bool is_test(JsonView bundle) {
  return is_marked(bundle) ||
         std::ranges::any_of(bundle["entry"], [](JsonView entry) { return is_marked(entry["resource"]); });
}

struct Said {
  bool test = false;
  std::string_view where;  // what says so
};

constexpr std::string_view kLabel = "Bundle.meta.security";

bool speaks_hl7(const Arrival& arrival) {
  return arrival.local != nullptr && arrival.local->format == config::Format::hl7v2;
}

// Nothing said: what the place takes.
Result<std::optional<Said>> said_by(const Passage& passage) {
  if (!speaks_hl7(passage.arrival)) {
    if (!passage.bundle) return std::optional<Said>{};
    return std::optional(Said{is_test(passage.view()), kLabel});
  }
  const std::string id = adapters::hl7v2::read_header(passage.text).processing_id;
  const std::string_view code = std::string_view(id).substr(0, id.find('^'));
  if (code.empty()) return std::optional<Said>{};
  if (code != "P" && code != "T" && code != "D") {
    return fhir::fail(fhir::Fault::forbidden, "processing.unknown", "MSH-11", "MSH-11 is none of P, T and D");
  }
  return std::optional(Said{code != "P", "MSH-11"});
}

bool takes_tests(const Passage& passage) {
  const Arrival& arrival = passage.arrival;
  const Processing here =
      arrival.local != nullptr ? passage.config->processing_of(*arrival.local) : passage.config->processing;
  return here != Processing::production;
}

JsonTree coding(std::string_view system, std::string_view code) {
  return JsonTree::object({{"system", system}, {"code", code}});
}

}  // namespace

Result<void> check_processing(const World&, Passage& passage) {
  const auto said = said_by(passage);
  if (!said) return std::unexpected(said.error());
  if (!*said || (*said)->test == takes_tests(passage)) return {};
  const bool own = passage.arrival.local == nullptr && passage.arrival.caller == passage.config->organization.id;
  if (own && !(*said)->test) return {};  // our own people and our own clock, at a test site: theirs is test data, too
  const std::string where((*said)->where);
  if ((*said)->test) {
    return fhir::fail(fhir::Fault::forbidden, "processing.test", where,
                      "a test message (MSH-11 T or D, or the label HTEST) is not taken at a production site");
  }
  return fhir::fail(fhir::Fault::forbidden, "processing.production", where,
                    "a production message (MSH-11 P, or no label HTEST) is not taken at a test site");
}

bool same_processing(const config::Config& config, const config::Peer& peer) {
  return (config.processing == Processing::production) == (config.processing_of(peer) == Processing::production);
}

std::string_view processing_id(Processing processing) {
  switch (processing) {
    case Processing::production: return "P";
    case Processing::training: return "T";
    case Processing::debug: return "D";
  }
  return "P";
}

void mark_test(JsonTree& bundle, Processing processing) {
  if (processing == Processing::production) return;
  const auto mark = [&](JsonTree& resource) {
    JsonTree& meta = resource["meta"];
    meta["security"].push(coding(kReasons, "HTEST"));
    meta["tag"].push(coding(kIds, processing_id(processing)));
  };
  mark(bundle);
  JsonTree* entries = bundle.find("entry");
  if (entries != nullptr && entries->size() != 0) mark(entries->children().front().second["resource"]);
}

}  // namespace gateway::exchange
