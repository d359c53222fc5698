// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the `program` dialect; parses, prints and checks its attributes.

#include "ir/ProgramDialect.h"
#include "format/Program.h"
#include "ir/ElementTypes.h"
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
  const int64_t values[] = {maxTokens, maxSequences, maxOutputs, maxPagesPerSequence, contextTokens};
  for (auto [rule, value] : llvm::zip_equal(kLimitRules, values)) {
    if (value < 1 || value > rule.maximum) {
      return emitError() << "expected '" << StringRef(rule.name) << "' in 1.." << rule.maximum << ", got "
                         << value;
    }
  }
  return success();
}

LogicalResult KvAttr::verify(function_ref<InFlightDiagnostic()> emitError, int64_t pageTokens,
                             int64_t pageBytes, Type type) {
  if (pageTokens < 1 || pageTokens > kMaxPageTokens) {
    return emitError() << "expected 'page_tokens' in 1.." << kMaxPageTokens << ", got " << pageTokens;
  }
  if (pageBytes < 1 || pageBytes % kAlignment != 0) {
    return emitError() << "expected 'page_bytes' to be a positive multiple of " << kAlignment << ", got "
                       << pageBytes;
  }
  if (!isProgramType(type)) {
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
  if (of != 1 && of != kNumTokens && of != kNumOutputs) {
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
  std::string_view symbol = symbolOf(extentKindOf(extent));
  return symbol.empty() ? std::to_string(extent) : std::string(symbol);
}

cria::ProgramLimits cria::program::limitsOf(LimitsAttr limits) {
  return {.maxTokens = uint32_t(limits.getMaxTokens()),
          .maxSequences = uint32_t(limits.getMaxSequences()),
          .maxOutputs = uint32_t(limits.getMaxOutputs()),
          .maxPagesPerSequence = uint32_t(limits.getMaxPagesPerSequence()),
          .context = uint32_t(limits.getContextTokens())};
}

int64_t cria::program::maximumExtent(int64_t extent, LimitsAttr limits) {
  return extent < 0 ? int64_t(maximumOf(extentKindOf(extent), limitsOf(limits))) : extent;
}

bool cria::program::isProgramType(Type type) {
  std::optional<ElementType> element = findElementType(type);
  return element && cria::isProgramType(*element);
}

int64_t cria::program::elementTypeBytes(Type type) { return int64_t(sizeOf(elementTypeOf(type))); }

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
