// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the `program` dialect; parses, prints and checks its attributes.

#include "ir/ProgramDialect.h"
#include "ir/ProgramAssembly.h"
#include "ir/ProgramOps.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace cria::program;

#include "ir/ProgramDialect.cpp.inc"
#include "ir/ProgramEnums.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "ir/ProgramAttrs.cpp.inc"

void ProgramDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/ProgramAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "ir/ProgramOps.cpp.inc"
      >();
}

LogicalResult ProgramDialect::verifyOperationAttribute(Operation *op, NamedAttribute attribute) {
  StringRef name = attribute.getName();
  bool ok = llvm::StringSwitch<bool>(name)
                .Case(kTargetAttr, isa<StringAttr>(attribute.getValue()))
                .Case(kLimitsAttr, isa<LimitsAttr>(attribute.getValue()))
                .Case(kKvAttr, isa<KvAttr>(attribute.getValue()))
                .Default(false);
  if (ok && isa<ModuleOp>(op)) {
    return success();
  }
  return op->emitError() << "expected '" << name << "' to be one of '" << kTargetAttr << "' (a string), '"
                         << kLimitsAttr << "' (#program.limits) and '" << kKvAttr
                         << "' (#program.kv) on a module";
}

LogicalResult LimitsAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t maxTokens,
                                 int64_t maxSequences, int64_t maxOutputs, int64_t maxPagesPerSequence,
                                 int64_t contextTokens) {
  // Larger limits would let sizes in bytes leave 64 bits.
  constexpr int64_t kMaximum = int64_t(1) << 24;
  for (int64_t limit : {maxTokens, maxSequences, maxOutputs, maxPagesPerSequence, contextTokens}) {
    if (limit < 1 || limit > kMaximum) {
      return emitError() << "expected every limit to lie in 1.." << kMaximum << ", got " << limit;
    }
  }
  return success();
}

LogicalResult KvAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t pageTokens,
                             int64_t pageBytes, Type type) {
  if (pageTokens < 1) {
    return emitError() << "expected 'page_tokens' of at least 1, got " << pageTokens;
  }
  if (pageBytes < 1 || pageBytes % kAlignment != 0) {
    return emitError() << "expected 'page_bytes' to be a positive multiple of " << kAlignment << ", got "
                       << pageBytes;
  }
  if (elementTypeName(type).empty()) {
    return emitError() << "expected an element type of programs, got " << type;
  }
  return success();
}

LogicalResult GridDimAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t times, int64_t of,
                                  int64_t tile) {
  if (times < 0 || tile < 1) {
    return emitError() << "expected a grid dimension with times >= 0 and tile >= 1, got " << times << " and "
                       << tile;
  }
  if (of != 1 && of != kExtentT && of != kExtentR) {
    return emitError() << "expected a grid dimension of 1, T or R, got " << extentName(of);
  }
  return success();
}

Attribute BindingAttr::parse(AsmParser &parser, Type) {
  BindingAttr binding;
  if (parser.parseLess() || parseBinding(parser, binding) || parser.parseGreater()) {
    return {};
  }
  return binding;
}

void BindingAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printBinding(printer, *this);
  printer << ">";
}

std::string cria::program::extentName(int64_t extent) {
  switch (extent) {
  case kExtentT:
    return "T";
  case kExtentR:
    return "R";
  case kExtentS:
    return "S";
  case kExtentSPlus1:
    return "S+1";
  case kExtentP:
    return "P";
  default:
    return std::to_string(extent);
  }
}

int64_t cria::program::maximumExtent(int64_t extent, LimitsAttr limits) {
  switch (extent) {
  case kExtentT:
    return limits.getMaxTokens();
  case kExtentR:
    return limits.getMaxOutputs();
  case kExtentS:
    return limits.getMaxSequences();
  case kExtentSPlus1:
    return limits.getMaxSequences() + 1;
  case kExtentP:
    return 1;
  default:
    return extent;
  }
}

StringRef cria::program::elementTypeName(Type type) {
  if (type.isUnsignedInteger(32)) {
    return "u32";
  }
  if (type.isUnsignedInteger(8)) {
    return "u8";
  }
  return type.isF32()                 ? "f32"
         : type.isF16()               ? "f16"
         : type.isBF16()              ? "bf16"
         : type.isSignlessInteger(32) ? "i32"
         : type.isSignlessInteger(8)  ? "i8"
                                      : "";
}

int64_t cria::program::elementTypeBytes(Type type) {
  return elementTypeName(type).empty() ? 0 : type.getIntOrFloatBitWidth() / 8;
}

int64_t cria::program::spanBytes(Type type, ArrayRef<int64_t> shape, ArrayRef<int64_t> strides,
                                 LimitsAttr limits) {
  __int128 last = 0;
  for (auto [extent, stride] : llvm::zip_equal(shape, strides)) {
    int64_t count = maximumExtent(extent, limits);
    if (count == 0) {
      return 0;
    }
    last += __int128(count - 1) * stride;
    last = std::min<__int128>(last, INT64_MAX); // far beyond any buffer; keeps the sum from wrapping
  }
  return int64_t(std::min<__int128>((last + 1) * elementTypeBytes(type), INT64_MAX));
}

SmallVector<int64_t> cria::program::denseStrides(ArrayRef<int64_t> shape) {
  SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = int64_t(shape.size()) - 2; i >= 0; --i) {
    strides[i] = strides[i + 1] * shape[i + 1];
  }
  return strides;
}
