// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a line of a file of requests, and a file of samplers.
#include "runtime/plugin/SamplerFile.h"
#include "runtime/serve/RequestOptions.h"
#include "tests/fuzz/FuzzTarget.h"

#include <cstdlib>

using namespace cria;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  const auto request = readRequestJson(text, {}, "input:1");
  if (!request.ok() && !request.status().message().starts_with("input:1")) {
    abort(); // the message names the place
  }
  (void)readSamplerJson(text, "input");
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {
      R"({"prompt": "Once \ud83d\ude00", "max_tokens": 4, "seed": 18446744073709551615, "stop": ["a", "\n"]})",
      R"({"prompt": "", "stop": "x"})",
      R"([{"name": "top_k", "k": 40}, {"name": "temperature", "t": 0.5}, {"name": "draw"}])",
      R"({"prompt": "x", "stop": [[[[[[[[[[]]]]]]]]]]})"};
}
