// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Optimizes little: the module has been optimized before, and the checks must stay in place.
#include "plugins/backends/gpusim/Jit.h"

#include "plugins/backends/gpusim/RuntimeSymbols.h"

#include "llvm/ExecutionEngine/Orc/AbsoluteSymbols.h"
#include "llvm/Support/TargetSelect.h"

namespace cria::gpusim {

using namespace llvm;

static void initializeHost() {
  static const bool kDone = [] {
    InitializeNativeTarget();
    InitializeNativeTargetAsmPrinter();
    return true;
  }();
  (void)kDone;
}

/// Disables the processor's 16-bit arithmetic, which not every host has and which flushes subnormals.
static Expected<orc::JITTargetMachineBuilder> hostMachine() {
  Expected<orc::JITTargetMachineBuilder> machine = orc::JITTargetMachineBuilder::detectHost();
  if (machine) {
    machine->setCodeGenOptLevel(CodeGenOptLevel::Less);
    if (machine->getTargetTriple().isX86()) {
      machine->addFeatures({"-avx512fp16", "-avx512bf16", "-avxneconvert", "-amx-bf16", "-amx-fp16"});
    }
  }
  return machine;
}

static Error defineRuntime(orc::LLJIT &jit) {
  orc::SymbolMap symbols;
  for (const RuntimeSymbol &symbol : runtimeSymbols()) {
    symbols[jit.mangleAndIntern(StringRef(symbol.name))] = {
        orc::ExecutorAddr::fromPtr(symbol.address), JITSymbolFlags::Exported | JITSymbolFlags::Callable};
  }
  return jit.getMainJITDylib().define(orc::absoluteSymbols(std::move(symbols)));
}

std::unique_ptr<Jit> Jit::create(std::string &error) {
  initializeHost();
  Expected<orc::JITTargetMachineBuilder> machine = hostMachine();
  if (!machine) {
    error = toString(machine.takeError());
    return nullptr;
  }
  // Resolves no symbols of the process, only those in the list.
  Expected<std::unique_ptr<orc::LLJIT>> jit = orc::LLJITBuilder()
                                                  .setJITTargetMachineBuilder(std::move(*machine))
                                                  .setLinkProcessSymbolsByDefault(false)
                                                  .setPlatformSetUp(orc::setUpInactivePlatform)
                                                  .create();
  if (!jit) {
    error = toString(jit.takeError());
    return nullptr;
  }
  if (Error failed = defineRuntime(**jit)) {
    error = toString(std::move(failed));
    return nullptr;
  }
  std::unique_ptr<Jit> made(new Jit(std::move(*jit)));
  made->jit_->getExecutionSession().setErrorReporter(
      [&reported = made->reported_](Error cause) { reported += toString(std::move(cause)) + "; "; });
  return made;
}

std::string Jit::add(orc::ThreadSafeModule module) {
  Error failed = jit_->addIRModule(std::move(module));
  return failed ? toString(std::move(failed)) : "";
}

void *Jit::find(const std::string &symbol, std::string &error) {
  Expected<orc::ExecutorAddr> address = jit_->lookup(symbol);
  if (!address) {
    error = reported_ + toString(address.takeError());
    return nullptr;
  }
  return address->toPtr<void *>();
}

} // namespace cria::gpusim
