// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The seeds of a target: those of its code, and the files of tests/fuzz/corpus/NAME.
#pragma once

#include "tests/fuzz/FuzzTarget.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

/// Returns all seeds, in the same order each time.
inline std::vector<std::string> allFuzzSeeds() {
  std::vector<std::string> seeds = fuzzSeeds();
  const std::filesystem::path folder = CRIA_SOURCE_DIR "/tests/fuzz/corpus/" CRIA_FUZZ_NAME;
  std::vector<std::filesystem::path> files;
  if (std::filesystem::exists(folder)) {
    std::copy(std::filesystem::directory_iterator(folder), {}, std::back_inserter(files));
  }
  std::sort(files.begin(), files.end());
  for (const std::filesystem::path &file : files) {
    std::ifstream stream(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
  }
  return seeds;
}
