# What find_package(collet) finds: the targets that were installed with EXPORT colletTargets.
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/collet)

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/colletConfig.cmake.in
  ${PROJECT_BINARY_DIR}/colletConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/colletConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)

install(EXPORT colletTargets NAMESPACE collet:: DESTINATION ${package})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What the author of a plugin reads, in folders as in the tree: its files name each other.
install(FILES ${PROJECT_SOURCE_DIR}/backends/README.md ${PROJECT_SOURCE_DIR}/backends/watches.h
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/backends)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/backends/example
        DESTINATION ${CMAKE_INSTALL_DOCDIR}/backends)
install(FILES ${PROJECT_SOURCE_DIR}/pools/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/pools)

install(FILES ${PROJECT_BINARY_DIR}/colletConfig.cmake
              ${PROJECT_BINARY_DIR}/colletConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/ColletPlugin.cmake ${CMAKE_CURRENT_LIST_DIR}/plugin.map
        DESTINATION ${package})
