// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_opset.hpp - the ops of the opset as a table, for the compiler and for backends that run executables of
// format "cria.ops.v1".
//
// Versions only add: each op, signature of an operand and of an attribute states the version that introduced
// it (`since`), and nothing of an older version changes. A program requires the lowest version that has
// everything that it uses; a backend accepts every version up to the one that it was built with.
// docs/generated/opset.md is generated from this table and docs/opset.md.in, which states the rules for all
// ops.
#pragma once

#include "cria_plugin.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

namespace cria::opset {

/// The version of this table. cria_executable_info::kernel_abi states the one that a program requires.
inline constexpr uint32_t kVersion = 6;
inline constexpr std::string_view kFormat = "cria.ops.v1";

/// The element types of an operand. `floats`: f32, f16 or bf16; `cacheFloats`: f16 or f32; `codes`: i8 or u8.
enum class Types { floats, cacheFloats, f32, f16, i32, u32, codes, i8 };

/// A signature of an operand. An operand may have several, which share no element type: the type of the
/// bound operand selects one. `extents` has one letter for each dimension (textOfExtent): dimensions with
/// the same letter have the same size in one call, '.' is any size. `since` matters if it is later than
/// that of the op.
struct Operand {
  std::string_view name;
  Types types;
  std::string_view extents;
  uint32_t access = CRIA_ACCESS_READ;
  bool isOptional = false;
  uint32_t since = 1;
};

/// A signature of an attribute. A string with a choice has one for each value that it may have, which the
/// value of the call selects; `value` is empty if it may have any.
struct Attribute {
  std::string_view name;
  uint32_t type; // CRIA_ATTRIBUTE_*
  bool isOptional = false;
  uint32_t since = 1;
  std::string_view value = {};
};

/// By how much a result may differ from exact arithmetic on the same inputs, relative to the largest
/// magnitude of the result.
enum class Tolerance {
  exact,
  oneRounding, // of each operation to f32
  elementwise, // kElementwiseTolerance
  sum,         // kSumTolerance · max(1, √(K / 256)) for sums of K terms
};
inline constexpr double kElementwiseTolerance = 2e-6, kSumTolerance = 1e-5;

struct Op {
  std::string_view name;
  std::span<const Operand> operands = {};
  std::span<const Attribute> attributes = {};
  Tolerance tolerance = Tolerance::exact;
  std::string_view formula = {}; // in Markdown, may begin with a line break
  uint32_t since = 1;
};

namespace detail {

using enum Types;

inline constexpr uint32_t kRead = CRIA_ACCESS_READ, kWrite = CRIA_ACCESS_WRITE,
                          kUpdate = CRIA_ACCESS_READ_WRITE;
inline constexpr bool kOptional = true;
inline constexpr uint32_t kFormats = 2; // the version that brought formats with codes
inline constexpr uint32_t kPlanes = 3;  // the version that brought formats with more arrays
inline constexpr uint32_t kClasses = 4; // the version that brought classes of activations
inline constexpr uint32_t kRandom = 5;  // the version that brought random weights in all formats
inline constexpr uint32_t kCoded = 6;   // the version that brought the cache in 8 bits

inline constexpr Operand kEmbedding[] = {{"tokens", i32, "T"},
                                         {"table", floats, "VD"},
                                         {"table", codes, "V.", kRead, !kOptional, kFormats},
                                         {"table.scales", floats, "V.", kRead, kOptional, kFormats},
                                         {"table.sub_scales", codes, "V.", kRead, kOptional, kPlanes},
                                         {"table.minimums", floats, "V.", kRead, kOptional, kPlanes},
                                         {"table.sub_minimums", codes, "V.", kRead, kOptional, kPlanes},
                                         {"table.zeros", codes, "V.", kRead, kOptional, kPlanes},
                                         {"output", f32, "TD", kWrite}};
inline constexpr Operand kGatherRows[] = {
    {"input", f32, "TD"}, {"rows", i32, "R"}, {"output", f32, "RD", kWrite}};
inline constexpr Operand kUnary[] = {{"input", f32, "TD"}, {"output", f32, "TD", kWrite}};
inline constexpr Operand kBinary[] = {{"lhs", f32, "TD"}, {"rhs", f32, "TD"}, {"output", f32, "TD", kWrite}};
inline constexpr Operand kRmsNorm[] = {
    {"input", f32, "TK"}, {"weight", f32, "K"}, {"output", f32, "TK", kWrite}};
inline constexpr Operand kLinear[] = {{"input", f32, "TK"},
                                      {"weight", floats, "NK"},
                                      {"weight", codes, "N.", kRead, !kOptional, kFormats},
                                      {"weight.scales", floats, "N.", kRead, kOptional, kFormats},
                                      {"weight.sub_scales", codes, "N.", kRead, kOptional, kPlanes},
                                      {"weight.minimums", floats, "N.", kRead, kOptional, kPlanes},
                                      {"weight.sub_minimums", codes, "N.", kRead, kOptional, kPlanes},
                                      {"weight.zeros", codes, "N.", kRead, kOptional, kPlanes},
                                      {"output", f32, "TN", kWrite}};
inline constexpr Operand kFusedLinear[] = {{"input", f32, "TK"},
                                           {"weight", floats, "MK"},
                                           {"weight", codes, "M.", kRead, !kOptional, kFormats},
                                           {"weight.scales", floats, "M.", kRead, kOptional, kFormats},
                                           {"weight.sub_scales", codes, "M.", kRead, kOptional, kPlanes},
                                           {"weight.minimums", floats, "M.", kRead, kOptional, kPlanes},
                                           {"weight.sub_minimums", codes, "M.", kRead, kOptional, kPlanes},
                                           {"weight.zeros", codes, "M.", kRead, kOptional, kPlanes},
                                           {"norm_weight", f32, "K", kRead, kOptional},
                                           {"residual", f32, "TN", kRead, kOptional},
                                           {"output", f32, "TN", kWrite}};
inline constexpr Operand kRope[] = {
    {"input", f32, "TC"}, {"positions", i32, "T"}, {"table", f32, "LH"}, {"output", f32, "TC", kWrite}};
inline constexpr Operand kKvAppend[] = {{"key", f32, "TE"},
                                        {"value", f32, "TE"},
                                        {"slots", i32, "T"},
                                        {"cache", cacheFloats, ".....", kWrite},
                                        {"cache", i8, ".....", kWrite, !kOptional, kCoded},
                                        {"cache.scales", f16, "....", kWrite, kOptional, kCoded}};
inline constexpr Operand kAttention[] = {{"query", f32, "TC"},
                                         {"positions", i32, "T"},
                                         {"sequences", i32, "T"},
                                         {"sequence_starts", i32, "B"},
                                         {"block_table", i32, "SP"},
                                         {"cache", cacheFloats, "....."},
                                         {"cache", i8, ".....", kRead, !kOptional, kCoded},
                                         {"cache.scales", f16, "....", kRead, kOptional, kCoded},
                                         {"output", f32, "TC", kWrite}};
inline constexpr Operand kRopeAttention[] = {{"query", f32, "TC"},
                                             {"key", f32, "TE"},
                                             {"value", f32, "TE"},
                                             {"table", f32, "LH"},
                                             {"positions", i32, "T"},
                                             {"sequences", i32, "T"},
                                             {"slots", i32, "T"},
                                             {"sequence_starts", i32, "B"},
                                             {"block_table", i32, "SP"},
                                             {"cache", cacheFloats, ".....", kUpdate},
                                             {"cache", i8, ".....", kUpdate, !kOptional, kCoded},
                                             {"cache.scales", f16, "....", kUpdate, kOptional, kCoded},
                                             {"output", f32, "TC", kWrite}};
inline constexpr Operand kFillRandom[] = {{"constants", u32, "W"},
                                          {"weight", floats, "NK", kWrite},
                                          {"weight", codes, "N.", kWrite, !kOptional, kFormats},
                                          {"weight.scales", floats, "N.", kWrite, kOptional, kFormats},
                                          {"weight.sub_scales", codes, "N.", kWrite, kOptional, kRandom},
                                          {"weight.minimums", floats, "N.", kWrite, kOptional, kRandom},
                                          {"weight.sub_minimums", codes, "N.", kWrite, kOptional, kRandom},
                                          {"weight.zeros", codes, "N.", kWrite, kOptional, kRandom}};
inline constexpr Operand kFillOnes[] = {{"weight", floats, "K", kWrite}};

inline constexpr Attribute kEpsilon[] = {{"epsilon", CRIA_ATTRIBUTE_FLOAT}};
inline constexpr Attribute kHeadDim[] = {{"head_dim", CRIA_ATTRIBUTE_INT}};
inline constexpr Attribute kFusedLinearAttributes[] = {
    {"activation", CRIA_ATTRIBUTE_STRING},
    {"epsilon", CRIA_ATTRIBUTE_FLOAT, kOptional},
    {"swiglu_block", CRIA_ATTRIBUTE_INT, kOptional},
    {"format", CRIA_ATTRIBUTE_STRING, kOptional, kFormats},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kFormats, "f32"},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kClasses, "int8"},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kClasses, "bf16"}};
