// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver's functions about code.
#include "State.h"

#include <algorithm>
#include <cstring>

using namespace cria::fake_cuda;

static void writeLog(const std::string &log, unsigned numOptions, const int *options, void **values) {
  size_t capacity = 0;
  for (unsigned i = 0; i < numOptions; ++i) {
    capacity = options[i] == kJitErrorLogBufferSizeBytes ? reinterpret_cast<size_t>(values[i]) : capacity;
  }
  for (unsigned i = 0; i < numOptions; ++i) {
    if (options[i] == kJitErrorLogBuffer && capacity > log.size()) {
      std::copy_n(log.c_str(), log.size() + 1, static_cast<char *>(values[i]));
    }
  }
}

FAKE_EXPORT Result cuModuleLoadDataEx(ModuleHandle *module, const void *image, unsigned numOptions,
                                      int *options, void **values) {
  FAKE_CALL("cuModuleLoadDataEx", unsafe);
  *module = make<ModuleTag>();
  std::string log;
  const Result result = readCode(static_cast<const char *>(image), **module, log);
  if (result != kSuccess) {
    destroy(*module);
    writeLog(log, numOptions, options, values);
  }
  return result;
}

FAKE_EXPORT Result cuModuleUnload(ModuleHandle module) {
  FAKE_CALL("cuModuleUnload", release);
  destroy(module);
  return call.answer();
}

FAKE_EXPORT Result cuModuleGetFunction(FunctionHandle *function, ModuleHandle module, const char *name) {
  FAKE_CALL("cuModuleGetFunction", unsafe);
  auto found = module->functions.find(name);
  if (found == module->functions.end()) {
    std::optional<KernelProperties> properties = module->find ? module->find(name) : std::nullopt;
    if (!properties) {
      return kNotFound;
    }
    found = module->functions.try_emplace(name, FunctionTag{.properties = std::move(*properties)}).first;
  }
  *function = &found->second;
  return kSuccess;
}

FAKE_EXPORT Result cuFuncGetAttribute(int *value, int attribute, FunctionHandle function) {
  FAKE_CALL("cuFuncGetAttribute", context);
  const std::map<int, int> values = {{kFunctionMaxThreadsPerBlock, function->properties.maxThreads},
                                     {kFunctionSharedSizeBytes, function->properties.staticSharedBytes},
                                     {kFunctionLocalSizeBytes, function->properties.localBytes},
                                     {kFunctionNumRegisters, function->properties.registers}};
  *value = values.at(attribute);
  return kSuccess;
}

FAKE_EXPORT Result cuFuncSetAttribute(FunctionHandle function, int attribute, int value) {
  FAKE_CALL("cuFuncSetAttribute", context);
  if (attribute != kFunctionMaxDynamicSharedSizeBytes) {
    return kInvalidValue;
  }
  function->maxDynamicSharedBytes = value;
  return kSuccess;
}

#ifndef FAKE_WITHOUT_OPTIONAL_FUNCTIONS
/// By registers and threads alone.
FAKE_EXPORT Result cuOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, FunctionHandle function,
                                                               int threads, size_t) {
  FAKE_CALL("cuOccupancyMaxActiveBlocksPerMultiprocessor", context);
  constexpr int kRegisters = 65536, kThreads = 2048;
  *blocks = std::min(kRegisters / function->properties.registers, kThreads) / threads;
  return kSuccess;
}

FAKE_EXPORT Result cuFuncGetParamInfo(FunctionHandle function, size_t index, size_t *offset, size_t *size) {
  FAKE_CALL("cuFuncGetParamInfo", context);
  *offset = index * sizeof(DeviceAddress);
  *size = sizeof(DeviceAddress);
  return index < function->properties.numParameters ? kSuccess : kInvalidValue;
}
#endif

static size_t parameterBytes(void **extra) {
  if (extra == nullptr) {
    return 0;
  }
  const bool isBlock = extra[0] == kLaunchParamBufferPointer && extra[2] == kLaunchParamBufferSize &&
                       extra[4] == kLaunchParamEnd;
  return isBlock ? *static_cast<size_t *>(extra[3]) : SIZE_MAX;
}

/// The time of a kernel that starts before the one before it has ended.
[[maybe_unused]] static uint64_t programmaticNanoseconds() {
  constexpr uint64_t kNumerator = 2, kDenominator = 5;
  return state().control.kernelNanoseconds * kNumerator / kDenominator;
}

static void runKernel(const KernelProperties &properties, ContextTag &context, const LaunchShape &shape,
                      const std::vector<DeviceAddress> &parameters, uint64_t nanoseconds) {
  Control &control = state().control;
  properties.run(context, shape, parameters.data());
  context.nanoseconds += nanoseconds;
  if (control.loseAtKernel != 0 && --control.loseAtKernel == 0) {
    context.lost = control.lossResult;
  }
}

static Result launch(const FunctionTag &function, const LaunchShape &shape, StreamHandle stream,
                     void **parameters, void **extra, uint64_t nanoseconds) {
  const KernelProperties &properties = function.properties;
  if (parameters != nullptr || parameterBytes(extra) != properties.numParameters * sizeof(DeviceAddress) ||
      shape.sharedBytes > unsigned(function.maxDynamicSharedBytes) ||
      shape.block[0] * shape.block[1] * shape.block[2] > unsigned(properties.maxThreads)) {
    return kInvalidValue;
  }
  const auto *block = extra != nullptr ? static_cast<const DeviceAddress *>(extra[1]) : nullptr;
  return enqueue(stream,
                 [properties, shape, nanoseconds,
                  copied = std::vector<DeviceAddress>(block, block + properties.numParameters)](
                     ContextTag &context) { runKernel(properties, context, shape, copied, nanoseconds); });
}

FAKE_EXPORT Result cuLaunchKernel(FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                  unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                                  StreamHandle stream, void **parameters, void **extra) {
  FAKE_CALL("cuLaunchKernel", context);
  const LaunchShape shape{{gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
  return launch(*function, shape, stream, parameters, extra, state().control.kernelNanoseconds);
}

#ifndef FAKE_WITHOUT_OPTIONAL_FUNCTIONS
FAKE_EXPORT Result cuLaunchKernelEx(const LaunchConfig *config, FunctionHandle function, void **parameters,
                                    void **extra) {
  FAKE_CALL("cuLaunchKernelEx", context);
  bool isProgrammatic = false;
  for (unsigned i = 0; i < config->numAttributes; ++i) {
    if (config->attributes[i].id != kProgrammaticStreamSerialization) {
      return kInvalidValue;
    }
    isProgrammatic = config->attributes[i].isAllowed != 0;
  }
  const LaunchShape shape{config->grid, config->block, config->sharedBytes};
  return launch(*function, shape, config->stream, parameters, extra,
                isProgrammatic ? programmaticNanoseconds() : state().control.kernelNanoseconds);
}
#endif
