# Builds text files into the binary, so that nothing has to be found at run time.
#   embed_migrations(TARGET FOLDER): every NNNN_name.sql of FOLDER, in order, as sqlite::migrations().
# Called again with -P at build time to write the file, so an edited script is picked up without configuring anew.
if(CMAKE_SCRIPT_MODE_FILE)
  set(rows "")
  foreach(file ${FILES})
    get_filename_component(name ${file} NAME_WE)
    string(SUBSTRING ${name} 0 4 number)
    string(REGEX REPLACE "^0+" "" number ${number})
    file(READ ${file} text)
    string(APPEND rows "    {${number}, \"${name}\", R\"sql(${text})sql\"},\n")
  endforeach()
  file(WRITE ${OUTPUT} "#include \"gateway/store/sqlite/migrate.h\"\n\nnamespace gateway::store::sqlite {\n\n"
    "std::span<const Migration> migrations() {\n  static constexpr Migration all[] = {\n${rows}  };\n  return all;\n}\n\n"
    "}  // namespace gateway::store::sqlite\n")
  return()
endif()

set(CAUSEWAY_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_FILE})
function(embed_migrations target folder)
  file(GLOB files CONFIGURE_DEPENDS ${folder}/*.sql)
  list(SORT files)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/migrations.cpp)
  add_custom_command(OUTPUT ${output} VERBATIM DEPENDS ${files} ${CAUSEWAY_EMBED_SCRIPT}
    COMMAND ${CMAKE_COMMAND} "-DFILES=${files}" -DOUTPUT=${output} -P ${CAUSEWAY_EMBED_SCRIPT})
  target_sources(${target} PRIVATE ${output})
endfunction()
