// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A fake NVML for tests. It numbers the two devices of the fake driver in the opposite order. With
// FAKE_WITH_FEW_FUNCTIONS it lacks most functions.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <iterator>

#define FAKE_EXPORT extern "C" __attribute__((visibility("default")))

struct FakeDevice {
  const char *pciBusId;
  unsigned extraMegahertz;
};

static FakeDevice theDevices[] = {{"0000:01:00.0", 1}, {"0000:00:00.0", 0}};
static int timesInitialized = 0;
static constexpr int kSuccess = 0, kUninitialized = 1, kInvalidArgument = 2, kNotFound = 6;

/// Writes a value if the device is one of ours, as the real functions do between nvmlInit and nvmlShutdown.
static int answer(const FakeDevice *device, unsigned value, unsigned *out) {
  if (timesInitialized == 0) {
    return kUninitialized;
  }
  if (device != &theDevices[0] && device != &theDevices[1]) {
    return kInvalidArgument;
  }
  *out = value;
  return kSuccess;
}

FAKE_EXPORT int nvmlInit_v2() {
  ++timesInitialized;
  return kSuccess;
}

FAKE_EXPORT int nvmlShutdown() {
  --timesInitialized;
  return kSuccess;
}

FAKE_EXPORT int nvmlDeviceGetHandleByIndex_v2(unsigned index, FakeDevice **device) {
  if (index >= std::size(theDevices)) {
    return kInvalidArgument;
  }
  *device = &theDevices[index];
  return kSuccess;
}

FAKE_EXPORT int nvmlDeviceGetClockInfo(FakeDevice *device, int clock, unsigned *megahertz) {
  constexpr unsigned kSm = 1755, kMemory = 3200;
  if (clock != 1 && clock != 2) { // SM and memory
    return kInvalidArgument;
  }
  const int status = answer(device, clock == 1 ? kSm : kMemory, megahertz);
  *megahertz += status == kSuccess ? device->extraMegahertz : 0;
  return status;
}

#ifndef FAKE_WITH_FEW_FUNCTIONS
FAKE_EXPORT int nvmlSystemGetDriverVersion(char *version, unsigned capacity) {
  std::snprintf(version, capacity, "580.65.06");
  return timesInitialized != 0 ? kSuccess : kUninitialized;
}

FAKE_EXPORT int nvmlDeviceGetHandleByPciBusId_v2(const char *id, FakeDevice **device) {
  auto *const found =
      std::find_if(std::begin(theDevices), std::end(theDevices),
                   [&](const FakeDevice &known) { return std::strcmp(known.pciBusId, id) == 0; });
  *device = found;
  return found != std::end(theDevices) ? kSuccess : kNotFound;
}

FAKE_EXPORT int nvmlDeviceGetMaxClockInfo(FakeDevice *device, int clock, unsigned *megahertz) {
  constexpr unsigned kSm = 1980, kMemory = 3201;
  return answer(device, clock == 1 ? kSm : kMemory, megahertz);
}

FAKE_EXPORT int nvmlDeviceGetPowerUsage(FakeDevice *device, unsigned *milliwatts) {
  constexpr unsigned kMilliwatts = 123'500;
  return answer(device, kMilliwatts, milliwatts);
}

FAKE_EXPORT int nvmlDeviceGetEnforcedPowerLimit(FakeDevice *device, unsigned *milliwatts) {
  constexpr unsigned kMilliwatts = 700'000;
  return answer(device, kMilliwatts, milliwatts);
}

FAKE_EXPORT int nvmlDeviceGetTemperature(FakeDevice *device, int sensor, unsigned *celsius) {
  constexpr unsigned kCelsius = 41;
  return sensor == 0 ? answer(device, kCelsius, celsius) : kInvalidArgument;
}
#endif
