// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Turns llama ops into specs of kernels and dispatches of them.
#include "passes/targets/cpu/CpuTarget.h"

#include "passes/Passes.h"
#include "passes/codegen/ObjectCode.h"
#include "passes/targets/cpu/Kernels.h"
#include "plugins/api/kernel_abi.h"

#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria {

using program::Access;

namespace {

cpu::KvLayout kvLayoutOf(Value cache) {
  auto type = cast<llama::KvCacheType>(cache.getType());
  return {type.getLayers(), type.getKvHeads(), type.getHeadDim(), elementTypeOf(type.getElementType())};
}

/// Adds the dispatches of one op.
class CpuWriter {
public:
  CpuWriter(const cpu::Isa &isa, Operation *op, DispatchBuilder &builder)
      : isa(isa), op(op), builder(builder) {}

  LogicalResult emit();

private:
  LogicalResult emitOp(llama::EmbeddingOp op);
  LogicalResult emitOp(llama::RmsNormOp op);
  LogicalResult emitOp(llama::LinearOp op);
  LogicalResult emitOp(llama::FusedLinearOp op);
  LogicalResult emitOp(llama::RopeOp op);
  LogicalResult emitOp(llama::KvAppendOp op);
  LogicalResult emitOp(llama::AttentionOp op);
  LogicalResult emitOp(llama::RopeAttentionOp op);
  LogicalResult emitOp(llama::GatherRowsOp op);
  LogicalResult emitElementwise(ElementwiseSpec::Kind kind);
  LogicalResult emitLinear(cpu::LinearSpec spec, Value input, Value weight, Value residual, Value output);
  template <typename AttentionLikeOp> LogicalResult emitAttention(AttentionLikeOp op, const View &query);

  View view(Value value) { return builder.view(value); }
  View cache(Value cache, int64_t layer);
  /// The stride of a row operand, for kernels that take no offset.
  int64_t strideOf(Value value);
  template <typename Spec>
  LogicalResult dispatch(const Spec &spec, int64_t scratchBytes, ArrayRef<GridDim> grid, ArrayRef<View> views,
                         ArrayRef<StringRef> written, llvm::function_ref<void(ModuleOp)> emitKernel);
  LogicalResult unaligned();

