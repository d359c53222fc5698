// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints a program as JSON. Every function makes one kind of object of docs/package-format.md.

#include "passes/codegen/ProgramJson.h"

#include "ir/LlamaTypes.h"

#include "llvm/ADT/StringMap.h"

#include <charconv>
#include <cmath>

using namespace mlir;

namespace cria {

using namespace program;
using Json = nlohmann::ordered_json;

static Json extentJson(int64_t extent) { return extent < 0 ? Json(extentName(extent)) : Json(extent); }

static Json shapeJson(ArrayRef<int64_t> shape) {
  Json json = Json::array();
  for (int64_t extent : shape) {
    json.push_back(extentJson(extent));
  }
  return json;
}

static std::string typeJson(Type type) { return elementTypeName(type).str(); }

/// A float as the shortest number that reads back as the same value of its own type, so that 1e-5 stays
/// 1e-05.
static Json floatJson(FloatAttr attribute) {
  double value = attribute.getValueAsDouble();
  if (!attribute.getType().isF32()) {
    return value;
  }
  char text[64];
  auto end = std::to_chars(text, text + sizeof(text) - 1, static_cast<float>(value)).ptr;
  *end = '\0';
  return std::strtod(text, nullptr);
}

static Json parameterJson(Attribute attribute) {
  if (auto integer = dyn_cast<IntegerAttr>(attribute)) {
    return integer.getInt();
  }
  if (auto number = dyn_cast<FloatAttr>(attribute)) {
    return floatJson(number);
  }
  return cast<StringAttr>(attribute).str();
}

static Json limitsJson(LimitsAttr limits) {
  return {{"max_tokens", limits.getMaxTokens()},
          {"max_sequences", limits.getMaxSequences()},
          {"max_outputs", limits.getMaxOutputs()},
          {"max_pages_per_sequence", limits.getMaxPagesPerSequence()},
          {"context", limits.getContextTokens()}};
}

static Json kvJson(KvAttr kv) {
  return {{"page_tokens", kv.getPageTokens()},
          {"page_bytes", kv.getPageBytes()},
          {"type", typeJson(kv.getType())}};
}

static Json stepJson(StepOp step) {
  Json fields = Json::array();
  for (auto field : step.getFields().getAsRange<FieldAttr>()) {
    fields.push_back(
        {{"name", field.getName().str()}, {"offset", field.getOffset()}, {"length", field.getLength()}});
  }
  return {{"size", step.getSize()}, {"fields", std::move(fields)}};
}

std::string weightFile(PhysicalLayout::Kind layout) {
  return ("weights/" + StringRef(nameOf(layout)) + ".safetensors").str();
}

static Json weightJson(program::WeightOp weight) {
  auto type = cast<llama::WeightType>(weight.getType());
  std::string recipe;
  llvm::raw_string_ostream(recipe) << weight.getRecipe();
  Json json = {{"name", weight.getSymName().str()},
               {"type", typeJson(type.getElementType())},
               {"layout", llama::stringifyWeightLayout(type.getLayout()).str()},
               {"shape", shapeJson(type.getShape())},
               {"size", weight.getSize()}};
  json["file"] = weight.getInitialized() ? Json(nullptr) : Json(weightFile(type.getPhysicalLayout().kind));
  json["tensor"] = weight.getInitialized() ? Json(nullptr) : Json(weight.getSymName().str());
  json["recipe"] = recipe;
  return json;
}

/// Words of a constant in the buffer's type.
static Json dataJson(BufferOp buffer) {
  Json json = Json::array();
  ArrayRef<int32_t> words = *buffer.getData();
  for (int32_t word : words) {
    if (buffer.getType().isF32()) {
      json.push_back(llvm::bit_cast<float>(word));
    } else if (buffer.getType().isUnsignedInteger(32)) {
      json.push_back(static_cast<uint32_t>(word));
    } else {
      json.push_back(word);
    }
  }
  return json;
}

static Json bufferJson(BufferOp buffer) {
  Json json = {{"name", buffer.getSymName().str()},
               {"kind", stringifyBufferKind(buffer.getKind()).str()},
               {"type", typeJson(buffer.getType())},
               {"shape", shapeJson(buffer.getShape())},
               {"size", buffer.getSize()}};
  if (buffer.getOffset()) {
    json["offset"] = *buffer.getOffset();
  }
  if (buffer.getData()) {
    json["data"] = dataJson(buffer);
  }
  return json;
}

static Json kernelJson(KernelOp kernel) {
  Json json = Json::object();
  json["name"] = kernel.getSymName().str();
  if (kernel.getSymbol()) {
    json["kind"] = "kernel";
    json["symbol"] = kernel.getSymbol()->str();
    json["scratch_bytes"] = kernel.getScratchBytes();
    if (kernel.getBlock()) {
      json["block"] = Json(llvm::to_vector(*kernel.getBlock()));
    }
    if (kernel.getRegisters()) {
      json["registers"] = *kernel.getRegisters();
    }
    return json;
  }
  json["kind"] = "op";
  json["op"] = kernel.getOpName()->str();
  json["attributes"] = Json::object();
  DictionaryAttr parameters = *kernel.getParameters();
  for (NamedAttribute parameter : parameters) {
    json["attributes"][parameter.getName().str()] = parameterJson(parameter.getValue());
  }
  return json;
}

static Json bindingJson(BindingAttr binding) {
  Json json = {{"name", binding.getName().str()},
               {"buffer", binding.getBuffer().getValue().str()},
               {"access", stringifyAccess(binding.getAccess()).str()},
               {"type", typeJson(binding.getType())},
               {"shape", shapeJson(binding.getShape())},
               {"strides", shapeJson(binding.getStrides())},
               {"offset", binding.getOffset()}};
  json["size"] = binding.getSize() == kRest ? Json("rest") : Json(binding.getSize());
  return json;
}

static Json dispatchJson(DispatchOp dispatch, const llvm::StringMap<int64_t> &kernels) {
  Json grid = Json::array(), bindings = Json::array();
  for (auto dim : dispatch.getGrid().getAsRange<GridDimAttr>()) {
    grid.push_back({{"times", dim.getTimes()}, {"of", extentJson(dim.getOf())}, {"tile", dim.getTile()}});
  }
  for (BindingAttr binding : dispatch.getBindingAttrs()) {
    bindings.push_back(bindingJson(binding));
  }
  Json json = {{"kernel", kernels.lookup(dispatch.getKernel())}, {"grid", std::move(grid)}};
  if (dispatch.getInPlace()) {
    json["in_place"] = true;
  }
  json["bindings"] = std::move(bindings);
  return json;
}

static Json entryJson(EntryOp entry, const llvm::StringMap<int64_t> &kernels) {
  Json dispatches = Json::array();
  for (DispatchOp dispatch : entry.getDispatches()) {
    dispatches.push_back(dispatchJson(dispatch, kernels));
  }
  return {{"name", entry.getSymName().str()},
          {"min_tokens", entry.getMinTokens()},
          {"max_tokens", entry.getMaxTokens()},
          {"dispatches", std::move(dispatches)}};
}

/// An array of what `print` makes of each op of one kind, in the order of the module.
template <typename OpTy, typename Print> static Json listJson(ModuleOp module, Print print) {
  Json json = Json::array();
  for (OpTy op : module.getOps<OpTy>()) {
    json.push_back(print(op));
  }
  return json;
}

nlohmann::ordered_json programToJson(ModuleOp module) {
  constexpr int64_t kProgramVersion = 1;
  llvm::StringMap<int64_t> kernels;
  for (auto kernel : module.getOps<KernelOp>()) {
    kernels.try_emplace(kernel.getSymName(), kernels.size());
  }
  Json json = Json::object();
  json["program_version"] = kProgramVersion;
  json["target"] = module->getAttrOfType<StringAttr>(ProgramDialect::kTargetAttr).str();
  json["limits"] = limitsJson(module->getAttrOfType<LimitsAttr>(ProgramDialect::kLimitsAttr));
  json["kv"] = kvJson(module->getAttrOfType<KvAttr>(ProgramDialect::kKvAttr));
  json["step"] = stepJson(*module.getOps<StepOp>().begin());
  json["weights"] = listJson<program::WeightOp>(module, weightJson);
  json["buffers"] = listJson<BufferOp>(module, bufferJson);
  json["kernels"] = listJson<KernelOp>(module, kernelJson);
  json["entries"] = listJson<EntryOp>(module, [&](EntryOp entry) { return entryJson(entry, kernels); });
  return json;
}

} // namespace cria
