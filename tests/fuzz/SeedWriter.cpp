// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// For libFuzzer programs: CRIA_FUZZ_SEEDS=FOLDER writes the seeds of the target to that folder.
#include "tests/fuzz/CommittedSeeds.h"

#include <cstdlib>
#include <fstream>

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  const char *folder = std::getenv("CRIA_FUZZ_SEEDS");
  if (folder == nullptr) {
    return 0;
  }
  size_t number = 0;
  for (const std::string &seed : allFuzzSeeds()) {
    std::ofstream(folder + std::string("/seed-") + std::to_string(number++), std::ios::binary) << seed;
  }
  exit(0);
}
