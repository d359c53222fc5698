// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The cpu target: the choice of kernels and grids for each op, and the Target interface.
#include "passes/targets/cpu/CpuTarget.h"

#include "passes/Passes.h"
#include "passes/codegen/ObjectCode.h"
#include "passes/targets/OpLowering.h"
#include "passes/targets/cpu/Kernels.h"
#include "plugins/api/kernel_abi.h"

#include "mlir/Transforms/Passes.h"

using namespace mlir;

namespace cria {

using program::Access;

namespace {

/// The most rows of an entry point whose attention is split over the context. More rows give threads enough
/// to do, and the results of segments take memory for each row.
constexpr int64_t kMaxSplitRows = 8;

/// Lowers one op to kernels of the cpu.
class CpuLowering : public OpLowering {
public:
  CpuLowering(const cpu::Isa &isa, Operation *op, DispatchBuilder &builder)
      : OpLowering(op, builder), isa_(isa) {}

private:
  Kernel kernel(const ElementwiseSpec &spec) const override {
    return kernelOf(spec, {}, cpu::emitElementwise);
  }
  Kernel kernel(const NormSpec &spec) const override { return kernelOf(spec, {}, cpu::emitNorm); }
  Kernel kernel(const RopeSpec &spec) const override { return kernelOf(spec, {}, cpu::emitRope); }
  Kernel kernel(const KvAppendSpec &spec) const override {
    return kernelOf(spec, {.scratchBytes = cpu::scratchBytesOf(spec)}, cpu::emitKvAppend);
  }
  int64_t headElements(const KvCacheSpec &kv) const override { return cpu::KvLayout{kv}.headElements(); }
  LogicalResult lowerOp(llama::EmbeddingOp op) override;
  LogicalResult lowerOp(llama::GatherRowsOp op) override;
  LogicalResult lowerOp(llama::RmsNormOp op) override;
  LogicalResult lowerLinear(const Linear &linear) override;
  template <typename Spec>
  FailureOr<View> packedRows(Value value, const Spec &spec, Type word, void (*emit)(ModuleOp, const Spec &));
  FailureOr<View> packedNorm(llama::RmsNormOp norm, const cpu::PackRowsSpec &packing);
  FailureOr<View> inputOf(Value value, const cpu::LinearSpec &spec);
  LogicalResult lowerAttention(const Attention &attention) override;
  LogicalResult splitAttention(const Attention &attention, cpu::AttentionSpec spec);
  Kernel attentionKernel(const cpu::AttentionSpec &spec) const;
  Operands attentionOperands(const Attention &attention, const cpu::AttentionSpec &spec);

