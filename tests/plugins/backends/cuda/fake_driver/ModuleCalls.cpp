// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The driver's functions about code, and the kernels that the fake knows. PTX is any text with ".entry NAME"
// for each kernel; "syntax error" in it is one. A cubin has all kernels.
#include "State.h"

#include <cstring>
#include <sstream>
#include <thread>

using namespace cria::fake_cuda;

static float *floats(DeviceAddress address) { return reinterpret_cast<float *>(address); }

static void addFloats(ContextTag &context, unsigned threads, const DeviceAddress *p) {
  for (int i = 0; i < 3; ++i) {
    if (!checkDevice(context, p[i], threads * sizeof(float))) {
      return;
    }
  }
  for (unsigned i = 0; i < threads; ++i) {
    floats(p[2])[i] = floats(p[0])[i] + floats(p[1])[i];
  }
}

static void nothing(ContextTag &, unsigned, const DeviceAddress *) {}
static void loseAddress(ContextTag &context, unsigned, const DeviceAddress *) {
  context.lost = kIllegalAddress;
}
static void rest(ContextTag &, unsigned, const DeviceAddress *) {
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
}

const std::vector<cria::cuda::KernelFacts> &cria::cuda::kernelTable() {
  static const std::vector<KernelFacts> kTable = {
      {"add_f32", 1024, 0, 0, 3, addFloats}, {"narrow", 256, 0, 0, 0, nothing},
      {"shares", 1024, 1024, 0, 0, nothing}, {"spills", 1024, 0, 16, 0, nothing},
      {"rests", 1024, 0, 0, 0, rest},        {"illegal_address", 1024, 0, 0, 0, loseAddress}};
  return kTable;
}

static Result rejectPtx(unsigned numOptions, const int *options, void **values) {
  for (unsigned i = 0; i < numOptions; ++i) {
    if (options[i] == kJitErrorLogBuffer) {
      std::strcpy(static_cast<char *>(values[i]),
                  "ptxas application ptx input, line 7; error : Parsing error\n");
    }
  }
  return kInvalidPtx;
}

FAKE_EXPORT Result cuModuleLoadDataEx(ModuleHandle *module, const void *image, unsigned numOptions,
                                      int *options, void **values) {
  FAKE_CALL("cuModuleLoadDataEx", unsafe);
  const bool isCubin = std::memcmp(image, "\177ELF", 4) == 0;
  const std::string text = isCubin ? "" : static_cast<const char *>(image);
  if (text.find("syntax error") != std::string::npos) {
    return rejectPtx(numOptions, options, values);
  }
  *module = make<ModuleTag>();
  for (const KernelFacts &facts : kernelTable()) {
    if (isCubin || text.find(std::string(".entry ") + facts.name + "\n") != std::string::npos) {
      (*module)->functions[facts.name].facts = &facts;
    }
  }
  return kSuccess;
}

FAKE_EXPORT Result cuModuleUnload(ModuleHandle module) {
  FAKE_CALL("cuModuleUnload", release);
  destroy(module);
  return call.answer();
}

FAKE_EXPORT Result cuModuleGetFunction(FunctionHandle *function, ModuleHandle module, const char *name) {
  FAKE_CALL("cuModuleGetFunction", unsafe);
  const auto found = module->functions.find(name);
  if (found == module->functions.end()) {
    return kNotFound;
  }
  *function = &found->second;
  return kSuccess;
}

FAKE_EXPORT Result cuFuncGetAttribute(int *value, int attribute, FunctionHandle function) {
  FAKE_CALL("cuFuncGetAttribute", context);
  const std::map<int, int> values = {{kFunctionMaxThreadsPerBlock, function->facts->maxThreads},
                                     {kFunctionSharedSizeBytes, function->facts->staticSharedBytes},
                                     {kFunctionLocalSizeBytes, function->facts->localBytes}};
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

#ifndef FAKE_WITHOUT_PARAM_INFO // as before CUDA 12.4
FAKE_EXPORT Result cuFuncGetParamInfo(FunctionHandle function, size_t index, size_t *offset, size_t *size) {
  FAKE_CALL("cuFuncGetParamInfo", context);
  *offset = index * sizeof(DeviceAddress);
  *size = sizeof(DeviceAddress);
  return index < function->facts->numParameters ? kSuccess : kInvalidValue;
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

static void runKernel(const KernelFacts &facts, ContextTag &context, unsigned threads,
                      const std::vector<DeviceAddress> &parameters) {
  Control &control = state().control;
  facts.run(context, threads, parameters.data());
  if (control.loseAtKernel != 0 && --control.loseAtKernel == 0) {
    context.lost = control.lossResult;
  }
}

FAKE_EXPORT Result cuLaunchKernel(FunctionHandle function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                  unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                                  StreamHandle stream, void **parameters, void **extra) {
  FAKE_CALL("cuLaunchKernel", context);
  const KernelFacts *facts = function->facts;
  if (parameters != nullptr || parameterBytes(extra) != facts->numParameters * sizeof(DeviceAddress) ||
      sharedBytes > unsigned(function->maxDynamicSharedBytes) ||
      blockX * blockY * blockZ > unsigned(facts->maxThreads)) {
    return kInvalidValue;
  }
  const auto *block = extra != nullptr ? static_cast<const DeviceAddress *>(extra[1]) : nullptr;
  const unsigned threads = gridX * gridY * gridZ * blockX * blockY * blockZ;
  return enqueue(stream, [=, copied = std::vector<DeviceAddress>(block, block + facts->numParameters)](
                             ContextTag &context) { runKernel(*facts, context, threads, copied); });
}
