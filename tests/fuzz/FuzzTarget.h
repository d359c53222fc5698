// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The functions that a fuzz target defines: the entry point of libFuzzer, and the seeds of the corpus driver.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/// Valid and nearly valid inputs.
std::vector<std::string> fuzzSeeds();
