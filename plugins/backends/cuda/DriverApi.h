// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The part of the CUDA driver API that the backend uses: types, constants and a table of functions, named as
// in cuda.h without the prefix. tests/plugins/backends/cuda/DriverApiTest.cpp compares every line with the
// real cuda.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace cria::cuda {

using Result = int; // CUresult
using DeviceHandle = int;
using DeviceAddress = uint64_t;
using ContextHandle = struct ContextTag *;
using ModuleHandle = struct ModuleTag *;
using FunctionHandle = struct FunctionTag *;
using StreamHandle = struct StreamTag *;
using EventHandle = struct EventTag *;
using GraphHandle = struct GraphTag *;
using GraphExecHandle = struct GraphExecTag *;

/// Results that the backend distinguishes.
inline constexpr Result kSuccess = 0;
inline constexpr Result kInvalidValue = 1;
inline constexpr Result kOutOfMemory = 2;
inline constexpr Result kDeinitialized = 4;
inline constexpr Result kDeviceUnavailable = 46;
inline constexpr Result kNoDevice = 100;
inline constexpr Result kEccUncorrectable = 214;
inline constexpr Result kNvlinkUncorrectable = 220;
inline constexpr Result kContained = 226;
inline constexpr Result kNotFound = 500;
inline constexpr Result kNotReady = 600;
inline constexpr Result kIllegalAddress = 700;
inline constexpr Result kLaunchTimeout = 702;
inline constexpr Result kContextIsDestroyed = 709;
inline constexpr Result kAssert = 710;
inline constexpr Result kHardwareStackError = 714;
inline constexpr Result kIllegalInstruction = 715;
inline constexpr Result kMisalignedAddress = 716;
inline constexpr Result kInvalidAddressSpace = 717;
inline constexpr Result kInvalidPc = 718;
inline constexpr Result kLaunchFailed = 719;
inline constexpr Result kUnknown = 999;
/// Results of loading code that are due to the code.
inline constexpr Result kInvalidImage = 200;
inline constexpr Result kNoBinaryForGpu = 209;
inline constexpr Result kInvalidPtx = 218;
inline constexpr Result kJitCompilerNotFound = 221;
inline constexpr Result kUnsupportedPtxVersion = 222;
inline constexpr Result kJitCompilationDisabled = 223;
inline constexpr Result kInvalidSource = 300;

/// CUdevice_attribute
inline constexpr int kMaxThreadsPerBlock = 1;
inline constexpr int kMaxBlockDimX = 2; // y and z follow
inline constexpr int kMaxGridDimX = 5;  // y and z follow
inline constexpr int kMultiprocessorCount = 16;
inline constexpr int kEccEnabled = 32;
inline constexpr int kL2CacheSize = 38; // in bytes
inline constexpr int kMaxThreadsPerMultiprocessor = 39;
inline constexpr int kComputeCapabilityMajor = 75;
inline constexpr int kComputeCapabilityMinor = 76;
inline constexpr int kMaxSharedMemoryPerMultiprocessor = 81; // in bytes
inline constexpr int kMaxRegistersPerMultiprocessor = 82;
inline constexpr int kMaxSharedMemoryPerBlockOptin = 97;
inline constexpr int kMaxBlocksPerMultiprocessor = 106;
inline constexpr int kReservedSharedMemoryPerBlock = 111; // in bytes

/// CUfunction_attribute
inline constexpr int kFunctionMaxThreadsPerBlock = 0;
inline constexpr int kFunctionSharedSizeBytes = 1;
inline constexpr int kFunctionLocalSizeBytes = 3;
inline constexpr int kFunctionNumRegisters = 4;
inline constexpr int kFunctionMaxDynamicSharedSizeBytes = 8;

/// CUjit_option
inline constexpr int kJitErrorLogBuffer = 5;
inline constexpr int kJitErrorLogBufferSizeBytes = 6;

