// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Features and levels of this machine against the compiler's own detection, and of machines that are made up.
#include "support/CpuLevel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>

namespace cria {
namespace {

using ::testing::HasSubstr;
using ::testing::Optional;

TEST(CpuLevelTest, DoesNotKnowOtherNames) {
  EXPECT_FALSE(cpuHas("no-such-feature"));
  EXPECT_EQ(missingForCpu("no-such-feature"), std::nullopt);
  EXPECT_EQ(missingForCpu(""), std::nullopt);
}

#if defined(__x86_64__)
#if !defined(__clang__) // whose built-in function does not know all of the names
#define EXPECT_AS_COMPILER(name) EXPECT_EQ(cpuHas(name), __builtin_cpu_supports(name) != 0) << (name)

TEST(CpuLevelTest, AgreesWithTheCompiler) {
  EXPECT_AS_COMPILER("sse3");
  EXPECT_AS_COMPILER("ssse3");
  EXPECT_AS_COMPILER("cmpxchg16b");
  EXPECT_AS_COMPILER("sse4.1");
  EXPECT_AS_COMPILER("sse4.2");
  EXPECT_AS_COMPILER("popcnt");
  EXPECT_AS_COMPILER("lahf_lm");
  EXPECT_AS_COMPILER("movbe");
  EXPECT_AS_COMPILER("lzcnt");
  EXPECT_AS_COMPILER("bmi");
  EXPECT_AS_COMPILER("bmi2");
  EXPECT_AS_COMPILER("avx");
  EXPECT_AS_COMPILER("f16c");
  EXPECT_AS_COMPILER("fma");
  EXPECT_AS_COMPILER("avx2");
  EXPECT_AS_COMPILER("avxvnni");
  EXPECT_AS_COMPILER("avx512f");
  EXPECT_AS_COMPILER("avx512dq");
  EXPECT_AS_COMPILER("avx512cd");
  EXPECT_AS_COMPILER("avx512bw");
  EXPECT_AS_COMPILER("avx512vl");
  EXPECT_AS_COMPILER("avx512vbmi");
  EXPECT_AS_COMPILER("avx512vnni");
  EXPECT_AS_COMPILER("avx512bf16");
  EXPECT_AS_COMPILER("x86-64-v2");
  EXPECT_AS_COMPILER("x86-64-v3");
  EXPECT_AS_COMPILER("x86-64-v4");
  EXPECT_EQ(cpuHas("x86-64-v3-avxvnni"), cpuHas("x86-64-v3") && cpuHas("avxvnni"));
  EXPECT_EQ(cpuHas("x86-64-v4-vnni"), cpuHas("x86-64-v4") && cpuHas("avx512vnni"));
  EXPECT_EQ(cpuHas("x86-64-v4-vnni-bf16"), cpuHas("x86-64-v4-vnni") && cpuHas("avx512bf16"));
}
#endif

/// A machine with every feature of the table, and an operating system that saves `savedState`.
cpu_detail::CpuWords machine(uint64_t savedState) {
  cpu_detail::CpuWords words{.savedState = savedState};
  for (const cpu_detail::CpuFeature &feature : cpu_detail::kFeatures) {
    words.*feature.word |= 1u << feature.bit;
  }
  return words;
}

TEST(CpuLevelTest, OffersAllLevelsWhereAllIsThere) {
  for (const cpu_detail::CpuLevel &level : cpu_detail::kLevels) {
    EXPECT_THAT(missingOn(machine(cpu_detail::kZmmState), level.name), Optional(std::string()));
  }
}

TEST(CpuLevelTest, NamesTheFeaturesThatAreMissing) {
  cpu_detail::CpuWords words = machine(cpu_detail::kZmmState);
  words.leaf7Ebx &= ~(1u << 5); // avx2
  words.leaf1Ecx &= ~(1u << 12);
  EXPECT_THAT(missingOn(words, "x86-64-v2"), Optional(std::string()));
  EXPECT_THAT(missingOn(words, "x86-64-v3"), Optional(HasSubstr("lacks fma, avx2")));
  EXPECT_THAT(missingOn(words, "x86-64-v4-vnni"), Optional(HasSubstr("lacks fma, avx2")));
  EXPECT_THAT(missingOn(words, "avx2"), Optional(HasSubstr("lacks avx2")));
  EXPECT_THAT(missingOn(words, "avx"), Optional(std::string()));
}

TEST(CpuLevelTest, AsksWhetherTheOperatingSystemSavesTheRegisters) {
  EXPECT_THAT(missingOn(machine(0), "x86-64-v2"), Optional(std::string()));
  EXPECT_THAT(missingOn(machine(0), "avx2"), Optional(HasSubstr("does not save AVX registers")));
  EXPECT_THAT(missingOn(machine(0), "x86-64-v3"), Optional(HasSubstr("does not save AVX registers")));
  const cpu_detail::CpuWords words = machine(cpu_detail::kYmmState);
  EXPECT_THAT(missingOn(words, "x86-64-v3"), Optional(std::string()));
  EXPECT_THAT(missingOn(words, "x86-64-v4"), Optional(HasSubstr("does not save AVX-512 registers")));
  EXPECT_THAT(missingOn(words, "avx512vnni"), Optional(HasSubstr("does not save AVX-512 registers")));
}
#endif

} // namespace
} // namespace cria
