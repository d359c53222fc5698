// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Each function writes one kind of object of docs/package-format.md.
#include "format/ProgramWriter.h"

#include <bit>

namespace cria {

namespace {
using OrderedJson = nlohmann::ordered_json;

OrderedJson extentJson(const Extent &extent) {
  if (extent.kind == ExtentKind::constant) {
    return extent.value;
  }
  if (extent.times == 1 && extent.tile == 1) {
    return symbolOf(extent.kind);
  }
  return {{"times", extent.times}, {"of", symbolOf(extent.kind)}, {"tile", extent.tile}};
}

OrderedJson shapeJson(const std::vector<Extent> &shape) {
  OrderedJson json = OrderedJson::array();
  for (const Extent &extent : shape) {
    json.push_back(extentJson(extent));
  }
  return json;
}

OrderedJson limitsJson(const ProgramLimits &limits) {
  OrderedJson json = OrderedJson::object();
  for (const LimitRule &rule : kLimitRules) {
    json[std::string(rule.name)] = limits.*rule.value;
  }
  return json;
}

OrderedJson stepJson(const StepLayout &step) {
  OrderedJson fields = OrderedJson::array();
  for (const StepFieldRule &rule : kStepFields) {
    const StepField &field = step[rule.kind];
    fields.push_back({{"name", rule.name}, {"offset", field.offset}, {"length", field.length}});
  }
  return {{"size", step.size}, {"fields", std::move(fields)}};
}

OrderedJson weightJson(const ProgramWeight &weight) {
  bool hasFile = !weight.file.empty();
  OrderedJson arrays = OrderedJson::array();
  for (const ProgramWeightArray &array : weight.arrays) {
    arrays.push_back({{"suffix", array.suffix},
                      {"type", nameOf(array.type)},
                      {"shape", array.shape},
                      {"size", array.size},
                      {"tensor", hasFile ? OrderedJson(array.tensor) : OrderedJson(nullptr)}});
  }
  return {{"name", weight.name},
          {"format", nameOf(weight.format)},
          {"layout", nameOf(weight.layout)},
          {"shape", weight.shape},
          {"arrays", std::move(arrays)},
          {"file", hasFile ? OrderedJson(weight.file) : OrderedJson(nullptr)},
          {"recipe", weight.recipe}};
}

/// Converts the words of a constant to values of its type.
OrderedJson dataJson(const ProgramBuffer &buffer) {
  OrderedJson json = OrderedJson::array();
  for (uint32_t word : buffer.data) {
    if (buffer.type == ElementType::f32) {
      json.push_back(std::bit_cast<float>(word));
    } else if (buffer.type == ElementType::u32) {
      json.push_back(word);
    } else {
      json.push_back(static_cast<int32_t>(word));
    }
  }
  return json;
}

std::string_view nameOf(BufferKind kind) {
  switch (kind) {
  case BufferKind::arena:
    return "arena";
  case BufferKind::result:
    return "result";
  case BufferKind::constant:
    return "constant";
  }
  __builtin_unreachable(); // not an enumerator
}

OrderedJson bufferJson(const ProgramBuffer &buffer) {
  OrderedJson json = {{"name", buffer.name},
                      {"kind", nameOf(buffer.kind)},
                      {"type", nameOf(buffer.type)},
                      {"shape", shapeJson(buffer.shape)},
                      {"size", buffer.size}};
  if (buffer.kind == BufferKind::arena) {
    json["offset"] = buffer.offset;
  }
  if (buffer.kind == BufferKind::constant) {
    json["data"] = dataJson(buffer);
  }
  return json;
}

OrderedJson opJson(const ProgramKernel &kernel) {
  OrderedJson attributes = OrderedJson::object();
  for (const ProgramAttribute &attribute : kernel.attributes) {
    std::visit([&](const auto &value) { attributes[attribute.name] = value; }, attribute.value);
  }
  return {{"name", kernel.name}, {"kind", "op"}, {"op", kernel.op}, {"attributes", std::move(attributes)}};
}

OrderedJson kernelJson(const ProgramKernel &kernel) {
  if (kernel.kind == KernelKind::op) {
    return opJson(kernel);
  }
  OrderedJson json = {{"name", kernel.name},
                      {"kind", "kernel"},
                      {"symbol", kernel.symbol},
                      {"scratch_bytes", kernel.scratchBytes}};
  if (kernel.block[0] != 0) {
    json["block"] = kernel.block;
  }
  if (kernel.registers != 0) {
    json["registers"] = kernel.registers;
  }
  return json;
}

OrderedJson gridJson(const ProgramDispatch &dispatch) {
  OrderedJson json = OrderedJson::array();
  for (uint32_t i = 0; i < dispatch.gridRank; ++i) {
    const GridDimension &dimension = dispatch.grid[i];
    OrderedJson of =
        dimension.of == ExtentKind::constant ? OrderedJson(1) : OrderedJson(symbolOf(dimension.of));
    json.push_back({{"times", dimension.times}, {"of", std::move(of)}, {"tile", dimension.tile}});
  }
  return json;
}

std::string_view accessName(uint32_t access) {
  bool isRead = (access & CRIA_ACCESS_READ) != 0, isWritten = (access & CRIA_ACCESS_WRITE) != 0;
  return isRead && isWritten ? "read_write" : isWritten ? "write" : "read";
}

OrderedJson bindingJson(const ProgramBinding &binding) {
  return {{"name", binding.name},
          {"buffer", binding.bufferName},
          {"access", accessName(binding.access)},
          {"type", nameOf(binding.type)},
          {"shape", shapeJson(binding.shape)},
          {"strides", binding.strides},
          {"offset", binding.offset},
          {"size", binding.toEnd ? OrderedJson("rest") : OrderedJson(binding.size)}};
}

OrderedJson dispatchJson(const ProgramDispatch &dispatch) {
  OrderedJson bindings = OrderedJson::array();
  for (const ProgramBinding &binding : dispatch.bindings) {
    bindings.push_back(bindingJson(binding));
  }
  OrderedJson json = {{"kernel", dispatch.kernel}, {"grid", gridJson(dispatch)}};
  if (dispatch.inPlace) {
    json["in_place"] = true;
  }
  json["bindings"] = std::move(bindings);
  return json;
}

/// Returns the array of write(item) for all items.
template <typename Item, typename Write> OrderedJson listJson(const std::vector<Item> &items, Write write) {
  OrderedJson json = OrderedJson::array();
  for (const Item &item : items) {
    json.push_back(write(item));
  }
  return json;
}

OrderedJson entryJson(const ProgramEntry &entry) {
  return {{"name", entry.name},
          {"min_tokens", entry.minTokens},
          {"max_tokens", entry.maxTokens},
          {"dispatches", listJson(entry.dispatches, dispatchJson)}};
}
} // namespace

nlohmann::ordered_json programToJson(const Program &program) {
  return {{"program_version", kProgramVersion},
          {"target", program.target},
          {"limits", limitsJson(program.limits)},
          {"kv",
           {{"page_tokens", program.kv.pageTokens},
            {"page_bytes", program.kv.pageBytes},
            {"type", nameOf(program.kv.type)}}},
          {"step", stepJson(program.step)},
          {"weights", listJson(program.weights, weightJson)},
          {"buffers", listJson(program.buffers, bufferJson)},
          {"kernels", listJson(program.kernels, kernelJson)},
          {"entries", listJson(program.entries, entryJson)}};
}

} // namespace cria
