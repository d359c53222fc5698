// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The forward pass of LLaMA 2, op by op.
#include "frontends/GraphBuilder.h"

#include "format/StepFields.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaOps.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"

#include <cmath>

namespace cria {

using namespace mlir;

namespace {

llama::ConfigAttr configAttr(Builder &builder, const ModelConfig &config) {
  return llama::ConfigAttr::get(builder.getContext(), config.name, config.parameters(), config.dim,
                                config.layers, config.heads, config.kvHeads, config.headDim, config.ffnDim,
                                config.vocabSize, config.context, builder.getF64FloatAttr(config.normEpsilon),
                                builder.getF64FloatAttr(config.ropeTheta),
                                llama::attributeOf(builder.getContext(), config.ropeScaling),
                                config.tiedEmbeddings, config.bosId, config.eosIds);
}

class GraphBuilder {
public:
  GraphBuilder(MLIRContext &context, const GraphOptions &options, RecipeSource recipe)
      : builder_(&context), location_(UnknownLoc::get(&context)), options_(options), config_(options.config),
        recipe_(recipe) {}

  OwningOpRef<ModuleOp> build();

private:
  // Weights are declared at module level, in the order of their uses in @forward.
  Value useWeight(TensorRole role, int64_t layer = 0);
  Value useRopeTable();
  Value declareAndUse(const Twine &name, WeightFormat format, ArrayRef<int64_t> shape, Attribute recipe);

  func::FuncOp createForward();
  Value buildLayer(Value hidden, int64_t layer, Value ropeTable);
  Value buildAttention(Value normed, int64_t layer, Value ropeTable);
  Value buildMlp(Value normed, int64_t layer);
  Value buildLogits(Value hidden, Value embedding);

  Value norm(Value input, Value weight) {
    auto epsilon = builder_.getF32FloatAttr(float(config_.normEpsilon));
    return llama::RmsNormOp::create(builder_, location_, input.getType(), input, weight, epsilon);
  }
  Value linear(Value input, Value weight) {
    return llama::LinearOp::create(builder_, location_, input, weight);
  }
  Value rope(Value input, Value ropeTable) {
    return llama::RopeOp::create(builder_, location_, input.getType(), input,
                                 argument(StepFieldKind::positions), ropeTable,
                                 builder_.getI64IntegerAttr(config_.headDim));
  }
  Value argument(StepFieldKind kind) { return forward_.getArgument(forwardArgument(kind)); }
  Value cache() { return forward_.getArgument(kNumStepArrays); }
  Value add(Value lhs, Value rhs) { return llama::AddOp::create(builder_, location_, lhs, rhs); }

