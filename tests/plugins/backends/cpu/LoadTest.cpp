// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Code that the cpu backend loads, and the messages for what it refuses.
#include "CpuFixture.h"

using namespace cria::conformance;
using testing::HasSubstr;

namespace {

struct Probe {
  uint32_t score = 0;
  std::string reason;
};

Probe probe(const std::string &format, const std::string &features, uint32_t kernelAbi = 1) {
  const cria_executable_info info = executableInfo(format, features, kernelAbi);
  Probe result;
  const Outcome outcome = outcomeOf([&](cria_message *message) {
    return Backend::named("cpu").api().probe(0, &info, &result.score, message);
  });
  EXPECT_TRUE(outcome.ok());
  result.reason = outcome.message;
  return result;
}

Outcome load(const std::string &path, const std::string &features = "") {
  Device device(Backend::named("cpu"));
  cria_code *code = nullptr;
  return device.load(executableInfo(kNativeFormat, features), readBytes(path), path, &code);
}

Outcome loadBytes(const std::vector<std::byte> &bytes) {
  Device device(Backend::named("cpu"));
  cria_code *code = nullptr;
  return device.load(executableInfo(kNativeFormat, ""), bytes, "", &code);
}

TEST(CpuProbe, TakesPlainNativeCode) { EXPECT_EQ(probe(kNativeFormat, "").score, 100u); }

TEST(CpuProbe, NamesTheFormatItRuns) {
  const Probe result = probe("nv.ptx", "sm_80");
  EXPECT_EQ(result.score, 0u);
  EXPECT_THAT(result.reason, HasSubstr("'" + kNativeFormat + "'"));
  EXPECT_THAT(result.reason, HasSubstr("'nv.ptx'"));
}

TEST(CpuProbe, RefusesAnotherKernelAbi) {
  const Probe result = probe(kNativeFormat, "", 2);
  EXPECT_EQ(result.score, 0u);
  EXPECT_THAT(result.reason, HasSubstr("kernel ABI 1"));
}

TEST(CpuProbe, RefusesUnknownFeatures) {
  const Probe result = probe(kNativeFormat, "x86-64-v9");
  EXPECT_EQ(result.score, 0u);
  EXPECT_THAT(result.reason, HasSubstr("x86-64-v4-vnni or x86-64-v4-vnni-bf16, got 'x86-64-v9'"));
}

#if defined(__x86_64__)
// The compiler's own view of the processor decides what is expected.
TEST(CpuProbe, ScoresLevelsAsTheProcessorHasThem) {
  EXPECT_EQ(probe(kNativeFormat, "x86-64-v3").score, __builtin_cpu_supports("x86-64-v3") ? 110u : 0u);
  const bool avxvnni = __builtin_cpu_supports("x86-64-v3") && __builtin_cpu_supports("avxvnni");
  EXPECT_EQ(probe(kNativeFormat, "x86-64-v3-avxvnni").score, avxvnni ? 112u : 0u);
  EXPECT_EQ(probe(kNativeFormat, "x86-64-v4").score, __builtin_cpu_supports("x86-64-v4") ? 120u : 0u);
  const bool vnni = __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512vnni");
  EXPECT_EQ(probe(kNativeFormat, "x86-64-v4-vnni").score, vnni ? 130u : 0u);
  const bool bfloat = vnni && __builtin_cpu_supports("avx512bf16");
  const Probe ofBfloat = probe(kNativeFormat, "x86-64-v4-vnni-bf16");
  EXPECT_TRUE(bfloat ? ofBfloat.score == 140u || ofBfloat.score == 115u : ofBfloat.score == 0u);
  EXPECT_EQ(ofBfloat.reason.empty(), ofBfloat.score == 140u) << ofBfloat.reason;
}
#endif

TEST(CpuProbe, AnswersOnlyForItsDevice) {
  const cria_executable_info info = executableInfo(kNativeFormat, "");
  uint32_t score = 7;
  const Outcome outcome = outcomeOf(
      [&](cria_message *message) { return Backend::named("cpu").api().probe(1, &info, &score, message); });
  EXPECT_EQ(outcome.status, CRIA_STATUS_NOT_FOUND);
  EXPECT_EQ(score, 7u);
}

TEST(CpuDevice, DescribesThisMachine) {
  cria_device_info info{};
  info.struct_size = sizeof(info);
  ASSERT_EQ(Backend::named("cpu").api().device_info(0, &info, nullptr), CRIA_STATUS_OK);
  EXPECT_GT(info.name.size, 0u);
  EXPECT_THAT(std::string(info.description.data, info.description.size), HasSubstr("cores"));
  EXPECT_GT(info.memory_free_bytes, 0u);
  EXPECT_GE(info.memory_bytes, info.memory_free_bytes);
}

TEST(CpuLoad, TakesALibraryFromItsPathAndFromBytes) {
  EXPECT_TRUE(load(testKernelPath("test_kernels")).ok());
  EXPECT_TRUE(loadBytes(readBytes(testKernelPath("test_kernels"))).ok());
}

// Two libraries that are loaded from memory at the same time must not be confused.
TEST(CpuLoad, KeepsLibrariesFromMemoryApart) {
  Device device(Backend::named("cpu"));
  cria_code *first = nullptr;
  cria_code *second = nullptr;
  const std::vector<std::byte> good = readBytes(testKernelPath("test_kernels"));
  const std::vector<std::byte> bad = readBytes(testKernelPath("test_kernels_other_version"));
  EXPECT_TRUE(device.load(executableInfo(kNativeFormat, ""), good, "", &first).ok());
  EXPECT_FALSE(device.load(executableInfo(kNativeFormat, ""), bad, "", &second).ok());
  EXPECT_TRUE(device.load(executableInfo(kNativeFormat, ""), good, "", &second).ok());
}

struct BadLibrary {
  const char *name;
  const char *expected;
};

class CpuLoadRefusal : public testing::TestWithParam<BadLibrary> {};

TEST_P(CpuLoadRefusal, ReportsWhatIsWrong) {
  const Outcome outcome = load(testKernelPath(GetParam().name));
  EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(outcome.message, HasSubstr(GetParam().expected));
  EXPECT_THAT(outcome.message, HasSubstr(GetParam().name)); // the path
}

INSTANTIATE_TEST_SUITE_P(All, CpuLoadRefusal,
                         testing::Values(BadLibrary{"test_kernels_other_magic", "magic number"},
                                         BadLibrary{"test_kernels_other_version", "kernel ABI 1, got 999"},
                                         BadLibrary{"test_kernels_other_features", "'x86-64-v3'"},
                                         BadLibrary{"test_kernels_sanitized", "sanitizer"},
                                         BadLibrary{"test_kernels_without_info", "cria_kernel_library"}),
                         [](const auto &info) { return std::string(info.param.name); });

TEST(CpuLoad, RefusesWhatIsNoLibrary) {
  EXPECT_EQ(loadBytes(std::vector<std::byte>(5)).status, CRIA_STATUS_INCOMPATIBLE_CODE);
  const Outcome garbage = loadBytes(std::vector<std::byte>(4096, std::byte{0x5A}));
  EXPECT_EQ(garbage.status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(garbage.message, HasSubstr("ELF"));
}

TEST(CpuLoad, RefusesCodeOfAnotherProcessor) {
  std::vector<std::byte> bytes = readBytes(testKernelPath("test_kernels"));
  bytes[18] = std::byte{0xF3}; // e_machine: RISC-V
  bytes[19] = std::byte{0};
  const Outcome outcome = loadBytes(bytes);
  EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE);
  EXPECT_THAT(outcome.message, HasSubstr("machine"));
}

TEST(CpuLoad, RefusesFilesCutOffAnywhere) {
  const std::vector<std::byte> whole = readBytes(testKernelPath("test_kernels"));
  for (size_t size = 0; size < whole.size() / 2; size += 997) {
    const Outcome outcome = loadBytes({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)});
    EXPECT_EQ(outcome.status, CRIA_STATUS_INCOMPATIBLE_CODE) << size;
    EXPECT_FALSE(outcome.message.empty()) << size;
  }
}

// The bytes are what was verified; the file may have changed meanwhile.
TEST(CpuLoad, LoadsTheBytesAndNotTheFile) {
  Device device(Backend::named("cpu"));
  cria_code *code = nullptr;
  const Outcome outcome =
      device.load(executableInfo(kNativeFormat, ""), readBytes(testKernelPath("test_kernels")),
                  "/nonexistent/kernels.so", &code);
  EXPECT_EQ(outcome.status, CRIA_STATUS_OK) << outcome.message;
}

} // namespace
