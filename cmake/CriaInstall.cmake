# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Component `runtime`: cria with its plugins and the shared libraries it needs beyond the C library, relocatable.

# RPATH, not RUNPATH, so that the installed libraries also find each other there.
set_target_properties(cria cria-plugin-test PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
target_link_options(cria PRIVATE LINKER:--disable-new-dtags)
target_link_options(cria-plugin-test PRIVATE LINKER:--disable-new-dtags)
install(TARGETS cria cria-plugin-test RUNTIME DESTINATION bin COMPONENT runtime)
foreach(plugin ${cria_plugins})
  set_target_properties(${plugin} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
  target_link_options(${plugin} PRIVATE LINKER:--disable-new-dtags)
  install(TARGETS ${plugin} LIBRARY DESTINATION lib/cria/plugins COMPONENT runtime)
  install(FILES ${CRIA_PLUGIN_OUTPUT_DIRECTORY}/${plugin}.cria-plugin.json DESTINATION lib/cria/plugins COMPONENT runtime)
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION . COMPONENT runtime)

# Installs all shared libraries except those of glibc, which must be the system's.
install(CODE [[
  file(GLOB modules "${CMAKE_INSTALL_PREFIX}/lib/cria/plugins/*.so")
  list(FILTER modules EXCLUDE REGEX "/cria_backend_gpusim.so$") # component `developer`; uses the LLVM of the system
  file(GET_RUNTIME_DEPENDENCIES
    EXECUTABLES "${CMAKE_INSTALL_PREFIX}/bin/cria" "${CMAKE_INSTALL_PREFIX}/bin/cria-plugin-test"
    MODULES ${modules}
    RESOLVED_DEPENDENCIES_VAR found
    UNRESOLVED_DEPENDENCIES_VAR missing
    CONFLICTING_DEPENDENCIES_PREFIX conflict # with libraries of an earlier installation; the system's are newer
    PRE_EXCLUDE_REGEXES "^(ld-linux|libc|libm|libdl|libpthread|librt)[.-].*")
  if(missing)
    message(FATAL_ERROR "cannot find the libraries ${missing}")
  endif()
  foreach(name ${conflict_FILENAMES})
    list(FILTER conflict_${name} EXCLUDE REGEX "^${CMAKE_INSTALL_PREFIX}/")
    list(APPEND found ${conflict_${name}})
  endforeach()
  foreach(library ${found})
    file(INSTALL "${library}" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib" FOLLOW_SYMLINK_CHAIN)
  endforeach()
]] COMPONENT runtime)

# Component `runtime` also contains what authors of plugins need: headers, find_package(cria), templates to copy, and pages.
include(CMakePackageConfigHelpers)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/criaConfig.cmake.in ${CMAKE_BINARY_DIR}/cmake/criaConfig.cmake
  INSTALL_DESTINATION lib/cmake/cria NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/cmake/criaConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/cmake/criaConfig.cmake ${CMAKE_BINARY_DIR}/cmake/criaConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/CriaPlugin.cmake DESTINATION lib/cmake/cria COMPONENT runtime)
install(DIRECTORY plugins/api/ plugins/sdk/ DESTINATION include COMPONENT runtime FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
# What the SDK shares with compiler and runtime; these include one another from include/cria.
foreach(header support/CpuLevel.h support/FloatMode.h support/Half.h support/Utf8Prefix.h format/ActivationClass.h
    format/ActivationProduct.h format/ElementType.h format/KvCodec.h format/RandomWeights.h format/WeightFormat.h)
  cmake_path(GET header PARENT_PATH folder)
  install(FILES ${header} DESTINATION include/cria/${folder} COMPONENT runtime)
endforeach()
install(FILES plugins/backends/null/null_backend.c plugins/samplers/null/null_sampler.c plugins/chat/null/null_chat.c
  DESTINATION share/cria/templates COMPONENT runtime)
install(FILES docs/writing-a-plugin.md docs/abi-changelog.md docs/generated/opset.md DESTINATION share/doc/cria COMPONENT runtime)
install(DIRECTORY examples/plugins/ DESTINATION share/cria/examples/plugins COMPONENT runtime)