inline constexpr Attribute kLinearAttributes[] = {
    {"format", CRIA_ATTRIBUTE_STRING, kOptional, kFormats},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kFormats, "f32"},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kClasses, "int8"},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kClasses, "bf16"}};
inline constexpr Attribute kWeightAttributes[] = { // of ops that multiply nothing
    {"format", CRIA_ATTRIBUTE_STRING, kOptional, kFormats},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kFormats, "f32"}};
inline constexpr Attribute kFillRandomAttributes[] = {
    {"format", CRIA_ATTRIBUTE_STRING, kOptional, kFormats, "q8_0"},
    {"format", CRIA_ATTRIBUTE_STRING, kOptional, kRandom},
    {"activations", CRIA_ATTRIBUTE_STRING, kOptional, kFormats, "f32"}};
inline constexpr Attribute kScale[] = {{"scale", CRIA_ATTRIBUTE_FLOAT}};

} // namespace detail

inline constexpr Op kOps[] = {
    {.name = "embedding",
     .operands = detail::kEmbedding,
     .attributes = detail::kWeightAttributes,
     .formula = "output[t, i] = table[tokens[t], i]"},
    {.name = "gather_rows", .operands = detail::kGatherRows, .formula = "output[r, i] = input[rows[r], i]"},
    {.name = "rms_norm",
     .operands = detail::kRmsNorm,
     .attributes = detail::kEpsilon,
     .tolerance = Tolerance::elementwise,
     .formula = R"(
output[t, k] = (input[t, k] · (1 / √(Σ_j input[t, j]² / K + epsilon))) · weight[k],
the sum accumulated in order.)"},
    {.name = "linear",
     .operands = detail::kLinear,
     .attributes = detail::kLinearAttributes,
     .tolerance = Tolerance::sum,
     .formula = R"(
output[t, n] = Σ_k weight[n, k] · input[t, k], accumulated in order, in the
[class of activations](#activations).)"},
    {.name = "fused_linear",
     .operands = detail::kFusedLinear,
     .attributes = detail::kFusedLinearAttributes,
     .tolerance = Tolerance::sum,
     .formula = R"(
x = rms_norm(input, norm_weight, epsilon) if `norm_weight` is given, else input. y = weight · x,
each element accumulated in order, in the [class of activations](#activations). `epsilon` is given
with `norm_weight`, `swiglu_block` with `activation` `swiglu`.

- `activation` `none`: M = N and z = y.
- `activation` `swiglu` with B = `swiglu_block`: M = 2 · B · ⌈N / B⌉,
  z[t, j] = silu(y[t, g]) · y[t, g + B] with g = (j / B) · 2B + j mod B, divisions rounding down;
  rows of the weight that pad gate and up beyond N rows are zero.

output = residual + z if `residual` is given, else z.)"},
    {.name = "rope",
     .operands = detail::kRope,
     .attributes = detail::kHeadDim,
     .tolerance = Tolerance::elementwise,
     .formula = R"(
With h = head_dim / 2, c = table[positions[t], i] and s = table[positions[t], h + i], in each head
and for i < h: output[i] = input[i] · c − input[h + i] · s,
output[h + i] = input[h + i] · c + input[i] · s.)"},
    {.name = "kv_append", .operands = detail::kKvAppend, .formula = R"(
Row t of `key` and `value` is stored at slot `slots[t]` of the layer; −1 stores nothing. Slots of a
step differ. A cache of type i8 has `cache.scales`, no other has.)"},
    {.name = "attention",
     .operands = detail::kAttention,
     .attributes = detail::kScale,
     .tolerance = Tolerance::sum,
     .formula = R"(
For row t of sequence s = sequences[t], head h and KV head g = h / (heads / kv_heads):
score[p] = scale · Σ_i query[t, h, i] · K[s, p, g, i] for p = 0 .. positions[t]; w = softmax(score),
the maximum being subtracted before the exponential; output[t, h, i] = Σ_p w[p] · V[s, p, g, i].
`sequence_starts` gives the rows of each sequence, for backends that work sequence by sequence.)"},
    {.name = "rope_attention",
     .operands = detail::kRopeAttention,
     .attributes = detail::kScale,
     .tolerance = Tolerance::sum,
     .formula = R"(
rope of `query` and of `key`, kv_append of the rotated key and of `value` for all rows, then
attention of the rotated query. K and V of the step itself are read back from the cache.)"},
    {.name = "silu",
     .operands = detail::kUnary,
     .tolerance = Tolerance::elementwise,
     .formula = "output = input / (1 + e^−input)"},
    {.name = "mul",
     .operands = detail::kBinary,
     .tolerance = Tolerance::oneRounding,
     .formula = "output = lhs · rhs"},
    {.name = "add",
     .operands = detail::kBinary,
     .tolerance = Tolerance::oneRounding,
     .formula = "output = lhs + rhs"},
    {.name = "fill_random",
     .operands = detail::kFillRandom,
     .attributes = detail::kFillRandomAttributes,
     .formula = R"(
Only in the entry `initialize`. Writes the rows of one source tensor with
[random weights](#random-weights); the weight is all zero before.)"},
    {.name = "fill_ones",
     .operands = detail::kFillOnes,
     .formula = "Only in the entry `initialize`. Every element becomes 1."},
};

/// What a letter of Operand::extents stands for.
constexpr std::string_view textOfExtent(char letter) {
  switch (letter) {
  case 'B':
    return "S + 1";
  case 'C':
    return "heads · head_dim";
  case 'E':
    return "kv_heads · head_dim";
  case 'H':
    return "head_dim";
  case 'L':
    return "context";
  case 'P':
    return "pages of a sequence";
  case 'W':
    return "8";
  default:
    return {}; // stands for itself
  }
}

/// Returns whether there are several types, which a plugin manifest may restrict.
constexpr bool hasChoice(Types types) { return types == Types::floats || types == Types::cacheFloats; }

constexpr bool accepts(Types types, uint32_t type) {
  switch (types) {
  case Types::floats:
    return type == CRIA_TYPE_F32 || type == CRIA_TYPE_F16 || type == CRIA_TYPE_BF16;
  case Types::cacheFloats:
    return type == CRIA_TYPE_F32 || type == CRIA_TYPE_F16;
  case Types::f32:
    return type == CRIA_TYPE_F32;
  case Types::f16:
    return type == CRIA_TYPE_F16;
  case Types::i32:
    return type == CRIA_TYPE_I32;
  case Types::u32:
    return type == CRIA_TYPE_U32;
  case Types::codes:
    return type == CRIA_TYPE_I8 || type == CRIA_TYPE_U8;
  case Types::i8:
    return type == CRIA_TYPE_I8;
  }
  return false;
}

/// Null when the table has no op of that name.
constexpr const Op *find(std::string_view name, std::span<const Op> ops = kOps) {
  for (const Op &op : ops) {
    if (op.name == name) {
      return &op;
    }
  }
  return nullptr;
}

/// The first signature of the operand; null when the op has no operand of that name.
constexpr const Operand *findOperand(const Op &op, std::string_view name) {
  for (const Operand &operand : op.operands) {
    if (operand.name == name) {
      return &operand;
    }
  }
  return nullptr;
}

/// The signature of the operand that accepts an element type (CRIA_TYPE_*); null when none does.
constexpr const Operand *findOperand(const Op &op, std::string_view name, uint32_t type) {
  for (const Operand &operand : op.operands) {
    if (operand.name == name && accepts(operand.types, type)) {
      return &operand;
    }
  }
  return nullptr;
}

/// The first signature of the attribute; null when the op has no attribute of that name.
constexpr const Attribute *findAttribute(const Op &op, std::string_view name) {
  for (const Attribute &attribute : op.attributes) {
    if (attribute.name == name) {
      return &attribute;
    }
  }
  return nullptr;
}

/// The signature of the attribute for a value; null when it has none. The value matters for strings alone.
constexpr const Attribute *findAttribute(const Op &op, std::string_view name, std::string_view value) {
  for (const Attribute &attribute : op.attributes) {
    if (attribute.name == name && (attribute.value.empty() || attribute.value == value)) {
      return &attribute;
    }
  }
  return nullptr;
}

/// An operand of a call.
struct Use {
  std::string_view name;
  uint32_t type; // CRIA_TYPE_*
};

/// An attribute of a call.
struct AttributeUse {
  std::string_view name;
  std::string_view value = {}; // of a string
};

/// The lowest version that has an op with these operands and attributes; nullopt if the table has none.
constexpr std::optional<uint32_t> versionOf(const Op &op, std::span<const Use> operands,
                                            std::span<const AttributeUse> attributes) {
  uint32_t version = op.since;
  for (const Use &use : operands) {
    const Operand *operand = findOperand(op, use.name, use.type);
    if (operand == nullptr) {
      return std::nullopt;
    }
    version = std::max(version, operand->since);
  }
  for (const AttributeUse &use : attributes) {
    const Attribute *attribute = findAttribute(op, use.name, use.value);
    if (attribute == nullptr) {
      return std::nullopt;
    }
    version = std::max(version, attribute->since);
  }
  return version;
}

} // namespace cria::opset
