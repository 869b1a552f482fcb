# How every target of collet is compiled: collet_compile(target...) sets language level, warnings
# and sanitizers, none of which reach a project that uses the installed package.
include_guard()
include(GNUInstallDirs)

set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(COLLET_CCACHE ccache)
if(COLLET_CCACHE AND PROJECT_IS_TOP_LEVEL)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${COLLET_CCACHE})
endif()

# collet_compile_apart(source...): not together with others, whose names they would take. A name
# that is "redefined" in a file called Unity/unity_*.cxx needs this, or another name.
function(collet_compile_apart)
  set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()

function(collet_compile)
  foreach(target IN LISTS ARGN)
    target_compile_features(${target} PUBLIC cxx_std_20)
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
      -Woverloaded-virtual -Wold-style-cast -Wimplicit-fallthrough
      $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>  # g++ 12 sees overlaps in std::string (105651)
      -fno-semantic-interposition  # position-independent, yet calls within a file may be inlined
      $<$<BOOL:${COLLET_WERROR}>:-Werror>)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
    if(COLLET_SANITIZE)
      list(JOIN COLLET_SANITIZE "," sanitizers)
      target_compile_options(${target} PRIVATE -fsanitize=${sanitizers} -fno-omit-frame-pointer
                                               -fno-sanitize-recover=all
        -fno-sanitize=vptr)  # it opens a pipe for each check, which fails where descriptors run out
      target_link_options(${target} PUBLIC -fsanitize=${sanitizers})
    endif()
  endforeach()
endfunction()
