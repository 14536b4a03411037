# The arrows of the house point one way: fhir <- adapters <- gateway; and each third-party library is known to few files.
# Run as `cmake -P tests/layering.cmake`; it reads every include of the tree and fails on one that points up.
cmake_minimum_required(VERSION 3.25)
get_filename_component(root ${CMAKE_CURRENT_LIST_DIR}/.. ABSOLUTE)
set(faults 0)

# forbid(AREA PATTERN ALLOWED WHY): files below AREA may not include PATTERN, except those matching ALLOWED
function(forbid area pattern allowed why)
  file(GLOB_RECURSE sources RELATIVE ${root} ${root}/${area}/*.h ${root}/${area}/*.cpp)
  foreach(source ${sources})
    if(allowed AND source MATCHES "${allowed}")
      continue()
    endif()
    file(STRINGS ${root}/${source} hits REGEX "^#include [<\"]${pattern}")
    foreach(hit ${hits})
      message(SEND_ERROR "${source}: ${hit} -- ${why}")
    endforeach()
  endforeach()
endfunction()

forbid(fhir "adapters/" "" "fhir knows no dialect")
forbid(fhir "gateway/" "" "fhir knows no gateway")
forbid(adapters "gateway/" "" "adapters know no gateway")
foreach(area fhir adapters gateway)
  forbid(${area} "rapidjson/" "^fhir/json\\.cpp$" "RapidJSON stays in fhir/json.cpp")
  forbid(${area} "simdjson" "^fhir/json\\.cpp$" "simdjson stays in fhir/json.cpp")
  forbid(${area} "re2/" "^fhir/path/" "RE2 stays in fhir/path")
  forbid(${area} "unicode/" "^(adapters/charset|fhir/text)" "ICU stays in adapters/charset and fhir/text")
  forbid(${area} "yaml-cpp/" "^(adapters/map|gateway/config)/" "yaml-cpp stays with maps and configuration")
  forbid(${area} "sqlite3" "^gateway/store/sqlite/" "SQLite stays in gateway/store/sqlite")
  forbid(${area} "zstd" "^gateway/store/" "zstd stays in gateway/store")
  forbid(${area} "boost/(asio|beast)" "^gateway/net/" "Asio and Beast stay in gateway/net")
  forbid(${area} "openssl/" "^gateway/(net|trust|store)/" "OpenSSL stays in gateway/net and gateway/trust")
  forbid(${area} "CLI/" "^gateway/cli/" "CLI11 stays in gateway/cli")
  forbid(${area} "regex>" "" "std::regex overflows the stack on hostile input: RE2 or a hand-written parser")
endforeach()

# Nothing outside main.cpp, cli/ and tests may include the composition.
forbid(gateway "gateway/site\\.h" "^gateway/(main\\.cpp|site\\.|cli/)" "only the composition knows the whole site")