  const cpu::Isa &isa_;
};

LogicalResult CpuLowering::lowerOp(llama::EmbeddingOp op) {
  WeightView table = builder_.weight(op.getTable());
  View output = view(op.getOutput());
  cpu::EmbeddingSpec spec{.width = output.columns(),
                          .table = table.logical.getFormat(),
                          .panels = table.logical.getLayout() == llama::WeightLayout::panel16,
                          .outputStride = output.strides.front()};
  auto emit = [&isa = isa_](ModuleOp kernels, const cpu::EmbeddingSpec &spec) {
    cpu::emitEmbedding(kernels, isa, spec);
  };
  return dispatch(
      kernelOf(spec, {.scratchBytes = spec.scratchBytes()}, emit), gridOverRows(output),
      operands().read("tokens", op.getTokens()).weight("table", op.getTable()).write("output", output));
}

LogicalResult CpuLowering::lowerOp(llama::GatherRowsOp op) {
  View output = view(op.getOutput());
  cpu::GatherSpec spec{.width = output.columns(),
                       .inputStride = strideOf(op.getInput()),
                       .outputStride = output.strides.front()};
  return dispatch(kernelOf(spec, {}, cpu::emitGather), gridOverRows(output),
                  operands().read("input", op.getInput()).read("rows", op.getRows()).write("output", output));
}

/// The rows of a value as a kernel of `spec` packs them; linears of one value share the packing.
template <typename Spec>
FailureOr<View> CpuLowering::packedRows(Value value, const Spec &spec, Type word,
                                        void (*emit)(ModuleOp, const Spec &)) {
  View rows = view(value);
  auto [packed, isNew] = builder_.derived(
      value, spec.name(), [&] { return builder_.temporary("packed", word, {rows.rows(), spec.words()}); });
  if (isNew && failed(dispatch(kernelOf(spec, {}, emit), gridOverRows(rows),
                               operands().read("input", rows).write("output", packed)))) {
    return failure();
  }
  return packed;
}

/// Whether a value is only the input of linears that read packed rows.
bool isOnlyPacked(Value value) {
  return llvm::all_of(value.getUses(), [](OpOperand &use) {
    Operation *user = use.getOwner();
    Value weight;
    if (auto linear = dyn_cast<llama::LinearOp>(user)) {
      weight = linear.getWeight();
    } else if (auto fused = dyn_cast<llama::FusedLinearOp>(user); fused && use.get() != fused.getResidual()) {
      weight = fused.getWeight();
    }
    return weight && !isDense(cast<llama::WeightType>(weight.getType()).getFormat());
  });
}

/// A norm is computed where its rows are packed if nothing else reads them.
LogicalResult CpuLowering::lowerOp(llama::RmsNormOp op) {
  return isOnlyPacked(op.getOutput()) ? success() : OpLowering::lowerOp(op);
}

FailureOr<View> CpuLowering::packedNorm(llama::RmsNormOp norm, const cpu::PackRowsSpec &packing) {
  const View rows = view(norm.getInput());
  cpu::NormPackSpec spec{.norm = {.width = rows.columns(),
                                  .epsilon = norm.getEpsilon().convertToFloat(),
                                  .inputStride = rows.strides.front()},
                         .packing = packing};
  auto [packed, isNew] = builder_.derived(norm.getOutput(), spec.name(), [&] {
    return builder_.temporary("packed", Builder(builder_.context()).getI32Type(),
                              {rows.rows(), packing.words()});
  });
  if (isNew &&
      failed(dispatch(
          kernelOf(spec, {.scratchBytes = spec.scratchBytes()}, cpu::emitNormPack), gridOverRows(rows),
          operands().read("input", rows).weight("weight", norm.getWeight()).write("output", packed)))) {
    return failure();
  }
  return packed;
}

/// The rows of `value` in the class of the linear.
FailureOr<View> CpuLowering::inputOf(Value value, const cpu::LinearSpec &spec) {
  Builder types(builder_.context());
  if (!isDense(spec.weight)) {
    auto norm = value.getDefiningOp<llama::RmsNormOp>();
    const WeightFormatTraits &format = traitsOf(spec.weight);
    return norm && isOnlyPacked(value)
               ? packedNorm(norm, cpu::packingFor(isa_, format, spec.inputs))
               : packedRows(value, cpu::packingFor(isa_, format, spec.inputs, strideOf(value)),
                            types.getI32Type(), cpu::emitPackRows);
  }
  View rows = view(value);
  if (spec.hasBfloatInputs()) {
    const cpu::PackBfloatSpec packing{
        .columns = rows.columns(), .pairs = isa_.dotBfloat, .inputStride = rows.strides.front()};
    return packedRows(value, packing, types.getF32Type(), cpu::emitPackBfloat);
  }
  return rows;
}

LogicalResult CpuLowering::lowerLinear(const Linear &linear) {
  if (linear.normWeight) {
    return op_->emitOpError("fused norm must be decomposed before lowering to this target");
  }
  View output = view(linear.output);
  cpu::LinearSpec spec = {};
  describe(linear, spec);
  spec.weight = builder_.weight(linear.weight).logical.getFormat();
  spec.singleRow = hasOneRow(linear.output);
  spec.activations = linear.activations;
  FailureOr<View> input = inputOf(linear.input, spec);
  if (failed(input)) {
    return failure();
  }
  spec.inputStride = isDense(spec.weight) ? input->strides.front() : 0;
  Operands bound = operands().read("input", *input).weight("weight", linear.weight);
  if (linear.residual) {
    bound.read("residual", linear.residual);
  }
  bound.write("output", output);
  if (!spec.singleRow) {
    bound.read("step", builder_.stepHeader());
  }
  GridDim rows = gridOverRows(output, spec.rowsPerWorkgroup());
  auto emit = [&isa = isa_](ModuleOp kernels, const cpu::LinearSpec &spec) {
    cpu::emitLinear(kernels, isa, spec);
  };
  return dispatch(kernelOf(spec, {.scratchBytes = spec.scratchBytes()}, emit),
                  {{.times = spec.groups()}, rows}, bound);
}

LogicalResult CpuLowering::lowerAttention(const Attention &attention) {
  cpu::AttentionSpec spec{.kv = {attention.kv},
                          .heads = attention.heads,
                          .scale = attention.scale,
                          .maxPages = attention.maxPages,
                          .singleRow = attention.output.rows() == 1,
                          .queryStride = attention.query.strides.front(),
                          .outputStride = attention.output.strides.front()};
  const bool hasFewRows = spec.rowBlock() == 1 && builder_.maxTokens() <= kMaxSplitRows;
  if (hasFewRows && spec.segments() > 1) {
    return splitAttention(attention, spec);
  }
  return dispatch(attentionKernel(spec),
                  {gridOverRows(attention.output, spec.rowBlock()), {.times = spec.tiles()}},
                  attentionOperands(attention, spec).write("output", attention.output));
}

LogicalResult CpuLowering::splitAttention(const Attention &attention, cpu::AttentionSpec spec) {
  const View partial =
      builder_.temporary("partial", attention.output.type,
                         {attention.output.rows(), spec.tiles(), spec.segments(), spec.resultSize()});
  const GridDim rows = gridOverRows(attention.output), tiles = {.times = spec.tiles()};
  spec.part = cpu::AttentionSpec::Part::segments;
  if (failed(dispatch(attentionKernel(spec), {{.times = spec.splits()}, tiles, rows},
                      attentionOperands(attention, spec).write("partial", partial)))) {
    return failure();
  }
  spec.part = cpu::AttentionSpec::Part::merge;
  return dispatch(attentionKernel(spec), {rows, tiles},
                  operands()
                      .read("partial", partial)
                      .read("positions", attention.positions)
                      .read("sequences", attention.sequences)
                      .write("output", attention.output));
}

Kernel CpuLowering::attentionKernel(const cpu::AttentionSpec &spec) const {
  auto emit = [&isa = isa_](ModuleOp kernels, const cpu::AttentionSpec &spec) {
    cpu::emitAttention(kernels, isa, spec);
  };
  return kernelOf(spec, {.scratchBytes = spec.scratchBytes()}, emit);
}

/// What kernels that read the cache read.
Operands CpuLowering::attentionOperands(const Attention &attention, const cpu::AttentionSpec &spec) {
  Operands bound = operands()
                       .read("query", attention.query)
                       .read("positions", attention.positions)
                       .read("sequences", attention.sequences)
                       .read("block_table", attention.blockTable)
                       .read("cache", attention.cache);
  if (attention.scales) {
    bound.read("cache.scales", *attention.scales);
  }
  if (spec.rowBlock() > 1) {
    bound.read("step", builder_.stepHeader());
  }
  return bound;
}

//===----------------------------------------------------------------------------------------------------===//
// The target
//===----------------------------------------------------------------------------------------------------===//

class CpuTarget : public Target {
public:
  explicit CpuTarget(const cpu::Isa &isa) : isa_(isa) {}

