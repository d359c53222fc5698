// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The current fault of a faulty plugin, from the environment variable CRIA_TEST_FAULT.
#pragma once

#include "plugins/sdk/cria_plugin.hpp"

#include <cstdlib>

inline bool isFault(std::string_view name) {
  const char *fault = std::getenv("CRIA_TEST_FAULT");
  return fault != nullptr && name == fault;
}
