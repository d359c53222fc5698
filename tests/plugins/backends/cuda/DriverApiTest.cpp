// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compares our declarations of the driver API with the header of the CUDA Toolkit, at compile time.
#include "plugins/backends/cuda/DriverApi.h"

#include <cuda.h>
#include <gtest/gtest.h>
#include <type_traits>

namespace cuda = cria::cuda;

namespace {

/// Types that are passed alike: pointers (also as integers of device memory) or numbers of one size.
template <typename Ours, typename Theirs>
constexpr bool kAlike = sizeof(Ours) == sizeof(Theirs) && alignof(Ours) == alignof(Theirs) &&
                        std::is_pointer_v<Ours> == std::is_pointer_v<Theirs> &&
                        std::is_floating_point_v<Ours> == std::is_floating_point_v<Theirs>;

template <typename... Ours, typename... Theirs>
constexpr bool sameSignature(cuda::Result (*)(Ours...), CUresult (*)(Theirs...)) {
  if constexpr (sizeof...(Ours) == sizeof...(Theirs)) {
    return (kAlike<Ours, Theirs> && ...);
  }
  return false;
}

static_assert(kAlike<cuda::Result, CUresult> && kAlike<cuda::DeviceHandle, CUdevice> &&
              kAlike<cuda::DeviceAddress, CUdeviceptr>);

#define SAME_SIGNATURE(member, symbol, parameters)                                                           \
  static_assert(sameSignature(decltype(cuda::DriverApi::member){}, decltype(&::symbol){}), #symbol);
CRIA_CUDA_FUNCTIONS(SAME_SIGNATURE)
#if CUDA_VERSION >= 12040
CRIA_CUDA_OPTIONAL_FUNCTIONS(SAME_SIGNATURE)
#endif

#define SAME_VALUE(ours, theirs)                                                                             \
  static_assert(static_cast<long long>(cuda::ours) == static_cast<long long>(theirs), #theirs);
SAME_VALUE(kSuccess, CUDA_SUCCESS)
SAME_VALUE(kInvalidValue, CUDA_ERROR_INVALID_VALUE)
SAME_VALUE(kOutOfMemory, CUDA_ERROR_OUT_OF_MEMORY)
SAME_VALUE(kDeinitialized, CUDA_ERROR_DEINITIALIZED)
SAME_VALUE(kDeviceUnavailable, CUDA_ERROR_DEVICE_UNAVAILABLE)
SAME_VALUE(kNoDevice, CUDA_ERROR_NO_DEVICE)
SAME_VALUE(kEccUncorrectable, CUDA_ERROR_ECC_UNCORRECTABLE)
SAME_VALUE(kNvlinkUncorrectable, CUDA_ERROR_NVLINK_UNCORRECTABLE)
#if CUDA_VERSION >= 12080
SAME_VALUE(kContained, CUDA_ERROR_CONTAINED)
#endif
SAME_VALUE(kNotFound, CUDA_ERROR_NOT_FOUND)
SAME_VALUE(kNotReady, CUDA_ERROR_NOT_READY)
SAME_VALUE(kIllegalAddress, CUDA_ERROR_ILLEGAL_ADDRESS)
SAME_VALUE(kLaunchTimeout, CUDA_ERROR_LAUNCH_TIMEOUT)
SAME_VALUE(kContextIsDestroyed, CUDA_ERROR_CONTEXT_IS_DESTROYED)
SAME_VALUE(kAssert, CUDA_ERROR_ASSERT)
SAME_VALUE(kHardwareStackError, CUDA_ERROR_HARDWARE_STACK_ERROR)
SAME_VALUE(kIllegalInstruction, CUDA_ERROR_ILLEGAL_INSTRUCTION)
SAME_VALUE(kMisalignedAddress, CUDA_ERROR_MISALIGNED_ADDRESS)
SAME_VALUE(kInvalidAddressSpace, CUDA_ERROR_INVALID_ADDRESS_SPACE)
SAME_VALUE(kInvalidPc, CUDA_ERROR_INVALID_PC)
SAME_VALUE(kLaunchFailed, CUDA_ERROR_LAUNCH_FAILED)
SAME_VALUE(kUnknown, CUDA_ERROR_UNKNOWN)
SAME_VALUE(kInvalidImage, CUDA_ERROR_INVALID_IMAGE)
SAME_VALUE(kNoBinaryForGpu, CUDA_ERROR_NO_BINARY_FOR_GPU)
SAME_VALUE(kInvalidPtx, CUDA_ERROR_INVALID_PTX)
SAME_VALUE(kJitCompilerNotFound, CUDA_ERROR_JIT_COMPILER_NOT_FOUND)
SAME_VALUE(kUnsupportedPtxVersion, CUDA_ERROR_UNSUPPORTED_PTX_VERSION)
SAME_VALUE(kJitCompilationDisabled, CUDA_ERROR_JIT_COMPILATION_DISABLED)
SAME_VALUE(kInvalidSource, CUDA_ERROR_INVALID_SOURCE)
SAME_VALUE(kMaxThreadsPerBlock, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK)
SAME_VALUE(kMaxBlockDimX, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_X)
SAME_VALUE(kMaxBlockDimX + 1, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Y)
SAME_VALUE(kMaxBlockDimX + 2, CU_DEVICE_ATTRIBUTE_MAX_BLOCK_DIM_Z)
SAME_VALUE(kMaxGridDimX, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_X)
SAME_VALUE(kMaxGridDimX + 1, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Y)
SAME_VALUE(kMaxGridDimX + 2, CU_DEVICE_ATTRIBUTE_MAX_GRID_DIM_Z)
SAME_VALUE(kMultiprocessorCount, CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT)
SAME_VALUE(kEccEnabled, CU_DEVICE_ATTRIBUTE_ECC_ENABLED)
SAME_VALUE(kL2CacheSize, CU_DEVICE_ATTRIBUTE_L2_CACHE_SIZE)
SAME_VALUE(kMaxThreadsPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_MULTIPROCESSOR)
SAME_VALUE(kComputeCapabilityMajor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
SAME_VALUE(kComputeCapabilityMinor, CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR)
SAME_VALUE(kMaxSharedMemoryPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_MULTIPROCESSOR)
SAME_VALUE(kMaxRegistersPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_REGISTERS_PER_MULTIPROCESSOR)
SAME_VALUE(kMaxSharedMemoryPerBlockOptin, CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN)
SAME_VALUE(kMaxBlocksPerMultiprocessor, CU_DEVICE_ATTRIBUTE_MAX_BLOCKS_PER_MULTIPROCESSOR)
SAME_VALUE(kReservedSharedMemoryPerBlock, CU_DEVICE_ATTRIBUTE_RESERVED_SHARED_MEMORY_PER_BLOCK)
SAME_VALUE(kFunctionMaxThreadsPerBlock, CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK)
SAME_VALUE(kFunctionSharedSizeBytes, CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES)
SAME_VALUE(kFunctionLocalSizeBytes, CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES)
SAME_VALUE(kFunctionNumRegisters, CU_FUNC_ATTRIBUTE_NUM_REGS)
SAME_VALUE(kFunctionMaxDynamicSharedSizeBytes, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES)
SAME_VALUE(kJitErrorLogBuffer, CU_JIT_ERROR_LOG_BUFFER)
SAME_VALUE(kJitErrorLogBufferSizeBytes, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES)
SAME_VALUE(kStreamNonBlocking, CU_STREAM_NON_BLOCKING)
SAME_VALUE(kEventDefault, CU_EVENT_DEFAULT)
SAME_VALUE(kEventDisableTiming, CU_EVENT_DISABLE_TIMING)
SAME_VALUE(kCaptureThreadLocal, CU_STREAM_CAPTURE_MODE_THREAD_LOCAL)

#if CUDA_VERSION >= 11080
SAME_VALUE(kProgrammaticStreamSerialization, CU_LAUNCH_ATTRIBUTE_PROGRAMMATIC_STREAM_SERIALIZATION)
static_assert(kAlike<cuda::LaunchAttribute, CUlaunchAttribute> && kAlike<cuda::LaunchConfig, CUlaunchConfig>);
static_assert(offsetof(cuda::LaunchAttribute, isAllowed) == offsetof(CUlaunchAttribute, value));
static_assert(offsetof(cuda::LaunchConfig, grid) == offsetof(CUlaunchConfig, gridDimX));
static_assert(offsetof(cuda::LaunchConfig, block) == offsetof(CUlaunchConfig, blockDimX));
static_assert(offsetof(cuda::LaunchConfig, sharedBytes) == offsetof(CUlaunchConfig, sharedMemBytes));
static_assert(offsetof(cuda::LaunchConfig, stream) == offsetof(CUlaunchConfig, hStream));
static_assert(offsetof(cuda::LaunchConfig, attributes) == offsetof(CUlaunchConfig, attrs));
static_assert(offsetof(cuda::LaunchConfig, numAttributes) == offsetof(CUlaunchConfig, numAttrs));
#endif

TEST(CudaDriverApi, HasTheToolkitsKeysOfLaunches) {
  EXPECT_EQ(cuda::kLaunchParamEnd, CU_LAUNCH_PARAM_END);
  EXPECT_EQ(cuda::kLaunchParamBufferPointer, CU_LAUNCH_PARAM_BUFFER_POINTER);
  EXPECT_EQ(cuda::kLaunchParamBufferSize, CU_LAUNCH_PARAM_BUFFER_SIZE);
}

} // namespace
