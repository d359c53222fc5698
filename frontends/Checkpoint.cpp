// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The checks that are the same for every checkpoint format.
#include "frontends/Checkpoint.h"

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
  const ElementType type = tensor->type;
  if (!isWeightType(type)) {
    return error(StatusCode::unsupported, "{}: tensor '{}': expected type F32, F16 or BF16, got {}",
                 tensor->file, name, safetensorsNameOf(type));
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

ElementType mostFrequentType(const TensorReader &tensors) {
  std::map<ElementType, uint64_t> elements;
  for (const auto &[name, tensor] : tensors.tensors()) {
    elements[tensor.type] += tensor.size / sizeOf(tensor.type);
  }
  ElementType result = ElementType::f32;
  uint64_t most = 0;
  for (const auto &[type, count] : elements) {
    result = count > most ? type : result;
    most = std::max(most, count);
  }
  return result;
}

} // namespace cria