  std::string name() const override { return ("cpu-" + isa_.name).str(); }
  std::string format() const override { return isa_.format.str(); }
  std::string features(StringRef) const override { return isa_.name.str(); }
  uint32_t abiVersion(const Program &) const override { return CRIA_KERNEL_ABI_VERSION; }
  std::string codeExtension() const override { return ".so"; }

  bool takesCache(ElementType) const override { return true; }
  bool takesFormat(WeightFormat format) const override {
    return isDense(format) || (isa_.codes && hasPanelBlocks(traitsOf(format)));
  }
  std::vector<ActivationClass> activationsFor(WeightFormat format) const override {
    const WeightFormatTraits &traits = traitsOf(format);
    return multiplies(ActivationClass::bf16, traits)
               ? std::vector{ActivationClass::f32, ActivationClass::bf16}
               : std::vector{isDense(traits) ? ActivationClass::f32 : ActivationClass::int8};
  }
  int64_t pageTokens() const override { return cpu::KvLayout::kPageTokens; }
  int64_t pageBytes(llama::KvCacheType type) const override {
    cpu::KvLayout kv{kvCacheSpecOf(type)};
    return kv.pageBytes();
  }

  // With a fused norm, every workgroup would compute the norm again.
  void addPreparePasses(OpPassManager &manager, func::FuncOp entry) const override {
    DecomposeFusedOpsPassOptions options;
    options.parts = {llama::FusedPart::norm};
    options.functions = {entry.getName().str()};
    manager.addPass(createDecomposeFusedOpsPass(options));
    manager.addPass(createCSEPass()); // one norm for linears of one input
  }

