// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fuzz target: the input is a sampler expression, and a plugin manifest.
#include "runtime/plugin/PluginManifest.h"
#include "runtime/plugin/PluginOptions.h"
#include "tests/fuzz/FuzzTarget.h"

#include <cmath>
#include <cstdlib>
#include <sys/mman.h>
#include <unistd.h>

using namespace cria;

static void checkOptions(const std::vector<PluginSpec> &calls, std::string_view expression) {
  const cria_option_info count{sizeof(count), CRIA_OPTION_INT, {"k", 1}, {}, std::nan(""), 1, 100, {}};
  const cria_option_info share{sizeof(share), CRIA_OPTION_FLOAT, {"p", 1}, {}, 0.5, 0, 1, {}};
  const cria_option_info *const declared[] = {&count, &share};
  for (const PluginSpec &call : calls) {
    size_t position = 0;
    const auto options = PluginOptions::check(declared, 2, call.arguments, call.name, &position);
    if (position > expression.size()) {
      abort();
    }
    if (options.ok() && (options->data()[0]->integer < 1 || options->data()[0]->integer > 100 ||
                         !(options->data()[1]->number >= 0 && options->data()[1]->number <= 1))) {
      abort(); // a value outside its range was accepted
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const std::string_view text(reinterpret_cast<const char *>(data), size);
  if (const auto calls = parsePluginExpression(text); calls.ok()) {
    checkOptions(*calls, text);
  }
  const int file = memfd_create("manifest", 0);
  if (file < 0 || write(file, data, size) != static_cast<ssize_t>(size)) {
    abort();
  }
  PluginManifest manifest;
  if (readPluginManifest(fmt::format("/proc/self/fd/{}", file), manifest).ok() &&
      manifest.library.find('/') != std::string::npos) {
    abort(); // a library outside the folder was accepted
  }
  close(file);
  return 0;
}

std::vector<std::string> fuzzSeeds() {
  return {
      "top_k(40)|top_p(p=0.95)|x(\"a\\n\\\"b\", k = 7)|draw",
      R"({"library": "x.so", "kind": "chat", "name": "x", "version": "1", "abi": {"major": 1, "minor_min": 0, )"
      R"("minor_max": 0}, "needs": {"os": "linux", "arch": "x86_64", "cpu": ["avx2"]}, "ops": {"linear": )"
      R"({"types": {"weight": ["f32"]}}, "fused_linear": {"parts": ["norm"]}}})"};
}
