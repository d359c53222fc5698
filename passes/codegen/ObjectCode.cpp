// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// LLVM IR, optimization, code generation and linking of lowered kernels.
#include "passes/codegen/ObjectCode.h"

#include "passes/codegen/OptimizeIr.h"
#include "passes/codegen/TemporaryFolder.h"
#include "plugins/api/kernel_abi.h"

#include "lld/Common/Driver.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/Module.h"
#include "llvm/MC/TargetRegistry.h"
#include "llvm/Object/ObjectFile.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Target/TargetMachine.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace mlir;

namespace cria {
namespace {

void initializeBackends() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeX86TargetInfo();
    LLVMInitializeX86Target();
    LLVMInitializeX86TargetMC();
    LLVMInitializeX86AsmPrinter();
    LLVMInitializeAArch64TargetInfo();
    LLVMInitializeAArch64Target();
    LLVMInitializeAArch64TargetMC();
    LLVMInitializeAArch64AsmPrinter();
  });
}

FailureOr<std::unique_ptr<llvm::TargetMachine>> makeTargetMachine(ModuleOp module,
                                                                  const ObjectTarget &target) {
  initializeBackends();
  llvm::Triple triple(target.triple);
  std::string error;
  const llvm::Target *backend = llvm::TargetRegistry::lookupTarget(triple, error);
  if (!backend) {
    return module.emitError("no code generator for '") << target.triple << "': " << error;
  }
  llvm::TargetOptions options;
  // Multiplications and additions are not contracted: kernels state each fused multiply-add.
  options.AllowFPOpFusion = llvm::FPOpFusion::Strict;
  options.FunctionSections = true;
  std::unique_ptr<llvm::TargetMachine> machine(
      backend->createTargetMachine(triple, target.cpu, target.features, options, llvm::Reloc::PIC_,
                                   std::nullopt, llvm::CodeGenOptLevel::Aggressive));
  if (!machine) {
    return module.emitError("no code generator for processor '")
           << target.cpu << "' of '" << target.triple << "'";
  }
  return machine;
}

void setFunctionAttributes(llvm::Module &module, const ObjectTarget &target) {
  for (llvm::Function &function : module) {
    if (function.isDeclaration()) {
      continue;
    }
    function.addFnAttr("target-cpu", target.cpu);
    function.addFnAttr("target-features", target.features);
    // Otherwise the kernels' vectors would be split on processors that prefer vectors of half the size.
    function.addFnAttr("prefer-vector-width", "512");
    // Loops must not become calls of memset or memcpy.
    function.addFnAttr("no-builtins");
    function.addFnAttr(llvm::Attribute::NoUnwind);
  }
}

/// The data symbol that describes this library.
void addLibraryInfo(llvm::Module &module, const ObjectTarget &target) {
  cria_kernel_library_info info = {};
  llvm::LLVMContext &context = module.getContext();
  std::string features = target.libraryFeatures;
  features.resize(sizeof(info.features), '\0');
  auto *u32 = llvm::Type::getInt32Ty(context);
  auto word = [&](uint32_t value) { return llvm::ConstantInt::get(u32, value); };
  llvm::Constant *value = llvm::ConstantStruct::getAnon(
      {word(CRIA_KERNEL_LIBRARY_MAGIC), word(CRIA_KERNEL_ABI_VERSION), word(CRIA_SANITIZER_NONE), word(0),
       llvm::ConstantDataArray::getString(context, features, /*AddNull=*/false)});
  auto *symbol = new llvm::GlobalVariable(module, value->getType(), /*isConstant=*/true,
                                          llvm::GlobalValue::ExternalLinkage, value, "cria_kernel_library");
  symbol->setAlignment(llvm::Align(alignof(cria_kernel_library_info)));
}

/// A kernel library links to nothing, so an undefined symbol is a call that a lowering introduced.
LogicalResult refuseUndefinedSymbols(ModuleOp origin, StringRef object) {
  auto file = llvm::object::ObjectFile::createObjectFile(llvm::MemoryBufferRef(object, "kernels.o"));
  if (!file) {
    return origin.emitError("the code generator wrote an unreadable object: ")
           << llvm::toString(file.takeError());
  }
  for (const llvm::object::SymbolRef &symbol : (*file)->symbols()) {
    auto flags = symbol.getFlags();
    auto name = symbol.getName();
    if (!flags || !name) {
      llvm::consumeError(flags.takeError());
      llvm::consumeError(name.takeError());
      return origin.emitError("the code generator wrote an object with an unreadable symbol table");
    }
    if ((*flags & llvm::object::SymbolRef::SF_Undefined) && !name->empty()) {
      return origin.emitError("kernels need the symbol '")
             << *name
             << "' from elsewhere; kernel code calls no library: expand the operation that became this call";
    }
  }
  return success();
}

FailureOr<std::string> link(ModuleOp origin, StringRef object) {
  static std::mutex oneAtATime; // the linker keeps its state in globals
  std::lock_guard<std::mutex> lock(oneAtATime);
  FailureOr<TemporaryFolder> folder = TemporaryFolder::create(origin, "cria-link");
  if (failed(folder)) {
    return failure();
  }
  std::string input = folder->path("kernels.o"), output = folder->path("kernels.so");
  if (failed(writeFile(origin, input, object))) {
    return failure();
  }
  const char *arguments[] = {
      "ld.lld",       "-shared",          "-nostdlib",       "-z",      "defs",       "-z",
      "now",          "--hash-style=gnu", "--build-id=none", "-soname", "kernels.so", "-o",
      output.c_str(), input.c_str()};
  std::string messages;
  llvm::raw_string_ostream stream(messages);
  if (!lld::elf::link(arguments, stream, stream, /*exitEarly=*/false, /*disableOutput=*/false)) {
    return origin.emitError("linking the kernels failed: ") << messages;
  }
  return readFile(origin, output);
}

} // namespace

FailureOr<std::string> emitObjectCode(ModuleOp lowered, const ObjectTarget &target, ObjectStage stage) {
  registerBuiltinDialectTranslation(*lowered.getContext());
  registerLLVMDialectTranslation(*lowered.getContext());
  llvm::LLVMContext context;
  std::unique_ptr<llvm::Module> module = translateModuleToLLVMIR(lowered, context, "kernels");
  if (!module) {
    return lowered.emitError("the lowered kernels do not translate to LLVM IR");
  }
  auto machine = makeTargetMachine(lowered, target);
  if (failed(machine)) {
    return failure();
  }
  module->setTargetTriple((*machine)->getTargetTriple());
  module->setDataLayout((*machine)->createDataLayout());
  setFunctionAttributes(*module, target);
  addLibraryInfo(*module, target);
  optimizeIr(*module, **machine);
  if (stage == ObjectStage::llvmIr) {
    return printIr(*module);
  }
  if (stage == ObjectStage::assembly) {
    return generateCode(lowered, *module, **machine, llvm::CodeGenFileType::AssemblyFile);
  }
  auto object = generateCode(lowered, *module, **machine, llvm::CodeGenFileType::ObjectFile);
  if (failed(object) || failed(refuseUndefinedSymbols(lowered, *object))) {
    return failure();
  }
  return stage == ObjectStage::object ? object : link(lowered, *object);
}

} // namespace cria
