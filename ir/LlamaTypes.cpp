// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parsing, printing and checking of the llama dialect's types and attributes.

#include "ir/LlamaTypes.h"

#include "format/KvType.h"
#include "ir/ElementTypes.h"
#include "ir/LlamaDialect.h"
#include "ir/LlamaShapes.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

#include <cmath>

using namespace mlir;
using namespace cria::llama;

#include "ir/LlamaEnums.cpp.inc"

/// The name of a format in the table.
static ParseResult parseFormat(AsmParser &parser, cria::WeightFormat &format) {
  SMLoc loc = parser.getCurrentLocation();
  StringRef word;
  if (parser.parseKeyword(&word)) {
    return failure();
  }
  std::optional<cria::WeightFormat> known = cria::findWeightFormat(word);
  if (!known) {
    return parser.emitError(loc, "expected weight format ") << cria::weightFormatNames() << ", got " << word;
  }
  format = *known;
  return success();
}

static void printFormat(AsmPrinter &printer, cria::WeightFormat format) {
  printer << StringRef(nameOf(format));
}

/// custom<Double>: an f64 without its type.
static ParseResult parseDouble(AsmParser &parser, FloatAttr &attribute) {
  double value;
  if (parser.parseFloat(value)) {
    return failure();
  }
  attribute = FloatAttr::get(Float64Type::get(parser.getContext()), value);
  return success();
}

static void printDouble(AsmPrinter &printer, FloatAttr attribute) {
  printer.printFloat(attribute.getValue());
}

#define GET_ATTRDEF_CLASSES
#include "ir/LlamaAttrs.cpp.inc"

#define GET_TYPEDEF_CLASSES
#include "ir/LlamaTypes.cpp.inc"

/// The dialect's layouts are those of the format, by number.
using LayoutKind = cria::PhysicalLayout::Kind;
static_assert(int(WeightLayout::row_major) == int(LayoutKind::rowMajor) &&
              int(WeightLayout::panel16) == int(LayoutKind::panel16) &&
              int(WeightLayout::row_padded) == int(LayoutKind::rowPadded) &&
              getMaxEnumValForWeightLayout() == uint32_t(LayoutKind::rowPadded));

cria::PhysicalLayout WeightType::getPhysicalLayout() const {
  return layoutOf(static_cast<LayoutKind>(getLayout()), getShape());
}

std::vector<cria::WeightArray> WeightType::getArrays() const {
  return arraysOf(getFormat(), getPhysicalLayout().kind, getShape());
}

int64_t WeightType::getPhysicalBytes() const {
  int64_t bytes = 0;
  for (const cria::WeightArray &array : getArrays()) {
    bytes += int64_t(array.size);
  }
  return bytes;
}

cria::ElementType WeightType::getDenseElement() const {
  if (!isDense(getFormat())) {
    llvm::report_fatal_error("expected a dense weight, got format " +
                             llvm::Twine(StringRef(nameOf(getFormat()))));
  }
  return traitsOf(getFormat()).element;
}

void LlamaDialect::registerTypes() {
  addTypes<
#define GET_TYPEDEF_LIST
#include "ir/LlamaTypes.cpp.inc"
      >();
}

void LlamaDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "ir/LlamaAttrs.cpp.inc"
      >();
}

bool cria::llama::isRecipe(Attribute attribute) {
  return isa_and_nonnull<CheckpointAttr, RandomAttr, OnesAttr, RopeTableAttr, ConcatAttr, InterleaveAttr,
                         PermuteRopeAttr>(attribute);
}

//===----------------------------------------------------------------------===//
// Types
//===----------------------------------------------------------------------===//

Type WeightType::parse(AsmParser &parser) {
  SMLoc loc = parser.getCurrentLocation();
  SmallVector<int64_t> shape;
  cria::WeightFormat format = cria::WeightFormat::f32;
  if (parser.parseLess() ||
      parser.parseDimensionList(shape, /*allowDynamic=*/false, /*withTrailingX=*/false) ||
      parser.parseComma() || parseFormat(parser, format)) {
    return {};
  }
  WeightLayout layout = WeightLayout::row_major;
  if (succeeded(parser.parseOptionalComma())) {
    StringRef word;
    if (parser.parseKeyword(&word)) {
      return {};
    }
    std::optional<WeightLayout> parsed = symbolizeWeightLayout(word);
    if (!parsed) {
      parser.emitError(loc, "expected weight layout row_major, panel16 or row_padded, got ") << word;
      return {};
    }
    layout = *parsed;
  }
  if (parser.parseGreater()) {
    return {};
  }
  return getChecked([&] { return parser.emitError(loc); }, parser.getContext(), shape, format, layout);
}

