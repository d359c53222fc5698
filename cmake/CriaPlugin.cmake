# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# cria_add_plugin makes a plugin library and its manifest, in Cria's build and after find_package(cria). Requires the target
# cria::plugin_api and CRIA_PLUGIN_HEADER, the path of cria_plugin.h.

# cria_add_plugin(NAME KIND backend|sampler|chat SOURCES ... [LINK ...] [VERSION v] [ABI_MINOR_MIN n] [NEEDS_CPU features...]
#                 [OPS ops.json [OPSET n]] [EXPECTATIONS expect.json])
# Makes the shared library cria_<kind>_<NAME>.so and its plugin manifest cria_<kind>_<NAME>.cria-plugin.json in
# CRIA_PLUGIN_OUTPUT_DIRECTORY (default: plugins/ of the build folder). The macros CRIA_PLUGIN_NAME and CRIA_PLUGIN_VERSION are
# defined for the sources, so that the library and the manifest agree.
#   VERSION        version of the plugin; default: that of the project
#   ABI_MINOR_MIN  lowest minor version of the plugin ABI that the plugin supports; default: that of the header
#   NEEDS_CPU      processor features that the library requires (e.g. x86-64-v3); it is not opened on other processors
#   EXPECTATIONS   a JSON file with the cases of cria-plugin-test that are known not to pass; copied next to the manifest
#   OPS            for a backend of format cria.ops.v1: a JSON file with the ops that it supports (docs/writing-a-plugin.md)
#   OPSET          the version of the opset that OPS refers to; default: 1
function(cria_add_plugin name)
  cmake_parse_arguments(ARG "" "KIND;VERSION;ABI_MINOR_MIN;OPS;OPSET;EXPECTATIONS" "SOURCES;LINK;NEEDS_CPU" ${ARGN})
  if(NOT ARG_KIND MATCHES "^(backend|sampler|chat)$" OR NOT name MATCHES "^[a-z0-9_]+$" OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "cria_add_plugin(${name}): expected a name of a-z, 0-9 and _, KIND backend, sampler or chat, and known "
      "arguments; got KIND '${ARG_KIND}' and '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT ARG_VERSION)
    set(ARG_VERSION ${PROJECT_VERSION})
  endif()
  if(NOT ARG_VERSION)
    message(FATAL_ERROR "cria_add_plugin(${name}): give a VERSION here or in project()")
  endif()
  if(NOT CRIA_PLUGIN_OUTPUT_DIRECTORY)
    set(CRIA_PLUGIN_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/plugins)
  endif()
  cria_read_abi_version(major minor)
  if(NOT DEFINED ARG_ABI_MINOR_MIN)
    set(ARG_ABI_MINOR_MIN ${minor})
  endif()
  set(target cria_${ARG_KIND}_${name})
  add_library(${target} MODULE ${ARG_SOURCES})
  target_link_libraries(${target} PRIVATE cria::plugin_api ${ARG_LINK})
  target_compile_definitions(${target} PRIVATE CRIA_PLUGIN_NAME="${name}" CRIA_PLUGIN_VERSION="${ARG_VERSION}"
    CRIA_PLUGIN_ABI_MINOR_MIN=${ARG_ABI_MINOR_MIN}u)
  # Reports undefined symbols when linking, not on a user's machine. Sanitizers resolve theirs from the program.
  if(NOT CRIA_SANITIZE)
    target_link_options(${target} PRIVATE LINKER:-z,defs)
  endif()
  set_target_properties(${target} PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CRIA_PLUGIN_OUTPUT_DIRECTORY}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  if(NOT ARG_OPSET)
    set(ARG_OPSET 1)
  endif()
  cria_write_plugin_manifest(${target} "${ARG_NEEDS_CPU}" "${ARG_OPS}" OPSET ${ARG_OPSET} KIND ${ARG_KIND} NAME ${name} VERSION ${ARG_VERSION}
    MAJOR ${major} MINOR_MIN ${ARG_ABI_MINOR_MIN} MINOR_MAX ${minor} FOLDER ${CRIA_PLUGIN_OUTPUT_DIRECTORY})
  if(ARG_EXPECTATIONS)
    configure_file(${ARG_EXPECTATIONS} ${CRIA_PLUGIN_OUTPUT_DIRECTORY}/${target}.cria-expect.json COPYONLY)
  endif()
  set_property(GLOBAL APPEND PROPERTY CRIA_PLUGINS ${target})
endfunction()

# cria_install_plugin(NAME KIND kind): installs library and manifest where P/bin/cria finds them with
# `cmake --install . --prefix P`.
function(cria_install_plugin name)
  cmake_parse_arguments(ARG "" "KIND" "" ${ARGN})
  set(target cria_${ARG_KIND}_${name})
  get_target_property(folder ${target} LIBRARY_OUTPUT_DIRECTORY)
  install(TARGETS ${target} LIBRARY DESTINATION lib/cria/plugins)
  install(FILES ${folder}/${target}.cria-plugin.json DESTINATION lib/cria/plugins)
endfunction()

# Reads the ABI version from cria_plugin.h.
function(cria_read_abi_version major minor)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CRIA_PLUGIN_HEADER})
  foreach(part MAJOR MINOR)
    file(STRINGS ${CRIA_PLUGIN_HEADER} line REGEX "^#define CRIA_ABI_${part} [0-9]+u")
    string(REGEX REPLACE "[^0-9]" "" value "${line}")
    string(TOLOWER ${part} variable)
    set(${${variable}} ${value} PARENT_SCOPE)
  endforeach()
endfunction()

function(cria_write_plugin_manifest target cpu_features ops_file)
  cmake_parse_arguments(ARG "" "KIND;NAME;VERSION;MAJOR;MINOR_MIN;MINOR_MAX;FOLDER;OPSET" "" ${ARGN})
  set(cpu "")
  if(cpu_features)
    list(JOIN cpu_features "\", \"" cpu)
    set(cpu ", \"cpu\": [\"${cpu}\"]")
  endif()
  set(opset "")
  set(ops "")
  if(ops_file)
    get_filename_component(ops_file ${ops_file} ABSOLUTE)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ops_file})
    file(READ ${ops_file} ops)
    string(STRIP "${ops}" ops)
    if(ARG_OPSET GREATER 1)
      set(opset ",\n  \"opset\": ${ARG_OPSET}")
    endif()
    set(ops "${opset},\n  \"ops\": ${ops}")
  endif()
  string(TOLOWER ${CMAKE_SYSTEM_NAME} os)
  file(GENERATE OUTPUT ${ARG_FOLDER}/${target}.cria-plugin.json CONTENT
"{
  \"library\": \"${target}.so\",
  \"kind\": \"${ARG_KIND}\",
  \"name\": \"${ARG_NAME}\",
  \"version\": \"${ARG_VERSION}\",
  \"abi\": {\"major\": ${ARG_MAJOR}, \"minor_min\": ${ARG_MINOR_MIN}, \"minor_max\": ${ARG_MINOR_MAX}},
  \"needs\": {\"os\": \"${os}\", \"arch\": \"${CMAKE_SYSTEM_PROCESSOR}\"${cpu}}${ops}
}
")
endfunction()
