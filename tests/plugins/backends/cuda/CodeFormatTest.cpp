// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The code that runs on a GPU and driver, and the messages of refusals.
#include "plugins/backends/cuda/CodeFormat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

using namespace cria::cuda;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;

namespace {

DeviceProperties deviceOf(int major, int minor) {
  DeviceProperties properties;
  properties.name = "Test device";
  properties.major = major;
  properties.minor = minor;
  return properties;
}

CodeScore fit(const std::string &format, const std::string &features, const DeviceProperties &device,
              int driver = 12040, uint32_t kernelAbi = 1) {
  const cria_executable_info info{.struct_size = sizeof(info),
                                  .kernel_abi = kernelAbi,
                                  .format = cria::plugin::string(format),
                                  .features = cria::plugin::string(features)};
  return scoreCode(info, device, driver);
}

TEST(CudaCodeFormat, RunsPtxOnCardsAtOrAboveItsSm) {
  EXPECT_EQ(fit("nv.ptx", "sm_80 ptx70", deviceOf(8, 0)).score, 100u);
  EXPECT_EQ(fit("nv.ptx", "sm_80 ptx70", deviceOf(8, 9)).score, 100u);
  EXPECT_EQ(fit("nv.ptx", "sm_80 ptx70", deviceOf(12, 0)).score, 100u);
  EXPECT_EQ(fit("nv.ptx", "ptx70 sm_100", deviceOf(10, 0)).score, 100u);
  const CodeScore refused = fit("nv.ptx", "sm_80 ptx70", deviceOf(7, 5));
  EXPECT_EQ(refused.score, 0u);
  EXPECT_THAT(refused.reason, AllOf(HasSubstr("code is for sm_80"), HasSubstr("Test device is sm_75")));
}

TEST(CudaCodeFormat, NamesATargetThatTheCompilerHas) {
  struct Case {
    int major, minor;
    const char *target;
  };
  for (const auto &[major, minor, target] : {Case{8, 0, "sm_80"},
                                             {8, 6, "sm_86"},
                                             {8, 7, "sm_86"},
                                             {8, 9, "sm_89"},
                                             {9, 0, "sm_90"},
                                             {12, 0, "sm_90"}}) {
    EXPECT_THAT(fit("elf.x86_64", "", deviceOf(major, minor)).reason,
                EndsWith("--target cuda:" + std::string(target)));
  }
}

TEST(CudaCodeFormat, KeepsArchitectureSpecificPtxOnItsArchitecture) {
  EXPECT_EQ(fit("nv.ptx", "sm_90a ptx80", deviceOf(9, 0)).score, 100u);
  EXPECT_EQ(fit("nv.ptx", "sm_90a ptx80", deviceOf(10, 0)).score, 0u);
  EXPECT_EQ(fit("nv.ptx", "sm_100f ptx88", deviceOf(10, 3), 12090).score, 100u);
  EXPECT_EQ(fit("nv.ptx", "sm_100f ptx88", deviceOf(12, 0), 12090).score, 0u);
  EXPECT_EQ(fit("nv.cubin.sm_90a", "", deviceOf(9, 0)).score, 200u);
}

TEST(CudaCodeFormat, AsksForADriverOfTheGenerationOfTheCubin) {
  const DeviceProperties device = deviceOf(8, 0);
  EXPECT_EQ(fit("nv.cubin.sm_80", "sm_80 cuda11", device, 12040).score, 200u);
  EXPECT_EQ(fit("nv.cubin.sm_80", "sm_80 cuda13", device, 13000).score, 200u);
  EXPECT_EQ(fit("nv.cubin.sm_80", "sm_80 cuda13", device, 14010).score, 200u);
  const CodeScore refused = fit("nv.cubin.sm_80", "sm_80 cuda13", device, 12090);
  EXPECT_EQ(refused.score, 0u);
  EXPECT_THAT(refused.reason, AllOf(HasSubstr("requires a driver of CUDA 13"), HasSubstr("CUDA 12.9")));
  EXPECT_EQ(fit("nv.cubin.sm_80", "sm_80 cuda", device).score, 0u);
}

TEST(CudaCodeFormat, AsksForADriverThatKnowsThePtxVersion) {
  struct Case {
    int driver;
    int newest;
  };
  for (const auto &[driver, newest] : {Case{11040, 74},
                                       {11070, 77},
                                       {11080, 78},
                                       {12000, 80},
                                       {12040, 84},
                                       {12050, 85},
                                       {12060, 85},
                                       {12070, 86},
                                       {12080, 87},
                                       {12090, 88},
                                       {13000, 90},
                                       {14000, 90}}) {
    EXPECT_EQ(newestPtx(driver), newest) << driver;
    EXPECT_EQ(fit("nv.ptx", "sm_80 ptx" + std::to_string(newest), deviceOf(9, 0), driver).score, 100u);
    EXPECT_EQ(fit("nv.ptx", "sm_80 ptx" + std::to_string(newest + 1), deviceOf(9, 0), driver).score, 0u);
  }
  EXPECT_THAT(fit("nv.ptx", "sm_80 ptx80", deviceOf(8, 0), 11080).reason,
              AllOf(HasSubstr("PTX 8.0"), HasSubstr("CUDA 11.8"), HasSubstr("up to 7.8")));
}

TEST(CudaCodeFormat, RunsCubinsWithinAMajorVersionAndPrefersTheClosest) {
  EXPECT_EQ(fit("nv.cubin.sm_80", "", deviceOf(8, 6)).score, 200u);
  EXPECT_EQ(fit("nv.cubin.sm_86", "", deviceOf(8, 6)).score, 206u);
  EXPECT_EQ(fit("nv.cubin.sm_89", "", deviceOf(8, 6)).score, 0u);
  EXPECT_EQ(fit("nv.cubin.sm_80", "sm_80", deviceOf(9, 0)).score, 0u);
  EXPECT_THAT(fit("nv.cubin.sm_80", "", deviceOf(9, 0)).reason, HasSubstr("--target cuda:sm_90"));
}

TEST(CudaCodeFormat, RefusesWhatItDoesNotKnow) {
  EXPECT_THAT(fit("elf.x86_64", "", deviceOf(8, 0)).reason, HasSubstr("'elf.x86_64'"));
  EXPECT_THAT(fit("elf.x86_64", "", deviceOf(8, 0)).reason, HasSubstr("--target cuda:sm_80"));
  EXPECT_THAT(fit("nv.ptx", "sm_80 ptx70", deviceOf(8, 0), 12040, 2).reason,
              HasSubstr("kernel ABI 1, got 2"));
  for (const char *features :
       {"", "sm_80", "ptx70", "sm_ ptx70", "sm_8 ptx70", "sm_80x ptx70", "sm_80 ptx7.0", "sm_80 ptx70 tma",
        "sm_99999999999 ptx70", "sm_a ptx70", "sm_80 ptx-1"}) {
    EXPECT_THAT(fit("nv.ptx", features, deviceOf(8, 0)).reason, HasSubstr("expected features")) << features;
  }
  for (const char *format : {"nv.cubin.", "nv.cubin.80", "nv.cubin.sm_", "nv.cubin.sm_80 "}) {
    EXPECT_THAT(fit(format, "", deviceOf(8, 0)).reason, HasSubstr("expected a format")) << format;
  }
}

} // namespace
