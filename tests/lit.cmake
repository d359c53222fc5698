# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# The .mlir tests of frontends/, ir/ and passes/, which lit runs once as they are, and once with every input printed and parsed again.

find_program(CRIA_LIT NAMES lit-22 llvm-lit lit lit.py HINTS ${LLVM_TOOLS_BINARY_DIR} ${LLVM_TOOLS_BINARY_DIR}/../build/utils/lit REQUIRED)
find_program(CRIA_FILECHECK NAMES FileCheck HINTS ${LLVM_TOOLS_BINARY_DIR} REQUIRED)
configure_file(${CMAKE_CURRENT_SOURCE_DIR}/lit.site.cfg.py.in ${CMAKE_CURRENT_BINARY_DIR}/lit/lit.site.cfg.py @ONLY)
foreach(folder frontends ir passes)
  file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/lit/${folder})
  list(APPEND lit_folders ${CMAKE_CURRENT_BINARY_DIR}/lit/${folder})
endforeach()
set(lit_command ${CRIA_LIT} --verbose --time-tests)
add_test(NAME lit COMMAND ${lit_command} ${lit_folders})
add_test(NAME lit_roundtrip COMMAND ${lit_command} --param roundtrip=1 ${lit_folders})
set_tests_properties(lit lit_roundtrip PROPERTIES LABELS lit)
# The two share an output folder.
set_tests_properties(lit lit_roundtrip PROPERTIES RESOURCE_LOCK lit_output)
