# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Component `runtime`: cria with its plugins and the shared libraries it needs beyond the C library, relocatable.

# RPATH, not RUNPATH: the libraries that travel along then find each other there too.
set_target_properties(cria PROPERTIES INSTALL_RPATH "$ORIGIN/../lib")
target_link_options(cria PRIVATE LINKER:--disable-new-dtags)
install(TARGETS cria RUNTIME DESTINATION bin COMPONENT runtime)
foreach(plugin ${cria_plugins})
  set_target_properties(${plugin} PROPERTIES INSTALL_RPATH "$ORIGIN/../..")
  target_link_options(${plugin} PRIVATE LINKER:--disable-new-dtags)
  install(TARGETS ${plugin} LIBRARY DESTINATION lib/cria/plugins COMPONENT runtime)
  install(FILES ${CRIA_PLUGIN_OUTPUT_DIRECTORY}/${plugin}.cria-plugin.json DESTINATION lib/cria/plugins COMPONENT runtime)
endforeach()
install(FILES ${CMAKE_SOURCE_DIR}/LICENSE DESTINATION . COMPONENT runtime)

# glibc's own libraries stay those of the system; all others travel along.
install(CODE [[
  file(GLOB modules "${CMAKE_INSTALL_PREFIX}/lib/cria/plugins/*.so")
  list(FILTER modules EXCLUDE REGEX "/cria_backend_gpusim.so$") # of the component `developer`: uses the LLVM of the system
  file(GET_RUNTIME_DEPENDENCIES
    EXECUTABLES "${CMAKE_INSTALL_PREFIX}/bin/cria"
    MODULES ${modules}
    RESOLVED_DEPENDENCIES_VAR found
    UNRESOLVED_DEPENDENCIES_VAR missing
    PRE_EXCLUDE_REGEXES "^(ld-linux|libc|libm|libdl|libpthread|librt)[.-].*")
  if(missing)
    message(FATAL_ERROR "libraries not found: ${missing}")
  endif()
  foreach(library ${found})
    file(INSTALL "${library}" DESTINATION "${CMAKE_INSTALL_PREFIX}/lib" FOLLOW_SYMLINK_CHAIN)
  endforeach()
]] COMPONENT runtime)
