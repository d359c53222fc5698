// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "runtime/plugin/CpuFeatures.h"

namespace cria {

#if defined(__x86_64__)

namespace {

struct Feature {
  std::string_view name;
  bool (*isPresent)();
};

// The builtin also checks that the operating system saves the registers.
#define CRIA_FEATURE(name) {name, [] { return __builtin_cpu_supports(name) != 0; }}
constexpr Feature kFeatures[] = {
    CRIA_FEATURE("x86-64-v2"), CRIA_FEATURE("x86-64-v3"),  CRIA_FEATURE("x86-64-v4"),
    CRIA_FEATURE("avx"),       CRIA_FEATURE("avx2"),       CRIA_FEATURE("fma"),
    CRIA_FEATURE("f16c"),      CRIA_FEATURE("avx512f"),    CRIA_FEATURE("avx512bw"),
    CRIA_FEATURE("avx512dq"),  CRIA_FEATURE("avx512vl"),   CRIA_FEATURE("avx512vnni"),
    CRIA_FEATURE("sse4.2"),    CRIA_FEATURE("avx512bf16"), CRIA_FEATURE("avx512vbmi"),
};
#undef CRIA_FEATURE

} // namespace

bool cpuHas(std::string_view feature) {
  __builtin_cpu_init();
  for (const Feature &known : kFeatures) {
    if (known.name == feature) {
      return known.isPresent();
    }
  }
  return false;
}

#else

bool cpuHas(std::string_view feature) { return feature == "neon"; }

#endif

} // namespace cria
