// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The rewriting of kernels. A kernel's body moves into a function that takes the thread first; an entry
// function unpacks the parameters for it.
#include "Instrument.h"

#include "Intrinsics.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/InlineAsm.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/IR/Verifier.h"

#include <fmt/format.h>

using namespace llvm;

namespace cria::gpusim {
namespace {

constexpr unsigned kSharedSpace = 3;

class KernelRewriter {
public:
  KernelRewriter(llvm::Module &module, Instrumented &out, const DenseMap<GlobalVariable *, uint64_t> &shared)
      : module(module), context(module.getContext()), out(out), shared(shared),
        pointer(PointerType::getUnqual(context)), u32(Type::getInt32Ty(context)),
        u64(Type::getInt64Ty(context)) {}

  bool rewrite(Function &kernel, std::string &error) {
    name = kernel.getName().str();
    out.kernels.push_back(infoOf(kernel));
    body = moveBody(kernel);
    addEntry(kernel);
    thread = body->getArg(0);
    SmallVector<Instruction *> own;
    for (Instruction &instruction : instructions(*body)) {
      own.push_back(&instruction);
    }
    replaceShared();
    for (Instruction *instruction : own) {
      if (!visit(*instruction, error)) {
        return false;
      }
    }
    return true;
  }

private:
  KernelInfo infoOf(Function &kernel) {
    KernelInfo info{.name = kernel.getName().str(), .numParameters = uint32_t(kernel.arg_size())};
    SmallVector<StringRef> extents;
    kernel.getFnAttribute("nvvm.maxntid").getValueAsString().split(extents, ',', -1, false);
    for (size_t i = 0; !extents.empty() && i < 3; ++i) {
      info.maxThreads[i] = 1;
      if (i < extents.size()) {
        extents[i].trim().getAsInteger(10, info.maxThreads[i]);
      }
    }
    return info;
  }

  Function *moveBody(Function &kernel) {
    SmallVector<Type *> types = {pointer};
    for (Argument &argument : kernel.args()) {
      types.push_back(argument.getType());
    }
    auto *type = FunctionType::get(Type::getVoidTy(context), types, false);
    auto *moved = Function::Create(type, GlobalValue::InternalLinkage, name + ".body", module);
    moved->splice(moved->begin(), &kernel);
    for (auto [index, argument] : llvm::enumerate(kernel.args())) {
      argument.replaceAllUsesWith(moved->getArg(unsigned(index) + 1));
    }
    return moved;
  }

  // void entry(Thread *thread, void *const *parameters)
  void addEntry(Function &kernel) {
    auto *type = FunctionType::get(Type::getVoidTy(context), {pointer, pointer}, false);
    auto *entry = Function::Create(type, GlobalValue::ExternalLinkage, entryName(name), module);
    IRBuilder<> b(BasicBlock::Create(context, "", entry));
    SmallVector<Value *> arguments = {entry->getArg(0)};
    for (Argument &argument : kernel.args()) {
      Value *slot = b.CreateConstGEP1_64(pointer, entry->getArg(1), argument.getArgNo());
      arguments.push_back(
          b.CreatePointerBitCastOrAddrSpaceCast(b.CreateLoad(pointer, slot), argument.getType()));
    }
    b.CreateCall(body, arguments);
    b.CreateRetVoid();
    kernel.eraseFromParent();
  }