void WeightType::print(AsmPrinter &printer) const {
  printer << '<';
  llvm::interleave(getShape(), printer.getStream(), "x");
  printer << ", ";
  printFormat(printer, getFormat());
  if (getLayout() != WeightLayout::row_major) {
    printer << ", " << stringifyWeightLayout(getLayout());
  }
  printer << '>';
}

/// Rank 1 or 2 with positive dimensions.
static LogicalResult verifyShape(EmitError emitError, ArrayRef<int64_t> shape) {
  if (shape.empty() || shape.size() > 2) {
    return emitError() << "expected rank 1 or 2, got " << shape.size();
  }
  for (int64_t extent : shape) {
    if (extent <= 0) {
      return emitError() << "expected positive dimensions, got " << extent;
    }
  }
  return success();
}

static LogicalResult verifyPositive(EmitError emitError, StringRef what, int64_t value) {
  if (value <= 0) {
    return emitError() << "expected positive " << what << ", got " << value;
  }
  return success();
}

LogicalResult WeightType::verify(EmitError emitError, ArrayRef<int64_t> shape, cria::WeightFormat format,
                                 WeightLayout layout) {
  if (failed(verifyShape(emitError, shape))) {
    return failure();
  }
  if (!hasLayout(cria::traitsOf(format), static_cast<LayoutKind>(layout))) {
    return emitError() << "format " << StringRef(nameOf(format)) << " cannot be held in layout "
                       << stringifyWeightLayout(layout);
  }
  if (layout != WeightLayout::row_major && shape.size() != 2) {
    return emitError() << "expected rank 2 with layout " << stringifyWeightLayout(layout) << ", got "
                       << shape.size();
  }
  return success();
}

