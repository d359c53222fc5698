// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads the attributes of devices.
#include "Devices.h"

namespace cria::cuda {
namespace {

constexpr int kNameCapacity = 256;

/// Reads attributes of one device; remembers the first failure.
class AttributeReader {
public:
  AttributeReader(const DriverApi &api, DeviceHandle device) : api_(api), device_(device) {}

  int read(int attribute) {
    int value = 0;
    const Result result = api_.deviceGetAttribute(&value, attribute, device_);
    failure_ = failure_ == kSuccess ? result : failure_;
    return value;
  }
  uint32_t readLimit(int attribute) { return static_cast<uint32_t>(read(attribute)); }
  std::array<uint32_t, 3> readExtent(int first) {
    return {readLimit(first), readLimit(first + 1), readLimit(first + 2)};
  }
  Result failure() const { return failure_; }

private:
  const DriverApi &api_;
  DeviceHandle device_;
  Result failure_ = kSuccess;
};

Check readProperties(const Driver &driver, int index, DeviceProperties &out) {
  const DriverApi &api = driver.api;
  CRIA_CUDA_TRY(checkResult(api, api.deviceGet(&out.handle, index), "getting the device"));
  char name[kNameCapacity] = {};
  CRIA_CUDA_TRY(checkResult(api, api.deviceGetName(name, kNameCapacity - 1, out.handle), "reading its name"));
  out.name = name;
  size_t memory = 0;
  CRIA_CUDA_TRY(checkResult(api, api.deviceTotalMem(&memory, out.handle), "reading its memory"));
  out.memoryBytes = memory;
  AttributeReader attributes(api, out.handle);
  out.major = attributes.read(kComputeCapabilityMajor);
  out.minor = attributes.read(kComputeCapabilityMinor);
  out.maxThreadsPerBlock = attributes.readLimit(kMaxThreadsPerBlock);
  out.maxBlock = attributes.readExtent(kMaxBlockDimX);
  out.maxGrid = attributes.readExtent(kMaxGridDimX);
  out.maxSharedBytes = attributes.readLimit(kMaxSharedMemoryPerBlockOptin);
  const int multiprocessors = attributes.read(kMultiprocessorCount);
  out.description = smText(out.major, out.minor) + ", " + std::to_string(multiprocessors) + " SMs, driver " +
                    versionText(driver.version);
  return checkResult(api, attributes.failure(), "reading its attributes");
}

Check readDevices(Machine &machine) {
  const DriverApi &api = machine.driver.api;
  int count = 0;
  CRIA_CUDA_TRY(checkResult(api, api.deviceGetCount(&count), "counting devices"));
  if (count == 0) {
    return refuse(
        CRIA_STATUS_UNSUPPORTED,
        "the CUDA driver reports no device; check that a GPU is present and visible (CUDA_VISIBLE_DEVICES)");
  }
  machine.devices.resize(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    if (Check check = readProperties(machine.driver, i, machine.devices[i]); check.failed()) {
      return refuse(CRIA_STATUS_UNSUPPORTED, "CUDA device " + std::to_string(i) + ": " + check.text);
    }
  }
  return {};
}

/// The result of opening the driver, kept for the lifetime of the process.
struct Opened {
  Machine machine;
  Check check;
  Opened() {
    check = openDriver(machine.driver);
    if (!check.failed()) {
      check = readDevices(machine);
    }
    if (check.failed()) {
      check.status = CRIA_STATUS_UNSUPPORTED; // for any reason, the plugin cannot run here
    }
  }
};

/// Never destroyed, since other threads may still access it while the process exits.
const Opened &opened() {
  static const Opened &kOpened = *new Opened();
  return kOpened;
}

} // namespace

std::string smText(int major, int minor) { return "sm_" + std::to_string(major) + std::to_string(minor); }

Check openMachine(const Machine *&out) {
  out = opened().check.failed() ? nullptr : &opened().machine;
  return opened().check;
}

const Machine &machine() { return opened().machine; }

Check findDevice(uint32_t index, const DeviceProperties *&out) {
  const std::vector<DeviceProperties> &devices = machine().devices;
  if (index >= devices.size()) {
    return refuse(CRIA_STATUS_NOT_FOUND, "expected a device below " + std::to_string(devices.size()) +
                                             ", the number of CUDA devices, got " + std::to_string(index));
  }
  out = &devices[index];
  return {};
}

uint64_t freeMemory(const DeviceProperties &device) {
  const DriverApi &api = machine().driver.api;
  unsigned flags = 0;
  int active = 0;
  ContextHandle context = nullptr;
  if (api.primaryCtxGetState(device.handle, &flags, &active) != kSuccess || active == 0 ||
      api.primaryCtxRetain(&context, device.handle) != kSuccess) {
    return 0;
  }
  size_t free = 0;
  size_t total = 0;
  if (api.ctxPushCurrent(context) == kSuccess) {
    free = api.memGetInfo(&free, &total) == kSuccess ? free : 0;
    (void)api.ctxPopCurrent(&context);
  }
  (void)api.primaryCtxRelease(device.handle);
  return free;
}

} // namespace cria::cuda
