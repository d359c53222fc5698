// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Lowers each llama op to one dispatch of the opset.

#include "passes/targets/ops/OpsTarget.h"

#include "ir/ElementTypes.h"
#include "passes/Passes.h"
#include "passes/targets/ops/OpsetVersion.h"

#include "mlir/Transforms/Passes.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;

namespace cria {

using program::Access;

namespace {

constexpr int64_t kPageTokens = 32;

/// Bytes of one layer in a page.
int64_t layerBytes(llama::KvCacheType cache) {
  return 2 * cache.getColumns() * kPageTokens * program::elementTypeBytes(cache.getElementType());
}

/// Collects operands and parameters of one op, then adds its dispatch.
class OpsLowering {
public:
  OpsLowering(DispatchBuilder &builder, const OpsCapabilities &backend, Location location)
      : builder_(builder), backend_(backend), location_(location), attributes_(builder.context()),
        operands_(builder) {}

  template <typename Source> OpsLowering &read(StringRef name, const Source &source) {
    operands_.read(name, source);
    return *this;
  }
  OpsLowering &weight(StringRef name, Value value) {
    operands_.weight(name, value);
    return *this;
  }
  OpsLowering &write(StringRef name, Value value) {
    operands_.write(name, value);
    return *this;
  }
  OpsLowering &bind(StringRef name, const View &view, Access access) {
    operands_.bind(name, view, access);
    return *this;
  }

  OpsLowering &parameter(StringRef name, Attribute value) {
    parameters_.push_back(attributes_.getNamedAttr(name, value));
    return *this;
  }
  OpsLowering &cache(Value cache, int64_t layer, Access access);
  LogicalResult add(StringRef op, GridDim grid) {
    if (failed(checkVersion(op)) || failed(checkTaken(op))) {
      return failure();
    }
    builder_.addDispatch(builder_.getOrCreateOp(op, parameters_), grid, operands_.bindings());
    return success();
  }
  /// The grid of an op that computes row by row.
  LogicalResult addOverRows(StringRef op, Value rows) { return add(op, gridOverRows(builder_.view(rows))); }

private:
  LogicalResult checkVersion(StringRef op) const;
  LogicalResult checkTaken(StringRef op) const;

