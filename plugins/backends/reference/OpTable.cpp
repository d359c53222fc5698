// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signatures of opset v1.
#include "OpTable.h"

namespace cria::reference {
namespace {

using enum OperandTypes;

constexpr bool kResult = true;
constexpr bool kOptional = true;

constexpr OperandSignature kEmbedding[] = {{"tokens", i32, 1}, {"table", floats, 2}, {"output", f32, 2, kResult}};
constexpr OperandSignature kGatherRows[] = {{"input", f32, 2}, {"rows", i32, 1}, {"output", f32, 2, kResult}};
constexpr OperandSignature kUnary[] = {{"input", f32, 2}, {"output", f32, 2, kResult}};
constexpr OperandSignature kBinary[] = {{"lhs", f32, 2}, {"rhs", f32, 2}, {"output", f32, 2, kResult}};
constexpr OperandSignature kRmsNorm[] = {{"input", f32, 2}, {"weight", f32, 1}, {"output", f32, 2, kResult}};
constexpr OperandSignature kLinear[] = {{"input", f32, 2}, {"weight", floats, 2}, {"output", f32, 2, kResult}};
constexpr OperandSignature kFusedLinear[] = {{"input", f32, 2},
                                             {"weight", floats, 2},
                                             {"norm_weight", f32, 1, !kResult, kOptional},
                                             {"residual", f32, 2, !kResult, kOptional},
                                             {"output", f32, 2, kResult}};
constexpr OperandSignature kRope[] = {
    {"input", f32, 2}, {"positions", i32, 1}, {"table", f32, 2}, {"output", f32, 2, kResult}};
constexpr OperandSignature kKvAppend[] = {
    {"key", f32, 2}, {"value", f32, 2}, {"slots", i32, 1}, {"cache", floats, 6, kResult}};
constexpr OperandSignature kAttention[] = {{"query", f32, 2},           {"positions", i32, 1},   {"sequences", i32, 1},
                                           {"sequence_starts", i32, 1}, {"block_table", i32, 2}, {"cache", floats, 6},
                                           {"output", f32, 2, kResult}};
constexpr OperandSignature kRopeAttention[] = {{"query", f32, 2},
                                               {"key", f32, 2},
                                               {"value", f32, 2},
                                               {"table", f32, 2},
                                               {"positions", i32, 1},
                                               {"sequences", i32, 1},
                                               {"slots", i32, 1},
                                               {"sequence_starts", i32, 1},
                                               {"block_table", i32, 2},
                                               {"cache", floats, 6, kResult},
                                               {"output", f32, 2, kResult}};
constexpr OperandSignature kFillRandom[] = {{"constants", u32, 1}, {"weight", floats, 2, kResult}};
constexpr OperandSignature kFillOnes[] = {{"weight", floats, 1, kResult}};

constexpr AttributeSignature kEpsilon[] = {{"epsilon", CRIA_ATTRIBUTE_FLOAT}};
constexpr AttributeSignature kHeadDim[] = {{"head_dim", CRIA_ATTRIBUTE_INT}};
constexpr AttributeSignature kFusedLinearAttributes[] = {{"activation", CRIA_ATTRIBUTE_STRING},
                                                         {"epsilon", CRIA_ATTRIBUTE_FLOAT, kOptional},
                                                         {"swiglu_block", CRIA_ATTRIBUTE_INT, kOptional}};
constexpr AttributeSignature kCache[] = {{"layer", CRIA_ATTRIBUTE_INT},
                                         {"layers", CRIA_ATTRIBUTE_INT},
                                         {"kv_heads", CRIA_ATTRIBUTE_INT},
                                         {"head_dim", CRIA_ATTRIBUTE_INT},
                                         {"page_tokens", CRIA_ATTRIBUTE_INT}};
constexpr AttributeSignature kCacheAndScale[] = {{"layer", CRIA_ATTRIBUTE_INT},       {"layers", CRIA_ATTRIBUTE_INT},
                                                 {"kv_heads", CRIA_ATTRIBUTE_INT},    {"head_dim", CRIA_ATTRIBUTE_INT},
                                                 {"page_tokens", CRIA_ATTRIBUTE_INT}, {"scale", CRIA_ATTRIBUTE_FLOAT}};

constexpr OpSignature kOps[] = {
    {"embedding", kEmbedding, {}, runEmbedding},
    {"gather_rows", kGatherRows, {}, runGatherRows},
    {"silu", kUnary, {}, runSilu},
    {"mul", kBinary, {}, runMul},
    {"add", kBinary, {}, runAdd},
    {"rms_norm", kRmsNorm, kEpsilon, runRmsNorm},
    {"linear", kLinear, {}, runLinear},
    {"fused_linear", kFusedLinear, kFusedLinearAttributes, runFusedLinear},
    {"rope", kRope, kHeadDim, runRope},
    {"kv_append", kKvAppend, kCache, runKvAppend},
    {"attention", kAttention, kCacheAndScale, runAttention},
    {"rope_attention", kRopeAttention, kCacheAndScale, runRopeAttention},
    {"fill_random", kFillRandom, {}, runFillRandom},
    {"fill_ones", kFillOnes, {}, runFillOnes},
};

} // namespace

const OpSignature *findOp(std::string_view name) {
  for (const OpSignature &op : kOps) {
    if (op.name == name) {
      return &op;
    }
  }
  return nullptr;
}

} // namespace cria::reference
