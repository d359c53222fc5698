// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/ops/OpsLowering.h"

#include "format/WeightArrays.h"
#include "ir/ElementTypes.h"
#include "passes/targets/OpLowering.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace cria {

int64_t opsLayerBytes(llama::KvCacheType cache) {
  return kvCacheSpecOf(cache).layerBytes(2 * kOpsPageTokens * cache.getHeadDim());
}

static bool isCache(const opset::Operand &operand) { return operand.types == opset::Types::cacheFloats; }

/// Whether this is the first signature of its operand, or of its attribute.
static bool isFirst(const opset::Op &op, const opset::Operand &operand) {
  return opset::findOperand(op, operand.name) == &operand;
}

static bool isFirst(const opset::Op &op, const opset::Attribute &attribute) {
  return opset::findAttribute(op, attribute.name) == &attribute;
}

/// Whether the operand is an array of the weight or of the cache before the dot, with which it is bound.
static bool isFurtherArray(const opset::Operand &operand) {
  return operand.name.find('.') != std::string_view::npos;
}

/// One layer of all pages, [page][K, V][kv_head][page_tokens][head_dim], then its scales,
/// [page][K, V][kv_head][page_tokens]: the layer is in the offset, so that all layers share one kernel.
OpsLowering::Cache OpsLowering::cacheOf(Operation *op, Value cache) {
  auto type = cast<llama::KvCacheType>(cache.getType());
  const int64_t elements[] = {2, type.getKvHeads(), kOpsPageTokens, type.getHeadDim()};
  const ArrayRef<int64_t> scales = ArrayRef(elements).drop_back();
  const int64_t start = op->getAttrOfType<IntegerAttr>("layer").getInt() * opsLayerBytes(type);
  Cache layer = {builder_.kvPages(start, elements, program::denseStrides(elements)), std::nullopt};
  if (const KvCacheSpec kv = kvCacheSpecOf(type); kv.hasScales()) {
    layer.scales =
        builder_.kvPages(start + kv.layerElementBytes(2 * kOpsPageTokens * kv.headDim), scales,
                         program::denseStrides(scales), mlirType(builder_.context(), kKvScaleType));
  }
  return layer;
}

void OpsLowering::bind(const opset::Operand &operand, const Cache &cache) {
  auto access = static_cast<program::Access>(operand.access);
  operands_.bind(operand.name, cache.elements, access);
  if (cache.scales) {
    operands_.bind((Twine(operand.name) + ".scales").str(), *cache.scales, access);
  }
}

/// Binds the arrays of a weight, and states its format unless that is dense.
void OpsLowering::bind(const opset::Operand &operand, const WeightView &weight, program::Access access) {
  operands_.weight(operand.name, weight, access);
  WeightFormat format = weight.logical.getFormat();
  if (!isDense(format)) {
    Builder builder(builder_.context());
    parameters_.push_back(builder.getNamedAttr("format", builder.getStringAttr(nameOf(format))));
  }
}

void OpsLowering::bind(const opset::Operand &operand, const OperandSource &source) {
  auto access = static_cast<program::Access>(operand.access);
  const Value *value = std::get_if<Value>(&source);
  if (const View *view = std::get_if<View>(&source)) {
    operands_.bind(operand.name, *view, access);
  } else if (const WeightView *weight = std::get_if<WeightView>(&source)) {
    bind(operand, *weight, access);
  } else if (value != nullptr && isa<llama::WeightType>(value->getType())) {
    bind(operand, builder_.weight(*value), access);
  } else if (value != nullptr) {
    operands_.bind(operand.name, builder_.view(*value), access);
  }
}

LogicalResult OpsLowering::bindAll(const opset::Op &op, ArrayRef<OperandSource> sources,
                                   const std::optional<Cache> &cache, const OperandSource &written) {
  size_t numBound = 0;
  for (const opset::Operand &operand : op.operands) {
    if (!isFirst(op, operand) || isFurtherArray(operand)) {
      continue;
    }
    if (isCache(operand) && cache) {
      bind(operand, *cache);
    } else if (operand.access != CRIA_ACCESS_READ && !std::holds_alternative<std::monostate>(written)) {
      bind(operand, written);
    } else if (numBound < sources.size()) {
      bind(operand, sources[numBound++]);
    } else if (!operand.isOptional) {
      return emitError(location_) << "expected operand '" << operand.name << "' of op '" << op.name
                                  << "' of the opset, which this op does not have";
    }
  }
  return numBound == sources.size()
             ? success()
             : LogicalResult(emitError(location_) << "expected at most " << numBound << " operands for op '"
                                                  << op.name << "' of the opset, got " << sources.size());
}

