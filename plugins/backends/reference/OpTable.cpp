// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Signatures of opset v1.
#include "OpTable.h"

namespace cria::reference {
namespace {

using enum OperandTypes;

constexpr bool kResult = true;
constexpr bool kOptional = true;

constexpr OperandSignature kEmbedding[] = {
    {"tokens", i32, "T"}, {"table", floats, ".D"}, {"output", f32, "TD", kResult}};
constexpr OperandSignature kGatherRows[] = {
    {"input", f32, ".D"}, {"rows", i32, "R"}, {"output", f32, "RD", kResult}};
constexpr OperandSignature kUnary[] = {{"input", f32, "TD"}, {"output", f32, "TD", kResult}};
constexpr OperandSignature kBinary[] = {
    {"lhs", f32, "TD"}, {"rhs", f32, "TD"}, {"output", f32, "TD", kResult}};
constexpr OperandSignature kRmsNorm[] = {
    {"input", f32, "TK"}, {"weight", f32, "K"}, {"output", f32, "TK", kResult}};
constexpr OperandSignature kLinear[] = {
    {"input", f32, "TK"}, {"weight", floats, "NK"}, {"output", f32, "TN", kResult}};
constexpr OperandSignature kFusedLinear[] = {{"input", f32, "TK"},
                                             {"weight", floats, ".K"},
                                             {"norm_weight", f32, "K", !kResult, kOptional},
                                             {"residual", f32, "TN", !kResult, kOptional},
                                             {"output", f32, "TN", kResult}};
constexpr OperandSignature kRope[] = {
    {"input", f32, "TC"}, {"positions", i32, "T"}, {"table", f32, ".H"}, {"output", f32, "TC", kResult}};
constexpr OperandSignature kKvAppend[] = {
    {"key", f32, "TC"}, {"value", f32, "TC"}, {"slots", i32, "T"}, {"cache", floats, ".....", kResult}};
constexpr OperandSignature kAttention[] = {{"query", f32, "TC"},          {"positions", i32, "T"},
                                           {"sequences", i32, "T"},       {"sequence_starts", i32, "."},
                                           {"block_table", i32, ".."},    {"cache", floats, "....."},
                                           {"output", f32, "TC", kResult}};
constexpr OperandSignature kRopeAttention[] = {
    {"query", f32, "TC"},          {"key", f32, "TE"},
    {"value", f32, "TE"},          {"table", f32, ".H"},
    {"positions", i32, "T"},       {"sequences", i32, "T"},
    {"slots", i32, "T"},           {"sequence_starts", i32, "."},
    {"block_table", i32, ".."},    {"cache", floats, ".....", kResult},
    {"output", f32, "TC", kResult}};
constexpr OperandSignature kFillRandom[] = {{"constants", u32, "."}, {"weight", floats, "NK", kResult}};
constexpr OperandSignature kFillOnes[] = {{"weight", floats, "K", kResult}};

constexpr AttributeSignature kEpsilon[] = {{"epsilon", CRIA_ATTRIBUTE_FLOAT}};
constexpr AttributeSignature kHeadDim[] = {{"head_dim", CRIA_ATTRIBUTE_INT}};
constexpr AttributeSignature kFusedLinearAttributes[] = {{"activation", CRIA_ATTRIBUTE_STRING},
                                                         {"epsilon", CRIA_ATTRIBUTE_FLOAT, kOptional},
                                                         {"swiglu_block", CRIA_ATTRIBUTE_INT, kOptional}};
constexpr AttributeSignature kScale[] = {{"scale", CRIA_ATTRIBUTE_FLOAT}};

constexpr OpSignature kOps[] = {
    {"embedding", kEmbedding, {}, runEmbedding},
    {"gather_rows", kGatherRows, {}, runGatherRows},
    {"silu", kUnary, {}, runSilu},
    {"mul", kBinary, {}, runMul},
    {"add", kBinary, {}, runAdd},
    {"rms_norm", kRmsNorm, kEpsilon, runRmsNorm},
    {"linear", kLinear, {}, runLinear},
    {"fused_linear", kFusedLinear, kFusedLinearAttributes, runFusedLinear, checkFusedLinear},
    {"rope", kRope, kHeadDim, runRope, checkRope, checkRopeIndices},
    {"kv_append", kKvAppend, {}, runKvAppend, checkCacheOp, checkAppendIndices},
    {"attention", kAttention, kScale, runAttention, checkCacheOp, checkAttentionIndices},
    {"rope_attention", kRopeAttention, kScale, runRopeAttention, checkRopeAttention,
     checkRopeAttentionIndices},
    {"fill_random", kFillRandom, {}, runFillRandom, checkFillRandom},
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
