// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `program` dialect: its enums and attributes, and the extents that shapes are made of.
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "ir/ProgramDialect.h.inc"
#include "ir/ProgramEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/ProgramAttrs.h.inc"

namespace cria::program {

/// Symbolic extents of a shape; every other extent is a number >= 0.
enum Extent : int64_t {
  kExtentT = -1, ///< rows of the step
  kExtentR = -2, ///< rows of logits
  kExtentS = -3, ///< sequences of the step
  kExtentSPlus1 = -4,
  kExtentP = -5, ///< pages in the pool, only for `kv`
};
/// The size of a window that reaches to the end of the pool.
constexpr int64_t kRest = -1;
/// Alignment of buffers, and of windows that kernels see, in bytes.
constexpr int64_t kAlignment = 64;

/// "T", "R", "S", "S+1", "P" or the number.
std::string extentName(int64_t extent);
/// The value of an extent at the limits' maxima. P has none: one page is assumed.
int64_t maximumExtent(int64_t extent, LimitsAttr limits);
/// "f32", "f16", "bf16", "i32", "u32", "u8", "i8", or empty for a type that programs do not have.
llvm::StringRef elementTypeName(mlir::Type type);
/// Bytes of an element; 0 for a type that programs do not have.
int64_t elementTypeBytes(mlir::Type type);
/// Bytes from the first to past the last element at the maxima; 0 when an extent is 0.
int64_t spanBytes(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides,
                  LimitsAttr limits);
/// Strides of a dense row-major array. Every extent but the first is a number.
llvm::SmallVector<int64_t> denseStrides(llvm::ArrayRef<int64_t> shape);

} // namespace cria::program
