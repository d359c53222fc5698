// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parses and prints dimensions, shapes, bindings and grids of the `program` dialect.

#include "ir/ProgramAssembly.h"

using namespace mlir;

namespace cria::program {

ParseResult parseExtent(AsmParser &parser, int64_t &extent) {
  SMLoc location = parser.getCurrentLocation();
  StringRef keyword;
  if (failed(parser.parseOptionalKeyword(&keyword, {"T", "R", "S", "P"}))) {
    if (parser.parseInteger(extent)) {
      return failure();
    }
    return extent >= 0 ? success() : parser.emitError(location, "expected a dimension >= 0, got ") << extent;
  }
  extent = llvm::StringSwitch<int64_t>(keyword)
               .Case("T", kNumTokens)
               .Case("R", kNumOutputs)
               .Case("S", kNumSequences)
               .Default(kNumPages);
  if (extent != kNumSequences || failed(parser.parseOptionalPlus())) {
    return success();
  }
  int64_t one = 0;
  if (parser.parseInteger(one) || one != 1) {
    return parser.emitError(location, "expected 'S' or 'S+1'");
  }
  extent = kNumSequencesPlusOne;
  return success();
}

ParseResult parseExtent(AsmParser &parser, FailureOr<int64_t> &extent) {
  int64_t value = 0;
  if (parseExtent(parser, value)) {
    return failure();
  }
  extent = value;
  return success();
}

void printExtent(AsmPrinter &printer, int64_t extent) { printer << extentName(extent); }

static ParseResult parseExtents(AsmParser &parser, SmallVectorImpl<int64_t> &extents) {
  return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
    return parseExtent(parser, extents.emplace_back());
  });
}

static void printExtents(AsmPrinter &printer, ArrayRef<int64_t> extents) {
  printer << "[";
  llvm::interleaveComma(extents, printer.getStream(), [&](int64_t extent) { printer << extentName(extent); });
  printer << "]";
}

ParseResult parseShape(AsmParser &parser, DenseI64ArrayAttr &shape) {
  SmallVector<int64_t> extents;
  if (parseExtents(parser, extents)) {
    return failure();
  }
  shape = DenseI64ArrayAttr::get(parser.getContext(), extents);
  return success();
}

void printShape(AsmPrinter &printer, Operation *, DenseI64ArrayAttr shape) { printExtents(printer, shape); }

static ParseResult parseSize(AsmParser &parser, int64_t &size) {
  if (succeeded(parser.parseOptionalKeyword("rest"))) {
    size = kRest;
    return success();
  }
  return parser.parseInteger(size);
}

ParseResult parseBinding(AsmParser &parser, BindingAttr &binding) {
  std::string name;
  StringRef access;
  StringAttr buffer;
  Type type;
  SmallVector<int64_t> shape, strides;
  int64_t offset = 0, size = 0;
  if (parser.parseKeywordOrString(&name) || parser.parseEqual()) {
    return failure();
  }
  SMLoc location = parser.getCurrentLocation();
  if (parser.parseKeyword(&access)) {
    return failure();
  }
  std::optional<Access> parsed = symbolizeAccess(access);
  if (!parsed) {
    return parser.emitError(location, "expected 'read', 'write' or 'read_write', got '") << access << "'";
  }
  if (parser.parseSymbolName(buffer) || parser.parseType(type) || parseExtents(parser, shape) ||
      parser.parseKeyword("strides") || parseExtents(parser, strides) || parser.parseKeyword("at") ||
      parser.parseInteger(offset) || parser.parseKeyword("size") || parseSize(parser, size)) {
    return failure();
  }
  binding = BindingAttr::get(parser.getContext(), name, FlatSymbolRefAttr::get(buffer), *parsed, type, shape,
                             strides, offset, size);
  return success();
}

void printBinding(AsmPrinter &printer, BindingAttr binding) {
  printer.printKeywordOrString(binding.getName());
  printer << " = " << stringifyAccess(binding.getAccess()) << " " << binding.getBuffer() << " "
          << binding.getType() << " ";
  printExtents(printer, binding.getShape());
  printer << " strides ";
  printExtents(printer, binding.getStrides());
  printer << " at " << binding.getOffset() << " size ";
  if (binding.getSize() == kRest) {
    printer << "rest";
  } else {
    printer << binding.getSize();
  }
}

ParseResult parseBindings(OpAsmParser &parser, ArrayAttr &bindings) {
  SmallVector<Attribute> elements;
  if (parser.parseLBrace()) {
    return failure();
  }
  while (failed(parser.parseOptionalRBrace())) {
    BindingAttr binding;
    if (parseBinding(parser, binding)) {
      return failure();
    }
    elements.push_back(binding);
  }
  bindings = ArrayAttr::get(parser.getContext(), elements);
  return success();
}

void printBindings(OpAsmPrinter &printer, Operation *, ArrayAttr bindings) {
  printer << "{";
  printer.increaseIndent();
  for (auto binding : bindings.getAsRange<BindingAttr>()) {
    printer.printNewline();
    printBinding(printer, binding);
  }
  printer.decreaseIndent();
  printer.printNewline();
  printer << "}";
}

ParseResult parseGrid(OpAsmParser &parser, ArrayAttr &grid) {
  SmallVector<Attribute> dims;
  auto parseDim = [&]() -> ParseResult {
    SMLoc location = parser.getCurrentLocation();
    int64_t times = 0, of = 0, tile = 0;
    if (parser.parseInteger(times) || parser.parseStar() || parseExtent(parser, of) ||
        parser.parseKeyword("by") || parser.parseInteger(tile)) {
      return failure();
    }
    auto emitError = [&] { return parser.emitError(location); };
    Attribute dim = GridDimAttr::getChecked(emitError, parser.getContext(), times, of, tile);
    dims.push_back(dim);
    return success(dim != nullptr);
  };
  if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, parseDim)) {
    return failure();
  }
  grid = ArrayAttr::get(parser.getContext(), dims);
  return success();
}

void printGrid(OpAsmPrinter &printer, Operation *, ArrayAttr grid) {
  printer << "[";
  llvm::interleaveComma(grid.getAsRange<GridDimAttr>(), printer.getStream(), [&](GridDimAttr dim) {
    printer << dim.getTimes() << " * " << extentName(dim.getOf()) << " by " << dim.getTile();
  });
  printer << "]";
}

} // namespace cria::program