  DispatchBuilder &builder_;
  const OpsCapabilities &backend_;
  Location location_;
  Builder attributes_;
  Operands operands_;
  SmallVector<NamedAttribute> parameters_;
};

std::string textOf(Type type) {
  std::string text;
  llvm::raw_string_ostream(text) << type;
  return text;
}

/// Whether the opset has the call, in a version that the backend runs.
LogicalResult OpsLowering::checkVersion(StringRef op) const {
  SmallVector<opset::Use> operands;
  for (const Binding &binding : operands_.bindings()) {
    operands.push_back({binding.name, uint32_t(elementTypeOf(binding.view.type))});
  }
  SmallVector<std::string_view> attributes;
  for (NamedAttribute parameter : parameters_) {
    attributes.push_back(parameter.getName().getValue());
  }
  const opset::Op *known = opset::find(op);
  const std::optional<uint32_t> version =
      known == nullptr ? std::nullopt : opset::versionOf(*known, operands, attributes);
  if (!version) {
    return emitError(location_) << "expected a call of the opset, got op '" << op
                                << "' with operands or attributes that opset " << opset::kVersion << " lacks";
  }
  if (*version > backend_.version) {
    return emitError(location_) << "backend '" << backend_.backend << "' runs opset " << backend_.version
                                << ", and this use of op '" << op << "' needs opset " << *version
                                << "; use a newer build of the backend";
  }
  return success();
}

/// Whether the backend lists the op and the types of its operands.
LogicalResult OpsLowering::checkTaken(StringRef op) const {
  if (backend_.backend.empty()) {
    return success();
  }
  if (!backend_.ops.contains(op.str())) {
    return emitError(location_) << "backend '" << backend_.backend << "' does not support op '" << op
                                << "', which cannot be decomposed further; its plugin manifest lists "
                                << llvm::join(backend_.ops, ", ");
  }
  for (const Binding &binding : operands_.bindings()) {
    auto listed = backend_.types.find((op + "/" + binding.name).str());
    std::string type = textOf(binding.view.type);
    if (listed != backend_.types.end() && !listed->second.contains(type)) {
      return emitError(location_) << "backend '" << backend_.backend << "' supports operand '" << binding.name
                                  << "' of op '" << op << "' as " << llvm::join(listed->second, ", ")
                                  << ", the model has " << type << "; compile with "
                                  << (binding.name == "cache" ? "--kv " : "--weights ")
                                  << *listed->second.begin();
    }
  }
  return success();
}

/// Binds one layer of all pages, [page][K, V][kv_head][page_tokens][head_dim]: the layer is in the offset, so
/// that all layers share one kernel.
OpsLowering &OpsLowering::cache(Value cache, int64_t layer, Access access) {
  auto type = cast<llama::KvCacheType>(cache.getType());
  int64_t shape[] = {2, type.getKvHeads(), kPageTokens, type.getHeadDim()};
  int64_t offset = layer * layerBytes(type);
  return bind("cache", builder_.kvPages(offset, shape, program::denseStrides(shape)), access);
}

LogicalResult emit(llama::EmbeddingOp op, OpsLowering lowering) {
  return lowering.read("tokens", op.getTokens())
      .weight("table", op.getTable())
      .write("output", op.getOutput())
      .addOverRows("embedding", op.getOutput());
}

LogicalResult emit(llama::RmsNormOp op, OpsLowering lowering) {
  return lowering.read("input", op.getInput())
      .weight("weight", op.getWeight())
      .write("output", op.getOutput())
      .parameter("epsilon", op.getEpsilonAttr())
      .addOverRows("rms_norm", op.getOutput());
}

LogicalResult emit(llama::LinearOp op, OpsLowering lowering) {
  return lowering.read("input", op.getInput())
      .weight("weight", op.getWeight())
      .write("output", op.getOutput())
      .addOverRows("linear", op.getOutput());
}

LogicalResult emit(llama::RopeOp op, OpsLowering lowering) {
  return lowering.read("input", op.getInput())
      .read("positions", op.getPositions())
      .weight("table", op.getTable())
      .write("output", op.getOutput())
      .parameter("head_dim", op.getHeadDimAttr())
      .addOverRows("rope", op.getOutput());
}

LogicalResult emit(llama::KvAppendOp op, OpsLowering lowering) {
  return lowering.read("key", op.getKey())
      .read("value", op.getValue())
      .read("slots", op.getSlots())
      .cache(op.getCache(), op.getLayer(), Access::write)
      .addOverRows("kv_append", op.getKey());
}

LogicalResult emit(llama::AttentionOp op, OpsLowering lowering) {
  return lowering.read("query", op.getQuery())
      .read("positions", op.getPositions())
      .read("sequences", op.getSequences())
      .read("sequence_starts", op.getSequenceStarts())
      .read("block_table", op.getBlockTable())
      .cache(op.getCache(), op.getLayer(), Access::read)
      .write("output", op.getOutput())
      .parameter("scale", op.getScaleAttr())
      .addOverRows("attention", op.getOutput());
}

LogicalResult emit(llama::SiluOp op, OpsLowering lowering) {
  return lowering.read("input", op.getInput())
      .write("output", op.getOutput())
      .addOverRows("silu", op.getOutput());
}

template <typename BinaryOp> LogicalResult emitBinary(BinaryOp op, OpsLowering lowering, StringRef name) {
  return lowering.read("lhs", op.getLhs())
      .read("rhs", op.getRhs())
      .write("output", op.getOutput())
      .addOverRows(name, op.getOutput());
}

LogicalResult emit(llama::GatherRowsOp op, OpsLowering lowering) {
  return lowering.read("input", op.getInput())
      .read("rows", op.getRows())
      .write("output", op.getOutput())
      .addOverRows("gather_rows", op.getOutput());
}

LogicalResult emitRopeAttention(llama::RopeAttentionOp op, OpsLowering lowering, DispatchBuilder &builder) {
  static constexpr StringLiteral kNames[] = {"query", "key", "value"};
  SmallVector<View> projections = builder.projections(op);
  for (auto [name, view] : llvm::zip_equal(kNames, projections)) {
    lowering.read(name, view);
  }
  return lowering.weight("table", op.getTable())
      .read("positions", op.getPositions())
      .read("sequences", op.getSequences())
      .read("slots", op.getSlots())
      .read("sequence_starts", op.getSequenceStarts())
      .read("block_table", op.getBlockTable())
      .cache(op.getCache(), op.getLayer(), Access::read_write)
      .write("output", op.getOutput())
      .parameter("scale", op.getScaleAttr())
      .addOverRows("rope_attention", op.getOutput());
}

LogicalResult emit(llama::FusedLinearOp op, OpsLowering lowering) {
  lowering.read("input", op.getInput()).weight("weight", op.getWeight());
  if (Value norm = op.getNormWeight()) {
    lowering.weight("norm_weight", norm).parameter("epsilon", op.getEpsilonAttr());
  }
  if (Value residual = op.getResidual()) {
    lowering.read("residual", residual);
  }
  lowering.parameter("activation",
                     StringAttr::get(op.getContext(), llama::stringifyActivation(op.getActivation())));
  if (op.getActivation() == llama::Activation::swiglu) {
    lowering.parameter("swiglu_block", op.getSwigluBlockAttr());
  }
  return lowering.write("output", op.getOutput()).addOverRows("fused_linear", op.getOutput());
}

class OpsTarget : public Target {
public:
  explicit OpsTarget(OpsCapabilities capabilities) : backend_(std::move(capabilities)) {}

