// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: opens the input as a safetensors file and reads every byte of every tensor it claims to hold;
// and reads it as importance data.
#include "format/Importance.h"
#include "format/Safetensors.h"
#include "tests/fuzz/FuzzTarget.h"
#include "tests/testing/TestFiles.h"

#include <sys/mman.h>
#include <unistd.h>

using namespace cria;

/// A model with one matrix of two columns.
static const CalibratedModel kModel = {.identity = {{"dim", "2"}}, .columns = {{"q", 2}}};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  int file = memfd_create("input", 0);
  if (file < 0 || write(file, data, size) != ssize_t(size)) {
    abort();
  }
  const std::string path = fmt::format("/proc/self/fd/{}", file);
  if (const auto means = readImportance(path, kModel); means.ok() && means->at("q").size() != 2) {
    abort();
  }
  auto opened = SafetensorsFile::open(path);
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
  return {
      cria::tests::safetensorsBytes(
          R"({"a":{"dtype":"F32","shape":[1,2],"data_offsets":[0,8]},"b":{"dtype":"U8","shape":[3],)"
          R"("data_offsets":[8,11]},"__metadata__":{"format":"pt"}})",
          "0123456789A"),
      cria::tests::safetensorsBytes(R"({"s":{"dtype":"BF16","shape":[],"data_offsets":[0,2]}})", "01"),
      cria::tests::safetensorsBytes(R"({"q":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"__metadata__":)"
                                    R"({"format":"cria importance","version":"1","dim":"2"}})",
                                    "01230123"),
      cria::tests::safetensorsBytes("{}", "")};
}
