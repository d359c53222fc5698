# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Flags and functions that all folders use.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

add_library(cria_flags INTERFACE)
# Installed headers include each other by their installed names, <cria_plugin.h>.
target_include_directories(cria_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR}
  ${CMAKE_SOURCE_DIR}/plugins/api ${CMAKE_SOURCE_DIR}/plugins/sdk)
target_compile_definitions(cria_flags INTERFACE CRIA_VERSION="${PROJECT_VERSION}")
# -ffp-contract=off: a fused multiply-add is written explicitly.
# GCC 12 reports -Wrestrict, -Warray-bounds, -Wstringop-overflow and -Wmaybe-uninitialized falsely inside std::string;
# designated initializers omit members on purpose.
# -fPIC also in programs, so that libraries and programs can share precompiled headers.
# -fpch-preprocess lets ccache (with sloppiness pch_defines, time_macros) cache sources that use a precompiled header.
target_compile_options(cria_flags INTERFACE -fPIC -Wall -Wextra -Werror=return-type -Werror=switch -ffp-contract=off
  -Wno-array-bounds -Wno-missing-field-initializers -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-maybe-uninitialized;-fpch-preprocess>
  # In a unit, GCC takes the sources for headers that define types in terms of an anonymous namespace.
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<BOOL:${CMAKE_UNITY_BUILD}>,$<COMPILE_LANGUAGE:CXX>>:-Wno-subobject-linkage>)
if(CRIA_SANITIZE)
  add_compile_options(-fsanitize=${CRIA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${CRIA_SANITIZE})
endif()

# One precompiled header for the runtime, one for tests. Plugins use none, because they include the plugin interface alone.
function(cria_add_pch name header)
  add_library(${name} OBJECT ${CMAKE_SOURCE_DIR}/cmake/empty.cpp)
  target_link_libraries(${name} PRIVATE cria_flags ${ARGN})
  target_precompile_headers(${name} PRIVATE ${CMAKE_SOURCE_DIR}/cmake/${header})
endfunction()
cria_add_pch(cria_runtime_pch runtime_pch.h fmt::fmt nlohmann_json::nlohmann_json)

# cria_add_library(NAME SOURCES ... LINK ...): a static library without LLVM.
function(cria_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC cria_flags fmt::fmt nlohmann_json::nlohmann_json ${ARG_LINK})
  target_precompile_headers(${name} REUSE_FROM cria_runtime_pch)
endfunction()

# Plugins of this build use the installed function cria_add_plugin, with the flags of this build.
add_library(cria_plugin_api INTERFACE)
target_link_libraries(cria_plugin_api INTERFACE cria_flags)
add_library(cria::plugin_api ALIAS cria_plugin_api)
set(CRIA_PLUGIN_HEADER ${CMAKE_SOURCE_DIR}/plugins/api/cria_plugin.h)
include(CriaPlugin)

# cria_add_gtest(NAME SOURCES ... LINK ... [LABELS ...] [QUICK ...]): a GoogleTest program registered with CTest. With QUICK,
# filters of GoogleTest, the test NAME runs the cases that match one of them, and the test NAME-full, labelled `full`, runs the
# others.
function(cria_add_gtest name)
  cmake_parse_arguments(ARG "COMPILER" "" "SOURCES;LINK;LABELS;QUICK" ${ARGN})
  if(ARG_COMPILER)
    cria_add_compiler_executable(${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  else()
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE cria_flags ${ARG_LINK})
  endif()
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gmock GTest::gtest_main)
  if(NOT ARG_COMPILER)
    target_precompile_headers(${name} REUSE_FROM cria_test_pch)
    target_link_libraries(${name} PRIVATE fmt::fmt nlohmann_json::nlohmann_json)
  endif()
  target_compile_definitions(${name} PRIVATE CRIA_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CRIA_BINARY_DIR="${CMAKE_BINARY_DIR}")
  list(JOIN ARG_QUICK ":" quick)
  set(filter)
  if(quick)
    set(filter --gtest_filter=${quick})
  endif()
  add_test(NAME ${name} COMMAND ${name} ${filter})
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit) # tests of single parts, seconds each
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}")
  if(quick)
    add_test(NAME ${name}-full COMMAND ${name} "--gtest_filter=-${quick}")
    set_tests_properties(${name}-full PROPERTIES LABELS "${ARG_LABELS};full")
  endif()
endfunction()
