// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Creates the entry points of a program: clones of @forward for one row, a few rows and many rows, so that a
// target can choose kernels for each.

#include "format/StepFields.h"
#include "ir/LlamaShapes.h"
#include "passes/Passes.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/InferTypeOpInterface.h"

namespace cria {
#define GEN_PASS_DEF_SPECIALIZEENTRIESPASS
#include "passes/Passes.h.inc"
} // namespace cria

using namespace mlir;
using namespace cria::llama;

namespace {
struct Entry {
  StringRef name;
  int64_t minTokens, maxTokens;
};
} // namespace

static bool isIndices(Type type, int64_t rank) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.getRank() == rank && tensor.getElementType().isInteger(32);
}

/// The arguments of the forward contract and one result, the logits.
static LogicalResult checkForward(func::FuncOp forward) {
  FunctionType type = forward.getFunctionType();
  if (type.getNumInputs() != cria::kNumForwardArguments || type.getNumResults() != 1 ||
      forward.isExternal()) {
    return forward.emitOpError("expected the ")
           << cria::kNumForwardArguments
           << " arguments of the forward contract, one result and a body, got type " << type;
  }
  for (auto [index, input] : llvm::enumerate(type.getInputs())) {
    bool expected = index < cria::kNumStepArrays ? isIndices(input, rankOf(cria::stepArray(index)))
                                                 : isa<KvCacheType>(input);
    if (!expected) {
      return forward.emitOpError("expected argument ")
             << index << " as the forward contract has it, got " << input;
    }
  }
  return success();
}

/// The result type of a fused linear is set here from the rows of its input; the other ops infer theirs.
static LogicalResult updateResultTypes(Operation *op) {
  if (auto linear = dyn_cast<FusedLinearOp>(op)) {
    linear.getOutput().setType(rowsType(linear.getInput().getType(), linear.getType().getDimSize(1)));
    return success();
  }
  auto inferrable = dyn_cast<InferTypeOpInterface>(op);
  if (!inferrable) {
    return success();
  }
  SmallVector<Type> types;
  if (failed(inferrable.inferReturnTypes(op->getContext(), op->getLoc(), op->getOperands(),
                                         op->getDiscardableAttrDictionary(), op->getPropertiesStorage(),
                                         op->getRegions(), types))) {
    return failure();
  }
  for (auto [result, type] : llvm::zip_equal(op->getResults(), types)) {
    result.setType(type);
  }
  return success();
}

/// Sets the number of rows of every value with T rows to one.
static LogicalResult makeSingleRow(func::FuncOp entry) {
  Block &body = entry.getBody().front();
  for (unsigned index = 0; index < cria::kNumStepArrays; ++index) {
    if (cria::stepArray(index).rows == cria::ExtentKind::tokens) {
      body.getArgument(index).setType(RankedTensorType::get({1}, IntegerType::get(entry.getContext(), 32)));
    }
  }
  for (Operation &op : body) {
    if (failed(updateResultTypes(&op))) {
      return failure();
    }
  }
  entry.setType(FunctionType::get(entry.getContext(), body.getArgumentTypes(),
                                  body.getTerminator()->getOperandTypes()));
  return success();
}

namespace {
struct SpecializeEntriesPass : cria::impl::SpecializeEntriesPassBase<SpecializeEntriesPass> {
  using SpecializeEntriesPassBase::SpecializeEntriesPassBase;

  void runOnOperation() override {
    auto forward = getOperation().lookupSymbol<func::FuncOp>("forward");
    if (!forward) {
      getOperation().emitError("expected a function @forward to specialize, found none");
      return signalPassFailure();
    }
    if (failed(checkOptions()) || failed(checkForward(forward))) {
      return signalPassFailure();
    }
    for (const Entry &entry : entries()) {
      if (failed(makeEntry(forward, entry))) {
        return signalPassFailure();
      }
    }
    forward.erase();
  }

private:
  LogicalResult checkOptions() {
    if (maxTokens < 1 || smallTokens < 0) {
      return getOperation().emitError(
                 "expected max-tokens of at least 1 and small-tokens of at least 0, got ")
             << maxTokens.getValue() << " and " << smallTokens.getValue();
    }
    return success();
  }

  SmallVector<Entry> entries() {
    SmallVector<Entry> all{{"decode", 1, 1}};
    int64_t small = std::min<int64_t>(smallTokens, maxTokens);
    if (small >= 2) {
      all.push_back({"small", 2, small});
    }
    all.push_back({"prefill", 1, maxTokens});
    return all;
  }

  LogicalResult makeEntry(func::FuncOp forward, const Entry &entry) {
    if (Operation *taken = getOperation().lookupSymbol(entry.name)) {
      return taken->emitError("expected the name '") << entry.name << "' to be free for an entry point";
    }
    OpBuilder builder(forward);
    auto clone = cast<func::FuncOp>(builder.clone(*forward));
    clone.setName(entry.name);
    clone->setAttr(LlamaDialect::kMinTokensAttrName, builder.getI64IntegerAttr(entry.minTokens));
    clone->setAttr(LlamaDialect::kMaxTokensAttrName, builder.getI64IntegerAttr(entry.maxTokens));
    return entry.maxTokens == 1 && entry.name == "decode" ? makeSingleRow(clone) : success();
  }
};
} // namespace
