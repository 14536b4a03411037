#include "adapters/hl7v2/standard.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <vector>

#include "fhir/suggest.h"

namespace adapters::hl7v2 {

namespace {

struct Known {
  std::string_view name;
  std::size_t fields;  // 0: varies
};

// Sorted by name.
constexpr std::array kSegments{
    Known{"ABS", 13}, Known{"ACC", 13}, Known{"ADD", 1},  Known{"AFF", 5},  Known{"AIG", 14}, Known{"AIL", 12},
    Known{"AIP", 12}, Known{"AIS", 12}, Known{"AL1", 8},  Known{"APR", 5},  Known{"ARQ", 25}, Known{"ARV", 0},
    Known{"AUT", 30}, Known{"BHS", 14}, Known{"BLC", 2},  Known{"BLG", 4},  Known{"BPO", 0},  Known{"BPX", 0},
    Known{"BTS", 3},  Known{"BTX", 0},  Known{"BUI", 0},  Known{"CDM", 0},  Known{"CDO", 0},  Known{"CER", 31},
    Known{"CM0", 11}, Known{"CM1", 3},  Known{"CM2", 4},  Known{"CNS", 6},  Known{"CON", 27}, Known{"CSP", 4},
    Known{"CSR", 0},  Known{"CSS", 3},  Known{"CTD", 8},  Known{"CTI", 3},  Known{"CTR", 0},  Known{"DB1", 8},
    Known{"DEV", 0},  Known{"DG1", 26}, Known{"DMI", 5},  Known{"DON", 34}, Known{"DPS", 0},  Known{"DRG", 33},
    Known{"DSC", 2},  Known{"DSP", 5},  Known{"DST", 2},  Known{"ECD", 5},  Known{"ECR", 3},  Known{"EDU", 9},
    Known{"EQL", 4},  Known{"EQP", 5},  Known{"EQU", 5},  Known{"ERQ", 3},  Known{"ERR", 12}, Known{"EVN", 8},
    Known{"FAC", 12}, Known{"FHS", 14}, Known{"FT1", 56}, Known{"FTS", 2},  Known{"GOL", 22}, Known{"GP1", 5},
    Known{"GP2", 14}, Known{"GT1", 57}, Known{"IAM", 30}, Known{"IAR", 4},  Known{"IIM", 0},  Known{"ILT", 10},
    Known{"IN1", 55}, Known{"IN2", 72}, Known{"IN3", 28}, Known{"INV", 20}, Known{"IPC", 9},  Known{"IPR", 0},
    Known{"ISD", 3},  Known{"ITM", 0},  Known{"IVC", 0},  Known{"IVT", 0},  Known{"LAN", 4},  Known{"LCC", 4},
    Known{"LCH", 5},  Known{"LDP", 12}, Known{"LOC", 9},  Known{"LRL", 6},  Known{"MCP", 0},  Known{"MFA", 6},
    Known{"MFE", 8},  Known{"MFI", 6},  Known{"MRG", 8},  Known{"MSA", 8},  Known{"MSH", 28}, Known{"NCK", 1},
    Known{"NDS", 4},  Known{"NK1", 41}, Known{"NPU", 2},  Known{"NSC", 9},  Known{"NST", 15}, Known{"NTE", 9},
    Known{"OBR", 55}, Known{"OBX", 33}, Known{"ODS", 4},  Known{"ODT", 3},  Known{"OH1", 0},  Known{"OH2", 0},
    Known{"OH3", 0},  Known{"OH4", 0},  Known{"OM1", 0},  Known{"OM2", 0},  Known{"OM3", 0},  Known{"OM4", 0},
    Known{"OM5", 3},  Known{"OM6", 2},  Known{"OM7", 0},  Known{"OMC", 0},  Known{"ORC", 38}, Known{"ORG", 12},
    Known{"OVR", 5},  Known{"PAC", 0},  Known{"PCE", 4},  Known{"PCR", 23}, Known{"PD1", 23}, Known{"PDA", 9},
    Known{"PDC", 15}, Known{"PEO", 25}, Known{"PES", 13}, Known{"PID", 40}, Known{"PKG", 7},  Known{"PM1", 0},
    Known{"PMT", 0},  Known{"PR1", 25}, Known{"PRA", 12}, Known{"PRB", 28}, Known{"PRC", 18}, Known{"PRD", 14},
    Known{"PRT", 26}, Known{"PSG", 6},  Known{"PSH", 14}, Known{"PSL", 0},  Known{"PSS", 5},  Known{"PTH", 7},
    Known{"PV1", 54}, Known{"PV2", 50}, Known{"PYE", 7},  Known{"QAK", 6},  Known{"QID", 2},  Known{"QPD", 0},
    Known{"QRD", 12}, Known{"QRF", 10}, Known{"QRI", 3},  Known{"RCP", 7},  Known{"RDF", 2},  Known{"RDT", 0},
    Known{"REL", 16}, Known{"RF1", 24}, Known{"RFI", 4},  Known{"RGS", 3},  Known{"RMI", 3},  Known{"ROL", 14},
    Known{"RQ1", 7},  Known{"RQD", 10}, Known{"RXA", 29}, Known{"RXC", 12}, Known{"RXD", 35}, Known{"RXE", 45},
    Known{"RXG", 36}, Known{"RXO", 36}, Known{"RXR", 6},  Known{"RXV", 0},  Known{"SAC", 56}, Known{"SCD", 37},
    Known{"SCH", 27}, Known{"SCP", 8},  Known{"SDD", 7},  Known{"SFT", 6},  Known{"SGH", 2},  Known{"SGT", 2},
    Known{"SHP", 11}, Known{"SID", 4},  Known{"SLT", 5},  Known{"SPM", 35}, Known{"STF", 42}, Known{"STZ", 4},
    Known{"TCC", 14}, Known{"TCD", 8},  Known{"TQ1", 14}, Known{"TQ2", 10}, Known{"TXA", 28}, Known{"UAC", 2},
    Known{"UB1", 23}, Known{"UB2", 17}, Known{"URD", 7},  Known{"URS", 9},  Known{"VAR", 6},  Known{"VND", 0},
};
static_assert(std::ranges::is_sorted(kSegments, {}, &Known::name));

const Known* find(std::string_view name) {
  const auto* at = std::ranges::lower_bound(kSegments, name, {}, &Known::name);
  return at != kSegments.end() && at->name == name ? at : nullptr;
}

/// The everyday ones first: of two that are equally near, the likelier is offered.
std::vector<std::string_view> names() {
  std::vector<std::string_view> names{"PID", "OBX", "OBR", "PV1", "MSH", "ORC", "NTE", "DG1", "RXE", "AL1",
                                      "NK1", "SPM", "PRD", "RF1", "TXA", "RXO", "RXR", "RXD", "SCH", "IN1"};
  std::ranges::transform(kSegments, std::back_inserter(names), &Known::name);
  return names;
}

}  // namespace

bool is_standard_segment(std::string_view name) { return find(name) != nullptr; }

std::size_t most_fields(std::string_view segment) {
  const Known* known = find(segment);
  return known ? known->fields : 0;
}

std::string_view nearest_segment(std::string_view name) {
  static const auto kNames = names();
  return fhir::nearest(name, kNames);
}

}  // namespace adapters::hl7v2