  const cpu::Isa &isa;
  Operation *op;
  DispatchBuilder &builder;
};

/// Binds `views` under the names that the spec gives its bindings, in order.
template <typename Spec>
LogicalResult CpuWriter::dispatch(const Spec &spec, int64_t scratchBytes, ArrayRef<GridDim> grid,
                                  ArrayRef<View> views, ArrayRef<StringRef> written,
                                  llvm::function_ref<void(ModuleOp)> emitKernel) {
  FailureOr<KernelRef> kernel =
      builder.getOrCreateKernel(spec.name(), {.scratchBytes = scratchBytes}, [&](OpBuilder &at) {
        emitKernel(cast<ModuleOp>(at.getInsertionBlock()->getParentOp()));
        return success();
      });
  if (failed(kernel)) {
    return failure();
  }
  std::vector<std::string> names = spec.bindings();
  SmallVector<Binding> bindings;
  for (auto [name, view] : llvm::zip_equal(names, views)) {
    if (view.offset % CRIA_KERNEL_ALIGNMENT != 0) {
      return unaligned();
    }
    bindings.push_back({name, view, llvm::is_contained(written, name) ? Access::write : Access::read});
  }
  builder.addDispatch(*kernel, grid, bindings);
  return success();
}

LogicalResult CpuWriter::unaligned() {
  return op->emitOpError() << "takes a slice of columns that does not begin at a multiple of "
                           << CRIA_KERNEL_ALIGNMENT << " bytes; the kernels of this op need that";
}

int64_t CpuWriter::strideOf(Value value) { return view(value).strides.front(); }

View CpuWriter::cache(Value value, int64_t layer) {
  cpu::KvLayout kv = kvLayoutOf(value);
  return builder.kvPages(layer * kv.layerElements() * kv.elementBytes(), {kv.kvHeads, kv.headElements()},
                         {kv.headElements(), 1});
}

LogicalResult CpuWriter::emitOp(llama::EmbeddingOp op) {
  WeightView table = builder.weight(op.getTable());
  View output = view(op.getOutput());
  cpu::EmbeddingSpec spec{.width = output.columns(),
                          .table = elementTypeOf(table.type),
                          .panels = table.logical.getLayout() == llama::WeightLayout::panel16,
                          .outputStride = output.strides.front()};
  return dispatch(spec, 0, {gridOverRows(output)}, {view(op.getTokens()), table, output}, {"output"},
                  [&](ModuleOp kernels) { cpu::emitEmbedding(kernels, spec); });
}

LogicalResult CpuWriter::emitOp(llama::RmsNormOp op) {
  View output = view(op.getOutput());
  cpu::NormSpec spec{.width = output.columns(),
                     .epsilon = op.getEpsilon().convertToFloat(),
                     .inputStride = strideOf(op.getInput()),
                     .outputStride = output.strides.front()};
  return dispatch(spec, 0, {gridOverRows(output)},
                  {view(op.getInput()), builder.weight(op.getWeight()), output}, {"output"},
                  [&](ModuleOp kernels) { cpu::emitNorm(kernels, spec); });
}

LogicalResult CpuWriter::emitLinear(cpu::LinearSpec spec, Value input, Value weight, Value residual,
                                    Value output) {
  WeightView weights = builder.weight(weight);
  View x = view(input), y = view(output), header = builder.stepHeader();
  spec.inputs = x.columns();
  spec.outputs = y.columns();
  spec.weight = elementTypeOf(weights.type);
  spec.residual = bool(residual);
  spec.rows = y.rows() == program::kExtentR ? RowCount::Outputs : RowCount::Tokens;
  // Steps of one token have at most one row everywhere.
  spec.singleRow = y.rows() == 1 || builder.maxTokens() == 1;
  spec.inputStride = x.strides.front();
  spec.outputStride = y.strides.front();
  SmallVector<View> views = {x, weights};
  if (residual) {
    views.push_back(view(residual));
    spec.residualStride = strideOf(residual);
  }
  views.push_back(y);
  GridDim rows = gridOverRows(y);
  if (!spec.singleRow) {
    views.push_back(header);
    rows = gridOverRows(y, cpu::LinearSpec::kRowsPerWorkgroup);
  }
  return dispatch(spec, spec.scratchBytes(), {{.times = spec.groups()}, rows}, views, {"output"},
                  [&](ModuleOp kernels) { cpu::emitLinear(kernels, isa, spec); });
}

LogicalResult CpuWriter::emitOp(llama::LinearOp op) {
  return emitLinear({}, op.getInput(), op.getWeight(), Value(), op.getOutput());
}

LogicalResult CpuWriter::emitOp(llama::FusedLinearOp op) {
  constexpr int64_t kBlock = 16;
  if (op.getNormWeight()) {
    return op.emitOpError("still has its norm; this target prepares entries by taking norms off");
  }
  cpu::LinearSpec spec = {};
  if (op.getActivation() == llama::Activation::swiglu) {
    if (op.getSwigluBlock() != kBlock) {
      return op.emitOpError("expected swiglu_block to be ")
             << kBlock << " for this target, got " << *op.getSwigluBlock();
    }
    spec.activation = cpu::LinearSpec::Activation::Swiglu;
  }
  return emitLinear(spec, op.getInput(), op.getWeight(), op.getResidual(), op.getOutput());
}

LogicalResult CpuWriter::emitOp(llama::RopeOp op) {
  View output = view(op.getOutput());
  AlignedRows input(view(op.getInput()), CRIA_KERNEL_ALIGNMENT);
  int64_t headDim = op.getHeadDim();
  RopeSpec spec{.heads = output.columns() / headDim,
                .headDim = headDim,
                .inputStride = input.stride,
                .outputStride = output.strides.front(),
                .inputOffset = input.offset};
  return dispatch(spec, 0, {gridOverRows(output)},
                  {input.view, view(op.getPositions()), builder.weight(op.getTable()), output}, {"output"},
                  [&](ModuleOp kernels) { cpu::emitRope(kernels, spec); });
}

LogicalResult CpuWriter::emitOp(llama::KvAppendOp op) {
  AlignedRows key(view(op.getKey()), CRIA_KERNEL_ALIGNMENT);
  AlignedRows value(view(op.getValue()), CRIA_KERNEL_ALIGNMENT);
  cpu::KvAppendSpec spec{.kv = kvLayoutOf(op.getCache())};
  spec.keyStride = key.stride, spec.keyOffset = key.offset;
  spec.valueStride = value.stride, spec.valueOffset = value.offset;
  return dispatch(spec, 0, {gridOverRows(view(op.getKey()))},
                  {key.view, value.view, view(op.getSlots()), cache(op.getCache(), op.getLayer())}, {"cache"},
                  [&](ModuleOp kernels) { cpu::emitKvAppend(kernels, spec); });
}

/// Attention on queries that are rotated already.
template <typename AttentionLikeOp>
LogicalResult CpuWriter::emitAttention(AttentionLikeOp op, const View &query) {
  View output = view(op.getOutput());
  cpu::AttentionSpec spec{.kv = kvLayoutOf(op.getCache()),
                          .heads = output.columns() / kvLayoutOf(op.getCache()).headDim,
                          .scale = op.getScale().convertToFloat(),
                          .maxPages = view(op.getBlockTable()).columns(),
                          .singleRow = output.rows() == 1,
                          .queryStride = query.strides.front(),
                          .outputStride = output.strides.front()};
  SmallVector<View> views = {query,
                             view(op.getPositions()),
                             view(op.getSequences()),
                             view(op.getBlockTable()),
                             cache(op.getCache(), op.getLayer()),
                             output};
  if (spec.rowBlock() > 1) {
    views.push_back(builder.stepHeader());
  }
  return dispatch(spec, spec.scratchBytes(), {gridOverRows(output, spec.rowBlock()), {.times = spec.tiles()}},
                  views, {"output"}, [&](ModuleOp kernels) { cpu::emitAttention(kernels, isa, spec); });
}

LogicalResult CpuWriter::emitOp(llama::AttentionOp op) { return emitAttention(op, view(op.getQuery())); }

/// Rotated queries go to a buffer, rotated keys and the values into the cache; then attention reads both.
LogicalResult CpuWriter::emitOp(llama::RopeAttentionOp op) {
  SmallVector<View> projections = builder.projections(op);
  AlignedRows query(projections[0], CRIA_KERNEL_ALIGNMENT), key(projections[1], CRIA_KERNEL_ALIGNMENT),
      value(projections[2], CRIA_KERNEL_ALIGNMENT);
  View rotated = builder.temporary("rotated_query", projections[0].type, projections[0].shape);
  cpu::KvAppendSpec spec{.kv = kvLayoutOf(op.getCache())};
  spec.rotate = true;
  spec.heads = rotated.columns() / spec.kv.headDim;
  spec.queryStride = query.stride, spec.queryOffset = query.offset;
  spec.keyStride = key.stride, spec.keyOffset = key.offset;
  spec.valueStride = value.stride, spec.valueOffset = value.offset;
  LogicalResult appended =
      dispatch(spec, 0, {gridOverRows(rotated)},
               {query.view, key.view, value.view, builder.weight(op.getTable()), view(op.getPositions()),
                view(op.getSlots()), cache(op.getCache(), op.getLayer()), rotated},
               {"cache", "output"}, [&](ModuleOp kernels) { cpu::emitKvAppend(kernels, spec); });
  return failed(appended) ? failure() : emitAttention(op, rotated);
}

LogicalResult CpuWriter::emitOp(llama::GatherRowsOp op) {
  View output = view(op.getOutput());
  cpu::GatherSpec spec{.width = output.columns(),
                       .inputStride = strideOf(op.getInput()),
                       .outputStride = output.strides.front()};
  return dispatch(spec, 0, {gridOverRows(output)}, {view(op.getInput()), view(op.getRows()), output},
                  {"output"}, [&](ModuleOp kernels) { cpu::emitGather(kernels, spec); });
}

LogicalResult CpuWriter::emitElementwise(ElementwiseSpec::Kind kind) {
  View output = view(op->getResult(0));
  ElementwiseSpec spec{.kind = kind, .width = output.columns(), .outputStride = output.strides.front()};
  spec.lhsStride = strideOf(op->getOperand(0));
  SmallVector<View> views = {view(op->getOperand(0))};
  if (kind != ElementwiseSpec::Kind::Silu) {
    spec.rhsStride = strideOf(op->getOperand(1));
    views.push_back(view(op->getOperand(1)));
  }
  views.push_back(output);
  return dispatch(spec, 0, {gridOverRows(output)}, views, {"output"},
                  [&](ModuleOp kernels) { cpu::emitElementwise(kernels, spec); });
}

LogicalResult CpuWriter::emit() {
  using Kind = ElementwiseSpec::Kind;
  return llvm::TypeSwitch<Operation *, LogicalResult>(op)
      .Case<llama::EmbeddingOp, llama::RmsNormOp, llama::LinearOp, llama::FusedLinearOp, llama::RopeOp,
            llama::KvAppendOp, llama::AttentionOp, llama::RopeAttentionOp, llama::GatherRowsOp>(
          [&](auto typed) { return emitOp(typed); })
      .Case<llama::SiluOp>([&](auto) { return emitElementwise(Kind::Silu); })
      .Case<llama::MulOp>([&](auto) { return emitElementwise(Kind::Mul); })
      .Case<llama::AddOp>([&](auto) { return emitElementwise(Kind::Add); })
      .Default([](Operation *other) { return other->emitOpError("has no kernel for this target"); });
}

//===--------------------------------------------------------------------------------------------------------===//
// The target
//===--------------------------------------------------------------------------------------------------------===//

class CpuTarget : public Target {
public:
  explicit CpuTarget(const cpu::Isa &isa) : isa(isa) {}

