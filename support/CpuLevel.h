// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The architecture that this program is built for, and which features and levels of the x86-64 psABI this
// processor and operating system offer. Reads CPUID and XCR0 itself, since compilers differ in the names that
// their built-in functions accept. Thread-safe.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cria {

#if defined(__x86_64__)
inline constexpr std::string_view kHostArch = "x86_64";
#elif defined(__aarch64__)
inline constexpr std::string_view kHostArch = "aarch64";
#else
#error "Cria runs on x86_64 and aarch64"
#endif

namespace cpu_detail {

/// What CPUID and XCR0 say of a machine.
struct CpuWords {
  uint32_t leaf1Ecx = 0, leaf7Ebx = 0, leaf7Ecx = 0, leaf7Subleaf1Eax = 0, extendedEcx = 0;
  uint64_t savedState = 0; ///< register sets that the operating system saves (XCR0); 0 without XSAVE
};

inline constexpr uint64_t kNoState = 0;
inline constexpr uint64_t kYmmState = 0x06; // SSE and AVX
inline constexpr uint64_t kZmmState = 0xE6; // also mask registers, upper halves, upper registers

struct CpuFeature {
  std::string_view name;
  uint32_t CpuWords::*word;
  uint32_t bit;
  uint64_t state; ///< of XCR0
  int level;      ///< the lowest level of the psABI that has the feature; 0: none has
};

inline constexpr CpuFeature kFeatures[] = {
    {"sse3", &CpuWords::leaf1Ecx, 0, kNoState, 2},
    {"ssse3", &CpuWords::leaf1Ecx, 9, kNoState, 2},
    {"cmpxchg16b", &CpuWords::leaf1Ecx, 13, kNoState, 2},
    {"sse4.1", &CpuWords::leaf1Ecx, 19, kNoState, 2},
    {"sse4.2", &CpuWords::leaf1Ecx, 20, kNoState, 2},
    {"popcnt", &CpuWords::leaf1Ecx, 23, kNoState, 2},
    {"lahf_lm", &CpuWords::extendedEcx, 0, kNoState, 2},
    {"movbe", &CpuWords::leaf1Ecx, 22, kNoState, 3},
    {"lzcnt", &CpuWords::extendedEcx, 5, kNoState, 3},
    {"bmi", &CpuWords::leaf7Ebx, 3, kNoState, 3},
    {"bmi2", &CpuWords::leaf7Ebx, 8, kNoState, 3},
    {"avx", &CpuWords::leaf1Ecx, 28, kYmmState, 3},
    {"f16c", &CpuWords::leaf1Ecx, 29, kYmmState, 3},
    {"fma", &CpuWords::leaf1Ecx, 12, kYmmState, 3},
    {"avx2", &CpuWords::leaf7Ebx, 5, kYmmState, 3},
    {"avxvnni", &CpuWords::leaf7Subleaf1Eax, 4, kYmmState, 0},
    {"avx512f", &CpuWords::leaf7Ebx, 16, kZmmState, 4},
    {"avx512dq", &CpuWords::leaf7Ebx, 17, kZmmState, 4},
    {"avx512cd", &CpuWords::leaf7Ebx, 28, kZmmState, 4},
    {"avx512bw", &CpuWords::leaf7Ebx, 30, kZmmState, 4},
    {"avx512vl", &CpuWords::leaf7Ebx, 31, kZmmState, 4},
    {"avx512vbmi", &CpuWords::leaf7Ecx, 1, kZmmState, 0},
    {"avx512vnni", &CpuWords::leaf7Ecx, 11, kZmmState, 0},
    {"avx512bf16", &CpuWords::leaf7Subleaf1Eax, 5, kZmmState, 0},
};

/// A level of the psABI, or such a level with more features.
struct CpuLevel {
  std::string_view name;
  int level;
  std::array<std::string_view, 2> extensions = {};
};

inline constexpr CpuLevel kLevels[] = {{"x86-64-v2", 2},
                                       {"x86-64-v3", 3},
                                       {"x86-64-v3-avxvnni", 3, {"avxvnni"}},
                                       {"x86-64-v4", 4},
                                       {"x86-64-v4-vnni", 4, {"avx512vnni"}},
                                       {"x86-64-v4-vnni-bf16", 4, {"avx512vnni", "avx512bf16"}}};

/// What the machine `words` lacks of the features that `isNeeded` chooses; empty if nothing.
template <typename IsNeeded> std::string missing(const CpuWords &words, IsNeeded isNeeded) {
  std::string names;
  uint64_t state = 0;
  for (const CpuFeature &feature : kFeatures) {
    if (!isNeeded(feature)) {
      continue;
    }
    state |= feature.state;
    if ((words.*feature.word >> feature.bit & 1) == 0) {
      names += (names.empty() ? "" : ", ") + std::string(feature.name);
    }
  }
  if (!names.empty()) {
    return "this processor lacks " + names;
  }
  return (words.savedState & state) == state ? ""
         : state == kYmmState                ? "the operating system does not save AVX registers"
                                             : "the operating system does not save AVX-512 registers";
}

/// missingForCpu() on the machine `words`.
inline std::optional<std::string> missingOn(const CpuWords &words, std::string_view name) {
  for (const CpuLevel &level : kLevels) {
    if (level.name == name) {
      return missing(words, [&](const CpuFeature &feature) {
        return (feature.level != 0 && feature.level <= level.level) ||
               std::ranges::find(level.extensions, feature.name) != level.extensions.end();
      });
    }
  }
  for (const CpuFeature &known : kFeatures) {
    if (known.name == name) {
      return missing(words, [&](const CpuFeature &feature) { return &feature == &known; });
    }
  }
  return std::nullopt;
}

#if defined(__x86_64__)
using CpuRegisters = std::array<uint32_t, 4>; // EAX, EBX, ECX, EDX

inline CpuRegisters cpuid(uint32_t leaf, uint32_t subleaf = 0) {
  CpuRegisters r{};
  __get_cpuid_count(leaf, subleaf, &r[0], &r[1], &r[2], &r[3]); // leaves zeros for an unknown leaf
  return r;
}

inline uint64_t readSavedState(uint32_t leaf1Ecx) {
  constexpr uint32_t kOsxsave = 27;
  if ((leaf1Ecx >> kOsxsave & 1) == 0) {
    return 0;
  }
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

inline CpuWords readCpuWords() {
  constexpr uint32_t kExtendedLeaf = 0x80000001u;
  const CpuRegisters leaf1 = cpuid(1), leaf7 = cpuid(7);
  return {.leaf1Ecx = leaf1[2],
          .leaf7Ebx = leaf7[1],
          .leaf7Ecx = leaf7[2],
          .leaf7Subleaf1Eax = leaf7[0] >= 1 ? cpuid(7, 1)[0] : 0,
          .extendedEcx = cpuid(kExtendedLeaf)[2],
          .savedState = readSavedState(leaf1[2])};
}
#endif

} // namespace cpu_detail

/// Why code that needs `name`, a feature such as "avx2" or a level such as "x86-64-v3", cannot run on this
/// machine: "this processor lacks avx2". Empty if it can; nullopt if the name is unknown on this
/// architecture.
inline std::optional<std::string> missingForCpu(std::string_view name) {
#if defined(__x86_64__)
  static const cpu_detail::CpuWords kWords = cpu_detail::readCpuWords();
  return cpu_detail::missingOn(kWords, name);
#else
  return name == "neon" ? std::optional<std::string>("") : std::nullopt;
#endif
}

/// Whether processor and operating system offer a feature or level. False for unknown names.
inline bool cpuHas(std::string_view name) { return missingForCpu(name) == ""; }

} // namespace cria
