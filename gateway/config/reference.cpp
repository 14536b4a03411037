#include "gateway/config/reference.h"

#include <fmt/format.h>

#include <set>

#include "gateway/config/codes.h"
#include "gateway/config/events.h"
#include "gateway/config/tables.h"

namespace gateway::config {

namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

Printed by `causeway check --print-reference`; a test keeps this page equal to the program. Do not edit it by hand.

A site is a folder of four text files: `causeway.yaml`, `routes.yaml`, `peers.yaml`, `partners.yaml`. `conf/` has six of
them as examples; `causeway init DIR` writes a new one. `causeway check DIR` reports every fault of every file at once, with
file:line:column; `causeway check --explain CODE` says more about one. The gateway refuses to start with a faulty
configuration. While it runs it notices edits within seconds (unless `watch: false`) or takes them with `causeway reload`: a
faulty edit is logged and the configuration in force stays. `causeway diff` tells beforehand what an edit will do.
Edits of `site`, `organization.id`, `data`, `control`, `tls` (its paths), `fhir`, `admin` and `doors` (where they listen) wait
for the next start; everything else takes effect at once.

How values are written:

- **Plain YAML**: keys, values, lists (`[a, b]` or one `- item` a line), comments after `#`. No anchors, tags or tabs. Where a
  list is meant, one value alone is a list of one. Files are UTF-8.
- **`${NAME}`** in a value is taken from the environment and must be set; `${NAME:-default}` need not be. `$${` is a plain
  `${`. In `when` there is no such replacement.
- **Duration**: a whole number and `ms`, `s`, `m`, `h`, `d` or `y` (365.25 days). **Size**: a whole number and `KiB`, `MiB` or `GiB`, or bytes.
- **Path**: relative ones count from the site's folder.
- **Name**: lower-case letters, digits and hyphens, at most 32.
- **Pin**: base64 of the SHA-256 of a public key:
  `openssl x509 -in CERT -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`
- **No secret stands in these files.** Private keys are files that only their owner may read.
)";

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string anchor(std::string_view title) {
  std::string out;
  for (const char c : title) {
    const bool kept = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    if (kept) out += c;
  }
  return out;
}

std::string fallback_of(const Need& need) {
  if (need.required) return "**required**";
  if (need.fallback.empty() || need.fallback == "{}") return "";
  return fmt::format("`{}`", need.fallback);
}

// Durations and sizes are written with their unit, everything else has none.
std::string_view unit_of(const KeyInfo& key) {
  if (key.form.starts_with("duration")) return "ms, s, m, h, d, y";
  return key.form.starts_with("size") ? "bytes, KiB, MiB, GiB" : "";
}

std::string form_of(const KeyInfo& key) {
  return key.nested.empty() ? cell(key.form)
                            : fmt::format("{}: [{}](#{})", key.form, key.nested[0].title, anchor(key.nested[0].title));
}

/// One table, then those of its sections; a section that several keys share is printed once.
void print(const SectionInfo& section, std::string_view level, std::set<std::string_view>& printed, std::string& out) {
  if (!printed.insert(section.title).second) return;
  out += fmt::format("\n{} {}\n\n{}\n\n| key | value | unit | default | meaning | since |\n|---|---|---|---|---|---|\n",
                     level, section.title, section.doc);
  for (const KeyInfo& key : section.keys)
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", key.name, form_of(key), unit_of(key),
                       fallback_of(key.need), cell(key.doc), key.since);
  for (const KeyInfo& key : section.keys)
    for (const SectionInfo& nested : key.nested) print(nested, "###", printed, out);
}

}  // namespace

std::string reference() {
  std::string out(kIntroduction);
  std::set<std::string_view> printed;
  for (const auto table : {&site_table, &routes_table, &peers_table, &partners_table})
    print(describe((*table)()), "##", printed, out);
  out += "\n## Events\n\n| event | message |\n|---|---|\n";
  for (const Event& event : events()) out += fmt::format("| `{}` | {} |\n", event.code, event.doc);
  out +=
      "\n## Codes\n\nE is an error, W a warning. Maps have codes of their own (docs/MAPS.md).\n\n| code | fault | what "
      "to do |\n|---|---|---|\n";
  for (const CodeText& code : codes())
    out += fmt::format("| {} | {} | {} |\n", code.code, cell(code.title), cell(code.advice));
  return out;
}

}  // namespace gateway::config
