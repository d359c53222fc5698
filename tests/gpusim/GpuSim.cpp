// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loading: reads the module, rewrites it, compiles it for the host, and gives its kernels the simulator's
// functions to call.
#include "GpuSim.h"

#include "Instrument.h"
#include "Machine.h"

#include "llvm/AsmParser/Parser.h"
#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/TargetSelect.h"

#include <cmath>
#include <mutex>

namespace cria::gpusim {

// What generated code calls.
extern "C" {
static void simAccess(Thread *thread, const Site *site, uint64_t address) {
  thread->machine->access(*thread, *site, address);
}
static void simCollective(Thread *thread, const Site *site, uint32_t *slot, uint32_t mask) {
  thread->machine->collective(*thread, *site, slot, mask);
}
static void simBarrier(Thread *thread, const Site *site) { thread->machine->barrier(*thread, *site); }
static void simCopy(Thread *thread, const Site *site, uint64_t destination, uint64_t source) {
  thread->machine->copyAsync(*thread, *site, destination, source);
}
static void simCommit(Thread *thread) { thread->machine->commitCopies(*thread); }
static void simWait(Thread *thread, uint32_t pending) { thread->machine->waitForCopies(*thread, pending); }
static float simExp2(float value) { return std::exp2(value); }
static float simRsqrt(float value) { return 1.0f / std::sqrt(value); }
static float simReciprocal(float value) { return 1.0f / value; }
static uint16_t simToBfloat(float value) { return toBfloat(value); }
}

namespace {

void initializeHost() {
  static std::once_flag once;
  std::call_once(once, [] {
    llvm::InitializeNativeTarget();
    llvm::InitializeNativeTargetAsmPrinter();
  });
}

llvm::orc::SymbolMap hostSymbols(llvm::orc::LLJIT &jit) {
  llvm::orc::SymbolMap symbols;
  const auto add = [&](llvm::StringRef name, auto *function) {
    symbols[jit.mangleAndIntern(name)] = {llvm::orc::ExecutorAddr::fromPtr(function),
                                          llvm::JITSymbolFlags::Exported};
  };
  add("cria_gpusim_access", simAccess);
  add("cria_gpusim_collective", simCollective);
  add("cria_gpusim_barrier", simBarrier);
  add("cria_gpusim_copy", simCopy);
  add("cria_gpusim_commit", simCommit);
  add("cria_gpusim_wait", simWait);
  add("cria_gpusim_ex2", simExp2);
  add("cria_gpusim_rsqrt", simRsqrt);
  add("cria_gpusim_rcp", simReciprocal);
  add("__truncsfbf2", simToBfloat);
  // Where the host lacks instructions for them.
  add("fmaf", static_cast<float (*)(float, float, float)>(std::fma));
  add("fmaxf", static_cast<float (*)(float, float)>(std::fmax));
  add("fminf", static_cast<float (*)(float, float)>(std::fmin));
  return symbols;
}

class CompiledModule final : public Module {
public:
  const KernelInfo *find(std::string_view kernel) const override {
    for (const KernelInfo &info : code_.kernels) {
      if (info.name == kernel) {
        return &info;
      }
    }
    return nullptr;
  }

  std::string run(const Launch &launch, const Options &options, Counters *counters) override {
    const KernelInfo *info = find(launch.kernel);
    if (!info || info->numParameters != launch.parameters.size()) {
      return "the module has no kernel '" + launch.kernel + "' with " +
             std::to_string(launch.parameters.size()) + " parameters";
    }
    auto symbol = jit_->lookup(entryName(launch.kernel));
    if (!symbol) {
      return llvm::toString(symbol.takeError());
    }
    Machine machine(launch, options, info->staticSharedBytes, symbol->toPtr<KernelFunction>());
    std::string finding = machine.run();
    if (counters) {
      *counters = sum(*counters, machine.counters());
    }
    return finding;
  }

  std::string compile(std::unique_ptr<llvm::Module> module, std::unique_ptr<llvm::LLVMContext> context) {
    auto host = llvm::orc::JITTargetMachineBuilder::detectHost();
    if (!host) {
      return llvm::toString(host.takeError());
    }
    host->setCodeGenOptLevel(llvm::CodeGenOptLevel::Default);
    host->getOptions().AllowFPOpFusion = llvm::FPOpFusion::Strict;
    auto jit = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(*host).create();
    if (!jit) {
      return llvm::toString(jit.takeError());
    }
    jit_ = std::move(*jit);
    module->setTargetTriple(jit_->getTargetTriple());
    module->setDataLayout(jit_->getDataLayout());
    std::string error;
    if (!instrument(*module, code_, error)) {
      return error;
    }
    llvm::Error failed = jit_->getMainJITDylib().define(llvm::orc::absoluteSymbols(hostSymbols(*jit_)));
    if (!failed) {
      failed = jit_->addIRModule(llvm::orc::ThreadSafeModule(std::move(module), std::move(context)));
    }
    return failed ? llvm::toString(std::move(failed)) : "";
  }

private:
  static Counters sum(const Counters &a, const Counters &b) {
    return {a.globalAccesses + b.globalAccesses,
            a.sharedAccesses + b.sharedAccesses,
            a.sharedBankConflicts + b.sharedBankConflicts,
            a.collectives + b.collectives,
            a.barriers + b.barriers,
            a.asyncCopies + b.asyncCopies,
            a.blocks + b.blocks};
  }

  Instrumented code_;
  std::unique_ptr<llvm::orc::LLJIT> jit_;
};

std::unique_ptr<llvm::Module> parse(std::string_view code, llvm::LLVMContext &context, std::string &error) {
  llvm::MemoryBufferRef buffer(llvm::StringRef(code.data(), code.size()), "kernels");
  if (code.substr(0, 2) == "BC") {
    auto module = llvm::parseBitcodeFile(buffer, context);
    if (!module) {
      error = llvm::toString(module.takeError());
      return nullptr;
    }
    return std::move(*module);
  }
  llvm::SMDiagnostic diagnostic;
  auto module = llvm::parseAssembly(buffer, diagnostic, context);
  error = module ? "" : diagnostic.getMessage().str();
  return module;
}

} // namespace

std::unique_ptr<Module> Module::load(std::string_view code, std::string &error) {
  initializeHost();
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> module = parse(code, *context, error);
  if (!module) {
    return nullptr;
  }
  auto compiled = std::make_unique<CompiledModule>();
  error = compiled->compile(std::move(module), std::move(context));
  return error.empty() ? std::unique_ptr<Module>(std::move(compiled)) : nullptr;
}

} // namespace cria::gpusim
