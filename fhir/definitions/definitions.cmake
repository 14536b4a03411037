# The R4 definitions: compiled from the official package into one pack, which definitions.cpp takes into read-only data.
# Runs again only when the package or the compiler changes.
set(r4_package ${CMAKE_SOURCE_DIR}/node_modules/hl7.fhir.r4.examples)
set(r4_bundles ${r4_package}/Bundle-types.json ${r4_package}/Bundle-resources.json
               ${r4_package}/Bundle-valueset-expansions.json ${r4_package}/Bundle-valuesets.json
               ${r4_package}/Bundle-v2-valuesets.json ${r4_package}/Bundle-v3-valuesets.json
               ${r4_package}/Bundle-externals.json ${r4_package}/Bundle-conceptmaps.json
               ${r4_package}/Bundle-extensions.json ${r4_package}/Bundle-searchParams.json)
foreach(compartment device encounter patient practitioner relatedPerson)
  list(APPEND r4_bundles ${r4_package}/CompartmentDefinition-${compartment}.json)
endforeach()
foreach(bundle ${r4_bundles})
  if(NOT EXISTS ${bundle})
    message(FATAL_ERROR "The FHIR R4 definitions are missing (${bundle}): run ./dev setup, which fetches the npm "
                        "package hl7.fhir.r4.examples that package.json names.")
  endif()
endforeach()

file(GLOB compiler_sources CONFIGURE_DEPENDS definitions/compiler/*.cpp)
add_executable(causeway_definitions ${compiler_sources} definitions/search_type.cpp
                                    $<TARGET_OBJECTS:causeway_json>)
target_link_libraries(causeway_definitions PRIVATE causeway_flags fmt::fmt PkgConfig::SIMDJSON)

set(r4_pack ${CMAKE_CURRENT_BINARY_DIR}/r4.pack)
add_custom_command(
  OUTPUT ${r4_pack}
  COMMAND causeway_definitions ${r4_package} ${r4_pack}
  DEPENDS causeway_definitions ${r4_bundles}
  COMMENT "Compiling the FHIR R4 definitions"
  VERBATIM)
set_source_files_properties(definitions/open_pack.cpp PROPERTIES
  OBJECT_DEPENDS ${r4_pack} COMPILE_DEFINITIONS CAUSEWAY_PACK="${r4_pack}")
