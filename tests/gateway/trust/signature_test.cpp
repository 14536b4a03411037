#include "gateway/trust/signature.h"

#include <openssl/evp.h>
#include <openssl/pem.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <string>

#include "fhir/primitives.h"
#include "gateway/net/openssl_handle.h"
#include "mini_ca.h"

using gateway::trust::SignatureKey;
using gateway::trust::SignatureKind;
using mini_ca::Folder;
using Use = SignatureKey::Use;

namespace {

// GB/T 32918.5-2017 appendix A.2: the key and the signature of "message digest" under the usual identifier, in PEM and
// DER.
constexpr const char* kStandardKey =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAECfnfMR5UIaFQ3X0WHkvFxnIXn60Y\n"
    "M/wHa7CP81bzUCDM6kkM4md1pS3G6nGMwapgCu0F+/NeCEpmMvYHLamtEw==\n"
    "-----END PUBLIC KEY-----\n";
constexpr unsigned char kStandardSignature[] = {
    0x30, 0x46, 0x02, 0x21, 0x00, 0xf5, 0xa0, 0x3b, 0x06, 0x48, 0xd2, 0xc4, 0x63, 0x0e, 0xea, 0xc5, 0x13, 0xe1,
    0xbb, 0x81, 0xa1, 0x59, 0x44, 0xda, 0x38, 0x27, 0xd5, 0xb7, 0x41, 0x43, 0xac, 0x7e, 0xac, 0xee, 0xe7, 0x20,
    0xb3, 0x02, 0x21, 0x00, 0xb1, 0xb6, 0xaa, 0x29, 0xdf, 0x21, 0x2f, 0xd8, 0x76, 0x31, 0x82, 0xbc, 0x0d, 0x42,
    0x1c, 0xa1, 0xbb, 0x90, 0x38, 0xfd, 0x1f, 0x7f, 0x42, 0xd4, 0x84, 0x0b, 0x69, 0xc4, 0x85, 0xbb, 0xc1, 0xaa};
constexpr const char* kUsualId = "1234567812345678";

std::string standard_signature() {
  return {reinterpret_cast<const char*>(kStandardSignature), sizeof kStandardSignature};
}

using Write = int (*)(BIO*, EVP_PKEY*);

std::string pem_of(EVP_PKEY* key, Write write) {
  const gateway::net::tls::BioPtr bio(BIO_new(BIO_s_mem()));
  REQUIRE(write(bio.get(), key) == 1);
  char* bytes = nullptr;
  const auto size = BIO_get_mem_data(bio.get(), &bytes);
  return {bytes, static_cast<std::size_t>(size)};
}

int write_private(BIO* bio, EVP_PKEY* key) {
  return PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
}

int write_public(BIO* bio, EVP_PKEY* key) { return PEM_write_bio_PUBKEY(bio, key); }

struct Pair {
  explicit Pair(const char* group = "SM2") {
    const gateway::net::tls::KeyPtr key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", group));
    REQUIRE(key != nullptr);
    secret = pem_of(key.get(), write_private);
    open = pem_of(key.get(), write_public);
  }
  std::string secret, open;
};

}  // namespace

TEST_CASE("the example of the SM2 standard verifies, under its identifier only", "[trust][signature]") {
  const Folder folder;
  const auto file = folder.write("their.pem", kStandardKey);
  const auto key = SignatureKey::open(SignatureKind::sm2_sm3, file, Use::verify, kUsualId);
  REQUIRE(key);
  CHECK((*key)->verifies("message digest", standard_signature()));
  CHECK_FALSE((*key)->verifies("message digests", standard_signature()));
  const auto other = SignatureKey::open(SignatureKind::sm2_sm3, file, Use::verify, "ALICE123@YAHOO.COM");
  REQUIRE(other);
  CHECK_FALSE((*other)->verifies("message digest", standard_signature()));
}

