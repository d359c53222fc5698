// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds and loads kernel libraries for tests; see KernelHarness.h.
#include "tests/passes/targets/cpu/KernelHarness.h"

#include "passes/codegen/ObjectCode.h"
#include "support/CpuLevel.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/Support/FileSystem.h"

#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace cria::cpu::test {

bool runsHere(const Isa &isa) {
  const std::string_view name = isa.name;
  return name == kHostArch || cpuHas(name);
}

std::vector<const Isa *> runnableIsas() {
  std::vector<const Isa *> result;
  for (const Isa &isa : allIsas()) {
    if (runsHere(isa)) {
      result.push_back(&isa);
    }
  }
  return result;
}

std::unique_ptr<mlir::MLIRContext> makeContext() {
  mlir::DialectRegistry registry;
  registry.insert<mlir::arith::ArithDialect, mlir::cf::ControlFlowDialect, mlir::func::FuncDialect,
                  mlir::LLVM::LLVMDialect, mlir::math::MathDialect, mlir::memref::MemRefDialect,
                  mlir::scf::SCFDialect, mlir::vector::VectorDialect>();
  auto context = std::make_unique<mlir::MLIRContext>(registry, mlir::MLIRContext::Threading::DISABLED);
  context->loadAllAvailableDialects();
  return context;
}

#if defined(__x86_64__)
DenormalsAreZero::DenormalsAreZero() : saved_(_mm_getcsr()) { _mm_setcsr(saved_ | 0x8040); }
DenormalsAreZero::~DenormalsAreZero() { _mm_setcsr(saved_); }
#else
DenormalsAreZero::DenormalsAreZero() : saved_(0) {}
DenormalsAreZero::~DenormalsAreZero() = default;
#endif

[[noreturn]] static void fail(const std::string &message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::abort();
}

KernelLibrary::KernelLibrary(const Isa &isa, llvm::function_ref<void(mlir::ModuleOp)> emit) {
  auto context = makeContext();
  mlir::OwningOpRef<mlir::ModuleOp> module =
      mlir::ModuleOp::create(mlir::UnknownLoc::get(context.get()), llvm::StringRef("kernels"));
  emit(*module);
  ObjectTarget target{isa.triple.str(), isa.cpu.str(), isa.features.str(), isa.name.str()};
  if (mlir::failed(mlir::verify(*module)) || mlir::failed(lowerKernels(*module))) {
    fail("the kernels do not lower");
  }
  auto bytes = emitObjectCode(*module, target, ObjectStage::sharedObject);
  if (mlir::failed(bytes)) {
    fail("the kernels do not compile");
  }
  llvm::SmallString<128> path;
  int descriptor = -1;
  if (llvm::sys::fs::createTemporaryFile("cria-kernels", "so", descriptor, path)) {
    fail("no temporary file");
  }
  llvm::raw_fd_ostream(descriptor, /*shouldClose=*/true) << *bytes;
  if (const char *copy = std::getenv("CRIA_KEEP_KERNELS")) {
    if (const std::error_code error = llvm::sys::fs::copy_file(path, copy)) {
      fail("the kernels are not copied to " + std::string(copy) + ": " + error.message());
    }
  }
  handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (const std::error_code error = llvm::sys::fs::remove(path)) {
    fail("the temporary file is not removed: " + error.message());
  }
  if (!handle_) {
    fail(dlerror());
  }
}

KernelLibrary::~KernelLibrary() { dlclose(handle_); }

void *KernelLibrary::symbol(const std::string &name) const {
  void *address = dlsym(handle_, name.c_str());
  if (!address) {
    fail("no symbol " + name);
  }
  return address;
}

} // namespace cria::cpu::test