void OpsLowering::addParameters(const opset::Op &op, Operation *source) {
  Builder builder(builder_.context());
  for (const opset::Attribute &attribute : op.attributes) {
    Attribute value = isFirst(op, attribute) ? source->getAttr(attribute.name) : Attribute();
    if (auto activation = dyn_cast_or_null<llama::ActivationAttr>(value)) {
      value = builder.getStringAttr(llama::stringifyActivation(activation.getValue()));
    }
    if (value) {
      parameters_.push_back(builder.getNamedAttr(attribute.name, value));
    }
  }
  if (Attribute activations = source->getAttr(llama::LlamaDialect::kActivationsAttrName)) {
    parameters_.push_back(builder.getNamedAttr("activations", activations));
  }
}

LogicalResult OpsLowering::lower(Operation *op) {
  SmallVector<OperandSource> sources;
  for (Value operand : op->getOperands()) {
    if (!isa<llama::KvCacheType>(operand.getType())) {
      sources.push_back(operand);
    }
  }
  return lower(op, sources);
}

LogicalResult OpsLowering::lower(Operation *op, ArrayRef<OperandSource> sources) {
  bool isLlama = isa_and_nonnull<llama::LlamaDialect>(op->getDialect());
  const opset::Op *known = isLlama ? opset::find(op->getName().stripDialect()) : nullptr;
  if (known == nullptr) {
    return op->emitOpError() << "has no counterpart in the opset of target 'ops'";
  }
  std::optional<Cache> cache;
  OperandSource written;
  for (Value operand : op->getOperands()) {
    if (isa<llama::KvCacheType>(operand.getType())) {
      cache = cacheOf(op, operand);
    }
  }
  Value rows = op->getNumResults() == 1 ? Value(op->getResult(0)) : std::get<Value>(sources.front());
  if (op->getNumResults() == 1) {
    written = builder_.view(rows);
  }
  addParameters(*known, op);
  return failed(bindAll(*known, sources, cache, written)) ? failure()
                                                          : add(*known, gridOverRows(builder_.view(rows)));
}

LogicalResult OpsLowering::fill(const opset::Op &op, ArrayRef<OperandSource> sources,
                                const WeightView &written) {
  return failed(bindAll(op, sources, std::nullopt, written)) ? failure() : add(op, {});
}

LogicalResult OpsLowering::add(const opset::Op &op, GridDim grid) {
  if (failed(checkVersion(op)) || failed(checkTaken(op))) {
    return failure();
  }
  builder_.addDispatch(builder_.getOrCreateOp(op.name, parameters_), grid, operands_.bindings());
  return success();
}

/// Whether the opset has the call, in a version that the backend runs.
LogicalResult OpsLowering::checkVersion(const opset::Op &op) const {
  SmallVector<opset::Use> operands;
  for (const Binding &binding : operands_.bindings()) {
    operands.push_back({binding.name, uint32_t(elementTypeOf(binding.view.type))});
  }
  SmallVector<opset::AttributeUse> attributes;
  for (NamedAttribute parameter : parameters_) {
    auto text = dyn_cast<StringAttr>(parameter.getValue());
    attributes.push_back({parameter.getName().getValue(), text ? std::string_view(text.getValue()) : ""});
  }
  const std::optional<uint32_t> version = opset::versionOf(op, operands, attributes);
  if (!version) {
    return emitError(location_) << "expected element types that opset " << opset::kVersion << " has for op '"
                                << op.name << "'";
  }
  if (*version > backend_.version) {
    const std::string use =
        formatOfCodes().empty()
            ? llvm::formatv("this use of op '{0}'", op.name).str()
            : llvm::formatv("op '{0}' with weights in format {1}", op.name, formatOfCodes()).str();
    return emitError(location_) << "backend '" << backend_.backend << "' runs opset " << backend_.version
                                << ", and " << use << " needs opset " << *version << "; "
                                << adviceForNewerOpset(op) << "use a newer build of the backend";
  }
  return success();
}

