// The message structures this gateway groups by (HL7 v2.5.1 chapters 3-11, with what later versions add). In the text
// of a structure `*` repeats and NAME( ... ) is a group; whether something is optional does not matter for grouping.
#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "adapters/hl7v2/groups.h"

namespace adapters::hl7v2 {

namespace {

struct Row {
  std::string_view kinds;  // "CODE^EVENT", or "CODE^*" for all others of the code
  std::string_view text;
};

constexpr std::array kRows{
    Row{"ORU^*",
        "MSH SFT* UAC PATIENT_RESULT( PATIENT( PID PD1 ARV* NTE* NK1* VISIT( PV1 PV2 ) ) "
        "ORDER_OBSERVATION( ORC OBR NTE* TIMING_QTY( TQ1 TQ2* )* CTD OBSERVATION( OBX NTE* )* FT1* CTI* "
        "SPECIMEN( SPM OBX* )* )* )* DSC"},
    Row{"ADT^*",
        "MSH SFT* UAC EVN PID PD1 ARV* MRG ROL* NK1* PV1 PV2 ROL* DB1* OBX* AL1* IAM* DG1* DRG "
        "PROCEDURE( PR1 ROL* )* GT1* INSURANCE( IN1 IN2 IN3* ROL* )* ACC UB1 UB2 PDA"},
    Row{"ADT^A39 ADT^A40 ADT^A41 ADT^A42", "MSH SFT* UAC EVN PATIENT( PID PD1 MRG PV1 )*"},
    Row{"REF^*",
        "MSH SFT* UAC RF1 AUTHORIZATION_CONTACT( AUT CTD ) PROVIDER_CONTACT( PRD CTD* )* PID NK1* GT1* "
        "INSURANCE( IN1 IN2 IN3 )* ACC DG1* DRG* AL1* PROCEDURE( PR1 AUTHORIZATION( AUT CTD ) )* "
        "OBSERVATION( OBR NTE* RESULTS_NOTES( OBX NTE* )* )* PATIENT_VISIT( PV1 PV2 ) NTE*"},
    Row{"RRI^*",
        "MSH SFT* UAC MSA RF1 AUTHORIZATION_CONTACT( AUT CTD ) PROVIDER_CONTACT( PRD CTD* )* PID ACC DG1* DRG* AL1* "
        "PROCEDURE( PR1 AUTHORIZATION( AUT CTD ) )* OBSERVATION( OBR NTE* RESULTS_NOTES( OBX NTE* )* )* "
        "PATIENT_VISIT( PV1 PV2 ) NTE*"},
    Row{"RDE^*",
        "MSH SFT* UAC NTE* PATIENT( PID PD1 ARV* NTE* PATIENT_VISIT( PV1 PV2 ) INSURANCE( IN1 IN2 IN3 )* GT1 AL1* ) "
        "ORDER( ORC NTE* TIMING( TQ1 TQ2* )* ORDER_DETAIL( RXO NTE* RXR* COMPONENT( RXC NTE* )* ) "
        "RXE NTE* TIMING_ENCODED( TQ1 TQ2* )* RXR* RXC* OBSERVATION( OBX NTE* )* FT1* BLG CTI* )*"},
    Row{"RRE^*",
        "MSH SFT* UAC MSA ERR* NTE* RESPONSE( PATIENT( PID NTE* ) "
        "ORDER( ORC NTE* TIMING( TQ1 TQ2* )* ENCODING( RXE NTE* TIMING_ENCODED( TQ1 TQ2* )* RXR* RXC* ) )* )"},
    Row{"RDS^*",
        "MSH SFT* UAC NTE* PATIENT( PID PD1 ARV* NTE* AL1* PATIENT_VISIT( PV1 PV2 ) ) "
        "ORDER( ORC NTE* TIMING( TQ1 TQ2* )* "
        "ORDER_DETAIL( RXO ORDER_DETAIL_SUPPLEMENT( NTE* RXR* COMPONENT( RXC NTE* )* ) ) "
        "ENCODING( RXE NTE* TIMING_ENCODED( TQ1 TQ2* )* RXR* RXC* ) "
        "RXD NTE* RXR* RXC* OBSERVATION( OBX NTE* )* FT1* )*"},
    Row{"OMP^*",
        "MSH SFT* UAC NTE* PATIENT( PID PD1 ARV* NTE* PATIENT_VISIT( PV1 PV2 ) INSURANCE( IN1 IN2 IN3 )* GT1 AL1* ) "
        "ORDER( ORC NTE* TIMING( TQ1 TQ2* )* RXO NTE* RXR* COMPONENT( RXC NTE* )* OBSERVATION( OBX NTE* )* FT1* BLG "
        ")*"},
    Row{"MDM^*",
        "MSH SFT* UAC EVN PID PV1 COMMON_ORDER( ORC TIMING( TQ1 TQ2* )* OBR NTE* )* TXA CON* OBSERVATION( OBX NTE* )*"},
    Row{"ORM^*",
        "MSH NTE* PATIENT( PID PD1 NTE* PATIENT_VISIT( PV1 PV2 ) INSURANCE( IN1 IN2 IN3 )* GT1 AL1* ) "
        "ORDER( ORC ORDER_DETAIL( OBR RQD RQ1 RXO ODS ODT NTE* CTD DG1* OBSERVATION( OBX NTE* )* ) FT1* CTI* BLG )*"},
    Row{"OMG^*",
        "MSH SFT* UAC NTE* PATIENT( PID PD1 ARV* NTE* NK1* PATIENT_VISIT( PV1 PV2 )* INSURANCE( IN1 IN2 IN3 )* GT1 "
        "AL1* ) ORDER( ORC NTE* TIMING( TQ1 TQ2* )* OBR NTE* CTD DG1* OBSERVATION( OBX NTE* )* "
        "SPECIMEN( SPM SPECIMEN_OBSERVATION( OBX )* CONTAINER( SAC CONTAINER_OBSERVATION( OBX )* )* )* "
        "FT1* CTI* BLG )*"},
    Row{"OML^*",
        "MSH SFT* UAC NTE* PATIENT( PID PD1 ARV* NTE* NK1* PATIENT_VISIT( PV1 PV2 ) INSURANCE( IN1 IN2 IN3 )* GT1 "
        "AL1* ) ORDER( ORC NTE* TIMING( TQ1 TQ2* )* OBSERVATION_REQUEST( OBR TCD NTE* CTD DG1* "
        "OBSERVATION( OBX TCD NTE* )* SPECIMEN( SPM OBX* CONTAINER( SAC OBX* )* )* ) FT1* CTI* BLG )*"},
    Row{"SIU^*",
        "MSH SCH TQ1* NTE* PATIENT( PID PD1 PV1 PV2 OBX* DG1* )* RESOURCES( RGS SERVICE( AIS NTE* )* "
        "GENERAL_RESOURCE( AIG NTE* )* LOCATION_RESOURCE( AIL NTE* )* PERSONNEL_RESOURCE( AIP NTE* )* )*"},
    Row{"VXU^*",
        "MSH SFT* UAC PID PD1 ARV* NK1* PATIENT( PV1 PV2 ) GT1* INSURANCE( IN1 IN2 IN3 )* "
        "ORDER( ORC TIMING( TQ1 TQ2* )* RXA RXR OBSERVATION( OBX NTE* )* )*"},
    Row{"ACK^*", "MSH SFT* UAC MSA ERR*"},
};

/// Turns the text of a row into kinds; the tables are ours, so the text is right.
class StructureReader {
 public:
  explicit StructureReader(std::string_view text) : rest_(text) {}

