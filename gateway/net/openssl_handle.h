// Owners of OpenSSL objects: `Handle<X509, X509_free>` frees its object when it goes. For the files behind the OpenSSL
// fence (gateway/net/tls*, gateway/trust); no other header shows an OpenSSL type.
#pragma once
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>

namespace gateway::net::tls {

template <auto free_function>
struct Free {
  template <class T>
  void operator()(T* object) const {
    free_function(object);
  }
};

template <class T, auto free_function>
using Handle = std::unique_ptr<T, Free<free_function>>;

using BioPtr = Handle<BIO, BIO_free_all>;
using KeyPtr = Handle<EVP_PKEY, EVP_PKEY_free>;
using CertificatePtr = Handle<X509, X509_free>;
using CrlPtr = Handle<X509_CRL, X509_CRL_free>;

}  // namespace gateway::net::tls
