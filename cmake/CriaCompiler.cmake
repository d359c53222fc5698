# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# MLIR, one precompiled header for all compiler code, and functions to add such code.

find_program(LLVM_CONFIG llvm-config-22)
if(LLVM_CONFIG)
  execute_process(COMMAND ${LLVM_CONFIG} --prefix OUTPUT_VARIABLE CRIA_LLVM_PREFIX OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
find_package(MLIR 22.1 CONFIG REQUIRED HINTS ${CRIA_LLVM_PREFIX}/lib/cmake/mlir)
find_package(LLD 22.1 CONFIG REQUIRED HINTS ${CRIA_LLVM_PREFIX}/lib/cmake/lld)
list(APPEND CMAKE_MODULE_PATH ${MLIR_CMAKE_DIR} ${LLVM_CMAKE_DIR})
include(TableGen)
include(AddLLVM)
include(AddMLIR)
message(STATUS "LLVM ${LLVM_PACKAGE_VERSION} at ${LLVM_INSTALL_PREFIX}")

add_library(cria_compiler_flags INTERFACE)
target_link_libraries(cria_compiler_flags INTERFACE cria_flags MLIR LLVM)
target_include_directories(cria_compiler_flags SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS} ${MLIR_INCLUDE_DIRS})
target_compile_definitions(cria_compiler_flags INTERFACE ${LLVM_DEFINITIONS_LIST} CRIA_LLVM_VERSION="${LLVM_PACKAGE_VERSION}")
target_compile_options(cria_compiler_flags INTERFACE -fno-exceptions -Wno-unused-parameter)

# cria-compile exports the symbols that target plugins use (passes/targets/TargetPlugin.h). All compiler code is built in this way,
# because it shares one precompiled header.
function(cria_export_compiler_symbols target)
  set_target_properties(${target} PROPERTIES CXX_VISIBILITY_PRESET default VISIBILITY_INLINES_HIDDEN OFF)
  target_compile_options(${target} PRIVATE -fno-semantic-interposition)
endfunction()

add_library(cria_compiler_pch OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
target_link_libraries(cria_compiler_pch PRIVATE cria_compiler_flags)
cria_export_compiler_symbols(cria_compiler_pch)
target_precompile_headers(cria_compiler_pch PRIVATE ${CMAKE_SOURCE_DIR}/cmake/compiler_pch.h)

# cria_add_compiler_library(NAME SOURCES ... LINK ... [DEPENDS tablegen targets])
function(cria_add_compiler_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC cria_compiler_flags ${ARG_LINK})
  cria_export_compiler_symbols(${name})
  target_precompile_headers(${name} REUSE_FROM cria_compiler_pch)
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

function(cria_add_compiler_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  # -fPIC instead of -fPIE, as in the precompiled header.
  set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_compile_options(${name} PRIVATE -fPIC)
  target_link_libraries(${name} PRIVATE cria_compiler_flags ${ARG_LINK})
  cria_export_compiler_symbols(${name})
  target_precompile_headers(${name} REUSE_FROM cria_compiler_pch)
endfunction()
