// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Types, enumerations and attributes of the llama dialect: weights and their recipes, the KV cache, the model
// configuration.
#pragma once

#include "format/RopeScaling.h"
#include "format/WeightArrays.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/OpImplementation.h"

#include <optional>

#include "ir/LlamaEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/LlamaAttrs.h.inc"

#define GET_TYPEDEF_CLASSES
#include "ir/LlamaTypes.h.inc"

namespace cria::llama {

/// Whether an attribute makes a weight: `#llama.checkpoint`, `random`, `ones`, `rope_table`, `concat`,
/// `interleave` or `permute_rope`.
bool isRecipe(mlir::Attribute attribute);

/// Whether an attribute scales RoPE: `#llama.linear_scaling`, `#llama.llama3_scaling` or
/// `#llama.yarn_scaling`.
bool isRopeScaling(mlir::Attribute attribute);
/// The scaling that an attribute states, and its attribute: null for none.
std::optional<cria::RopeScaling> scalingOf(mlir::Attribute attribute);
mlir::Attribute attributeOf(mlir::MLIRContext *context, const std::optional<cria::RopeScaling> &scaling);

} // namespace cria::llama
