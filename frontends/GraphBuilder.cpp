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

Attribute scalingAttr(MLIRContext *context, const std::optional<RopeScaling> &scaling) {
  if (!scaling) {
    return {};
  }
  if (scaling->kind == RopeScaling::Kind::linear) {
    return llama::LinearScalingAttr::get(context, scaling->factor);
  }
  return llama::Llama3ScalingAttr::get(context, scaling->factor, scaling->lowFreqFactor,
                                       scaling->highFreqFactor, scaling->originalContext);
}

llama::ConfigAttr configAttr(Builder &builder, const ModelConfig &config) {
  return llama::ConfigAttr::get(builder.getContext(), config.name, config.parameters(), config.dim,
                                config.layers, config.heads, config.kvHeads, config.headDim, config.ffnDim,
                                config.vocabSize, config.context, builder.getF64FloatAttr(config.normEpsilon),
                                builder.getF64FloatAttr(config.ropeTheta),
                                scalingAttr(builder.getContext(), config.ropeScaling), config.tiedEmbeddings,
                                config.bosId, config.eosIds);
}

class GraphBuilder {
public:
  GraphBuilder(MLIRContext &context, const GraphOptions &options, RecipeSource recipe)
      : builder_(&context), location_(UnknownLoc::get(&context)), options_(options), config_(options.config),
        recipe_(recipe) {}

  OwningOpRef<ModuleOp> build();

private:
  // Weights: declared at module level where the first use is, used inside @forward.
  Value useWeight(const Twine &name, StringRef tensor, ArrayRef<int64_t> shape);
  Value useNorm(const Twine &name, StringRef tensor);
  Value useRopeTable();
  Value declareAndUse(const Twine &name, Type elementType, ArrayRef<int64_t> shape, Attribute recipe);

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
    return llama::RopeOp::create(builder_, location_, input.getType(), input, argument(StepFieldKind::positions), ropeTable,
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

Value GraphBuilder::declareAndUse(const Twine &name, Type elementType, ArrayRef<int64_t> shape,
                                  Attribute recipe) {
  llama::WeightOp weight;
  {
    OpBuilder::InsertionGuard guard(builder_);
    builder_.setInsertionPoint(forward_);
    weight = llama::WeightOp::create(builder_, location_, builder_.getStringAttr(name),
                                     TypeAttr::get(llama::WeightType::get(shape, elementType)), recipe);
  }
  return llama::UseWeightOp::create(builder_, location_, weight);
}

Value GraphBuilder::useWeight(const Twine &name, StringRef tensor, ArrayRef<int64_t> shape) {
  return declareAndUse(name, options_.weightType, shape, recipe_(tensor, shape));
}

Value GraphBuilder::useNorm(const Twine &name, StringRef tensor) {
  return declareAndUse(name, builder_.getF32Type(), {config_.dim}, recipe_(tensor, {config_.dim}));
}

Value GraphBuilder::useRopeTable() {
  auto recipe =
      llama::RopeTableAttr::get(builder_.getContext(), config_.ropeTheta, config_.headDim, config_.context,
                                scalingAttr(builder_.getContext(), config_.ropeScaling));
  return declareAndUse("rope_table", builder_.getF32Type(), {config_.context, config_.headDim}, recipe);
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
  auto forward = func::FuncOp::create(builder_, location_, "forward",
                                      builder_.getFunctionType(arguments, {logits}));
  builder_.setInsertionPointToStart(forward.addEntryBlock());
  return forward;
}

Value GraphBuilder::buildAttention(Value normed, int64_t layer, Value ropeTable) {
  std::string name = llvm::formatv("layers.{0}.", layer), tensor = "model." + name + "self_attn.";
  int64_t query = config_.heads * config_.headDim, kv = config_.kvHeads * config_.headDim;
  Value q = linear(normed, useWeight(name + "q", tensor + "q_proj.weight", {query, config_.dim}));
  Value k = linear(normed, useWeight(name + "k", tensor + "k_proj.weight", {kv, config_.dim}));
  Value v = linear(normed, useWeight(name + "v", tensor + "v_proj.weight", {kv, config_.dim}));
  q = rope(q, ropeTable);
  k = rope(k, ropeTable);
  auto layerAttr = builder_.getI64IntegerAttr(layer);
  llama::KvAppendOp::create(builder_, location_, cache(), k, v, argument(StepFieldKind::slots), layerAttr);
  auto scale = builder_.getF32FloatAttr(float(1.0 / std::sqrt(double(config_.headDim))));
  Value attended = llama::AttentionOp::create(
      builder_, location_, q.getType(), q, cache(), argument(StepFieldKind::positions),
      argument(StepFieldKind::sequences), argument(StepFieldKind::sequenceStarts),
      argument(StepFieldKind::blockTable), layerAttr, scale);
  return linear(attended, useWeight(name + "o", tensor + "o_proj.weight", {config_.dim, query}));
}

Value GraphBuilder::buildMlp(Value normed, int64_t layer) {
  std::string name = llvm::formatv("layers.{0}.", layer), tensor = "model." + name + "mlp.";
  Value gate =
      linear(normed, useWeight(name + "gate", tensor + "gate_proj.weight", {config_.ffnDim, config_.dim}));
  Value up = linear(normed, useWeight(name + "up", tensor + "up_proj.weight", {config_.ffnDim, config_.dim}));
  Value activated = llama::SiluOp::create(builder_, location_, gate);
  Value product = llama::MulOp::create(builder_, location_, activated, up);
  return linear(product,
                useWeight(name + "down", tensor + "down_proj.weight", {config_.dim, config_.ffnDim}));
}

Value GraphBuilder::buildLayer(Value hidden, int64_t layer, Value ropeTable) {
  std::string name = llvm::formatv("layers.{0}.", layer), tensor = "model." + name;
  Value normed = norm(hidden, useNorm(name + "attention_norm", tensor + "input_layernorm.weight"));
  hidden = add(hidden, buildAttention(normed, layer, ropeTable));
  normed = norm(hidden, useNorm(name + "mlp_norm", tensor + "post_attention_layernorm.weight"));
  return add(hidden, buildMlp(normed, layer));
}

Value GraphBuilder::buildLogits(Value hidden, Value embedding) {
  auto type = RankedTensorType::get({ShapedType::kDynamic, config_.dim}, builder_.getF32Type());
  Value rows = llama::GatherRowsOp::create(builder_, location_, type, hidden, argument(StepFieldKind::outputs));
  Value normed = norm(rows, useNorm("norm", "model.norm.weight"));
  Value output = config_.tiedEmbeddings
                     ? embedding
                     : useWeight("output", "lm_head.weight", {config_.vocabSize, config_.dim});
  return linear(normed, output);
}

OwningOpRef<ModuleOp> GraphBuilder::build() {
  OwningOpRef<ModuleOp> module = ModuleOp::create(location_);
  module.get()->setAttr(llama::LlamaDialect::kConfigAttrName, configAttr(builder_, config_));
  builder_.setInsertionPointToEnd(module->getBody());
  forward_ = createForward();
  Value embedding = useWeight("embedding", "model.embed_tokens.weight", {config_.vocabSize, config_.dim});
  auto type = RankedTensorType::get({ShapedType::kDynamic, config_.dim}, builder_.getF32Type());
  Value hidden = llama::EmbeddingOp::create(builder_, location_, type, argument(StepFieldKind::tokens), embedding);
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
