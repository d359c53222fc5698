// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of built-in targets.

#include "passes/targets/TargetRegistry.h"

#include "passes/targets/cpu/CpuTarget.h"
#include "passes/targets/cuda/CudaTarget.h"
#include "passes/targets/cuda/DeviceCode.h"
#include "passes/targets/cuda/Sm.h"
#include "passes/targets/ops/OpsTarget.h"

namespace cria {

namespace {
struct BuiltInTarget {
  llvm::StringLiteral name;
  std::unique_ptr<Target> (*create)();
};
} // namespace

static constexpr BuiltInTarget kTargets[] = {
    {"ops", [] { return createOpsTarget(); }},
    {"cpu-x86-64-v3", [] { return createCpuTarget("x86-64-v3"); }},
    {"cpu-x86-64-v3-avxvnni", [] { return createCpuTarget("x86-64-v3-avxvnni"); }},
    {"cpu-x86-64-v4", [] { return createCpuTarget("x86-64-v4"); }},
    {"cpu-x86-64-v4-vnni", [] { return createCpuTarget("x86-64-v4-vnni"); }},
    {"cpu-x86-64-v4-vnni-bf16", [] { return createCpuTarget("x86-64-v4-vnni-bf16"); }},
    {"cpu-aarch64", [] { return createCpuTarget("aarch64"); }},
};

/// The device targets: one per SM and format.
static std::unique_ptr<Target> createDeviceTarget(llvm::StringRef name) {
  if (name.consume_front("gpusim-")) {
    return createCudaTarget(name, DeviceFormat::simulator);
  }
  if (!name.consume_front("cuda-")) {
    return nullptr;
  }
  bool isPtx = name.consume_back("-ptx");
  return createCudaTarget(name, isPtx ? DeviceFormat::ptx : DeviceFormat::cubin);
}

std::unique_ptr<Target> createTarget(llvm::StringRef name) {
  for (const BuiltInTarget &target : kTargets) {
    if (target.name == name) {
      return target.create();
    }
  }
  return createDeviceTarget(name);
}

void registerKernelDialects(mlir::DialectRegistry &registry) { cuda::registerDeviceDialects(registry); }

llvm::SmallVector<std::string> targetNames() {
  llvm::SmallVector<std::string> names;
  for (const BuiltInTarget &target : kTargets) {
    names.push_back(target.name.str());
  }
  for (const cuda::Sm &sm : cuda::allSms()) {
    for (DeviceFormat format : {DeviceFormat::cubin, DeviceFormat::ptx, DeviceFormat::simulator}) {
      names.push_back(createCudaTarget(sm.name, format)->name());
    }
  }
  return names;
}

} // namespace cria
