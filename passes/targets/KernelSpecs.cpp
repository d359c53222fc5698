// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/targets/KernelSpecs.h"

namespace cria {

std::string NormSpec::name() const {
  std::string name = llvm::formatv("rms_norm_d{0}_e{1}", width, floatTag(epsilon));
  appendStride(name, "i", inputStride, width);
  appendStride(name, "o", outputStride, width);
  return name;
}

static llvm::StringRef nameOf(ElementwiseSpec::Kind kind) {
  switch (kind) {
  case ElementwiseSpec::Kind::silu:
    return "silu";
  case ElementwiseSpec::Kind::mul:
    return "mul";
  case ElementwiseSpec::Kind::add:
    return "add";
  }
  llvm_unreachable("not an enumerator");
}

bool ElementwiseSpec::isUnary() const { return kind != Kind::mul && kind != Kind::add; }

std::string ElementwiseSpec::name() const {
  std::string name = llvm::formatv("{0}_d{1}", nameOf(kind), width);
  appendStride(name, "l", lhsStride, width);
  appendStride(name, "r", rhsStride, width);
  appendStride(name, "o", outputStride, width);
  return name;
}

std::vector<std::string> ElementwiseSpec::bindings() const {
  return isUnary() ? std::vector<std::string>{"input", "output"}
                   : std::vector<std::string>{"lhs", "rhs", "output"};
}

std::string RopeSpec::name() const {
  std::string name = llvm::formatv("rope_h{0}_d{1}", heads, headDim);
  appendStride(name, "i", inputStride, heads * headDim);
  appendOffset(name, "i", inputOffset);
  appendStride(name, "o", outputStride, heads * headDim);
  return name;
}

std::string KvCacheSpec::name() const {
  return llvm::formatv("l{0}_h{1}_d{2}_{3}", layers, kvHeads, headDim, kvTypeNameOf(type));
}

std::string KvAppendSpec::name() const {
  std::string name =
      rotate ? llvm::formatv("rope_append_q{0}_{1}", heads, kv.name()).str() : "kv_append_" + kv.name();
  appendStride(name, "q", queryStride, heads * kv.headDim);
  appendStride(name, "k", keyStride, kv.width());
  appendStride(name, "v", valueStride, kv.width());
  appendStride(name, "o", outputStride, heads * kv.headDim);
  appendOffset(name, "q", queryOffset);
  appendOffset(name, "k", keyOffset);
  appendOffset(name, "v", valueOffset);
  return name;
}

std::vector<std::string> KvAppendSpec::bindings() const {
  std::vector<std::string> names = rotate ? std::vector<std::string>{"query",     "key",   "value", "table",
                                                                     "positions", "slots", "cache", "output"}
                                          : std::vector<std::string>{"key", "value", "slots", "cache"};
  if (kv.hasScales()) {
    names.push_back("cache.scales");
  }
  return names;
}

} // namespace cria
