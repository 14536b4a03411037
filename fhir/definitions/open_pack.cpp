#include "fhir/definitions/open_pack.h"

#include <cstdlib>
#include <vector>

// CAUSEWAY_PACK is the file that compiler/ wrote. It goes into read-only data as it is: no compile time, no
// relocations, pages shared between processes and read only when touched.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    ".globl causeway_pack_begin\n"
    "causeway_pack_begin:\n"
    ".incbin \"" CAUSEWAY_PACK
    "\"\n"
    ".globl causeway_pack_end\n"
    "causeway_pack_end:\n"
    ".popsection\n");
extern "C" const std::byte causeway_pack_begin[], causeway_pack_end[];  // NOLINT: named by the assembler

namespace fhir::pack {

Pack::Pack(std::span<const std::byte> bytes) : bytes_(bytes) {
  const bool whole = bytes.size() >= sizeof(Header) && header().magic == kMagic && header().version == kVersion &&
                     header().size == bytes.size();
  if (!whole) broken();
  texts_ = {reinterpret_cast<const char*>(section<std::byte>(header().texts).data()), header().texts.count};
}

void Pack::broken() { std::abort(); }

const Pack& linked() {
  static const Pack pack({causeway_pack_begin, causeway_pack_end});
  return pack;
}

std::span<const std::string_view> list(Range range) {
  static const std::vector<std::string_view> all = [] {
    const Pack& pack = linked();
    std::vector<std::string_view> texts;
    for (const Text& text : pack.section<Text>(pack.header().lists)) texts.push_back(pack.text(text));
    return texts;
  }();
  return part(std::span<const std::string_view>(all), range);
}

}  // namespace fhir::pack
