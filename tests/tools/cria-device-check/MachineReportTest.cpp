// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The description of the machine on the fake driver, with a fake NVML, with one that lacks functions, and
// without.
#include "tools/cria-device-check/MachineReport.h"

#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

using cria::check::MachineReport;
using nlohmann::ordered_json;
using testing::AllOf;
using testing::HasSubstr;

namespace {

const std::string kDrivers = CRIA_BINARY_DIR "/test-drivers/";

void useNvml(const std::string &library) {
  setenv("CRIA_CUDA_DRIVER", (kDrivers + "fake_cuda_driver.so").c_str(), 1);
  setenv("CRIA_NVML", library.c_str(), 1);
}

TEST(MachineReport, HasWhatDriverAndNvmlState) {
  useNvml(kDrivers + "fake_nvml.so");
  MachineReport report("cuda", 0, "Fake GPU 0");
  EXPECT_THAT(report.line(),
              AllOf(HasSubstr("driver 580.65.06, CUDA 12.4, 108 SMs, L2 40 MiB, memory 256 MiB, ECC on"),
                    HasSubstr("SM 1755 of 1980 MHz, memory 3200 of 3201 MHz, 124 of 700 W, 41 °C")));
  EXPECT_EQ(report.addReading("speed"), "clocks after speed: SM 1755 MHz, memory 3200 MHz, 124 W, 41 °C");
  const ordered_json json = report.json();
  EXPECT_EQ(json.at("name"), "Fake GPU 0");
  EXPECT_EQ(json.at("driver"), "580.65.06");
  EXPECT_EQ(json.at("cuda"), "12.4");
  EXPECT_EQ(json.at("sms"), 108);
  EXPECT_EQ(json.at("l2_bytes"), 40 << 20);
  EXPECT_EQ(json.at("memory_bytes"), 256 << 20);
  EXPECT_EQ(json.at("ecc"), true);
  EXPECT_EQ(json.at("max_sm_megahertz"), 1980);
  EXPECT_EQ(json.at("max_memory_megahertz"), 3201);
  EXPECT_EQ(json.at("power_limit_watts"), 700);
  ASSERT_EQ(json.at("clocks").size(), 2u);
  const ordered_json &last = json.at("clocks")[1];
  EXPECT_EQ(last.at("after"), "speed");
  EXPECT_EQ(last.at("sm_megahertz"), 1755);
  EXPECT_EQ(last.at("memory_megahertz"), 3200);
  EXPECT_EQ(last.at("power_watts"), 123.5);
  EXPECT_EQ(last.at("temperature_celsius"), 41);
}

TEST(MachineReport, HasTheLimitsOfAnSm) {
  useNvml(kDrivers + "fake_nvml.so");
  const ordered_json json = MachineReport("cuda", 0, "").json();
  EXPECT_EQ(json.at("registers_per_sm"), 65536);
  EXPECT_EQ(json.at("threads_per_sm"), 2048);
  EXPECT_EQ(json.at("blocks_per_sm"), 32);
  EXPECT_EQ(json.at("shared_bytes_per_sm"), 164 << 10);
  EXPECT_EQ(json.at("reserved_shared_bytes_per_block"), 1024);
}

// NVML numbers the devices in another order than the driver.
TEST(MachineReport, FindsTheDeviceByItsPciBusId) {
  useNvml(kDrivers + "fake_nvml.so");
  EXPECT_EQ(MachineReport("cuda", 1, "").json().at("clocks")[0].at("sm_megahertz"), 1756);
}

// By its number, since this library does not look up PCI bus IDs.
TEST(MachineReport, HasNullsForMissingFunctions) {
  useNvml(kDrivers + "fake_nvml_with_few_functions.so");
  const ordered_json json = MachineReport("cuda", 1, "").json();
  EXPECT_EQ(json.at("clocks")[0].at("sm_megahertz"), 1755);
  EXPECT_TRUE(json.at("clocks")[0].at("power_watts").is_null());
  EXPECT_TRUE(json.at("clocks")[0].at("temperature_celsius").is_null());
  EXPECT_TRUE(json.at("driver").is_null());
  EXPECT_TRUE(json.at("max_sm_megahertz").is_null());
  EXPECT_TRUE(json.at("power_limit_watts").is_null());
}

TEST(MachineReport, HasNullsWithoutNvml) {
  useNvml("/nowhere/libnvidia-ml.so.1");
  MachineReport report("cuda", 0, "Fake GPU 0");
  EXPECT_THAT(report.line(), HasSubstr("machine: CUDA 12.4, 108 SMs"));
  EXPECT_EQ(report.addReading("kernels"), "");
  EXPECT_EQ(report.json().at("sms"), 108);
  EXPECT_TRUE(report.json().at("clocks")[1].at("sm_megahertz").is_null());
}

TEST(MachineReport, HasNullsForAnotherBackendOrDevice) {
  useNvml(kDrivers + "fake_nvml.so");
  EXPECT_EQ(MachineReport("gpusim", 0, "GPU simulator").line(), "");
  EXPECT_TRUE(MachineReport("gpusim", 0, "").json().at("clocks")[0].at("sm_megahertz").is_null());
  EXPECT_TRUE(MachineReport("cuda", 7, "").json().at("sms").is_null());
  EXPECT_TRUE(MachineReport("cuda", 7, "").json().at("registers_per_sm").is_null());
}

} // namespace
