// HTTP answers of the FHIR interface: bodies, the headers every answer carries, and errors as OperationOutcomes. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/outcome.h"
#include "gateway/net/net.h"
#include "gateway/rest/core.h"
#include "gateway/store/store.h"

namespace gateway::rest {

/// What goes back on every answer. Both empty until they were read and found harmless.
struct Trail {
  std::string request_id, correlation;
};

/// With Content-Type (FHIR JSON), no-store, nosniff, X-Request-ID and X-Correlation-ID.
net::HttpResponse json_answer(const Trail& trail, int status, std::string body,
                              std::string_view content_type = kFhirJson);
/// Status and issue code by the table of exchange/retry.h; our own failures do not tell their details. `more`: further
/// issues, after the error's own.
net::HttpResponse error_answer(const Trail& trail, const fhir::Error& error, fhir::Issues more = {});
/// For statuses that are HTTP's own business (405, 406, 412, 415 ...).
net::HttpResponse refusal(const Trail& trail, int status, std::string_view issue_code, std::string_view detail_code,
                          std::string_view say);

/// The resource as it was stored, with its version and time in meta.
fhir::Result<fhir::JsonTree> with_meta(const store::StoredResource& resource);

void add_version(net::HttpResponse& response, std::int64_t version, store::Millis modified);
std::string etag(std::int64_t version);                       // W/"3"
std::optional<std::int64_t> read_etag(std::string_view tag);  // W/"3" or "3"
std::string http_date(store::Millis time);                    // Fri, 13 Mar 2026 06:05:00 GMT
std::string instant(store::Millis time);                      // 2026-03-13T06:05:00.000Z

/// May the answer be FHIR JSON? By Accept and _format (which wins).
bool accepts_json(std::string_view accept, std::string_view format);
/// Is the body FHIR JSON in UTF-8? By Content-Type.
bool is_json(std::string_view content_type);

}  // namespace gateway::rest