  std::string name() const override { return ("cpu-" + isa.name).str(); }
  std::string format() const override { return isa.format.str(); }
  std::string features() const override { return isa.name.str(); }
  uint32_t abiVersion() const override { return CRIA_KERNEL_ABI_VERSION; }
  std::string codeExtension() const override { return ".so"; }

  int64_t pageTokens() const override { return cpu::KvLayout::kPageTokens; }
  int64_t pageBytes(llama::KvCacheType type) const override {
    cpu::KvLayout kv{type.getLayers(), type.getKvHeads(), type.getHeadDim(),
                     elementTypeOf(type.getElementType())};
    return kv.pageElements() * kv.elementBytes();
  }

  // A norm inside a linear would be computed by every workgroup again.
  void addPreparePasses(OpPassManager &manager, func::FuncOp entry) const override {
    DecomposeFusedOpsPassOptions options;
    options.parts = {llama::FusedPart::norm};
    options.functions = {entry.getName().str()};
    manager.addPass(createDecomposeFusedOpsPass(options));
    manager.addPass(createCSEPass()); // one norm for linears of one input
  }

  // What a linear reads goes in panels; a table that is looked up as well follows.
  llama::WeightLayout weightLayout(llama::WeightOp, ArrayRef<Operation *> users) const override {
    bool multiplied = llvm::any_of(
        users, [](Operation *user) { return isa_and_nonnull<llama::LinearOp, llama::FusedLinearOp>(user); });
    return multiplied ? llama::WeightLayout::panel16 : llama::WeightLayout::row_major;
  }

