// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The gap between kernels on the fake driver, whose clock gives a kernel one microsecond, and 0.4 with
// programmatic dependent launch. Further runs of this program have a device or driver that lacks it, and the
// reason in their environment.
#include "tools/cria-device-check/LaunchGap.h"

#include "tests/plugins/backends/cuda/fake_driver/Control.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using cria::check::LaunchGap;
using cria::check::measureLaunchGap;

namespace {

const std::string kPlain = ".version 7.8\n.entry ceiling_empty\n";
const std::string kBoth = kPlain + ".entry ceiling_empty_programmatic\n";

class LaunchGapTest : public testing::Test {
protected:
  void SetUp() override {
    constexpr int kKeep = 0; // what the environment of this run states
    setenv("CRIA_CUDA_DRIVER", CRIA_BINARY_DIR "/test-drivers/fake_cuda_driver.so", kKeep);
    setenv("FAKE_CUDA_MAJOR", "9", kKeep);
    control_ = reinterpret_cast<FakeCudaControl>(
        dlsym(dlopen(std::getenv("CRIA_CUDA_DRIVER"), RTLD_NOW), "cria_fake_cuda"))();
    reason_ = std::getenv("EXPECTED_REASON");
  }
  void TearDown() override {
    EXPECT_EQ(control_->live, 0);
    EXPECT_THAT(control_->complaints, testing::IsEmpty());
  }

  cria::fake_cuda::Control *control_ = nullptr;
  const char *reason_ = nullptr;
};

TEST_F(LaunchGapTest, IsShorterWithProgrammaticLaunch) {
  const LaunchGap gap = measureLaunchGap(0, kBoth, 20, 4);
  if (reason_ != nullptr) {
    EXPECT_THAT(gap.reason, testing::HasSubstr(reason_));
    EXPECT_TRUE(gap.isMissing);
    return;
  }
  EXPECT_EQ(gap.reason, "");
  EXPECT_NEAR(gap.plainSeconds, 1e-6, 1e-9);
  EXPECT_NEAR(gap.programmaticSeconds, 0.4e-6, 1e-9);
}

TEST_F(LaunchGapTest, IsMissingInCodeForAnOlderDevice) {
  const LaunchGap gap = measureLaunchGap(0, kPlain, 20, 4);
  EXPECT_THAT(gap.reason, testing::HasSubstr(reason_ != nullptr ? reason_ : "expected code for sm_90"));
  EXPECT_TRUE(gap.isMissing);
}

TEST_F(LaunchGapTest, FailsWhereTheDeviceDoes) {
  const LaunchGap noDevice = measureLaunchGap(7, kBoth, 20, 4);
  EXPECT_THAT(noDevice.reason, testing::HasSubstr("expected a device below 2"));
  EXPECT_FALSE(noDevice.isMissing);
  if (reason_ == nullptr) {
    const LaunchGap badCode = measureLaunchGap(0, "syntax error", 20, 4);
    EXPECT_THAT(badCode.reason, testing::HasSubstr("loading code"));
    EXPECT_FALSE(badCode.isMissing);
  }
}

} // namespace
