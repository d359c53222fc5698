// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: opens the input as a safetensors file and reads every byte of every tensor it claims to hold.
#include "format/Safetensors.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int file = memfd_create("input", 0);
  if (file < 0 || write(file, data, size) != ssize_t(size)) {
    abort();
  }
  auto opened = SafetensorsFile::open(fmt::format("/proc/self/fd/{}", file));
  if (opened.ok()) {
    unsigned sum = 0;
    for (const SafetensorsTensor &entry : (*opened)->tensors()) {
      for (std::byte byte : (*opened)->data(entry)) {
        sum += unsigned(byte);
      }
    }
    asm volatile("" : : "r"(sum)); // the reads must happen
  }
  close(file);
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {cria::tests::safetensorsBytes(
              R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],)"
              R"("data_offsets":[8,11]},"__metadata__":{"format":"pt"}})",
              "0123456789A"),
          cria::tests::safetensorsBytes(R"({"s":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}})", "01"),
          cria::tests::safetensorsBytes("{}", "")};
}
