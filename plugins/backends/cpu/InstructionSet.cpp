// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Detects the levels of the x86-64 psABI with CPUID, and with XGETBV whether the operating system saves the
// wide registers.
#include "InstructionSet.h"

#include "plugins/api/kernel_abi.h"
#include "plugins/sdk/cria_host_backend.hpp"

#include <array>
#include <span>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cria::cpu {

using plugin::Fit;

namespace {

/// A level, and what this machine lacks to run it; empty if it can.
struct Level {
  std::string_view name;
  uint32_t score;
  std::string missing;
};

#if defined(__x86_64__)

enum Register : uint32_t { kEax, kEbx, kEcx, kEdx };
using Registers = std::array<uint32_t, 4>;

Registers cpuid(uint32_t leaf) {
  Registers r{};
  __get_cpuid_count(leaf, 0, &r[kEax], &r[kEbx], &r[kEcx], &r[kEdx]); // leaves zeros for an unknown leaf
  return r;
}

// Returns the register sets that the operating system saves (XCR0); 0 without XSAVE.
uint64_t savedState() {
  constexpr uint32_t kOsxsave = 27;
  if ((cpuid(1)[kEcx] >> kOsxsave & 1) == 0) {
    return 0;
  }
  uint32_t low = 0;
  uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return static_cast<uint64_t>(high) << 32 | low;
}

struct FeatureBit {
  uint32_t leaf;
  Register reg;
  uint32_t bit;
  const char *name;
};

constexpr uint32_t kExtendedLeaf = 0x80000001u;
constexpr FeatureBit kV3Bits[] = {{1, kEcx, 0, "sse3"},
                                  {1, kEcx, 9, "ssse3"},
                                  {1, kEcx, 12, "fma"},
                                  {1, kEcx, 13, "cx16"},
                                  {1, kEcx, 19, "sse4.1"},
                                  {1, kEcx, 20, "sse4.2"},
                                  {1, kEcx, 22, "movbe"},
                                  {1, kEcx, 23, "popcnt"},
                                  {1, kEcx, 28, "avx"},
                                  {1, kEcx, 29, "f16c"},
                                  {7, kEbx, 3, "bmi1"},
                                  {7, kEbx, 5, "avx2"},
                                  {7, kEbx, 8, "bmi2"},
                                  {kExtendedLeaf, kEcx, 0, "lahf"},
                                  {kExtendedLeaf, kEcx, 5, "lzcnt"}};
constexpr FeatureBit kV4Bits[] = {{7, kEbx, 16, "avx512f"},
                                  {7, kEbx, 17, "avx512dq"},
                                  {7, kEbx, 28, "avx512cd"},
                                  {7, kEbx, 30, "avx512bw"},
                                  {7, kEbx, 31, "avx512vl"}};
constexpr FeatureBit kVnniBits[] = {{7, kEcx, 11, "avx512vnni"}};
constexpr uint64_t kYmmState = 0x06; // SSE and AVX
constexpr uint64_t kZmmState = 0xE0; // opmask, upper halves, upper registers

std::string missingBits(std::span<const FeatureBit> bits) {
  std::string missing;
  for (const FeatureBit &bit : bits) {
    if ((cpuid(bit.leaf)[bit.reg] >> bit.bit & 1) == 0) {
      missing += (missing.empty() ? "" : ", ") + std::string(bit.name);
    }
  }
  return missing;
}

std::string missingFor(std::span<const FeatureBit> bits, uint64_t state, const char *registers) {
  if (const std::string missing = missingBits(bits); !missing.empty()) {
    return "this processor lacks " + missing;
  }
  return (savedState() & state) == state ? ""
                                         : "the operating system does not save " + std::string(registers);
}

// Each level includes the requirements of the levels before it.
std::array<Level, 4> readLevels() {
  const std::string v3 = missingFor(kV3Bits, kYmmState, "AVX registers");
  const std::string v4 = !v3.empty() ? v3 : missingFor(kV4Bits, kYmmState | kZmmState, "AVX-512 registers");
  const std::string vnni = !v4.empty() ? v4 : missingFor(kVnniBits, 0, "");
  return {{{"", 100, ""}, {"x86-64-v3", 110, v3}, {"x86-64-v4", 120, v4}, {"x86-64-v4-vnni", 130, vnni}}};
}

#else

std::array<Level, 1> readLevels() { return {{{"", 100, ""}}}; }

#endif

const auto &levels() {
  static const auto kLevels = readLevels();
  return kLevels;
}

Fit refuse(std::string reason) { return {0, std::move(reason)}; }

} // namespace

std::string_view nativeFormat() {
#if defined(__x86_64__)
  return "elf.x86_64";
#else
  return "elf.aarch64";
#endif
}

Fit fitOf(const cria_executable_info &info) {
  const std::string_view format = plugin::view(info.format);
  const std::string_view features = plugin::view(info.features);
  if (format != nativeFormat()) {
    return refuse("expected format '" + std::string(nativeFormat()) + "', got '" + std::string(format) + "'");
  }
  if (info.kernel_abi != CRIA_KERNEL_ABI_VERSION) {
    return refuse("expected kernel ABI " + std::to_string(CRIA_KERNEL_ABI_VERSION) + ", got " +
                  std::to_string(info.kernel_abi) + "; compile the model again");
  }
  for (const Level &level : levels()) {
    if (level.name == features) {
      return level.missing.empty()
                 ? Fit{level.score, ""}
                 : refuse("code for " + std::string(features) + " cannot run here: " + level.missing);
    }
  }
  return refuse("unknown features '" + std::string(features) + "'");
}

std::string_view bestLevel() {
  std::string_view best;
  for (const Level &level : levels()) {
    best = level.missing.empty() ? level.name : best;
  }
  return best.empty() ? nativeFormat().substr(4) : best; // after "elf."
}

} // namespace cria::cpu
