// What certificates and revocation lists say, as plain values. Like tls.*, one of the files that know OpenSSL.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "gateway/net/net.h"

struct x509_st;  // OpenSSL's X509

namespace gateway::net::tls {

PeerCertificate describe(const x509_st* certificate);
/// The first certificate of a PEM file.
Result<PeerCertificate> read_certificate(const std::string& path);

/// The certificates that the lists of one PEM file revoke, named as in PeerCertificate: issuer and serial.
struct Revocations {
  std::set<std::pair<std::string, std::string>> revoked;
  std::int64_t next_update = 0;  // Unix seconds: the earliest of the lists; after it nothing is known any more
};
Result<Revocations> read_revocations(const std::string& path);

}  // namespace gateway::net::tls
