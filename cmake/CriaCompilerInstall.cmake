# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Component `compiler`: cria-compile, which uses the system's LLVM and MLIR, and the headers for targets outside the tree.
set(cria_compiler_headers
  support/*.h format/*.h ir/*.h passes/Passes.h passes/codegen/ObjectCode.h passes/targets/DispatchBuilder.h passes/targets/Target.h
  passes/targets/TargetPlugin.h passes/targets/ops/OpsTarget.h plugins/api/*.h cmake/trait_type_ids.h)
file(GLOB cria_header_files RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ${cria_compiler_headers})
file(GLOB cria_table_files RELATIVE ${CMAKE_SOURCE_DIR} CONFIGURE_DEPENDS ir/*.td passes/*.td)

# A digest of the headers that target plugins and the compiler must agree on.
set(cria_digests "")
foreach(file ${cria_header_files} ${cria_table_files})
  file(SHA256 ${CMAKE_SOURCE_DIR}/${file} digest)
  string(APPEND cria_digests "${file} ${digest}\n")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${file})
endforeach()
string(SHA256 digest "${cria_digests}")
string(SUBSTRING ${digest} 0 12 CRIA_HEADERS_DIGEST)
configure_file(passes/targets/CompilerBuild.h.in ${CMAKE_BINARY_DIR}/passes/targets/CompilerBuild.h @ONLY)

function(cria_install_compiler)
  set_target_properties(cria-compile PROPERTIES INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS cria-compile RUNTIME DESTINATION bin COMPONENT compiler)
  foreach(file ${cria_header_files})
    cmake_path(GET file PARENT_PATH folder)
    install(FILES ${CMAKE_SOURCE_DIR}/${file} DESTINATION include/cria-compiler/${folder} COMPONENT compiler)
  endforeach()
  foreach(folder ir passes)
    install(DIRECTORY ${CMAKE_BINARY_DIR}/${folder}/ DESTINATION include/cria-compiler/${folder} COMPONENT compiler
      FILES_MATCHING PATTERN "*.h.inc" PATTERN "CompilerBuild.h" PATTERN "CMakeFiles" EXCLUDE)
  endforeach()
  install(FILES ${CMAKE_SOURCE_DIR}/cmake/CriaTargetPlugin.cmake DESTINATION lib/cmake/cria COMPONENT compiler)
  install(DIRECTORY ${CMAKE_SOURCE_DIR}/examples/targets/ DESTINATION share/cria/examples/targets COMPONENT compiler)
  install(FILES ${CMAKE_SOURCE_DIR}/docs/writing-a-target.md DESTINATION share/doc/cria COMPONENT compiler)
endfunction()
