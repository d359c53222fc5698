// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of nvml.h that reads clocks, power and temperature. NvmlApiTest.cpp compares it with the real
// header.
#pragma once

namespace cria::check {

inline constexpr int kNvmlSuccess = 0;
inline constexpr int kNvmlClockSm = 1, kNvmlClockMemory = 2; // nvmlClockType_t
inline constexpr int kNvmlTemperatureGpu = 0;                // nvmlTemperatureSensors_t

/// Functions of NVML. Results and enumerations are int. A function that the library lacks is null.
struct NvmlApi {
  using Device = struct NvmlDeviceTag *;
  int (*init)() = nullptr;
  int (*shutdown)() = nullptr;
  int (*systemGetDriverVersion)(char *version, unsigned capacity) = nullptr;
  int (*deviceGetHandleByIndex)(unsigned index, Device *device) = nullptr;
  int (*deviceGetHandleByPciBusId)(const char *id, Device *device) = nullptr;
  int (*deviceGetClockInfo)(Device device, int clock, unsigned *megahertz) = nullptr;
  int (*deviceGetMaxClockInfo)(Device device, int clock, unsigned *megahertz) = nullptr;
  int (*deviceGetPowerUsage)(Device device, unsigned *milliwatts) = nullptr;
  int (*deviceGetEnforcedPowerLimit)(Device device, unsigned *milliwatts) = nullptr;
  int (*deviceGetTemperature)(Device device, int sensor, unsigned *celsius) = nullptr;
};

} // namespace cria::check
