#include "gateway/store/body.h"

#include <zstd.h>

#include <memory>

namespace gateway::store {
namespace {

using fhir::Fault;
using fhir::Result;

// Level 1: messages are small and the disk waits for us; higher levels save 3 % and cost twice the time.
constexpr int kLevel = 1;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

// Kept by each thread: making one costs more than compressing a message.
ZSTD_CCtx* packer() {
  thread_local const std::unique_ptr<ZSTD_CCtx, Free> context = [] {
    std::unique_ptr<ZSTD_CCtx, Free> made{ZSTD_createCCtx()};
    if (made) {
      ZSTD_CCtx_setParameter(made.get(), ZSTD_c_compressionLevel, kLevel);
      ZSTD_CCtx_setParameter(made.get(), ZSTD_c_checksumFlag, 1);
    }
    return made;
  }();
  return context.get();
}

ZSTD_DCtx* unpacker() {
  thread_local const std::unique_ptr<ZSTD_DCtx, Free> context{ZSTD_createDCtx()};
  return context.get();
}

}  // namespace

Result<std::string> pack_body(std::string_view bytes) {
  if (bytes.empty()) return std::string();
  if (bytes.size() > kLongestBody) return fhir::fail(Fault::too_large, "store.body-size", "", "a body is over 512 MiB");
  std::string frame(ZSTD_compressBound(bytes.size()), '\0');
  const auto size = packer() == nullptr
                        ? std::size_t(-1)
                        : ZSTD_compress2(packer(), frame.data(), frame.size(), bytes.data(), bytes.size());
  if (ZSTD_isError(size)) return fhir::fail(Fault::unavailable, "store.memory", "", "no memory to compress a body");
  frame.resize(size);
  frame.shrink_to_fit();
  return frame;
}

Result<std::string> unpack_body(std::string_view frame) {
  if (frame.empty()) return std::string();
  const auto damaged = [] {
    return fhir::fail(Fault::needs_person, "store.body-damaged", "", "the stored bytes are damaged");
  };
  const auto size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size > kLongestBody) return damaged();  // also the values for "unknown" and "no frame"
  std::string bytes(size, '\0');
  if (unpacker() == nullptr) return fhir::fail(Fault::unavailable, "store.memory", "", "no memory to restore a body");
  const auto got = ZSTD_decompressDCtx(unpacker(), bytes.data(), bytes.size(), frame.data(), frame.size());
  if (ZSTD_isError(got) || got != size) return damaged();
  return bytes;
}

}  // namespace gateway::store
