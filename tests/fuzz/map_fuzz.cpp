// Any bytes as a map file; a map that loads is run on small records. Promises under attack: no crash, no endless loop;
// a file that is refused has at least one fault with its place; what a run reads is accounted for.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/map/compile.h"
#include "adapters/map/run.h"

namespace {

using namespace adapters::map;

void require(bool promise) {
  if (!promise) std::abort();
}

/// Sub-maps and tables are looked up here: `./dev fuzz` runs at the top of the source tree.
constexpr const char* kFile = "mappings/tianjin/fuzz.map.yaml";

constexpr std::string_view kReport =
    "MSH|^~\\&|LIS|T|||20260310||ORU^R01|1|P|2.4\rPID|1||7^^^T^MR||\xE8\xB5\xB5\xE7\x8F\x85||1959|M\r"
    "OBR|1||JY1|TM7|||2026\rOBX|1|NM|CEA^a^L||>1.0\xE2\x86\x91|ng/ml|0-5|H|||F\rNTE|1||a&b\r";
constexpr std::string_view kJson = R"({"a":{"b":[{"c":"1"},{"c":2}],"t":"2026-03-10 07:22"},"d":"x"})";
constexpr std::string_view kRow =
    R"({"table":"T","key":{"a":"1"},"version":1,"deleted":false,"why":"","row":{"a":"1","t":"2026-03-10 07:22","z":null,)"
    R"("U":[{"b":"0.0000","V":[{"c":"x"}]},{"b":">1210.00","V":[]}]}})";
constexpr std::string_view kCsv = "a,b,t\n1,\">1,0\n\",2026/3/1";
constexpr std::string_view kBundle =
    R"({"resourceType":"Bundle","type":"message","entry":[{"resource":{"resourceType":"MessageHeader","id":"m"}},)"
    R"({"resource":{"resourceType":"Patient","id":"p","name":[{"text":"a"}]}}]})";

std::string_view record_for(const Plan& plan) {
  if (plan.source == Format::hl7v2) return kReport;
  if (plan.source == Format::row) return kRow;
  if (plan.source == Format::csv) return kCsv;
  return plan.source == Format::json ? kJson : kBundle;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::vector<FileFault> found;
  Faults faults(found);
  const auto plan = compile(std::string(reinterpret_cast<const char*>(data), size), kFile, faults);
  require((plan == nullptr) == faults.failed());
  for (const auto& fault : found)
    require(fault.line > 0 && fault.column > 0 && !fault.code.empty() && !fault.say.empty());
  if (plan == nullptr) return 0;
  const Site site{
      .id = "t", .identifier_base = "https://gw/", .zone_offset = "+08:00", .now = "2026-03-10T09:30:00+08:00"};
  const auto outcome = run_plan(*plan, record_for(*plan), site);
  require(outcome ? outcome->report.unaccounted() == 0 : !outcome.error().say.empty());
  return 0;
}
