// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The checks that are the same for every checkpoint format.
#include "frontends/Checkpoint.h"

#include "format/WeightArrays.h"
#include "frontends/Frontend.h"
#include "support/Json.h"

#include <set>

namespace cria {

static Status checkTensor(const std::string &name, const std::vector<int64_t> &shape,
                          const TensorReader &tensors, const std::string &path) {
  const TensorInfo *tensor = tensors.find(name);
  if (tensor == nullptr) {
    return invalidArgument("{}: tensor '{}' of shape [{}] is missing", path, name, fmt::join(shape, ", "));
  }
  if (!tensor->format) {
    return error(StatusCode::unsupported, "{}: tensor '{}': expected type {}, got {}", tensor->file, name,
                 weightFormatNames(), tensor->typeName);
  }
  if (tensor->shape != shape) {
    return invalidArgument("{}: tensor '{}': the configuration gives it shape [{}], got [{}]", tensor->file,
                           name, fmt::join(shape, ", "), fmt::join(tensor->shape, ", "));
  }
  return {};
}

Status checkTensors(const Frontend &frontend, const ModelConfig &config, const TensorReader &tensors,
                    const std::string &path) {
  std::set<std::string, std::less<>> expected;
  for (const LlamaTensor &tensor : llamaTensors(config)) {
    const std::string name = frontend.recipe(tensor, config).tensor;
    CRIA_RETURN_IF_ERROR(checkTensor(name, shapeOf(tensor, config), tensors, path));
    expected.insert(name);
  }
  for (const auto &[name, tensor] : tensors.tensors()) {
    if (!expected.contains(name)) {
      return error(StatusCode::unsupported,
                   "{}: unknown tensor '{}': a LLaMA model of this configuration has no such tensor",
                   tensor.file, printable(name));
    }
  }
  return {};
}

WeightFormat mostFrequentFormat(const TensorReader &tensors) {
  std::map<WeightFormat, uint64_t> elements;
  for (const auto &[name, tensor] : tensors.tensors()) {
    if (tensor.format) {
      elements[*tensor.format] += tensor.numElements();
    }
  }
  WeightFormat result = WeightFormat::f32;
  uint64_t most = 0;
  for (const auto &[format, count] : elements) {
    result = count > most ? format : result;
    most = std::max(most, count);
  }
  return result;
}

} // namespace cria
