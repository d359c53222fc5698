# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# For find_package(cria COMPONENTS compiler): what targets outside Cria's build need. Requires CRIA_COMPILER_INCLUDE_DIR.
enable_language(C) # required by LLVM's package
find_program(CRIA_LLVM_CONFIG llvm-config-22)
if(CRIA_LLVM_CONFIG)
  execute_process(COMMAND ${CRIA_LLVM_CONFIG} --prefix OUTPUT_VARIABLE cria_llvm_prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
find_package(MLIR 22.1 CONFIG REQUIRED HINTS ${cria_llvm_prefix}/lib/cmake/mlir)

if(NOT TARGET cria::compiler)
  add_library(cria::compiler INTERFACE IMPORTED)
  target_link_libraries(cria::compiler INTERFACE cria::plugin_api MLIR LLVM)
  target_include_directories(cria::compiler SYSTEM INTERFACE ${CRIA_COMPILER_INCLUDE_DIR} ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
  # The compiler is built with the same options. The header gives traits of ops one TypeID on both sides.
  target_compile_options(cria::compiler INTERFACE -fno-exceptions -include ${CRIA_COMPILER_INCLUDE_DIR}/cmake/trait_type_ids.h)
  target_compile_features(cria::compiler INTERFACE cxx_std_20)
endif()

# cria_add_target_plugin(NAME SOURCES ... [LINK ...])
# Makes the shared library cria_target_<NAME>.so in plugins/ of the build folder, for `cria compile --target-plugin`. The macro
# CRIA_TARGET_NAME is defined for the sources.
function(cria_add_target_plugin name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  if(NOT name MATCHES "^[a-z0-9_-]+$" OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "cria_add_target_plugin(${name}): expected a name of a-z, 0-9, '_' and '-', and known arguments; got "
      "'${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  set(target cria_target_${name})
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE cria::compiler ${ARG_LINK})
  target_compile_definitions(${target} PRIVATE CRIA_TARGET_NAME="${name}")
  set_target_properties(${target} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
endfunction()
