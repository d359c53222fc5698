// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Compiles the programs that `check` runs: every kernel case and a large matrix product, for each target, and
// the kernels that measure ceilings, for each target but `ops`. The cases at real shapes are compiled for
// cuda targets only, and with --rehearse at small sizes for all but ops.
// usage: make-check-cases [--rehearse] FOLDER ROWSxCOLUMNSxTOKENS TARGET...
#include "tools/cria-device-check/CeilingKernels.h"
#include "tools/cria-device-check/CompileCeilings.h"
#include "tools/cria-device-check/CompileProgram.h"
#include "tools/cria-device-check/DeviceModules.h"
#include "tools/cria-device-check/LargeProduct.h"

#include <cstdio>
#include <filesystem>

using namespace cria::conformance;
using cria::check::LargeProduct;

namespace fs = std::filesystem;

static bool write(const fs::path &folder, const std::string &name, const std::string &target,
                  const CompiledProgram &program) {
  if (!program.error.empty()) {
    std::fprintf(stderr, "error: %s: %s", name.c_str(), program.error.c_str());
    return false;
  }
  writeProgram((folder / (name + "." + target + ".program")).string(), program);
  return true;
}

static bool make(const fs::path &folder, const std::string &name, const std::string &module,
                 const CaseLimits &limits, const std::string &target) {
  return write(folder, name, target, compileProgram(module, target, limits, false));
}

static bool makeCeilings(const fs::path &folder, const std::string &target) {
  return target == "ops" || write(folder, "ceilings", target, cria::check::compileCeilings(target));
}

/// The cases for a target. Those at real shapes have no program for `ops`: their reference is a sample.
static std::vector<DeviceModule> modulesFor(const std::string &target, bool isRehearsal) {
  std::vector<DeviceModule> modules = deviceModules();
  if (isRehearsal ? target != "ops" : target.rfind("cuda", 0) == 0) {
    const std::vector<DeviceModule> more = realModules(isRehearsal ? RealSet::rehearsal : RealSet::real);
    modules.insert(modules.end(), more.begin(), more.end());
  }
  return modules;
}

static bool makeAll(const fs::path &folder, const LargeProduct &product, const std::string &target,
                    bool isRehearsal) {
  bool good = true;
  for (const DeviceModule &testCase : modulesFor(target, isRehearsal)) {
    good = good && make(folder / "kernels", testCase.name, testCase.module, testCase.limits, target);
  }
  good = good && makeCeilings(folder / cria::check::kCeilingFolder, target);
  return good && make(folder / "speed", product.name(), product.module(), product.limits(), target);
}

int main(int argc, char **argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  const bool isRehearsal = std::erase(arguments, "--rehearse") > 0;
  const std::optional<LargeProduct> product =
      arguments.size() < 3 ? std::nullopt : LargeProduct::parse(arguments[1]);
  if (!product) {
    std::fprintf(stderr, "usage: make-check-cases [--rehearse] FOLDER ROWSxCOLUMNSxTOKENS TARGET...\n");
    return 2;
  }
  for (const char *folder : {"kernels", cria::check::kCeilingFolder, "speed"}) {
    fs::create_directories(fs::path(arguments[0]) / folder);
  }
  bool good = true;
  for (size_t i = 2; i < arguments.size(); ++i) {
    good = good && makeAll(arguments[0], *product, arguments[i], isRehearsal);
  }
  return good ? 0 : 1;
}
