// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Runs the target's preparation passes for each entry point, refuses weights in a format that the target does
// not take, and assigns every weight the layout in which the target holds it.

#include "format/KvType.h"
#include "ir/ElementTypes.h"
#include "passes/conversion/Conversion.h"
#include "passes/conversion/TargetOption.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace cria {

#define GEN_PASS_DEF_PREPAREPASS
#include "passes/Passes.h.inc"

namespace {

using UsesByWeight = llvm::StringMap<SmallVector<llama::UseWeightOp>>;

UsesByWeight collectUses(ModuleOp module) {
  UsesByWeight uses;
  module.walk([&](llama::UseWeightOp use) { uses[use.getName()].push_back(use); });
  return uses;
}

void chooseLayout(llama::WeightOp weight, ArrayRef<llama::UseWeightOp> uses, const Target &target) {
  SmallVector<Operation *> users;
  for (llama::UseWeightOp use : uses) {
    llvm::append_range(users, use->getUsers());
  }
  llama::WeightType type = weight.getWeightType().withLayout(target.weightLayout(weight, users));
  weight.setType(type);
  for (llama::UseWeightOp use : uses) {
    use.getResult().setType(type);
  }
}

LogicalResult checkFormats(ModuleOp module, const Target &target) {
  llama::WeightOp first;
  llvm::SmallSetVector<StringRef, 4> refused;
  for (auto weight : module.getOps<llama::WeightOp>()) {
    WeightFormat format = weight.getWeightType().getFormat();
    if (!target.takesFormat(format)) {
      first = first ? first : weight;
      refused.insert(nameOf(format));
    }
  }
  if (refused.empty()) {
    return success();
  }
  SmallVector<StringRef> taken;
  for (size_t i = 0; i < numWeightFormats(); ++i) {
    if (target.takesFormat(WeightFormat(i))) {
      taken.push_back(nameOf(WeightFormat(i)));
    }
  }
  StringRef last = taken.pop_back_val(); // every target takes dense weights
  return first.emitError() << "target '" << target.name() << "' has no kernels for weights in format "
                           << llvm::join(refused.getArrayRef(), ", ")
                           << "; compile with --target cpu or ops, or with --weights "
                           << llvm::join(taken, ", ") << (taken.empty() ? "" : " or ") << last;
}

/// Checks the cache of the entry points, which all have the same.
LogicalResult checkCache(ModuleOp module, const Target &target) {
  for (auto entry : module.getOps<func::FuncOp>()) {
    for (Type type : entry.getArgumentTypes()) {
      auto cache = dyn_cast<llama::KvCacheType>(type);
      ElementType element = cache ? elementTypeOf(cache.getElementType()) : ElementType::f32;
      if (!target.takesCache(element)) {
        return entry.emitError() << "target '" << target.name()
                                 << "' keeps the KV cache in f16 or f32, not in "
                                 << StringRef(kvTypeNameOf(element))
                                 << "; compile with --target cpu or ops, or with --kv f16";
      }
    }
  }
  return success();
}

struct Prepare : impl::PreparePassBase<Prepare> {
  using PreparePassBase::PreparePassBase;
  explicit Prepare(const Target &target) : target_(target) {}

  LogicalResult initialize(MLIRContext *context) override { return target_.resolve(context, target); }

  void runOnOperation() override {
    ModuleOp module = getOperation();
    for (auto entry : llvm::to_vector(module.getOps<func::FuncOp>())) {
      OpPassManager manager(ModuleOp::getOperationName());
      target_->addPreparePasses(manager, entry);
      if (failed(runPipeline(manager, module))) {
        return signalPassFailure();
      }
    }
    UsesByWeight uses = collectUses(module);
    if (failed(checkFormats(module, *target_)) || failed(checkCache(module, *target_))) {
      return signalPassFailure();
    }
    for (auto weight : module.getOps<llama::WeightOp>()) {
      chooseLayout(weight, uses.lookup(weight.getSymName()), *target_);
    }
  }

private:
  TargetOption target_;
};

} // namespace

std::unique_ptr<Pass> createPreparePass(const Target &target) { return std::make_unique<Prepare>(target); }

} // namespace cria
