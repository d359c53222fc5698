# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# Flags and functions that every part uses.

find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

add_library(cria_flags INTERFACE)
target_include_directories(cria_flags INTERFACE ${CMAKE_SOURCE_DIR} ${CMAKE_BINARY_DIR})
target_compile_definitions(cria_flags INTERFACE CRIA_VERSION="${PROJECT_VERSION}")
# No contraction: a fused multiply-add is written where it is meant.
# -Wrestrict of GCC 12 misfires on std::string operator+; designated initializers leave members out on purpose.
target_compile_options(cria_flags INTERFACE -Wall -Wextra -Werror=return-type -ffp-contract=off
  -Wno-restrict -Wno-missing-field-initializers
  -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
if(CRIA_SANITIZE)
  target_compile_options(cria_flags INTERFACE -fsanitize=${CRIA_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(cria_flags INTERFACE -fsanitize=${CRIA_SANITIZE})
endif()

# cria_add_library(NAME SOURCES ... LINK ...): a static library without LLVM.
function(cria_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC cria_flags ${ARG_LINK})
endfunction()

# cria_add_plugin(NAME KIND backend|sampler|chat SOURCES ... [LINK ...] [VERSION v]): the shared library
# plugins/cria_<kind>_<NAME>.so with its sidecar NAME.cria-plugin.json beside it.
function(cria_add_plugin name)
  cmake_parse_arguments(ARG "" "KIND;VERSION" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_VERSION)
    set(ARG_VERSION ${PROJECT_VERSION})
  endif()
  set(target cria_${ARG_KIND}_${name})
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE cria_flags ${ARG_LINK})
  set_target_properties(${target} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CRIA_PLUGIN_OUTPUT_DIRECTORY})
  file(READ ${CMAKE_SOURCE_DIR}/plugins/api/cria_plugin.h header)
  string(REGEX MATCH "CRIA_ABI_MAJOR ([0-9]+)u" _ "${header}")
  set(major ${CMAKE_MATCH_1})
  string(REGEX MATCH "CRIA_ABI_MINOR ([0-9]+)u" _ "${header}")
  set(minor ${CMAKE_MATCH_1})
  file(GENERATE OUTPUT ${CRIA_PLUGIN_OUTPUT_DIRECTORY}/${target}.cria-plugin.json CONTENT
"{
  \"library\": \"${target}.so\",
  \"kind\": \"${ARG_KIND}\",
  \"name\": \"${name}\",
  \"version\": \"${ARG_VERSION}\",
  \"abi\": {\"major\": ${major}, \"minor_min\": ${minor}, \"minor_max\": ${minor}},
  \"needs\": {\"os\": \"linux\", \"arch\": \"${CMAKE_SYSTEM_PROCESSOR}\"}
}
")
  set_property(GLOBAL APPEND PROPERTY CRIA_PLUGINS ${target})
endfunction()

# cria_add_gtest(NAME SOURCES ... LINK ... [LABELS ...]): a GoogleTest program registered with CTest, one test per case.
function(cria_add_gtest name)
  cmake_parse_arguments(ARG "COMPILER" "" "SOURCES;LINK;LABELS" ${ARGN})
  if(ARG_COMPILER)
    cria_add_compiler_executable(${name} SOURCES ${ARG_SOURCES} LINK ${ARG_LINK})
  else()
    add_executable(${name} ${ARG_SOURCES})
    target_link_libraries(${name} PRIVATE cria_flags ${ARG_LINK})
  endif()
  target_link_libraries(${name} PRIVATE GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE CRIA_SOURCE_DIR="${CMAKE_SOURCE_DIR}" CRIA_BINARY_DIR="${CMAKE_BINARY_DIR}")
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES LABELS "unit;${ARG_LABELS}")
endfunction()
