// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rate of cuBLAS on the fake driver and a fake cuBLAS: its calls, its result, and its message when one of
// them is missing. Each case runs in a process of its own, because libraries stay open.
#include "tools/cria-device-check/CublasRate.h"

#include "tests/plugins/backends/cuda/fake_driver/Control.h"

#include <cstdlib>
#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using cria::check::measureCublas;
using cria::check::PeerRate;

namespace {

const std::string kDrivers = CRIA_BINARY_DIR "/test-drivers/";
const std::string kDriver = kDrivers + "fake_cuda_driver.so";

void useLibraries(const std::string &driver, const std::string &cublas) {
  setenv("CRIA_CUDA_DRIVER", driver.c_str(), 1);
  setenv("CRIA_CUBLAS", cublas.c_str(), 1);
}

TEST(CublasRate, IsThatOfTheProduct) {
  useLibraries(kDriver, kDrivers + "fake_cublas.so");
  auto *control =
      reinterpret_cast<FakeCudaControl>(dlsym(dlopen(kDriver.c_str(), RTLD_NOW), "cria_fake_cuda"))();
  const PeerRate rate = measureCublas(0, 1000, 500, 200);
  EXPECT_EQ(rate.reason, "");
  EXPECT_DOUBLE_EQ(rate.operationsPerSecond, 2e8 / 0.002); // two milliseconds of the fake driver's clock
  EXPECT_EQ(control->live, 0);
  EXPECT_THAT(control->complaints, testing::IsEmpty());
}

TEST(CublasRate, ReportsWhatIsWrong) {
  useLibraries(kDriver, kDriver); // a library, but another one
  EXPECT_EQ(measureCublas(0, 8, 8, 8).reason, "cuBLAS lacks cublasCreate_v2");
  EXPECT_FALSE(measureCublas(0, 8, 8, 8).isMissing);
  useLibraries(kDriver, kDrivers + "fake_cublas.so");
  EXPECT_THAT(measureCublas(7, 8, 8, 8).reason, testing::HasSubstr("expected a device below 2"));
  EXPECT_THAT(measureCublas(0, 1 << 20, 1 << 10, 8).reason, testing::HasSubstr("bytes of device memory"));
}

} // namespace
