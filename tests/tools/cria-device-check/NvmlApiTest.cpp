// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares our declarations with those of nvml.h.
#include "tools/cria-device-check/NvmlApi.h"

#include <cstddef>
#include <gtest/gtest.h>
#include <nvml.h>

using cria::check::NvmlApi;

namespace {

/// Pointers and numbers of the same size are passed alike.
template <typename... Ours, typename... Theirs>
constexpr bool haveSameSizes(int (*)(Ours...), nvmlReturn_t (*)(Theirs...)) {
  if constexpr (sizeof...(Ours) == sizeof...(Theirs)) {
    return ((sizeof(Ours) == sizeof(Theirs)) && ...);
  }
  return false;
}

TEST(NvmlApi, IsThatOfTheHeader) {
  const NvmlApi api;
  EXPECT_EQ(sizeof(nvmlReturn_t), sizeof(int));
  EXPECT_EQ(cria::check::kNvmlSuccess, NVML_SUCCESS);
  EXPECT_EQ(cria::check::kNvmlClockSm, NVML_CLOCK_SM);
  EXPECT_EQ(cria::check::kNvmlClockMemory, NVML_CLOCK_MEM);
  EXPECT_EQ(cria::check::kNvmlTemperatureGpu, NVML_TEMPERATURE_GPU);
  EXPECT_TRUE(haveSameSizes(api.init, &nvmlInit_v2));
  EXPECT_TRUE(haveSameSizes(api.shutdown, &nvmlShutdown));
  EXPECT_TRUE(haveSameSizes(api.systemGetDriverVersion, &nvmlSystemGetDriverVersion));
  EXPECT_TRUE(haveSameSizes(api.deviceGetHandleByIndex, &nvmlDeviceGetHandleByIndex_v2));
  EXPECT_TRUE(haveSameSizes(api.deviceGetHandleByPciBusId, &nvmlDeviceGetHandleByPciBusId_v2));
  EXPECT_TRUE(haveSameSizes(api.deviceGetClockInfo, &nvmlDeviceGetClockInfo));
  EXPECT_TRUE(haveSameSizes(api.deviceGetMaxClockInfo, &nvmlDeviceGetMaxClockInfo));
  EXPECT_TRUE(haveSameSizes(api.deviceGetPowerUsage, &nvmlDeviceGetPowerUsage));
  EXPECT_TRUE(haveSameSizes(api.deviceGetEnforcedPowerLimit, &nvmlDeviceGetEnforcedPowerLimit));
  EXPECT_TRUE(haveSameSizes(api.deviceGetTemperature, &nvmlDeviceGetTemperature));
}

} // namespace
