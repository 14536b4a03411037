// A certificate authority for demonstrations and tests: `causeway init` and `./dev run` make their network with it.
// Real hospitals bring certificates of their own. What it makes stays on this machine and is never committed.
//
// In one folder: ca.pem, ca.key, crl.pem, and for each holder NAME.pem (certificate), NAME.key and NAME.pins (one
// base64 SHA-256 of a public key per line). ECDSA P-256; keys have mode 0600; certificates serve both ends of TLS.
// Files are replaced whole, so a gateway that re-reads them never sees half of one. Blocking; one thread at a time.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "fhir/result.h"

namespace gateway::trust {

using fhir::Result;

struct DemoHolder {
  std::string name;  // of the files
  std::string san;   // DNS name in the certificate; URI when it contains "://"
};

/// Makes what is missing and keeps what is there, so that it can be called again with more holders.
/// Errors: demo.write, demo.read (a file of an earlier run is broken), demo.crypto.
Result<void> make_demo_pki(const std::filesystem::path& folder, const std::vector<DemoHolder>& holders);

/// Puts the holder's present certificate on crl.pem.
Result<void> revoke_demo_certificate(const std::filesystem::path& folder, const std::string& name);

/// A new key and certificate for a holder; its pin is added to NAME.pins, the former one stays.
Result<void> rotate_demo_key(const std::filesystem::path& folder, const DemoHolder& holder);

}  // namespace gateway::trust