  LogicalResult emitDispatches(Operation *op, DispatchBuilder &builder) const override {
    return CpuWriter(isa, op, builder).emit();
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &segment, const View &constants,
                               DispatchBuilder &builder) const override;
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override;
  FailureOr<TargetCode> emitCode(ModuleOp program, CodeStage stage) const override;

private:
  const cpu::Isa &isa;
};

FailureOr<KernelRef> fillKernel(const cpu::FillSpec &spec, DispatchBuilder &builder) {
  return builder.getOrCreateKernel(spec.name(), {}, [&](OpBuilder &at) {
    cpu::emitFill(cast<ModuleOp>(at.getInsertionBlock()->getParentOp()), spec);
    return success();
  });
}

LogicalResult CpuTarget::emitFillRandom(const WeightView &weight, const RandomSegment &segment,
                                        const View &constants, DispatchBuilder &builder) const {
  constexpr int64_t kRowsPerWorkgroup = 16;
  cpu::FillSpec spec{.columns = weight.logical.getColumns(),
                     .type = elementTypeOf(weight.type),
                     .panels = weight.logical.getLayout() == llama::WeightLayout::panel16};
  FailureOr<KernelRef> kernel = fillKernel(spec, builder);
  if (failed(kernel)) {
    return failure();
  }
  int64_t workgroups = llvm::divideCeil(segment.rows, kRowsPerWorkgroup);
  builder.addDispatch(*kernel, {{.times = workgroups}},
                      {{"constants", constants, Access::read}, {"weight", weight, Access::write}});
  return success();
}

LogicalResult CpuTarget::emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const {
  cpu::FillSpec spec{.columns = weight.logical.getShape().back(),
                     .type = elementTypeOf(weight.type),
                     .panels = false,
                     .ones = true};
  FailureOr<KernelRef> kernel = fillKernel(spec, builder);
  if (failed(kernel)) {
    return failure();
  }
  int64_t rows = weight.logical.getRank() == 1 ? 1 : weight.logical.getRows();
  builder.addDispatch(*kernel, {{.times = rows}}, {{"weight", weight, Access::write}});
  return success();
}

ObjectStage objectStage(CodeStage stage) {
  return stage == CodeStage::llvm       ? ObjectStage::LlvmIr
         : stage == CodeStage::assembly ? ObjectStage::Assembly
                                        : ObjectStage::SharedObject;
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
  ObjectTarget target{isa.triple.str(), isa.cpu.str(), isa.features.str(), isa.name.str()};
  FailureOr<std::string> code = emitObjectCode(*copy, target, objectStage(stage));
  return failed(code) ? FailureOr<TargetCode>() : TargetCode{std::move(*code), {}};
}

} // namespace

std::unique_ptr<Target> createCpuTarget(StringRef isa) {
  const cpu::Isa *known = cpu::findIsa(isa);
  return known ? std::make_unique<CpuTarget>(*known) : nullptr;
}

} // namespace cria
