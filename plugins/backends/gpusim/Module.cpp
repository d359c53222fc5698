// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Loads a module: parses, lowers and compiles it.
#include "plugins/backends/gpusim/Jit.h"
#include "plugins/backends/gpusim/Lowering.h"
#include "plugins/backends/gpusim/Machine.h"

#include "llvm/IR/DiagnosticHandler.h"
#include "llvm/IR/DiagnosticInfo.h"
#include "llvm/IR/DiagnosticPrinter.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"

#include <map>

namespace cria::gpusim {

using namespace llvm;

namespace {

struct Kernel {
  KernelInfo info;
  KernelFunction function = nullptr;
};

/// Stores the first error of the code generator, which would end the process without a handler.
struct DiagnosticCollector : DiagnosticHandler {
  explicit DiagnosticCollector(std::string &error) : error(error) {}
  bool handleDiagnostics(const DiagnosticInfo &info) override {
    if (info.getSeverity() == DS_Error && error.empty()) {
      raw_string_ostream stream(error);
      DiagnosticPrinterRawOStream printer(stream);
      info.print(printer);
    }
    return true;
  }
  std::string &error;
};

class CompiledModule final : public Module {
public:
  std::string compile(StringRef code);
  const KernelInfo *find(std::string_view kernel) const override;
  std::string run(const Launch &launch, const Options &options, Counters *counters) override;

private:
  std::string lower(StringRef code, orc::ThreadSafeModule &out);
  std::string resolve();
  std::string addVariable(const GlobalVariable &variable);
  static std::string checkLaunch(const Launch &launch, const KernelInfo &info);

  SiteTable sites_; // before the code that points to them
  std::string diagnostics_;
  std::unique_ptr<Jit> jit_;
  std::map<std::string, Kernel, std::less<>> kernels_;
  std::vector<MemoryWindow> variables_;
  std::unique_ptr<Machine> machine_;
};

} // namespace

std::string CompiledModule::lower(StringRef code, orc::ThreadSafeModule &out) {
  auto context = std::make_unique<LLVMContext>();
  context->setDiagnosticHandler(std::make_unique<DiagnosticCollector>(diagnostics_));
  SMDiagnostic diagnostic;
  auto buffer = MemoryBuffer::getMemBufferCopy(code, "kernels"); // assembly must be null-terminated
  std::unique_ptr<llvm::Module> module = parseIR(buffer->getMemBufferRef(), diagnostic, *context);
  if (module == nullptr) {
    return ("code is neither LLVM bitcode nor assembly: line " + Twine(diagnostic.getLineNo()) + ": " +
            diagnostic.getMessage())
        .str();
  }
  if (!module->getTargetTriple().isNVPTX()) {
    return "expected a module for nvptx64, got one for '" + module->getTargetTriple().str() + "'";
  }
  LoweredModule lowered = lowerModule(*module, jit_->layout(), jit_->triple(), sites_);
  if (!lowered.error.empty()) {
    return lowered.error;
  }
  for (KernelInfo &info : lowered.kernels) {
    kernels_[info.name].info = std::move(info);
  }
  for (const std::string &name : lowered.variables) {
    if (std::string error = addVariable(*module->getNamedGlobal(name)); !error.empty()) {
      return error;
    }
  }
  out = orc::ThreadSafeModule(std::move(module), std::move(context));
  return "";
}

std::string CompiledModule::addVariable(const GlobalVariable &variable) {
  const uint64_t size = variable.getDataLayout().getTypeAllocSize(variable.getValueType()).getFixedValue();
  variables_.push_back({nullptr, size, !variable.isConstant(), variable.getName().str(), nullptr});
  return variable.isThreadLocal() ? "variables of threads are not supported" : "";
}

/// Looks up everything that the module defines, which compiles it.
std::string CompiledModule::resolve() {
  std::string error;
  for (auto &[name, kernel] : kernels_) {
    kernel.function = reinterpret_cast<KernelFunction>(jit_->find(name, error));
    if (kernel.function == nullptr || !diagnostics_.empty()) {
      return "kernel '" + name + "': " + (diagnostics_.empty() ? error : diagnostics_);
    }
  }
  for (MemoryWindow &variable : variables_) {
    variable.data = static_cast<std::byte *>(jit_->find(variable.name, error));
    if (variable.data == nullptr) {
      return error;
    }
  }
  return "";
}

std::string CompiledModule::compile(StringRef code) {
  std::string error;
  jit_ = Jit::create(error);
  orc::ThreadSafeModule module;
  if (error.empty()) {
    error = lower(code, module);
  }
  if (error.empty()) {
    error = jit_->add(std::move(module));
  }
  return error.empty() ? resolve() : error;
}

const KernelInfo *CompiledModule::find(std::string_view kernel) const {
  const auto found = kernels_.find(kernel);
  return found != kernels_.end() ? &found->second.info : nullptr;
}

std::string CompiledModule::checkLaunch(const Launch &launch, const KernelInfo &info) {
  const std::string who = "kernel '" + info.name + "'";
  if (launch.parameters.size() != info.numParameters) {
    return "wrong launch: " + who + " expects " + std::to_string(info.numParameters) + " parameters, got " +
           std::to_string(launch.parameters.size());
  }
  uint64_t threads = 1;
  uint64_t blocks = 1;
  for (size_t d = 0; d < 3; ++d) {
    threads *= std::min(launch.block[d], kMaxThreadsPerBlock + 1);
    blocks *= launch.grid[d];
    if (blocks >= INT32_MAX) {
      return "wrong launch: " + who + " has too many blocks to simulate";
    }
  }
  if (threads == 0 || threads > kMaxThreadsPerBlock || blocks == 0) {
    return "wrong launch: " + who + " requires 1 to 1024 threads and at least one block";
  }
  uint64_t limit = 1;
  for (const uint32_t dimension : info.maxThreads) {
    limit *= dimension;
  }
  return limit != 0 && threads > limit
             ? "wrong launch: " + who + " expects at most " + std::to_string(limit) + " threads, got " +
                   std::to_string(threads)
             : "";
}

std::string CompiledModule::run(const Launch &launch, const Options &options, Counters *counters) {
  const auto found = kernels_.find(launch.kernel);
  if (found == kernels_.end()) {
    return "wrong launch: module has no kernel '" + launch.kernel + "'";
  }
  const Kernel &kernel = found->second;
  if (std::string error = checkLaunch(launch, kernel.info); !error.empty()) {
    return error;
  }
  Job job{.launch = &launch, .function = kernel.function, .options = options};
  job.windows = launch.parameters;
  job.windows.insert(job.windows.end(), variables_.begin(), variables_.end());
  for (const MemoryWindow &window : launch.parameters) {
    job.parameters.push_back(window.data);
  }
  job.sharedBytes = kernel.info.staticSharedBytes + launch.sharedBytes;
  if (machine_ == nullptr) {
    machine_ = std::make_unique<Machine>();
  }
  Counters unused;
  return machine_->run(job, counters != nullptr ? *counters : unused);
}

std::unique_ptr<Module> Module::load(std::string_view code, std::string &error) {
  auto module = std::make_unique<CompiledModule>();
  error = module->compile(StringRef(code.data(), code.size()));
  return error.empty() ? std::move(module) : nullptr;
}

} // namespace cria::gpusim
