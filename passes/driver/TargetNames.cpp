// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The shorthands for targets, and the choice between cubin and PTX.
#include "passes/driver/TargetNames.h"

#include "passes/targets/TargetRegistry.h"
#include "passes/targets/cpu/Isa.h"
#include "passes/targets/cuda/Ptxas.h"

#include <fmt/ranges.h>

namespace cria {

namespace {
constexpr const char *kCpuPrefix = "cpu-x86-64-";
constexpr const char *kDefaultSm = "sm_80"; // A100

std::vector<std::string> smNames() {
  std::vector<std::string> names;
  for (const cuda::Sm &sm : cuda::allSms()) {
    names.push_back(sm.name.str());
  }
  return names;
}

class Expansion {
public:
  Expansion(const std::vector<std::string> &plugins, cpu::ProductKinds products)
      : plugins_(plugins), products_(products) {}

  Status add(llvm::StringRef text) {
    auto [family, sm] = text.split(':');
    if (text == "cpu") {
      return addCpuLevels();
    }
    if (family == "cuda" || family == "gpusim") {
      return addDevice(family, text.contains(':') ? sm : kDefaultSm);
    }
    if (!llvm::is_contained(targetNames(), text) && !llvm::is_contained(plugins_, text)) {
      return invalidArgument("--target: expected {}{}{}, got '{}'", targetHelp(),
                             plugins_.empty() ? "" : ", or of the plugins ", fmt::join(plugins_, ", "),
                             text.str());
    }
    append(text.str());
    return {};
  }

  ExpandedTargets finish() && {
    if (!lowestPtx_.empty()) {
      append("cuda-" + lowestPtx_ + "-ptx");
    }
    return std::move(result_);
  }

private:
  void append(const std::string &name) {
    if (!llvm::is_contained(result_.names, name)) {
      result_.names.push_back(name);
    }
  }

  Status addCpuLevels() {
    for (const std::string &known : targetNames()) {
      llvm::StringRef level = known;
      if (level.starts_with(kCpuPrefix) && level.consume_front("cpu-") &&
          cpu::findIsa(level)->isWorthwhile(products_)) {
        append(known);
      }
    }
    return {};
  }

  Status addDevice(llvm::StringRef family, llvm::StringRef sm) {
    if (!cuda::findSm(sm)) {
      return invalidArgument("--target {}:{}: expected one of {}; newer GPUs run the PTX of older ones, "
                             "older GPUs lack instructions that the kernels use",
                             family.str(), sm.str(), fmt::join(smNames(), ", "));
    }
    if (family == "gpusim") {
      append("gpusim-" + sm.str());
      return {};
    }
    if (!cuda::findPtxas().empty()) {
      append("cuda-" + sm.str());
    } else if (result_.notes.empty()) {
      result_.notes.emplace_back(
          "ptxas of the CUDA Toolkit is not found: the package holds PTX only, which the "
          "driver compiles when a model is opened; set CRIA_PTXAS to its path");
    }
    lowestPtx_ = lowestPtx_.empty() ? sm.str() : std::min(lowestPtx_, sm.str());
    return {};
  }

  const std::vector<std::string> &plugins_;
  cpu::ProductKinds products_;
  ExpandedTargets result_;
  std::string lowestPtx_;
};
} // namespace

std::string targetHelp() {
  std::vector<std::string> names;
  for (const std::string &name : targetNames()) {
    if (llvm::StringRef(name).starts_with("cpu-")) {
      names.push_back(name);
    }
  }
  return fmt::format("cpu, ops, {}, cuda[:SM] or gpusim[:SM] with SM of {}", fmt::join(names, ", "),
                     fmt::join(smNames(), ", "));
}

StatusOr<ExpandedTargets> expandTargets(const std::vector<std::string> &texts,
                                        const std::vector<std::string> &plugins, cpu::ProductKinds products) {
  Expansion expansion(plugins, products);
  for (const std::string &text : texts) {
    CRIA_RETURN_IF_ERROR(expansion.add(text));
  }
  return std::move(expansion).finish();
}

} // namespace cria
