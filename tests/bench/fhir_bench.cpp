// The FHIR engine measured; `./dev bench fhir` (fhir.py) calls it and sets its figures beside those of others.
//   fhir_bench path PAIRS.json RESULTS.ndjson   evaluations a second of {"pairs":[{"expression","file"}]}, and what
//   they
//                                               gave, a line each
//   fhir_bench documents LABEL FILE...          megabytes a second: parse, serialise, validate; XML both ways
// Every figure is of one thread.
#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/json.h"
#include "fhir/path/fhirpath.h"
#include "fhir/validate/structure.h"
#include "fhir/xml.h"

using namespace fhir;

namespace {

using Clock = std::chrono::steady_clock;
constexpr double kAtLeast = 1.0;  // seconds for each figure

std::string read(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

double seconds(const std::function<void()>& work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The best round, after one that warms up. `prepare` runs before each round and is not counted.
double best(const std::function<void()>& work, const std::function<void()>& prepare = [] {}) {
  double least = 1e9;
  double spent = 0;
  prepare();
  work();
  while (spent < kAtLeast) {
    prepare();
    const double now = seconds(work);
    least = std::min(least, now);
    spent += now;
  }
  return least;
}

// --------------------------------------------------------------------------------------------------------- FHIRPath

struct Pair {
  std::string expression;
  std::string type;  // of the resource, which whoever writes a rule knows
  JsonView document;
};

JsonTree value_of(const path::Item& item) {
  switch (item.kind) {
    case path::Item::Kind::node: return JsonTree::from(item.node);
    case path::Item::Kind::boolean:
      return item.text.empty() ? JsonTree::null() : JsonTree::boolean(item.text == "true");
    case path::Item::Kind::integer:
    case path::Item::Kind::decimal: return item.text.empty() ? JsonTree::null() : JsonTree::number(item.text);
    case path::Item::Kind::quantity: return JsonTree::string(item.text + " '" + item.unit + "'");
    default: return item.node.kind() == JsonKind::null ? JsonTree::null() : JsonTree::string(item.text);
  }
}

std::string told(const Result<path::Collection>& result) {
  if (!result) return JsonTree::object({{"error", to_string(result.error())}}).dump();
  JsonTree list = JsonTree::array();
  for (const path::Item& item : *result) list.push(value_of(item));
  return list.dump();
}

int measure_path(const std::string& pairs_file, const std::string& results_file) {
  const auto plan = Json::parse(read(pairs_file));
  if (!plan) return 2;
  std::map<std::string, Json> documents;
  std::vector<Pair> pairs;
  std::map<std::pair<std::string, std::string>, path::Expression> rules;  // compiled once, as whoever keeps rules does
  std::vector<path::Expression> compiled;                                 // of each pair, at hand
  std::ofstream results(results_file, std::ios::binary);
  for (const JsonView one : plan->root()["pairs"]) {
    const std::string file(one["file"].text());
    if (!documents.contains(file)) {
      auto json = Json::parse(read(file));
      if (!json) return 2;
      documents.emplace(file, *std::move(json));
    }
    const JsonView document = documents.at(file).root();
    Pair pair{std::string(one["expression"].text()), std::string(document["resourceType"].text()), document};
    auto rule = rules.find({pair.expression, pair.type});
    auto expression = rule != rules.end() ? Result<path::Expression>(rule->second)
                                          : path::Expression::compile(pair.expression, {.context = pair.type});
    if (!expression) {
      results << JsonTree::object({{"error", to_string(expression.error())}}).dump() << '\n';
      continue;
    }
    const auto result = expression->evaluate(pair.document);
    results << told(result) << '\n';
    if (!result || one["skip"].text() == "true") continue;
    rule = rules.try_emplace({pair.expression, pair.type}, *std::move(expression)).first;
    compiled.push_back(rule->second);
    pairs.push_back(std::move(pair));
  }
  std::size_t items = 0;
  path::Workspace workspace;
  const path::Environment environment;
  const double warm = best([&] {
    for (std::size_t n = 0; n < pairs.size(); ++n) {
      items += compiled[n].evaluate(pairs[n].document, environment, workspace)->size();
    }
  });
  const double cold = best([&] {
    for (const Pair& pair : pairs) {
      const auto expression = path::Expression::compile(pair.expression, {.context = pair.type});
      items += expression->evaluate(pair.document, environment, workspace)->size();
    }
  });
  const auto count = static_cast<double>(pairs.size());
  fmt::print("{{\"pairs\":{},\"compiled\":{:.0f},\"cold\":{:.0f},\"items\":{}}}\n", pairs.size(), count / warm,
             count / cold, items);
  return 0;
}

// -------------------------------------------------------------------------------------------------------- documents

struct Corpus {
  std::string label;
  std::vector<std::string> texts;
  std::vector<Json> documents;
  std::size_t bytes = 0;
  std::size_t resources = 0;  // entries of Bundles count, the Bundle itself does not
};

Corpus load(const std::string& label, int count, char** files) {
  Corpus corpus{.label = label, .texts = {}, .documents = {}};
  for (int n = 0; n < count; ++n) {
    std::string text = read(files[n]);
    auto json = Json::parse(text);
    if (!json) continue;
    const std::size_t entries = json->root()["entry"].size();
    corpus.bytes += text.size();
    corpus.resources += entries == 0 ? 1 : entries;
    corpus.texts.push_back(std::move(text));
    corpus.documents.push_back(*std::move(json));
  }
  return corpus;
}

void line(const Corpus& corpus, std::string_view what, double time, std::size_t bytes, std::string_view aim = "") {
  fmt::print("  {:<34}{:>9.1f} MB/s {:>10.0f} resources/s{}\n", what, static_cast<double>(bytes) / time / 1e6,
             static_cast<double>(corpus.resources) / time, aim);
  std::fflush(stdout);
}

void measure_json(const Corpus& corpus) {
  std::size_t sink = 0;
  std::vector<std::string> own;
  std::vector<Json> parsed;
  const double parse = best(
      [&] {
        for (std::string& text : own) parsed.push_back(*Json::parse(std::move(text)));
      },
      [&] {
        own = corpus.texts;  // what was received is handed over, not copied
        parsed.clear();
        parsed.reserve(own.size());
      });
  line(corpus, "parse JSON, with all its checks", parse, corpus.bytes, "   (aim 800 MB/s)");
  const double dump = best([&] {
    for (const Json& json : corpus.documents) sink += json.root().dump().size();
  });
  line(corpus, "serialise JSON", dump, corpus.bytes, "   (aim 1,000 MB/s)");
  if (sink == 0) fmt::print("\n");
}

void measure_validation(const Corpus& corpus) {
  std::size_t issues = 0;
  for (const bool invariants : {false, true}) {
    const validate::StructureLimits limits{.most = 100, .thorough = invariants};
    const double time = best([&] {
      for (const Json& json : corpus.documents) issues += validate::check_structure(json.root(), limits).size();
    });
    line(corpus, invariants ? "validate, with invariants" : "validate, without invariants", time, corpus.bytes,
         invariants ? "   (aim 40 MB/s)" : "");
  }
  const double whole = best([&] {
    for (const std::string& text : corpus.texts) {
      issues += validate::check_structure(Json::parse(text)->root(), {.most = 100, .thorough = true}).size();
    }
  });
  line(corpus, "parse and validate", whole, corpus.bytes);
}

void measure_xml(const Corpus& corpus) {
  std::vector<std::string> xml;
  std::size_t bytes = 0;
  for (const Json& json : corpus.documents) {
    auto text = to_xml(json.root());
    if (!text) continue;
    bytes += text->size();
    xml.push_back(*std::move(text));
  }
  std::size_t sink = 0;
  const double write = best([&] {
    for (const Json& json : corpus.documents) sink += to_xml(json.root()).has_value() ? 1 : 0;
  });
  line(corpus, "write XML (bytes of XML)", write, bytes);
  const double parse = best([&] {
    for (const std::string& text : xml) sink += from_xml(text).has_value() ? 1 : 0;
  });
  line(corpus, "parse XML (bytes of XML)", parse, bytes);
  if (sink == 0) fmt::print("\n");
}

int measure_documents(const std::string& label, int count, char** files) {
  const Corpus corpus = load(label, count, files);
  fmt::print("{}: {} documents, {} resources, {:.1f} MB\n", corpus.label, corpus.documents.size(), corpus.resources,
             static_cast<double>(corpus.bytes) / 1e6);
  measure_json(corpus);
  measure_validation(corpus);
  measure_xml(corpus);
  return corpus.documents.empty() ? 2 : 0;
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 3 ? arguments[1] : "";
  if (what == "path") return measure_path(arguments[2], arguments[3]);
  if (what == "documents") return measure_documents(arguments[2], count - 3, arguments + 3);
  fmt::print(stderr, "fhir_bench path PAIRS RESULTS | documents LABEL FILE...   (./dev bench fhir)\n");
  return 2;
}