LogicalResult KvCacheType::verify(EmitError emitError, int64_t layers, int64_t kvHeads, int64_t headDim,
                                  Type elementType) {
  if (failed(verifyPositive(emitError, "layers", layers)) ||
      failed(verifyPositive(emitError, "kv_heads", kvHeads)) ||
      failed(verifyPositive(emitError, "head_dim", headDim))) {
    return failure();
  }
  if (headDim % 2 != 0) {
    return emitError() << "expected even head_dim, got " << headDim;
  }
  std::optional<cria::ElementType> known = cria::findElementType(elementType);
  if (!known || !cria::isKvType(*known)) {
    return emitError() << "expected cache element type f32, f16 or i8, got " << elementType;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Recipes
//===----------------------------------------------------------------------===//

static LogicalResult verifyPositive(EmitError emitError, StringRef what, FloatAttr value) {
  double number = value.getValueAsDouble();
  if (!std::isfinite(number) || number <= 0) {
    return emitError() << "expected positive " << what << ", got " << number;
  }
  return success();
}

LogicalResult CheckpointAttr::verify(EmitError emitError, StringRef tensor, cria::WeightFormat format,
                                     ArrayRef<int64_t> shape) {
  if (tensor.empty()) {
    return emitError() << "expected the name of a checkpoint tensor, got an empty one";
  }
  return verifyShape(emitError, shape);
}

LogicalResult RandomAttr::verify(EmitError emitError, uint64_t seed, StringRef tensor, int64_t rows,
                                 int64_t columns) {
  if (failed(verifyPositive(emitError, "rows", rows))) {
    return failure();
  }
  return verifyPositive(emitError, "columns", columns);
}

LogicalResult OnesAttr::verify(EmitError emitError, int64_t size) {
  return verifyPositive(emitError, "size", size);
}

LogicalResult LinearScalingAttr::verify(EmitError emitError, FloatAttr factor) {
  return verifyPositive(emitError, "factor", factor);
}

LogicalResult Llama3ScalingAttr::verify(EmitError emitError, FloatAttr factor, FloatAttr lowFreqFactor,
                                        FloatAttr highFreqFactor, int64_t originalContext) {
  if (failed(verifyPositive(emitError, "factor", factor)) ||
      failed(verifyPositive(emitError, "low_freq_factor", lowFreqFactor)) ||
      failed(verifyPositive(emitError, "high_freq_factor", highFreqFactor)) ||
      failed(verifyPositive(emitError, "original_context", originalContext))) {
    return failure();
  }
  double low = lowFreqFactor.getValueAsDouble(), high = highFreqFactor.getValueAsDouble();
  if (low >= high) {
    return emitError() << "expected low_freq_factor below high_freq_factor, got " << low << " and " << high;
  }
  return success();
}

static LogicalResult verifyScaling(EmitError emitError, Attribute scaling) {
  if (scaling && !isRopeScaling(scaling)) {
    return emitError() << "expected RoPE scaling #llama.linear_scaling, #llama.llama3_scaling or "
                          "#llama.yarn_scaling, got "
                       << scaling;
  }
  return success();
}

LogicalResult RopeTableAttr::verify(EmitError emitError, FloatAttr theta, int64_t headDim, int64_t context,
                                    Attribute scaling) {
  if (failed(verifyPositive(emitError, "theta", theta)) ||
      failed(verifyPositive(emitError, "head_dim", headDim)) ||
      failed(verifyPositive(emitError, "context", context))) {
    return failure();
  }
  if (headDim % 2 != 0) {
    return emitError() << "expected even head_dim, got " << headDim;
  }
  return verifyScaling(emitError, scaling);
}

/// Inputs of a step: at least one, all recipes of rank 2 with the same number of columns.
static LogicalResult verifyInputs(EmitError emitError, ArrayRef<Attribute> inputs) {
  if (inputs.empty()) {
    return emitError() << "expected at least one input";
  }
  std::optional<int64_t> columns;
  for (Attribute input : inputs) {
    if (!isRecipe(input)) {
      return emitError() << "expected a weight recipe as input, got " << input;
    }
    SmallVector<int64_t> shape = recipeShape(input);
    if (shape.size() != 2) {
      return emitError() << "expected rank-2 inputs, got " << input;
    }
    if (columns && *columns != shape[1]) {
      return emitError() << "expected inputs with " << *columns << " columns as the first has, got "
                         << shape[1];
    }
    columns = shape[1];
  }
  return success();
}

LogicalResult ConcatAttr::verify(EmitError emitError, ArrayRef<Attribute> inputs) {
  return verifyInputs(emitError, inputs);
}

LogicalResult InterleaveAttr::verify(EmitError emitError, ArrayRef<Attribute> inputs, int64_t block) {
  if (failed(verifyInputs(emitError, inputs)) || failed(verifyPositive(emitError, "block", block))) {
    return failure();
  }
  int64_t rows = recipeShape(inputs.front())[0];
  for (Attribute input : inputs) {
    int64_t found = recipeShape(input)[0];
    if (found != rows) {
      return emitError() << "expected inputs with " << rows << " rows as the first has, got " << found;
    }
  }
  return success();
}

LogicalResult PermuteRopeAttr::verify(EmitError emitError, Attribute input, int64_t heads) {
  if (failed(verifyInputs(emitError, input)) || failed(verifyPositive(emitError, "heads", heads))) {
    return failure();
  }
  int64_t rows = recipeShape(input)[0];
  if (rows % (2 * heads) != 0) {
    return emitError() << "expected rows that make " << heads << " heads of an even dimension, got " << rows;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Configuration
//===----------------------------------------------------------------------===//

LogicalResult ConfigAttr::verify(EmitError emitError, StringRef name, int64_t parameters, int64_t dim,
                                 int64_t layers, int64_t heads, int64_t kvHeads, int64_t headDim,
                                 int64_t ffnDim, int64_t vocabSize, int64_t context, FloatAttr normEpsilon,
                                 FloatAttr ropeTheta, Attribute ropeScaling, bool tiedEmbeddings,
                                 int64_t bosId, ArrayRef<int64_t> eosIds) {
  const std::pair<StringRef, int64_t> positive[] = {
      {"parameters", parameters}, {"dim", dim},          {"layers", layers},  {"heads", heads},
      {"kv_heads", kvHeads},      {"head_dim", headDim}, {"ffn_dim", ffnDim}, {"vocab_size", vocabSize},
      {"context", context}};
  for (auto [what, value] : positive) {
    if (failed(verifyPositive(emitError, what, value))) {
      return failure();
    }
  }
  if (heads % kvHeads != 0) {
    return emitError() << "expected heads to be a multiple of kv_heads, got " << heads << " and " << kvHeads;
  }
  if (headDim % 2 != 0) {
    return emitError() << "expected even head_dim, got " << headDim;
  }
  double epsilon = normEpsilon.getValueAsDouble();
  if (!std::isfinite(epsilon) || epsilon < 0) {
    return emitError() << "expected norm_epsilon of at least 0, got " << epsilon;
  }
  if (failed(verifyPositive(emitError, "rope_theta", ropeTheta)) ||
      failed(verifyScaling(emitError, ropeScaling))) {
    return failure();
  }
  if (bosId < -1 || bosId >= vocabSize) {
    return emitError() << "expected bos_id below vocab_size " << vocabSize << ", or -1 for none, got "
                       << bosId;
  }
  for (int64_t id : eosIds) {
    if (id < 0 || id >= vocabSize) {
      return emitError() << "expected eos_ids below vocab_size " << vocabSize << ", got " << id;
    }
  }
  return success();
}
