// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The table of built-in targets.

#include "passes/targets/TargetRegistry.h"

#include "passes/targets/cpu/CpuTarget.h"
#include "passes/targets/ops/OpsTarget.h"

namespace cria {

namespace {
struct BuiltInTarget {
  llvm::StringLiteral name;
  std::unique_ptr<Target> (*create)();
};
} // namespace

static constexpr BuiltInTarget kTargets[] = {
    {"ops", createOpsTarget},
    {"cpu-x86-64-v3", [] { return createCpuTarget("x86-64-v3"); }},
    {"cpu-x86-64-v4", [] { return createCpuTarget("x86-64-v4"); }},
    {"cpu-aarch64", [] { return createCpuTarget("aarch64"); }},
};

std::unique_ptr<Target> createTarget(llvm::StringRef name) {
  for (const BuiltInTarget &target : kTargets) {
    if (target.name == name) {
      return target.create();
    }
  }
  return nullptr;
}

llvm::SmallVector<std::string> targetNames() {
  llvm::SmallVector<std::string> names;
  for (const BuiltInTarget &target : kTargets) {
    names.push_back(target.name.str());
  }
  return names;
}

} // namespace cria
