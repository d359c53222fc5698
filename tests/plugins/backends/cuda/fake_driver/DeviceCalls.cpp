// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver's functions about the machine, devices, contexts and memory.
#include "State.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace cria::fake_cuda;

FAKE_EXPORT Result cuInit(unsigned) {
  FAKE_CALL("cuInit", plain);
  return state().control.initResult;
}

FAKE_EXPORT Result cuDriverGetVersion(int *version) {
  FAKE_CALL("cuDriverGetVersion", plain);
  *version = state().control.driverVersion;
  return kSuccess;
}

FAKE_EXPORT Result cuGetErrorName(Result result, const char **text) {
  static const std::map<Result, const char *> kNames = {{1, "CUDA_ERROR_INVALID_VALUE"},
                                                        {2, "CUDA_ERROR_OUT_OF_MEMORY"},
                                                        {100, "CUDA_ERROR_NO_DEVICE"},
                                                        {218, "CUDA_ERROR_INVALID_PTX"},
                                                        {700, "CUDA_ERROR_ILLEGAL_ADDRESS"},
                                                        {719, "CUDA_ERROR_LAUNCH_FAILED"},
                                                        {803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"}};
  const auto found = kNames.find(result);
  *text = found != kNames.end() ? found->second : nullptr;
  return found != kNames.end() ? kSuccess : kInvalidValue;
}

FAKE_EXPORT Result cuGetErrorString(Result result, const char **text) {
  *text = "text of the fake driver";
  return result == 12345 ? kInvalidValue : kSuccess;
}

FAKE_EXPORT Result cuDeviceGetCount(int *count) {
  FAKE_CALL("cuDeviceGetCount", plain);
  *count = state().control.numDevices;
  return kSuccess;
}

FAKE_EXPORT Result cuDeviceGet(DeviceHandle *device, int ordinal) {
  FAKE_CALL("cuDeviceGet", plain);
  *device = ordinal + 100; // a handle is no index
  return kSuccess;
}

FAKE_EXPORT Result cuDeviceGetName(char *name, int capacity, DeviceHandle device) {
  FAKE_CALL("cuDeviceGetName", plain);
  std::strncpy(name, ("Fake GPU " + std::to_string(device - 100)).c_str(), static_cast<size_t>(capacity));
  return kSuccess;
}

FAKE_EXPORT Result cuDeviceGetAttribute(int *value, int attribute, DeviceHandle device) {
  FAKE_CALL("cuDeviceGetAttribute", plain);
  const Control &control = state().control;
  const std::map<int, int> values = {{kMaxThreadsPerBlock, 1024},
                                     {2, 1024},
                                     {3, 1024},
                                     {4, 64},
                                     {5, 0x7FFFFFFF},
                                     {6, 65535},
                                     {7, 65535},
                                     {kMultiprocessorCount, 108},
                                     {kEccEnabled, 1},
                                     {kL2CacheSize, 40 << 20},
                                     {kMaxThreadsPerMultiprocessor, 2048},
                                     {kComputeCapabilityMajor, control.major},
                                     {kComputeCapabilityMinor, control.minor + device - 100},
                                     {kMaxSharedMemoryPerMultiprocessor, 167936},
                                     {kMaxRegistersPerMultiprocessor, 65536},
                                     {kMaxSharedMemoryPerBlockOptin, 166912},
                                     {kMaxBlocksPerMultiprocessor, 32},
                                     {kReservedSharedMemoryPerBlock, 1024}};
  *value = values.at(attribute);
  return kSuccess;
}

#ifndef FAKE_WITHOUT_OPTIONAL_FUNCTIONS
FAKE_EXPORT Result cuDeviceGetPCIBusId(char *id, int capacity, DeviceHandle device) {
  FAKE_CALL("cuDeviceGetPCIBusId", plain);
  std::snprintf(id, static_cast<size_t>(capacity), "0000:%02x:00.0", static_cast<unsigned>(device - 100));
  return kSuccess;
}
#endif

FAKE_EXPORT Result cuDeviceTotalMem_v2(size_t *bytes, DeviceHandle) {
  FAKE_CALL("cuDeviceTotalMem_v2", plain);
  *bytes = state().control.memoryBytes;
  return kSuccess;
}

FAKE_EXPORT Result cuDevicePrimaryCtxRetain(ContextHandle *context, DeviceHandle device) {
  FAKE_CALL("cuDevicePrimaryCtxRetain", plain);
  ContextTag &primary = state().contexts[device];
  primary.device = device;
  ++primary.references;
  ++state().control.live;
  *context = &primary;
  return kSuccess;
}

/// The last reference takes the state of the context with it, its loss too.
FAKE_EXPORT Result cuDevicePrimaryCtxRelease_v2(DeviceHandle device) {
  const Call call("cuDevicePrimaryCtxRelease_v2", Kind::plain);
  ContextTag &primary = state().contexts[device];
  --state().control.live;
  if (--primary.references == 0) {
    primary.lost = kSuccess;
  }
  return call.answer();
}

FAKE_EXPORT Result cuDevicePrimaryCtxGetState(DeviceHandle device, unsigned *flags, int *active) {
  FAKE_CALL("cuDevicePrimaryCtxGetState", plain);
  *flags = 0;
  *active = state().contexts[device].references > 0 ? 1 : 0;
  return kSuccess;
}

FAKE_EXPORT Result cuCtxPushCurrent_v2(ContextHandle context) {
  const Call call("cuCtxPushCurrent_v2", Kind::plain);
  pushFailed = static_cast<bool>(call);
  if (call) {
    return call.answer();
  }
  currentContexts.push_back(context);
  return kSuccess;
}

FAKE_EXPORT Result cuCtxPopCurrent_v2(ContextHandle *context) {
  const Call call("cuCtxPopCurrent_v2", Kind::plain);
  *context = currentContexts.back();
  currentContexts.pop_back();
  return call.answer();
}

static uint64_t usedBytes(int device) {
  uint64_t used = 0;
  for (const auto &[address, block] : state().memory) {
    used += block.second == device ? block.first : 0;
  }
  return used;
}

FAKE_EXPORT Result cuMemGetInfo_v2(size_t *free, size_t *total) {
  FAKE_CALL("cuMemGetInfo_v2", context);
  *total = state().control.memoryBytes;
  *free = *total - usedBytes(currentContexts.back()->device);
  return kSuccess;
}

FAKE_EXPORT Result cuMemAlloc_v2(DeviceAddress *address, size_t bytes) {
  FAKE_CALL("cuMemAlloc_v2", unsafe);
  const int device = currentContexts.back()->device;
  if (bytes > state().control.memoryBytes - usedBytes(device)) {
    return kOutOfMemory;
  }
  constexpr size_t kAlignment = 256;
  void *memory = std::aligned_alloc(kAlignment, (bytes + kAlignment - 1) / kAlignment * kAlignment);
  *address = reinterpret_cast<DeviceAddress>(memory);
  state().memory[*address] = {bytes, device};
  ++state().control.live;
  return kSuccess;
}

FAKE_EXPORT Result cuMemFree_v2(DeviceAddress address) {
  FAKE_CALL("cuMemFree_v2", release);
  runAllStreams();
  if (state().memory.erase(address) == 0) {
    complain("memory freed that is none");
    return kInvalidValue;
  }
  std::free(reinterpret_cast<void *>(address));
  --state().control.live;
  return call.answer();
}

FAKE_EXPORT Result cuMemHostAlloc(void **memory, size_t bytes, unsigned) {
  FAKE_CALL("cuMemHostAlloc", unsafe);
  *memory = std::malloc(bytes);
  state().pinned[static_cast<std::byte *>(*memory)].size = bytes;
  ++state().control.live;
  return kSuccess;
}

FAKE_EXPORT Result cuMemFreeHost(void *memory) {
  FAKE_CALL("cuMemFreeHost", release);
  const auto found = state().pinned.find(static_cast<std::byte *>(memory));
  if (found == state().pinned.end()) {
    complain("pinned memory freed that is none");
    return kInvalidValue;
  }
  if (found->second.token.use_count() > 1) {
    complain("pinned memory freed before its transfers were done");
  }
  state().pinned.erase(found);
  std::free(memory);
  --state().control.live;
  return call.answer();
}
