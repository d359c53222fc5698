// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Converts prepared entry points to a program: walks the ops of each in order, and the target adds their
// dispatches.

#include "format/StepFields.h"
#include "passes/conversion/Conversion.h"
#include "passes/conversion/Initialize.h"
#include "passes/conversion/TargetOption.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace cria {

#define GEN_PASS_DEF_FORMDISPATCHESPASS
#include "passes/Passes.h.inc"

namespace {

using llama::KvCacheType;
using llama::LlamaDialect;

/// The arguments are the arrays of the step as i32 tensors, then the cache.
LogicalResult checkArguments(func::FuncOp entry) {
  bool ok = entry.getNumArguments() == kNumForwardArguments && entry.getNumResults() == 1 &&
            isa<KvCacheType>(entry.getArgumentTypes().back());
  for (unsigned i = 0; ok && i < kNumStepArrays; ++i) {
    auto type = dyn_cast<RankedTensorType>(entry.getArgumentTypes()[i]);
    ok = type && type.getElementType().isInteger(32) && type.getRank() == rankOf(stepArray(i));
  }
  if (ok) {
    return success();
  }
  return entry.emitError() << "expected entry point '" << entry.getSymName()
                           << "' to take the arguments of the forward contract and"
                           << " to return the logits, got " << entry.getFunctionType();
}

/// The functions of the module; verifies that each is an entry point with the arguments of the forward
/// contract, and that all have the same cache type.
FailureOr<SmallVector<func::FuncOp>> collectEntries(ModuleOp module) {
  SmallVector<func::FuncOp> entries(module.getOps<func::FuncOp>());
  if (entries.empty()) {
    return module.emitError() << "expected at least one entry point";
  }
  for (func::FuncOp entry : entries) {
    if (!entry->hasAttrOfType<IntegerAttr>(LlamaDialect::kMaxTokensAttrName) ||
        !entry->hasAttrOfType<IntegerAttr>(LlamaDialect::kMinTokensAttrName)) {
      return entry.emitError()
             << "expected function '" << entry.getSymName()
             << "' to state 'llama.min_tokens' and 'llama.max_tokens': run llama-specialize-entries first";
    }
    if (failed(checkArguments(entry))) {
      return failure();
    }
    if (!entry.getBody().hasOneBlock() || !isa<func::ReturnOp>(entry.getBody().front().back())) {
      return entry.emitError() << "expected entry point '" << entry.getSymName()
                               << "' to have a body of one block that ends in a return";
    }
    if (entry.getArgumentTypes().back() != entries.front().getArgumentTypes().back()) {
      return entry.emitError() << "expected all entry points to have the same cache type, got "
                               << entry.getArgumentTypes().back() << " and "
                               << entries.front().getArgumentTypes().back();
    }
  }
  return entries;
}

int64_t tokensAttr(func::FuncOp entry, StringRef name) {
  return entry->getAttrOfType<IntegerAttr>(name).getInt();
}

/// Lowers each op that computes; views are created when an op uses them.
bool isView(Operation &op) { return isa<llama::UseWeightOp, llama::SplitOp, func::ReturnOp>(op); }

LogicalResult checkReturn(func::FuncOp function) {
  auto returned = cast<func::ReturnOp>(function.getBody().front().getTerminator());
  Operation *producer = returned.getOperand(0).getDefiningOp();
  if (producer && !isView(*producer)) {
    return success();
  }
  return returned.emitError() << "expected entry point '" << function.getSymName()
                              << "' to return the result of an op that computes, not an argument or a slice";
}

LogicalResult emitEntry(func::FuncOp function, const Target &target, ProgramBuilder &program) {
  int64_t maxTokens = tokensAttr(function, LlamaDialect::kMaxTokensAttrName);
  if (maxTokens > program.limits().getMaxTokens()) {
    return function.emitError() << "entry point '" << function.getSymName() << "' takes up to " << maxTokens
                                << " rows, expected at most max_tokens = " << program.limits().getMaxTokens();
  }
  if (failed(checkReturn(function))) {
    return failure();
  }
  auto entry = program.addEntry(function.getLoc(), function.getSymName(),
                                tokensAttr(function, LlamaDialect::kMinTokensAttrName), maxTokens);
  DispatchBuilder builder(program, entry);
  for (Operation &op : function.getBody().front()) {
    if (isView(op)) {
      continue;
    }
    builder.setLocation(op.getLoc());
    if (failed(target.emitDispatches(&op, builder)) || builder.hasFailed()) {
      return failure();
    }
  }
  return success();
}

struct FormDispatches : impl::FormDispatchesPassBase<FormDispatches> {
  using FormDispatchesPassBase::FormDispatchesPassBase;
  FormDispatches(const Target &target, FormDispatchesPassOptions options)
      : FormDispatchesPassBase(std::move(options)), target_(target) {}