  Structure read() {
    add_kind("", 0);
    for (std::uint32_t open = 0; !rest_.empty();) open = take(next_word(), open);
    for (std::size_t i = structure_.kinds.size(); i-- > 0;) gather(structure_.kinds[i]);
    return std::move(structure_);
  }

 private:
  std::uint32_t take(std::string_view word, std::uint32_t open) {
    const bool repeats = word.ends_with('*');
    if (word.starts_with(')')) {
      structure_.kinds[open].repeats = repeats;
      const std::uint32_t parent = structure_.kinds[open].parent;
      structure_.kinds[parent].members.back().repeats = repeats;
      return parent;
    }
    if (word.ends_with('(')) {
      const std::uint32_t made = add_kind(word.substr(0, word.size() - 1), open);
      structure_.kinds[open].members.push_back({0, made, false});
      return made;
    }
    structure_.kinds[open].members.push_back({name_key(word), 0, repeats});
    return open;
  }

  std::string_view next_word() {
    const std::string_view word = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(std::min(rest_.size(), word.size() + 1));
    return word;
  }

  std::uint32_t add_kind(std::string_view name, std::uint32_t parent) {
    structure_.kinds.push_back({name, parent, false, {}, {}});
    return static_cast<std::uint32_t>(structure_.kinds.size() - 1);
  }

  /// Inner kinds come after outer ones, so theirs are gathered already.
  void gather(GroupKind& kind) {
    for (const GroupKind::Member& member : kind.members) {
      if (member.segment != 0) {
        kind.segments.push_back(member.segment);
      } else {
        std::ranges::copy(structure_.kinds[member.group].segments, std::back_inserter(kind.segments));
      }
    }
    std::ranges::sort(kind.segments);
    const auto doubled = std::ranges::unique(kind.segments);
    kind.segments.erase(doubled.begin(), doubled.end());
  }

  std::string_view rest_;
  Structure structure_;
};

using Table = std::map<std::string, std::size_t, std::less<>>;

std::pair<Table, std::vector<Structure>> read_rows() {
  Table table;
  std::vector<Structure> structures;
  for (const Row& row : kRows) {
    for (std::size_t at = 0; at < row.kinds.size();) {
      const std::size_t end = std::min(row.kinds.find(' ', at), row.kinds.size());
      table.emplace(row.kinds.substr(at, end - at), structures.size());
      at = end + 1;
    }
    structures.push_back(StructureReader(row.text).read());
  }
  return {std::move(table), std::move(structures)};
}

}  // namespace

bool GroupKind::contains(NameKey segment) const { return std::ranges::binary_search(segments, segment); }

const Structure& Structure::of(std::string_view kind) {
  static const auto kTable = read_rows();
  static const Structure kWithoutGroups = StructureReader("").read();
  const auto& [table, structures] = kTable;
  if (const auto found = table.find(kind); found != table.end()) return structures[found->second];
  const auto all = table.find(std::string(kind.substr(0, kind.find('^'))) + "^*");
  return all == table.end() ? kWithoutGroups : structures[all->second];
}

}  // namespace adapters::hl7v2