  // Symbols of shared memory become places in the block's memory.
  void replaceShared() {
    IRBuilder<> b(&*body->getEntryBlock().getFirstInsertionPt());
    Value *field = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), thread, kSharedOffset);
    Value *base = b.CreateLoad(pointer, field);
    for (auto [symbol, offset] : shared) {
      Value *place = b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), base, offset);
      Value *cast = b.CreateAddrSpaceCast(place, symbol->getType());
      symbol->replaceUsesWithIf(cast, [&](Use &use) {
        auto *user = dyn_cast<Instruction>(use.getUser());
        return user && user->getFunction() == body;
      });
    }
  }

  bool visit(Instruction &instruction, std::string &error) {
    if (auto *load = dyn_cast<LoadInst>(&instruction)) {
      check(*load, load->getPointerOperand(), load->getType(), load->getAlign().value(), Access::Read);
    } else if (auto *store = dyn_cast<StoreInst>(&instruction)) {
      check(*store, store->getPointerOperand(), store->getValueOperand()->getType(),
            store->getAlign().value(), Access::Write);
    } else if (auto *call = dyn_cast<CallBase>(&instruction)) {
      return visitCall(*call, error);
    } else if (isa<AtomicRMWInst, AtomicCmpXchgInst>(&instruction)) {
      return refuse("the instruction '" + std::string(instruction.getOpcodeName()) + "'", error);
    }
    return true;
  }

  bool refuse(const std::string &what, std::string &error) {
    error = fmt::format("the simulator does not know {} used by kernel '{}'", what, name);
    return false;
  }

  bool visitCall(CallBase &call, std::string &error) {
    if (call.isInlineAsm()) {
      return refuse("inline assembly", error);
    }
    Function *callee = call.getCalledFunction();
    if (!callee || !callee->isIntrinsic()) {
      return refuse(callee ? "the function '" + callee->getName().str() + "'" : "an indirect call", error);
    }
    const Intrinsic *intrinsic = findIntrinsic(callee->getName());
    if (!intrinsic) {
      return refuse("the intrinsic '" + callee->getName().str() + "'", error);
    }
    if (intrinsic->treatment != Treatment::Host) {
      replace(call, *intrinsic);
    }
    return true;
  }

  Site &newSite(Instruction &instruction, StringRef siteName) {
    Site &site = *out.sites.emplace_back(std::make_unique<Site>());
    site.name = siteName.str();
    raw_string_ostream(site.instruction) << instruction;
    site.instruction = StringRef(site.instruction).trim().str();
    if (const DebugLoc &location = instruction.getDebugLoc()) {
      site.location = fmt::format("{}:{}", location->getFilename().str(), location.getLine());
    }
    return site;
  }

  Value *address(const void *host) {
    return ConstantExpr::getIntToPtr(ConstantInt::get(u64, reinterpret_cast<uint64_t>(host)), pointer);
  }

  CallInst *callHost(IRBuilder<> &b, StringRef function, Type *result, ArrayRef<Value *> arguments) {
    SmallVector<Type *> types;
    for (Value *argument : arguments) {
      types.push_back(argument->getType());
    }
    return b.CreateCall(module.getOrInsertFunction(function, FunctionType::get(result, types, false)),
                        arguments);
  }

  // The parameter that an address derives from.
  int32_t windowOf(Value *target) {
    auto *argument = dyn_cast<Argument>(getUnderlyingObject(target, 0));
    return argument && argument != thread ? int32_t(argument->getArgNo()) - 1 : -1;
  }

  void check(Instruction &instruction, Value *target, Type *type, uint64_t alignment, Access access) {
    if (isa<AllocaInst, GlobalVariable>(getUnderlyingObject(target, 0))) {
      return; // local memory, and constants of the module
    }
    Site &site = newSite(instruction, access == Access::Read ? "load" : "store");
    site.size = uint32_t(module.getDataLayout().getTypeStoreSize(type));
    site.alignment = uint32_t(alignment);
    site.access = access;
    site.window = windowOf(target);
    site.shared = target->getType()->getPointerAddressSpace() == kSharedSpace;
    IRBuilder<> b(&instruction);
    callHost(b, "cria_gpusim_access", b.getVoidTy(), {thread, address(&site), b.CreatePtrToInt(target, u64)});
  }

  void replace(CallBase &call, const Intrinsic &intrinsic) {
    IRBuilder<> b(&call);
    Value *result = nullptr;
    switch (intrinsic.treatment) {
    case Treatment::Host:
    case Treatment::Drop:
      break;
    case Treatment::Register:
      result = b.CreateLoad(u32, b.CreateConstInBoundsGEP1_64(b.getInt8Ty(), thread, intrinsic.argument));
      break;
    case Treatment::Constant:
      result = b.getInt32(intrinsic.argument);
      break;
    case Treatment::Collective:
      result = collective(b, call, intrinsic);
      break;
    case Treatment::Barrier:
      callHost(b, "cria_gpusim_barrier", b.getVoidTy(), {thread, address(&newSite(call, intrinsic.name))});
      break;
    case Treatment::CopyAsync:
      copyAsync(b, call, intrinsic.argument);
      break;
    case Treatment::CommitCopies:
      callHost(b, "cria_gpusim_commit", b.getVoidTy(), {thread});
      break;
    case Treatment::WaitCopies:
      callHost(b, "cria_gpusim_wait", b.getVoidTy(), {thread, call.getArgOperand(0)});
      break;
    case Treatment::WaitAllCopies:
      callHost(b, "cria_gpusim_commit", b.getVoidTy(), {thread});
      callHost(b, "cria_gpusim_wait", b.getVoidTy(), {thread, b.getInt32(0)});
      break;
    case Treatment::Function:
      result = callHost(b, intrinsic.function, call.getType(), {call.getArgOperand(0)});
      break;
    }
    if (result) {
      call.replaceAllUsesWith(result);
    }
    call.eraseFromParent();
  }

  void copyAsync(IRBuilder<> &b, CallBase &call, uint32_t bytes) {
    Site &site = newSite(call, "cp.async");
    site.size = bytes;
    site.window = windowOf(call.getArgOperand(1));
    callHost(b, "cria_gpusim_copy", b.getVoidTy(),
             {thread, address(&site), b.CreatePtrToInt(call.getArgOperand(0), u64),
              b.CreatePtrToInt(call.getArgOperand(1), u64)});
  }

  // Operands go to a slot on the stack, word by word; results come back from it.
  Value *collective(IRBuilder<> &b, CallBase &call, const Intrinsic &intrinsic) {
    IRBuilder<> atEntry(&*body->getEntryBlock().getFirstInsertionPt());
    AllocaInst *slot = atEntry.CreateAlloca(ArrayType::get(u32, kSlotWords));
    uint32_t word = 0;
    for (unsigned i = intrinsic.maskFirst ? 1 : 0; i < call.arg_size(); ++i) {
      Value *operand = call.getArgOperand(i);
      Value *plain = operand->getType()->isPointerTy()    ? b.CreatePtrToInt(operand, u64)
                     : operand->getType()->isIntegerTy(1) ? b.CreateZExt(operand, u32)
                                                          : operand;
      b.CreateStore(plain, b.CreateConstInBoundsGEP1_64(u32, slot, word));
      word += uint32_t(module.getDataLayout().getTypeStoreSize(plain->getType()) + 3) / 4;
    }
    Site &site = newSite(call, call.getCalledFunction()->getName());
    site.collective = intrinsic.collective;
    site.argument = intrinsic.argument;
    site.size = 16; // of a row of ldmatrix
    site.shared = intrinsic.collective == Collective::LoadMatrix;
    Value *mask = intrinsic.maskFirst ? call.getArgOperand(0) : b.getInt32(~0u);
    callHost(b, "cria_gpusim_collective", b.getVoidTy(), {thread, address(&site), slot, mask});
    return result(b, call.getType(), slot);
  }

  Value *result(IRBuilder<> &b, Type *type, Value *slot) {
    Value *place = b.CreateConstInBoundsGEP1_64(u32, slot, kResultWord);
    if (type->isVoidTy()) {
      return nullptr;
    }
    if (type->isIntegerTy(1)) {
      return b.CreateTrunc(b.CreateLoad(u32, place), type);
    }
    return b.CreateLoad(type, place);
  }

  llvm::Module &module;
  LLVMContext &context;
  Instrumented &out;
  const DenseMap<GlobalVariable *, uint64_t> &shared;
  PointerType *pointer;
  Type *u32, *u64;
  std::string name;
  Function *body = nullptr;
  Value *thread = nullptr;
};

