// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/plugins/backends/gpusim/SimHarness.h"

#include <fmt/format.h>

namespace cria::gpusim {

static void replaceAll(std::string &text, const std::string &from, const std::string &to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

std::string kernelText(uint32_t numParameters, const std::string &body, const std::string &globals) {
  std::string parameters;
  for (uint32_t i = 0; i < numParameters; ++i) {
    parameters += fmt::format("{}ptr addrspace(1) %p{}", i != 0 ? ", " : "", i);
  }
  std::string code = body;
  replaceAll(code, "{bar}", "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)");
  return fmt::format(R"(target triple = "nvptx64-nvidia-cuda"
@sm = external addrspace(3) global [0 x i8], align 16
{}
define ptx_kernel void @k({}) {{
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
{}
}}
)",
                     globals, parameters, code);
}

std::string elementAddress(const std::string &name, const std::string &type, uint32_t space,
                           const std::string &base, const std::string &index) {
  return fmt::format("  {} = getelementptr {}, ptr addrspace({}) {}, i32 {}\n", name, type, space, base,
                     index);
}

std::unique_ptr<Module> mustLoad(const std::string &text) {
  std::string error;
  std::unique_ptr<Module> module = Module::load(text, error);
  if (module == nullptr) {
    throw std::runtime_error(error + "\n" + text);
  }
  return module;
}

std::string loadError(const std::string &text) {
  std::string error;
  Module::load(text, error);
  return error;
}

std::vector<Options> allOrders() {
  std::vector<Options> orders;
  for (uint32_t bits = 0; bits < 8; ++bits) {
    orders.push_back({.reverseLanes = (bits & 1) != 0,
                      .reverseWarps = (bits & 2) != 0,
                      .reverseBlocks = (bits & 4) != 0,
                      .firstWarp = bits});
  }
  return orders;
}

} // namespace cria::gpusim