/// Flags
inline constexpr unsigned kStreamNonBlocking = 1;
inline constexpr unsigned kEventDefault = 0;
inline constexpr unsigned kEventDisableTiming = 2;
inline constexpr int kCaptureThreadLocal = 1;

/// Keys of cuLaunchKernel's `extra`
inline void *const kLaunchParamEnd = nullptr;
inline void *const kLaunchParamBufferPointer = reinterpret_cast<void *>(1);
inline void *const kLaunchParamBufferSize = reinterpret_cast<void *>(2);

/// CUlaunchAttributeID
inline constexpr unsigned kProgrammaticStreamSerialization = 6;

/// CUlaunchAttribute, with the one member of its value that is used.
struct alignas(8) LaunchAttribute {
  unsigned id = 0;
  unsigned padding = 0;
  int isAllowed = 0; // value.programmaticStreamSerializationAllowed
  std::array<char, 60> unused{};
};

/// CUlaunchConfig
struct LaunchConfig {
  std::array<unsigned, 3> grid{};
  std::array<unsigned, 3> block{};
  unsigned sharedBytes = 0;
  StreamHandle stream = nullptr;
  LaunchAttribute *attributes = nullptr;
  unsigned numAttributes = 0;
};

/// The functions, one per line: member, symbol, parameters. They are resolved from the driver library.
#define CRIA_CUDA_FUNCTIONS(F)                                                                               \
  F(init, cuInit, (unsigned flags))                                                                          \
  F(driverGetVersion, cuDriverGetVersion, (int *version))                                                    \
  F(getErrorName, cuGetErrorName, (Result result, const char **text))                                        \
  F(getErrorString, cuGetErrorString, (Result result, const char **text))                                    \
  F(deviceGetCount, cuDeviceGetCount, (int *count))                                                          \
  F(deviceGet, cuDeviceGet, (DeviceHandle * device, int ordinal))                                            \
  F(deviceGetName, cuDeviceGetName, (char *name, int capacity, DeviceHandle device))                         \
  F(deviceGetAttribute, cuDeviceGetAttribute, (int *value, int attribute, DeviceHandle device))              \
  F(deviceTotalMem, cuDeviceTotalMem_v2, (size_t *bytes, DeviceHandle device))                               \
  F(primaryCtxRetain, cuDevicePrimaryCtxRetain, (ContextHandle * context, DeviceHandle device))              \
  F(primaryCtxRelease, cuDevicePrimaryCtxRelease_v2, (DeviceHandle device))                                  \
  F(primaryCtxGetState, cuDevicePrimaryCtxGetState, (DeviceHandle device, unsigned *flags, int *active))     \
  F(ctxPushCurrent, cuCtxPushCurrent_v2, (ContextHandle context))                                            \
  F(ctxPopCurrent, cuCtxPopCurrent_v2, (ContextHandle * context))                                            \
  F(memGetInfo, cuMemGetInfo_v2, (size_t *free, size_t *total))                                              \
  F(memAlloc, cuMemAlloc_v2, (DeviceAddress * address, size_t bytes))                                        \
  F(memFree, cuMemFree_v2, (DeviceAddress address))                                                          \
  F(memHostAlloc, cuMemHostAlloc, (void **memory, size_t bytes, unsigned flags))                             \
  F(memFreeHost, cuMemFreeHost, (void *memory))                                                              \
  F(memcpyHtoDAsync, cuMemcpyHtoDAsync_v2,                                                                   \
    (DeviceAddress destination, const void *source, size_t bytes, StreamHandle stream))                      \
  F(memcpyDtoHAsync, cuMemcpyDtoHAsync_v2,                                                                   \
    (void *destination, DeviceAddress source, size_t bytes, StreamHandle stream))                            \
  F(memcpyDtoDAsync, cuMemcpyDtoDAsync_v2,                                                                   \
    (DeviceAddress destination, DeviceAddress source, size_t bytes, StreamHandle stream))                    \
  F(memsetD32Async, cuMemsetD32Async,                                                                        \
    (DeviceAddress destination, unsigned value, size_t words, StreamHandle stream))                          \
  F(moduleLoadDataEx, cuModuleLoadDataEx,                                                                    \
    (ModuleHandle * module, const void *image, unsigned numOptions, int *options, void **values))            \
  F(moduleUnload, cuModuleUnload, (ModuleHandle module))                                                     \
  F(moduleGetFunction, cuModuleGetFunction,                                                                  \
    (FunctionHandle * function, ModuleHandle module, const char *name))                                      \
  F(funcGetAttribute, cuFuncGetAttribute, (int *value, int attribute, FunctionHandle function))              \
  F(funcSetAttribute, cuFuncSetAttribute, (FunctionHandle function, int attribute, int value))               \
  F(launchKernel, cuLaunchKernel,                                                                            \
    (FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX,               \
     unsigned blockY, unsigned blockZ, unsigned sharedBytes, StreamHandle stream, void **parameters,         \
     void **extra))                                                                                          \
  F(streamCreate, cuStreamCreate, (StreamHandle * stream, unsigned flags))                                   \
  F(streamDestroy, cuStreamDestroy_v2, (StreamHandle stream))                                                \
  F(streamSynchronize, cuStreamSynchronize, (StreamHandle stream))                                           \
  F(streamBeginCapture, cuStreamBeginCapture_v2, (StreamHandle stream, int mode))                            \
  F(streamEndCapture, cuStreamEndCapture, (StreamHandle stream, GraphHandle * graph))                        \
  F(graphDestroy, cuGraphDestroy, (GraphHandle graph))                                                       \
  F(graphInstantiate, cuGraphInstantiateWithFlags,                                                           \
    (GraphExecHandle * exec, GraphHandle graph, unsigned long long flags))                                   \
  F(graphUpload, cuGraphUpload, (GraphExecHandle exec, StreamHandle stream))                                 \
  F(graphLaunch, cuGraphLaunch, (GraphExecHandle exec, StreamHandle stream))                                 \
  F(graphExecDestroy, cuGraphExecDestroy, (GraphExecHandle exec))                                            \
  F(eventCreate, cuEventCreate, (EventHandle * event, unsigned flags))                                       \
  F(eventDestroy, cuEventDestroy_v2, (EventHandle event))                                                    \
  F(eventRecord, cuEventRecord, (EventHandle event, StreamHandle stream))                                    \
  F(eventQuery, cuEventQuery, (EventHandle event))                                                           \
  F(eventSynchronize, cuEventSynchronize, (EventHandle event))                                               \
  F(eventElapsedTime, cuEventElapsedTime, (float *milliseconds, EventHandle start, EventHandle end))

/// Functions that older drivers lack. They are null if missing.
#define CRIA_CUDA_OPTIONAL_FUNCTIONS(F)                                                                      \
  F(funcGetParamInfo, cuFuncGetParamInfo,                                                                    \
    (FunctionHandle function, size_t index, size_t *offset, size_t *size))                                   \
  F(launchKernelEx, cuLaunchKernelEx,                                                                        \
    (const LaunchConfig *config, FunctionHandle function, void **parameters, void **extra))                  \
  F(deviceGetPciBusId, cuDeviceGetPCIBusId, (char *id, int capacity, DeviceHandle device))                   \
  F(occupancyMaxBlocks, cuOccupancyMaxActiveBlocksPerMultiprocessor,                                         \
    (int *blocks, FunctionHandle function, int threads, size_t sharedBytes))

struct DriverApi {
#define CRIA_CUDA_MEMBER(member, symbol, parameters) Result(*member) parameters = nullptr;
  CRIA_CUDA_FUNCTIONS(CRIA_CUDA_MEMBER)
  CRIA_CUDA_OPTIONAL_FUNCTIONS(CRIA_CUDA_MEMBER)
#undef CRIA_CUDA_MEMBER
};

} // namespace cria::cuda