// Static symbols get places one after the other; the dynamic one begins behind them.
DenseMap<GlobalVariable *, uint64_t> placeShared(llvm::Module &module, uint64_t &staticBytes) {
  DenseMap<GlobalVariable *, uint64_t> places;
  SmallVector<GlobalVariable *> dynamic;
  staticBytes = 0;
  for (GlobalVariable &symbol : module.globals()) {
    if (symbol.getAddressSpace() != kSharedSpace) {
      continue;
    }
    if (symbol.isDeclaration()) {
      dynamic.push_back(&symbol);
      continue;
    }
    staticBytes = alignTo(staticBytes, symbol.getAlign().valueOrOne());
    places[&symbol] = staticBytes;
    staticBytes += module.getDataLayout().getTypeAllocSize(symbol.getValueType());
  }
  constexpr uint64_t kDynamicAlignment = 128;
  staticBytes = staticBytes == 0 ? 0 : alignTo(staticBytes, kDynamicAlignment);
  for (GlobalVariable *symbol : dynamic) {
    places[symbol] = staticBytes;
  }
  return places;
}

} // namespace

std::string entryName(StringRef kernel) { return ("gpusim." + kernel).str(); }

bool instrument(llvm::Module &module, Instrumented &out, std::string &error) {
  uint64_t staticBytes = 0;
  DenseMap<GlobalVariable *, uint64_t> shared = placeShared(module, staticBytes);
  SmallVector<Constant *> symbols;
  for (auto [symbol, place] : shared) {
    symbols.push_back(symbol);
  }
  convertUsersOfConstantsToInstructions(symbols);
  SmallVector<Function *> kernels;
  for (Function &function : module) {
    if (function.getCallingConv() == CallingConv::PTX_Kernel && !function.isDeclaration()) {
      kernels.push_back(&function);
    }
  }
  for (Function *kernel : kernels) {
    if (!KernelRewriter(module, out, shared).rewrite(*kernel, error)) {
      return false;
    }
    out.kernels.back().staticSharedBytes = staticBytes;
  }
  for (auto [symbol, place] : shared) {
    symbol->eraseFromParent();
  }
  raw_string_ostream stream(error);
  return !verifyModule(module, &stream);
}

} // namespace cria::gpusim
