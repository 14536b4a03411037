// What differs between the dialects a message may come in: how its bytes are decoded, what identifies it, how it
// becomes FHIR, and how acceptance is said. HL7 v2, vendor JSON, vendor XML and CDA, rows of a database, FHIR; each
// also as the parameter of a WebService (service.h). Stateless and thread-safe.
#pragma once
#include "adapters/hl7v2/ack.h"
#include "adapters/hl7v2/message.h"
#include "gateway/exchange/passage.h"

namespace gateway::exchange {

class Reader {
 public:
  virtual ~Reader() = default;
  /// Bytes -> `text` in UTF-8.
  virtual fhir::Result<void> decode(Passage& passage) const = 0;
  /// Fills kind, and the message's sender, content_hash and control_id (as the de-duplication of this door takes it).
  virtual fhir::Result<void> identify(Passage& passage) const = 0;
  /// Sets the FHIR Bundle (and the map's report).
  virtual fhir::Result<void> translate(Passage& passage) const = 0;
  /// The positive answer, as it will be stored and replayed.
  virtual std::string accept(const World& world, const Passage& passage) const = 0;
};

const Reader& reader_for(const Arrival& arrival);

/// What came in at a door of ours, spoken for by our own organisation. `door` must be one of `config`.
Arrival arrival_at(std::shared_ptr<const config::Config> config, const config::Door& door, std::string raw);

/// The acknowledgements of an HL7 v2 door in its mode and charset: none, one, or (commit and application) two.
std::vector<std::string> hl7_answer(const World& world, const config::Config& config, const config::Door& door,
                                    const adapters::hl7v2::Header& header, adapters::hl7v2::Verdict verdict,
                                    const std::vector<adapters::hl7v2::Problem>& problems);
/// A captured MLLP frame without its frame bytes; anything else unchanged.
std::string without_frame(std::string bytes);
/// Several frames as the one stored answer, and back.
std::string join_frames(const std::vector<std::string>& frames);
std::vector<std::string> split_frames(std::string_view joined);
/// What a vendor's platform is told: {"code","msg","msgId","reference"}; code "0" is success.
std::string vendor_answer(std::string_view code, std::string_view say, std::string_view id, std::string_view reference);

}  // namespace gateway::exchange
