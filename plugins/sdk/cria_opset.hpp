// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cria_opset.hpp - the ops of the opset as a table, for the compiler and for backends that run executables of
// format "cria.ops.v1".
//
// Versions only add: each op, signature of an operand and attribute states the version that brought it
// (`since`), and nothing of an older version changes. A program asks for the highest version of what it uses;
// a backend accepts every version up to the one that it was built with.
#pragma once

#include "cria_plugin.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

namespace cria::opset {

/// The version of this table. cria_executable_info::kernel_abi states the one that a program asks for.
inline constexpr uint32_t kVersion = 1;
inline constexpr std::string_view kFormat = "cria.ops.v1";

/// The element types of an operand. `floats`: f32, f16 or bf16; `cacheFloats`: f16 or f32.
enum class Types { floats, cacheFloats, f32, i32, u32 };

/// A signature of an operand. An operand may have several, which share no element type: the type of what is
/// bound selects one. `extents` has one letter for each dimension: dimensions with the same letter have the
/// same size in one call, '.' is any size.
struct Operand {
  std::string_view name;
  Types types;
  std::string_view extents;
  uint32_t access = CRIA_ACCESS_READ;
  bool isOptional = false;
  uint32_t since = 1;
};

struct Attribute {
  std::string_view name;
  uint32_t type; // CRIA_ATTRIBUTE_*
  bool isOptional = false;
  uint32_t since = 1;
};

struct Op {
  std::string_view name;
  std::span<const Operand> operands;
  std::span<const Attribute> attributes;
  uint32_t since = 1;
};

namespace detail {

using enum Types;

inline constexpr uint32_t kRead = CRIA_ACCESS_READ, kWrite = CRIA_ACCESS_WRITE,
                          kUpdate = CRIA_ACCESS_READ_WRITE;
inline constexpr bool kOptional = true;

inline constexpr Operand kEmbedding[] = {
    {"tokens", i32, "T"}, {"table", floats, ".D"}, {"output", f32, "TD", kWrite}};
inline constexpr Operand kGatherRows[] = {
    {"input", f32, ".D"}, {"rows", i32, "R"}, {"output", f32, "RD", kWrite}};
inline constexpr Operand kUnary[] = {{"input", f32, "TD"}, {"output", f32, "TD", kWrite}};
inline constexpr Operand kBinary[] = {{"lhs", f32, "TD"}, {"rhs", f32, "TD"}, {"output", f32, "TD", kWrite}};
inline constexpr Operand kRmsNorm[] = {
    {"input", f32, "TK"}, {"weight", f32, "K"}, {"output", f32, "TK", kWrite}};
inline constexpr Operand kLinear[] = {
    {"input", f32, "TK"}, {"weight", floats, "NK"}, {"output", f32, "TN", kWrite}};
inline constexpr Operand kFusedLinear[] = {{"input", f32, "TK"},
                                           {"weight", floats, ".K"},
                                           {"norm_weight", f32, "K", kRead, kOptional},
                                           {"residual", f32, "TN", kRead, kOptional},
                                           {"output", f32, "TN", kWrite}};
inline constexpr Operand kRope[] = {
    {"input", f32, "TC"}, {"positions", i32, "T"}, {"table", f32, ".H"}, {"output", f32, "TC", kWrite}};
inline constexpr Operand kKvAppend[] = {
    {"key", f32, "TC"}, {"value", f32, "TC"}, {"slots", i32, "T"}, {"cache", cacheFloats, ".....", kWrite}};
inline constexpr Operand kAttention[] = {{"query", f32, "TC"},         {"positions", i32, "T"},
                                         {"sequences", i32, "T"},      {"sequence_starts", i32, "."},
                                         {"block_table", i32, ".."},   {"cache", cacheFloats, "....."},
                                         {"output", f32, "TC", kWrite}};
inline constexpr Operand kRopeAttention[] = {
    {"query", f32, "TC"},         {"key", f32, "TE"},
    {"value", f32, "TE"},         {"table", f32, ".H"},
    {"positions", i32, "T"},      {"sequences", i32, "T"},
    {"slots", i32, "T"},          {"sequence_starts", i32, "."},
    {"block_table", i32, ".."},   {"cache", cacheFloats, ".....", kUpdate},
    {"output", f32, "TC", kWrite}};
inline constexpr Operand kFillRandom[] = {{"constants", u32, "."}, {"weight", floats, "NK", kWrite}};
inline constexpr Operand kFillOnes[] = {{"weight", floats, "K", kWrite}};

inline constexpr Attribute kEpsilon[] = {{"epsilon", CRIA_ATTRIBUTE_FLOAT}};
inline constexpr Attribute kHeadDim[] = {{"head_dim", CRIA_ATTRIBUTE_INT}};
inline constexpr Attribute kFusedLinearAttributes[] = {{"activation", CRIA_ATTRIBUTE_STRING},
                                                       {"epsilon", CRIA_ATTRIBUTE_FLOAT, kOptional},
                                                       {"swiglu_block", CRIA_ATTRIBUTE_INT, kOptional}};
inline constexpr Attribute kScale[] = {{"scale", CRIA_ATTRIBUTE_FLOAT}};

} // namespace detail

inline constexpr Op kOps[] = {
    {"embedding", detail::kEmbedding, {}},
    {"gather_rows", detail::kGatherRows, {}},
    {"rms_norm", detail::kRmsNorm, detail::kEpsilon},
    {"linear", detail::kLinear, {}},
    {"fused_linear", detail::kFusedLinear, detail::kFusedLinearAttributes},
    {"rope", detail::kRope, detail::kHeadDim},
    {"kv_append", detail::kKvAppend, {}},
    {"attention", detail::kAttention, detail::kScale},
    {"rope_attention", detail::kRopeAttention, detail::kScale},
    {"silu", detail::kUnary, {}},
    {"mul", detail::kBinary, {}},
    {"add", detail::kBinary, {}},
    {"fill_random", detail::kFillRandom, {}},
    {"fill_ones", detail::kFillOnes, {}},
};

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
  case Types::i32:
    return type == CRIA_TYPE_I32;
  case Types::u32:
    return type == CRIA_TYPE_U32;
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

/// Null when the op has no attribute of that name.
constexpr const Attribute *findAttribute(const Op &op, std::string_view name) {
  for (const Attribute &attribute : op.attributes) {
    if (attribute.name == name) {
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

/// The lowest version that has an op with these operands and attributes; nothing when the table has none.
constexpr std::optional<uint32_t> versionOf(const Op &op, std::span<const Use> operands,
                                            std::span<const std::string_view> attributes) {
  uint32_t version = op.since;
  for (const Use &use : operands) {
    const Operand *operand = findOperand(op, use.name, use.type);
    if (operand == nullptr) {
      return std::nullopt;
    }
    version = std::max(version, operand->since);
  }
  for (const std::string_view name : attributes) {
    const Attribute *attribute = findAttribute(op, name);
    if (attribute == nullptr) {
      return std::nullopt;
    }
    version = std::max(version, attribute->since);
  }
  return version;
}

} // namespace cria::opset