  LogicalResult initialize(MLIRContext *mlirContext) override { return target_.resolve(mlirContext, target); }
  void getDependentDialects(DialectRegistry &registry) const override {
    FormDispatchesPassBase::getDependentDialects(registry);
    // The dialects of kernels.
    registry.insert<arith::ArithDialect, func::FuncDialect, math::MathDialect, memref::MemRefDialect,
                    scf::SCFDialect, vector::VectorDialect>();
    registerKernelDialects(registry);
  }

  void runOnOperation() override {
    if (failed(form(getOperation()))) {
      signalPassFailure();
    }
  }

private:
  FailureOr<program::LimitsAttr> makeLimits(ModuleOp module);
  LogicalResult form(ModuleOp module);

  TargetOption target_;
};

FailureOr<program::LimitsAttr> FormDispatches::makeLimits(ModuleOp module) {
  llama::ConfigAttr config = llama::getConfig(module);
  int64_t positions = context != 0 || !config ? int64_t(context) : config.getContextLength();
  if (positions < 1) {
    return module.emitError() << "expected option 'context' or the module's 'llama.config' to state a "
                                 "context of at least 1, got "
                              << positions;
  }
  if (config && positions > config.getContextLength()) {
    return module.emitError() << "expected option 'context' to be at most the model's "
                              << config.getContextLength() << ", got " << positions;
  }
  int64_t tokens = std::min<int64_t>(maxTokens, positions);
  int64_t outputs = maxOutputs == 0 ? tokens : std::min<int64_t>(maxOutputs, tokens);
  int64_t pages = llvm::divideCeil(positions, target_->pageTokens());
  auto emitError = [&] { return module.emitError() << "limits of the program: "; };
  auto limits = program::LimitsAttr::getChecked(emitError, &getContext(), tokens, int64_t(maxSequences),
                                                outputs, pages, positions);
  if (!limits) {
    return failure();
  }
  return limits;
}

LogicalResult FormDispatches::form(ModuleOp module) {
  FailureOr<SmallVector<func::FuncOp>> entries = collectEntries(module);
  FailureOr<program::LimitsAttr> limits = makeLimits(module);
  if (failed(entries) || failed(limits)) {
    return failure();
  }
  auto cache = cast<KvCacheType>(entries->front().getArgumentTypes().back());
  auto kv = program::KvAttr::get(&getContext(), target_->pageTokens(), target_->pageBytes(cache),
                                 cache.getElementType());
  ProgramBuilder program(module, target_->name(), *limits, kv);
  for (func::FuncOp entry : *entries) {
    if (failed(emitEntry(entry, *target_, program))) {
      return failure();
    }
  }
  if (failed(emitInitialize(*target_, program))) {
    return failure();
  }
  for (Operation &op : llvm::make_early_inc_range(*module.getBody())) {
    if (isa<func::FuncOp, llama::WeightOp>(op)) {
      op.erase();
    }
  }
  program.finish();
  numKernels += llvm::range_size(module.getOps<program::KernelOp>());
  module.walk([&](program::DispatchOp) { ++numDispatches; });
  return success();
}

} // namespace

std::unique_ptr<Pass> createFormDispatchesPass(const Target &target, FormDispatchesPassOptions options) {
  return std::make_unique<FormDispatches>(target, std::move(options));
}

} // namespace cria
