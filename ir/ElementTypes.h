// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one conversion between MLIR's types and the element types of programs and files.
#pragma once

#include "format/ElementType.h"

#include "mlir/IR/BuiltinTypes.h"

#include <optional>

namespace cria {

/// The element type that `type` is; nullopt for any other type.
std::optional<ElementType> findElementType(mlir::Type type);

/// The element type that `type` is. Verifiers have made sure that it is one; any other type is a bug of the
/// compiler and ends the process with a message.
ElementType elementTypeOf(mlir::Type type);

/// The MLIR type of `type`. Signed integers are signless, as in MLIR.
mlir::Type mlirType(mlir::MLIRContext *context, ElementType type);

} // namespace cria
