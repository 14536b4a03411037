# Warnings are errors; the hardening of a network daemon in every build; sanitizers by preset.
add_library(causeway_flags INTERFACE)
target_compile_options(causeway_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wold-style-cast -Wimplicit-fallthrough
  -Werror -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fno-omit-frame-pointer -fstack-protector-strong
  -fstack-clash-protection -fcf-protection -fPIE)
target_include_directories(causeway_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_link_options(causeway_flags INTERFACE -pie -Wl,-z,relro,-z,now,-z,noexecstack)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_link_options(causeway_flags INTERFACE -fuse-ld=lld)
endif()
if(CAUSEWAY_FAILPOINTS)
  target_compile_definitions(causeway_flags INTERFACE CAUSEWAY_FAILPOINTS)
endif()
if(CAUSEWAY_FUZZ)
  target_compile_options(causeway_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(CAUSEWAY_SANITIZE)
  target_compile_options(causeway_flags INTERFACE -fsanitize=${CAUSEWAY_SANITIZE} -fno-sanitize-recover=all)
  target_link_options(causeway_flags INTERFACE -fsanitize=${CAUSEWAY_SANITIZE})
else()
  target_compile_options(causeway_flags INTERFACE $<$<CONFIG:Release>:-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3>)
endif()
