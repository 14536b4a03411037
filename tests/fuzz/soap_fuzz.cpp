// libFuzzer: SOAP calls and answers, and XML records with the paths of a map. What was read as a call comes back from
// what is written of it; every leaf is found again, once; nothing leads out of the document.
#include <algorithm>
#include <cstdint>
#include <cstdlib>

#include "adapters/http/soap.h"
#include "adapters/xml/xml_source.h"

namespace {

using namespace adapters;

constexpr fhir::XmlLimits kLimits{1u << 16, 50};

void demand(bool holds) {
  if (!holds) std::abort();
}

void check_call(const std::string& text) {
  const auto call = http::read_call(text, kLimits);
  (void)http::read_answer(text, "r", kLimits);
  if (!call) return;
  const auto again = http::read_call(http::write_call(*call), {1u << 20, 100});
  demand(again && again->method == call->method && again->parameters.size() == call->parameters.size());
  for (std::size_t n = 0; n < call->parameters.size(); ++n)
    demand(again->parameters[n].second == call->parameters[n].second);
}

void check_record(const std::string& text, std::string_view path) {
  const auto source = xml::make_source(text, kLimits);
  if (!source) return;
  const auto leaves = (*source)->leaves((*source)->root());
  for (const Spot leaf : leaves) {
    demand(!(*source)->text(leaf).empty());
    demand((*source)->leaves(leaf).size() == 1);
    (void)(*source)->place(leaf);
  }
  (void)(*source)->whole((*source)->root());
  const auto bound = xml::make_dialect()->bind(path, nullptr);
  if (!bound) return;
  for (const Spot spot : (*source)->find(**bound, (*source)->root())) {
    const auto below = (*source)->leaves(spot);
    demand(!below.empty());
    demand(std::ranges::find(leaves, below.front()) != leaves.end());
    (void)(*source)->whole(spot);
  }
}

}  // namespace

/// A path, a line end, a document.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string all(reinterpret_cast<const char*>(data), size);
  const auto end = std::min(all.find('\n'), all.size());
  const std::string text = all.substr(std::min(end + 1, all.size()));
  check_call(text);
  check_record(text, std::string_view(all).substr(0, std::min<std::size_t>(end, 200)));
  demand(xml::without_encoding(text).size() == text.size());
  return 0;
}
