# collet_add_plugin(NAME name SOURCES file... [LIBRARIES target...]): a shared object libname.so
# that the programs of collet can load. It exports one function, whatever its libraries define, and
# stays loaded: threads that somebody started in it may outlive every wish to unload it.
include_guard()

set(COLLET_PLUGIN_SYMBOLS ${CMAKE_CURRENT_LIST_DIR}/plugin.map CACHE INTERNAL "")

function(collet_add_plugin)
  cmake_parse_arguments(PARSE_ARGV 0 plugin "" "NAME" "SOURCES;LIBRARIES")
  if(NOT plugin_NAME OR NOT plugin_SOURCES OR plugin_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
            "collet_add_plugin(NAME name SOURCES file... [LIBRARIES target...]): given ${ARGV}")
  endif()
  add_library(${plugin_NAME} MODULE ${plugin_SOURCES})
  target_link_libraries(${plugin_NAME} PRIVATE collet::sdk ${plugin_LIBRARIES})
  set_target_properties(${plugin_NAME} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON
    LINK_DEPENDS ${COLLET_PLUGIN_SYMBOLS})
  # A symbol that nobody defines is an error as the plugin is built, not as it is loaded. With Clang
  # a sanitizer's functions are in the program alone, so that they are such symbols.
  target_link_options(${plugin_NAME} PRIVATE
    LINKER:--version-script=${COLLET_PLUGIN_SYMBOLS} LINKER:-z,nodelete
    $<$<CXX_COMPILER_ID:GNU>:LINKER:-z,defs>)
endfunction()
