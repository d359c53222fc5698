// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The `program` dialect: its enums and attributes, and the symbols that a shape may have as dimensions.
#pragma once

#include "format/StepFields.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Dialect.h"

#include "ir/ProgramDialect.h.inc"
#include "ir/ProgramEnums.h.inc"

#define GET_ATTRDEF_CLASSES
#include "ir/ProgramAttrs.h.inc"

namespace cria::program {

/// The negative number that represents a symbolic dimension, such as T, in a shape. Other dimensions are >=
/// 0.
constexpr int64_t extentOf(ExtentKind kind) { return -int64_t(kind); }
enum Extent : int64_t {
  kNumTokens = extentOf(ExtentKind::tokens),       ///< rows of the step
  kNumOutputs = extentOf(ExtentKind::outputs),     ///< rows of logits
  kNumSequences = extentOf(ExtentKind::sequences), ///< sequences of the step
  kNumSequencesPlusOne = extentOf(ExtentKind::sequencesPlusOne),
  kNumPages = extentOf(ExtentKind::pages), ///< pages in the pool, only for `kv`
};
/// The kind of a dimension; constant for a number.
constexpr ExtentKind extentKindOf(int64_t extent) {
  return extent < 0 ? ExtentKind(-extent) : ExtentKind::constant;
}
ProgramLimits limitsOf(LimitsAttr limits);
/// The size of a window that ends at the end of the pool.
constexpr int64_t kRest = -1;
/// Alignment in bytes of buffers, and of the windows that kernels get.
constexpr int64_t kAlignment = 64;

/// "T", "R", "S", "S+1", "P" or the number.
std::string extentName(int64_t extent);
/// The largest value of a dimension within the limits. P has no limit; the value is that of one page.
int64_t maximumExtent(int64_t extent, LimitsAttr limits);
/// Whether `type` is one that programs compute with: f32, f16, bf16, i32, ui32, ui8 or i8.
bool isProgramType(mlir::Type type);
/// Bytes of an element of a type that programs compute with.
int64_t elementTypeBytes(mlir::Type type);
/// Bytes from the first element to the end of the last one, for the largest value of each dimension; 0 if a
/// dimension is 0.
int64_t spanBytes(mlir::Type type, llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> strides,
                  LimitsAttr limits);
/// Strides of a dense row-major array, in elements. Only the first dimension may be symbolic.
llvm::SmallVector<int64_t> denseStrides(llvm::ArrayRef<int64_t> shape);

} // namespace cria::program
