// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/NvmlDevice.h"

#include <array>
#include <cstdlib>
#include <dlfcn.h>

namespace cria::check {
namespace {

template <typename Function> void resolveNvml(void *library, const char *symbol, Function &function) {
  function = library != nullptr ? reinterpret_cast<Function>(dlsym(library, symbol)) : nullptr;
}

NvmlApi openNvml() {
  const char *named = std::getenv("CRIA_NVML");
  void *library =
      dlopen(named != nullptr && *named != '\0' ? named : "libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL);
  NvmlApi api;
  resolveNvml(library, "nvmlInit_v2", api.init);
  resolveNvml(library, "nvmlShutdown", api.shutdown);
  resolveNvml(library, "nvmlSystemGetDriverVersion", api.systemGetDriverVersion);
  resolveNvml(library, "nvmlDeviceGetHandleByIndex_v2", api.deviceGetHandleByIndex);
  resolveNvml(library, "nvmlDeviceGetHandleByPciBusId_v2", api.deviceGetHandleByPciBusId);
  resolveNvml(library, "nvmlDeviceGetClockInfo", api.deviceGetClockInfo);
  resolveNvml(library, "nvmlDeviceGetMaxClockInfo", api.deviceGetMaxClockInfo);
  resolveNvml(library, "nvmlDeviceGetPowerUsage", api.deviceGetPowerUsage);
  resolveNvml(library, "nvmlDeviceGetEnforcedPowerLimit", api.deviceGetEnforcedPowerLimit);
  resolveNvml(library, "nvmlDeviceGetTemperature", api.deviceGetTemperature);
  return api;
}

NvmlApi::Device handleOf(const NvmlApi &api, const std::optional<std::string> &pciBusId, unsigned number) {
  NvmlApi::Device device = nullptr;
  if (pciBusId && api.deviceGetHandleByPciBusId != nullptr) {
    return api.deviceGetHandleByPciBusId(pciBusId->c_str(), &device) == kNvmlSuccess ? device : nullptr;
  }
  const bool isFound =
      api.deviceGetHandleByIndex != nullptr && api.deviceGetHandleByIndex(number, &device) == kNvmlSuccess;
  return isFound ? device : nullptr;
}

/// Calls a function whose last parameter is the value. scale: units of the value in one of the result.
template <typename Function, typename... Arguments>
std::optional<double> readValue(double scale, Function function, NvmlApi::Device device,
                                Arguments... arguments) {
  unsigned value = 0;
  const bool isRead =
      function != nullptr && device != nullptr && function(device, arguments..., &value) == kNvmlSuccess;
  return isRead ? std::optional(value / scale) : std::nullopt;
}

constexpr double kMilliwattsPerWatt = 1e3;

} // namespace

NvmlDevice::NvmlDevice(const std::optional<std::string> &pciBusId, unsigned number) : api_(openNvml()) {
  isOpen_ = api_.init != nullptr && api_.init() == kNvmlSuccess;
  device_ = isOpen_ ? handleOf(api_, pciBusId, number) : nullptr;
}

NvmlDevice::~NvmlDevice() {
  if (isOpen_ && api_.shutdown != nullptr) {
    (void)api_.shutdown();
  }
}

std::optional<std::string> NvmlDevice::driverVersion() const {
  std::array<char, 128> version{};
  const bool isRead = isOpen_ && api_.systemGetDriverVersion != nullptr &&
                      api_.systemGetDriverVersion(version.data(), version.size() - 1) == kNvmlSuccess;
  return isRead ? std::optional<std::string>(version.data()) : std::nullopt;
}

NvmlReading NvmlDevice::read() const {
  return {.smMegahertz = readValue(1, api_.deviceGetClockInfo, device_, kNvmlClockSm),
          .memoryMegahertz = readValue(1, api_.deviceGetClockInfo, device_, kNvmlClockMemory),
          .powerWatts = readValue(kMilliwattsPerWatt, api_.deviceGetPowerUsage, device_),
          .temperatureCelsius = readValue(1, api_.deviceGetTemperature, device_, kNvmlTemperatureGpu)};
}

NvmlReading NvmlDevice::limits() const {
  return {.smMegahertz = readValue(1, api_.deviceGetMaxClockInfo, device_, kNvmlClockSm),
          .memoryMegahertz = readValue(1, api_.deviceGetMaxClockInfo, device_, kNvmlClockMemory),
          .powerWatts = readValue(kMilliwattsPerWatt, api_.deviceGetEnforcedPowerLimit, device_),
          .temperatureCelsius = std::nullopt};
}

} // namespace cria::check
