// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tools/cria-device-check/SampledResults.h"

#include "format/RandomWeights.h"

#include <cstdlib>
#include <numeric>

namespace cria::conformance {
namespace {

constexpr double kEpsilon = 1.0e-5; // of fusedLinearProgram()

/// The elements of `source` in the given rows and columns, rounded to f32, as all activations are.
View select(const Matrix &source, const std::vector<int64_t> &rows, const std::vector<uint64_t> &columns) {
  std::vector<double> values;
  for (const int64_t row : rows) {
    for (const uint64_t column : columns) {
      values.push_back(source.at(static_cast<uint64_t>(row), column));
    }
  }
  return denseView(CRIA_TYPE_F32, {rows.size(), columns.size()}, std::move(values));
}

std::vector<uint64_t> range(uint64_t first, uint64_t count) {
  std::vector<uint64_t> numbers(count);
  std::iota(numbers.begin(), numbers.end(), first);
  return numbers;
}

/// The elements of `values` that the outputs of the step select.
std::vector<int64_t> ofOutputs(const StepInputs &step, const std::vector<int64_t> &values) {
  std::vector<int64_t> selected;
  for (const int64_t row : step.outputs) {
    selected.push_back(values[static_cast<size_t>(row)]);
  }
  return selected;
}

void appendSeededRow(const std::string &tensor, uint64_t row, uint64_t columns, std::vector<double> &values) {
  const uint32_t key =
      randomRowKey(randomTensorKey(OpProgram::kSeed, randomTensorId(tensor)), static_cast<uint32_t>(row));
  const auto scale = static_cast<double>(randomScale(columns));
  for (uint32_t k = 0; k < columns; ++k) {
    values.push_back(static_cast<double>(randomByte(key, k)) * scale);
  }
}

/// The rows of the weight that the columns of the result need: with SwiGLU, gate and up alternate. The values
/// are exact in every type.
View seededWeight(const LinearShape &shape, const LinearParts &parts, const std::vector<uint64_t> &columns) {
  std::vector<double> values;
  for (const uint64_t column : columns) {
    if (parts.swiglu) {
      appendSeededRow("w_g", column, shape.inner, values);
      appendSeededRow("w_u", column, shape.inner, values);
    } else {
      appendSeededRow("w", column, shape.inner, values);
    }
  }
  const uint64_t rows = values.size() / shape.inner;
  return denseView(CRIA_TYPE_F32, {rows, shape.inner}, std::move(values));
}

} // namespace

Matrix sampledLinear(const Tensors &tensors, const LinearShape &shape, const LinearParts &parts,
                     const StepInputs &step, const std::vector<uint64_t> &columns) {
  const std::vector<int64_t> tokens = ofOutputs(step, step.tokens);
  OpCall call{.op = "fused_linear", .arguments = {}, .attributes = {}};
  call.arguments = {
      {"input", select(tensors.at("x_table"), tokens, range(0, shape.inner))},
      {"weight", seededWeight(shape, parts, columns)},
      {"output",
       View{.array = nullptr, .first = 0, .shape = {tokens.size(), columns.size()}, .strides = {}}}};
  call.attributes = {textAttribute("activation", parts.swiglu ? "swiglu" : "none"),
                     intAttribute("swiglu_block", 1), floatAttribute("epsilon", kEpsilon)};
  if (parts.norm) {
    call.arguments.push_back(
        {"norm_weight", denseView(CRIA_TYPE_F32, {shape.inner}, tensors.at("n").values)});
  }
  if (parts.residual) {
    call.arguments.push_back({"residual", select(tensors.at("r_table"), tokens, columns)});
  }
  return expectedOutput(call);
}

SampledAttention::SampledAttention(const Tensors &tensors, const AttentionShape &shape,
                                   const std::vector<StepInputs> &steps, uint64_t pages)
    : activations_(tensors.at("qkv_table")), headDim_(shape.headDim),
      scale_(std::strtod(shape.scale, nullptr)), columns_(columnsOf(shape)) {
  const uint64_t heads = shape.group * shape.kvHeads, kvHead = shape.kvHeads - 1;
  key_ = (heads + kvHead) * headDim_;
  value_ = key_ + shape.kvHeads * headDim_;
  const Matrix &angles = tensors.at("angles");
  table_ = denseView(CRIA_TYPE_F32, {angles.rows, angles.columns}, angles.values);
  cache_ = cacheAfter(steps, pages);
}

std::vector<uint64_t> SampledAttention::columnsOf(const AttentionShape &shape) {
  const uint64_t heads = shape.group * shape.kvHeads;
  std::vector<uint64_t> columns = range((heads - shape.group) * shape.headDim, shape.headDim);
  if (shape.group > 1) {
    const std::vector<uint64_t> last = range((heads - 1) * shape.headDim, shape.headDim);
    columns.insert(columns.end(), last.begin(), last.end());
  }
  return columns;
}

View SampledAttention::cacheAfter(const std::vector<StepInputs> &steps, uint64_t pages) const {
  const std::vector<uint64_t> shape = {pages, 2, 1, kPageTokens, headDim_};
  std::vector<double> values(pages * 2 * kPageTokens * headDim_, 0.0);
  const View before = denseView(CRIA_TYPE_F16, shape, values);
  for (const StepInputs &step : steps) {
    OpCall append = callOn(before, step);
    append.arguments.push_back({"key", select(activations_, step.tokens, range(key_, headDim_))});
    append.arguments.push_back({"value", select(activations_, step.tokens, range(value_, headDim_))});
    append.arguments.push_back({"positions", integerView(step.positions)});
    append.arguments.push_back({"slots", integerView(step.slots)});
    values = expectedCache(append, values);
  }
  return denseView(CRIA_TYPE_F16, shape, std::move(values));
}

/// A call without the operands that differ between writing to the cache and reading from it.
OpCall SampledAttention::callOn(const View &cache, const StepInputs &step) const {
  OpCall call{.op = "rope_attention", .arguments = {}, .attributes = {floatAttribute("scale", scale_)}};
  View blockTable = integerView(step.blockTable.front());
  blockTable.shape = {1, blockTable.shape.front()};
  blockTable.strides = denseStrides(blockTable.shape);
  call.arguments = {{"table", table_}, {"cache", cache}, {"block_table", blockTable}};
  return call;
}

Matrix SampledAttention::operator()(const StepInputs &step) const {
  OpCall call = callOn(cache_, step);
  call.arguments.push_back({"query", select(activations_, ofOutputs(step, step.tokens), columns_)});
  call.arguments.push_back({"positions", integerView(ofOutputs(step, step.positions))});
  call.arguments.push_back({"sequences", integerView(ofOutputs(step, step.sequences))});
  return expectedOutput(call);
}

} // namespace cria::conformance
