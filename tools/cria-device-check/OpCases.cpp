// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Builds the modules as text.
#include "tools/cria-device-check/OpCases.h"

namespace cria::conformance {

static std::string rows(uint64_t columns) { return OpProgram::rowsType(columns); }

OpProgram embeddingProgram(Random &random, const std::string &type, uint64_t width,
                           const CaseLimits &limits) {
  OpProgram op(random, {.limits = limits});
  op.addActivations("x", width, type);
  op.finish("x", width);
  return op;
}

OpProgram randomWeightsProgram(Random &random, const std::string &type, uint64_t width) {
  OpProgram op(random);
  op.addRandomActivations("x", width, type);
  op.finish("x", width);
  return op;
}

OpProgram rmsNormProgram(Random &random, uint64_t width, const CaseLimits &limits) {
  OpProgram op(random, {.limits = limits});
  op.addActivations("x", width);
  op.addVector("w", width);
  op.line("%y = llama.rms_norm %x, %w {epsilon = 1.0e-5 : f32} : (" + rows(width) + ", " +
          OpProgram::weightType("f32", 0, width) + ") -> " + rows(width));
  op.finish("y", width);
  return op;
}

OpProgram elementwiseProgram(Random &random, uint64_t width, const CaseLimits &limits) {
  OpProgram op(random, {.limits = limits});
  op.addActivations("a", width);
  op.addActivations("b", width);
  op.line("%s = llama.silu %a : (" + rows(width) + ") -> " + rows(width));
  const std::string binary = " : (" + rows(width) + ", " + rows(width) + ") -> " + rows(width);
  op.line("%m = llama.mul %s, %b" + binary);
  op.line("%y = llama.add %m, %a" + binary);
  op.finish("y", width);
  return op;
}

OpProgram ropeProgram(Random &random, uint64_t heads, uint64_t headDim, const CaseLimits &limits) {
  const uint64_t width = heads * headDim;
  OpProgram op(random, {.headDim = headDim, .limits = limits});
  op.addActivations("x", width);
  op.addRopeTable("angles");
  op.line("%y = llama.rope %x, %positions, %angles {head_dim = " + std::to_string(headDim) + " : i64} : (" +
          rows(width) + ", tensor<$Txi32>, " + OpProgram::weightType("f32", op.context(), headDim) + ") -> " +
          rows(width));
  op.finish("y", width);
  return op;
}

LinearShape randomLinear(Random &random) {
  constexpr const char *kTypes[] = {"f32", "f16", "bf16"};
  return {kTypes[random.between(0, 2)], random.between(1, 300), random.between(1, 200)};
}

std::string textOf(const LinearShape &shape) {
  return std::string(shape.type) + " " + std::to_string(shape.outer) + " x " + std::to_string(shape.inner);
}

OpProgram linearProgram(Random &random, const LinearShape &shape, const CaseLimits &limits) {
  const auto &[type, inner, outer, isSeeded] = shape;
  OpProgram op(random, {.limits = limits, .seedsMatrices = isSeeded});
  op.addActivations("x", inner);
  op.addMatrix("w", type, outer, inner);
  op.line("%y = llama.linear %x, %w : (" + rows(inner) + ", " + OpProgram::weightType(type, outer, inner) +
          ") -> " + rows(outer));
  op.finish("y", outer);
  return op;
}

OpProgram linearOnOutputsProgram(Random &random, const LinearShape &shape, const CaseLimits &limits) {
  const auto &[type, inner, outer, isSeeded] = shape;
  const std::string in = "tensor<?x" + std::to_string(inner) + "xf32>";
  OpProgram op(random, {.limits = limits, .seedsMatrices = isSeeded});
  op.addActivations("x", inner);
  op.addMatrix("w", type, outer, inner);
  op.line("%picked = llama.gather_rows %x, %outputs : (" + rows(inner) + ", tensor<?xi32>) -> " + in);
  op.line("%y = llama.linear %picked, %w : (" + in + ", " + OpProgram::weightType(type, outer, inner) +
          ") -> tensor<?x" + std::to_string(outer) + "xf32>");
  op.finishPicked("y", outer);
  return op;
}

OpProgram fusedLinearProgram(Random &random, const LinearShape &shape, const LinearParts &parts,
                             const CaseLimits &limits) {
  const auto &[type, inner, outer, isSeeded] = shape;
  const uint64_t weightRows = parts.swiglu ? (outer + 15) / 16 * 32 : outer;
  OpProgram op(random, {.limits = limits, .seedsMatrices = isSeeded});
  op.addActivations("x", inner);
  std::string operands = "%x, %w", clauses,
              types = rows(inner) + ", " + OpProgram::weightType(type, weightRows, inner), attributes;
  parts.swiglu ? op.addGateUp("w", type, outer, inner) : op.addMatrix("w", type, outer, inner);
  if (parts.norm) {
    op.addVector("n", inner);
    clauses += " norm(%n)";
    types += ", " + OpProgram::weightType("f32", 0, inner);
    attributes += "epsilon = 1.0e-5 : f32";
  }
  if (parts.swiglu) {
    clauses += " activation(swiglu)";
    attributes += std::string(attributes.empty() ? "" : ", ") + "swiglu_block = 16 : i64";
  }
  if (parts.residual) {
    op.addActivations("r", outer);
    clauses += " residual(%r)";
    types += ", " + rows(outer);
  }
  const std::string attributeText = attributes.empty() ? "" : " {" + attributes + "}";
  op.line("%y = llama.fused_linear " + operands + clauses + attributeText + " : (" + types + ") -> " +
          rows(outer));
  op.finish("y", outer);
  return op;
}

std::string textOf(const AttentionShape &shape) {
  return std::to_string(shape.group) + " x " + std::to_string(shape.kvHeads) + " heads of " +
         std::to_string(shape.headDim) + " " + shape.cacheType;
}

OpProgram ropeAttentionProgram(Random &random, const AttentionShape &shape, const CaseLimits &limits) {
  const auto &[group, kvHeads, headDim, cacheType, oneBuffer, scale] = shape;
  const uint64_t query = group * kvHeads * headDim, key = kvHeads * headDim;
  OpProgram op(random,
               {.layers = 2, .kvHeads = kvHeads, .headDim = headDim, .type = cacheType, .limits = limits});
  std::string projections, types;
  if (oneBuffer) {
    op.addActivations("qkv", query + 2 * key);
    projections = "%qkv";
    types = rows(query + 2 * key);
  } else {
    op.addActivations("q", query);
    op.addActivations("k", key);
    op.addActivations("v", key);
    projections = "%q, %k, %v";
    types = rows(query) + ", " + rows(key) + ", " + rows(key);
  }
  op.addRopeTable("angles");
  op.line("%y = llama.rope_attention (" + projections +
          "), %angles, %cache, %positions, %sequences, %slots, "
          "%sequence_starts, %block_table {layer = 1 : i64, scale = " +
          scale + " : f32} : (" + types + ", " + OpProgram::weightType("f32", op.context(), headDim) +
          ", !cache, tensor<$Txi32>, tensor<$Txi32>, tensor<$Txi32>, tensor<?xi32>, tensor<?x?xi32>) -> " +
          rows(query));
  op.finish("y", query);
  return op;
}

} // namespace cria::conformance