  std::string name() const override { return "ops"; }
  std::string format() const override { return "cria.ops.v1"; }
  std::string features() const override { return ""; }
  uint32_t abiVersion(const Program &program) const override { return opsetVersionOf(program); }
  std::string codeExtension() const override { return ""; }

  int64_t pageTokens() const override { return kPageTokens; }
  int64_t pageBytes(llama::KvCacheType cache) const override { return cache.getLayers() * layerBytes(cache); }

  // Decomposes the ops that the backend does not support.
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
        .Case<llama::EmbeddingOp, llama::RmsNormOp, llama::LinearOp, llama::RopeOp, llama::KvAppendOp,
              llama::AttentionOp, llama::SiluOp, llama::GatherRowsOp, llama::FusedLinearOp>(
            [&](auto typed) { return emit(typed, lowering); })
        .Case<llama::MulOp>([&](auto mul) { return emitBinary(mul, lowering, "mul"); })
        .Case<llama::AddOp>([&](auto add) { return emitBinary(add, lowering, "add"); })
        .Case<llama::RopeAttentionOp>(
            [&](auto attention) { return emitRopeAttention(attention, lowering, builder); })
        .Default([](Operation *other) {
          return other->emitOpError() << "has no counterpart in the opset of target 'ops'";
        });
  }

  LogicalResult emitFillRandom(const WeightView &weight, const RandomSegment &, const View &constants,
                               DispatchBuilder &builder) const override {
    return OpsLowering(builder, backend_, UnknownLoc::get(builder.context()))
        .read("constants", constants)
        .bind("weight", weight, Access::write)
        .add("fill_random", {});
  }
  LogicalResult emitFillOnes(const WeightView &weight, DispatchBuilder &builder) const override {
    return OpsLowering(builder, backend_, UnknownLoc::get(builder.context()))
        .bind("weight", weight, Access::write)
        .add("fill_ones", {});
  }

  FailureOr<TargetCode> emitCode(ModuleOp, CodeStage) const override { return TargetCode(); }

private:
  OpsCapabilities backend_;
};

} // namespace

std::unique_ptr<Target> createOpsTarget(OpsCapabilities capabilities) {
  return std::make_unique<OpsTarget>(std::move(capabilities));
}

} // namespace cria
