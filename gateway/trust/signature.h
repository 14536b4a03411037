// Signatures over texts, as Chinese platforms put them into their messages: SM2 with SM3 (GB/T 32918.2-2016, the DER
// form of GB/T 35276), or an HMAC over SM3 (GB/T 32905) or SHA-256 (RFC 2104). What text is signed is the caller's
// matter (gateway/exchange/signed_record.h).
//
// Threads: immutable, safe for all. Errors: signature.key (unreadable, of another kind), signature.failed (no signature
// could be made). Neither keys nor what is signed ever stand in an error.
#pragma once
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "fhir/result.h"

namespace gateway::trust {

using fhir::Result;

enum class SignatureKind : std::uint8_t { sm2_sm3, hmac_sm3, hmac_sha256 };

class SignatureKey {
 public:
  enum class Use : std::uint8_t { sign, verify };

  /// SM2: a PEM file with the private key to sign, with the public key or a certificate to verify. HMAC: the secret, as
  /// the file has it but for spaces and line ends around it. `id` is SM2's distinguishing identifier of the signer.
  static Result<std::shared_ptr<const SignatureKey>> open(SignatureKind kind, const std::filesystem::path& file,
                                                          Use use, std::string id);
  ~SignatureKey();

  /// SM2: the DER form. HMAC: its 32 bytes.
  Result<std::string> sign(std::string_view text) const;
  /// Takes as long for a wrong HMAC as for the right one. Not what it is of another form either.
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  struct Parts;
  explicit SignatureKey(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace gateway::trust
