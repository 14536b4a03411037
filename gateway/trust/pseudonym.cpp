#include "gateway/trust/pseudonym.h"

#include <fcntl.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace gateway::trust {
namespace {

using fhir::Fault;

constexpr std::size_t kCharacters = 20;

std::unexpected<fhir::Error> key_error(const std::filesystem::path& file, const char* say) {
  return fhir::fail(Fault::broken, "pseudonym.key", file.string(), say);
}

class File {
 public:
  File(const std::filesystem::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0600)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// Written beside and linked into place: a key file is there whole or not at all, and never replaced.
template <class Key>
Result<void> make_key(const std::filesystem::path& file, Key key) {
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1) return key_error(file, "no random bytes to be had");
  const auto draft = file.string() + "." + std::to_string(::getpid());
  ::unlink(draft.c_str());
  bool written = false;
  {
    const File out(draft, O_WRONLY | O_CREAT | O_EXCL);
    written = out.get() >= 0 && ::write(out.get(), key.data(), key.size()) == static_cast<ssize_t>(key.size()) &&
              ::fsync(out.get()) == 0;
  }
  OPENSSL_cleanse(key.data(), key.size());
  const bool there = written && (::link(draft.c_str(), file.c_str()) == 0 || errno == EEXIST);
  ::unlink(draft.c_str());
  if (!there) return key_error(file, "the key file cannot be written");
  return {};
}

/// Which of two strings a byte belongs to must be part of what is hashed.
std::string with_length(std::string_view text) { return std::to_string(text.size()) + ":" + std::string(text); }

std::array<unsigned char, 32> hmac_sm3(const std::array<unsigned char, 32>& key, const std::string& message) {
  std::array<unsigned char, 32> result{};
  EVP_Q_mac(nullptr, "HMAC", nullptr, "SM3", nullptr, key.data(), key.size(),
            reinterpret_cast<const unsigned char*>(message.data()), message.size(), result.data(), result.size(),
            nullptr);
  return result;
}

std::string base32(const std::array<unsigned char, 32>& bytes, std::size_t characters) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  for (std::size_t bit = 0; text.size() < characters; bit += 5) {
    const unsigned pair = (unsigned{bytes[bit / 8]} << 8) | bytes[bit / 8 + 1];
    text += alphabet[(pair >> (11 - bit % 8)) & 31];
  }
  return text;
}

}  // namespace

Result<Pseudonyms> Pseudonyms::open(const std::filesystem::path& key_file) {
  Key key{};
  if (::access(key_file.c_str(), F_OK) != 0) {
    if (auto made = make_key(key_file, key); !made) return fhir::pass(made);
  }
  const File in(key_file, O_RDONLY);
  struct stat info{};
  if (in.get() < 0 || fstat(in.get(), &info) != 0) return key_error(key_file, "the key file cannot be read");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
    return fhir::fail(Fault::forbidden, "pseudonym.key-mode", key_file.string(),
                      "the key may be read by group or others: chmod 600");
  }
  if (info.st_size != static_cast<off_t>(key.size()) ||
      ::read(in.get(), key.data(), key.size()) != static_cast<ssize_t>(key.size())) {
    return key_error(key_file, "the key file must hold exactly 32 bytes");
  }
  Pseudonyms result(key);
  OPENSSL_cleanse(key.data(), key.size());
  return result;
}

Pseudonyms::~Pseudonyms() { OPENSSL_cleanse(key_.data(), key_.size()); }

std::string Pseudonyms::of(std::string_view recipient, std::string_view patient) const {
  return "P-" + base32(hmac_sm3(key_, with_length(recipient) + with_length(patient)), kCharacters);
}

}  // namespace gateway::trust