/// The format of the op's weight, if it has codes; else empty.
StringRef OpsLowering::formatOfCodes() const {
  const auto *format =
      llvm::find_if(parameters_, [](NamedAttribute parameter) { return parameter.getName() == "format"; });
  return format == parameters_.end() ? "" : cast<StringAttr>(format->getValue()).getValue();
}

/// The way out for weights with codes: formats that the backend takes; else empty.
std::string OpsLowering::adviceForNewerOpset(const opset::Op &op) const {
  for (const Binding &binding : operands_.bindings()) {
    const auto [weight, suffix] = StringRef(binding.name).split('.');
    const std::string taken = suffix == "scales" ? weightsTaken(op, weight) : "";
    if (!formatOfCodes().empty() && !taken.empty()) {
      return "compile with --weights " + taken + ", or ";
    }
  }
  return "";
}

/// The formats that the backend takes, as in "f32, f16 or bf16".
std::string OpsLowering::weightsTaken(const opset::Op &op, StringRef weight) const {
  return weightFormatNames([&](WeightFormat format) { return takesFormat(op, weight, traitsOf(format)); });
}

/// Whether the backend lists the types of all arrays of a weight in the format.
bool OpsLowering::takesFormat(const opset::Op &op, StringRef weight, const WeightFormatTraits &format) const {
  return llvm::all_of(planesOf(format), [&](const WeightPlane &plane) {
    std::string operand = arrayName(weight, plane.suffix);
    auto listed = backend_.types.find((Twine(op.name) + "/" + operand).str());
    const opset::Operand *signature = opset::findOperand(op, operand, uint32_t(plane.type));
    return signature != nullptr && signature->since <= backend_.version &&
           (listed == backend_.types.end() || listed->second.contains(std::string(nameOf(plane.type))));
  });
}

/// Which option of the compiler gives the operand a type that the backend lists.
std::string OpsLowering::adviceFor(const opset::Op &op, StringRef operand) const {
  if (isCache(*opset::findOperand(op, operand))) {
    const std::set<std::string> &types = backend_.types.at((Twine(op.name) + "/" + operand).str());
    return "compile with --kv " + std::string(kvTypeNameOf(*parseElementType(*types.begin())));
  }
  const std::string taken = weightsTaken(op, operand.split('.').first);
  return taken.empty() ? "no format of weights has these types; use a backend that lists more"
                       : "compile with --weights " + taken;
}

/// Whether the backend lists the class of activations of the op.
LogicalResult OpsLowering::checkActivations(const opset::Op &op) const {
  auto listed = backend_.activations.find(std::string(op.name));
  const std::set<std::string> classes =
      listed == backend_.activations.end() ? std::set<std::string>{"f32"} : listed->second;
  for (NamedAttribute parameter : parameters_) {
    auto text = dyn_cast<StringAttr>(parameter.getValue());
    if (parameter.getName() == "activations" && !classes.contains(text.str())) {
      return emitError(location_) << "backend '" << backend_.backend << "' supports op '" << op.name
                                  << "' with activations in " << llvm::join(classes, ", ")
                                  << ", the model has " << text.getValue()
                                  << "; compile with --activations f32";
    }
  }
  return success();
}

/// Whether the backend lists the op, its class of activations and the types of its operands.
LogicalResult OpsLowering::checkTaken(const opset::Op &op) const {
  if (backend_.backend.empty()) {
    return success();
  }
  if (!backend_.ops.contains(std::string(op.name))) {
    return emitError(location_) << "backend '" << backend_.backend << "' does not support op '" << op.name
                                << "', which cannot be decomposed further; its plugin manifest lists "
                                << llvm::join(backend_.ops, ", ");
  }
  if (failed(checkActivations(op))) {
    return failure();
  }
  for (const Binding &binding : operands_.bindings()) {
    auto listed = backend_.types.find((Twine(op.name) + "/" + binding.name).str());
    const std::string type(nameOf(elementTypeOf(binding.view.type)));
    if (listed != backend_.types.end() && !listed->second.contains(type)) {
      return emitError(location_) << "backend '" << backend_.backend << "' supports operand '" << binding.name
                                  << "' of op '" << op.name << "' as " << llvm::join(listed->second, ", ")
                                  << ", the model has " << type << "; " << adviceFor(op, binding.name);
    }
  }
  return success();
}

} // namespace cria
