// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers each llama op to one dispatch of the opset.

#include "passes/targets/ops/OpsTarget.h"

#include "passes/Passes.h"
#include "passes/targets/ops/OpsLowering.h"
#include "passes/targets/ops/OpsetVersion.h"

#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria {
namespace {

/// An op of the opset by name. A name that the table lacks does not compile.
consteval const opset::Op &opNamed(std::string_view name) { return *opset::find(name); }

OperandSource sourceOf(Value value) { return value ? OperandSource(value) : OperandSource(); }

LogicalResult lower(llama::FusedLinearOp op, OpsLowering lowering) {
  return lowering.lower(
      op, {op.getInput(), op.getWeight(), sourceOf(op.getNormWeight()), sourceOf(op.getResidual())});
}

LogicalResult lower(llama::RopeAttentionOp op, OpsLowering lowering, DispatchBuilder &builder) {
  SmallVector<OperandSource> sources;
  for (const View &projection : builder.projections(op)) {
    sources.push_back(projection);
  }
  const Value others[] = {op.getTable(), op.getPositions(),      op.getSequences(),
                          op.getSlots(), op.getSequenceStarts(), op.getBlockTable()};
  sources.append(std::begin(others), std::end(others));
  return lowering.lower(op, sources);
}

class OpsTarget : public Target {
public:
  explicit OpsTarget(OpsCapabilities capabilities) : backend_(std::move(capabilities)) {}

  std::string name() const override { return "ops"; }
  std::string format() const override { return "cria.ops.v1"; }
  std::string features(StringRef) const override { return ""; }
  uint32_t abiVersion(const Program &program) const override { return opsetVersionOf(program); }
  std::string codeExtension() const override { return ""; }

  bool takesCache(ElementType) const override { return true; }
  bool takesFormat(WeightFormat) const override { return true; } // as row_major arrays
  std::vector<ActivationClass> activationsFor(WeightFormat format) const override {
    std::vector<ActivationClass> classes;
    for (size_t i = 0; i < kActivationClasses.size(); ++i) {
      bool isKnown = opset::findAttribute(opNamed("linear"), "activations", kActivationClasses[i]) != nullptr;
      if (isKnown && multiplies(ActivationClass(i), traitsOf(format))) {
        classes.push_back(ActivationClass(i));
      }
    }
    return classes;
  }
  int64_t pageTokens() const override { return kOpsPageTokens; }
  int64_t pageBytes(llama::KvCacheType cache) const override {
    return cache.getLayers() * opsLayerBytes(cache);
  }

  // Decomposes the fused ops whose parts the backend does not support.
  void addPreparePasses(OpPassManager &manager, func::FuncOp entry) const override {
    DecomposeFusedOpsPassOptions options;
    options.functions = {entry.getName().str()};
    for (llama::FusedPart part : {llama::FusedPart::residual, llama::FusedPart::activation,
                                  llama::FusedPart::norm, llama::FusedPart::rope_attention}) {
      if ((backend_.parts & part) == llama::FusedPart::none) {
        options.parts.push_back(part);
      }
    }
    if (!options.parts.empty()) {
      manager.addPass(createDecomposeFusedOpsPass(options));
      manager.addPass(createCSEPass()); // one norm for linears of one input
    }
  }

  LogicalResult emitDispatches(Operation *op, DispatchBuilder &builder) const override {
    OpsLowering lowering(builder, backend_, op->getLoc());
    return llvm::TypeSwitch<Operation *, LogicalResult>(op)
        .Case<llama::FusedLinearOp>([&](auto linear) { return lower(linear, lowering); })
        .Case<llama::RopeAttentionOp>([&](auto attention) { return lower(attention, lowering, builder); })
        .Default([&](Operation *other) { return lowering.lower(other); });
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &, const View &constants,
                               DispatchBuilder &builder) const override {
    return lowering(builder).fill(opNamed("fill_random"), {constants}, weight);
  }
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override {
    return lowering(builder).fill(opNamed("fill_ones"), {}, weight);
  }

  FailureOr<TargetCode> emitCode(ModuleOp, CodeStage) const override { return TargetCode(); }

private:
  OpsLowering lowering(DispatchBuilder &builder) const {
    return {builder, backend_, UnknownLoc::get(builder.context())};
  }

  OpsCapabilities backend_;
};

} // namespace

std::unique_ptr<Target> createOpsTarget(OpsCapabilities capabilities) {
  return std::make_unique<OpsTarget>(std::move(capabilities));
}

} // namespace cria