  OpBuilder builder_;
  Location location_;
  const GraphOptions &options_;
  const ModelConfig &config_;
  RecipeSource recipe_;
  func::FuncOp forward_;
};

Value GraphBuilder::declareAndUse(const Twine &name, WeightFormat format, ArrayRef<int64_t> shape,
                                  Attribute recipe) {
  llama::WeightOp weight;
  {
    OpBuilder::InsertionGuard guard(builder_);
    builder_.setInsertionPoint(forward_);
    auto type = llama::WeightType::get(builder_.getContext(), shape, format);
    weight = llama::WeightOp::create(builder_, location_, builder_.getStringAttr(name), TypeAttr::get(type),
                                     recipe);
  }
  return llama::UseWeightOp::create(builder_, location_, weight);
}

Value GraphBuilder::useWeight(TensorRole role, int64_t layer) {
  const LlamaTensor tensor{role, layer};
  const std::vector<int64_t> shape = shapeOf(tensor, config_);
  const WeightFormat format = shape.size() == 1 ? WeightFormat::f32 : options_.weights.formatOf(tensor);
  return declareAndUse(weightNameOf(tensor), format, shape, recipe_(tensor));
}

Value GraphBuilder::useRopeTable() {
  auto recipe =
      llama::RopeTableAttr::get(builder_.getContext(), config_.ropeTheta, config_.headDim, config_.context,
                                llama::attributeOf(builder_.getContext(), config_.ropeScaling));
  return declareAndUse("rope_table", WeightFormat::f32, {config_.context, config_.headDim}, recipe);
}

/// The arguments are the arrays of the forward contract, then the cache.
func::FuncOp GraphBuilder::createForward() {
  SmallVector<Type> arguments;
  for (uint32_t i = 0; i < kNumStepArrays; ++i) {
    SmallVector<int64_t> shape(rankOf(stepArray(i)), ShapedType::kDynamic);
    arguments.push_back(RankedTensorType::get(shape, builder_.getI32Type()));
  }
  arguments.push_back(
      llama::KvCacheType::get(config_.layers, config_.kvHeads, config_.headDim, options_.kvType));
  Type logits = RankedTensorType::get({ShapedType::kDynamic, config_.vocabSize}, builder_.getF32Type());
  auto forward =
      func::FuncOp::create(builder_, location_, "forward", builder_.getFunctionType(arguments, {logits}));
  builder_.setInsertionPointToStart(forward.addEntryBlock());
  return forward;
}

Value GraphBuilder::buildAttention(Value normed, int64_t layer, Value ropeTable) {
  Value q = linear(normed, useWeight(TensorRole::attnQ, layer));
  Value k = linear(normed, useWeight(TensorRole::attnK, layer));
  Value v = linear(normed, useWeight(TensorRole::attnV, layer));
  q = rope(q, ropeTable);
  k = rope(k, ropeTable);
  auto layerAttr = builder_.getI64IntegerAttr(layer);
  llama::KvAppendOp::create(builder_, location_, cache(), k, v, argument(StepFieldKind::slots), layerAttr);
  auto scale = builder_.getF32FloatAttr(float(1.0 / std::sqrt(double(config_.headDim))));
  Value attended = llama::AttentionOp::create(
      builder_, location_, q.getType(), q, cache(), argument(StepFieldKind::positions),
      argument(StepFieldKind::sequences), argument(StepFieldKind::sequenceStarts),
      argument(StepFieldKind::blockTable), layerAttr, scale);
  return linear(attended, useWeight(TensorRole::attnO, layer));
}

Value GraphBuilder::buildMlp(Value normed, int64_t layer) {
  Value gate = linear(normed, useWeight(TensorRole::mlpGate, layer));
  Value up = linear(normed, useWeight(TensorRole::mlpUp, layer));
  Value activated = llama::SiluOp::create(builder_, location_, gate);
  Value product = llama::MulOp::create(builder_, location_, activated, up);
  return linear(product, useWeight(TensorRole::mlpDown, layer));
}

Value GraphBuilder::buildLayer(Value hidden, int64_t layer, Value ropeTable) {
  Value normed = norm(hidden, useWeight(TensorRole::attnNorm, layer));
  hidden = add(hidden, buildAttention(normed, layer, ropeTable));
  normed = norm(hidden, useWeight(TensorRole::mlpNorm, layer));
  return add(hidden, buildMlp(normed, layer));
}

Value GraphBuilder::buildLogits(Value hidden, Value embedding) {
  auto type = RankedTensorType::get({ShapedType::kDynamic, config_.dim}, builder_.getF32Type());
  Value rows =
      llama::GatherRowsOp::create(builder_, location_, type, hidden, argument(StepFieldKind::outputs));
  Value normed = norm(rows, useWeight(TensorRole::norm));
  return linear(normed, config_.tiedEmbeddings ? embedding : useWeight(TensorRole::output));
}

OwningOpRef<ModuleOp> GraphBuilder::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(location_);
  module.get()->setAttr(llama::LlamaDialect::kConfigAttrName, configAttr(builder_, config_));
  builder_.setInsertionPointToEnd(module->getBody());
  forward_ = createForward();
  Value embedding = useWeight(TensorRole::embedding);
  auto type = RankedTensorType::get({ShapedType::kDynamic, config_.dim}, builder_.getF32Type());
  Value hidden =
      llama::EmbeddingOp::create(builder_, location_, type, argument(StepFieldKind::tokens), embedding);
  Value ropeTable = useRopeTable();
  for (int64_t layer = 0; layer < config_.layers; ++layer) {
    hidden = buildLayer(hidden, layer, ropeTable);
  }
  Value logits = buildLogits(hidden, embedding);
  func::ReturnOp::create(builder_, location_, logits);
  return succeeded(verify(*module)) ? std::move(module) : OwningOpRef<ModuleOp>();
}

} // namespace

OwningOpRef<ModuleOp> buildGraph(MLIRContext &context, const GraphOptions &options, RecipeSource recipe) {
  context.loadDialect<func::FuncDialect, llama::LlamaDialect>();
  return GraphBuilder(context, options, recipe).build();
}

} // namespace cria
