// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/ops/OpsetVersion.h"

namespace cria {

static uint32_t versionOf(const opset::Op &op, const ProgramKernel &kernel, const ProgramDispatch &dispatch) {
  std::vector<opset::Use> operands;
  for (const ProgramBinding &binding : dispatch.bindings) {
    operands.push_back({binding.name, static_cast<uint32_t>(binding.type)});
  }
  std::vector<opset::AttributeUse> attributes;
  for (const ProgramAttribute &attribute : kernel.attributes) {
    const auto *text = std::get_if<std::string>(&attribute.value);
    attributes.push_back({attribute.name, text == nullptr ? std::string_view() : *text});
  }
  return opset::versionOf(op, operands, attributes).value_or(1);
}

uint32_t opsetVersionOf(const Program &program, std::span<const opset::Op> ops) {
  uint32_t version = 1;
  for (const ProgramEntry &entry : program.entries) {
    for (const ProgramDispatch &dispatch : entry.dispatches) {
      const ProgramKernel &kernel = program.kernels[dispatch.kernel];
      if (const opset::Op *op = opset::find(kernel.op, ops)) {
        version = std::max(version, versionOf(*op, kernel, dispatch));
      }
    }
  }
  return version;
}

} // namespace cria