  // Linears read panels. A tied embedding, which is also looked up, gets the layout of the linear.
  llama::WeightLayout weightLayout(llama::WeightOp weight, ArrayRef<Operation *> users) const override {
    bool multiplied = llvm::any_of(
        users, [](Operation *user) { return isa_and_nonnull<llama::LinearOp, llama::FusedLinearOp>(user); });
    bool hasCodes = !isDense(weight.getType().getFormat());
    return multiplied || hasCodes ? llama::WeightLayout::panel16 : llama::WeightLayout::row_major;
  }

  LogicalResult emitDispatches(Operation *op, DispatchBuilder &builder) const override {
    return CpuLowering(isa_, op, builder).lower();
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment, const View &constants,
                               DispatchBuilder &builder) const override;
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override;
  FailureOr<TargetCode> emitCode(ModuleOp program, CodeStage stage) const override;

private:
  const cpu::Isa &isa_;
};

LogicalResult CpuTarget::emitFillRandom(const WeightView &weight, const RandomSegment &segment,
                                        const View &constants, DispatchBuilder &builder) const {
  constexpr int64_t kRowsPerWorkgroup = 16;
  cpu::FillSpec spec{.columns = weight.logical.getColumns(),
                     .format = weight.logical.getFormat(),
                     .panels = weight.logical.getLayout() == llama::WeightLayout::panel16};
  int64_t workgroups = llvm::divideCeil(segment.rows, kRowsPerWorkgroup);
  return addDispatch(builder, kernelOf(spec, {}, cpu::emitFill), {{.times = workgroups}},
                     Operands(builder).read("constants", constants).weight("weight", weight, Access::write));
}

LogicalResult CpuTarget::emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const {
  cpu::FillSpec spec{.columns = weight.logical.getShape().back(),
                     .format = weight.logical.getFormat(),
                     .panels = false,
                     .ones = true};
  int64_t rows = weight.logical.getRank() == 1 ? 1 : weight.logical.getRows();
  return addDispatch(builder, kernelOf(spec, {}, cpu::emitFill), {{.times = rows}},
                     Operands(builder).weight("weight", weight, Access::write));
}

ObjectStage objectStage(CodeStage stage) {
  return stage == CodeStage::llvm       ? ObjectStage::llvmIr
         : stage == CodeStage::assembly ? ObjectStage::assembly
                                        : ObjectStage::sharedObject;
}

FailureOr<TargetCode> CpuTarget::emitCode(ModuleOp program, CodeStage stage) const {
  auto kernels = program.lookupSymbol<ModuleOp>(program::ProgramDialect::kKernelsModule);
  if (!kernels) {
    return program.emitError("expected the program to have a module @")
           << program::ProgramDialect::kKernelsModule << " with its kernels";
  }
  if (stage == CodeStage::kernels) {
    return TargetCode{printModule(kernels), {}};
  }
  OwningOpRef<ModuleOp> copy = kernels.clone();
  if (failed(lowerKernels(*copy))) {
    return failure();
  }
  ObjectTarget target{isa_.triple.str(), isa_.cpu.str(), isa_.features.str(), isa_.name.str()};
  FailureOr<std::string> code = emitObjectCode(*copy, target, objectStage(stage));
  return failed(code) ? FailureOr<TargetCode>() : TargetCode{std::move(*code), {}};
}

} // namespace

std::unique_ptr<Target> createCpuTarget(StringRef isa) {
  const cpu::Isa *known = cpu::findIsa(isa);
  return known ? std::make_unique<CpuTarget>(*known) : nullptr;
}

} // namespace cria