TEST_CASE("what a private SM2 key signs its public key verifies, and no altered byte", "[trust][signature]") {
  const Folder folder;
  const Pair pair, stranger;
  const auto signing =
      SignatureKey::open(SignatureKind::sm2_sm3, folder.write("a.key", pair.secret), Use::sign, kUsualId);
  const auto checking =
      SignatureKey::open(SignatureKind::sm2_sm3, folder.write("a.pem", pair.open), Use::verify, kUsualId);
  const auto wrong =
      SignatureKey::open(SignatureKind::sm2_sm3, folder.write("b.pem", stranger.open), Use::verify, kUsualId);
  REQUIRE(signing);
  REQUIRE(checking);
  REQUIRE(wrong);
  const std::string text = "data={\"name\":\"林蔚\"}&msgId=1";
  const auto signature = (*signing)->sign(text);
  REQUIRE(signature);
  CHECK((*checking)->verifies(text, *signature));
  CHECK_FALSE((*wrong)->verifies(text, *signature));
  for (std::size_t i = 0; i < signature->size(); i += 7) {
    std::string altered = *signature;
    altered[i] = static_cast<char>(altered[i] ^ 1);
    CHECK_FALSE((*checking)->verifies(text, altered));
  }
  for (const std::string& broken : {std::string(), std::string("0"), signature->substr(0, 20), std::string(5000, 'x')})
    CHECK_FALSE((*checking)->verifies(text, broken));
}

TEST_CASE("an HMAC over SM3 or SHA-256 is that of openssl, whatever stands around the secret", "[trust][signature]") {
  const Folder folder;
  const auto file = folder.write("secret", "0123456789abcdef\r\n");
  // printf 'abc' | openssl dgst -sm3 -hmac 0123456789abcdef; the same with -sha256
  const auto sm3 = SignatureKey::open(SignatureKind::hmac_sm3, file, Use::sign, "");
  const auto sha = SignatureKey::open(SignatureKind::hmac_sha256, file, Use::verify, "");
  REQUIRE(sm3);
  REQUIRE(sha);
  CHECK(fhir::base64_encode(*(*sm3)->sign("abc")) == "fxIeuRyUzPVL9dTmOfTpbqp3uy8PUvh1/HwXygaIJ4w=");
  CHECK(fhir::base64_encode(*(*sha)->sign("abc")) == "vKqShDJHvCWAgNKCS93rpK+xvWG0aIymX2CiFOHZdZ4=");
  CHECK((*sha)->verifies("abc", *(*sha)->sign("abc")));
  CHECK_FALSE((*sha)->verifies("abd", *(*sha)->sign("abc")));
  CHECK_FALSE((*sha)->verifies("abc", ""));
}

TEST_CASE("a file that holds no such key is refused with its name", "[trust][signature]") {
  const Folder folder;
  const Pair pair, other("P-256");
  const auto code = [&](SignatureKind kind, const std::string& text, Use use) {
    const auto file = folder.write("key", text);
    const auto key = SignatureKey::open(kind, file, use, kUsualId);
    CHECK((key || key.error().where == file));
    return key ? "fine" : key.error().say;
  };
  CHECK(code(SignatureKind::sm2_sm3, pair.open, Use::verify) == "fine");
  CHECK(code(SignatureKind::sm2_sm3, pair.open, Use::sign) ==
        "the file holds no private key in PEM (without a passphrase)");
  CHECK(code(SignatureKind::sm2_sm3, "nonsense", Use::verify) ==
        "the file holds no public key and no certificate in PEM");
  CHECK(code(SignatureKind::sm2_sm3, other.open, Use::verify) == "the key is not on the curve SM2");
  CHECK(code(SignatureKind::hmac_sm3, "short\n", Use::verify) == "the secret has fewer than 16 bytes");
  CHECK(code(SignatureKind::hmac_sm3, std::string(70'000, 'x'), Use::verify) ==
        "this is no key: the file is too large");
  const auto nowhere = SignatureKey::open(SignatureKind::sm2_sm3, folder.path() / "none", Use::verify, kUsualId);
  CHECK(nowhere.error().code == "signature.key");
}
